//! How two sides that had their faults may end (R-PAIR-1).

use handfast::{outcome::Side, trace::Step};
use handfast_model::pairs::{self, Circumstances, End, Pair};
use serde::{Deserialize, Serialize};

/// Why the ends of a session are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Allowed {
    /// They are this pair.
    Pair(Pair),
    /// There was no export.
    Alone,
    /// One side crashed, and has no outcome.
    Crashed,
}

/// Why the ends of a session are allowed, if they are.
pub(crate) fn allowed(
    import: Option<End>,
    export: Option<End>,
    crashed: bool,
    around: Circumstances,
) -> Option<Allowed> {
    match (import, export) {
        _ if crashed => Some(Allowed::Crashed),
        (Some(import), Some(export)) => pairs::allowed(import, export, around).map(Allowed::Pair),
        (Some(import), None) if !import.outcome.is_success() => Some(Allowed::Alone),
        (Some(_), None) | (None, _) => None,
    }
}

/// Returns an end as text.
pub(crate) fn text(end: Option<End>) -> String {
    end.map_or_else(|| "none".into(), |End { outcome, cause }| format!("{outcome} by {cause:?}"))
}

/// Returns how the operation of a side ended, if it did.
pub(crate) fn end(steps: &[Step], side: Side) -> Option<End> {
    steps.iter().filter(|step| step.side() == side).find_map(End::of)
}
