//! The hardened sides of a check: the reducers that ship, or others in their place.

use handfast::{export::Exporter, import::Importer, reducer::Config};

use crate::{
    property::judged::Judged,
    system::{
        config::{Configuration, Player},
        legacy::{self, Changes},
        side::{AnyExport, AnyImport, Boxed},
    },
};

/// Makes reducers for the hardened sides of any configuration.
#[derive(Clone, Copy, Debug)]
pub struct Players {
    /// An importer that has not begun.
    pub import: fn(Config) -> AnyImport,
    /// An exporter that has not begun.
    pub export: fn(Config) -> AnyExport,
    /// The decisions in which the legacy sides differ from the daemon of 2026-08.
    pub changes: Changes,
}

impl Default for Players {
    /// The reducers that ship, and daemons of 2026-08.
    fn default() -> Self {
        Self {
            import: |config| Boxed::new(Importer::new(config)),
            export: |config| Boxed::new(Exporter::new(config)),
            changes: Changes::NONE,
        }
    }
}

impl Players {
    /// The system of a configuration, with them where it has a hardened side.
    pub fn system(&self, configuration: Configuration) -> Judged<AnyImport, AnyExport> {
        let export = match configuration.cast.export {
            Player::Legacy => Boxed::new(legacy::Exporter::of(self.changes)),
            Player::Hardened | Player::Hostile => (self.export)(configuration.reducers()),
        };
        Judged::new(configuration, self.importer(&configuration), export)
    }

    /// The import side of a configuration.
    pub(crate) fn importer(&self, configuration: &Configuration) -> AnyImport {
        match configuration.cast.import {
            Player::Legacy => Boxed::new(legacy::Importer::of(self.changes)),
            Player::Hardened | Player::Hostile => (self.import)(configuration.reducers()),
        }
    }
}
