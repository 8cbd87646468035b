//! A pair of systems that differ by one fix, and what the checker finds in each.

use serde::Serialize;

use super::{
    accounts::{self, Named},
    parsers::Parser,
};
use crate::{
    document::diagram::Counterexample,
    explorer::explore::{Graph, Limits},
    property::{
        claims::Claims,
        clients::{AnyExportClient, AnyImportClient, linked::Linked},
        judged::Judged,
        players::Players,
        properties::{Half, PropertyId},
    },
    report::{
        check::{Verdict, judge},
        checked_clients,
    },
    system::{
        config::{Configuration, Size, find},
        counted::counted,
        legacy::{Change, Changes},
        side::{AnyExport, AnyImport},
        world::Disk,
    },
};

/// The steps of a shortest violation; none: there is no violation in the complete graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Steps(pub Option<usize>);

/// One defect, shown.
#[derive(Clone, Copy, Debug)]
pub struct Exhibit {
    /// The system with the defect, and the one without it.
    pub with: &'static str,
    /// The system without it.
    pub without: &'static str,
    /// The systems.
    pub subject: Subject,
    /// The steps that each takes, as the row states.
    pub stated: [Steps; 2],
}

/// The systems of an exhibit.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// Daemons.
    Daemons(Daemons),
    /// Daemons on a disk from which a restart takes what is pending for an account, against those on any other disk.
    Restarts {
        /// Its [`Configuration::id`].
        configuration: &'static str,
        /// The property that is violated.
        property: PropertyId,
    },
    /// Clients before daemons of 2026-08.
    Clients(Clients),
    /// Parsers of tokens.
    Tokens {
        /// The one with the defect, and the one without it.
        parsers: [Parser; 2],
        /// The name of a token of the table.
        token: &'static str,
    },
    /// The account that the calls of a client name, on a device that has two: the one with the defect, and the one without it.
    Accounts([Named; 2]),
}

/// Two pairs of daemons that differ by changes.
#[derive(Clone, Copy, Debug)]
pub struct Daemons {
    /// Its [`Configuration::id`].
    pub configuration: &'static str,
    /// Changes it where the defect asks for that.
    pub adapt: fn(Configuration) -> Configuration,
    /// The property that is violated.
    pub property: PropertyId,
    /// The weaknesses that are switched off in both.
    pub off: &'static [Change],
    /// The changes with the defect, and those without it.
    pub changes: [&'static [Change]; 2],
}

/// The two clients of a link.
pub(super) type Pair = (AnyImportClient, AnyExportClient);

/// Two pairs of clients.
#[derive(Clone, Copy, Debug)]
pub struct Clients {
    /// Its [`Configuration::id`].
    pub configuration: &'static str,
    /// Changes it where the defect asks for that.
    pub adapt: fn(Configuration) -> Configuration,
    /// The side of the client, of which P-CLIENT is asked.
    pub half: Half,
    /// The clients with the defect, and those without it.
    pub clients: [fn() -> Pair; 2],
}

/// The result of an exhibit.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// [`Exhibit::with`].
    pub with: &'static str,
    /// [`Exhibit::without`].
    pub without: &'static str,
    /// The property, or the table that has the token.
    pub property: &'static str,
    /// The configuration with its budget, or the name of the token.
    pub configuration: String,
    /// The weaknesses that are switched off in both.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<&'static str>,
    /// The verdict on the system with the defect.
    pub defect: Verdict,
    /// The verdict on the one without it.
    pub mended: Verdict,
    /// Whether both are as the row states, and the defect makes a difference.
    pub as_stated: bool,
    /// A shortest way to the violation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterexample: Option<Counterexample>,
}

/// Returns a configuration as it is.
pub(super) const fn unchanged(configuration: Configuration) -> Configuration {
    configuration
}

type Found = (Verdict, Option<Counterexample>);

fn unknown(id: &str) -> Verdict {
    Verdict::unknown(format!("there is no configuration {id}"))
}

/// Returns the steps of a verdict, if it is one that a row can state.
fn steps(verdict: &Verdict) -> Option<Steps> {
    match verdict {
        Verdict::Violated { steps, cycle } => Some(Steps(Some(steps + cycle))),
        Verdict::Verified { .. } => Some(Steps(None)),
        Verdict::NoViolation { .. } | Verdict::Inconclusive { .. } => None,
    }
}

impl Exhibit {
    /// Looks for the defect in both systems.
    pub fn show(&self, limits: Limits) -> Shown {
        let (property, configuration, off, [defect, mended]) = match self.subject {
            Subject::Daemons(daemons) => daemons.show(limits),
            Subject::Restarts { configuration, property } => restarts(configuration, property, limits),
            Subject::Clients(clients) => clients.show(limits),
            Subject::Tokens { parsers, token } => {
                ("R-TOK-1", token.to_owned(), Vec::new(), parsers.map(|parser| (parser.judge(token), None)))
            }
            Subject::Accounts(named) => (
                accounts::RULE,
                "a device with two accounts".into(),
                Vec::new(),
                named.map(|named| named.judge(limits)),
            ),
        };
        let ((defect, counterexample), (mended, _)) = (defect, mended);
        let came = [&defect, &mended].map(steps);
        let longer = match came {
            [Some(Steps(Some(defect))), Some(Steps(mended))] => mended.is_none_or(|mended| mended > defect),
            _ => false,
        };
        let as_stated = longer && came == self.stated.map(Some);
        let Self { with, without, .. } = *self;
        Shown { with, without, property, configuration, off, defect, mended, as_stated, counterexample }
    }
}

/// A verdict in a few words: the steps, or that it holds.
fn in_short(verdict: &Verdict) -> String {
    match steps(verdict) {
        Some(Steps(Some(steps))) => counted(steps, "step"),
        Some(Steps(None)) => "holds".into(),
        None => verdict.to_string(),
    }
}

impl Shown {
    /// Returns the verdicts with the defect and without it, in a few words.
    pub fn in_short(&self) -> [String; 2] {
        [&self.defect, &self.mended].map(in_short)
    }
}

type Both = (&'static str, String, Vec<&'static str>, [Found; 2]);

impl Daemons {
    fn show(self, limits: Limits) -> Both {
        let Self { configuration: id, property, off, changes, adapt } = self;
        let weaknesses = off.iter().filter_map(|change| change.mends()).collect();
        let Some(configuration) = find(Size::Small, id).map(adapt) else {
            return (property.id(), id.into(), weaknesses, [unknown(id), unknown(id)].map(|why| (why, None)));
        };
        let found = changes.map(|changes| {
            let changes = Changes::new(changes).and(Changes::new(off));
            hunt(&Players { changes, ..Players::default() }.system(configuration), property, limits)
        });
        (property.id(), configuration.to_string(), weaknesses, found)
    }
}

fn restarts(id: &'static str, property: PropertyId, limits: Limits) -> Both {
    let Some(configuration) = find(Size::Small, id) else {
        return (property.id(), id.into(), Vec::new(), [unknown(id), unknown(id)].map(|why| (why, None)));
    };
    let found = [Disk::KeepsPending, Disk::InOrder]
        .map(|disk| hunt(&Players::default().system(configuration).on(disk), property, limits));
    (property.id(), configuration.to_string(), Vec::new(), found)
}

impl Clients {
    fn show(self, limits: Limits) -> Both {
        let Self { configuration: id, adapt, half, clients } = self;
        let property = PropertyId::Client;
        let Some(configuration) = find(Size::Small, id).map(adapt) else {
            return (property.id(), id.into(), Vec::new(), [unknown(id), unknown(id)].map(|why| (why, None)));
        };
        let found = clients.map(|clients| {
            let linked =
                Linked::new(configuration, |configuration| Players::default().system(configuration), clients());
            let graph = Graph::explore(&linked, limits, Some(property.name(half)));
            checked_clients::judge(&linked, &graph, property, half, None)
        });
        (property.name(half), configuration.to_string(), Vec::new(), found)
    }
}

/// Looks for a shortest violation, in the whole graph if there is none.
fn hunt(system: &Judged<AnyImport, AnyExport>, property: PropertyId, limits: Limits) -> Found {
    let graph = Graph::explore(system, limits, Some(property.id()));
    judge(&Claims::one(system, &graph, property, Half::Both), property, Half::Both, None)
}
