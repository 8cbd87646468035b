//! How a command ends when it could not do what it was asked for.

use std::{fmt::Display, io, process::ExitCode};

use crate::plain::plain;

/// A reason in words for the person at the terminal, and the exit code for the script.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
    /// Standard output could not be written.
    lost: bool,
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Failure {
    /// The input is not as it should be, or the work could not be done: exit code 1.
    pub(crate) fn reason(text: impl Display) -> Self {
        Self::with_code(1, text)
    }

    /// The command line asks for what cannot be: exit code 2.
    pub(crate) fn usage(text: impl Display) -> Self {
        Self::with_code(2, text)
    }

    /// Another exit code.
    pub(crate) fn with_code(code: u8, text: impl Display) -> Self {
        Self { code, text: plain(text.to_string()), lost: false }
    }

    /// The same failure, of a file that is not what the command line says.
    pub(crate) fn of_usage(self) -> Self {
        Self { code: if self.code == 1 { 2 } else { self.code }, ..self }
    }

    /// The same failure, of a command that gives no verdict. Its exit code 1 means: the work was not done.
    pub(crate) fn without_verdict(self) -> Self {
        Self { code: if self.lost { 1 } else { self.code }, ..self }
    }

    /// The reason.
    #[cfg(feature = "web")]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Says the reason on standard error. The exit code is what is returned.
    pub(crate) fn report(self) -> ExitCode {
        if !self.text.is_empty() {
            // There is no further place to report to.
            let _ = io::Write::write_all(&mut io::stderr().lock(), format!("handfast: {}\n", self.text).as_bytes());
        }
        ExitCode::from(self.code)
    }
}

/// Standard output could not be written: exit code 4. The caller does not learn the result, so that it is neither a pass
/// nor a violation.
pub(crate) fn unwritable(error: &io::Error) -> Failure {
    Failure { lost: true, ..Failure::with_code(4, format_args!("standard output is lost: {error}")) }
}
