//! Storage on a disk: accounts in folders, archives in files. Blocking work is done on threads of its own, so that the network, the
//! cipher and the compression overlap; between them go a few buffers, round and round.

mod inline;
mod ladder;
mod source;
mod store;

use std::{io, path::Path};

pub use self::{
    inline::{InlineChecked, InlineComplete, InlineReader, InlineSource, InlineStaging, InlineStore},
    source::{FileReader, FileSource, IssueError, issued_identity},
    store::{FolderChecked, FolderComplete, FolderStaging, FolderStore},
};
pub use crate::archive::Installed;
use crate::limits::ARCHIVE_FRAME;

/// Bytes of a buffer: frames that are full.
const BUFFER: usize = 2 * ARCHIVE_FRAME;
/// Buffers that wait for the other end.
const QUEUE: usize = 3;

/// Returns the error of a channel whose other end is gone.
fn gone() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

/// Adds the path of the file to an error.
fn with_path(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
