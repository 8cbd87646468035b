//! What a client learns: signals, and how far the transfer is.

use core::fmt;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use crate::{
    operations::OpId,
    outcome::{Details, LinkState, Signal},
    trace::Step,
};

/// A signal: `deviceAuthStateChanged` on the import side, `addDeviceStateChanged` on the export side.
///
/// The details of TOKEN_AVAILABLE hold the token, which its debug form leaves out (R-SEC-2).
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// The export operation; none on the import side.
    pub op: Option<OpId>,
    /// What is signalled.
    pub signal: Signal,
    /// The same in the words of the profile's vocabulary.
    pub details: Details,
}

impl Notice {
    /// The state that it announces.
    pub const fn state(&self) -> LinkState {
        self.signal.state()
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").field("op", &self.op).field("signal", &self.signal).finish_non_exhaustive()
    }
}

/// Takes every step of an operation, for a trace.
pub type Recorder = Box<dyn FnMut(&Step) + Send>;

/// How far the transfer of an archive is, in bytes of its text. Clones watch the same one.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    done: AtomicU64,
    total: AtomicU64,
    /// Whether a step was reported that the operation has not yet seen.
    reported: AtomicBool,
}

impl Progress {
    /// Bytes so far.
    pub fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// Bytes in all; 0 before the transfer.
    pub fn total(&self) -> u64 {
        self.0.total.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self, total: u64) {
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// Counts further bytes: whether a multiple of `step` was passed and has to be reported. Not while a report is on its way.
    pub(super) fn passes(&self, bytes: u64, step: u64) -> bool {
        let before = self.0.done.fetch_add(bytes, Ordering::Relaxed);
        before / step != (before + bytes) / step && !self.0.reported.swap(true, Ordering::AcqRel)
    }

    /// The report was seen.
    pub(super) fn seen(&self) {
        self.0.reported.store(false, Ordering::Release);
    }
}
