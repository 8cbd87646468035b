//! Random graphs against an oracle that knows nothing of components: it tries every set of states that a run could stay in.

use std::collections::BTreeSet;

use handfast_model::liveness::{Fairness, Lasso};
use proptest::prelude::*;

use crate::tiny::{Edge, Tiny, words};

const STATES: u8 = 6;

type Reach = [[bool; STATES as usize]; STATES as usize];

/// Which states can be reached from which, in no step or more, by these edges.
fn closure(edges: impl Iterator<Item = Edge>) -> Reach {
    let mut reach: Reach = std::array::from_fn(|from| std::array::from_fn(|to| from == to));
    for edge in edges {
        reach[edge.from as usize][edge.to as usize] = true;
    }
    for by in 0..STATES as usize {
        for from in 0..STATES as usize {
            for to in 0..STATES as usize {
                reach[from][to] |= reach[from][by] && reach[by][to];
            }
        }
    }
    reach
}

impl Tiny {
    fn possible(&self, state: u8) -> BTreeSet<u8> {
        classes(self.edges.iter().filter(|edge| edge.from == state))
    }

    /// Whether a fair run can visit these states, and only these, again and again.
    fn can_stay(&self, set: &[u8]) -> bool {
        let inner = || self.edges.iter().filter(|edge| set.contains(&edge.from) && set.contains(&edge.to));
        let reach = closure(inner().copied());
        let connected = set.iter().all(|&one| set.iter().all(|&other| reach[one as usize][other as usize]));
        let taken = classes(inner());
        let passed_over =
            |class: u8| !taken.contains(&class) && set.iter().all(|&at| self.possible(at).contains(&class));
        connected && inner().next().is_some() && !(0..=u8::MAX).any(passed_over)
    }

    /// The states in which a fair run can remain without fulfilling the claim.
    fn traps(&self) -> BTreeSet<u8> {
        let mut traps = BTreeSet::new();
        for bits in 1u32..1 << STATES {
            let set: Vec<u8> = (0..STATES).filter(|state| bits >> state & 1 == 1).collect();
            let ends = set.len() == 1 && self.possible(set[0]).is_empty();
            if !set.iter().any(|state| self.to.contains(state)) && (ends || self.can_stay(&set)) {
                traps.extend(set);
            }
        }
        traps
    }

    /// The steps to the nearest trap with the obligation open.
    fn distance(&self) -> Option<usize> {
        let traps = self.traps();
        let open = |before: bool, at: u8| !self.to.contains(&at) && (before || self.from.contains(&at));
        let mut level: BTreeSet<(u8, bool)> = self.roots.iter().map(|&root| (root, open(false, root))).collect();
        // There are no more places than that.
        for steps in 0..=2 * usize::from(STATES) {
            if level.iter().any(|(at, owed)| *owed && traps.contains(at)) {
                return Some(steps);
            }
            let next = |&(at, owed): &(u8, bool)| {
                self.edges.iter().filter(move |edge| edge.from == at).map(move |edge| (edge.to, open(owed, edge.to)))
            };
            level = level.iter().flat_map(next).collect();
        }
        None
    }

    /// Whether a lasso is a fair run that breaks the claim.
    fn is_broken_by(&self, lasso: &Lasso<u8, Edge>) -> bool {
        let last = *lasso.prefix.last();
        let steps: Vec<_> = lasso.prefix.steps.iter().chain(&lasso.cycle).collect();
        let states: Vec<u8> = std::iter::once(lasso.prefix.root).chain(steps.iter().map(|(_, state)| *state)).collect();
        let real = self.roots.contains(&states[0])
            && steps
                .iter()
                .zip(&states)
                .all(|((edge, to), from)| (edge.from, edge.to) == (*from, *to) && self.edges.contains(edge));
        let mut owed = false;
        for state in &states {
            owed = !self.to.contains(state) && (owed || self.from.contains(state));
        }
        let cycle: Vec<u8> = lasso.cycle.iter().map(|(_, state)| *state).collect();
        let fair = if lasso.is_dead_end() {
            self.possible(last).is_empty()
        } else {
            let taken = classes(lasso.cycle.iter().map(|(edge, _)| edge));
            let passed_over =
                |class| !taken.contains(&class) && cycle.iter().all(|&at| self.possible(at).contains(&class));
            cycle.last() == Some(&last) && !(0..=u8::MAX).any(passed_over)
        };
        real && owed && fair && !cycle.iter().any(|state| self.to.contains(state))
    }
}

fn classes<'a>(edges: impl Iterator<Item = &'a Edge>) -> BTreeSet<u8> {
    edges
        .filter_map(|edge| match edge.fairness {
            Fairness::Fair(class) => Some(class),
            Fairness::Unfair => None,
        })
        .collect()
}

fn graphs() -> impl Strategy<Value = Tiny> {
    let class = prop_oneof![Just(Fairness::Unfair), prop::sample::select(vec![0, 1, 255]).prop_map(Fairness::Fair)];
    let edge = (0..STATES, class, 0..STATES).prop_map(|(from, fairness, to)| Edge { from, fairness, to });
    let some = || prop::collection::vec(0..STATES, 0..3);
    let edges = prop::collection::vec(edge, 0..16);
    (prop::collection::vec(0..STATES, 1..3), edges, some(), some()).prop_map(|(roots, edges, from, to)| Tiny {
        roots,
        edges,
        from,
        to,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_pass_says_what_the_oracle_says(tiny in graphs()) {
        match (tiny.check(), tiny.distance()) {
            (Ok(()), None) => {}
            (Err(lasso), Some(steps)) => {
                prop_assert!(tiny.is_broken_by(&lasso), "{}", words(&lasso));
                prop_assert_eq!(lasso.prefix.steps.len(), steps, "{}", words(&lasso));
            }
            (answer, distance) => prop_assert!(false, "{answer:?}, the oracle {distance:?}"),
        }
    }
}

/// The oracle is not so easily pleased.
#[test]
fn a_lasso_that_shows_nothing_is_refused() {
    let tiny = Tiny::new("0a1 1a0 1b2", &[2]);
    let lasso = tiny.check().unwrap_err();
    assert!(tiny.is_broken_by(&lasso));
    let mut ended = lasso.clone();
    ended.cycle.clear();
    assert!(!tiny.is_broken_by(&ended));
    let mut open = lasso.clone();
    open.cycle.pop();
    assert!(!tiny.is_broken_by(&open));
    assert!(!Tiny::new("0a1 1a0 0b2 1b2", &[2]).is_broken_by(&lasso));
    assert!(!Tiny::new("0a1 1a0 1b2", &[1]).is_broken_by(&lasso));
    assert!(!Tiny::new("0a1 1a0 1b2", &[2]).from(&[2]).is_broken_by(&lasso));
}
