//! What a command reads: an argument, or standard input up to a limit.

use std::{
    ffi::OsString,
    io::{self, Read as _},
};

use crate::failure::Failure;

/// The mark with which some editors begin a text in UTF-8.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

/// A text that is not UTF-8 but UTF-16, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is text in UTF-16, by its byte order mark: save it as UTF-8")]
pub(crate) struct Utf16;

/// A text without the byte order mark that an editor may have put before it, which is no part of it.
///
/// # Errors
/// It is in UTF-16. No text in UTF-8 begins so.
pub(crate) fn without_mark(text: &[u8]) -> Result<&[u8], Utf16> {
    match text {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(Utf16),
        _ => Ok(text.strip_prefix(MARK).unwrap_or(text)),
    }
}

/// Standard input, whole. More than `limit` bytes are refused, and not kept.
pub(crate) fn standard_input(limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::reason(format_args!("standard input cannot be read: {error}")))?;
    if bytes.len() as u64 > limit {
        return Err(Failure::reason(format_args!("standard input has more than {limit} bytes")));
    }
    Ok(bytes)
}

/// A text that is given as an argument, or on standard input where there is no argument or it is `-`.
pub(crate) fn argument_or_standard_input(argument: Option<OsString>, limit: u64) -> Result<Vec<u8>, Failure> {
    match argument {
        Some(text) if text != "-" => Ok(text.into_encoded_bytes()),
        Some(_) | None => standard_input(limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_text() {
        assert_eq!(without_mark(b"\xef\xbb\xbfa"), Ok(&b"a"[..]));
        assert_eq!(without_mark(b"\xef\xbb\xbf\xef\xbb\xbfa"), Ok(&b"\xef\xbb\xbfa"[..]), "one only");
        assert_eq!(without_mark(b"a\xef\xbb\xbf"), Ok(&b"a\xef\xbb\xbf"[..]), "at the beginning only");
        assert_eq!(without_mark(b"\xef\xbb"), Ok(&b"\xef\xbb"[..]));
        assert_eq!(without_mark(b""), Ok(&b""[..]));
        for text in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a", b"\xff\xfe"] {
            assert_eq!(without_mark(text), Err(Utf16));
        }
    }
}
