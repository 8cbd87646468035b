//! The search of a link that goes on: from the nodes that explain the lines so far to those that explain one more.
//!
//! A node without an unexplained line is not expanded: what happens after it depends on when the next line is noted. So a node that
//! is kept stays right whatever the next lines are, as long as all lines are of one clock.

use std::{collections::HashSet, hash::Hash};

use ahash::RandomState;
use handfast::outcome::Side;
use nohash_hasher::BuildNoHashHasher;
use stateright::Model as _;

use super::{Act, Node, Search};
use crate::{
    report::observed::runs::What,
    system::{
        action::Action,
        side::{ExportSide, ImportSide},
    },
};

/// The lines go on: no moment is after the end of a file.
const OPEN: u64 = u64::MAX;

impl<I: ImportSide + Hash, E: ExportSide + Hash> Search<'_, I, E> {
    /// The same, of files to which lines will be added.
    pub(in crate::report::observed) fn open(mut self) -> Self {
        self.clock = self.clock.map(|(clock, _)| (clock, OPEN));
        self.ends.iter_mut().for_each(|(_, end)| *end = OPEN);
        self
    }

    /// Returns the nodes that explain all lines, from these; without `from`, from the beginning. `None`: more than `most` nodes were
    /// looked at.
    pub(in crate::report::observed) fn advance(
        &self,
        from: Option<Vec<Node<I, E>>>,
        most: usize,
    ) -> Option<Vec<Node<I, E>>> {
        let hasher = RandomState::with_seeds(0x6c69, 0x6e6b, 0x6c69, 0x7665);
        let mut waiting = from.unwrap_or_else(|| self.init_states());
        let mut known: HashSet<u64, BuildNoHashHasher<u64>> =
            waiting.iter().map(|node| hasher.hash_one(node)).collect();
        let (mut explained, mut acts) = (Vec::new(), Vec::new());
        while let Some(node) = waiting.pop() {
            if self.heads(node.at).next().is_none() {
                explained.push(node);
                continue;
            }
            self.acts(&node, &mut acts);
            for act in acts.drain(..) {
                let Ok(taken) = self.take(&node, act) else { continue };
                if known.insert(hasher.hash_one(&taken.node)) {
                    waiting.push(taken.node);
                }
            }
            if known.len() > most {
                return None;
            }
        }
        Some(explained)
    }

    /// Adds the acts that can be next in a node.
    pub(super) fn acts(&self, node: &Node<I, E>, acts: &mut Vec<Act>) {
        let actions = node.state.actions(self.system);
        // The calls of a side that was watched are known, but for the one that is under way at the end.
        let hidden = |action: &Action| action.caller().is_none_or(|side| self.may_be_under_way(node, side, *action));
        acts.extend(actions.iter().copied().filter(hidden).map(Act::Hidden));
        for side in [Side::Import, Side::Export] {
            if let Some(what) = self.next_call(node, side) {
                let typed = matches!(what, What::Provide { .. });
                acts.extend([true, false].into_iter().take(1 + usize::from(typed)).map(|right| Act::Call(side, right)));
            }
        }
    }
}
