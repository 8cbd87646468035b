//! The multiplexed connection: frames `[channel, bin]`, and what is said on its control and protocol channels (R-MUX-1).
//!
//! Data is never copied: it is handed out as slices of what was received, and written after a [`frame_header`].

mod control;
mod decode;
mod error;

use crate::{
    limits::MAX_FRAME,
    msgpack::{Short, Sink},
};

pub use control::{ChannelName, ChannelRequest, Control, RequestState};
pub use decode::{FrameDecoder, FrameEvent};
pub use error::{Expected, MuxError, MuxErrorKind};

/// The channel of [`ChannelRequest`]s.
pub const CONTROL_CHANNEL: u16 = 0;
/// The channel of the connection's own messages.
pub const PROTOCOL_CHANNEL: u16 = 0xffff;
/// The version of the connection's protocol: [`Control::Version`].
pub const VERSION: u32 = 1;
/// The first channel that a TLS client asks for; it counts up from there.
pub const FIRST_CLIENT_CHANNEL: u16 = 1;
/// The first channel that a TLS server asks for.
pub const FIRST_SERVER_CHANNEL: u16 = 0x8000;

/// The bytes before the data of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader(Short<7>);

impl FrameHeader {
    /// The bytes: at most seven.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl AsRef<[u8]> for FrameHeader {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// The header of a frame with `length` bytes of data, which follow it. Longer data is cut into frames of [`MAX_FRAME`] bytes; a frame
/// without data is the end of its channel ([`end_of_channel`]).
pub fn frame_header(channel: u16, length: u16) -> FrameHeader {
    const { assert!(MAX_FRAME == u16::MAX as usize) };
    let mut bytes = Short::new();
    bytes.array(2);
    bytes.unsigned(channel.into());
    bytes.bin_head(length);
    FrameHeader(bytes)
}

/// The frame that ends a channel.
pub fn end_of_channel(channel: u16) -> FrameHeader {
    frame_header(channel, 0)
}
