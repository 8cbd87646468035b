//! Scripts that take every step of a client's graph.

use std::{
    collections::{HashMap, HashSet},
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

/// The order of calls and signals so far, which a daemon that works keeps to.
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

/// The inputs and states of a client, by numbers.
struct Numbered<'a, C: Client> {
    alone: &'a Alone<C>,
    inputs: Vec<C::Input>,
    steps: Vec<Step>,
    states: HashMap<At<C>, usize>,
    /// The steps that scripts take: a state, an input.
    taken: HashSet<(usize, usize)>,
}

impl<'a, C: Client<Input: Words>> Numbered<'a, C> {
    /// Numbers the inputs, as a client reads them: a signal of the other side's is not one.
    fn new(alone: &'a Alone<C>) -> Self {
        let (mut inputs, mut steps): (Vec<C::Input>, Vec<Step>) = Default::default();
        for step in alone.alphabet().iter().map(step_of) {
            let Some(input) = input_of(&step) else { continue };
            if !inputs.contains(&input) {
                inputs.push(input);
                steps.push(step);
            }
        }
        Self { alone, inputs, steps, states: HashMap::new(), taken: HashSet::new() }
    }

    fn number(&mut self, at: &At<C>) -> usize {
        let next = self.states.len();
        *self.states.entry(at.clone()).or_insert(next)
    }
}

/// A graph of a client: each state with the order of calls and signals that led there.
struct Walks {
    /// The number of the client's state.
    clients: Vec<usize>,
    /// The step by which each state was reached first.
    parents: Vec<Option<(usize, usize)>>,
    /// Inputs, and where each leads.
    edges: Vec<Vec<(usize, usize)>>,
}

impl Walks {
    fn explore<C: Client<Input: Words>, O: Clone + Eq + Hash + Default>(
        all: &mut Numbered<'_, C>,
        start: At<C>,
        after: impl Fn(&O, &C::Input, &[C::Effect]) -> Option<O>,
    ) -> Self {
        let mut states = vec![(start.clone(), O::default())];
        let mut walks = Self { clients: vec![all.number(&start)], parents: vec![None], edges: Vec::new() };
        let mut known = HashMap::from([((start, O::default()), 0)]);
        while walks.edges.len() < states.len() {
            let from = walks.edges.len();
            let (at, order) = states[from].clone();
            let mut edges = Vec::new();
            for number in 0..all.inputs.len() {
                let input = all.inputs[number];
                let Some((next, effects)) = all.alone.step(&at, input) else { continue };
                let Some(order) = after(&order, &input, &effects) else { continue };
                let key = (next, order);
                let to = match known.get(&key) {
                    Some(&to) => to,
                    None => {
                        let to = states.len();
                        walks.clients.push(all.number(&key.0));
                        walks.parents.push(Some((from, number)));
                        states.push(key.clone());
                        known.insert(key, to);
                        to
                    }
                };
                edges.push((number, to));
            }
            walks.edges.push(edges);
        }
        walks
    }

    fn path(&self, mut to: usize) -> Vec<usize> {
        let mut path = Vec::new();
        while let Some((from, input)) = self.parents[to] {
            path.push(input);
            to = from;
        }
        path.reverse();
        path
    }

    /// A step from a state that was not taken; one that stays comes first, since it leads to nothing new afterwards.
    fn fresh(&self, taken: &HashSet<(usize, usize)>, at: usize) -> Option<(usize, usize)> {
        let fresh = self.edges[at].iter().filter(|(input, _)| !taken.contains(&(self.clients[at], *input)));
        fresh.min_by_key(|(_, to)| *to != at).copied()
    }

    /// Takes each step of the client's that was not taken.
    fn cover(&self, taken: &mut HashSet<(usize, usize)>, steps: &[Step]) -> Vec<Vec<Step>> {
        let mut scripts = Vec::new();
        for from in 0..self.edges.len() {
            while let Some(first) = self.fresh(taken, from) {
                let mut inputs = self.path(from);
                let (mut at, mut next) = (from, Some(first));
                while let Some((input, to)) = next {
                    taken.insert((self.clients[at], input));
                    inputs.push(input);
                    at = to;
                    next = self.fresh(taken, at).filter(|_| inputs.len() < MAX_STEPS);
                }
                scripts.push(inputs.into_iter().map(|input| steps[input].clone()).collect());
            }
        }
        scripts
    }
}

/// Scripts that take every step of a client's graph: first those of a daemon that works, then all others.
pub(super) fn scripts<C: Client<Input: Words>>(alone: &Alone<C>, fresh: C) -> Vec<Script> {
    let start = At { client: fresh, watch: Watch::default() };
    let mut all = Numbered::new(alone);
    let orderly = Walks::explore(&mut all, start.clone(), |order: &Order, input, effects| {
        let mut after = order.after(input)?;
        effects.iter().filter_map(|effect| effect.call()).for_each(|call| after.call(call));
        (after.began <= 2).then_some(after)
    });
    let any = Walks::explore(&mut all, start, |(), _, _| Some(()));
    let mut scripts = Vec::new();
    for (walks, is_orderly, word) in [(&orderly, true, "orderly"), (&any, false, "any")] {
        let covered = walks.cover(&mut all.taken, &all.steps).into_iter().enumerate();
        scripts.extend(covered.map(|(number, steps)| Script {
            name: format!("{word}-{:04}", number + 1),
            orderly: is_orderly,
            steps,
        }));
    }
    scripts
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;
    use handfast::client::{export, import};

    /// Plays scripts to a client, and returns its states and the steps that it took from each.
    fn played<C: Client<Input: Words>>(
        alone: &Alone<C>,
        fresh: &C,
        inputs: &[C::Input],
        scripts: &[Script],
    ) -> (usize, usize) {
        let start = At { client: fresh.clone(), watch: Watch::default() };
        let (mut states, mut taken) = (HashSet::from([start.clone()]), HashSet::new());
        for script in scripts {
            let mut at = start.clone();
            for step in &script.steps {
                let input: C::Input = input_of(step).unwrap();
                let (next, _) = alone.step(&at, input).expect("a script has a step that its client does not offer");
                taken.insert((at, inputs.iter().position(|one| *one == input)));
                states.insert(next.clone());
                at = next;
            }
        }
        (states.len(), taken.len())
    }

    /// Scripts reach each state of the client's graph, and take each step that a state offers.
    fn whole<C>(alone: Alone<C>, fresh: C)
    where
        C: Client<Input: Words, Effect: Debug> + Send + Sync + Debug + 'static,
    {
        let scripts = scripts(&alone, fresh.clone());
        let mut inputs: Vec<C::Input> = Vec::new();
        for input in alone.alphabet() {
            // As a client reads it: a signal of the other side is not an input.
            let read: C::Input = input_of(&step_of(input)).unwrap();
            if !inputs.contains(&read) {
                inputs.push(read);
            }
        }
        let (states, taken) = played(&alone, &fresh, &inputs, &scripts);
        let mut steps = 0;
        let mut waiting = vec![At { client: fresh, watch: Watch::default() }];
        let mut known: HashSet<At<C>> = waiting.iter().cloned().collect();
        while let Some(at) = waiting.pop() {
            for (next, _) in inputs.iter().filter_map(|&input| alone.step(&at, input)) {
                steps += 1;
                if known.insert(next.clone()) {
                    waiting.push(next);
                }
            }
        }
        assert_eq!((states, taken), (known.len(), steps));
        assert!(scripts.iter().any(|script| script.orderly) && scripts.iter().any(|script| !script.orderly));
    }

    #[test]
    fn scripts_take_each_step_of_the_clients() {
        whole(Alone::import(import::Client::new()), import::Client::new());
        whole(Alone::export(export::Client::new()), export::Client::new());
    }
}
