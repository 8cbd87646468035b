//! Laws of any bytes on a session's channel (R-MSG-1 to R-MSG-3).

use handfast::{
    message::{Decoder, Event, Message, MessageError, archive_header, encode},
    secret::Secret,
};

use crate::pieces::{cuts, pieces};

/// The largest archive that is taken here.
pub const MAX_ARCHIVE: u64 = 4096;

/// A part of a channel's stream: a message, or one that carries an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Any other message.
    Message(Message<Secret>),
    /// A message that carries this archive.
    Archive(String),
}

/// Panics if a decoder does to this stream what it must not: cuts, whose sizes are the first four bytes, change something; or what was
/// read is not read again where it is written.
pub fn check(input: &[u8]) {
    let Some((sizes, stream)) = cuts(input) else { return };
    let (whole, rest, error) = read(&[stream]);
    for sizes in [&sizes[..], &[1]] {
        let (chunked, part, chunked_error) = read(&pieces(stream, sizes));
        assert_eq!((&chunked, chunked_error), (&whole, error));
        // More of a text that turns out to be none may have been handed out.
        assert!(part.starts_with(&rest));
    }
    let (again, rest, error) = read(&[&write(&whole)]);
    assert!(again == whole && rest.is_empty() && error.is_none(), "what is written is read");
}

/// Writes a stream.
pub fn write(parts: &[Part]) -> Vec<u8> {
    let one = |part: &Part| match part {
        Part::Message(message) => encode(message).as_bytes().to_vec(),
        Part::Archive(text) => [archive_header(text.len() as u32).as_bytes(), text.as_bytes()].concat(),
    };
    parts.iter().flat_map(one).collect()
}

/// The result of a decoder for a stream in these pieces: the whole parts, the bytes of an archive that is not whole, and the error.
pub fn read(pieces: &[&[u8]]) -> (Vec<Part>, Vec<u8>, Option<MessageError>) {
    let mut decoder = Decoder::new(MAX_ARCHIVE);
    let (mut parts, mut archive, mut left) = (Vec::new(), Vec::new(), None);
    for piece in pieces {
        let mut input = *piece;
        loop {
            match decoder.next(&mut input) {
                Ok(None) => break assert!(input.is_empty(), "all that is needed was taken"),
                Ok(Some(Event::Message(message))) => parts.push(Part::Message(message)),
                Ok(Some(Event::ArchiveBegan { length })) => {
                    assert!(left.is_none() && length <= MAX_ARCHIVE);
                    (archive, left) = (Vec::new(), Some(length));
                }
                Ok(Some(Event::ArchiveSlice(slice))) => {
                    let is_borrowed = !slice.is_empty() && piece.as_ptr_range().contains(&slice.as_ptr());
                    assert!(is_borrowed, "an archive's bytes are borrowed from the input");
                    left = left.map(|left| left.checked_sub(slice.len() as u64).expect("no more than announced"));
                    archive.extend_from_slice(slice);
                }
                Ok(Some(Event::ArchiveEnded)) => {
                    assert_eq!(left.take(), Some(0));
                    parts.push(Part::Archive(String::from_utf8(std::mem::take(&mut archive)).expect("a text")));
                }
                Err(error) => {
                    assert!(error.offset <= decoder.offset() + input.len() as u64);
                    assert_eq!(decoder.next(&mut input), Err(error), "an error stays");
                    return (parts, archive, Some(error));
                }
            }
        }
    }
    (parts, archive, None)
}
