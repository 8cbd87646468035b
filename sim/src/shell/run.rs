//! The result of a session.

use std::time::Duration;

use handfast::{
    outcome::{Outcome, Side},
    trace::Step,
};

use crate::campaign;

use super::{ends::Allowed, plan::Plan, rule::Violation, side::config};

/// Why a session did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    #[error("still alive after {0:?}, when every timer has run out")]
    Hang(Duration),
    #[error("{0}")]
    Panic(String),
}

/// A session that was carried out and judged.
#[derive(Clone, Debug)]
pub struct Run {
    /// The planned faults.
    pub plan: Plan,
    /// Every step of both sides, in the order in which they were taken.
    pub steps: Vec<Step>,
    /// How the import ended; none if it crashed or never began.
    pub import: Option<Outcome>,
    /// How the export ended; none if it crashed or never began.
    pub export: Option<Outcome>,
    /// Why they may end so; none if they may not.
    pub allowed: Option<Allowed>,
    /// Whether the fault happened. True where there is none.
    pub fired: bool,
    /// Whether it came to what the scenario is there for.
    pub reached: bool,
    /// The violations.
    pub violations: Vec<Violation>,
    /// How much virtual time it took.
    pub time: Duration,
}

impl Run {
    /// The trace of both sides: lines of JSON, each with its checksum and a line feed.
    pub fn trace(&self) -> String {
        campaign::trace("turmoil", [Side::Import, Side::Export].map(|side| config(&self.plan, side)), &self.steps)
    }
}
