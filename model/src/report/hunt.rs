//! Mutants and the engines that find them.

use std::time::Instant;

use handfast::operations::Exports;
use serde::Serialize;

use crate::{
    document::diagram::Counterexample,
    explorer::{
        explore::{Graph, Limits},
        second::{self, Confirmed},
    },
    property::{
        again::Again,
        claims::Claims,
        mutants::{Broken, Mutant, Setting},
        properties::Half,
    },
    report::{
        check::{Expected, Row, Seconds, Verdict, judge, judge_both},
        checked_clients,
    },
    system::{
        config::{Configuration, Size},
        counted::counted,
        device::NewDevice,
    },
};

/// The result for a mutant.
#[derive(Clone, Debug, Serialize)]
pub struct Kill {
    /// [`Mutant::id`].
    pub mutant: &'static str,
    /// [`Mutant::broken`].
    pub broken: &'static str,
    /// The property, and how it fared. It should be violated.
    #[serde(flatten)]
    pub row: Row,
}

impl Mutant {
    /// Looks for the shortest violation of the property that has to find it.
    pub fn hunt(&self, size: Size, limits: Limits) -> Kill {
        let mut row = Row {
            configuration: self.configuration.into(),
            budget: String::new(),
            property: self.property,
            half: None,
            verdict: Verdict::unknown("there is no such configuration"),
            expected: Expected::Shown(self.id),
            counterexample: None,
        };
        if let Some(system) = self.system(size) {
            row.budget = system.configuration().budget.to_string();
            let configuration = *system.configuration();
            (row.verdict, row.counterexample) = match self.setting {
                Setting::Reducers | Setting::Disk | Setting::Flag => self.hunt_in(&system, limits),
                Setting::Registries => self.hunt_registries(configuration, limits),
                Setting::Clients => checked_clients::hunt(configuration, self.without, self.property, limits),
            };
        }
        Kill { mutant: self.id, broken: self.broken, row }
    }

    fn hunt_in(&self, system: &Broken, limits: Limits) -> (Verdict, Option<Counterexample>) {
        let graph = Graph::explore(system, limits, Some(self.property.id()));
        let cut = Verdict::cut(graph.ended, format!("cut short after {}", counted(graph.states(), "state")));
        let doubt = (!graph.is_complete()).then_some(&cut);
        judge(&Claims::one(system, &graph, self.property, Half::Both), self.property, Half::Both, doubt)
    }

    fn hunt_registries(&self, configuration: Configuration, limits: Limits) -> (Verdict, Option<Counterexample>) {
        let config = configuration.reducers();
        let (import, export) = (NewDevice::under(config, self.without), Exports::under(config, self.without));
        let again = Again::new(configuration, import, export);
        let graph = Graph::explore(&again, limits, Some(self.property.id()));
        judge_both(&again, &graph, self.property, Half::Both, None)
    }
}

/// The result of each engine for a mutant.
#[derive(Clone, Debug, Serialize)]
pub struct Hunted {
    /// The result of our explorer.
    #[serde(flatten)]
    pub kill: Kill,
    /// The result of `stateright`.
    pub stateright: Confirmed,
    /// How long each took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Seconds>,
}

impl Hunted {
    /// Hunts a mutant with both engines. Where they disagree nothing is said.
    pub fn new(mutant: &Mutant, size: Size, limits: Limits) -> Self {
        let began = Instant::now();
        let mut kill = mutant.hunt(size, limits);
        let own = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let stateright = match (&kill.row.verdict, mutant.system(size)) {
            // Endless runs, two links, clients, and properties that only whole runs break are for our explorer alone.
            (Verdict::Violated { steps, cycle: 0 }, Some(system))
                if system.configuration().is_plain() && mutant.property.is_broken_in_states() =>
            {
                second::confirm(&system, mutant.property.id(), *steps)
            }
            _ => Confirmed::NotAsked,
        };
        let seconds = Some(Seconds { own, stateright: began.elapsed().as_secs_f64() });
        if stateright == Confirmed::Otherwise {
            kill.row.verdict = Verdict::unknown(format!("the engines disagree: {}", kill.row.verdict));
        }
        Self { kill, stateright, seconds }
    }

    /// Whether it was found.
    pub const fn is_killed(&self) -> bool {
        self.kill.row.verdict.is_violated()
    }
}
