//! The tests that a request has to pass, and what it says.

use handfast::token::Token;
use hyper::{
    HeaderMap,
    header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderName, ORIGIN},
};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{event::Event, screen::Shown};
use crate::qr::image::{self, ImageError};

/// The key of the tab.
pub(super) const TAB: HeaderName = HeaderName::from_static("x-handfast-tab");
/// The number of the screen on which an image was taken.
pub(super) const SCREEN: HeaderName = HeaderName::from_static("x-handfast-screen");
/// How the browser came to make the request.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether two secrets are the same, in a time that says nothing of either.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Returns the only value of a field, as text.
pub(super) fn field(head: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut all = head.get_all(name).iter();
    let value = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(value)
}

/// Whether a page of this server, or a person, made the request: the host is the address itself and no name that leads to it, and no
/// page of another origin takes part.
pub(super) fn is_own(head: &HeaderMap, host: &str, acts: bool) -> bool {
    let origin = format!("http://{host}");
    let from_here = match (head.contains_key(ORIGIN), acts) {
        (false, acts) => !acts,
        (true, _) => field(head, ORIGIN) == Some(&origin),
    };
    let site = match head.contains_key(SITE) {
        false => true,
        true => matches!(field(head, SITE), Some("same-origin" | "none")),
    };
    field(head, HOST) == Some(host) && from_here && site
}

/// Whether the cookie of this browser is among those that were sent.
pub(super) fn has_cookie(head: &HeaderMap, name: &str, value: &str) -> bool {
    let pairs = head.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).any(|(of, sent)| of == name && is_same(sent, value))
}

/// Whether the body is of this kind, and whether it is no larger than that, as far as its head says.
pub(super) fn is_of(head: &HeaderMap, kind: &str) -> bool {
    field(head, CONTENT_TYPE).is_some_and(|value| value.split(';').next().unwrap_or_default().trim() == kind)
}

/// The announced length of the body.
pub(super) fn length(head: &HeaderMap) -> Option<u64> {
    field(head, CONTENT_LENGTH)?.parse().ok()
}

/// An action of the page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    screen: u64,
    key: Option<Name>,
    #[serde(default)]
    typed: Option<Text>,
    #[serde(default)]
    enter: bool,
    camera: Option<Lack>,
}

/// The name of a button's key: a short text.
#[derive(Deserialize)]
struct Name(String);

/// A typed text. It is wiped.
struct Text(Zeroizing<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

/// Why there is no camera: the names of the errors of `getUserMedia`, and the end of its track.
#[derive(Clone, Copy, Deserialize)]
enum Lack {
    #[serde(rename = "NotAllowedError")]
    Forbidden,
    #[serde(rename = "NotFoundError")]
    Missing,
    #[serde(rename = "NotReadableError")]
    Busy,
    #[serde(rename = "lost")]
    Lost,
    #[serde(other)]
    Other,
}

impl Lack {
    const fn text(self) -> &'static str {
        match self {
            Self::Forbidden => {
                "The browser does not allow this page to use the camera. Allow it in the browser's settings of this page, or type \
                 the token."
            }
            Self::Missing => "This device has no camera. Type the token, or take an image of the code.",
            Self::Busy => {
                "The camera is used by another program, or does not work. Close that program and start the camera again, or type \
                 the token."
            }
            Self::Lost => "The camera is gone. Connect it again, or type the token.",
            Self::Other => "The browser cannot use the camera. Type the token, or take an image of the code.",
        }
    }
}

/// Why an action is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// It is no action, or one with two meanings. It says nothing of the text, which may hold a password.
    #[error("this is no action of the page: load the page again")]
    Malformed,
    /// It belongs to another screen.
    #[error("the screen has changed in the meantime: look at it again")]
    Stale,
    /// The screen does not offer it.
    #[error("this screen does not offer it")]
    NotOffered,
}

/// Reads an action, which the screen that is shown has to offer.
pub(super) fn action(body: &[u8], shown: &Shown) -> Result<Event, Refusal> {
    let action: Action = serde_json::from_slice(body).map_err(|_| Refusal::Malformed)?;
    if action.screen != shown.id() {
        return Err(Refusal::Stale);
    }
    let Action { key, typed, enter, camera, .. } = action;
    match (key, typed, camera) {
        (Some(Name(name)), None, None) if !enter => shown.key(&name).map(Event::Key).ok_or(Refusal::NotOffered),
        (None, Some(Text(text)), None) if shown.has_field() => Ok(Event::Typed { text, enter }),
        (None, Some(_), None) => Err(Refusal::NotOffered),
        (None, None, Some(lack)) if shown.has_camera() => Ok(Event::NoCamera(lack.text())),
        (None, None, Some(_)) => Err(Refusal::NotOffered),
        _ => Err(Refusal::Malformed),
    }
}

/// The content of an image.
pub(super) enum Looked {
    /// One token.
    Token(Token),
    /// None: why, for a person. A camera that sees no code has nothing to say.
    Nothing(Option<String>),
}

/// Looks for a token in a frame of the camera, or, with more patience, in an image that a person chose.
pub(super) fn look(bytes: &[u8], is_frame: bool) -> Looked {
    match image::read_bytes(bytes, is_frame) {
        Ok(token) => Looked::Token(token),
        Err(ImageError::NoCode) if is_frame => Looked::Nothing(None),
        Err(ImageError::Unclear) if is_frame => {
            Looked::Nothing(Some("There is a QR code that cannot be read yet: hold it still, and nearer.".into()))
        }
        Err(error) => {
            let what = if is_frame { "camera" } else { "image" };
            Looked::Nothing(Some(format!("The {what} {}.", error.to_string().trim_end_matches('.'))))
        }
    }
}
