//! Which rows of the tables of today's daemon a configuration takes.

use std::collections::HashSet;

use handfast::{
    export::Input,
    outcome::{self, Scheme},
};

use crate::{
    property::judged::Judged,
    system::{
        Turn,
        action::Action,
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

/// A side that may be a legacy one: which rows a step takes.
trait Noting: Side {
    /// Notes the rows that an input takes.
    fn note(&self, _input: Self::Input, _rows: &mut Rows) {}

    /// Notes the rows that a step of its own takes.
    fn note_inner(&self, _step: u8, _rows: &mut Rows) {}

    /// Notes the rows of calls that are refused: a refused call is no step of the system.
    fn note_refused(&self, _rows: &mut Rows) {}
}

impl Noting for handfast::import::Importer {}
impl Noting for handfast::export::Exporter {}

impl Noting for Importer {
    fn note(&self, input: Self::Input, rows: &mut Rows) {
        // Only the rows are of interest.
        let _ = self.clone().take_noting(input, rows);
    }

    fn note_inner(&self, step: u8, rows: &mut Rows) {
        self.clone().advance_noting(step, rows);
    }
}

impl Noting for Exporter {
    fn note(&self, input: Self::Input, rows: &mut Rows) {
        let _ = self.clone().take_noting(0, input, rows);
    }

    fn note_refused(&self, rows: &mut Rows) {
        for call in [Input::AddDevice(Scheme::None), Input::ConfirmAddDevice] {
            self.note(call, rows);
        }
    }
}

fn walk<I: ImportSide + Noting, E: ExportSide + Noting>(
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
            let Some((next, turn)) = system.step(&state, action) else { continue };
            match (action, turn) {
                (Action::Inner(outcome::Side::Import, step), _) => state.import.note_inner(step, &mut taken.0),
                (Action::Inner(outcome::Side::Export, step), _) => state.export.note_inner(step, &mut taken.1),
                (_, Turn::Import(Some(input), _)) => state.import.note(input, &mut taken.0),
                (_, Turn::Export(Some(input), _)) => state.export.note(input, &mut taken.1),
                _ => {}
            }
            next.export.note_refused(&mut taken.1);
            if known.insert(next.clone()) {
                waiting.push(next);
            }
        }
    }
    taken
}
