//! An encoder of msgpack that writes every form of a value, also the ones that no shipped encoder writes.

/// The width of a head: the shortest form is 0, each further one the next wider.
pub(super) type Width = usize;

/// How many forms the head of a text or an integer has, the shortest one included.
pub(super) const WIDTHS: usize = 4;
/// How many forms the head of a map has.
pub(super) const MAP_WIDTHS: usize = 3;

/// A first byte, and a number in so many bytes.
fn head(first: u8, bytes: usize, number: u64) -> Vec<u8> {
    let mut out = vec![first];
    out.extend_from_slice(&number.to_be_bytes()[8 - bytes..]);
    out
}

/// A text. A form that is too narrow for it is left out for the next wider one.
pub(super) fn text(value: &[u8], width: Width) -> Vec<u8> {
    let length = value.len() as u64;
    let mut out = match width {
        0 if length < 32 => vec![0xa0 | length as u8],
        0 | 1 if length < 0x100 => head(0xd9, 1, length),
        0..=2 if length < 0x1_0000 => head(0xda, 2, length),
        _ => head(0xdb, 4, length),
    };
    out.extend_from_slice(value);
    out
}

/// The head of a map of so many entries.
pub(super) fn map(entries: usize, width: Width) -> Vec<u8> {
    match width {
        0 if entries < 16 => vec![0x80 | entries as u8],
        0 | 1 => head(0xde, 2, entries as u64),
        _ => head(0xdf, 4, entries as u64),
    }
}

/// Every form of a number that is not negative: without a sign in 0 to 8 bytes, and with one in 1 to 8.
pub(super) fn numbers(value: u64) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    if value < 0x80 {
        all.push(vec![value as u8]);
    }
    for (index, bytes) in [1, 2, 4, 8].into_iter().enumerate() {
        let bits = 8 * bytes as u32;
        if bits == 64 || value < 1 << bits {
            all.push(head(0xcc + index as u8, bytes, value));
        }
        if value < 1 << (bits - 1) {
            all.push(head(0xd0 + index as u8, bytes, value));
        }
    }
    all
}

/// One value of every type, and of every form of its head.
pub(super) fn values() -> Vec<(&'static str, Vec<u8>)> {
    let mut all: Vec<(&'static str, Vec<u8>)> = vec![
        ("nil", vec![0xc0]),
        ("false", vec![0xc2]),
        ("true", vec![0xc3]),
        ("a negative number", vec![0xff]),
        ("float 32", head(0xca, 4, 0)),
        ("float 64", head(0xcb, 8, 0)),
        ("an empty array", vec![0x90]),
        ("an array", vec![0x92, 0x01, 0xa1, b'x']),
        ("array 16", [head(0xdc, 2, 1), vec![0x01]].concat()),
        ("array 32", [head(0xdd, 4, 1), vec![0x01]].concat()),
        ("a map of anything", vec![0x81, 0xc0, 0x81, 0xa1, b'k', 0xc3]),
        ("map 16", [map(1, 1), vec![0x01, 0x02]].concat()),
        ("map 32", [map(1, 2), vec![0x01, 0x02]].concat()),
        ("bin 8", vec![0xc4, 1, 0xff]),
        ("bin 16", vec![0xc5, 0, 1, 0xff]),
        ("bin 32", vec![0xc6, 0, 0, 0, 1, 0xff]),
        ("ext 8", vec![0xc7, 1, 7, 0xff]),
        ("fixext 4", vec![0xd6, 7, 1, 2, 3, 4]),
    ];
    all.extend(numbers(7).into_iter().map(|number| ("a number", number)));
    all.extend((0..WIDTHS).map(|width| ("a text", text(b"other", width))));
    all
}
