//! The arms of registries that break a rule, for the checks that have to find it. Under [`AllRules`](crate::rules::AllRules): nothing.

use super::{Exports, Imports, LocalId, OpId};
use crate::{
    export, import,
    rules::{Rule, Rules},
};

impl<R: Rules> Exports<R> {
    /// Drops the other live operations upon an event of this one.
    #[inline]
    pub(super) fn broken(&mut self, op: OpId, input: export::Input) {
        if self.rules.lacks(Rule::LateEventsApart) && !input.is_call() {
            self.operations.retain(|(id, exporter)| *id == op || exporter.outcome().is_some());
        }
    }
}

impl<R: Rules> Imports<R> {
    /// Drops the other live operations upon an event of this one.
    #[inline]
    pub(super) fn broken(&mut self, id: LocalId, input: import::Input) {
        if self.rules.lacks(Rule::LateImportsApart) && !input.is_call() {
            self.operations.retain(|(other, importer)| *other == id || importer.outcome().is_some());
        }
    }
}
