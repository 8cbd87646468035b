//! What a command reads: an argument, or standard input up to a limit.

use std::{
    ffi::OsString,
    io::{self, Read as _},
};

use crate::failure::Failure;

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
