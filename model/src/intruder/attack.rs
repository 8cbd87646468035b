//! Examines a situation with both engines: each query is verified, or has its shortest attacks.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stateright::Model as _;

use crate::{
    explorer::{
        explore::{Graph, Limits, Measure},
        second::{self, Tally},
    },
    intruder::{
        moves::{Intrusion, Move},
        narration::{self, Line},
        queries::{Query, Weaknesses},
        scene::{Channel, Peer, State},
        situation::Situation,
        terms::{Party, Term},
    },
    system::counted::counted,
};

/// A way to violate a query.
#[derive(Clone, Debug)]
pub struct Attack {
    /// The weaknesses that it uses: none of them can be left out.
    pub weaknesses: Weaknesses,
    /// The moves, as few as there can be with these weaknesses.
    pub moves: Vec<Move>,
    /// The same in words.
    pub story: Vec<Line>,
}

/// The answer to a query.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The intruder knows the secret at the beginning.
    NotAsked,
    /// It holds in every state of the complete graph, and both engines agree.
    Verified,
    /// It does not hold: one attack for each smallest set of weaknesses, the shortest first.
    Attacked(Vec<Attack>),
    /// Nothing is known.
    Inconclusive(String),
}

/// A situation, and what came of it.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The situation.
    pub situation: Situation,
    /// How large its graph is.
    pub graph: Measure,
    /// Each query, in the order of [`Query::ALL`].
    pub answers: Vec<(Query, Answer)>,
}

/// The events that have to be reached, or the graph says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Goal {
    /// The importer succeeds as both users wished.
    Linked,
    /// The exporter has a session with the intruder.
    Relayed,
    /// The intruder connects to the new device.
    Called,
}

impl Goal {
    /// The goals of a situation.
    fn of(situation: &Situation) -> Vec<Self> {
        let mut goals = Vec::new();
        match situation.start.scanned() {
            Party::NewDevice => goals.push(Self::Linked),
            Party::OldDevice | Party::Intruder => goals.push(Self::Relayed),
        }
        let known = situation.start.knowledge();
        let reaches = known.has(Term::DeviceId(Party::NewDevice));
        if reaches {
            goals.push(Self::Called);
        }
        goals
    }

    fn is_reached(self, state: &State) -> bool {
        let scene = &state.scene;
        match self {
            Self::Linked => scene.linked && !scene.facts.import_alone,
            Self::Relayed => scene.wire.peer == Peer::Intruder(Channel::Open),
            Self::Called => scene.caller.number > 0 || scene.caller.chain.is_some(),
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Linked => "the two honest devices are linked",
            Self::Relayed => "the exporter has a session with the intruder",
            Self::Called => "the intruder connects to the new device",
        }
    }
}

/// Explores a situation to its end, with both engines.
pub fn examine(model: &Intrusion, limits: Limits) -> Examined {
    let situation = model.situation;
    let graph = Graph::explore(model, limits, None);
    let mut found: BTreeMap<Query, Vec<(Weaknesses, u32)>> = BTreeMap::new();
    let mut missed: BTreeSet<_> = Goal::of(&situation).into_iter().collect();
    let mut doubt =
        (!graph.is_complete()).then(|| format!("{} after {}", graph.ended.why(), counted(graph.states(), "state")));
    if doubt.is_none() {
        graph.walk(model, |node, state, _| {
            missed.retain(|goal| !goal.is_reached(state));
            let violated = model.violated(state);
            for query in Query::ALL.into_iter().filter(|&query| violated.has(query)) {
                let weaknesses = state.scene.weaknesses.concerning(query);
                let found = found.entry(query).or_default();
                if !found.iter().any(|(known, _)| known.is_in(weaknesses)) {
                    found.push((weaknesses, node));
                }
            }
        });
        let asked: BTreeSet<_> = graph.discovered(model).into_iter().collect();
        doubt = doubt.or_else(|| disagreement(model, limits, &graph, &asked));
        doubt = doubt.or_else(|| missed.first().map(|goal| format!("not reached: {}", goal.text())));
    }
    let answer = |query: Query| {
        if !query.is_asked(situation.start) {
            return Answer::NotAsked;
        }
        if let Some(why) = &doubt {
            return Answer::Inconclusive(why.clone());
        }
        let all = found.get(&query).map_or(&[][..], Vec::as_slice);
        let smallest = all.iter().filter(|(one, _)| !all.iter().any(|(other, _)| other != one && other.is_in(*one)));
        let attacks: Vec<_> =
            smallest.filter_map(|&(weaknesses, node)| attack(model, &graph, weaknesses, node)).collect();
        if attacks.is_empty() { Answer::Verified } else { Answer::Attacked(attacks) }
    };
    let answers = Query::ALL.map(|query| (query, answer(query))).to_vec();
    Examined { situation, graph: graph.measure(), answers }
}

/// Asks the second engine. Returns why it does not agree.
fn disagreement(model: &Intrusion, limits: Limits, graph: &Graph, found: &BTreeSet<&'static str>) -> Option<String> {
    let (tally, discovered) = match second::explore(model, limits) {
        Ok(other) => other,
        Err(ended) => return Some(format!("{} in the second engine", ended.why())),
    };
    let ours = Tally { states: graph.states(), generated: graph.edges() + model.init_states().len() };
    if tally != ours {
        return Some(format!("the engines disagree: {ours:?}, stateright {tally:?}"));
    }
    (discovered != *found).then(|| format!("the engines disagree: {found:?}, stateright {discovered:?}"))
}

fn attack(model: &Intrusion, graph: &Graph, weaknesses: Weaknesses, node: u32) -> Option<Attack> {
    let path = graph.path_to(model, node)?;
    let moves = path.steps.iter().map(|(chosen, _)| *chosen).collect();
    Some(Attack { weaknesses, moves, story: narration::story(&model.situation, &path) })
}
