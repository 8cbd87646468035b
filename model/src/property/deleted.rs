//! Checks that a test can delete, each by its place, to show that something notices: a mutant of the mutants.
//!
//! Outside of this crate's own unit tests [`checked`] is the identity, and no set of deleted checks exists.

use crate::property::properties::PropertyId;

/// Returns whether a check of a property holds.
#[cfg(not(test))]
#[inline(always)]
pub(crate) const fn checked(_: PropertyId, holds: bool) -> bool {
    holds
}

/// Returns whether a check of a property holds, or is deleted.
#[cfg(test)]
#[track_caller]
pub(crate) fn checked(_: PropertyId, holds: bool) -> bool {
    holds || deletion::is_deleted(std::panic::Location::caller())
}

/// The deleted check of this thread, and the checks that failed.
#[cfg(test)]
pub(crate) mod deletion {
    use std::{
        cell::{Cell, RefCell},
        collections::BTreeSet,
        panic::Location,
    };

    /// A check: where it stands in the sources.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub(crate) struct Place {
        pub(crate) file: &'static str,
        pub(crate) line: u32,
    }

    thread_local! {
        static DELETED: Cell<Option<Place>> = const { Cell::new(None) };
        static FAILED: RefCell<BTreeSet<Place>> = const { RefCell::new(BTreeSet::new()) };
    }

    /// Returns whether the check that does not hold is deleted, and notes it where it is not.
    pub(super) fn is_deleted(at: &'static Location<'static>) -> bool {
        let place = Place { file: at.file(), line: at.line() };
        let deleted = DELETED.get() == Some(place);
        if !deleted {
            FAILED.with_borrow_mut(|failed| failed.insert(place));
        }
        deleted
    }

    /// Does something without a check.
    pub(crate) fn without<T>(place: Place, work: impl FnOnce() -> T) -> T {
        DELETED.set(Some(place));
        let result = work();
        DELETED.set(None);
        result
    }

    /// Does something, and returns the checks that failed.
    pub(crate) fn failing<T>(work: impl FnOnce() -> T) -> (T, BTreeSet<Place>) {
        FAILED.take();
        let result = work();
        (result, FAILED.take())
    }
}

#[cfg(test)]
mod tests;
