//! Storage on a disk: accounts in folders, archives in files. What blocks is done on threads of their own, so that the network, the
//! cipher and the compression overlap; between them go a few buffers, round and round.

mod inline;
mod kept;
mod source;
mod store;

pub use self::{
    inline::{InlineReader, InlineSink, InlineSource, InlineStaging, InlineStore},
    kept::Installed,
    source::{FileReader, FileSource, IssueError, issued_identity},
    store::{FolderSink, FolderStaging, FolderStore},
};
use crate::limits::ARCHIVE_FRAME;

/// Bytes of a buffer: frames that are full.
const BUFFER: usize = 2 * ARCHIVE_FRAME;
/// Buffers that wait for the other end.
const QUEUE: usize = 3;
