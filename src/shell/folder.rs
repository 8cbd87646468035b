//! Storage on a disk: accounts in folders, archives in files. Blocking work is done on threads of its own, so that the network, the
//! cipher and the compression overlap; between them go a few buffers, round and round.

mod inline;
mod ladder;
mod source;
mod store;
mod transfer;

pub use self::{
    inline::{InlineChecked, InlineComplete, InlineReader, InlineSource, InlineStaging, InlineStore},
    source::{FileReader, FileSource, IssueError, issued_identity},
    store::{FolderChecked, FolderComplete, FolderStaging, FolderStore},
};
pub use crate::archive::Installed;
