//! The input of a command: arguments, standard input and whole files, each up to a limit that is named here.

use std::{
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
};

use handfast_model::observed;

use crate::{failure::Failure, size::Size};

/// A schedule of the event engine, or a regression with its reason. Real ones have some kilobytes.
pub(crate) const SCHEDULE: Limit = Limit { what: "a schedule", bytes: 1 << 20 };
/// A report of `check --json`. That of all configurations at night has some megabytes.
pub(crate) const REPORT: Limit = Limit { what: "a report of check --json", bytes: 64 << 20 };
/// An observed trace.
pub(crate) const OBSERVED: Limit = Limit { what: "an observed trace", bytes: (observed::MAX_LINE * 64) as u64 };
/// A recorded trace.
pub(crate) const RECORDED: Limit = Limit { what: "a recorded trace", bytes: 256 << 20 };
/// The results of a sweep.
pub(crate) const RESULTS: Limit = Limit { what: "the results of a sweep", bytes: 4 << 30 };

/// A matrix. Real ones have some kilobytes.
pub(crate) const MATRIX: Limit = Limit { what: "a matrix", bytes: 1 << 20 };
/// The results of a matrix: some hundreds of bytes for each cell.
pub(crate) const INTEROP: Limit = Limit { what: "a matrix's results.json", bytes: 16 << 20 };
/// Real bugs, with their counterexamples: some hundred kilobytes.
pub(crate) const HISTORY: Limit = Limit { what: "an output of history --json", bytes: 16 << 20 };
/// Figures: some hundreds of bytes for each.
pub(crate) const FIGURES: Limit = Limit { what: "an output of bench --json", bytes: 16 << 20 };

/// The limit of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// The kind of its content.
    what: &'static str,
    bytes: u64,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has at most {}", self.what, Size(self.bytes))
    }
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The system refused it.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// It has more bytes than such a file can have. No more than these were read.
    #[error("it is larger than it can be: {0}")]
    TooLarge(Limit),
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Unreadable(error) => error,
            FileError::TooLarge(_) => Self::new(io::ErrorKind::FileTooLarge, error.to_string()),
        }
    }
}

impl Limit {
    /// Opens a file of which no more is read than it can have: then reading fails.
    pub(crate) fn open(self, path: &Path) -> Result<Limited<File>, FileError> {
        let file = File::open(path)?;
        // Where the length is known, nothing has to be read to refuse it.
        if file.metadata()?.len() > self.bytes {
            return Err(FileError::TooLarge(self));
        }
        Ok(Limited { inner: file, left: self.bytes, limit: self })
    }

    /// Reads a whole file.
    pub(crate) fn read(self, path: &Path) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::new();
        match self.open(path)?.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(FileError::TooLarge(self)),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a whole file of text, without a byte order mark.
    pub(crate) fn text(self, path: &Path) -> Result<String, FileError> {
        let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
        let bytes = self.read(path)?;
        let text = without_mark(&bytes).map_err(|error| invalid(error.to_string()))?;
        let text = str::from_utf8(text).map_err(|_| invalid("it is not UTF-8".into()))?;
        Ok(text.to_owned())
    }
}

/// Something that is read up to a limit; more is an error, not an end.
pub(crate) struct Limited<R> {
    inner: R,
    left: u64,
    limit: Limit,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.left = self.left.checked_sub(count as u64).ok_or(FileError::TooLarge(self.limit))?;
        Ok(count)
    }
}

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

    const FEW: Limit = Limit { what: "a test", bytes: 8 };

    #[test]
    fn a_file_is_read_up_to_its_limit_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (text, good) in [("", true), ("12345678", true), ("123456789", false)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(FEW.read(&path).ok(), good.then(|| text.as_bytes().to_owned()));
        }
        assert_eq!(FEW.read(&path).unwrap_err().to_string(), "it is larger than it can be: a test has at most 8");
    }

    /// A device without a length has no end either.
    #[test]
    fn what_never_ends_is_refused() {
        for endless in ["/dev/zero", "/dev/urandom"] {
            assert!(matches!(FEW.read(Path::new(endless)), Err(FileError::TooLarge(_))), "{endless}");
        }
        let mut endless = Limited { inner: io::repeat(b'x'), left: 8, limit: FEW };
        assert!(endless.read_to_end(&mut Vec::new()).is_err());
    }
}
