//! The rules that a session of the shell can break.

use serde::{Deserialize, Serialize};

/// A broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Nothing panics.
    NoPanic,
    /// Every operation ends (P-ENDS).
    Ends,
    /// A trace replays on fresh reducers.
    Replays,
    /// Equal plans give equal traces.
    Repeatable,
    /// The reducer of an operation that is over is closed, and has no timer armed.
    Closed,
    /// An operation that is over has no connection, no listener and no task.
    Leak,
    /// Signals come in their order (R-STATE-2).
    Grammar,
    /// A late subscriber gets the last signal, and progress goes forward (R-API-8).
    #[serde(rename = "Told")]
    Signalled,
    /// The two ends are an allowed pair (R-PAIR-1).
    Pair,
    /// No one blames an honest peer (R-PAIR-3).
    NoBlame,
    /// The account is installed, whole and as it was sent, if and only if the importer says so (R-IMP-13, R-ARC-5).
    Stored,
    /// Nothing temporary is left (R-ARC-4).
    LeftOver,
    /// No password is tried, and no archive sent, before the user has confirmed the device (R-EXP-9).
    Gate,
    /// A comparison is in its order, and password and archive wait for it (R-SAS-2, R-SAS-5).
    Compared,
    /// After a cancel that was accepted no archive byte arrives (R-API-6).
    NotSent,
    /// Each beacon and each request that a peer sends is answered, once (R-MUX-1).
    Answered,
    /// The expected result of the scenario.
    Expected,
    /// Once there are no faults any more, a link succeeds.
    Converges,
}

/// A rule that a session broke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which one.
    pub rule: Rule,
    /// How.
    pub text: String,
}
