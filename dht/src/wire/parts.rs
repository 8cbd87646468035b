//! Long values: their bytes follow the datagram that announces them.

use crate::limits;
use crate::msgpack::{Malformed, Reader, Writer};
use crate::wire::encode;

/// A piece of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// Which of the announced values, from 0.
    pub index: u32,
    /// Where the piece begins.
    pub offset: u32,
    /// The bytes.
    pub data: &'a [u8],
}

/// The pieces in one datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    raw: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) const fn new(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// Goes through the pieces; ends at the first that is malformed.
    pub fn iter(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let mut reader = Reader::new(self.raw);
        let count = reader.map("parts").unwrap_or(0);
        (0..count).map_while(move |_| part(&mut reader).ok())
    }
}

fn part<'a>(reader: &mut Reader<'a>) -> Result<Part<'a>, Malformed> {
    let index = reader.uint("index of a part")?;
    let (mut offset, mut data) = (None, None);
    for _ in 0..reader.map("part")? {
        match reader.key()? {
            b"o" => offset = Some(reader.uint("offset of a part")?),
            b"d" => data = Some(reader.bin("bytes of a part")?),
            _ => reader.object().map(drop)?,
        }
    }
    let (Some(offset), Some(data)) = (offset, data) else { return Err(Malformed("part without offset or bytes")) };
    Ok(Part { index, offset, data })
}

/// Writes the datagrams that carry `value`, the `index`th of those that `transaction` announced.
pub(crate) fn datagrams(
    transaction: u32,
    network: u32,
    client: bool,
    index: u32,
    value: &[u8],
) -> impl Iterator<Item = Vec<u8>> + '_ {
    value.chunks(limits::PART).enumerate().map(move |(at, data)| {
        let mut out = Writer::with_capacity(data.len() + 40);
        out.map(3 + encode::extra_pairs(network, client));
        if network != 0 {
            out.str("n").uint(network);
        }
        out.str("y").str("p").str("t").uint(transaction).str("p").map(1).uint(index);
        out.map(2).str("o").uint((at * limits::PART) as u64).str("d").bin(data);
        if client {
            out.str("s").bool(true);
        }
        out.into_bytes()
    })
}
