//! The laws that a session can break.

use handfast_model::{follow::Strayed, properties::PropertyId};
use serde::{Deserialize, Serialize};

/// A law that a session can break. In JSON it is its name.
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
    pub(crate) const fn of(strayed: &Strayed) -> Self {
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
