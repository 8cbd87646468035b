//! The passwords of a `--password-file`, or of a person.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use handfast::{limits::MAX_VALUE, secret::Secret};
use zeroize::Zeroizing;

use crate::input::{Utf16, without_mark};

/// Passwords of one file that are kept.
const MAX_PASSWORDS: usize = 16;
/// Bytes of a file that are read: a password has at most [`MAX_VALUE`].
const MAX_FILE: usize = MAX_PASSWORDS * (MAX_VALUE + 2);

/// A password file that was refused.
#[derive(Debug, thiserror::Error)]
#[error("--password-file {}: {why}", path.display())]
pub(crate) struct PasswordFileError {
    path: PathBuf,
    why: Why,
}

/// Why it was. It says nothing of what the file holds.
#[derive(Debug, thiserror::Error)]
enum Why {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is larger than any that makes sense.
    #[error("has more than {MAX_PASSWORDS} lines, or a line of more than {MAX_VALUE} bytes")]
    TooLarge,
    /// Nor is it UTF-8.
    #[error("{0}")]
    Utf16(#[from] Utf16),
    /// A password is text.
    #[error("line {line} is not UTF-8")]
    NotText {
        /// Counted from 1.
        line: usize,
    },
    /// There is not even an empty password in it.
    #[error("has no line")]
    Empty,
}

/// Passwords in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Passwords {
    path: PathBuf,
    secrets: std::vec::IntoIter<Secret>,
}

impl Passwords {
    /// Reads a file with one password a line. A line that is empty is the empty password; the end of the last line may be missing.
    pub(crate) fn read(path: &Path) -> Result<Self, PasswordFileError> {
        let secrets = read(path).map_err(|why| PasswordFileError { path: path.into(), why })?;
        Ok(Self { path: path.into(), secrets: secrets.into_iter() })
    }

    /// The first one, for who cannot do without.
    pub(crate) fn first(&mut self) -> Result<Secret, PasswordFileError> {
        self.next().ok_or_else(|| PasswordFileError { path: self.path.clone(), why: Why::Empty })
    }
}

impl Iterator for Passwords {
    type Item = Secret;

    fn next(&mut self) -> Option<Secret> {
        self.secrets.next()
    }
}

fn read(path: &Path) -> Result<Vec<Secret>, Why> {
    // Room for the whole file, so that nothing is copied while it grows.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE + 1));
    File::open(path)?.take(MAX_FILE as u64 + 1).read_to_end(&mut text)?;
    parse(&text)
}

fn parse(text: &[u8]) -> Result<Vec<Secret>, Why> {
    let mut passwords = Vec::with_capacity(MAX_PASSWORDS);
    let text = without_mark(text)?;
    if text.is_empty() {
        return Ok(passwords);
    }
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    for (index, line) in lines.enumerate() {
        if index == MAX_PASSWORDS || line.len() > MAX_VALUE {
            return Err(Why::TooLarge);
        }
        if str::from_utf8(line).is_err() {
            return Err(Why::NotText { line: index + 1 });
        }
        passwords.push(Secret::from(line));
    }
    Ok(passwords)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &[u8]) -> Vec<Secret> {
        parse(text).unwrap()
    }

    #[test]
    fn one_password_a_line() {
        let secrets = |texts: &[&str]| texts.iter().map(|text| Secret::from(*text)).collect::<Vec<_>>();
        assert_eq!(parsed(b"a\nb"), secrets(&["a", "b"]));
        assert_eq!(parsed(b"a\nb\n"), secrets(&["a", "b"]));
        assert_eq!(parsed(b" a b \r\n\nc\n"), secrets(&[" a b ", "", "c"]));
        assert_eq!(parsed(b"\n"), secrets(&[""]));
        assert_eq!(parsed(b""), []);
        assert_eq!(parsed(b"\xef\xbb\xbfa\r\nb"), secrets(&["a", "b"]));
        assert_eq!(parsed(b"\xef\xbb\xbf"), []);
    }

    #[test]
    fn what_is_no_list_of_passwords_is_refused() {
        assert!(matches!(parse(b"a\n\xff"), Err(Why::NotText { line: 2 })));
        assert!(matches!(parse(b"\xff\xfea\0\n\0"), Err(Why::Utf16(_))));
        assert!(matches!(parse(&[b'\n'; MAX_PASSWORDS + 1]), Err(Why::TooLarge)));
        assert!(matches!(parse(&[b'a'; MAX_VALUE + 1]), Err(Why::TooLarge)));
        assert_eq!(parsed(&[b'\n'; MAX_PASSWORDS]).len(), MAX_PASSWORDS);
    }
}
