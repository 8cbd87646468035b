//! What is heard on a connection, taken apart: frames, and the messages of the session's channel (R-MUX-1, R-MSG-1).

use crate::{
    message::{Decoder, Event},
    mux::{Control, FrameDecoder, FrameEvent},
};

/// Takes apart what is heard.
pub(super) struct Inbox {
    frames: FrameDecoder,
    messages: Decoder,
    /// The session's channel, as long as the peer may say something on it.
    channel: Option<u16>,
    /// Bytes that come next are the channel's: the frame's head is read already.
    body: usize,
    /// Whether the messages may have more to say before further bytes are read.
    asking: bool,
    /// Whether what the channel says is of no interest any more.
    deaf: bool,
}

/// A thing that was heard.
#[derive(Debug)]
pub(super) enum Heard<'a> {
    /// On the control or the protocol channel.
    Control(Control),
    /// On the session's channel.
    Message(Event<'a>),
    /// The session's channel is ended.
    End,
}

/// What was heard makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Garbage {
    /// Nothing that follows can be understood.
    Frame,
    /// Nothing that follows on the session's channel.
    Message,
}

impl Inbox {
    /// Archives may have at most `max_archive` bytes.
    pub(super) fn new(max_archive: u64) -> Self {
        Self {
            frames: FrameDecoder::new(),
            messages: Decoder::new(max_archive),
            channel: None,
            body: 0,
            asking: false,
            deaf: false,
        }
    }

    /// From now on `channel` is the session's.
    pub(super) fn open(&mut self, channel: u16) {
        self.channel = Some(channel);
    }

    /// What the session's channel says from now on is of no interest, except that it ends.
    pub(super) fn stop_listening(&mut self) {
        self.deaf = true;
    }

    /// Takes bytes off `input` up to the end of the next thing. `None`: all were taken, and more are needed.
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Heard<'a>>, Garbage> {
        loop {
            if self.body > 0 || self.asking {
                let (mut data, _) = input.split_at(self.body.min(input.len()));
                let before = data.len();
                let event = if self.deaf {
                    data = &[];
                    Ok(None)
                } else {
                    self.messages.next(&mut data)
                };
                let taken = before - data.len();
                *input = &input[taken..];
                self.body -= taken;
                match event {
                    Ok(Some(event)) => return Ok(Some(Heard::Message(event))),
                    Ok(None) => self.asking = false,
                    Err(_) => {
                        self.deaf = true;
                        return Err(Garbage::Message);
                    }
                }
                if self.body > 0 {
                    return Ok(None);
                }
            }
            let before = *input;
            match self.frames.next(input).map_err(|_| Garbage::Frame)? {
                None => return Ok(None),
                Some(FrameEvent::Data { channel, bytes }) if self.channel == Some(channel) => {
                    // The data is the last that was taken: the messages take it, piece by piece.
                    *input = &before[before.len() - input.len() - bytes.len()..];
                    self.body = bytes.len();
                    self.asking = true;
                }
                Some(FrameEvent::End { channel }) if self.channel == Some(channel) => {
                    self.channel = None;
                    return Ok(Some(Heard::End));
                }
                // Of a channel that is not there, or not any more.
                Some(FrameEvent::Data { .. } | FrameEvent::End { .. }) => {}
                Some(FrameEvent::Control(control)) => return Ok(Some(Heard::Control(control))),
            }
        }
    }
}
