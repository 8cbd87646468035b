//! The passwords of a `--password-file`, or of a person.

use std::{fs::File, io::Read as _, path::Path};

use handfast::{limits::MAX_VALUE, secret::Secret};
use zeroize::Zeroizing;

/// Passwords of one file that are kept.
const MAX_PASSWORDS: usize = 16;
/// Bytes of a file that are read: a password has at most [`MAX_VALUE`].
const MAX_FILE: usize = MAX_PASSWORDS * (MAX_VALUE + 2);

/// Why a password file was refused. It says nothing of what the file holds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordFileError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is larger than any that makes sense.
    #[error("has more than {MAX_PASSWORDS} lines, or a line of more than {MAX_VALUE} bytes")]
    TooLarge,
    /// A password is text.
    #[error("line {line} is not UTF-8")]
    NotText {
        /// Counted from 1.
        line: usize,
    },
}

/// Passwords in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Passwords(std::vec::IntoIter<Secret>);

impl Passwords {
    /// Reads a file with one password a line. A line that is empty is the empty password; the end of the last line may be missing.
    pub(crate) fn read(path: &Path) -> Result<Self, PasswordFileError> {
        // Room for the whole file, so that nothing is copied while it grows.
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE + 1));
        File::open(path)?.take(MAX_FILE as u64 + 1).read_to_end(&mut text)?;
        Self::parse(&text)
    }

    fn parse(text: &[u8]) -> Result<Self, PasswordFileError> {
        if text.is_empty() {
            return Ok(Self(Vec::new().into_iter()));
        }
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let mut passwords = Vec::with_capacity(MAX_PASSWORDS);
        for (index, line) in lines.enumerate() {
            if index == MAX_PASSWORDS || line.len() > MAX_VALUE {
                return Err(PasswordFileError::TooLarge);
            }
            if str::from_utf8(line).is_err() {
                return Err(PasswordFileError::NotText { line: index + 1 });
            }
            passwords.push(Secret::from(line));
        }
        Ok(Self(passwords.into_iter()))
    }
}

impl Iterator for Passwords {
    type Item = Secret;

    fn next(&mut self) -> Option<Secret> {
        self.0.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &[u8]) -> Vec<Secret> {
        Passwords::parse(text).unwrap().collect()
    }

    #[test]
    fn one_password_a_line() {
        let secrets = |texts: &[&str]| texts.iter().map(|text| Secret::from(*text)).collect::<Vec<_>>();
        assert_eq!(parsed(b"a\nb"), secrets(&["a", "b"]));
        assert_eq!(parsed(b"a\nb\n"), secrets(&["a", "b"]));
        assert_eq!(parsed(b" a b \r\n\nc\n"), secrets(&[" a b ", "", "c"]));
        assert_eq!(parsed(b"\n"), secrets(&[""]));
        assert_eq!(parsed(b""), []);
    }

    #[test]
    fn what_is_no_list_of_passwords_is_refused() {
        assert!(matches!(Passwords::parse(b"a\n\xff"), Err(PasswordFileError::NotText { line: 2 })));
        assert!(matches!(Passwords::parse(&[b'\n'; MAX_PASSWORDS + 1]), Err(PasswordFileError::TooLarge)));
        assert!(matches!(Passwords::parse(&[b'a'; MAX_VALUE + 1]), Err(PasswordFileError::TooLarge)));
        assert_eq!(parsed(&[b'\n'; MAX_PASSWORDS]).len(), MAX_PASSWORDS);
    }
}
