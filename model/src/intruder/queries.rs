//! The questions that are asked of every state, and the weaknesses by which an attack succeeds.

use serde::Serialize;

use crate::intruder::{
    situation::Start,
    terms::{Knowledge, Owner, Party, Term},
};

/// A question: whether the link keeps this, whatever the intruder does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Query {
    /// The intruder never has the archive.
    Archive,
    /// The intruder never has the password.
    Password,
    /// The intruder never has the code.
    Code,
    /// Where the importer succeeds, it has the account of its user from the old device, in the session that both users agreed to, and
    /// once.
    ImportAgrees,
    /// Where the exporter succeeds, it is the new device of its user that has the account.
    ExportAgrees,
    /// No archive is installed or handed out unless both users agreed to exactly this pair.
    Consent,
    /// Wrong guesses are limited, and answered only after the user's consent: nothing is learned by failing.
    Failing,
}

/// A set of queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Queries(u8);

impl Query {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Archive,
        Self::Password,
        Self::Code,
        Self::ImportAgrees,
        Self::ExportAgrees,
        Self::Consent,
        Self::Failing,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Password => "password",
            Self::Code => "code",
            Self::ImportAgrees => "import-agrees",
            Self::ExportAgrees => "export-agrees",
            Self::Consent => "consent",
            Self::Failing => "failing",
        }
    }

    /// The promise in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Archive => "the intruder never has the archive",
            Self::Password => "the intruder never has the password",
            Self::Code => "the intruder never has the code",
            Self::ImportAgrees => {
                "the importer succeeds once, with its user's account, from the old device, as both users agreed"
            }
            Self::ExportAgrees => "where the exporter succeeds, its user's new device has the account",
            Self::Consent => "no archive moves unless both users agreed to exactly this pair",
            Self::Failing => "wrong guesses are limited, and none is answered before the user agreed",
        }
    }

    /// Whether it can be asked: what the intruder has at the beginning is not a secret.
    pub fn is_asked(self, start: Start) -> bool {
        self.secret().is_none_or(|secret| !start.knowledge().has(secret))
    }

    /// The term that has to stay secret.
    pub const fn secret(self) -> Option<Term> {
        match self {
            Self::Archive => Some(Term::Archive(Owner::Honest)),
            Self::Password => Some(Term::Password),
            Self::Code => Some(Term::Code(Party::NewDevice)),
            Self::ImportAgrees | Self::ExportAgrees | Self::Consent | Self::Failing => None,
        }
    }
}

impl Queries {
    /// Whether the query is in the set.
    pub const fn has(self, query: Query) -> bool {
        self.0 & 1 << query as u8 != 0
    }

    /// Adds a query where `is` is true.
    pub fn note(&mut self, query: Query, is: bool) {
        self.0 |= u8::from(is) << query as u8;
    }
}

/// A step that an honest device should not have taken, or could not know better than to take: the reason of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Weakness {
    /// W-1: an archive is installed without an answer for its session.
    Unasked,
    /// W-2: a session begins with a token that has had one.
    TokenAgain,
    /// W-3: an account is shown that the peer's chain does not prove.
    Forged,
    /// W-4: an archive of another account than the confirmed one is installed.
    Unbound,
    /// W-5: the exporter succeeds before the importer has stored anything.
    Early,
    /// W-11: a second session begins while one is open.
    Parallel,
    /// W-12: the user confirms the intruder's device, which no comparison distinguishes from the new one.
    NotCompared,
    /// W-29: wrong codes are answered without a limit.
    Unlimited,
    /// R-SEC-1 is broken: a channel is asked for at a device that is not the token's. Only a mutant does so.
    Unpinned,
    /// R-EXP-9 is broken: a password is tried before the user confirmed. Only a mutant does so.
    Unconfirmed,
    /// R-EXP-6 is broken: a fourth password is tried. Only a mutant does so.
    Uncounted,
}

impl Weakness {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Unasked,
        Self::TokenAgain,
        Self::Forged,
        Self::Unbound,
        Self::Early,
        Self::Parallel,
        Self::NotCompared,
        Self::Unlimited,
        Self::Unpinned,
        Self::Unconfirmed,
        Self::Uncounted,
    ];

    /// The entry of `docs/legacy/weaknesses.md`, or the requirement that a mutant breaks.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Unasked => "W-1",
            Self::TokenAgain => "W-2",
            Self::Forged => "W-3",
            Self::Unbound => "W-4",
            Self::Early => "W-5",
            Self::Parallel => "W-11",
            Self::NotCompared => "W-12",
            Self::Unlimited => "W-29",
            Self::Unpinned => "R-SEC-1",
            Self::Unconfirmed => "R-EXP-9",
            Self::Uncounted => "R-EXP-6",
        }
    }
}

/// A set of weaknesses.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weaknesses(u16);

impl Weaknesses {
    /// Returns the set of these.
    pub const fn of(all: &[Weakness]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < all.len() {
            bits |= 1 << all[at] as u16;
            at += 1;
        }
        Self(bits)
    }

    /// Adds a weakness where `is` is true.
    pub fn note(&mut self, weakness: Weakness, is: bool) {
        self.0 |= u16::from(is) << weakness as u16;
    }

    /// Returns those that can have to do with a query. That an exporter reports success early is no reason of anything else.
    pub fn concerning(self, query: Query) -> Self {
        let early = if query == Query::ExportAgrees { 0 } else { 1 << Weakness::Early as u16 };
        Self(self.0 & !early)
    }

    /// Goes through them, in the order of [`Weakness::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Weakness> {
        Weakness::ALL.into_iter().filter(move |&weakness| self.0 & 1 << weakness as u16 != 0)
    }

    /// Whether all of them are in the other set too.
    pub const fn is_in(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

impl std::fmt::Display for Weaknesses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.iter().map(Weakness::id).collect();
        f.write_str(if ids.is_empty() { "no known weakness".into() } else { ids.join("+") }.as_str())
    }
}

impl std::fmt::Debug for Weaknesses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// A change of the queries themselves, to show that it is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// As they are.
    #[default]
    AsTheyAre,
    /// This one is deleted.
    Without(Query),
    /// This one is weakened: see [`Facts::violated`].
    Weaker(Query),
}

/// Facts of a state that the queries are about. Those of an event stay once they are true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    /// The importer succeeded in a session without agreement.
    pub import_alone: bool,
    /// The importer succeeded twice.
    pub import_twice: bool,
    /// The exporter succeeded with a device that is not its user's.
    pub export_elsewhere: bool,
    /// The exporter succeeded, and the new device has not stored the account.
    pub export_early: bool,
    /// An archive was installed that the importer's user had not agreed to.
    pub install_unasked: bool,
    /// The archive was handed to a device that the exporter's user does not hold, or had not confirmed.
    pub sent_elsewhere: bool,
    /// More wrong codes were answered than are allowed.
    pub codes_unlimited: bool,
    /// More wrong passwords were answered than are allowed, or one before the user confirmed.
    pub passwords_unlimited: bool,
}

impl Facts {
    /// Returns the queries that are violated, as they are asked.
    ///
    /// A weaker query is one that an inattentive author might have written: secrecy of what is read on the network only, agreement
    /// without uniqueness or with one side alone, a limit of passwords alone.
    pub fn violated(self, known: Knowledge, asked: Asked) -> Queries {
        let mut violated = Queries::default();
        for query in Query::ALL {
            let weaker = asked == Asked::Weaker(query);
            let is = match query {
                Query::Archive | Query::Password | Query::Code if weaker => {
                    known.has(crate::intruder::terms::HONEST_CHANNEL)
                }
                Query::Archive | Query::Password | Query::Code => query.secret().is_some_and(|term| known.has(term)),
                Query::ImportAgrees => self.import_twice || !weaker && self.import_alone,
                Query::ExportAgrees => self.export_early || !weaker && self.export_elsewhere,
                Query::Consent => self.sent_elsewhere || !weaker && self.install_unasked,
                Query::Failing => self.passwords_unlimited || !weaker && self.codes_unlimited,
            };
            violated.note(query, is && asked != Asked::Without(query));
        }
        violated
    }
}
