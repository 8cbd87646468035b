//! MessagePack, written with any head that the format has for a length, and with heads that promise more than there is.

use fastrand::Rng;

use super::units;

/// Heads of one kind: the most that the short one holds, the bits of it, and the markers of those with 8, 16 and 32 bits.
struct Heads(usize, u8, [Option<u8>; 3]);

const STR: Heads = Heads(31, 0xa0, [Some(0xd9), Some(0xda), Some(0xdb)]);
const BIN: Heads = Heads(0, 0, [Some(0xc4), Some(0xc5), Some(0xc6)]);
const ARRAY: Heads = Heads(15, 0x90, [None, Some(0xdc), Some(0xdd)]);
const MAP: Heads = Heads(15, 0x80, [None, Some(0xde), Some(0xdf)]);
const UNSIGNED: Heads = Heads(127, 0, [Some(0xcc), Some(0xcd), Some(0xce)]);

impl Heads {
    /// Writes the shortest head, or at times a longer one.
    fn write(&self, out: &mut Vec<u8>, length: usize, rng: &mut Rng) {
        let Self(most, bits, markers) = self;
        let longer = if rng.u8(..16) == 0 { rng.usize(1..=3) } else { 0 };
        // A binary has no short head.
        if length <= *most && longer == 0 && markers[0] != Some(0xc4) {
            return out.push(bits | length as u8);
        }
        for (width, marker) in (1..).zip(markers) {
            let bytes = 1 << (width - 1);
            let (Some(marker), true) = (marker, width >= longer && length < 1 << (8 * bytes)) else { continue };
            out.push(*marker);
            return out.extend_from_slice(&(length as u32).to_be_bytes()[4 - bytes..]);
        }
    }
}

pub(super) fn map(out: &mut Vec<u8>, entries: usize, rng: &mut Rng) {
    MAP.write(out, entries, rng);
}

pub(super) fn array(out: &mut Vec<u8>, values: usize, rng: &mut Rng) {
    ARRAY.write(out, values, rng);
}

pub(super) fn unsigned(out: &mut Vec<u8>, number: usize, rng: &mut Rng) {
    UNSIGNED.write(out, number, rng);
}

pub(super) fn text(out: &mut Vec<u8>, text: &[u8], rng: &mut Rng) {
    cut_text(out, text.len(), text, rng);
}

/// A text that says it has this length.
pub(super) fn cut_text(out: &mut Vec<u8>, length: usize, text: &[u8], rng: &mut Rng) {
    STR.write(out, length, rng);
    out.extend_from_slice(text);
}

pub(super) fn binary(out: &mut Vec<u8>, data: &[u8], rng: &mut Rng) {
    cut_binary(out, data.len(), data, rng);
}

/// A binary that says it has this length.
pub(super) fn cut_binary(out: &mut Vec<u8>, length: usize, data: &[u8], rng: &mut Rng) {
    BIN.write(out, length, rng);
    out.extend_from_slice(data);
}

/// A value of any kind, within others at most so many deep.
pub(super) fn value(out: &mut Vec<u8>, depth: u8, rng: &mut Rng) {
    let kinds = if depth == 0 { 6 } else { 8 };
    match rng.u8(..kinds) {
        0 => out.push(units::one(rng, &[0xc0, 0xc2, 0xc3, 0xe0, 0xff])),
        1 => {
            let number = units::near(rng, &[0, 127, 255, 65535]);
            unsigned(out, number, rng);
        }
        2 => {
            let length = rng.usize(..40);
            text(out, &vec![b'v'; length], rng);
        }
        3 => {
            let length = rng.usize(..40);
            binary(out, &vec![7; length], rng);
        }
        4 => out.extend_from_slice(units::one::<&[u8]>(
            rng,
            &[b"\xd0\xff", b"\xcb\0\0\0\0\0\0\0\0", b"\xd4\x01\x02", b"\xc1"],
        )),
        // It promises more values than can come.
        5 => {
            let many = units::near(rng, &[16, 255, 65535, 1 << 24, u32::MAX as usize - 1]);
            if rng.bool() { map(out, many, rng) } else { array(out, many, rng) }
        }
        6 => {
            let values = rng.usize(..5);
            array(out, values, rng);
            (0..values).for_each(|_| value(out, depth - 1, rng));
        }
        _ => {
            let entries = rng.usize(..3);
            map(out, entries, rng);
            (0..2 * entries).for_each(|_| value(out, depth - 1, rng));
        }
    }
}
