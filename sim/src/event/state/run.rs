//! The observation of a session while it runs, and its result.

use handfast::{export, import, outcome::Outcome, reducer::Config, trace::Step};
use handfast_model::{
    pairs::{Circumstances, End},
    rows::Row,
};

use crate::campaign;

use crate::event::{schedule::Class, state::law::Broken};

/// The parts of a session that are observed while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Every step is followed in the model.
    pub follow: bool,
    /// Every property that looks at a state is asked after every step, and not only at the end.
    pub examine: bool,
    /// Every step is recorded.
    pub trace: bool,
    /// The rows of the tables are counted that are walked.
    pub cover: bool,
    /// The edges of the model are noted that are walked. They take [`Self::follow`].
    pub edges: bool,
}

impl Watch {
    /// Nothing but the end.
    pub const BARE: Self = Self { follow: false, examine: false, trace: false, cover: false, edges: false };
    /// Everything.
    pub const ALL: Self = Self { follow: true, examine: true, trace: true, cover: true, edges: false };
    /// The checks of a sweep: a session with a finding is run again, with all checks.
    pub const SWEEP: Self = Self { follow: true, examine: false, trace: false, cover: true, edges: false };
    /// The checks of a guided sweep.
    pub const GUIDED: Self = Self { edges: true, ..Self::SWEEP };
}

/// The result of a schedule.
#[derive(Clone, Debug)]
pub struct Ran {
    /// How the import ended, and why; none if it crashed or never did.
    pub import: Option<End>,
    /// The same of the export: of two the one that was served, or else the first.
    pub export: Option<End>,
    /// The same of the other one.
    pub turned_away: Option<End>,
    /// Which faults happened, in the order of the schedule, and why the others did not.
    pub fired: Vec<Result<(), &'static str>>,
    /// The classes of faults that happened.
    pub classes: Vec<Class>,
    /// Whether a side crashed: then it has no end.
    pub crashed: bool,
    /// The excuses for a pair; none where the two were none.
    pub around: Option<Circumstances>,
    /// Virtual milliseconds.
    pub time: u64,
    /// Steps of the model that it took, if it was followed: what a counterexample of the checker counts.
    pub actions: usize,
    /// The first thing that is wrong.
    pub broken: Option<Broken>,
    /// Every step, if it was recorded.
    pub steps: Vec<Step>,
    /// The effects of the steps that a side of today posted to itself, if steps were recorded: they have no input.
    pub posted: Posted,
    /// The rows that were walked, if they were counted.
    pub walked: Vec<Row>,
    /// The rows of the connections' tables, if they were counted.
    pub received: Vec<Row>,
    /// The edges of the model that were walked, if they were noted, in order.
    pub edges: Vec<u64>,
    /// How the importer and the exporter are configured.
    pub(crate) configs: [Config; 2],
}

/// Effects of a side's own steps, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// The importer's.
    pub import: Vec<import::Effect>,
    /// The exporter's.
    pub export: Vec<export::Effect>,
}

impl Ran {
    /// The trace: links of JSON, each with its checksum and a link feed.
    pub fn trace(&self) -> String {
        campaign::trace("event", self.configs, &self.steps)
    }

    /// The two outcomes.
    pub fn outcomes(&self) -> (Option<Outcome>, Option<Outcome>) {
        (self.import.map(|end| end.outcome), self.export.map(|end| end.outcome))
    }
}
