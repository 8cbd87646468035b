//! Today's daemon as two reducers, row by row as `docs/legacy.md` tells it: what a hardened peer has to get on with.
//!
//! Nothing that ships uses them. What that daemon does in several steps, with others in between, is several steps here too: the
//! steps of its own ([`Side::inner`]) are what it has posted to a loop or a worker.

pub mod clients;
pub mod export;
pub mod import;

use std::{
    collections::HashSet,
    hash::{Hash, Hasher},
};

use handfast::{export::Input, outcome::Scheme};
use stateright::Model;

use crate::{
    config::{Configuration, Player},
    side::{ExportSide, ImportSide, Side},
    system::System,
};

pub use self::{export::Exporter, import::Importer};

/// The states of the message protocol, one list for both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum AuthState {
    Handshake,
    Est,
    Auth,
    Data,
    Err,
    AuthError,
    Timeout,
    Canceled,
}

impl AuthState {
    /// Whether the operation is over in this state.
    pub(crate) const fn is_completed(self) -> bool {
        matches!(self, Self::Err | Self::AuthError | Self::Timeout | Self::Canceled)
    }
}

/// The numbers of the rows that the last step took. They are no part of the state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows(u32);

impl Rows {
    fn take(&mut self, row: u8) {
        self.0 |= 1 << row;
    }

    /// Those of both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The numbers, in order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..32).filter(move |&row| self.0 & 1 << row != 0)
    }
}

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
trait Told {
    fn told(&self) -> Rows {
        Rows::default()
    }
}

impl Told for handfast::import::Importer {}
impl Told for handfast::export::Exporter {}

impl Told for Importer {
    fn told(&self) -> Rows {
        self.rows()
    }
}

/// What it refuses is no step of the system: it is tried in place.
impl Told for Exporter {
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

fn walk<I: ImportSide + Told, E: ExportSide + Told>(
    configuration: Configuration,
    import: I,
    export: E,
) -> (Rows, Rows) {
    let system = System::new(configuration, import, export);
    let mut taken = (Rows::default(), Rows::default());
    let mut waiting = system.init_states();
    let mut known: HashSet<_> = waiting.iter().cloned().collect();
    let mut actions = Vec::new();
    while let Some(state) = waiting.pop() {
        actions.clear();
        system.actions(&state, &mut actions);
        for &action in &actions {
            let Some(next) = system.next_state(&state, action) else { continue };
            taken = (taken.0.and(next.import.told()), taken.1.and(next.export.told()));
            if known.insert(next.clone()) {
                waiting.push(next);
            }
        }
    }
    taken
}

impl PartialEq for Rows {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Rows {}

impl Hash for Rows {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
