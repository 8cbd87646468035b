//! The sizes of the buffers and queues between the threads of a transfer, and the errors of these threads.

use std::{io, path::Path};

use crate::limits::ARCHIVE_FRAME;

/// Bytes of a buffer: frames that are full.
pub(super) const BUFFER: usize = 2 * ARCHIVE_FRAME;
/// Buffers that wait for the other end.
pub(super) const QUEUE: usize = 3;

/// Returns the error of a channel whose other end is gone.
pub(super) fn gone() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

/// Adds the path of the file to an error.
pub(super) fn with_path(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
