//! Mutants: state machines that break a rule, to show that the check that guards it can fail.

mod list;

use handfast::{export::Exporter, import::Importer, outcome::Side, reducer::Config};

pub use self::list::MUTANTS;
use crate::{
    property::{judged::Judged, properties::PropertyId, without::Without},
    system::{
        config::{self, Configuration, Player, Size},
        legacy,
        side::{AnyExport, AnyImport, Boxed},
        world::Disk,
    },
};

/// A mutant in its configuration.
pub type Broken = Judged<AnyImport, AnyExport>;

/// A rule that is broken, and what has to notice.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The stable id.
    pub id: &'static str,
    /// The broken rule, in words.
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
    /// In the flag *archive has a password* that is written with an account.
    Flag,
}

impl Mutant {
    /// The mutant of this id.
    pub fn find(id: &str) -> Option<&'static Self> {
        MUTANTS.iter().find(|mutant| mutant.id == id)
    }

    /// The two reducers in the configuration that shows them, if it is there in this size.
    pub fn system(&self, size: Size) -> Option<Broken> {
        Some(self.in_place(config::find(size, self.configuration)?))
    }

    /// Returns a configuration with it in the place of the shipped reducers.
    pub fn in_place(&self, configuration: Configuration) -> Broken {
        let (import, export) = self.sides(configuration.reducers());
        let old = |side| configuration.cast.player(side) == Player::Legacy;
        let import = if old(Side::Import) { Boxed::new(legacy::Importer::new()) } else { import };
        let export = if old(Side::Export) { Boxed::new(legacy::Exporter::new()) } else { export };
        let system = Judged::new(configuration, import, export);
        match self.setting {
            Setting::Disk => system.on(Disk::Torn),
            Setting::Flag => system.on(Disk::NamesScheme),
            Setting::Reducers | Setting::Registries | Setting::Clients => system,
        }
    }

    /// Returns the two reducers.
    pub fn sides(&self, config: Config) -> (AnyImport, AnyExport) {
        let (import, export) = (Importer::under(config, self.without), Exporter::under(config, self.without));
        (Boxed::new(import), Boxed::new(export))
    }
}
