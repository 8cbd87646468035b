//! Why a scenario came to no end, or ended wrongly; and a signal.

use std::collections::BTreeMap;

/// Why a scenario came to no end, or ended wrongly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// No bus answers, or it went.
    #[error("the bus is lost: {0}")]
    #[cfg_attr(not(feature = "dbus"), expect(dead_code, reason = "only a bus is lost"))]
    Bus(String),
    /// The daemon left the bus.
    #[error("the daemon of the {0} side left the bus")]
    #[cfg_attr(not(feature = "dbus"), expect(dead_code, reason = "only a daemon leaves a bus"))]
    Daemon(&'static str),
    /// A program ended before its operation had.
    #[error("the program of the {side} side ended before its operation ({how})")]
    Died { side: &'static str, how: String },
    /// A program could not be started, or its pipe was lost.
    #[error("the program of the {side} side: {why}")]
    Process { side: &'static str, why: String },
    /// A call failed, or was not answered in time.
    #[error("{call}: {why}")]
    Call { call: &'static str, why: String },
    /// A signal did not come in time.
    #[error("no {what} came in {seconds} s")]
    Silent { what: String, seconds: u64 },
    /// A signal, a return or a line is not as the interface says.
    #[error("{0}")]
    Malformed(String),
    /// It went otherwise than the scenario says.
    #[error("{0}")]
    Otherwise(String),
    /// The scenario needs an option.
    #[error("it needs {0}")]
    Needs(&'static str),
    /// This side cannot play the scenario.
    #[error("not supported: {0}")]
    Unsupported(String),
}

impl Fault {
    /// Whether a daemon or a program is at fault for what it said. Where it says nothing, nothing can be said of it.
    pub(crate) const fn is_violation(&self) -> bool {
        matches!(self, Self::Malformed(_) | Self::Otherwise(_))
    }

    /// Whether the scenario is not for this side.
    pub(crate) const fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unsupported(_) | Self::Needs(_))
    }
}

/// A signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signalled {
    pub(crate) account: String,
    /// The operation, of the export side's signal.
    pub(crate) op: Option<u32>,
    pub(crate) state: i32,
    pub(crate) details: BTreeMap<String, String>,
}
