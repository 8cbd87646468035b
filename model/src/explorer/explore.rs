//! An explorer of our own over `stateright`'s [`Model`]: level by level, so that what it finds first is shortest, with the whole
//! edge list, and with an exact account of whether it saw everything.
//!
//! States are distinguished by 64 bits of hash, as `stateright` does: of five million states, two share a hash with a
//! probability below one in a million ([`Measure::collision`]). Whole states are kept only as long as their level is explored; a path is found again by
//! taking its actions.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use ahash::RandomState;
use nohash_hasher::BuildNoHashHasher;
use serde::Serialize;
use stateright::{Expectation, Model, Property};

/// The name of the property that nothing violates. `stateright` stops once everything is discovered: this never is.
pub(crate) const ENDLESS: &str = "(the graph is explored to its end)";

/// The resources that a run may use. A run that does not finish within them is no pass.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Distinct states.
    pub states: u32,
    /// Bytes of the graph: hashes, parents, edges. The states of two levels come on top.
    pub memory: usize,
    /// Time.
    pub time: Duration,
    /// Whether somebody wants it to end.
    pub stop: Option<&'static AtomicBool>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { states: 50_000_000, memory: 2 << 30, time: Duration::from_secs(15 * 60), stop: None }
    }
}

impl Limits {
    /// Why work that began then has to end now, whatever its size.
    pub(crate) fn over(&self, began: Instant) -> Option<Ended> {
        if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return Some(Ended::Stopped);
        }
        (began.elapsed() > self.time).then_some(Ended::Time)
    }
}

/// Why an exploration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Nothing is left: the graph is complete.
    Complete,
    /// The searched property is found.
    Found,
    /// [`Limits::states`].
    States,
    /// [`Limits::memory`].
    Memory,
    /// [`Limits::time`].
    Time,
    /// [`Limits::stop`].
    Stopped,
}

impl Ended {
    /// How it ended, in words.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Found => "cut short",
            Self::States => "out of states",
            Self::Memory => "out of memory",
            Self::Time => "out of time",
            Self::Stopped => "interrupted",
        }
    }
}

/// How large a graph is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Measure {
    /// Whether it is all of it.
    pub complete: bool,
    /// Distinct states.
    pub states: usize,
    /// Steps between them.
    pub edges: usize,
    /// Steps to the farthest state.
    pub depth: u32,
    /// The bytes kept of each state: hash, parent, edges. The whole states of two levels come on top.
    pub bytes_per_state: usize,
    /// The probability that two of these states share a hash, so that one of them was never looked at.
    pub collision: f64,
}

/// The graph of a model, as far as it was explored. Nodes are numbered in the order in which they were found.
#[derive(Debug)]
pub struct Graph {
    /// The node from which each was found first, and the number of the action; a root has itself.
    parents: Vec<(u32, u16)>,
    /// Where the edges of each expanded node begin.
    offsets: Vec<u32>,
    targets: Vec<u32>,
    /// The first node at which each property was discovered: a violation, or an example.
    discoveries: Vec<Option<u32>>,
    /// Levels after the roots.
    pub depth: u32,
    /// Why it ended.
    pub ended: Ended,
}

/// A way from a root to a state.
#[derive(Clone, Debug)]
pub struct Path<S, A> {
    /// Where it begins.
    pub root: S,
    /// The actions and what each leads to.
    pub steps: Vec<(A, S)>,
}

impl<S, A> Path<S, A> {
    /// The state in which it ends.
    pub fn last(&self) -> &S {
        self.steps.last().map_or(&self.root, |(_, state)| state)
    }
}

impl Graph {
    /// Explores a model. With `until`, ends after the level on which that property is discovered first.
    pub fn explore<M>(model: &M, limits: Limits, until: Option<&str>) -> Self
    where
        M: Model,
        M::State: Hash,
    {
        Self::explore_with(model, limits, until, |_, state, action| model.next_state(state, action))
    }

    /// The same, with somebody who takes each step in the model's place, from this node and state, and so sees it.
    pub fn explore_with<M>(
        model: &M,
        limits: Limits,
        until: Option<&str>,
        step: impl FnMut(u32, &M::State, M::Action) -> Option<M::State>,
    ) -> Self
    where
        M: Model,
        M::State: Hash,
    {
        Explorer::new(model, limits, until, step).run()
    }

    /// Distinct states.
    pub fn states(&self) -> usize {
        self.parents.len()
    }

    /// Steps between them.
    pub fn edges(&self) -> usize {
        self.targets.len()
    }

    /// Goes through the nodes that were expanded: how many steps each is from a root, and how many edges begin there.
    pub(crate) fn each_level(&self, mut visit: impl FnMut(usize, usize)) {
        let mut levels: Vec<u32> = Vec::with_capacity(self.states());
        for node in 0..self.states() as u32 {
            // A parent is found before its children.
            let level = if self.is_root(node) { 0 } else { levels[self.parents[node as usize].0 as usize] + 1 };
            levels.push(level);
            visit(level as usize, self.successors(node).len());
        }
    }

    /// Whether every reachable state was seen.
    pub fn is_complete(&self) -> bool {
        self.ended == Ended::Complete
    }

    /// The targets of a node's edges.
    pub fn successors(&self, node: u32) -> &[u32] {
        &self.targets[self.first_edge(node)..self.first_edge(node + 1)]
    }

    /// Where a node's edges begin in the list of all.
    pub(crate) fn first_edge(&self, node: u32) -> usize {
        self.offsets.get(node as usize).map_or(self.targets.len(), |&offset| offset as usize)
    }

    /// Where an edge of that list leads.
    pub(crate) fn target(&self, edge: usize) -> u32 {
        self.targets[edge]
    }

    /// Whether no state can be reached again from itself.
    pub fn is_acyclic(&self) -> bool {
        let mut waiting = vec![0u32; self.states()];
        for &target in &self.targets {
            waiting[target as usize] += 1;
        }
        let mut free: Vec<u32> = (0..self.states() as u32).filter(|&node| waiting[node as usize] == 0).collect();
        let mut sorted = 0;
        while let Some(node) = free.pop() {
            sorted += 1;
            for &target in self.successors(node) {
                waiting[target as usize] -= 1;
                if waiting[target as usize] == 0 {
                    free.push(target);
                }
            }
        }
        sorted == self.states()
    }

    /// The shortest way to the first discovery of a property.
    pub fn path<M: Model>(&self, model: &M, property: &str) -> Option<Path<M::State, M::Action>>
    where
        M::Action: Clone,
    {
        let number = model.properties().iter().position(|candidate| candidate.name == property)?;
        self.path_to(model, self.discoveries[number]?)
    }

    /// The numbers of the nodes on [`Graph::path`], the root's first.
    pub(crate) fn numbers<M: Model>(&self, model: &M, property: &str) -> Option<Vec<u32>> {
        let number = model.properties().iter().position(|candidate| candidate.name == property)?;
        let mut numbers = vec![self.discoveries[number]?];
        while let Some(&node) = numbers.last().filter(|node| !self.is_root(**node)) {
            numbers.push(self.parents[node as usize].0);
        }
        numbers.reverse();
        Some(numbers)
    }

    /// The properties that were discovered, by name.
    pub fn discovered<M: Model>(&self, model: &M) -> Vec<&'static str> {
        let found = |(property, node): (&Property<M>, &Option<u32>)| node.map(|_| property.name);
        model.properties().iter().zip(&self.discoveries).filter_map(found).collect()
    }

    /// The shortest way to a node.
    pub fn path_to<M: Model>(&self, model: &M, node: u32) -> Option<Path<M::State, M::Action>>
    where
        M::Action: Clone,
    {
        let mut numbers = Vec::new();
        let mut at = node;
        let root = loop {
            let (parent, number) = self.parents[at as usize];
            if self.is_root(at) {
                break model.init_states().into_iter().nth(number.into())?;
            }
            numbers.push(number);
            at = parent;
        };
        let mut path = Path { root, steps: Vec::new() };
        let mut actions = Vec::new();
        for number in numbers.into_iter().rev() {
            actions.clear();
            model.actions(path.last(), &mut actions);
            let action = actions.get(usize::from(number))?.clone();
            let state = model.next_state(path.last(), action.clone())?;
            path.steps.push((action, state));
        }
        Some(path)
    }

    /// Whether this is a node in which the model begins.
    pub fn is_root(&self, node: u32) -> bool {
        self.parents[node as usize].0 == node
    }

    /// Goes through a complete graph once more, with whole states and in the order in which they were found. `visit` gets each
    /// node, its state, and the actions of its edges, in the order of [`Graph::successors`].
    ///
    /// Large data of each node or edge is computed again, and not kept. Hashes are not needed for it.
    pub fn walk<M: Model>(&self, model: &M, mut visit: impl FnMut(u32, &M::State, &[M::Action]))
    where
        M::Action: Clone,
    {
        let roots = (0..self.states() as u32).take_while(|&node| self.is_root(node));
        let numbers: Vec<_> = roots.map(|node| usize::from(self.parents[node as usize].1)).collect();
        let begins = model.init_states().into_iter().enumerate().filter(|(number, _)| numbers.contains(number));
        let mut waiting: VecDeque<M::State> = begins.map(|(_, state)| state).collect();
        let (mut offered, mut taken) = (Vec::new(), Vec::new());
        let mut next_new = waiting.len() as u32;
        let mut node = 0;
        while let Some(state) = waiting.pop_front() {
            model.actions(&state, &mut offered);
            for action in offered.drain(..) {
                let Some(next) = model.next_state(&state, action.clone()) else { continue };
                // Nodes are numbered as they were found: the next number stands at the edge that found it.
                if self.successors(node).get(taken.len()) == Some(&next_new) {
                    waiting.push_back(next);
                    next_new += 1;
                }
                taken.push(action);
            }
            visit(node, &state, &taken);
            taken.clear();
            node += 1;
        }
    }

    /// The way from a root along these edges, each counted among those of its node.
    pub(crate) fn follow<M: Model>(
        &self,
        model: &M,
        root: u32,
        edges: impl IntoIterator<Item = usize>,
    ) -> Option<Path<M::State, M::Action>>
    where
        M::Action: Clone,
    {
        let number = self.parents[root as usize].1;
        let mut path = Path { root: model.init_states().into_iter().nth(number.into())?, steps: Vec::new() };
        let mut actions = Vec::new();
        for edge in edges {
            actions.clear();
            model.actions(path.last(), &mut actions);
            let step = |action: M::Action| Some((action.clone(), model.next_state(path.last(), action)?));
            let step = actions.drain(..).filter_map(step).nth(edge)?;
            path.steps.push(step);
        }
        Some(path)
    }

    /// How large it is.
    pub fn measure(&self) -> Measure {
        let (complete, states, edges, depth) = (self.is_complete(), self.states(), self.edges(), self.depth);
        let bytes = states * (8 + 4 + HASH_BYTES) + edges * 4;
        // n states make n²/2 pairs, and each shares a hash of 64 bits in one of 2⁶⁴ cases.
        let collision = (states as f64).powi(2) / 2f64.powi(65);
        Measure { complete, states, edges, depth, bytes_per_state: bytes.div_ceil(states.max(1)), collision }
    }

    fn bytes(&self) -> usize {
        self.parents.capacity() * 8
            + (self.offsets.capacity() + self.targets.capacity()) * 4
            + self.states() * HASH_BYTES
    }
}

/// A hash table is between half and full: two of its entries for each state.
const HASH_BYTES: usize = 2 * 16;

struct Explorer<'a, M: Model, F> {
    model: &'a M,
    limits: Limits,
    until: Option<usize>,
    properties: Vec<Property<M>>,
    hasher: RandomState,
    known: HashMap<u64, u32, BuildNoHashHasher<u64>>,
    graph: Graph,
    step: F,
}

impl<'a, M, F> Explorer<'a, M, F>
where
    M: Model,
    M::State: Hash,
    F: FnMut(u32, &M::State, M::Action) -> Option<M::State>,
{
    fn new(model: &'a M, limits: Limits, until: Option<&str>, step: F) -> Self {
        let properties = model.properties();
        let until = until.and_then(|name| properties.iter().position(|property| property.name == name));
        let discoveries = vec![None; properties.len()];
        let graph = Graph {
            parents: Vec::new(),
            offsets: Vec::new(),
            targets: Vec::new(),
            discoveries,
            depth: 0,
            ended: Ended::Complete,
        };
        let hasher = RandomState::with_seeds(0x6861_6e64, 0x6661_7374, 0x6d6f_6465, 0x6c21_2121);
        Self { model, limits, until, properties, hasher, known: HashMap::default(), graph, step }
    }

    fn run(mut self) -> Graph {
        let start = Instant::now();
        let mut level = Vec::new();
        for (number, root) in self.model.init_states().into_iter().enumerate() {
            let (node, new) = self.enter(&root, |node| (node, number as u16));
            if new {
                self.look(node, &root);
                level.push(root);
            }
        }
        let mut actions = Vec::new();
        while !level.is_empty() {
            if self.until.is_some_and(|property| self.graph.discoveries[property].is_some()) {
                self.graph.ended = Ended::Found;
                break;
            }
            let mut next = Vec::new();
            for state in level {
                if let Some(ended) = self.spent(start) {
                    self.graph.ended = ended;
                    return self.graph;
                }
                self.expand(&state, &mut actions, &mut next);
            }
            self.graph.depth += u32::from(!next.is_empty());
            level = next;
        }
        self.graph
    }

    fn expand(&mut self, state: &M::State, actions: &mut Vec<M::Action>, next: &mut Vec<M::State>) {
        let from = self.graph.offsets.len() as u32;
        self.graph.offsets.push(self.graph.targets.len() as u32);
        self.model.actions(state, actions);
        for (number, action) in actions.drain(..).enumerate() {
            let Some(state) = (self.step)(from, state, action) else { continue };
            let (node, new) = self.enter(&state, |_| (from, number as u16));
            self.graph.targets.push(node);
            if new {
                self.look(node, &state);
                next.push(state);
            }
        }
    }

    /// The node of a state, and whether it is new.
    fn enter(&mut self, state: &M::State, parent: impl FnOnce(u32) -> (u32, u16)) -> (u32, bool) {
        let node = self.graph.parents.len() as u32;
        let known = *self.known.entry(self.hasher.hash_one(state)).or_insert(node);
        if known == node {
            self.graph.parents.push(parent(node));
        }
        (known, known == node)
    }

    /// Looks for what was not discovered yet.
    fn look(&mut self, node: u32, state: &M::State) {
        for (property, discovery) in self.properties.iter().zip(&mut self.graph.discoveries) {
            let sought = match property.expectation {
                Expectation::Always => false,
                Expectation::Sometimes => true,
                // `eventually` is not a property of a state; it is not used here.
                Expectation::Eventually => continue,
            };
            if discovery.is_none() && (property.condition)(self.model, state) == sought {
                *discovery = Some(node);
            }
        }
    }

    fn spent(&self, start: Instant) -> Option<Ended> {
        let states = self.graph.states();
        if states > self.limits.states as usize {
            return Some(Ended::States);
        }
        // Looking at the clock and adding up costs; once in a while is enough.
        if !self.graph.offsets.len().is_multiple_of(1024) {
            return None;
        }
        if self.graph.bytes() > self.limits.memory {
            return Some(Ended::Memory);
        }
        self.limits.over(start)
    }
}
