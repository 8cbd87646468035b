//! Scripts that take every step of a client's graph.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
};

use handfast::{client::Received, outcome::Side, outcome::Signal};
use handfast_model::clients::{
    Call, Client, ClientEffect as _, Kind, Watch,
    alone::{Alone, At},
};
use serde::Serialize;

use super::words::{Step, Words, input_of, step_of};

/// Steps of a script, at most.
const MAX_STEPS: usize = 60;

/// A script.
#[derive(Serialize)]
pub(super) struct Script {
    pub(super) name: String,
    /// Whether a daemon that works can say all of it: calls return once, signals of an operation come in their order and end with DONE,
    /// perhaps repeated, and those of an earlier operation may still come.
    pub(super) orderly: bool,
    pub(super) steps: Vec<Step>,
}

/// The order of calls and signals so far, by which a daemon that works can be told from one that does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Order {
    /// The operations that began: 1, then 2.
    began: u32,
    /// The calls that have not returned: adding, answering, cancelling.
    pending: [bool; 3],
    /// How far the last operation's signals are; 4 after DONE.
    reached: u8,
}

impl Order {
    /// The order after an input, if it keeps it.
    fn after<I: Words>(mut self, input: &I) -> Option<Self> {
        match input.kind() {
            Kind::Action => {}
            Kind::Added(id) => {
                let next = id.is_none_or(|id| id == self.began + 1);
                if !std::mem::take(&mut self.pending[0]) || !next {
                    return None;
                }
                (self.began, self.reached) = (id.unwrap_or(self.began), if id.is_some() { 0 } else { 4 });
                // Calls of an operation before have returned or never do.
                self.pending = [false; 3];
            }
            Kind::Answered(id, _) => {
                if id != self.began || !std::mem::take(&mut self.pending[1]) {
                    return None;
                }
            }
            Kind::Canceled(id, accepted) => {
                if id != self.began || !accepted || !std::mem::take(&mut self.pending[2]) {
                    return None;
                }
            }
            // An operation before may still signal; one that has not begun does not.
            Kind::Signal(id, _) if id < self.began => {}
            Kind::Signal(id, _) if id > self.began || self.pending[0] => return None,
            Kind::Signal(_, received) => {
                let place = place(I::SIDE, received)?;
                if place < self.reached || self.reached == 4 {
                    return None;
                }
                self.reached = place;
            }
        }
        Some(self)
    }

    fn call(&mut self, call: Call) {
        match call {
            Call::Add => self.pending[0] = true,
            Call::Answer => self.pending[1] = true,
            Call::Cancel(id) => self.pending[2] |= id == self.began,
            Call::Query => {}
        }
    }
}

/// The place of a signal in the order of its side.
const fn place(side: Side, received: Received) -> Option<u8> {
    Some(match (side, received) {
        (Side::Import, Received::Signal(Signal::TokenAvailable)) => 1,
        (_, Received::Signal(Signal::Connecting)) => 2,
        (Side::Import, Received::Signal(Signal::Prompt { .. })) => 3,
        (Side::Export, Received::Signal(Signal::Confirm { .. })) => 3,
        (_, Received::Signal(Signal::InProgress)) => 3,
        (_, Received::Signal(Signal::Done(_)) | Received::Unheard) => 4,
        (_, Received::Signal(_) | Received::Strange) => return None,
    })
}

/// A graph of a client, with what a state has besides it.
struct Walks<C: Client, O> {
    states: Vec<(At<C>, O)>,
    /// The step by which each state was reached first.
    parents: Vec<Option<(usize, C::Input)>>,
    edges: Vec<Vec<(C::Input, usize)>>,
}

impl<C: Client<Input: Words>, O: Clone + Eq + Hash + Default> Walks<C, O> {
    fn explore(alone: &Alone<C>, start: At<C>, after: impl Fn(&O, &C::Input, &[C::Effect]) -> Option<O>) -> Self {
        let mut all = Self { states: vec![(start.clone(), O::default())], parents: vec![None], edges: Vec::new() };
        let mut known = HashMap::from([((start, O::default()), 0)]);
        // As a client reads it: a signal of the other side's is none.
        let mut alphabet: Vec<C::Input> = Vec::new();
        for input in alone.alphabet().iter().filter_map(|input| input_of(&step_of(input))) {
            if !alphabet.contains(&input) {
                alphabet.push(input);
            }
        }
        while all.edges.len() < all.states.len() {
            let from = all.edges.len();
            let (at, order) = all.states[from].clone();
            let mut edges = Vec::new();
            for input in &alphabet {
                let Some((next, effects)) = alone.step(&at, *input) else { continue };
                let Some(order) = after(&order, input, &effects) else { continue };
                let key = (next, order);
                let to = *known.entry(key.clone()).or_insert_with(|| {
                    all.states.push(key);
                    all.parents.push(Some((from, *input)));
                    all.states.len() - 1
                });
                edges.push((*input, to));
            }
            all.edges.push(edges);
        }
        all
    }

    fn path(&self, mut to: usize) -> Vec<C::Input> {
        let mut path = Vec::new();
        while let Some((from, input)) = self.parents[to] {
            path.push(input);
            to = from;
        }
        path.reverse();
        path
    }

    /// Takes each step of the client's that was not taken.
    fn cover(&self, taken: &mut HashSet<(At<C>, Step)>) -> Vec<Vec<Step>> {
        let mut scripts = Vec::new();
        let is_new = |taken: &HashSet<(At<C>, Step)>, at: usize, input: &C::Input| {
            !taken.contains(&(self.states[at].0.clone(), step_of(input)))
        };
        for from in 0..self.states.len() {
            while let Some((input, to)) = self.edges[from].iter().find(|(input, _)| is_new(taken, from, input)) {
                let mut steps: Vec<Step> = self.path(from).iter().map(step_of).collect();
                let (mut at, mut next) = (from, Some((*input, *to)));
                while let Some((input, to)) = next {
                    taken.insert((self.states[at].0.clone(), step_of(&input)));
                    steps.push(step_of(&input));
                    at = to;
                    // Steps that stay come first: they lead to nothing new afterwards.
                    let mut fresh: Vec<_> = self.edges[at].iter().filter(|(input, _)| is_new(taken, at, input)).collect();
                    fresh.sort_by_key(|(_, to)| *to != at);
                    next = fresh.first().map(|edge| **edge).filter(|_| steps.len() < MAX_STEPS);
                }
                scripts.push(steps);
            }
        }
        scripts
    }
}

/// Scripts that take every step of a client's graph: first those of a daemon that works, then all others.
pub(super) fn scripts<C: Client<Input: Words>>(alone: &Alone<C>, fresh: C) -> Vec<Script> {
    let start = At { client: fresh, watch: Watch::default() };
    let mut taken = HashSet::new();
    let orderly = Walks::<C, Order>::explore(alone, start.clone(), |order, input, effects| {
        let mut after = order.after(input)?;
        effects.iter().filter_map(|effect| effect.call()).for_each(|call| after.call(call));
        (after.began <= 2).then_some(after)
    });
    let all = Walks::<C, ()>::explore(alone, start, |(), _, _| Some(()));
    let one = |orderly: bool, steps: Vec<Vec<Step>>| -> VecDeque<Script> {
        let word = if orderly { "orderly" } else { "any" };
        let named = steps.into_iter().enumerate();
        named.map(|(number, steps)| Script { name: format!("{word}-{:04}", number + 1), orderly, steps }).collect()
    };
    let mut scripts = one(true, orderly.cover(&mut taken));
    scripts.extend(one(false, all.cover(&mut taken)));
    scripts.into()
}
