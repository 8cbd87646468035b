//! A model that is a list of edges.

use handfast_model::{
    explore::{Graph, Limits},
    liveness::{Fairness, Lasso, LeadsTo, Liveness},
};
use stateright::{Model, Property};

/// One edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: u8,
    pub(crate) fairness: Fairness,
    pub(crate) to: u8,
}

/// A graph and a claim about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tiny {
    pub(crate) roots: Vec<u8>,
    pub(crate) edges: Vec<Edge>,
    /// Where the obligation comes from.
    pub(crate) from: Vec<u8>,
    /// Where it is fulfilled.
    pub(crate) to: Vec<u8>,
}

impl Tiny {
    /// Each edge is three letters: where from, its class or `-` for an unfair one, where to. It begins in 0, and the obligation
    /// is there from the beginning.
    pub(crate) fn new(edges: &str, to: &[u8]) -> Self {
        let edge = |edge: &str| {
            let &[from, class, to] = edge.as_bytes() else { panic!("{edge}") };
            let fairness = if class == b'-' { Fairness::Unfair } else { Fairness::Fair(class) };
            Edge { from: from - b'0', fairness, to: to - b'0' }
        };
        let edges = edges.split_whitespace().map(edge).collect();
        Self { roots: vec![0], edges, from: vec![0], to: to.to_vec() }
    }

    pub(crate) fn from(self, from: &[u8]) -> Self {
        Self { from: from.to_vec(), ..self }
    }

    /// The answer of the pass.
    pub(crate) fn check(&self) -> Result<(), Lasso<u8, Edge>> {
        let graph = Graph::explore(self, Limits::default(), None);
        let claim = LeadsTo { from: |state: &u8| self.from.contains(state), to: |state: &u8| self.to.contains(state) };
        Liveness::new(self, &graph, claim, |_, edge| edge.fairness).unwrap().check(self)
    }
}

impl Model for Tiny {
    type State = u8;
    type Action = Edge;

    fn init_states(&self) -> Vec<u8> {
        self.roots.clone()
    }

    fn actions(&self, state: &u8, actions: &mut Vec<Edge>) {
        actions.extend(self.edges.iter().filter(|edge| edge.from == *state));
    }

    fn next_state(&self, _: &u8, edge: Edge) -> Option<u8> {
        Some(edge.to)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::eventually("to", |tiny: &Self, state| tiny.to.contains(state)),
            // `stateright` stops once everything is discovered.
            Property::always("endless", |_, _| true),
        ]
    }
}

/// The states of a lasso in a line, those of its loop in brackets: `0 1 (2 1)`.
pub(crate) fn words(lasso: &Lasso<u8, Edge>) -> String {
    let mut words = lasso.prefix.root.to_string();
    for (_, state) in &lasso.prefix.steps {
        words.push_str(&format!(" {state}"));
    }
    if !lasso.is_dead_end() {
        let cycle: Vec<_> = lasso.cycle.iter().map(|(_, state)| state.to_string()).collect();
        words.push_str(&format!(" ({})", cycle.join(" ")));
    }
    words
}
