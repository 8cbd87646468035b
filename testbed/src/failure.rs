//! How a command ends when it could not do what it was asked for.

use std::{fmt::Display, io, process::ExitCode};

/// A reason in words for the person at the terminal, and the exit code for the script.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// What was given is not what it should be, or it could not be done: exit code 1.
    pub(crate) fn reason(text: impl Display) -> Self {
        Self::with_code(1, text)
    }

    /// The command line asks for what cannot be: exit code 2.
    pub(crate) fn usage(text: impl Display) -> Self {
        Self::with_code(2, text)
    }

    /// Another exit code.
    pub(crate) fn with_code(code: u8, text: impl Display) -> Self {
        Self { code, text: text.to_string() }
    }

    /// Says the reason on standard error. The exit code is what is returned.
    pub(crate) fn report(self) -> ExitCode {
        if !self.text.is_empty() {
            // Where not even this can be written there is nobody to be told.
            let _ = io::Write::write_all(&mut io::stderr().lock(), format!("handfast: {}\n", self.text).as_bytes());
        }
        ExitCode::from(self.code)
    }
}

/// Standard output could not be written. A reader who has seen enough (`| head`) is told nothing.
pub(crate) fn unwritable(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::reason(""),
        _ => Failure::reason(format_args!("standard output cannot be written: {error}")),
    }
}
