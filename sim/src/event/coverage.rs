//! How many rows of the reducers' tables the event engine walks, of those that the model walks.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use handfast::outcome::Side;
use handfast_model::{
    config::{Cast, Configuration, Size, configurations},
    connection::Table,
    explore::Limits,
    rows::{Row, rows},
};
use serde::{Deserialize, Serialize};

/// Rows that were walked: of each side, by place, the kinds that were taken there. Its names are text that was read, or those of
/// the reducers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walked(BTreeMap<Side, BTreeMap<Cow<'static, str>, BTreeSet<Cow<'static, str>>>>);

impl Walked {
    /// Notes a row.
    pub fn note(&mut self, row: &Row) {
        let place = self.0.entry(row.side).or_default().entry(row.place.into()).or_default();
        place.insert(row.kind.into());
    }

    /// Adds what was walked elsewhere.
    pub fn merge(&mut self, other: Self) {
        for (side, places) in other.0 {
            let own = self.0.entry(side).or_default();
            places.into_iter().for_each(|(place, kinds)| own.entry(place).or_default().extend(kinds));
        }
    }

    /// Whether this row was walked.
    pub fn has(&self, row: &Row) -> bool {
        let kinds = self.0.get(&row.side).and_then(|places| places.get(row.place));
        kinds.is_some_and(|kinds| kinds.contains(row.kind))
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.0.values().flat_map(BTreeMap::values).map(BTreeSet::len).sum()
    }
}

/// The walked rows of the reachable ones.
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

/// Why a row is never walked around a shell's reducers, though the model, or the table of the connection, has it.
pub fn beyond(row: &Row) -> Option<&'static str> {
    const SAID: [&str; 8] =
        ["hello", "authScheme", "password", "verdict", "stateMsg", "importResult", "unknown message", "archive began"];
    if let Some(place) = row.place.strip_prefix("connection ") {
        return beyond_of_connection(row.side, place, row.kind);
    }
    let waits = row.place == "done, linked" && SAID.contains(&row.kind);
    waits.then_some("after its own end of the channel a shell waits for the other end only")
}

fn beyond_of_connection(side: Side, place: &str, kind: &str) -> Option<&'static str> {
    let is = |phase| place.split(',').next() == Some(phase);
    let command = kind.ends_with("()");
    Some(match kind {
        "close()" => "a driver that closes a connection asks nothing of it any more",
        "send()" | "end()" if place.contains("answering") => "a request is answered in the step that it leads to",
        _ if is("over") => "a connection whose channel both have ended is closed in the same step",
        "end()" if place.contains("finishing") => "an archive is finished as soon as all of it is transmitted",
        "send()" | "end()" | "no frame" if is("ended by the peer") && side == Side::Import => {
            "a session that the peer has ended is closed without an end, and the engine's visitors send frames only after theirs"
        }
        "no frame" | "no message" if place.contains("receiving") => {
            "in the middle of an archive the model's callers send what belongs to it"
        }
        _ if is("free") && side == Side::Export && !command => {
            "an exporter requests its channel in the step in which the connection opens, and closes it when that is declined"
        }
        _ if is("ended by the peer") && side == Side::Export => {
            "an exporter closes a session that the peer has ended in the same step"
        }
        "end()" => return None,
        _ if is("garbled") && side == Side::Export || is("discarding") && command => {
            "a session that is garbled is ended in the same step, but while the importer installs"
        }
        _ => return None,
    })
}

/// Compares these rows with those that the model walks in its environment, old peers apart. `None`: a graph is not complete.
pub fn coverage(walked: &Walked) -> Option<Coverage> {
    let mut all = BTreeSet::new();
    let casts = [Cast::HH, Cast::HX, Cast::XH];
    // The rows of a comparison are in campaigns of their own.
    let taken = |one: &Configuration| !one.again && !one.sas && casts.contains(&one.cast);
    for configuration in configurations(Size::Small).into_iter().filter(taken) {
        all.extend(rows(configuration, Limits::default())?);
    }
    for side in [Side::Import, Side::Export] {
        all.extend(Table::explore(side).rows());
    }
    let besides = walked.count() - all.iter().filter(|row| walked.has(row)).count();
    let (beyond, reachable): (BTreeSet<Row>, BTreeSet<Row>) = all.into_iter().partition(|row| beyond(row).is_some());
    let missing = reachable.iter().filter(|row| !walked.has(row)).copied().collect();
    Some(Coverage { reachable: reachable.len(), missing, beyond, besides })
}
