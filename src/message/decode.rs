//! Reads messages from a channel's byte stream, whatever way it is cut (R-MSG-1 to R-MSG-3).

use core::fmt;

use crate::{
    limits::{MAX_ENTRIES, MAX_KEY, MAX_VALUE},
    msgpack::{Head, HeadReader, Skip},
    secret::Secret,
    utf8::Utf8,
};

use super::{
    Message,
    error::{Expected, MessageError, MessageErrorKind as Kind},
    keys::Key,
    partial::Partial,
};

/// An event of a [`Decoder`], in the order of the stream. A message that carries an archive is `ArchiveBegan`, `ArchiveSlice`s of as many
/// bytes in all as were announced, `ArchiveEnded`; any other is one `Message`.
#[derive(PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole message.
    Message(Message<Secret>),
    /// An archive begins. None of its bytes has been looked at: the caller decides whether it may come at all.
    ArchiveBegan {
        /// Its length in bytes, within the configured limit.
        length: u64,
    },
    /// Bytes of the archive, borrowed from the input, never empty. They are a part of a UTF-8 text, and may cut a character.
    ArchiveSlice(&'a [u8]),
    /// The message that carries the archive is complete, at its own end.
    ArchiveEnded,
}

/// Without the archive's bytes.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => f.debug_tuple("Message").field(message).finish(),
            Self::ArchiveBegan { length } => f.debug_struct("ArchiveBegan").field("length", length).finish(),
            Self::ArchiveSlice(bytes) => write!(f, "ArchiveSlice(<{} bytes>)", bytes.len()),
            Self::ArchiveEnded => f.write_str("ArchiveEnded"),
        }
    }
}

/// An incremental decoder of one channel's incoming messages.
///
/// It holds at most one value ([`MAX_VALUE`]), a password, and the keys of one message, and never a byte of an archive beyond a cut
/// character. After an error it stays at its end: the same error comes again.
pub struct Decoder {
    max_archive: u64,
    /// Bytes taken so far.
    offset: u64,
    /// Where the head that was read last began.
    item: u64,
    head: HeadReader,
    state: State,
    /// The bytes so far of a key or value that was cut. A password is one, so it is wiped after each.
    text: Secret,
    partial: Partial,
    failed: Option<MessageError>,
}

/// The next item.
enum State {
    /// The head of something.
    Head(Place),
    /// The rest of a key or value of `length` bytes.
    Text { place: Text, length: usize },
    /// So many bytes of the archive.
    Archive { left: u64, utf8: Utf8 },
    /// The rest of an ignored value.
    Ignored(Skip),
}

/// A place in the grammar of a message.
#[derive(Clone, Copy)]
enum Place {
    Message,
    SchemeId,
    Payload,
    Text(Text),
}

/// A place where text stands.
#[derive(Clone, Copy)]
enum Text {
    OuterKey,
    InnerKey,
    /// The value of a key of the payload, unknown ones included.
    Value(Option<Key>),
}

impl Decoder {
    /// A decoder that takes archives of at most `max_archive` bytes; see [`DEFAULT_MAX_ARCHIVE`](crate::limits::DEFAULT_MAX_ARCHIVE).
    pub fn new(max_archive: u64) -> Self {
        Self {
            max_archive,
            offset: 0,
            item: 0,
            head: HeadReader::new(),
            state: State::Head(Place::Message),
            text: Secret::default(),
            partial: Partial::default(),
            failed: None,
        }
    }

    /// Takes bytes off `input` up to the end of the next event. `None` means that all were taken and more are needed; whatever is left
    /// in `input` otherwise has not been looked at and is to be given again.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>, MessageError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.step(input);
        if let Err(error) = result {
            self.text = Secret::default();
            self.partial = Partial::default();
            self.failed = Some(error);
        }
        result
    }

    /// Bytes taken so far.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the last message is complete and nothing of a further one has been read.
    pub const fn is_between_messages(&self) -> bool {
        matches!(self.state, State::Head(Place::Message)) && self.head.pending() == 0 && self.failed.is_none()
    }

    fn step<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>, MessageError> {
        loop {
            let event = match &mut self.state {
                State::Head(place) => {
                    let place = *place;
                    let Some(head) = self.take_head(input)? else { return Ok(None) };
                    self.begin(place, head).map_err(|kind| kind.at(self.item))?
                }
                State::Text { place, length } => {
                    let (place, length) = (*place, *length);
                    let piece = self.take(input, length - self.text.len());
                    if piece.len() == length {
                        // All of it at once: it is read where it is.
                        self.end_text(place, piece)?
                    } else {
                        if self.text.is_empty() {
                            self.text = Secret::with_capacity(length);
                        }
                        self.text.extend(piece);
                        if self.text.len() < length {
                            return Ok(None);
                        }
                        let text = core::mem::take(&mut self.text);
                        self.end_text(place, text.as_bytes())?
                    }
                }
                State::Archive { left: 0, utf8 } => {
                    utf8.end().map_err(|cut| Kind::Utf8.at(self.offset - cut as u64))?;
                    self.end_inner()
                }
                State::Archive { left, utf8 } => {
                    if input.is_empty() {
                        return Ok(None);
                    }
                    let length = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    utf8.take(&input[..length])
                        .map_err(|at| Kind::Utf8.at(self.offset.saturating_add_signed(at as i64)))?;
                    *left -= length as u64;
                    Some(Event::ArchiveSlice(self.take(input, length)))
                }
                State::Ignored(ignored) => {
                    if !ignored.take(input, &mut self.offset)? {
                        return Ok(None);
                    }
                    self.end_outer()
                }
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// Takes at most `most` bytes.
    fn take<'a>(&mut self, input: &mut &'a [u8], most: usize) -> &'a [u8] {
        let (piece, rest) = input.split_at(most.min(input.len()));
        *input = rest;
        self.offset += piece.len() as u64;
        piece
    }

    /// Takes a head, and notes where it began.
    fn take_head(&mut self, input: &mut &[u8]) -> Result<Option<Head>, MessageError> {
        let before = input.len();
        self.item = self.offset - self.head.pending() as u64;
        let head = self.head.next(input).map_err(|_| Kind::Reserved.at(self.item))?;
        self.offset += (before - input.len()) as u64;
        Ok(head)
    }

    /// Begins what a head announces, if that is what belongs there and is within its limit.
    fn begin<'a>(&mut self, place: Place, head: Head) -> Result<Option<Event<'a>>, Kind> {
        match (place, head) {
            (Place::Message, Head::Map(entries)) => {
                self.partial.outer.left = entries_within_limit(entries)?;
                Ok(self.next_outer())
            }
            (Place::SchemeId, Head::Unsigned(0)) => Ok(self.end_outer()),
            (Place::SchemeId, Head::Unsigned(_)) => Err(Kind::SchemeId),
            (Place::Payload, Head::Map(entries)) => {
                self.partial.inner.left = entries_within_limit(entries)?;
                Ok(self.next_inner())
            }
            (Place::Text(Text::Value(Some(Key::AccData))), Head::Str(length)) => {
                let length = u64::from(length);
                if length > self.max_archive {
                    return Err(Kind::ArchiveLength { limit: self.max_archive });
                }
                self.state = State::Archive { left: length, utf8: Utf8::default() };
                Ok(Some(Event::ArchiveBegan { length }))
            }
            (Place::Text(place), Head::Str(length)) => {
                let length = length as usize;
                match place {
                    Text::OuterKey | Text::InnerKey if length > MAX_KEY => return Err(Kind::KeyLength),
                    Text::Value(_) if length > MAX_VALUE => return Err(Kind::ValueLength),
                    Text::OuterKey | Text::InnerKey | Text::Value(_) => {}
                }
                self.state = State::Text { place, length };
                Ok(None)
            }
            (Place::Message, _) => Err(Kind::Expected(Expected::Message)),
            (Place::SchemeId, _) => Err(Kind::Expected(Expected::SchemeId)),
            (Place::Payload, _) => Err(Kind::Expected(Expected::Payload)),
            (Place::Text(Text::OuterKey | Text::InnerKey), _) => Err(Kind::Expected(Expected::Key)),
            (Place::Text(Text::Value(_)), _) => Err(Kind::Expected(Expected::Value)),
        }
    }

    /// Takes the whole text that stands at `place`.
    fn end_text<'a>(&mut self, place: Text, text: &[u8]) -> Result<Option<Event<'a>>, MessageError> {
        let (start, item) = (self.offset - text.len() as u64, self.item);
        let text = str::from_utf8(text).map_err(|bad| Kind::Utf8.at(start + bad.valid_up_to() as u64))?;
        let next = match place {
            Text::OuterKey => self.partial.outer_key(text).map(|key| match key {
                Some(Key::SchemeId) => Next::State(State::Head(Place::SchemeId)),
                Some(Key::Payload) => Next::State(State::Head(Place::Payload)),
                _ => Next::State(State::Ignored(Skip::new())),
            }),
            Text::InnerKey => {
                self.partial.inner_key(text).map(|key| Next::State(State::Head(Place::Text(Text::Value(key)))))
            }
            Text::Value(key) => self.partial.value(key, text).map(|()| Next::Entry),
        };
        let next = next.map_err(|kind| kind.at(item))?;
        Ok(match next {
            Next::State(state) => {
                self.state = state;
                None
            }
            Next::Entry => self.end_inner(),
        })
    }

    /// An entry of the outer map is complete.
    fn end_outer<'a>(&mut self) -> Option<Event<'a>> {
        self.partial.outer.left -= 1;
        self.next_outer()
    }

    /// The next entry of the outer map, or the end of the message.
    fn next_outer<'a>(&mut self) -> Option<Event<'a>> {
        if self.partial.outer.left > 0 {
            self.state = State::Head(Place::Text(Text::OuterKey));
            return None;
        }
        self.state = State::Head(Place::Message);
        Some(core::mem::take(&mut self.partial).finish().map_or(Event::ArchiveEnded, Event::Message))
    }

    /// An entry of the payload is complete.
    fn end_inner<'a>(&mut self) -> Option<Event<'a>> {
        self.partial.inner.left -= 1;
        self.next_inner()
    }

    /// The next entry of the payload, or its end.
    fn next_inner<'a>(&mut self) -> Option<Event<'a>> {
        if self.partial.inner.left > 0 {
            self.state = State::Head(Place::Text(Text::InnerKey));
            return None;
        }
        self.end_outer()
    }
}

/// The item after a text.
enum Next {
    State(State),
    /// The payload's next entry.
    Entry,
}

fn entries_within_limit(entries: u32) -> Result<u32, Kind> {
    if entries as usize > MAX_ENTRIES { Err(Kind::Entries) } else { Ok(entries) }
}

/// Its content may be secret.
impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("offset", &self.offset).field("failed", &self.failed).finish_non_exhaustive()
    }
}
