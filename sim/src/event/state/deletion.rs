//! The place at which a law is found broken, and the one that a test deletes.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    panic::Location,
};

/// A line of the sources that says that a law is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

thread_local! {
    static DELETED: Cell<Option<Place>> = const { Cell::new(None) };
    static BROKEN: RefCell<BTreeSet<Place>> = const { RefCell::new(BTreeSet::new()) };
}

/// Returns whether the line is deleted, and notes it where it is not.
pub(crate) fn is_deleted(at: &'static Location<'static>) -> bool {
    let place = Place { file: at.file(), line: at.line() };
    let deleted = DELETED.get() == Some(place);
    if !deleted {
        BROKEN.with_borrow_mut(|broken| broken.insert(place));
    }
    deleted
}

/// Does something without a line.
pub(crate) fn without<T>(place: Place, work: impl FnOnce() -> T) -> T {
    DELETED.set(Some(place));
    let result = work();
    DELETED.set(None);
    result
}

/// Does something, and returns the lines that found a law broken.
pub(crate) fn broken_at<T>(work: impl FnOnce() -> T) -> (T, BTreeSet<Place>) {
    BROKEN.take();
    let result = work();
    (result, BROKEN.take())
}
