//! The part of msgpack that messages and frames share: heads of values, read whatever way they are cut, and written as short as they
//! can be. A head says what a value is; the bytes of strings and the entries of containers follow it.

mod skip;

pub(crate) use skip::{Fault, FaultKind, Skip};

/// The head of a value. A number in any of its forms is the same head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// `nil`, a floating point number: of no use to anybody here.
    Scalar,
    Bool(bool),
    Unsigned(u64),
    /// An integer below zero.
    Negative,
    /// Text of so many bytes.
    Str(u32),
    /// So many bytes.
    Bin(u32),
    /// So many bytes and one that says their type.
    Ext(u32),
    /// So many values.
    Array(u32),
    /// So many keys and values.
    Map(u32),
}

/// The one byte that begins no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reserved;

/// The longest head.
const MAX_HEAD: usize = 9;

/// Reads heads from input that comes in pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadReader {
    bytes: [u8; MAX_HEAD],
    have: usize,
}

impl HeadReader {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; MAX_HEAD], have: 0 }
    }

    /// Bytes of a head under way.
    pub(crate) const fn pending(&self) -> usize {
        self.have
    }

    /// Takes a head off `input`; `None` if it takes more than there is, which then is all taken.
    pub(crate) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Head>, Reserved> {
        let first = match (self.have, input.first()) {
            (0, None) => return Ok(None),
            (0, Some(&first)) => first,
            (_, _) => self.bytes[0],
        };
        let size = head_size(first)?;
        // Most heads arrive whole, and are read where they stand.
        if let (0, Some((head, rest))) = (self.have, input.split_at_checked(size)) {
            *input = rest;
            return Ok(Some(parse_head(head)));
        }
        let taken = input.len().min(size - self.have);
        let (piece, rest) = input.split_at(taken);
        self.bytes[self.have..self.have + taken].copy_from_slice(piece);
        *input = rest;
        self.have += taken;
        if self.have < size {
            return Ok(None);
        }
        self.have = 0;
        Ok(Some(parse_head(&self.bytes[..size])))
    }
}

/// The size of the head that `first` begins.
const fn head_size(first: u8) -> Result<usize, Reserved> {
    Ok(match first {
        0xc1 => return Err(Reserved),
        // bin 8, ext 8, uint 8, int 8, str 8.
        0xc4 | 0xc7 | 0xcc | 0xd0 | 0xd9 => 2,
        // bin 16, ext 16, uint 16, int 16, str 16, array 16, map 16.
        0xc5 | 0xc8 | 0xcd | 0xd1 | 0xda | 0xdc | 0xde => 3,
        // bin 32, ext 32, float 32, uint 32, int 32, str 32, array 32, map 32.
        0xc6 | 0xc9 | 0xca | 0xce | 0xd2 | 0xdb | 0xdd | 0xdf => 5,
        // float 64, uint 64, int 64.
        0xcb | 0xcf | 0xd3 => 9,
        // The head is this byte alone.
        0x00..=0xc0 | 0xc2..=0xc3 | 0xd4..=0xd8 | 0xe0..=0xff => 1,
    })
}

/// Reads a whole head.
fn parse_head(head: &[u8]) -> Head {
    let first = head[0];
    let argument = head[1..].iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
    let count = argument as u32;
    let signed = |negative: bool| if negative { Head::Negative } else { Head::Unsigned(argument) };
    match first {
        0x00..=0x7f => Head::Unsigned(first.into()),
        0x80..=0x8f => Head::Map((first & 0x0f).into()),
        0x90..=0x9f => Head::Array((first & 0x0f).into()),
        0xa0..=0xbf => Head::Str((first & 0x1f).into()),
        0xc2 | 0xc3 => Head::Bool(first == 0xc3),
        0xc4..=0xc6 => Head::Bin(count),
        0xc7..=0xc9 => Head::Ext(count),
        0xcc..=0xcf => Head::Unsigned(argument),
        0xd0..=0xd3 => signed(head[1] & 0x80 != 0),
        0xd4..=0xd8 => Head::Ext(1 << (first - 0xd4)),
        0xd9..=0xdb => Head::Str(count),
        0xdc | 0xdd => Head::Array(count),
        0xde | 0xdf => Head::Map(count),
        0xe0..=0xff => Head::Negative,
        // nil, floating point; 0xc1 has no size.
        0xc0 | 0xc1 | 0xca | 0xcb => Head::Scalar,
    }
}

/// Up to `N` bytes in place: what is written before data that is not copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short<const N: usize> {
    bytes: [u8; N],
    length: u8,
}

impl<const N: usize> Short<N> {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; N], length: 0 }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length.into()]
    }
}

/// Where heads are written to.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    fn unsigned(&mut self, number: u32) {
        match number {
            0..=0x7f => self.put(&[number as u8]),
            0x80..=0xff => self.put(&[0xcc, number as u8]),
            0x100..=0xffff => self.wide(0xcd, number as u16),
            _ => self.wider(0xce, number),
        }
    }

    fn boolean(&mut self, value: bool) {
        self.put(&[0xc2 + u8::from(value)]);
    }

    /// The head of a map of at most 15 entries.
    fn map(&mut self, entries: u8) {
        debug_assert!(entries < 16);
        self.put(&[0x80 | entries]);
    }

    /// The head of an array of at most 15 values.
    fn array(&mut self, values: u8) {
        debug_assert!(values < 16);
        self.put(&[0x90 | values]);
    }

    /// The head of a text of `length` bytes.
    #[inline]
    fn str_head(&mut self, length: u32) {
        match length {
            0..=31 => self.put(&[0xa0 | length as u8]),
            32..=0xff => self.put(&[0xd9, length as u8]),
            0x100..=0xffff => self.wide(0xda, length as u16),
            _ => self.wider(0xdb, length),
        }
    }

    /// A text. One that no head can announce is announced as the longest.
    // Without the attribute it depends on how the compiler cuts the crate whether this is a call: 3 % of what opens a connection.
    #[inline]
    fn str(&mut self, text: &[u8]) {
        self.str_head(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.put(text);
    }

    /// The head of `length` bytes.
    fn bin_head(&mut self, length: u16) {
        match length {
            0..=0xff => self.put(&[0xc4, length as u8]),
            _ => self.wide(0xc5, length),
        }
    }

    /// A first byte and a number of two.
    fn wide(&mut self, first: u8, number: u16) {
        let [high, low] = number.to_be_bytes();
        self.put(&[first, high, low]);
    }

    /// A first byte and a number of four.
    fn wider(&mut self, first: u8, number: u32) {
        self.put(&[first]);
        self.put(&number.to_be_bytes());
    }
}

impl Sink for alloc::vec::Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Sink for crate::secret::Secret {
    fn put(&mut self, bytes: &[u8]) {
        self.extend(bytes);
    }
}

impl<const N: usize> Sink for Short<N> {
    fn put(&mut self, bytes: &[u8]) {
        let start = usize::from(self.length);
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn read(bytes: &[u8]) -> (Head, usize) {
        let mut input = bytes;
        let head = HeadReader::new().next(&mut input).unwrap().unwrap();
        (head, bytes.len() - input.len())
    }

    /// One of each form, typed from the format's specification.
    #[test]
    fn every_form_is_read() {
        let table: &[(&[u8], Head)] = &[
            (b"\x00", Head::Unsigned(0)),
            (b"\x7f", Head::Unsigned(127)),
            (b"\x80", Head::Map(0)),
            (b"\x8f", Head::Map(15)),
            (b"\x90", Head::Array(0)),
            (b"\x9f", Head::Array(15)),
            (b"\xa0", Head::Str(0)),
            (b"\xbf", Head::Str(31)),
            (b"\xc0", Head::Scalar),
            (b"\xc2", Head::Bool(false)),
            (b"\xc3", Head::Bool(true)),
            (b"\xc4\x01", Head::Bin(1)),
            (b"\xc5\x01\x00", Head::Bin(256)),
            (b"\xc6\x00\x00\x00\x01", Head::Bin(1)),
            (b"\xc7\x05", Head::Ext(5)),
            (b"\xc8\x00\x05", Head::Ext(5)),
            (b"\xc9\x00\x00\x00\x05", Head::Ext(5)),
            (b"\xca\x00\x00\x00\x00", Head::Scalar),
            (b"\xcb\x00\x00\x00\x00\x00\x00\x00\x00", Head::Scalar),
            (b"\xcc\x00", Head::Unsigned(0)),
            (b"\xcd\x80\x00", Head::Unsigned(0x8000)),
            (b"\xce\x00\x00\x00\x07", Head::Unsigned(7)),
            (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", Head::Unsigned(u64::MAX)),
            (b"\xd0\x00", Head::Unsigned(0)),
            (b"\xd0\x80", Head::Negative),
            (b"\xd1\x7f\xff", Head::Unsigned(0x7fff)),
            (b"\xd1\xff\xff", Head::Negative),
            (b"\xd2\x00\x00\x00\x01", Head::Unsigned(1)),
            (b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", Head::Negative),
            (b"\xd4", Head::Ext(1)),
            (b"\xd8", Head::Ext(16)),
            (b"\xd9\x20", Head::Str(32)),
            (b"\xda\x00\x01", Head::Str(1)),
            (b"\xdb\x00\x00\x00\x01", Head::Str(1)),
            (b"\xdc\x00\x02", Head::Array(2)),
            (b"\xdd\x00\x00\x00\x02", Head::Array(2)),
            (b"\xde\x00\x02", Head::Map(2)),
            (b"\xdf\x00\x00\x00\x02", Head::Map(2)),
            (b"\xe0", Head::Negative),
            (b"\xff", Head::Negative),
        ];
        for &(bytes, head) in table {
            assert_eq!(read(bytes), (head, bytes.len()), "{bytes:02x?}");
            let mut reader = HeadReader::new();
            for (index, byte) in bytes.iter().enumerate() {
                assert_eq!(reader.pending(), index);
                let last = index + 1 == bytes.len();
                assert_eq!(reader.next(&mut &[*byte][..]).unwrap(), last.then_some(head), "{bytes:02x?} byte by byte");
            }
        }
        assert_eq!(HeadReader::new().next(&mut &b"\xc1"[..]), Err(Reserved));
    }

    #[test]
    fn what_is_written_is_read_and_shortest() {
        for (number, size) in [(0, 1), (127, 1), (128, 2), (255, 2), (256, 3), (65535, 3), (65536, 5), (u32::MAX, 5)] {
            let mut bytes = Vec::new();
            bytes.unsigned(number);
            assert_eq!((read(&bytes), bytes.len()), ((Head::Unsigned(number.into()), size), size));
        }
        for (length, size) in [(0, 1), (31, 1), (32, 2), (255, 2), (256, 3), (65535, 3), (65536, 5), (u32::MAX, 5)] {
            let mut bytes = Vec::new();
            bytes.str_head(length);
            assert_eq!((read(&bytes), bytes.len()), ((Head::Str(length), size), size));
        }
        for (length, size) in [(0, 2), (255, 2), (256, 3), (u16::MAX, 3)] {
            let mut bytes = Short::<3>::new();
            bytes.bin_head(length);
            assert_eq!((read(bytes.as_bytes()), bytes.as_bytes().len()), ((Head::Bin(length.into()), size), size));
        }
    }
}
