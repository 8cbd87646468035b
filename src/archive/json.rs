//! A checker of JSON text (RFC 8259) that takes it in slices and holds none of it but what its sink asks for.
//!
//! Written for archives: the outermost value is an object, the sink learns its members, and the members of objects in it are
//! counted. An ignored string may be of any length; depth is limited.

use super::error::{Corrupt, Place};
use crate::{
    buffer::Buffer,
    limits::{MAX_JSON_DEPTH, MAX_VALUE},
};

/// Bytes of a member's name that are handed to the sink.
const MAX_NAME: usize = 256;

/// The kind of a member's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    /// A number, `true`, `false` or `null`.
    Scalar,
}

/// Learns what the outermost object has.
pub(super) trait Sink {
    /// A member's name, `None` if it is longer than [`MAX_NAME`]. Whether its value is wanted if it is a string.
    fn name(&mut self, name: Option<&str>) -> bool;
    /// The member's value is a string: given if it was wanted and has at most [`MAX_VALUE`] bytes.
    fn string(&mut self, value: Option<&str>);
    /// The member's value is something else.
    fn other(&mut self, kind: Kind);
    /// The member's value, an object, has one more member.
    fn count(&mut self);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A value has to follow.
    Value,
    /// After `[`: a value or `]`.
    FirstValue,
    /// After `{`: a name or `}`.
    FirstName,
    /// After a comma in an object: a name.
    Name,
    /// After a name: a colon.
    Colon,
    /// After a value in an array or object: a comma or the end.
    Comma,
    /// In a string.
    String,
    /// After a backslash.
    Escape,
    /// In the four digits of `\u`: how many came, and their value.
    Unicode(u8, u16),
    /// After the first half of a surrogate pair: how much of the `\u` came.
    Pair(u8),
    /// In a character of several bytes: how many are to come.
    Bytes(u8),
    /// In `true`, `false` or `null`: which of [`WORDS`], and how much of it came.
    Word(u8, u8),
    /// In a number.
    Number(Number),
    /// After the outermost value.
    End,
}

const WORDS: [&[u8]; 3] = [b"true", b"false", b"null"];

/// The last part of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Digits,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

/// Takes a text in slices.
pub(super) struct Scanner<S> {
    sink: S,
    state: State,
    depth: u32,
    /// One bit for each open container, the innermost in the last place: whether it is an object.
    objects: u64,
    /// Whether the string is a name.
    is_name: bool,
    /// Bytes of the string that may be kept: none, if it is not wanted, and outside of strings.
    room: usize,
    /// Whether the value of the current member is wanted.
    wanted: bool,
    /// Whether the string did not fit.
    overflowed: bool,
    /// The kept part of the string, and its length.
    kept: Buffer,
    length: usize,
    /// The bytes of an incomplete character.
    character: [u8; 4],
    character_length: usize,
    /// The first half of a surrogate pair.
    high: u16,
    offset: u64,
}

const _: () = assert!(MAX_JSON_DEPTH <= u64::BITS);

impl<S: Sink> Scanner<S> {
    pub(super) fn new(sink: S) -> Self {
        Self {
            sink,
            state: State::Value,
            depth: 0,
            objects: 0,
            is_name: false,
            room: 0,
            wanted: false,
            overflowed: false,
            kept: Buffer::new(MAX_VALUE),
            length: 0,
            character: [0; 4],
            character_length: 0,
            high: 0,
            offset: 0,
        }
    }

    /// Bytes that were taken.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes the next bytes of the text.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Corrupt> {
        while let Some((&byte, rest)) = bytes.split_first() {
            let taken = match self.state {
                State::String => plain(bytes),
                _ if self.depth > 1 => self.pass_over(bytes),
                _ => 0,
            };
            if taken > 0 {
                if self.room > 0 {
                    self.keep(&bytes[..taken]);
                }
                self.offset += taken as u64;
                bytes = &bytes[taken..];
            } else {
                self.byte(byte)?;
                self.offset += 1;
                bytes = rest;
            }
        }
        Ok(())
    }

    /// Takes whole strings without escapes, whole numbers, colons and commas inside of a member's value, where nothing is kept:
    /// most of a large archive, and much faster than byte by byte. Stops before anything else; says how many bytes it took.
    fn pass_over(&mut self, bytes: &[u8]) -> usize {
        let string = |rest: &[u8]| {
            let end = 1 + plain(&rest[1..]);
            (rest.get(end) == Some(&b'"')).then_some(end + 1)
        };
        let number = |rest: &[u8]| {
            let end = digits(rest);
            rest.get(end).is_some_and(|after| !matches!(after, b'.' | b'e' | b'E')).then_some(end)
        };
        let (mut state, mut taken) = (self.state, 0);
        while let Some(&byte) = bytes.get(taken) {
            let rest = &bytes[taken..];
            let (length, next) = match (state, byte) {
                (State::FirstName | State::Name, b'"') => (string(rest), State::Colon),
                (State::Colon, b':') => (Some(1), State::Value),
                (State::FirstValue | State::Value, b'"') => (string(rest), State::Comma),
                (State::FirstValue | State::Value, b'1'..=b'9') => (number(rest), State::Comma),
                (State::Comma, b',') => (Some(1), self.after_comma()),
                _ => break,
            };
            let Some(length) = length else { break };
            if self.depth == 2 && next == State::Colon {
                self.sink.count();
            }
            (state, taken) = (next, taken + length);
        }
        self.state = state;
        taken
    }

    fn after_comma(&self) -> State {
        if self.in_object() { State::Name } else { State::Value }
    }

    /// The text ends here.
    pub(super) fn finish(self) -> Result<S, Corrupt> {
        match self.state {
            State::End => Ok(self.sink),
            _ => Err(self.expected("the rest of the JSON text")),
        }
    }

    fn expected(&self, expected: &'static str) -> Corrupt {
        Corrupt { place: Place::Text, offset: self.offset, expected }
    }

    fn byte(&mut self, byte: u8) -> Result<(), Corrupt> {
        let white = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.state = match (self.state, byte) {
            (State::Value | State::FirstValue | State::FirstName | State::Name, _) if white => return Ok(()),
            (State::Colon | State::Comma | State::End, _) if white => return Ok(()),
            (State::FirstValue, b']') | (State::FirstName, b'}') => self.close(),
            (State::Value | State::FirstValue, _) => self.value(byte)?,
            (State::FirstName | State::Name, b'"') => self.begin_string(true),
            (State::FirstName | State::Name, _) => return Err(self.expected("a member's name")),
            (State::Colon, b':') => State::Value,
            (State::Colon, _) => return Err(self.expected("a colon")),
            (State::Comma, b',') => self.after_comma(),
            (State::Comma, b'}') if self.in_object() => self.close(),
            (State::Comma, b']') if !self.in_object() => self.close(),
            (State::Comma, _) => return Err(self.expected("a comma or the end of the object or array")),
            (State::String, b'"') => self.end_string(),
            (State::String, b'\\') => State::Escape,
            (State::String, _) => self.begin_character(byte)?,
            (State::Bytes(left), _) => self.go_on_character(left, byte)?,
            (State::Escape, b'u') => State::Unicode(0, 0),
            (State::Escape, _) => self.escape(byte)?,
            (State::Unicode(count, value), _) => self.unicode(count, value, byte)?,
            (State::Pair(0), b'\\') => State::Pair(1),
            (State::Pair(1), b'u') => State::Unicode(0, 0),
            (State::Pair(_), _) => return Err(self.expected("the second half of a surrogate pair")),
            (State::Word(word, place), _) => match WORDS[usize::from(word)][usize::from(place)..] {
                [next] if next == byte => self.end_value(),
                [next, ..] if next == byte => State::Word(word, place + 1),
                _ => return Err(self.expected("true, false or null")),
            },
            (State::Number(number), _) => match number.next(byte) {
                Some(next) => State::Number(next),
                None if number.is_complete() => {
                    self.state = self.end_value();
                    return self.byte(byte);
                }
                None => return Err(self.expected("a digit")),
            },
            (State::End, _) => return Err(self.expected("the end of the JSON text")),
        };
        Ok(())
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    /// The first byte of a value.
    fn value(&mut self, byte: u8) -> Result<State, Corrupt> {
        if self.depth == 0 && byte != b'{' {
            return Err(self.expected("an object"));
        }
        let (kind, state) = match byte {
            b'"' => return Ok(self.begin_string(false)),
            b'{' => (Kind::Object, State::FirstName),
            b'[' => (Kind::Array, State::FirstValue),
            b't' => (Kind::Scalar, State::Word(0, 1)),
            b'f' => (Kind::Scalar, State::Word(1, 1)),
            b'n' => (Kind::Scalar, State::Word(2, 1)),
            b'-' => (Kind::Scalar, State::Number(Number::Minus)),
            b'0' => (Kind::Scalar, State::Number(Number::Zero)),
            b'1'..=b'9' => (Kind::Scalar, State::Number(Number::Digits)),
            _ => return Err(self.expected("a value")),
        };
        if self.depth == 1 {
            self.sink.other(kind);
        }
        if kind != Kind::Scalar {
            if self.depth == MAX_JSON_DEPTH {
                return Err(self.expected("a value that is nested less deeply"));
            }
            self.depth += 1;
            self.objects = self.objects << 1 | u64::from(kind == Kind::Object);
        }
        Ok(state)
    }

    /// The end of an object or array.
    fn close(&mut self) -> State {
        self.depth -= 1;
        self.objects >>= 1;
        self.end_value()
    }

    fn end_value(&self) -> State {
        if self.depth == 0 { State::End } else { State::Comma }
    }

    fn begin_string(&mut self, is_name: bool) -> State {
        self.is_name = is_name;
        self.overflowed = false;
        self.room = match (self.depth, is_name) {
            (1, true) => MAX_NAME,
            (1, false) if self.wanted => MAX_VALUE,
            _ => 0,
        };
        State::String
    }

    fn end_string(&mut self) -> State {
        // Valid UTF-8 by construction; whole, unless it overflowed.
        let kept = if self.overflowed { None } else { std::str::from_utf8(&self.kept[..self.length]).ok() };
        match (self.depth, self.is_name) {
            (1, true) => self.wanted = self.sink.name(kept),
            (1, false) => self.sink.string(kept.filter(|_| self.wanted)),
            (2, true) => self.sink.count(),
            _ => {}
        }
        self.kept.wipe(std::mem::take(&mut self.length));
        self.room = 0;
        if self.is_name { State::Colon } else { self.end_value() }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if end <= self.room {
            self.kept[self.length..end].copy_from_slice(bytes);
            self.length = end;
        } else {
            self.overflowed = true;
            // So that nothing shorter is kept after the gap.
            self.room = 0;
        }
    }

    fn keep_char(&mut self, character: char) -> State {
        let mut bytes = [0; 4];
        self.keep(character.encode_utf8(&mut bytes).as_bytes());
        State::String
    }

    /// A byte of a string that is neither plain nor a quote or backslash.
    fn begin_character(&mut self, byte: u8) -> Result<State, Corrupt> {
        let length = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x00..=0x1f => return Err(self.expected("no control character in a string")),
            _ => return Err(self.expected("UTF-8")),
        };
        self.character[0] = byte;
        self.character_length = 1;
        Ok(State::Bytes(length - 1))
    }

    fn go_on_character(&mut self, left: u8, byte: u8) -> Result<State, Corrupt> {
        self.character[self.character_length] = byte;
        self.character_length += 1;
        if byte & 0xc0 != 0x80 {
            return Err(self.expected("UTF-8"));
        }
        if left > 1 {
            return Ok(State::Bytes(left - 1));
        }
        let (character, length) = (self.character, self.character_length);
        if std::str::from_utf8(&character[..length]).is_err() {
            return Err(self.expected("UTF-8"));
        }
        self.keep(&character[..length]);
        Ok(State::String)
    }

    fn escape(&mut self, byte: u8) -> Result<State, Corrupt> {
        let character = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            _ => return Err(self.expected("an escape")),
        };
        Ok(self.keep_char(character))
    }

    fn unicode(&mut self, count: u8, value: u16, byte: u8) -> Result<State, Corrupt> {
        let digit = char::from(byte).to_digit(16).ok_or_else(|| self.expected("a hexadecimal digit"))?;
        let value = value << 4 | digit as u16;
        if count < 3 {
            return Ok(State::Unicode(count + 1, value));
        }
        let high = std::mem::take(&mut self.high);
        match (high, value) {
            (0, 0xd800..=0xdbff) => {
                self.high = value;
                Ok(State::Pair(0))
            }
            (0, _) => match char::from_u32(value.into()) {
                Some(character) => Ok(self.keep_char(character)),
                None => Err(self.expected("the first half of a surrogate pair before the second")),
            },
            (_, 0xdc00..=0xdfff) => {
                let value = 0x10000 + (u32::from(high - 0xd800) << 10 | u32::from(value - 0xdc00));
                Ok(self.keep_char(char::from_u32(value).expect("a surrogate pair is a character")))
            }
            _ => Err(self.expected("the second half of a surrogate pair")),
        }
    }
}

impl Number {
    /// Returns the state with one more byte; `None` if that is not part of it.
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Digits, b'0'..=b'9') => Self::Digits,
            (Self::Zero | Self::Digits, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Digits | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::ExponentSign,
            (Self::Exponent | Self::ExponentSign | Self::ExponentDigits, b'0'..=b'9') => Self::ExponentDigits,
            _ => return None,
        })
    }

    fn is_complete(self) -> bool {
        matches!(self, Self::Zero | Self::Digits | Self::Fraction | Self::ExponentDigits)
    }
}

/// How many bytes from the start are digits.
fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// How many bytes from the start are characters of one byte that stand for themselves.
fn plain(bytes: &[u8]) -> usize {
    const LANES: usize = 16;
    let is_plain = |byte: u8| (0x20..0x80).contains(&byte) & (byte != b'"') & (byte != b'\\');
    let lanes =
        bytes.chunks_exact(LANES).take_while(|lanes| lanes.iter().fold(true, |all, &byte| all & is_plain(byte)));
    let start = LANES * lanes.count();
    start + bytes[start..].iter().take_while(|&&byte| is_plain(byte)).count()
}

#[cfg(test)]
mod tests;
