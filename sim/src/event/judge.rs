//! What has to hold of a session.

use handfast::outcome::{Outcome, Side};
use handfast_model::{
    follow::Strayed,
    pairs::{self, Circumstances},
    properties::PropertyId,
    side::{ExportSide, ImportSide},
};
use serde::{Deserialize, Serialize};

use super::engine::{LinkEnd, Session, index};

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
        let others = [Self::Model, Self::Ends, Self::Pair, Self::Honest, Self::Leak, Self::Time, Self::Repeatable];
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
        for side in [Side::Import, Side::Export] {
            self.judge_side(side);
        }
        if self.importing.holds_staged() {
            self.break_law(Law::Leak, "what was staged is still there".into());
        }
        if let Some(conn) = self.importing.conns.iter().position(|conn| conn.is_open()) {
            self.break_law(Law::Leak, format!("import: connection {conn} is still open"));
        }
        self.judge_pair();
        if let Some(follower) = &self.follower
            && let Err(strayed) = follower.examine()
        {
            self.break_law(Law::of(&strayed), strayed.to_string());
        }
    }

    fn judge_side(&mut self, side: Side) {
        let own = index(side);
        let armed = match side {
            Side::Import => self.import.armed(),
            Side::Export => self.export.armed(),
        };
        if !armed.is_empty() || self.clock.running(side).next().is_some() {
            self.break_law(Law::Leak, format!("{side}: a timer runs for ever"));
        }
        if !self.people.started[own] || self.crashed[own] {
            return;
        }
        let closed = match side {
            Side::Import => self.import.is_closed(),
            Side::Export => self.export.is_closed(),
        };
        if self.done[own].is_none() {
            return self.break_law(Law::Ends, format!("{side}: it does not end"));
        }
        if !closed {
            self.break_law(Law::Leak, format!("{side}: it has ended, and is not closed"));
        }
        if self.schedule.is_pair() && !matches!(self.ends[own], LinkEnd::Away | LinkEnd::Closed) {
            self.break_law(Law::Leak, format!("{side}: the connection is still there"));
        }
    }

    /// What may excuse the ends of the two. None: they are no pair, since one crashed, is hostile, or talked to somebody else.
    pub(super) fn around(&self) -> Option<Circumstances> {
        let paired = self.importing.session.is_none_or(|session| session == 0);
        let session = self.importing.session == Some(0);
        let around = Circumstances { session, failed: self.link_failed, unconfirmed: false };
        (paired && self.crashed == [false; 2] && self.schedule.is_pair()).then_some(around)
    }

    fn judge_pair(&mut self) {
        let (Some(import), Some(export)) = (self.done[0], self.done[1]) else { return };
        if self.around().is_some_and(|around| pairs::allowed(import, export, around).is_none()) {
            self.break_law(Law::Pair, format!("({}, {})", import.outcome, export.outcome));
        }
        let succeed = import.outcome == Outcome::SUCCESS && export.outcome == Outcome::SUCCESS;
        let thrice = import.outcome == Outcome::Authentication && export.outcome == Outcome::Authentication;
        let expected = if self.people.typed_wrong >= handfast::limits::MAX_TRIES { thrice } else { succeed };
        if self.schedule.is_honest() && !expected {
            self.break_law(Law::Honest, format!("({}, {})", import.outcome, export.outcome));
        }
    }
}
