//! Mutants: state machines that break a rule, to show that the check that guards it can fail.

mod list;

use handfast::{export::Exporter, import::Importer, operations::Exports, outcome::Side, reducer::Config};
use serde::Serialize;

pub use self::list::MUTANTS;

use crate::{
    again::Again,
    check::{Expected, Row, Verdict, judge, judge_both},
    clients,
    config::{self, Configuration, Player, Size},
    device::NewDevice,
    diagram::Counterexample,
    explore::{Graph, Limits},
    legacy,
    properties::{Half, PropertyId},
    side::{AnyExport, AnyImport, Boxed},
    system::System,
    without::Without,
};

/// A mutant in its configuration.
pub type Broken = System<AnyImport, AnyExport>;

/// A rule that is broken, and what has to notice.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The stable id.
    pub id: &'static str,
    /// What is broken.
    pub broken: &'static str,
    /// The property that has to be violated.
    pub property: PropertyId,
    /// The [`Configuration::id`](config::Configuration::id) in which it has to be.
    pub configuration: &'static str,
    /// The rules that it keeps.
    pub without: Without,
    /// Where it lives.
    pub setting: Setting,
}

/// Where a mutant lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// In the reducers.
    Reducers,
    /// In the registries of the devices' operations.
    Registries,
    /// In the clients.
    Clients,
    /// In the order in which a disk makes things durable.
    Disk,
}

/// What came of a mutant.
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
    /// The mutant of this id.
    pub fn find(id: &str) -> Option<&'static Self> {
        MUTANTS.iter().find(|mutant| mutant.id == id)
    }

    /// The two reducers in the configuration that shows them, if it is there in this size.
    pub fn system(&self, size: Size) -> Option<Broken> {
        let configuration = config::find(size, self.configuration)?;
        let (import, export) = self.sides(configuration.reducers());
        let old = |side| configuration.cast.player(side) == Player::Legacy;
        let import = if old(Side::Import) { Boxed::new(legacy::Importer::new()) } else { import };
        let export = if old(Side::Export) { Boxed::new(legacy::Exporter::new()) } else { export };
        let system = System::new(configuration, import, export);
        Some(if self.setting == Setting::Disk { system.on_a_torn_disk() } else { system })
    }

    /// Returns the two reducers.
    pub fn sides(&self, config: Config) -> (AnyImport, AnyExport) {
        let (import, export) = (Importer::under(config, self.without), Exporter::under(config, self.without));
        (Boxed::new(import), Boxed::new(export))
    }

    /// Looks for the shortest violation of the property that has to find it.
    pub fn hunt(&self, size: Size, limits: Limits) -> Kill {
        let mut row = Row {
            configuration: self.configuration.into(),
            budget: String::new(),
            property: self.property,
            half: None,
            verdict: Verdict::Inconclusive { why: "there is no such configuration".into() },
            expected: Expected::Shown(self.id),
            counterexample: None,
        };
        if let Some(system) = self.system(size) {
            row.budget = system.configuration().budget.to_string();
            let configuration = *system.configuration();
            (row.verdict, row.counterexample) = match self.setting {
                Setting::Reducers | Setting::Disk => self.hunt_in(&system, limits),
                Setting::Registries => self.hunt_registries(configuration, limits),
                Setting::Clients => clients::checked::hunt(configuration, self.without, self.property, limits),
            };
        }
        Kill { mutant: self.id, broken: self.broken, row }
    }

    fn hunt_in(&self, system: &Broken, limits: Limits) -> (Verdict, Option<Counterexample>) {
        let graph = Graph::explore(system, limits, Some(self.property.id()));
        let cut = Verdict::Inconclusive { why: format!("cut short after {} states", graph.states()) };
        let doubt = (!graph.is_complete()).then_some(&cut);
        judge(system, &graph, self.property, Half::Both, doubt)
    }

    fn hunt_registries(&self, configuration: Configuration, limits: Limits) -> (Verdict, Option<Counterexample>) {
        let config = configuration.reducers();
        let (import, export) = (NewDevice::under(config, self.without), Exports::under(config, self.without));
        let again = Again::new(configuration, import, export);
        let graph = Graph::explore(&again, limits, Some(self.property.id()));
        judge_both(&again, &graph, self.property, Half::Both, None)
    }
}
