//! The systems of the links of a stream, and the states of each that its links have met.

use std::sync::{Arc, Mutex, PoisonError};

use handfast::{export::Exporter, import::Importer};

use super::search::memo::Memo;
use crate::{
    property::judged::Judged,
    report::check::{hardened, with_legacy},
    system::{
        config::Configuration,
        side::{AnyExport, AnyImport},
    },
};

/// Systems of each kind that are kept, at most: those that were wanted last.
const SYSTEMS: usize = 4;

/// The systems of a stream. Each is that of one configuration.
#[derive(Debug, Default)]
pub(super) struct Memories {
    hardened: Systems<Importer, Exporter>,
    mixed: Systems<AnyImport, AnyExport>,
}

/// A system, and its states.
#[derive(Debug)]
pub(super) struct Ground<I, E> {
    pub(super) system: Judged<I, E>,
    pub(super) memo: Memo<I, E>,
}

/// Systems in the order in which they were wanted last.
#[derive(Debug)]
struct Systems<I, E>(Mutex<Vec<Kept<I, E>>>);

/// A system, and its configuration.
type Kept<I, E> = (Configuration, Arc<Ground<I, E>>);

impl<I, E> Default for Systems<I, E> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<I, E> Systems<I, E> {
    fn of(&self, configuration: Configuration, make: impl FnOnce(Configuration) -> Judged<I, E>) -> Arc<Ground<I, E>> {
        // No one panics while it is locked.
        let mut systems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match systems.iter().position(|(of, _)| *of == configuration) {
            Some(at) => systems.remove(at),
            None => (configuration, Arc::new(Ground { system: make(configuration), memo: Memo::default() })),
        };
        if systems.len() >= SYSTEMS {
            systems.remove(0);
        }
        let ground = kept.1.clone();
        systems.push(kept);
        ground
    }
}

impl Memories {
    /// The system of two sides that ship.
    pub(super) fn hardened(&self, configuration: Configuration) -> Arc<Ground<Importer, Exporter>> {
        self.hardened.of(configuration, hardened)
    }

    /// The system of a pair with an old daemon.
    pub(super) fn mixed(&self, configuration: Configuration) -> Arc<Ground<AnyImport, AnyExport>> {
        self.mixed.of(configuration, with_legacy)
    }
}

#[cfg(test)]
mod tests {
    use handfast::outcome::Profile;

    use super::*;
    use crate::{report::observed::Terms, system::config::Cast};

    /// The four that were wanted last are kept, and are the same when they are wanted again.
    #[test]
    fn few_systems_are_kept() {
        let memories = Memories::default();
        let of = |loss| {
            let mut configuration = Terms::new(Cast::HH, Profile::Documented).configuration();
            configuration.budget.loss = loss;
            memories.hardened(configuration)
        };
        let first = of(0);
        (1..4).for_each(|loss| drop(of(loss)));
        assert!(Arc::ptr_eq(&first, &of(0)));
        (4..8).for_each(|loss| drop(of(loss)));
        assert!(!Arc::ptr_eq(&first, &of(0)));
        assert_eq!(memories.hardened.0.lock().unwrap().len(), 4);
    }
}
