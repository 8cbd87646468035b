//! A peer of the importer that is no exporter.

use handfast::sas::Comparison;

use crate::event::{below::Ledger, state::pipe::Pipe};

/// A peer of the importer that is no exporter.
pub(crate) struct Visitor {
    pub(crate) pipe: Pipe,
    /// The answers that are due to it.
    pub(crate) ledger: Ledger,
    /// Which fault of the schedule it is.
    pub(crate) fault: Option<usize>,
    pub(crate) next: usize,
    /// Bytes of the archive in the middle of which it is, and their letter.
    pub(crate) archive: Option<(u16, u8)>,
    pub(crate) ended: bool,
    /// Its end of a comparison.
    pub(crate) comparison: Comparison,
    /// It waits between its first bytes and the end of its handshake.
    pub(crate) slow: bool,
}
