//! Mutants of the protocol that the queries have to notice: a rule is broken on the hardened sides, and a query is violated.

use handfast::outcome::Scheme;
use serde::Serialize;

use crate::{
    explorer::explore::{Ended, Graph, Limits, Path},
    intruder::{
        moves::{Intrusion, Move},
        narration::{self, Line},
        queries::{Asked, Query},
        scene::State,
        situation::{Pair, Situation, Start},
    },
    property::mutants::Mutant,
};

/// A mutant, and the query that notices it.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    /// The mutant's id in the table of all.
    pub id: &'static str,
    /// The query.
    pub query: Query,
    /// The intruder's knowledge.
    pub start: Start,
    /// The protection of the archive.
    pub scheme: Scheme,
    /// Whether the users compare.
    pub compared: bool,
}

/// The result of a hunt.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// The mutant.
    pub mutant: &'static str,
    /// The broken rule, in words.
    pub broken: &'static str,
    /// The query.
    pub query: Query,
    /// The intruder's knowledge.
    pub knows: Start,
    /// The shortest attack; none where the mutant is not noticed.
    pub story: Option<Vec<Line>>,
    /// How the search ended: without an attack it says something only where the graph is complete.
    pub ended: Ended,
}

const fn hunt(id: &'static str, query: Query, start: Start, scheme: Scheme) -> Hunt {
    Hunt { id, query, start, scheme, compared: false }
}

/// A hunt between users who compare.
const fn compared(id: &'static str, query: Query, start: Start, scheme: Scheme) -> Hunt {
    Hunt { id, query, start, scheme, compared: true }
}

/// Every hunt: each query has one at least. Without the mutant the query is verified there.
pub const HUNTS: &[Hunt] = &[
    hunt("M-48", Query::Archive, Start::Nothing, Scheme::None),
    hunt("M-06", Query::Password, Start::Token, Scheme::Password),
    hunt("M-48", Query::Code, Start::Nothing, Scheme::Password),
    hunt("M-01", Query::ImportAgrees, Start::TokenAccount, Scheme::None),
    hunt("M-07", Query::ExportAgrees, Start::Nothing, Scheme::None),
    hunt("M-10", Query::Consent, Start::Nothing, Scheme::None),
    hunt("M-02", Query::Consent, Start::TokenAccount, Scheme::None),
    hunt("M-29", Query::Failing, Start::DeviceAccount, Scheme::None),
    hunt("M-12", Query::Failing, Start::Swapped, Scheme::Password),
    hunt("M-11", Query::Failing, Start::Swapped, Scheme::Password),
    compared("M-60", Query::Archive, Start::Swapped, Scheme::None),
    compared("M-61", Query::Archive, Start::Swapped, Scheme::None),
    compared("M-63", Query::Archive, Start::Swapped, Scheme::None),
    compared("M-64", Query::Archive, Start::Swapped, Scheme::None),
];

impl Hunt {
    /// Returns the situation, with the broken rule or without.
    pub fn situation(&self, broken: bool) -> Situation {
        let rules = Mutant::find(self.id).filter(|_| broken).map(|mutant| mutant.without).unwrap_or_default();
        let situation = Situation { rules, ..Situation::new(Pair::HH, self.start, self.scheme) };
        if self.compared { situation.compared() } else { situation }
    }

    /// Looks for the shortest attack, with the queries as they are or changed.
    pub fn run(&self, asked: Asked, limits: Limits) -> Found {
        let model = Intrusion { situation: self.situation(true), asked };
        let graph = Graph::explore(&model, limits, Some(self.query.name()));
        let path: Option<Path<State, Move>> = graph.path(&model, self.query.name());
        Found {
            mutant: self.id,
            broken: Mutant::find(self.id).map_or("", |mutant| mutant.broken),
            query: self.query,
            knows: self.start,
            story: path.map(|path| narration::story(&model.situation, &path)),
            ended: graph.ended,
        }
    }
}
