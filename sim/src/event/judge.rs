//! What has to hold of a session.

use handfast::{
    limits::{MAX_TRIES, Timer},
    outcome::{Outcome, Side},
};
use handfast_model::{
    follow::Strayed,
    pairs::{self, Cause, Circumstances},
    properties::PropertyId,
    side::{ExportSide, ImportSide},
};
use serde::{Deserialize, Serialize};

use super::{
    line::LinkEnd,
    session::{Party, Session},
};

/// What a session can break. In JSON it is its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Law {
    /// A property of the model.
    Property(PropertyId),
    /// Every step is one of the model.
    Model,
    /// Every operation ends, once the faults have stopped.
    Ends,
    /// The two ends are an allowed pair (R-PAIR-1).
    Pair,
    /// An honest pair without faults succeeds (R-PAIR-2).
    Honest,
    /// In the end nothing is left: no timer, no connection, nothing staged.
    Leak,
    /// The right timers run, and as long as they have to (R-TIME).
    Time,
    /// Of two exporters one is served.
    Race,
    /// Each beacon and each request that a peer sends is answered, once (R-MUX-1).
    Answered,
    /// Equal schedules give equal traces.
    Repeatable,
}

impl Law {
    pub(super) const fn of(strayed: &Strayed) -> Self {
        match strayed {
            Strayed::Violated(property) => Self::Property(*property),
            Strayed::NotPermitted(_) | Strayed::Otherwise { .. } => Self::Model,
        }
    }
}

impl std::fmt::Display for Law {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Property(property) => property.id(),
            Self::Model => "model",
            Self::Ends => "ends",
            Self::Pair => "pair",
            Self::Honest => "honest",
            Self::Leak => "leak",
            Self::Time => "time",
            Self::Race => "race",
            Self::Answered => "answered",
            Self::Repeatable => "repeatable",
        })
    }
}

/// There is no law of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no law {0:?}")]
pub struct NoLaw(String);

impl std::str::FromStr for Law {
    type Err = NoLaw;

    fn from_str(name: &str) -> Result<Self, NoLaw> {
        use Law::{Answered, Ends, Honest, Leak, Model, Pair, Race, Repeatable, Time};
        let others = [Model, Ends, Pair, Honest, Leak, Time, Race, Answered, Repeatable];
        let property = PropertyId::from_id(name).map(Self::Property);
        let found = property.or_else(|| others.into_iter().find(|law| law.to_string() == name));
        found.ok_or_else(|| NoLaw(name.into()))
    }
}

impl TryFrom<String> for Law {
    type Error = NoLaw;

    fn try_from(name: String) -> Result<Self, NoLaw> {
        name.parse()
    }
}

impl From<Law> for String {
    fn from(law: Law) -> Self {
        law.to_string()
    }
}

/// A law that a session broke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Which one.
    pub law: Law,
    /// How.
    pub text: String,
}

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// Looks at a session in which nothing more happens.
    pub(super) fn judge(&mut self) {
        if self.broken.is_some() {
            return;
        }
        self.judge_race();
        self.judge_party(Party::Import);
        (0..self.lines.len()).for_each(|line| self.judge_party(Party::Export(line)));
        if !self.is_old(Side::Import) {
            self.judge_device();
        }
        (0..self.lines.len()).for_each(|line| self.judge_pair(line));
        self.judge_with_an_old();
        for follower in &self.followers {
            if let Err(strayed) = follower.examine() {
                let broken = Broken { law: Law::of(&strayed), text: strayed.to_string() };
                self.broken.get_or_insert(broken);
            }
        }
    }

    /// Nothing may be left on the importing device.
    fn judge_device(&mut self) {
        if self.importing.holds_staged() {
            self.break_law(Law::Leak, "what was staged is still there".into());
        }
        if let Some(conn) = self.importing.conns.iter().position(|conn| conn.is_open()) {
            self.break_law(Law::Leak, format!("import: connection {conn} is still open"));
        }
    }

    fn judge_party(&mut self, party: Party) {
        // What an old one leaves over is known.
        if self.is_old(party.side()) {
            return;
        }
        let own = party.index();
        let (armed, closed) = match party {
            Party::Import => (self.import.armed(), self.import.is_closed()),
            Party::Export(line) => {
                let export = &self.lines[line].export;
                (export.armed(), export.is_closed())
            }
        };
        if !armed.is_empty() || self.clock.running(party).next().is_some() {
            self.break_law(Law::Leak, format!("{party}: a timer runs for ever"));
        }
        if !self.people.started[own] || self.crashed[own] {
            return;
        }
        if self.done[own].is_none() {
            return self.break_law(Law::Ends, format!("{party}: it does not end"));
        }
        if !closed {
            self.break_law(Law::Leak, format!("{party}: it has ended, and is not closed"));
        }
        let is_left = |end: LinkEnd| !matches!(end, LinkEnd::Away | LinkEnd::Closed);
        let left = match party {
            Party::Import => self.lines.iter().any(|line| is_left(line.ends[0])),
            Party::Export(line) => is_left(self.lines[line].ends[1]),
        };
        if self.schedule.is_pair() && left {
            self.break_law(Law::Leak, format!("{party}: the connection is still there"));
        }
    }

    /// What may excuse the ends of the importer and of the exporter on a line. None: they are no pair, since one crashed, is
    /// hostile, or talked to somebody else.
    pub(super) fn around(&self, line: usize) -> Option<Circumstances> {
        let session = self.importing.session;
        // Two of which one is old are told by what the model says of each.
        let up = !self.crashed[0] && !self.crashed[Party::Export(line).index()] && self.old == [false; 2];
        let around = Circumstances { session: session.is_some(), failed: self.lines[line].failed, unconfirmed: false };
        (session.is_none_or(|session| session == line) && up && self.schedule.is_pair()).then_some(around)
    }

    fn judge_pair(&mut self, line: usize) {
        let (Some(import), Some(export)) = (self.done[0], self.done[Party::Export(line).index()]) else { return };
        let Some(around) = self.around(line) else { return };
        if pairs::allowed(import, export, around).is_none() {
            self.break_law(Law::Pair, format!("({}, {})", import.outcome, export.outcome));
        }
        let succeed = import.outcome == Outcome::SUCCESS && export.outcome == Outcome::SUCCESS;
        let thrice = import.outcome == Outcome::Authentication && export.outcome == Outcome::Authentication;
        let expected = if self.people.typed_wrong >= MAX_TRIES { thrice } else { succeed };
        if self.schedule.is_honest() && !expected && !self.excused {
            self.break_law(Law::Honest, format!("({}, {})", import.outcome, export.outcome));
        }
    }

    /// Where one side is old, an honest pair without fault succeeds too. What an old exporter leaves of three tries, of which a late
    /// hello may cost two, is enough for one wrong password (W-14).
    fn judge_with_an_old(&mut self) {
        let enough = match self.old {
            [true, false] => MAX_TRIES,
            [false, true] => 2,
            _ => return,
        };
        let (Some(import), Some(export)) = (self.done[0], self.done[1]) else { return };
        let due = self.schedule.is_honest() && self.schedule.faults.is_empty() && self.people.typed_wrong < enough;
        if due && !(import.outcome.is_success() && export.outcome.is_success()) {
            self.break_law(Law::Honest, format!("({}, {})", import.outcome, export.outcome));
        }
    }

    /// Whether the importer was asked for by two exporters.
    pub(super) fn is_race(&self) -> bool {
        self.lines.len() > 1 && self.lines.iter().all(|line| line.knocked)
    }

    /// Of two exporters that race the importer serves one. The other one is turned away, unless it ended by itself (R-IMP-3); one
    /// account is stored, at most, and only who was served can say so.
    fn judge_race(&mut self) {
        if self.lines.len() < 2 {
            return;
        }
        if self.importing.stored > 1 {
            self.break_law(Law::Race, format!("{} accounts are stored", self.importing.stored));
        }
        let served = self.importing.session;
        for party in (0..self.lines.len()).filter(|&line| served != Some(line)).map(Party::Export) {
            let Some(end) = self.done[party.index()] else { continue };
            let turned_away = match end.outcome {
                Outcome::Network => true,
                Outcome::Timeout => end.cause == Cause::Timer(Timer::Connect),
                Outcome::CANCELED => end.cause == Cause::Call,
                _ => false,
            };
            if !turned_away {
                self.break_law(Law::Race, format!("{party}: nobody served it, and it ended with {}", end.outcome));
            }
        }
    }
}
