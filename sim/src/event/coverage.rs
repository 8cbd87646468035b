//! How much of the reducers' tables the storm walks, of what the model walks.

use std::collections::BTreeSet;

use handfast_model::{
    config::{Cast, Size, configurations},
    explore::Limits,
    rows::{Row, rows},
};
use serde::Serialize;

/// What was walked of what can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Rows that the model walks, and that shells hand to a reducer.
    pub reachable: usize,
    /// Those of them that were not walked.
    pub missing: BTreeSet<Row>,
    /// Rows that the model walks, and that no shell hands to a reducer.
    pub beyond: BTreeSet<Row>,
    /// Rows that were walked besides: refused calls, for which the model has no step.
    pub besides: usize,
}

/// Why a row is never walked behind a shell, though the model walks it.
pub fn beyond(row: &Row) -> Option<&'static str> {
    const SAID: [&str; 8] =
        ["hello", "authScheme", "password", "verdict", "stateMsg", "importResult", "unknown message", "archive began"];
    let deaf = row.place == "done, linked" && SAID.contains(&row.kind);
    deaf.then_some("behind its own end of the channel a shell listens for the other end only")
}

/// What these rows are of what the model walks in its environment, old peers apart. `None`: a graph is not complete.
pub fn coverage(walked: &BTreeSet<Row>) -> Option<Coverage> {
    let mut all = BTreeSet::new();
    let casts = [Cast::HH, Cast::HX, Cast::XH];
    for configuration in configurations(Size::Small).into_iter().filter(|one| !one.again && casts.contains(&one.cast)) {
        all.extend(rows(configuration, Limits::default())?);
    }
    let besides = walked.difference(&all).count();
    let (beyond, reachable): (BTreeSet<Row>, BTreeSet<Row>) = all.into_iter().partition(|row| beyond(row).is_some());
    let missing = reachable.difference(walked).copied().collect();
    Some(Coverage { reachable: reachable.len(), missing, beyond, besides })
}
