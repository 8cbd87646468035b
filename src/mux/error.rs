//! Why bytes are no frame.

use crate::limits;

/// Bytes that are no frame, or a frame of the control or protocol channel that says nothing: the connection closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, at byte {offset} of the connection")]
pub struct MuxError {
    /// Where, counted from the first byte that the decoder was given: the first byte of the value at fault.
    pub offset: u64,
    /// The flaw.
    pub kind: MuxErrorKind,
}

/// The flaw of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MuxErrorKind {
    /// A value of another type.
    #[error("expected {0}")]
    Expected(Expected),
    /// The byte 0xc1, which begins no msgpack value.
    #[error("expected a msgpack value, found the reserved byte 0xc1")]
    Reserved,
    /// More data in a frame than there may be.
    #[error("expected at most {} bytes of data in a frame", limits::MAX_FRAME)]
    FrameLength,
    /// More data in a frame of the control or protocol channel.
    #[error("expected at most {} bytes of data in a control frame", limits::MAX_CONTROL)]
    ControlLength,
    /// A name that is too long.
    #[error("expected a channel name of at most {} bytes", limits::MAX_CHANNEL_NAME)]
    NameLength,
    /// Too deep.
    #[error("expected at most {} nested maps and arrays", limits::MAX_NESTING)]
    Nesting,
    /// Text that is not UTF-8, in something that is ignored.
    #[error("expected UTF-8")]
    Utf8,
    /// A control message that its frame cuts.
    #[error("expected the rest of a control message, found the end of its frame")]
    Cut,
}

impl MuxErrorKind {
    pub(super) const fn at(self, offset: u64) -> MuxError {
        MuxError { offset, kind: self }
    }
}

/// The expected type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Expected {
    /// A frame.
    #[error("an array of two: a frame")]
    Frame,
    /// A channel.
    #[error("an unsigned integer of 16 bits: a channel")]
    Channel,
    /// A frame's data.
    #[error("a bin: the data of a frame")]
    Data,
    /// A message of the control channel.
    #[error("an array of three, or a map: a control message")]
    Control,
    /// A message of the protocol channel.
    #[error("a map: a message of the protocol channel")]
    Protocol,
    /// A channel's name.
    #[error("a str: the name of a channel")]
    Name,
    /// A request's state.
    #[error("an integer: the state of a channel request")]
    State,
    /// A key.
    #[error("a str: a key")]
    Key,
    /// A version.
    #[error("an unsigned integer: a version")]
    Version,
    /// A beacon.
    #[error("a boolean: a beacon")]
    Beacon,
}
