//! Whether what has to happen does happen, on a complete graph: after every state *from*, every fair run comes to a state *to*.
//!
//! A run is fair if it does not pass over an action for ever. Actions are in classes: a run that never ends takes each fair class
//! again and again, unless that is again and again not possible (weak fairness); a run ends only where no fair class is possible.
//! No one has to take an unfair action: people, faults and adversaries may always do nothing.
//!
//! So a claim fails in a *dead end*, a state that is not *to* and in which no fair class is possible, or in a cycle without *to*
//! in which each fair class is taken, or is impossible somewhere. If any cycle within a strongly connected component is
//! fair, then the one through all of its edges is, so components decide.
//!
//! `stateright`'s `eventually` looks at states without a successor only, and remembers for each state one of the ways to it:
//! it misses cycles, and joins where the other way is the one that matters.

mod classes;
mod components;
mod witness;

use std::rc::Rc;

use stateright::Model;

use self::classes::Classes;
use crate::explorer::explore::{Graph, Path};

/// Whether an action has to be taken in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fairness {
    /// Never.
    Unfair,
    /// If an action of this class is possible from some state on, one of them is taken.
    Fair(u8),
}

/// From every state where `from` holds, every fair run reaches one where `to` holds.
#[derive(Clone, Copy, Debug)]
pub struct LeadsTo<F, T> {
    /// The states that bring the obligation.
    pub from: F,
    /// The states that fulfil it. Where both hold, it is fulfilled.
    pub to: T,
}

/// A fair run that breaks a claim.
#[derive(Clone, Debug)]
pub struct Lasso<S, A> {
    /// A shortest way to where it goes wrong.
    pub prefix: Path<S, A>,
    /// The cycle that goes on from there for ever, and ends where it begins. Empty: nothing has to happen any more.
    pub cycle: Vec<(A, S)>,
}

impl<S, A> Lasso<S, A> {
    /// Whether the run ends.
    pub fn is_dead_end(&self) -> bool {
        self.cycle.is_empty()
    }

    /// The whole run, once round its loop.
    pub fn into_path(self) -> Path<S, A> {
        let Self { mut prefix, cycle } = self;
        prefix.steps.extend(cycle);
        prefix
    }
}

/// The state fulfils the claim.
const TO: u8 = 1;
/// The state brings the obligation, and does not fulfil it.
const FROM: u8 = 2;
/// A fair run can stay here, and never fulfil it.
const BAD: u8 = 4;

/// The facts about a graph that a claim needs: a byte for each state, two for each edge.
pub struct Liveness<'a> {
    graph: &'a Graph,
    /// Of each node.
    marks: Vec<u8>,
    /// Of each edge, in the graph's order.
    fairness: Rc<Vec<Fairness>>,
}

/// Claims with one idea of what is fair.
#[derive(Clone, Debug)]
pub struct Claims<F, T, C> {
    /// The claims.
    pub claims: Vec<LeadsTo<F, T>>,
    /// Whether an action has to be taken in the end, in a state.
    pub classify: C,
}

impl<'a> Liveness<'a> {
    /// Looks at a graph with a claim in mind, and with what is fair. `None`: the graph is not complete, and decides nothing.
    pub fn new<M, F, T>(
        model: &M,
        graph: &'a Graph,
        claim: LeadsTo<F, T>,
        classify: impl Fn(&M::State, &M::Action) -> Fairness,
    ) -> Option<Self>
    where
        M: Model,
        M::Action: Clone,
        F: Fn(&M::State) -> bool,
        T: Fn(&M::State) -> bool,
    {
        Self::of_each(model, graph, &[Claims { claims: vec![claim], classify }])?.pop()
    }

    /// The same of many claims, in their order, for which the graph is walked once: each step is taken again for it.
    pub fn of_each<M, F, T, C>(model: &M, graph: &'a Graph, all: &[Claims<F, T, C>]) -> Option<Vec<Self>>
    where
        M: Model,
        M::Action: Clone,
        F: Fn(&M::State) -> bool,
        T: Fn(&M::State) -> bool,
        C: Fn(&M::State, &M::Action) -> Fairness,
    {
        if !graph.is_complete() {
            return None;
        }
        let claims = || all.iter().flat_map(|one| &one.claims);
        let mut marks: Vec<_> = claims().map(|_| Vec::with_capacity(graph.states())).collect();
        let mut fairness: Vec<_> = all.iter().map(|_| Vec::with_capacity(graph.edges())).collect();
        graph.walk(model, |_, state, actions| {
            for (claim, marks) in claims().zip(&mut marks) {
                marks.push(match ((claim.to)(state), (claim.from)(state)) {
                    (true, _) => TO,
                    (false, true) => FROM,
                    (false, false) => 0,
                });
            }
            for (one, fairness) in all.iter().zip(&mut fairness) {
                fairness.extend(actions.iter().map(|action| (one.classify)(state, action)));
            }
        });
        let fairness = fairness.into_iter().map(Rc::new).zip(all);
        let fairness = fairness.flat_map(|(fairness, one)| one.claims.iter().map(move |_| Rc::clone(&fairness)));
        let facts = marks.into_iter().zip(fairness).map(|(marks, fairness)| {
            let mut liveness = Self { graph, marks, fairness };
            liveness.mark_dead_ends();
            liveness.mark_cycles();
            liveness
        });
        Some(facts.collect())
    }

    /// Decides the claim.
    ///
    /// # Errors
    /// It fails: gives a fair run that shows it, with a shortest prefix.
    pub fn check<M: Model>(&self, model: &M) -> Result<(), Lasso<M::State, M::Action>>
    where
        M::Action: Clone,
    {
        let Some(run) = self.witness() else { return Ok(()) };
        let edges = run.prefix.iter().chain(&run.cycle).map(|&(node, target)| self.ordinal(node, target));
        let Some(mut prefix) = self.graph.follow(model, run.root, edges) else {
            unreachable!("a model that took these steps takes them again");
        };
        let cycle = prefix.steps.split_off(run.prefix.len());
        Err(Lasso { prefix, cycle })
    }

    fn is(&self, node: u32, mark: u8) -> bool {
        self.marks[node as usize] & mark != 0
    }

    /// The edges of a node: where each is in the list of all, and where it leads.
    fn edges(&self, node: u32) -> impl Iterator<Item = (usize, u32)> + '_ {
        let targets = self.graph.successors(node);
        (self.graph.first_edge(node)..).zip(targets.iter().copied())
    }

    /// The number of an edge among those of its node.
    fn ordinal(&self, node: u32, edge: usize) -> usize {
        edge - self.graph.first_edge(node)
    }

    /// The fair classes that are possible in a node, also those that lead out of where a claim fails.
    fn possible(&self, node: u32) -> Classes {
        self.edges(node).map(|(edge, _)| self.fairness[edge]).collect()
    }

    fn mark_dead_ends(&mut self) {
        for node in 0..self.graph.states() as u32 {
            if !self.is(node, TO) && self.possible(node).is_empty() {
                self.marks[node as usize] |= BAD;
            }
        }
    }

    fn mark_cycles(&mut self) {
        let mut bad = Vec::new();
        components::components(
            self.graph,
            |node| !self.is(node, TO),
            |members, within| {
                if self.is_fair(members, within) {
                    bad.extend_from_slice(members);
                }
            },
        );
        for node in bad {
            self.marks[node as usize] |= BAD;
        }
    }

    /// Whether a fair run can stay in this component for ever.
    fn is_fair(&self, members: &[u32], within: &dyn Fn(u32) -> bool) -> bool {
        let mut inner = members
            .iter()
            .flat_map(|&node| self.edges(node))
            .filter(|&(_, target)| within(target))
            .map(|(edge, _)| self.fairness[edge])
            .peekable();
        if inner.peek().is_none() {
            return false;
        }
        let taken: Classes = inner.collect();
        let mut always = Classes::ALL;
        for &node in members {
            always = always.and(self.possible(node));
        }
        always.without(taken).is_empty()
    }
}
