//! The receiving half of a connection: bytes, taken apart into frames and messages (R-MUX-1, R-MSG-1).

use crate::{
    message::{self, Decoder},
    mux::{Control, FrameDecoder, FrameEvent},
};

/// Takes apart the bytes of one direction, whatever way they are cut.
pub(super) struct Inbound {
    frames: FrameDecoder,
    messages: Decoder,
    /// The session's channel, for as long as the peer has not ended it.
    channel: Option<u16>,
    /// Bytes that come next are the session's: the header of their frame has been read.
    body: usize,
    /// The messages may hold a further item before more bytes are read.
    asking: bool,
    /// Data of the session's channel is skipped.
    skips: bool,
}

/// The result of a read: one message of a frame, or of the session's channel.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// A message of the control or the protocol channel.
    Control(Control),
    /// A message of the session's channel, or a part of an archive.
    Message(message::Event<'a>),
    /// The end of the session's channel.
    End,
    /// A frame of a channel that is not open: complete.
    Stray,
    /// Data of the session's channel that is no message. Further data of it is skipped.
    NoMessage,
    /// Bytes that are no frame. Nothing that follows can be read.
    NoFrame,
}

impl Inbound {
    /// Archives may have at most `max_archive` bytes.
    pub(super) fn new(max_archive: u64) -> Self {
        Self {
            frames: FrameDecoder::new(),
            messages: Decoder::new(max_archive),
            channel: None,
            body: 0,
            asking: false,
            skips: false,
        }
    }

    /// Makes `channel` the session's.
    pub(super) fn open(&mut self, channel: u16) {
        debug_assert!(self.channel.is_none(), "a connection has one session");
        self.channel = Some(channel);
    }

    /// Skips the data of the session's channel from now on. Its end is still read.
    pub(super) fn skip(&mut self) {
        self.skips = true;
    }

    /// Takes bytes off `input` up to the end of the next item. `None`: all were taken, and more are needed.
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Item<'a>> {
        loop {
            if self.body > 0 || self.asking {
                if let Some(item) = self.message(input) {
                    return Some(item);
                }
                if self.body > 0 {
                    return None;
                }
            }
            let before = *input;
            match self.frames.next(input) {
                Err(_) => return Some(Item::NoFrame),
                Ok(None) => return None,
                Ok(Some(FrameEvent::Data { channel, bytes })) if self.channel == Some(channel) => {
                    // The data is the last that was taken: the messages take it, piece by piece.
                    *input = &before[before.len() - input.len() - bytes.len()..];
                    self.body = bytes.len();
                    self.asking = true;
                }
                Ok(Some(FrameEvent::End { channel })) if self.channel == Some(channel) => {
                    self.channel = None;
                    return Some(Item::End);
                }
                // The number of strays does not depend on the cuts: a frame counts once, when it is complete.
                Ok(Some(FrameEvent::Data { .. })) if !self.frames.is_between_frames() => {}
                Ok(Some(FrameEvent::Data { .. } | FrameEvent::End { .. })) => return Some(Item::Stray),
                Ok(Some(FrameEvent::Control(control))) => return Some(Item::Control(control)),
            }
        }
    }

    /// Takes the next item off the session's data.
    fn message<'a>(&mut self, input: &mut &'a [u8]) -> Option<Item<'a>> {
        let (data, _) = input.split_at(self.body.min(input.len()));
        let mut rest = if self.skips { &[] } else { data };
        let event = if self.skips { Ok(None) } else { self.messages.next(&mut rest) };
        let taken = data.len() - rest.len();
        *input = &input[taken..];
        self.body -= taken;
        match event {
            Ok(Some(event)) => {
                // The end of a message needs no bytes of its own.
                self.asking = true;
                Some(Item::Message(event))
            }
            Ok(None) => {
                self.asking = false;
                None
            }
            Err(_) => {
                self.skips = true;
                Some(Item::NoMessage)
            }
        }
    }
}
