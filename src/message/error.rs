//! Why bytes are no message.

use crate::{
    limits,
    msgpack::{Fault, FaultKind},
};

/// Bytes that are no message: R-MSG-3 makes it `Protocol`, and the channel closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, at byte {offset} of the stream")]
pub struct MessageError {
    /// Where, counted from the first byte that the decoder was given: the first byte of the value or key at fault, or of the character.
    pub offset: u64,
    /// The flaw.
    pub kind: MessageErrorKind,
}

/// The flaw of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MessageErrorKind {
    /// A value of another type.
    #[error("expected {0}")]
    Expected(Expected),
    /// The byte 0xc1, which begins no msgpack value.
    #[error("expected a msgpack value, found the reserved byte 0xc1")]
    Reserved,
    /// A scheme number that does not exist.
    #[error("expected schemeId 0, the only one there is")]
    SchemeId,
    /// Too deep.
    #[error("expected at most {} nested maps and arrays", limits::MAX_NESTING)]
    Nesting,
    /// Too many entries in one of the two maps.
    #[error("expected at most {} entries", limits::MAX_ENTRIES)]
    Entries,
    /// A key that is too long.
    #[error("expected a key of at most {} bytes", limits::MAX_KEY)]
    KeyLength,
    /// A value that is too long, other than `accData`.
    #[error("expected a value of at most {} bytes", limits::MAX_VALUE)]
    ValueLength,
    /// An archive above the configured limit.
    #[error("expected an archive of at most {limit} bytes")]
    ArchiveLength {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Text that is not UTF-8.
    #[error("expected UTF-8")]
    Utf8,
    /// A key that was there before.
    #[error("expected a key that was not there before")]
    Repeated,
    /// A key of another meaning than the message already has.
    #[error("expected no second meaning in one message")]
    TwoMeanings,
    /// An `authScheme` that does not exist.
    #[error("expected the authScheme `` or `password`")]
    AuthScheme,
    /// A `stateMsg` that does not exist.
    #[error("expected the stateMsg `TIMEOUT`, `CANCELED` or `MISMATCH`")]
    StateMsg,
    /// Not a value of a comparison.
    #[error("expected {} lower-case hexadecimal digits", 2 * limits::SAS_VALUE)]
    Comparison,
}

impl MessageErrorKind {
    pub(super) const fn at(self, offset: u64) -> MessageError {
        MessageError { offset, kind: self }
    }
}

impl From<Fault> for MessageError {
    fn from(fault: Fault) -> Self {
        let kind = match fault.kind {
            FaultKind::Reserved => MessageErrorKind::Reserved,
            FaultKind::Nesting => MessageErrorKind::Nesting,
            FaultKind::Length => MessageErrorKind::ValueLength,
            FaultKind::Utf8 => MessageErrorKind::Utf8,
        };
        kind.at(fault.offset)
    }
}

/// The expected type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Expected {
    /// The message.
    #[error("a map: the message")]
    Message,
    /// A key.
    #[error("a str: a key")]
    Key,
    /// The value of `schemeId`.
    #[error("an unsigned integer: the schemeId")]
    SchemeId,
    /// The value of `payload`.
    #[error("a map: the payload")]
    Payload,
    /// A value of the payload.
    #[error("a str: a value of the payload")]
    Value,
}
