//! Which rows of the tables of today's daemon a configuration takes.

use std::collections::HashSet;

use handfast::{export::Input, outcome::Scheme};

use crate::{
    property::judged::Judged,
    system::{
        config::{Configuration, Player},
        legacy::{Exporter, Importer, Rows},
        side::{ExportSide, ImportSide, Side},
    },
};

/// The rows that are taken anywhere in a configuration: of the importer, and of the exporter.
pub fn rows_taken(configuration: Configuration) -> (Rows, Rows) {
    let config = configuration.reducers();
    match (configuration.cast.import, configuration.cast.export) {
        (Player::Legacy, Player::Legacy) => walk(configuration, Importer::new(), Exporter::new()),
        (Player::Legacy, _) => walk(configuration, Importer::new(), handfast::export::Exporter::new(config)),
        (_, Player::Legacy) => walk(configuration, handfast::import::Importer::new(config), Exporter::new()),
        _ => (Rows::default(), Rows::default()),
    }
}

/// A side that may be a legacy one.
trait Received {
    fn told(&self) -> Rows {
        Rows::default()
    }
}

impl Received for handfast::import::Importer {}
impl Received for handfast::export::Exporter {}

impl Received for Importer {
    fn told(&self) -> Rows {
        self.rows()
    }
}

/// A refused call is no step of the system: it is tried in place.
impl Received for Exporter {
    fn told(&self) -> Rows {
        let calls = [Input::AddDevice(Scheme::None), Input::ConfirmAddDevice];
        calls.into_iter().fold(self.rows(), |rows, call| {
            let mut probed = self.clone();
            // Only the rows are of interest.
            let _ = probed.take(call);
            rows.and(probed.rows())
        })
    }
}

fn walk<I: ImportSide + Received, E: ExportSide + Received>(
    configuration: Configuration,
    import: I,
    export: E,
) -> (Rows, Rows) {
    let system = Judged::new(configuration, import, export);
    let mut taken = (Rows::default(), Rows::default());
    let mut waiting = vec![system.begin()];
    let mut known: HashSet<_> = waiting.iter().cloned().collect();
    let mut actions = Vec::new();
    while let Some(state) = waiting.pop() {
        actions.clear();
        system.actions(&state, &mut actions);
        for &action in &actions {
            let Some(next) = system.next(&state, action) else { continue };
            taken = (taken.0.and(next.import.told()), taken.1.and(next.export.told()));
            if known.insert(next.clone()) {
                waiting.push(next);
            }
        }
    }
    taken
}
