//! The invariants of the registries.

use super::{Exports, Imports};
use crate::{
    limits::{MAX_IMPORTS, MAX_LINGERING, MAX_OP_ID},
    reducer::ensure,
    rules::Rules,
};

impl<R: Rules> Exports<R> {
    /// Checks what holds of the operations, and of each of them. A registry that ships asserts it in a debug build; the checker asks in
    /// each state.
    ///
    /// # Errors
    /// The line that does not hold.
    pub fn invariant(&self) -> Result<(), &'static str> {
        let (ids, last) = (self.operations.iter().map(|(id, _)| id.0), self.last);
        ensure(ids.clone().is_sorted_by(|one, next| one < next), "ids grow")?;
        ensure(ids.clone().all(|id| id > 0 && id <= last) && last <= MAX_OP_ID, "an id was given out")?;
        ensure(self.operations.len() <= MAX_LINGERING, "ended operations are limited")?;
        let live = |at: &usize| self.operations[*at].1.outcome().is_none();
        let all = 0..self.operations.len();
        ensure(all.clone().filter(live).all(|at| at + 1 == all.end), "only the last operation is live")?;
        self.operations.iter().try_for_each(|(_, exporter)| exporter.invariant())
    }
}

impl<R: Rules> Imports<R> {
    /// Checks what holds of the operations, and of each of them. A registry that ships asserts it in a debug build; the checker asks in
    /// each state.
    ///
    /// # Errors
    /// The line that does not hold.
    pub fn invariant(&self) -> Result<(), &'static str> {
        let alone = |id| self.operations.iter().filter(|(other, _)| *other == id).count() == 1;
        ensure(self.operations.iter().all(|(id, _)| alone(*id)), "each import has an id of its own")?;
        let live = self.operations.iter().filter(|(_, importer)| importer.outcome().is_none());
        ensure(live.count() <= MAX_IMPORTS, "live imports are limited")?;
        self.operations.iter().try_for_each(|(_, importer)| importer.invariant())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        export::{self, Exporter},
        import::{self, Importer},
        operations::{LocalId, OpId},
        outcome::Scheme,
        reducer::Config,
    };

    fn exporter(ended: bool) -> Exporter {
        let mut exporter = Exporter::new(Config::default());
        exporter.handle(export::Input::AddDevice(Scheme::None)).unwrap();
        while exporter.poll_effect().is_some() {}
        if ended {
            exporter.handle(export::Input::CancelAddDevice).unwrap();
            while exporter.poll_effect().is_some() {}
        }
        exporter
    }

    fn exports(last: u32, operations: &[(u32, bool)]) -> Result<(), &'static str> {
        let operations = operations.iter().map(|&(id, ended)| (OpId(id), exporter(ended))).collect();
        Exports { last, operations, ..Exports::new(Config::default()) }.invariant()
    }

    #[test]
    fn exports_that_do_not_fit_are_found() {
        assert_eq!(exports(3, &[(1, true), (3, false)]), Ok(()));
        assert_eq!(exports(3, &[(2, true), (2, false)]), Err("ids grow"));
        assert_eq!(exports(3, &[(3, true), (1, false)]), Err("ids grow"));
        for (last, id) in [(1, 0), (1, 2), (MAX_OP_ID + 1, 1)] {
            assert_eq!(exports(last, &[(id, false)]), Err("an id was given out"));
        }
        let many: alloc::vec::Vec<_> = (1..=MAX_LINGERING as u32 + 1).map(|id| (id, true)).collect();
        assert_eq!(exports(100, &many), Err("ended operations are limited"));
        for two in [[(1, false), (2, false)], [(1, false), (2, true)]] {
            assert_eq!(exports(2, &two), Err("only the last operation is live"));
        }
    }

    fn imports(ids: impl IntoIterator<Item = u64>) -> Result<(), &'static str> {
        let importer = || {
            let mut importer = Importer::new(Config::default());
            importer.handle(import::Input::AddAccount).unwrap();
            while importer.poll_effect().is_some() {}
            importer
        };
        let operations = ids.into_iter().map(|id| (LocalId(id), importer())).collect();
        Imports { operations, ..Imports::new() }.invariant()
    }

    #[test]
    fn imports_that_do_not_fit_are_found() {
        let most = MAX_IMPORTS as u64;
        assert_eq!(imports(0..most), Ok(()));
        assert_eq!(imports([1, 1]), Err("each import has an id of its own"));
        assert_eq!(imports(0..=most), Err("live imports are limited"));
    }
}
