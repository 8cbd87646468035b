//! Reads frames, whatever way they are cut.

use alloc::vec::Vec;
use core::fmt;

use crate::{
    limits::{MAX_CONTROL, MAX_FRAME},
    msgpack::{Head, HeadReader},
};

use super::{
    CONTROL_CHANNEL, PROTOCOL_CHANNEL,
    control::Control,
    error::{Expected, MuxError, MuxErrorKind as Kind},
};

/// An event of a [`FrameDecoder`], in the order of the connection.
#[derive(Clone, PartialEq, Eq)]
pub enum FrameEvent<'a> {
    /// Data of a channel, borrowed from the input, never empty.
    Data {
        /// The channel: neither the control nor the protocol channel.
        channel: u16,
        /// The data, or a part of it. Frames mean nothing to a channel: it is one stream of bytes.
        bytes: &'a [u8],
    },
    /// The end of a channel: a frame without data.
    End {
        /// The channel: neither the control nor the protocol channel.
        channel: u16,
    },
    /// One of the messages of a frame of the control or protocol channel, which was read whole. These channels have no end: a frame
    /// without data is [`Control::Unknown`], so that each frame leads to an event and can be counted (R-MUX-2).
    Control(Control),
}

/// Without the data, which may be secret.
impl fmt::Debug for FrameEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { channel, bytes } => write!(f, "Data({channel:#06x}, <{} bytes>)", bytes.len()),
            Self::End { channel } => write!(f, "End({channel:#06x})"),
            Self::Control(control) => f.debug_tuple("Control").field(control).finish(),
        }
    }
}

/// An incremental decoder of one connection's incoming frames.
///
/// It holds at most one frame of the control or protocol channel ([`MAX_CONTROL`] bytes), and no data. After an error it stays at its
/// end: the same error comes again.
pub struct FrameDecoder {
    /// Bytes taken so far.
    offset: u64,
    head: HeadReader,
    state: State,
    failed: Option<MuxError>,
}

/// The next item.
enum State {
    /// The head of a frame.
    Frame,
    /// The head of its channel.
    Channel,
    /// The head of its data.
    Data { channel: u16 },
    /// So many bytes of data.
    Bytes { channel: u16, left: usize },
    /// The rest of a control frame of `length` bytes.
    Collect { channel: u16, length: usize, frame: Vec<u8> },
    /// Messages from `next` on of a control frame that began at `start`.
    Messages { channel: u16, frame: Vec<u8>, next: usize, start: u64 },
}

impl Default for FrameDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameDecoder {
    /// A decoder of a connection from its beginning.
    pub const fn new() -> Self {
        Self { offset: 0, head: HeadReader::new(), state: State::Frame, failed: None }
    }

    /// Takes bytes off `input` up to the end of the next event. `None` means that all were taken and more are needed; whatever is left
    /// in `input` otherwise has not been looked at and is to be given again.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<FrameEvent<'a>>, MuxError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.step(input);
        if let Err(error) = result {
            self.state = State::Frame;
            self.failed = Some(error);
        }
        result
    }

    /// Bytes taken so far.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the last frame is complete and nothing of a further one has been read.
    pub const fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Frame) && self.head.pending() == 0 && self.failed.is_none()
    }

    fn step<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<FrameEvent<'a>>, MuxError> {
        loop {
            match &mut self.state {
                State::Frame | State::Channel | State::Data { .. } => {
                    let (at, before) = (self.offset - self.head.pending() as u64, input.len());
                    let head = self.head.next(input).map_err(|_| Kind::Reserved.at(at))?;
                    self.offset += (before - input.len()) as u64;
                    let Some(head) = head else { return Ok(None) };
                    if let Some(event) = self.begin(head).map_err(|kind| kind.at(at))? {
                        return Ok(Some(event));
                    }
                }
                State::Bytes { channel, left } => {
                    if input.is_empty() {
                        return Ok(None);
                    }
                    let (channel, bytes) = (*channel, take(input, *left, &mut self.offset));
                    *left -= bytes.len();
                    if *left == 0 {
                        self.state = State::Frame;
                    }
                    return Ok(Some(FrameEvent::Data { channel, bytes }));
                }
                State::Collect { channel, length, frame } => {
                    frame.extend_from_slice(take(input, *length - frame.len(), &mut self.offset));
                    if frame.len() < *length {
                        return Ok(None);
                    }
                    let (frame, start) = (core::mem::take(frame), self.offset - *length as u64);
                    self.state = State::Messages { channel: *channel, frame, next: 0, start };
                }
                State::Messages { channel, frame, next, start } => {
                    let (message, end) = Control::decode(*channel == CONTROL_CHANNEL, frame, *next)
                        .map_err(|(at, kind)| kind.at(*start + at as u64))?;
                    *next = end;
                    if end == frame.len() {
                        self.state = State::Frame;
                    }
                    return Ok(Some(FrameEvent::Control(message)));
                }
            }
        }
    }

    /// Takes a head of a frame, if it is what belongs there and is within its limit.
    fn begin<'a>(&mut self, head: Head) -> Result<Option<FrameEvent<'a>>, Kind> {
        self.state = match (&self.state, head) {
            (State::Frame, Head::Array(2)) => State::Channel,
            (State::Channel, Head::Unsigned(number)) => {
                State::Data { channel: number.try_into().map_err(|_| Kind::Expected(Expected::Channel))? }
            }
            (&State::Data { channel }, Head::Bin(length)) => {
                let length = length as usize;
                match (channel, length) {
                    (_, length) if length > MAX_FRAME => return Err(Kind::FrameLength),
                    (CONTROL_CHANNEL | PROTOCOL_CHANNEL, length) if length > MAX_CONTROL => {
                        return Err(Kind::ControlLength);
                    }
                    (CONTROL_CHANNEL | PROTOCOL_CHANNEL, 0) => {
                        self.state = State::Frame;
                        return Ok(Some(FrameEvent::Control(Control::Unknown)));
                    }
                    (CONTROL_CHANNEL | PROTOCOL_CHANNEL, length) => {
                        State::Collect { channel, length, frame: Vec::with_capacity(length) }
                    }
                    (channel, 0) => {
                        self.state = State::Frame;
                        return Ok(Some(FrameEvent::End { channel }));
                    }
                    (channel, left) => State::Bytes { channel, left },
                }
            }
            (State::Channel, _) => return Err(Kind::Expected(Expected::Channel)),
            (State::Data { .. }, _) => return Err(Kind::Expected(Expected::Data)),
            (State::Frame | State::Bytes { .. } | State::Collect { .. } | State::Messages { .. }, _) => {
                return Err(Kind::Expected(Expected::Frame));
            }
        };
        Ok(None)
    }
}

/// Takes at most `most` bytes.
fn take<'a>(input: &mut &'a [u8], most: usize, offset: &mut u64) -> &'a [u8] {
    let (piece, rest) = input.split_at(most.min(input.len()));
    *input = rest;
    *offset += piece.len() as u64;
    piece
}

/// Its content may be a code.
impl fmt::Debug for FrameDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameDecoder")
            .field("offset", &self.offset)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
