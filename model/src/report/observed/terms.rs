//! The assumptions of the validation.

use std::time::Duration;

use handfast::outcome::{Profile, Scheme};

use super::parse::Trace;
use crate::{
    explorer::explore::Limits,
    system::config::{Budget, Cast, Configuration},
};

/// The assumptions of the validation.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The pair. No side is hostile.
    pub cast: Cast,
    /// The profile.
    pub profile: Profile,
    /// The faults that may have been unseen, and the actions of people on a device without lines.
    pub budget: Budget,
    /// How long things take.
    pub delays: Delays,
    /// Whether a timer may run out at any time, and not when it does.
    pub free_timers: bool,
    /// Whether clients wrote down everything: at the end of a file no call is under way, and no signal is unwritten.
    /// Otherwise a file is a beginning of what its client saw.
    pub whole: bool,
    /// The resources of the search.
    pub limits: Limits,
}

impl Terms {
    /// Returns the defaults: the link may fail once.
    pub fn new(cast: Cast, profile: Profile) -> Self {
        let limits = Limits { states: 1_000_000, time: Duration::from_secs(60), ..Limits::default() };
        let budget =
            Budget { loss: 1, import_cancels: 1, export_cancels: 1, wrong: 3, retries: 1, ..Budget::default() };
        Self { cast, profile, budget, delays: Delays::default(), free_timers: false, whole: false, limits }
    }

    /// The pair and what it follows.
    pub fn name(&self) -> String {
        let profile = match self.profile {
            Profile::Documented => "documented",
            Profile::Jamid => "jamid",
        };
        format!("{} ({profile})", self.cast)
    }

    /// The same, where each line with the cause of a failure on its device may be a failure of storage.
    pub(super) fn with_causes(mut self, trace: &Trace) -> Self {
        let causes = u8::try_from(trace.causes).unwrap_or(u8::MAX);
        self.budget.storage = self.budget.storage.saturating_add(causes);
        self
    }

    pub(super) fn configuration(&self) -> Configuration {
        Configuration {
            schemes: &[Scheme::None, Scheme::Password],
            ..Configuration::new("observed", self.profile, self.cast, self.budget)
        }
    }
}

/// How long things take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delays {
    /// At most, from when a signal is given until it is noted.
    pub signal: u64,
    /// At most, from when a call is taken until its return is noted.
    pub call: u64,
    /// At most, until a daemon does what it has posted to a loop or a worker.
    pub posted: u64,
    /// At most, until a thread of a daemon goes on to its next step.
    pub thread: u64,
    /// At least, until an old daemon that receives nothing notices that its connection is lost.
    pub loss: u64,
}

impl Delays {
    /// The names that [`Delays::set`] knows.
    pub const KEYS: [&str; 5] = ["signal", "call", "posted", "thread", "loss"];

    /// Changes one of them. Gives `false` if there is no such name.
    pub fn set(&mut self, key: &str, ms: u64) -> bool {
        match key {
            "signal" => self.signal = ms,
            "call" => self.call = ms,
            "posted" => self.posted = ms,
            "thread" => self.thread = ms,
            "loss" => self.loss = ms,
            _ => return false,
        }
        true
    }
}

impl Default for Delays {
    fn default() -> Self {
        Self { signal: 50, call: 1000, posted: 500, thread: 30, loss: 10_000 }
    }
}
