//! Weak bisimulation by partition refinement: whether two graphs look alike to those who see some of their steps.
//!
//! States begin in one block. A block is divided where its states reach, by silent steps around one visible step or by silent steps
//! alone, other blocks; when nothing is divided any more, two states are in one block exactly if they are weakly bisimilar (Milner).
//! A graph with a cycle of silent steps is not compared, so that the relation is divergence-sensitive too: neither graph has a divergence.
//! Before that each graph is reduced by strong bisimulation, which is cheaper and keeps what is compared.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use stateright::Model;

use crate::explorer::explore::{Graph, Limits};

/// The label of a silent step.
const SILENT: u32 = 0;

/// The labels of several graphs, as numbers.
#[derive(Debug)]
pub(crate) struct Labels<L>(HashMap<L, u32>);

impl<L> Default for Labels<L> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<L: Eq + Hash> Labels<L> {
    fn number(&mut self, label: Option<L>) -> u32 {
        let next = self.0.len() as u32 + 1;
        label.map_or(SILENT, |label| *self.0.entry(label).or_insert(next))
    }
}

/// A complete graph with labels; it begins in state 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labelled {
    /// The label and the target of each step from each state.
    steps: Vec<Vec<(u32, u32)>>,
}

impl Labelled {
    /// Explores a model, with the visible part of each step; none: the step is silent. `None`: the limits cut the graph short.
    pub(crate) fn explore<M, L: Eq + Hash>(
        model: &M,
        limits: Limits,
        labels: &mut Labels<L>,
        mut see: impl FnMut(&M::State, M::Action) -> Option<(M::State, Option<L>)>,
    ) -> Option<Self>
    where
        M: Model<State: Hash>,
    {
        let mut seen: Vec<u32> = Vec::new();
        let graph = Graph::explore_with(model, limits, None, |_, state, action| {
            let (next, label) = see(state, action)?;
            seen.push(labels.number(label));
            Some(next)
        });
        let mut labels = seen.into_iter();
        let steps = |node| graph.successors(node).iter().map(|&to| (labels.next().unwrap_or(SILENT), to)).collect();
        let steps = (0..graph.states() as u32).map(steps).collect();
        graph.is_complete().then_some(Self { steps })
    }

    /// Returns how many states it has.
    pub(crate) fn states(&self) -> usize {
        self.steps.len()
    }

    /// Puts both into one graph. Returns where the second one begins.
    fn join(&self, other: &Self) -> (Self, usize) {
        let begin = self.states();
        let moved =
            other.steps.iter().map(|steps| steps.iter().map(|&(label, to)| (label, to + begin as u32)).collect());
        (Self { steps: self.steps.iter().cloned().chain(moved).collect() }, begin)
    }

    /// Returns the quotient by strong bisimulation. It begins in state 0 as well.
    pub(crate) fn reduced(&self) -> Self {
        let (mut blocks, mut count) = (vec![0u32; self.states()], 1);
        loop {
            let mut numbers = HashMap::new();
            let signature = |(steps, block): (&Vec<(u32, u32)>, &u32)| {
                let mut reached: Vec<_> = steps.iter().map(|&(label, to)| (label, blocks[to as usize])).collect();
                reached.sort_unstable();
                reached.dedup();
                (*block, reached)
            };
            let signatures = self.steps.iter().zip(&blocks).map(signature);
            let next = signatures.map(|signature| {
                let number = numbers.len() as u32;
                *numbers.entry(signature).or_insert(number)
            });
            blocks = next.collect();
            if numbers.len() == count {
                let mut steps: Vec<Vec<(u32, u32)>> = Vec::with_capacity(count);
                // Blocks are numbered in the order of their first states: state 0 is in block 0.
                for (state, &block) in blocks.iter().enumerate() {
                    if block as usize == steps.len() {
                        let mut reached: Vec<_> =
                            self.steps[state].iter().map(|&(label, to)| (label, blocks[to as usize])).collect();
                        reached.sort_unstable();
                        reached.dedup();
                        steps.push(reached);
                    }
                }
                return Self { steps };
            }
            count = numbers.len();
        }
    }

    /// Returns the states in an order in which a silent step leads to an earlier one. `None`: silent steps make a cycle.
    fn silent_order(&self) -> Option<Vec<u32>> {
        let silent = |state: usize| self.steps[state].iter().filter(|(label, _)| *label == SILENT).map(|&(_, to)| to);
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); self.states()];
        let mut left = vec![0u32; self.states()];
        for (state, left) in left.iter_mut().enumerate() {
            for to in silent(state) {
                before[to as usize].push(state as u32);
                *left += 1;
            }
        }
        let mut free: Vec<u32> = (0..self.states() as u32).filter(|&state| left[state as usize] == 0).collect();
        let mut order = Vec::with_capacity(self.states());
        while let Some(state) = free.pop() {
            order.push(state);
            for &from in &before[state as usize] {
                left[from as usize] -= 1;
                if left[from as usize] == 0 {
                    free.push(from);
                }
            }
        }
        (order.len() == self.states()).then_some(order)
    }

    /// Returns the block of each state, and how many blocks there are.
    fn blocks(&self, order: &[u32]) -> (Vec<u32>, usize) {
        let (mut blocks, mut count) = (vec![0u32; self.states()], 1);
        loop {
            // The blocks that silent steps reach, and those that are reached with one visible step among them.
            let mut silent: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); self.states()];
            for &state in order {
                let mut reached = BTreeSet::from([blocks[state as usize]]);
                for &(label, to) in &self.steps[state as usize] {
                    if label == SILENT {
                        reached.extend(&silent[to as usize]);
                    }
                }
                silent[state as usize] = reached;
            }
            let mut visible: Vec<BTreeSet<(u32, u32)>> = vec![BTreeSet::new(); self.states()];
            let mut numbers = HashMap::new();
            let mut next = vec![0; self.states()];
            for &state in order {
                let mut reached = BTreeSet::new();
                for &(label, to) in &self.steps[state as usize] {
                    if label == SILENT {
                        reached.extend(visible[to as usize].iter().copied());
                    } else {
                        reached.extend(silent[to as usize].iter().map(|&block| (label, block)));
                    }
                }
                let number = numbers.len() as u32;
                let signature = (blocks[state as usize], silent[state as usize].clone(), reached.clone());
                next[state as usize] = *numbers.entry(signature).or_insert(number);
                visible[state as usize] = reached;
            }
            let divided = numbers.len();
            blocks = next;
            if divided == count {
                return (blocks, count);
            }
            count = divided;
        }
    }
}

/// How two graphs compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// They are weakly bisimilar, with so many blocks.
    Alike(usize),
    /// They are not.
    Unlike,
    /// Silent steps make a cycle: it was not decided.
    Open,
}

/// Compares two graphs whose labels have the same numbers.
pub(crate) fn compare(one: &Labelled, other: &Labelled) -> Comparison {
    let (both, begin) = one.join(other);
    let Some(order) = both.silent_order() else { return Comparison::Open };
    let (blocks, count) = both.blocks(&order);
    if blocks[0] == blocks[begin] { Comparison::Alike(count) } else { Comparison::Unlike }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(steps: &[&[(u32, u32)]]) -> Labelled {
        Labelled { steps: steps.iter().map(|steps| steps.to_vec()).collect() }
    }

    /// The textbook's graphs: `a` after silent steps is `a`; a silent step that gives up a choice shows.
    #[test]
    fn silent_steps_show_only_where_they_decide() {
        let a = graph(&[&[(1, 1)], &[]]);
        let silent_a_silent = graph(&[&[(0, 1)], &[(1, 2)], &[(0, 3)], &[]]);
        assert!(matches!(compare(&a, &silent_a_silent), Comparison::Alike(_)));
        let a_or_b = graph(&[&[(1, 1), (2, 1)], &[]]);
        let decided = graph(&[&[(0, 1), (2, 2)], &[(1, 2)], &[]]);
        assert_eq!(compare(&a_or_b, &decided), Comparison::Unlike);
        assert!(matches!(compare(&decided, &decided), Comparison::Alike(_)));
        // After `a`, `b` or `c`, or decided with `a`.
        let late = graph(&[&[(1, 1)], &[(2, 2), (3, 2)], &[]]);
        let early = graph(&[&[(1, 1), (1, 2)], &[(2, 3)], &[(3, 3)], &[]]);
        assert_eq!(compare(&late, &early), Comparison::Unlike);
    }

    /// Weak, and not branching: what silent steps pass through does not count.
    #[test]
    fn it_is_milners() {
        // a.(b + silent.c) + a.c is a.(b + silent.c) up to weak bisimulation.
        let less = graph(&[&[(1, 1)], &[(2, 3), (0, 2)], &[(3, 3)], &[]]);
        let more = graph(&[&[(1, 1), (1, 2)], &[(2, 3), (0, 2)], &[(3, 3)], &[]]);
        assert!(matches!(compare(&less, &more), Comparison::Alike(_)));
    }

    /// Both ways around a diamond are one, and a silent step that decides stays.
    #[test]
    fn a_reduced_graph_is_alike_and_smaller() {
        let diamond = graph(&[&[(1, 1), (1, 2)], &[(2, 3)], &[(2, 3)], &[]]);
        let reduced = diamond.reduced();
        assert_eq!(reduced, graph(&[&[(1, 1)], &[(2, 2)], &[]]));
        assert!(matches!(compare(&diamond, &reduced), Comparison::Alike(_)));
        let decided = graph(&[&[(0, 1), (2, 2)], &[(1, 2)], &[]]);
        assert_eq!(decided.reduced(), decided);
    }

    #[test]
    fn silence_without_end_is_not_decided() {
        let silent = graph(&[&[(0, 0)]]);
        assert_eq!(compare(&silent, &silent), Comparison::Open);
    }
}
