//! The answers of the server: the page, its files, the screens as they change, and actions.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use bytes::Bytes;
use handfast::outcome::Side;
use http_body_util::{BodyExt as _, Channel, Either, Full, Limited};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Body,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE},
};
use maud::{DOCTYPE, html};
use serde::Serialize;
use tokio::{
    sync::{Semaphore, mpsc, watch},
    time::timeout,
};

use super::{
    event::{Event, Sent},
    limits::{Deadlines, MAX_ACTION, MAX_IMAGE, MAX_LOOKS, SECRET},
    request::{self, Looked, Refusal, TAB},
    screen::Shown,
};

const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");
/// The name of the browser's cookie.
const COOKIE: &str = "handfast";
/// The rights of the page: its own script and style, its own server, the camera.
const FIELDS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(self), microphone=(), geolocation=()"),
];

/// The state that all requests share, with the client.
pub(super) struct Shared {
    pub(super) side: Side,
    /// The address's secret.
    secret: String,
    /// Where the server is: the only host that it answers to.
    host: OnceLock<String>,
    /// The browser that opened the page, by its cookie.
    cookie: Mutex<Option<String>>,
    /// The tab that was opened last, by its key. It alone acts.
    tab: watch::Sender<String>,
    pub(super) screens: watch::Sender<Arc<Shown>>,
    events: mpsc::Sender<Sent>,
    looks: Arc<Semaphore>,
    closing: watch::Sender<bool>,
    pub(super) deadlines: Deadlines,
}

impl Shared {
    /// Of a server whose page no one opened yet.
    pub(super) fn new(side: Side, events: mpsc::Sender<Sent>, deadlines: Deadlines) -> io::Result<Self> {
        Ok(Self {
            side,
            secret: secret()?,
            host: OnceLock::new(),
            cookie: Mutex::default(),
            tab: watch::Sender::new(secret()?),
            screens: watch::Sender::new(Arc::new(Shown::empty())),
            events,
            looks: Arc::new(Semaphore::new(MAX_LOOKS)),
            closing: watch::Sender::new(false),
            deadlines,
        })
    }

    pub(super) fn is_at(&self, address: SocketAddr) {
        // A server is bound once.
        let _ = self.host.set(address.to_string());
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// The number of the screen that is shown.
    pub(super) fn screen(&self) -> u64 {
        self.screens.borrow().id()
    }

    pub(super) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Waits until the operation is over.
    pub(super) async fn is_over(&self) {
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    fn is_this_browser(&self, head: &HeaderMap) -> bool {
        let cookie = self.cookie.lock().unwrap_or_else(PoisonError::into_inner);
        cookie.as_deref().is_some_and(|cookie| request::has_cookie(head, COOKIE, cookie))
    }

    fn is_this_tab(&self, key: Option<&str>) -> bool {
        key.is_some_and(|key| request::is_same(key, &self.tab.borrow()))
    }
}

/// A secret as a text that addresses can have.
fn secret() -> io::Result<String> {
    let mut bytes = [0; SECRET];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

type Answer = Response<Either<Full<Bytes>, Channel<Bytes>>>;

fn with(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Either::Left(Full::new(body.into())));
    *answer.status_mut() = status;
    for (name, value) in FIELDS {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// A refusal that a person may read.
fn refused(status: StatusCode, text: impl std::fmt::Display) -> Answer {
    with(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

/// A value for the script.
fn said(status: StatusCode, value: &impl Serialize) -> Answer {
    with(status, "application/json", serde_json::to_vec(value).unwrap_or_default())
}

/// The answer to an action, for a person.
#[derive(Default, Serialize)]
struct Said {
    /// An image shows a token.
    found: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Said {
    fn of(text: impl ToString) -> Self {
        Self { found: false, text: Some(text.to_string()) }
    }
}

/// Answers a request.
pub(super) async fn answer<B>(shared: Arc<Shared>, request: Request<B>) -> Result<Answer, Infallible>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    Ok(answered(&shared, request).await)
}

async fn answered<B>(shared: &Arc<Shared>, request: Request<B>) -> Answer
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let acts = match *request.method() {
        Method::GET => false,
        Method::POST => true,
        _ => return refused(StatusCode::METHOD_NOT_ALLOWED, "GET and POST are the methods of this server"),
    };
    let host = shared.host.get().map_or("", String::as_str);
    if !request::is_own(request.headers(), host, acts) {
        return refused(
            StatusCode::FORBIDDEN,
            "this server answers to its own page alone, at the address that was printed",
        );
    }
    let mut parts = request.uri().path().splitn(3, '/').skip(1);
    let unknown = || refused(StatusCode::NOT_FOUND, "there is nothing at this address: open the one that was printed");
    let (Some(secret), Some(name)) = (parts.next(), parts.next()) else { return unknown() };
    if !request::is_same(secret, &shared.secret) {
        return unknown();
    }
    let name = name.to_owned();
    if (acts, name.as_str()) == (false, "") {
        return page(shared, request.headers());
    }
    if !shared.is_this_browser(request.headers()) {
        return refused(StatusCode::FORBIDDEN, "the page is open in another browser");
    }
    match (acts, name.as_str()) {
        (false, "page.js") => with(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT),
        (false, "page.css") => with(StatusCode::OK, "text/css; charset=utf-8", [crate::html::COLOURS, STYLE].concat()),
        (false, "screens") => {
            let key = request.uri().query().and_then(|query| query.strip_prefix("tab="));
            if shared.is_this_tab(key) { screens(shared) } else { moved() }
        }
        (true, "act" | "frame" | "image") if !shared.is_this_tab(request::field(request.headers(), TAB)) => moved(),
        (true, "act") => act(shared, request).await,
        (true, "frame") => look(shared, request, true).await,
        (true, "image") => look(shared, request, false).await,
        _ => unknown(),
    }
}

/// The answer to a tab after another one was opened.
fn moved() -> Answer {
    said(StatusCode::CONFLICT, &Said::of("The page is open in another tab, which goes on with it. Close this one."))
}

/// The page itself: for the first browser that asks, and again for that one, whose earlier tab then has no effect any more.
fn page(shared: &Shared, head: &HeaderMap) -> Answer {
    let mut cookie = shared.cookie.lock().unwrap_or_else(PoisonError::into_inner);
    let is_known = cookie.as_deref().is_some_and(|cookie| request::has_cookie(head, COOKIE, cookie));
    if cookie.is_some() && !is_known {
        return refused(
            StatusCode::FORBIDDEN,
            "This address was opened already, in another browser: it works once. If that was not you, cancel the command with \
             Ctrl-C, and begin again.",
        );
    }
    let (Ok(tab), Ok(fresh)) = (secret(), secret()) else {
        return refused(StatusCode::INTERNAL_SERVER_ERROR, "this device has no random numbers: begin again");
    };
    let value = format!("{COOKIE}={fresh}; Path=/{}/; HttpOnly; SameSite=Strict", shared.secret);
    let title = match shared.side {
        Side::Import => "Import an account from another device",
        Side::Export => "Give an account to another device",
    };
    let text = html! {
        (DOCTYPE)
        html lang="en" data-tab=(tab) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="page.css";
                script src="page.js" defer {}
            }
            body {
                main #screen tabindex="-1" { p { "The page is being loaded. It needs JavaScript." } }
                p #said .note role="alert" {}
                p #news .hidden aria-live="polite" {}
            }
        }
    };
    let mut answer = with(StatusCode::OK, "text/html; charset=utf-8", text.into_string());
    if let Ok(value) = HeaderValue::from_str(&value) {
        answer.headers_mut().insert(SET_COOKIE, value);
    }
    *cookie = Some(fresh);
    shared.tab.send_replace(tab);
    answer
}

/// The screens as they change, as server-sent events: the last one counts, and none is kept for a tab that does not read.
fn screens(shared: &Arc<Shared>) -> Answer {
    let (mut sender, body) = Channel::new(1);
    let (mut screens, mut tab, shared) = (shared.screens.subscribe(), shared.tab.subscribe(), Arc::clone(shared));
    screens.mark_changed();
    tokio::spawn(async move {
        let event =
            |name: &str, json: &[u8]| Bytes::from([b"event: ", name.as_bytes(), b"\ndata: ", json, b"\n\n"].concat());
        loop {
            tokio::select! {
                biased;
                Ok(()) = tab.changed() => {
                    let _ = sender.send_data(event("moved", b"{}")).await;
                    return;
                }
                Ok(()) = screens.changed() => {}
                () = shared.is_over() => return,
            }
            let shown = screens.borrow_and_update().json();
            // The tab is gone.
            if sender.send_data(event("screen", &shown)).await.is_err() {
                return;
            }
        }
    });
    let mut answer = with(StatusCode::OK, "text/event-stream", Bytes::new()).map(|_| Either::Right(body));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Reads a body: no more of it than the limit, no longer than the deadline.
async fn read<B>(shared: &Shared, request: Request<B>, most: usize) -> Result<Bytes, Answer>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let too_large = || {
        said(StatusCode::PAYLOAD_TOO_LARGE, &Said::of(format_args!("At most {most} bytes are taken: make it smaller.")))
    };
    // Before anything of it is read.
    if request::length(request.headers()).is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    match timeout(shared.deadlines.body, Limited::new(request.into_body(), most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(said(StatusCode::BAD_REQUEST, &Said::of("The request broke off. Try again."))),
        Err(_) => Err(said(StatusCode::REQUEST_TIMEOUT, &Said::of("The request took too long. Try again."))),
    }
}

/// Hands an event to the client, which takes it if the screen is still the same.
fn hand_on(shared: &Shared, screen: u64, event: Event, said_then: Said) -> Answer {
    match shared.events.try_send(Sent { screen, event }) {
        Ok(()) => said(StatusCode::ACCEPTED, &said_then),
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, &Said::of("Too much at once. Try again.")),
    }
}

/// An action.
async fn act<B>(shared: &Shared, request: Request<B>) -> Answer
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if !request::is_of(request.headers(), "application/json") {
        return said(StatusCode::UNSUPPORTED_MEDIA_TYPE, &Said::of(Refusal::Malformed));
    }
    let body = match read(shared, request, MAX_ACTION).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let shown = Arc::clone(&shared.screens.borrow());
    match request::action(&body, &shown) {
        Ok(event) => hand_on(shared, shown.id(), event, Said::default()),
        Err(refusal) => {
            let status = match refusal {
                Refusal::Malformed => StatusCode::BAD_REQUEST,
                Refusal::Stale | Refusal::NotOffered => StatusCode::CONFLICT,
            };
            said(status, &Said::of(refusal))
        }
    }
}

/// An image, or a frame of the camera: one at a time.
async fn look<B>(shared: &Shared, request: Request<B>, is_frame: bool) -> Answer
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if !request::is_of(request.headers(), "image/png") {
        return said(StatusCode::UNSUPPORTED_MEDIA_TYPE, &Said::of("Images are sent as PNG."));
    }
    let shown = Arc::clone(&shared.screens.borrow());
    let screen = request::field(request.headers(), request::SCREEN).and_then(|number| number.parse().ok());
    let offers = if is_frame { shown.has_camera() } else { shown.has_image() };
    if screen != Some(shown.id()) || !offers {
        return said(StatusCode::CONFLICT, &Said::of(Refusal::Stale));
    }
    let Ok(permit) = Arc::clone(&shared.looks).try_acquire_owned() else {
        return said(StatusCode::SERVICE_UNAVAILABLE, &Said::of("Another image is being looked at. Try again."));
    };
    let body = match read(shared, request, MAX_IMAGE).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let looked = tokio::task::spawn_blocking(move || {
        let looked = request::look(&body, is_frame);
        drop(permit);
        looked
    });
    match looked.await {
        Ok(Looked::Token(token)) => hand_on(shared, shown.id(), Event::Seen(token), Said { found: true, text: None }),
        Ok(Looked::Nothing(text)) => said(StatusCode::OK, &Said { found: false, text }),
        Err(_) => said(StatusCode::INTERNAL_SERVER_ERROR, &Said::of("The image cannot be read: take another one.")),
    }
}
