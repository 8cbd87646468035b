//! The events for a client: signals, and how far the transfer is.

use core::fmt;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use crate::{
    archive::DateDoubt,
    operations::OpId,
    outcome::{Details, LinkState, Outcome, Signal},
    trace::Step,
};

/// A signal: `deviceAuthStateChanged` on the import side, `addDeviceStateChanged` on the export side.
///
/// The details of TOKEN_AVAILABLE hold the token, which its debug form leaves out (R-SEC-2).
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// The export operation; none on the import side.
    pub op: Option<OpId>,
    /// The signal.
    pub signal: Signal,
    /// The same in the words of the profile's vocabulary.
    pub details: Details,
    /// With DONE: what failed on this device, if that is why.
    pub cause: Option<Cause>,
    /// With the first AUTHENTICATING: why the date of this device or of its peer is in doubt (R-TIME-7). Nothing else changes for it.
    pub doubt: Option<DateDoubt>,
}

/// The cause of a failure, for the person in front of this device. No reducer and no peer learns it: to them it is an outcome.
///
/// Its kind distinguishes the causes of an export's `Network` that need different next steps: `ConnectionRefused` where nothing listens,
/// `PermissionDenied` where the importing device declined the token's code, `NotFound` where another device answered, `InvalidData` where
/// the program at the address does not speak TLS. A cause of an export's `Timeout` is that of its last attempt to connect, and one of an import's
/// that of the last attempt of a device that asked for the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    kind: io::ErrorKind,
    text: String,
}

impl Cause {
    /// The kind of the failure.
    pub const fn kind(&self) -> io::ErrorKind {
        self.kind
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self { kind: error.kind(), text: error.to_string() }
    }
}

impl fmt::Display for Cause {
    /// The attempted operation, the file, and the system's message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The outcomes that a failure of this device leads to, and the last such failure of an operation.
#[derive(Debug, Default)]
pub(super) struct Causes(Option<(Outcome, Cause)>);

impl Causes {
    /// Notes a failure, before it is reported to the reducer.
    pub(super) fn note(&mut self, outcome: Outcome, error: io::Error) {
        self.0 = Some((outcome, error.into()));
    }

    /// Why the reducer decided as it did, if it decided for what the failure leads to.
    pub(super) fn of(&self, signal: Signal) -> Option<Cause> {
        match (&self.0, signal) {
            (Some((outcome, cause)), Signal::Done(decided)) if *outcome == decided => Some(cause.clone()),
            _ => None,
        }
    }
}

impl Notice {
    /// The state that it announces.
    pub const fn state(&self) -> LinkState {
        self.signal.state()
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("op", &self.op)
            .field("signal", &self.signal)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// R-TIME-4: each step is reported once, and none while a report is on its way.
    #[test]
    fn a_step_is_reported_once() {
        let progress = Progress::default();
        progress.begin(1000);
        // Bytes, whether a report is seen before them, and whether they are reported.
        let table = [
            (99, false, false),
            (1, false, true),
            (100, false, false),
            (50, true, false),
            (50, false, true),
            (0, true, false),
            (250, false, true),
            (49, true, false),
            (1, false, true),
        ];
        for (number, (bytes, is_seen, is_reported)) in table.into_iter().enumerate() {
            if is_seen {
                progress.seen();
            }
            assert_eq!(progress.passes(bytes, 100), is_reported, "{number}");
        }
        assert_eq!((progress.done(), progress.total(), progress.clone().done()), (600, 1000, 600));
    }

    /// A cause belongs to the outcome that its failure led to, and to the last failure.
    #[test]
    fn a_cause_is_that_of_its_outcome() {
        let mut causes = Causes::default();
        assert_eq!(causes.of(Signal::Done(Outcome::Network)), None);
        causes.note(Outcome::Storage, io::Error::other("an earlier one"));
        causes.note(Outcome::Network, io::ErrorKind::ConnectionRefused.into());
        for outcome in [Outcome::Storage, Outcome::Timeout, Outcome::SUCCESS] {
            assert_eq!(causes.of(Signal::Done(outcome)), None, "{outcome:?}");
        }
        assert_eq!(causes.of(Signal::Connecting), None);
        let cause = causes.of(Signal::Done(Outcome::Network)).unwrap();
        assert_eq!((cause.kind(), &*cause.to_string()), (io::ErrorKind::ConnectionRefused, "connection refused"));
    }

    /// R-SEC-2: a notice prints its signal and not its details, which may have the token.
    #[test]
    fn a_notice_prints_without_its_details() {
        let details = Details::from_iter([("token".into(), "jami-auth://secret/123456".into())]);
        let notice = Notice { op: Some(OpId(7)), signal: Signal::TokenAvailable, details, cause: None, doubt: None };
        assert_eq!(format!("{notice:?}"), "Notice { op: Some(OpId(7)), signal: TokenAvailable, cause: None, .. }");
        assert_eq!(notice.state(), LinkState::TokenAvailable);
    }
}
