//! Standard output, without the panic of `println!` when nobody reads it.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

use serde::Serialize;

use crate::failure::{Failure, unwritable};

/// Prints a line.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| unwritable(&error))
}

/// Prints a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string(value).map_err(Failure::reason)?)
}

/// Prints the command that shows a failure again, as the last line.
pub(crate) fn again(command: Option<impl Display>) -> Result<(), Failure> {
    command.map_or(Ok(()), |command| line(format_args!("again: {command}")))
}

/// Says something beside the verdict, on standard error.
pub(crate) fn note(text: impl Display) {
    // Where not even this can be written there is nobody to be told.
    let _ = io::stderr().lock().write_all(format!("handfast: {text}\n").as_bytes());
}
