//! msgpack, as far as OpenDHT uses it: borrowed tokens, and writing in the shortest form.
//!
//! Markers and their lengths are those of the library `rmp`; here are only the bounds. Nothing recurses, and nothing is allocated for a
//! length that a peer announced.

use rmp::Marker;
use rmp::encode::{self, ByteBuf, RmpWrite};

/// The bytes are not what the protocol asks for. The sender is at fault; the text names the part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed bytes from the peer: {0}")]
pub struct Malformed(pub &'static str);

/// One msgpack object, without the elements of containers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token<'a> {
    /// `nil`, or what OpenDHT never uses: floats, extensions.
    Other,
    /// A truth value.
    Bool(bool),
    /// A number from zero on, in any width.
    Uint(u64),
    /// A number below zero.
    Negative(i64),
    /// Text, not yet known to be UTF-8.
    Str(&'a [u8]),
    /// A byte string.
    Bin(&'a [u8]),
    /// An array of so many elements follows.
    Array(u32),
    /// A map of so many pairs follows.
    Map(u32),
}

/// Reads tokens from a slice that outlives it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

const TRUNCATED: Malformed = Malformed("truncated msgpack");

impl<'a> Reader<'a> {
    /// Begins at the first byte.
    #[must_use]
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns what has not been read.
    #[must_use]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Says whether all has been read.
    #[must_use]
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Result<u64, Malformed> {
        Ok(self.take(N)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn sized<const N: usize>(&mut self, extra: usize) -> Result<&'a [u8], Malformed> {
        let len = self.number::<N>()? as usize;
        self.take(len.checked_add(extra).ok_or(TRUNCATED)?)
    }

    /// Reads one token.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes end first, or the marker is reserved.
    pub(crate) fn token(&mut self) -> Result<Token<'a>, Malformed> {
        let (&first, rest) = self.rest.split_first().ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(match Marker::from_u8(first) {
            Marker::FixPos(number) => Token::Uint(u64::from(number)),
            Marker::FixStr(len) => Token::Str(self.take(usize::from(len))?),
            Marker::FixMap(pairs) => Token::Map(u32::from(pairs)),
            Marker::FixArray(len) => Token::Array(u32::from(len)),
            Marker::U8 => Token::Uint(self.number::<1>()?),
            Marker::U16 => Token::Uint(self.number::<2>()?),
            Marker::U32 => Token::Uint(self.number::<4>()?),
            Marker::U64 => Token::Uint(self.number::<8>()?),
            Marker::Bin8 => Token::Bin(self.sized::<1>(0)?),
            Marker::Bin16 => Token::Bin(self.sized::<2>(0)?),
            Marker::Bin32 => Token::Bin(self.sized::<4>(0)?),
            Marker::Str8 => Token::Str(self.sized::<1>(0)?),
            Marker::Str16 => Token::Str(self.sized::<2>(0)?),
            Marker::Str32 => Token::Str(self.sized::<4>(0)?),
            Marker::Array16 => Token::Array(self.number::<2>()? as u32),
            Marker::Array32 => Token::Array(self.number::<4>()? as u32),
            Marker::Map16 => Token::Map(self.number::<2>()? as u32),
            Marker::Map32 => Token::Map(self.number::<4>()? as u32),
            Marker::True => Token::Bool(true),
            Marker::False => Token::Bool(false),
            Marker::FixNeg(number) => Token::Negative(i64::from(number)),
            Marker::I8 => signed(i64::from(self.number::<1>()? as u8 as i8)),
            Marker::I16 => signed(i64::from(self.number::<2>()? as u16 as i16)),
            Marker::I32 => signed(i64::from(self.number::<4>()? as u32 as i32)),
            Marker::I64 => signed(self.number::<8>()? as i64),
            Marker::Null => Token::Other,
            Marker::F32 => self.other(4)?,
            Marker::F64 => self.other(8)?,
            Marker::FixExt1 => self.other(2)?,
            Marker::FixExt2 => self.other(3)?,
            Marker::FixExt4 => self.other(5)?,
            Marker::FixExt8 => self.other(9)?,
            Marker::FixExt16 => self.other(17)?,
            Marker::Ext8 => self.sized::<1>(1).map(|_| Token::Other)?,
            Marker::Ext16 => self.sized::<2>(1).map(|_| Token::Other)?,
            Marker::Ext32 => self.sized::<4>(1).map(|_| Token::Other)?,
            Marker::Reserved => return Err(Malformed("reserved msgpack marker")),
        })
    }

    fn other(&mut self, len: usize) -> Result<Token<'a>, Malformed> {
        self.take(len).map(|_| Token::Other)
    }

    /// Reads one object with all that it contains, and returns its bytes.
    ///
    /// # Errors
    /// As [`Reader::token`].
    pub(crate) fn object(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.rest;
        let mut left: u64 = 1;
        while left > 0 {
            left -= 1;
            left = match self.token()? {
                Token::Array(len) => left.saturating_add(u64::from(len)),
                Token::Map(pairs) => left.saturating_add(2 * u64::from(pairs)),
                _ => left,
            };
        }
        Ok(&start[..start.len() - self.rest.len()])
    }

    /// Reads the head of a map; returns the number of its pairs.
    ///
    /// # Errors
    /// [`Malformed`] with `what` when it is no map.
    pub(crate) fn map(&mut self, what: &'static str) -> Result<u32, Malformed> {
        match self.token()? {
            Token::Map(pairs) => Ok(pairs),
            _ => Err(Malformed(what)),
        }
    }

    /// Reads the head of an array; returns the number of its elements.
    ///
    /// # Errors
    /// [`Malformed`] with `what` when it is no array.
    pub(crate) fn array(&mut self, what: &'static str) -> Result<u32, Malformed> {
        match self.token()? {
            Token::Array(len) => Ok(len),
            _ => Err(Malformed(what)),
        }
    }

    /// Reads a number that fits `T`.
    ///
    /// # Errors
    /// [`Malformed`] with `what` when it is no number, or does not fit.
    pub(crate) fn uint<T: TryFrom<u64>>(&mut self, what: &'static str) -> Result<T, Malformed> {
        match self.token()? {
            Token::Uint(number) => T::try_from(number).map_err(|_| Malformed(what)),
            _ => Err(Malformed(what)),
        }
    }

    /// Reads a byte string.
    ///
    /// # Errors
    /// [`Malformed`] with `what` when it is another value.
    pub(crate) fn bin(&mut self, what: &'static str) -> Result<&'a [u8], Malformed> {
        match self.token()? {
            Token::Bin(bytes) => Ok(bytes),
            _ => Err(Malformed(what)),
        }
    }

    /// Reads text.
    ///
    /// # Errors
    /// [`Malformed`] with `what` when it is another value, or not UTF-8.
    pub(crate) fn str(&mut self, what: &'static str) -> Result<&'a str, Malformed> {
        match self.token()? {
            Token::Str(bytes) => core::str::from_utf8(bytes).map_err(|_| Malformed(what)),
            _ => Err(Malformed(what)),
        }
    }

    /// Reads a map's key: text, which is compared as bytes. Another key than text gives an empty one, which no field has.
    ///
    /// # Errors
    /// As [`Reader::token`].
    pub(crate) fn key(&mut self) -> Result<&'a [u8], Malformed> {
        let before = *self;
        match self.token()? {
            Token::Str(bytes) => Ok(bytes),
            Token::Array(_) | Token::Map(_) => {
                *self = before;
                self.object().map(|_| &[][..])
            }
            _ => Ok(&[]),
        }
    }
}

const fn signed<'a>(number: i64) -> Token<'a> {
    if number < 0 { Token::Negative(number) } else { Token::Uint(number as u64) }
}

/// Writes objects in their shortest form.
#[derive(Debug, Default)]
pub(crate) struct Writer(ByteBuf);

impl Writer {
    /// Begins with room for `capacity` bytes.
    #[must_use]
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(ByteBuf::with_capacity(capacity))
    }

    /// Continues after what `buffer` holds.
    #[must_use]
    pub(crate) fn append_to(buffer: Vec<u8>) -> Self {
        Self(ByteBuf::from_vec(buffer))
    }

    /// Returns the bytes.
    #[must_use]
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }

    /// Writes the head of a map of `pairs`.
    pub(crate) fn map(&mut self, pairs: u32) -> &mut Self {
        let Ok(_) = encode::write_map_len(&mut self.0, pairs);
        self
    }

    /// Writes the head of an array of `len` elements.
    pub(crate) fn array(&mut self, len: u32) -> &mut Self {
        let Ok(_) = encode::write_array_len(&mut self.0, len);
        self
    }

    /// Writes a number.
    pub(crate) fn uint(&mut self, number: impl Into<u64>) -> &mut Self {
        let Ok(_) = encode::write_uint(&mut self.0, number.into());
        self
    }

    /// Writes a byte string. Longer ones than 4 GiB do not exist here: every caller has a limit far below.
    pub(crate) fn bin(&mut self, bytes: &[u8]) -> &mut Self {
        let Ok(_) = encode::write_bin_len(&mut self.0, bytes.len() as u32);
        self.raw(bytes)
    }

    /// Writes text.
    pub(crate) fn str(&mut self, text: &str) -> &mut Self {
        let Ok(()) = encode::write_str(&mut self.0, text);
        self
    }

    /// Writes a truth value.
    pub(crate) fn bool(&mut self, truth: bool) -> &mut Self {
        let Ok(()) = encode::write_bool(&mut self.0, truth);
        self
    }

    /// Writes objects that are encoded already.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        let Ok(()) = self.0.write_bytes(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_is_read_and_the_shortest_is_written() {
        for number in [0, 127, 128, 255, 256, 65535, 65536, u64::from(u32::MAX), 1 << 32, u64::MAX] {
            let mut writer = Writer::default();
            writer.uint(number);
            let bytes = writer.into_bytes();
            assert_eq!(Reader::new(&bytes).token(), Ok(Token::Uint(number)));
            let short = match number {
                0..=127 => 1,
                128..=255 => 2,
                256..=65535 => 3,
                65536..=0xffff_ffff => 5,
                _ => 9,
            };
            assert_eq!(bytes.len(), short);
        }
        assert_eq!(Reader::new(&[0xd0, 5]).token(), Ok(Token::Uint(5)));
        assert_eq!(Reader::new(&[0xd0, 0xff]).token(), Ok(Token::Negative(-1)));
    }

    #[test]
    fn depth_and_announced_lengths_cost_nothing() {
        let deep = vec![0x91; 100_000];
        assert_eq!(Reader::new(&deep).object(), Err(TRUNCATED));
        for bytes in [&[0xdf, 255, 255, 255, 255][..], &[0xc6, 255, 255, 255, 255, 1], &[0xdd, 255, 255, 255, 255, 0]] {
            assert_eq!(Reader::new(bytes).object(), Err(TRUNCATED));
        }
        assert_eq!(Reader::new(&[0xc1]).token(), Err(Malformed("reserved msgpack marker")));
    }

    #[test]
    fn unknown_objects_are_skipped_whole() {
        // {[1]: nil, "k": ext}, 7
        let bytes = [0x82, 0x91, 1, 0xc0, 0xa1, b'k', 0xd4, 1, 2, 7];
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.object().unwrap().len(), 9);
        assert_eq!(reader.uint::<u8>("number"), Ok(7));
        assert!(reader.is_empty());
    }
}
