//! The messages of the link protocol, and their msgpack form (R-MSG-1 to R-MSG-3).
//!
//! A [`Message`] is what the reducers see: it holds no secret bytes. A password is a [`Slot`] there, a handle to
//! bytes that the shell keeps; on the wire the same type is used with the bytes themselves as its parameter. `accData` is no
//! message: it streams past the reducers, which see that it began, went on and was complete.

mod decode;
mod encode;
mod error;
mod keys;
mod partial;

use serde::{Deserialize, Serialize};

use crate::outcome::Scheme;

pub use decode::{Decoder, Event};
pub use encode::{ArchiveHeader, archive_header, encode};
pub use error::{Expected, MessageError, MessageErrorKind};

/// Names one password that the shell keeps. Never its bytes (R-SEC-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot(pub u8);

impl Slot {
    /// Names no password: the bytes are not kept, or are those of the session's [`Comparison`](crate::sas::Comparison).
    pub const NONE: Self = Self(u8::MAX);
}

/// The extensions that a peer names, or that are in force between two (R-EXT-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Features {
    /// The importer says how it ended (R-EXT-2).
    pub result: bool,
    /// Both sides say that they cancel, or that a timer fired (R-EXT-3).
    pub cancel: bool,
    /// Both users compare a short string before password or archive moves (R-SAS-1).
    #[serde(default, skip_serializing_if = "is_off")]
    pub sas: bool,
}

/// Whether a feature is off that a trace does not name then.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
const fn is_off(feature: &bool) -> bool {
    !*feature
}

impl Features {
    /// The features of a legacy peer.
    pub const NONE: Self = Self { result: false, cancel: false, sas: false };
    /// The features of this implementation that ask nothing of a user: those of a device unless configured otherwise.
    pub const ALL: Self = Self { result: true, cancel: true, sas: false };
    /// [`Features::ALL`], and the users compare (R-SAS-1).
    pub const WITH_SAS: Self = Self { sas: true, ..Self::ALL };

    /// Returns the features of both.
    pub const fn and(self, other: Self) -> Self {
        Self { result: self.result && other.result, cancel: self.cancel && other.cancel, sas: self.sas && other.sas }
    }

    /// Whether nothing is named.
    pub const fn is_legacy(self) -> bool {
        !self.result && !self.cancel && !self.sas
    }
}

/// The exporter's verdict on a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// Wrong, and another may be tried.
    Wrong,
    /// Wrong, and none may be tried any more.
    Final,
    /// Neither: the keys of a verdict with values that mean nothing.
    None,
}

/// The word of a `stateMsg` (R-EXT-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Word {
    /// `CANCELED`: a user ended the operation.
    Canceled,
    /// `TIMEOUT`: a timer fired.
    Timeout,
    /// `MISMATCH`: a user saw two different comparison strings (R-SAS-7).
    Mismatch,
}

/// The importer's result for the archive (R-EXT-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ImportResult {
    /// `stored`: durably installed.
    Stored,
    /// `failed_archive`: what came is not the confirmed account's archive.
    FailedArchive,
    /// `failed_storage`: the device could not store it.
    FailedStorage,
    /// Another value; never sent.
    Other,
}

/// One message, without the archive. `P` stands for the password, and for the values of a comparison: a [`Slot`] in the reducers, their
/// bytes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message<P = Slot> {
    /// The importer's greeting: an empty payload, or `features` alone.
    Hello(Features),
    /// The exporter asks for a password, or for consent alone.
    AuthScheme(Scheme, Features),
    /// The importer's answer.
    Password(P),
    /// The exporter's verdict on it.
    Verdict(Verdict),
    /// The exporter's commitment to its nonce (R-SAS-2).
    Commitment(P),
    /// The importer's nonce (R-SAS-2).
    Nonce(P),
    /// The exporter's nonce, which opens its commitment (R-SAS-2).
    Opening(P),
    /// A side ends the operation and says why.
    State(Word),
    /// The importer's result.
    ImportResult(ImportResult),
    /// A message of unknown keys only.
    Unknown,
}

impl<P> Message<P> {
    /// The same message with another kind of password and of values.
    pub fn map_password<Q>(self, change: impl FnOnce(P) -> Q) -> Message<Q> {
        match self {
            Self::Hello(features) => Message::Hello(features),
            Self::AuthScheme(scheme, features) => Message::AuthScheme(scheme, features),
            Self::Password(password) => Message::Password(change(password)),
            Self::Verdict(verdict) => Message::Verdict(verdict),
            Self::Commitment(value) => Message::Commitment(change(value)),
            Self::Nonce(value) => Message::Nonce(change(value)),
            Self::Opening(value) => Message::Opening(change(value)),
            Self::State(word) => Message::State(word),
            Self::ImportResult(result) => Message::ImportResult(result),
            Self::Unknown => Message::Unknown,
        }
    }
}
