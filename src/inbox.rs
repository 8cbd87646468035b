//! What is heard on a connection, taken apart: frames, and the messages of the session's channel (R-MUX-1, R-MSG-1).

use crate::{
    message::{Decoder, Event},
    mux::{Control, FrameDecoder, FrameEvent},
};

/// Takes apart what is heard on one connection, whatever way its bytes are cut.
pub struct Inbox {
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
pub enum Heard<'a> {
    /// On the control or the protocol channel.
    Control(Control),
    /// On the session's channel.
    Message(Event<'a>),
    /// The session's channel is ended.
    End,
}

/// What was heard makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garbage {
    /// Nothing that follows can be understood.
    Frame,
    /// Nothing that follows on the session's channel.
    Message,
}

impl Inbox {
    /// Archives may have at most `max_archive` bytes.
    pub fn new(max_archive: u64) -> Self {
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
    pub fn open(&mut self, channel: u16) {
        self.channel = Some(channel);
    }

    /// What the session's channel says from now on is of no interest, except that it ends.
    pub fn stop_listening(&mut self) {
        self.deaf = true;
    }

    /// Takes bytes off `input` up to the end of the next thing. `None`: all were taken, and more are needed.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Heard<'a>>, Garbage> {
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

#[cfg(test)]
mod tests {
    use alloc::{format, string::String, vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        message::{Features, Message, archive_header, encode},
        mux::{VERSION, end_of_channel, frame_header},
    };

    const CHANNEL: u16 = 0x8000;

    fn frame(channel: u16, data: &[u8]) -> Vec<u8> {
        [frame_header(channel, data.len() as u16).as_bytes(), data].concat()
    }

    /// A connection's bytes: everything that can come, with an archive of `length` bytes cut into frames of `size`.
    fn connection(length: usize, size: usize) -> Vec<u8> {
        let hello = encode(&Message::Hello(Features::ALL));
        let text = vec![b'x'; length];
        let mut session = [hello.as_bytes(), archive_header(length as u32).as_bytes(), &text].concat();
        session.extend_from_slice(hello.as_bytes());
        let mut bytes = Control::Version(VERSION).to_frame();
        for piece in session.chunks(size) {
            bytes.extend(frame(CHANNEL, piece));
            bytes.extend(frame(7, b"of nobody"));
        }
        bytes.extend(Control::Beacon(true).to_frame());
        bytes.extend_from_slice(end_of_channel(7).as_bytes());
        bytes.extend_from_slice(end_of_channel(CHANNEL).as_bytes());
        bytes.extend(frame(CHANNEL, hello.as_bytes()));
        bytes
    }

    /// What is heard when the bytes come in pieces of these sizes, and nothing of the archive but its length is told.
    fn hear(bytes: &[u8], sizes: &[usize], deaf: bool) -> Vec<String> {
        let mut inbox = Inbox::new(1 << 20);
        inbox.open(CHANNEL);
        if deaf {
            inbox.stop_listening();
        }
        let (mut heard, mut archive, mut sizes) = (Vec::new(), 0, sizes.iter().cycle());
        let mut rest = bytes;
        while !rest.is_empty() {
            let (mut piece, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            rest = later;
            while let Some(thing) = inbox.next(&mut piece).unwrap() {
                match thing {
                    Heard::Message(Event::ArchiveSlice(slice)) => archive += slice.len(),
                    Heard::Message(Event::ArchiveEnded) => heard.push(format!("archive of {archive}")),
                    other => heard.push(format!("{other:?}")),
                }
            }
            assert!(piece.is_empty());
        }
        heard
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_changes_nothing(
            length in 0_usize..3000,
            size in 1_usize..800,
            sizes in proptest::collection::vec(1_usize..900, 1..20),
        ) {
            let bytes = connection(length, size);
            let heard = hear(&bytes, &[bytes.len()], false);
            prop_assert_eq!(&heard, &hear(&bytes, &sizes, false));
            prop_assert_eq!(heard.len(), 7);
            prop_assert_eq!(&heard[3], &format!("archive of {length}"));
            prop_assert_eq!(hear(&bytes, &sizes, true).len(), 3, "the version, the beacon, and the end");
        }
    }

    #[test]
    fn what_is_no_message_is_heard_once_and_the_end_after_it() {
        let mut inbox = Inbox::new(0);
        inbox.open(CHANNEL);
        let bytes = [frame(CHANNEL, &[0xc1; 9]), end_of_channel(CHANNEL).as_bytes().to_vec()].concat();
        let mut input = &bytes[..];
        assert_eq!(inbox.next(&mut input).unwrap_err(), Garbage::Message);
        assert!(matches!(inbox.next(&mut input), Ok(Some(Heard::End))));
        assert!(matches!(inbox.next(&mut input), Ok(None)));
    }
}
