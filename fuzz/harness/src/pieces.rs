//! A stream that comes in pieces.

/// `bytes` in pieces of these sizes, the last of which repeats.
pub fn pieces<'a>(bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut sizes = sizes.iter().copied().chain(std::iter::repeat(sizes.last().copied().unwrap_or(1)));
    let (mut rest, mut pieces) = (bytes, Vec::new());
    while !rest.is_empty() {
        let size = sizes.next().expect("the last one repeats");
        let (piece, after) = rest.split_at(size.clamp(1, rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Takes four sizes of pieces off the input's beginning, of up to 64 bytes; the rest is the stream.
pub(crate) fn cuts(input: &[u8]) -> Option<([usize; 4], &[u8])> {
    let (sizes, stream) = input.split_first_chunk::<4>()?;
    Some((sizes.map(|size| usize::from(size % 64) + 1), stream))
}
