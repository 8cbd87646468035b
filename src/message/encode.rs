//! Writes messages: the keys in the order of R-MSG-1, so that equal messages have equal bytes.

use crate::{
    msgpack::{Short, Sink},
    secret::Secret,
};

use super::{Features, Message, Verdict, keys::Key};

/// No message without its values is longer.
const FIXED: usize = 64;

/// The bytes of a message: a [`Secret`], as they may hold a password. Messages that no one sends can be written too, for a tester.
///
/// A [`Decoder`](super::Decoder) reads what this writes as the same message, unless its password is no UTF-8 or is longer than
/// [`MAX_VALUE`](crate::limits::MAX_VALUE), which the caller has to refuse.
pub fn encode(message: &Message<Secret>) -> Secret {
    match message {
        Message::Hello(features) => match features_entry(*features) {
            Some(entry) => payload(&[entry]),
            None => payload(&[]),
        },
        Message::AuthScheme(scheme, features) => {
            let scheme = (Key::AuthScheme.name(), scheme.as_str().as_bytes());
            match features_entry(*features) {
                Some(features) => payload(&[scheme, features]),
                None => payload(&[scheme]),
            }
        }
        Message::Password(password) => payload(&[(Key::Password.name(), password.as_bytes())]),
        Message::Verdict(Verdict::Wrong) => {
            payload(&[(Key::CanRetry.name(), b"true"), (Key::PasswordCorrect.name(), b"false")])
        }
        Message::Verdict(Verdict::Final) => payload(&[(Key::CanRetry.name(), b"false")]),
        Message::Verdict(Verdict::None) => payload(&[(Key::PasswordCorrect.name(), b"true")]),
        Message::Commitment(value) => payload(&[(Key::SasCommitment.name(), value.as_bytes())]),
        Message::Nonce(value) => payload(&[(Key::SasNonce.name(), value.as_bytes())]),
        Message::Opening(value) => payload(&[(Key::SasOpening.name(), value.as_bytes())]),
        Message::State(word) => payload(&[(Key::StateMsg.name(), word.as_str().as_bytes())]),
        Message::ImportResult(result) => payload(&[(Key::ImportResult.name(), result.as_str().as_bytes())]),
        Message::Unknown => payload(&[("unknown", b"")]),
    }
}

type Entry<'a> = (&'static str, &'a [u8]);

/// A peer that names nothing leaves the key out.
fn features_entry(features: Features) -> Option<Entry<'static>> {
    (!features.is_legacy()).then_some((Key::Features.name(), features.as_str().as_bytes()))
}

/// A message of these entries, which are in byte order of their keys.
fn payload(entries: &[Entry<'_>]) -> Secret {
    let values: usize = entries.iter().map(|(_, value)| value.len()).sum();
    let mut bytes = Secret::with_capacity(FIXED + values);
    begin(&mut bytes, entries.len() as u8);
    for (key, value) in entries {
        bytes.str(key.as_bytes());
        bytes.str(value);
    }
    bytes
}

/// A message up to its payload's first entry.
fn begin(bytes: &mut impl Sink, entries: u8) {
    bytes.map(Key::OUTER.len() as u8);
    bytes.str(Key::SchemeId.name().as_bytes());
    bytes.unsigned(0);
    bytes.str(Key::Payload.name().as_bytes());
    bytes.map(entries);
}

/// The bytes before those of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveHeader(Short<33>);

impl ArchiveHeader {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl AsRef<[u8]> for ArchiveHeader {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// The beginning of the message that carries an archive of `length` bytes of UTF-8 (R-MSG-2). Exactly these bytes follow, and nothing
/// after them: the message ends with the archive.
pub fn archive_header(length: u32) -> ArchiveHeader {
    let mut bytes = Short::new();
    begin(&mut bytes, 1);
    bytes.str(Key::AccData.name().as_bytes());
    bytes.str_head(length);
    ArchiveHeader(bytes)
}
