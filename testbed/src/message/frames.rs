//! A connection's frames, one way, and the messages in its sessions' channels.

use std::collections::{BTreeMap, VecDeque};

use handfast::{
    mux::{Control, FrameDecoder, FrameEvent, RequestState},
    token::Ask,
};

use super::{
    Broken, Messages,
    text::{Entry, Record},
};

/// Channels that are distinguished at once.
const MAX_CHANNELS: usize = 64;

/// Reads frames. The data of a channel is read as messages, unless the channel was named, and not
/// as a session: that is only counted.
pub(super) struct Frames {
    decoder: FrameDecoder,
    max_archive: u64,
    start: u64,
    channels: BTreeMap<u16, Channel>,
    /// Messages of the last piece of data.
    ready: VecDeque<Entry>,
    /// The error after them.
    broken: Option<Broken>,
}

enum Channel {
    Session(Box<Messages>),
    /// So many bytes of data came on it.
    Other(u64),
}

impl Frames {
    pub(super) fn new(max_archive: u64) -> Self {
        Self {
            decoder: FrameDecoder::new(),
            max_archive,
            start: 0,
            channels: BTreeMap::new(),
            ready: VecDeque::new(),
            broken: None,
        }
    }

    /// Takes bytes off `input` up to the end of the next frame or message. `None`: more are needed.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Entry>, Broken> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            if let Some(broken) = self.broken.take() {
                return Err(broken);
            }
            let event = self.decoder.next(input).map_err(|error| Broken::new(error, error.offset))?;
            let offset = std::mem::replace(&mut self.start, self.decoder.offset());
            let entry = |channel, record| Ok(Some(Entry { offset, channel, record }));
            match event {
                None => {
                    self.start = offset;
                    return Ok(None);
                }
                Some(FrameEvent::Data { channel, bytes }) => self.data(channel, bytes)?,
                Some(FrameEvent::End { channel }) => {
                    let length = match self.channels.remove(&channel) {
                        Some(Channel::Other(length)) => Some(length),
                        Some(Channel::Session(messages)) => {
                            messages.end().map_err(|broken| in_channel(channel, broken))?;
                            None
                        }
                        None => None,
                    };
                    return entry(Some(channel), frame("end", None, length, None));
                }
                Some(FrameEvent::Control(control)) => {
                    let (channel, record) = self.control(control)?;
                    return entry(channel, record);
                }
            }
        }
    }

    pub(super) fn end(&self) -> Result<(), Broken> {
        if !self.decoder.is_between_frames() {
            return Err(Broken::cut("a frame", self.decoder.offset()));
        }
        self.channels.iter().try_for_each(|(channel, what)| match what {
            Channel::Session(messages) => messages.end().map_err(|broken| in_channel(*channel, broken)),
            Channel::Other(_) => Ok(()),
        })
    }

    /// Reads data as messages, or counts it where it is another channel's.
    fn data(&mut self, channel: u16, mut bytes: &[u8]) -> Result<(), Broken> {
        let max_archive = self.max_archive;
        match self.channel(channel, || Channel::Session(Box::new(Messages::new(max_archive))))? {
            Channel::Other(length) => *length += bytes.len() as u64,
            Channel::Session(messages) => {
                let mut ready = VecDeque::new();
                let broken = loop {
                    match messages.next(&mut bytes) {
                        Ok(Some(entry)) => ready.push_back(Entry { channel: Some(channel), ..entry }),
                        Ok(None) => break None,
                        Err(broken) => break Some(in_channel(channel, broken)),
                    }
                };
                (self.ready, self.broken) = (ready, broken);
            }
        }
        Ok(())
    }

    fn control(&mut self, control: Control) -> Result<(Option<u16>, Record), Broken> {
        Ok(match control {
            Control::Request(request) => {
                let word = match request.state {
                    RequestState::Request => "request",
                    RequestState::Accept => "accept",
                    RequestState::Decline => "decline",
                };
                if request.name.ask() == Ask::Other {
                    self.channel(request.channel, || Channel::Other(0))?;
                }
                (Some(request.channel), frame(word, Some(request.name.to_string()), None, None))
            }
            Control::Version(version) => (None, frame("version", None, None, Some(version))),
            Control::Beacon(true) => (None, frame("beacon", None, None, None)),
            Control::Beacon(false) => (None, frame("beacon answer", None, None, None)),
            Control::Unknown => (None, frame("unknown", None, None, None)),
        })
    }

    /// The channel, known or new.
    fn channel(&mut self, channel: u16, new: impl FnOnce() -> Channel) -> Result<&mut Channel, Broken> {
        if self.channels.len() >= MAX_CHANNELS && !self.channels.contains_key(&channel) {
            return Err(Broken::new(
                format_args!("expected at most {MAX_CHANNELS} channels, at byte {} of the stream", self.start),
                self.start,
            ));
        }
        Ok(self.channels.entry(channel).or_insert_with(new))
    }
}

fn in_channel(channel: u16, broken: Broken) -> Broken {
    Broken { error: format!("channel {channel:#06x}: {}", broken.error), ..broken }
}

const fn frame(frame: &'static str, name: Option<String>, length: Option<u64>, version: Option<u32>) -> Record {
    Record::Frame { frame, name, length, version }
}
