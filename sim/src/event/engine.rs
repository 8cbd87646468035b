//! Carries a schedule out, from event to event.

use std::sync::Arc;

use handfast::{
    export::Exporter,
    import::Importer,
    limits::Durations,
    outcome::Outcome,
    reducer::Config,
    rules::{AllRules, Rules},
    trace::{self, Header, Step},
};
use handfast_model::{
    config::{Cast, Player},
    legacy as old,
    pairs::{Circumstances, End},
    rows::Row,
    side::{AnyExport, AnyImport, Boxed, ExportSide, ImportSide},
    without::Without,
};

use super::{
    again,
    judge::Broken,
    schedule::{Class, Schedule},
    session::Session,
};

/// What is looked at while a session runs.
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
}

impl Watch {
    /// Nothing but the end.
    pub const BARE: Self = Self { follow: false, examine: false, trace: false, cover: false };
    /// Everything.
    pub const ALL: Self = Self { follow: true, examine: true, trace: true, cover: true };
    /// What a sweep looks at: what it finds is looked at again, with everything.
    pub const SWEEP: Self = Self { follow: true, examine: false, trace: false, cover: true };
}

/// The rules of the devices of which a schedule asks two links.
#[derive(Clone, Copy, Debug)]
pub(super) enum Twice {
    Shipped,
    Without(Without),
}

/// Carries out schedules with two sides.
#[derive(Clone)]
pub struct Engine<I, E> {
    sides: Arc<dyn Fn(Config) -> (I, E) + Send + Sync>,
    /// The devices of two links. Without them, there is one link.
    pub(super) twice: Option<Twice>,
    /// Who is on each side.
    pub(super) cast: Cast,
    /// How long timers run.
    pub durations: Durations,
}

impl Engine<Importer, Exporter> {
    /// With the reducers that ship.
    pub fn shipped() -> Self {
        let sides = |config| (Importer::new(config), Exporter::new(config));
        Self { twice: Some(Twice::Shipped), ..Self::new(sides) }
    }
}

impl Engine<AnyImport, AnyExport> {
    /// With two honest sides, of which one or both may be today's daemon.
    pub fn of(cast: Cast) -> Self {
        Self::under(cast, AllRules)
    }

    /// The same, with rules of a mutant in the place of all.
    pub(super) fn under(cast: Cast, rules: impl Rules) -> Self {
        let sides = move |config| {
            let import: AnyImport = match cast.import {
                Player::Legacy => Boxed::new(old::Importer::new()),
                _ => Boxed::new(Importer::under(config, rules)),
            };
            let export: AnyExport = match cast.export {
                Player::Legacy => Boxed::new(old::Exporter::new()),
                _ => Boxed::new(Exporter::under(config, rules)),
            };
            (import, export)
        };
        Self { cast, ..Self::new(sides) }
    }
}

impl<I: ImportSide, E: ExportSide> Engine<I, E> {
    /// With any two sides.
    pub fn new(sides: impl Fn(Config) -> (I, E) + Send + Sync + 'static) -> Self {
        Self { sides: Arc::new(sides), twice: None, cast: Cast::HH, durations: Durations::default() }
    }

    /// Carries a schedule out until nothing more happens, and judges it.
    pub fn run(&self, schedule: &Schedule, watch: Watch) -> Ran {
        if let (Some(_), Some(twice)) = (&schedule.again, self.twice) {
            return match twice {
                Twice::Shipped => again::run(schedule, watch, self.durations, AllRules),
                Twice::Without(rules) => again::run(schedule, watch, self.durations, rules),
            };
        }
        let config = Config { profile: schedule.profile, ..Config::default() };
        let (import, export) = (self.sides)(config);
        let mut session = Session::new(schedule, watch, self.durations, self.cast, import, export);
        session.run();
        session.judged(config)
    }
}

/// What came of a schedule.
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
    /// What may excuse a pair; none where the two were none.
    pub around: Option<Circumstances>,
    /// Virtual milliseconds.
    pub time: u64,
    /// Steps of the model that it took, if it was followed: what a counterexample of the checker counts.
    pub actions: usize,
    /// The first thing that is wrong.
    pub broken: Option<Broken>,
    /// Every step, if it was recorded.
    pub steps: Vec<Step>,
    /// The rows that were walked, if they were counted.
    pub walked: Vec<Row>,
    /// The rows of the connections' tables, if they were counted.
    pub received: Vec<Row>,
    pub(super) config: Config,
}

impl Ran {
    /// The trace: lines of JSON, each with its checksum and a line feed.
    pub fn trace(&self) -> String {
        let config = Some(self.config);
        let header = Header { trace: trace::VERSION, driver: "event".into(), import: config, export: config };
        let lines = std::iter::once(trace::to_line(&header)).chain(self.steps.iter().map(trace::to_line));
        lines.flat_map(|line| [line, "\n".into()]).collect()
    }

    /// The two outcomes.
    pub fn outcomes(&self) -> (Option<Outcome>, Option<Outcome>) {
        (self.import.map(|end| end.outcome), self.export.map(|end| end.outcome))
    }
}
