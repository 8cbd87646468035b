//! The pairs in which two hardened peers may end, as one predicate (R-PAIR-1).

use handfast::{
    export, import,
    limits::Timer,
    outcome::{
        Outcome::{self, Canceled, Network, Peer, Protocol, Storage, Success, Timeout},
        Signal,
    },
    trace::{Step, Turn},
};
use serde::{Deserialize, Serialize};

pub use crate::system::cause::Cause;
use crate::system::{
    config::Player,
    seen::Done,
    world::{PEER, World},
};

/// The allowed pairs, importer first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Pair {
    /// (Success, Success).
    BothSucceed,
    /// (Success, Network) after a failure of the link.
    SuccessUnheard,
    /// (Success, Timeout) after the exporter's result timer.
    SuccessTooLate,
    /// Two equal failures; Canceled equals Canceled with `sent`.
    Equal,
    /// Two failures, each decided on its own side before the other's had arrived.
    EachItsOwn,
    /// (Network, Protocol, Storage or Timeout in the middle of a message): never put into words.
    ExportUnspoken,
    /// (Protocol, Network).
    ImportProtocol,
    /// (Protocol or Storage, Peer): the exporter was informed.
    #[serde(rename = "Told")]
    Informed,
    /// Network on either side after a failure of the link.
    LinkFailed,
    /// (Storage, Network): the importer's disk failed in the middle of the archive, a failure of the device without a word.
    ImportUnspoken,
    /// (x, Network) where no session came to be.
    NoSession,
}

impl Pair {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::BothSucceed,
        Self::SuccessUnheard,
        Self::SuccessTooLate,
        Self::Equal,
        Self::EachItsOwn,
        Self::ExportUnspoken,
        Self::ImportProtocol,
        Self::Informed,
        Self::LinkFailed,
        Self::ImportUnspoken,
        Self::NoSession,
    ];

    /// Its kind.
    pub const fn text(self) -> &'static str {
        match self {
            Self::BothSucceed => "(Success, Success)",
            Self::SuccessUnheard => "(Success, Network) after a failure of the link",
            Self::SuccessTooLate => "(Success, Timeout) after the result timer",
            Self::Equal => "two equal failures",
            Self::EachItsOwn => "two failures, each decided on its own side",
            Self::ExportUnspoken => "(Network, x), x never put into words",
            Self::ImportProtocol => "(Protocol, Network)",
            Self::Informed => "(Protocol or Storage, Peer)",
            Self::LinkFailed => "Network on either side after a failure of the link",
            Self::ImportUnspoken => "(Storage, Network), the disk failed within the archive",
            Self::NoSession => "(x, Network) without a session",
        }
    }
}

/// How a side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct End {
    /// The outcome that it signalled to its client.
    pub outcome: Outcome,
    /// Its cause.
    pub cause: Cause,
}

impl From<Done> for End {
    fn from(done: Done) -> Self {
        Self { outcome: done.outcome, cause: done.cause }
    }
}

impl End {
    /// The end that a step of a trace brings, if it does.
    pub fn of(step: &Step) -> Option<Self> {
        let (done, cause) = match &step.turn {
            Turn::Import { input, effects } => {
                let done = effects.iter().find_map(|effect| match effect {
                    import::Effect::Signal(Signal::Done(outcome)) => Some(*outcome),
                    _ => None,
                });
                (done, Cause::of_import(*input))
            }
            Turn::Export { input, effects } => {
                let done = effects.iter().find_map(|effect| match effect {
                    export::Effect::Signal(Signal::Done(outcome)) => Some(*outcome),
                    _ => None,
                });
                (done, Cause::of_export(*input))
            }
        };
        done.map(|outcome| Self { outcome, cause })
    }
}

/// The facts that may excuse a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Circumstances {
    /// The importer took the exporter's channel.
    pub session: bool,
    /// The link between them failed.
    pub failed: bool,
    /// The importer is a legacy one, which cannot say that it stored the account (R-EXT-2).
    pub unconfirmed: bool,
}

/// Which allowed pair the two ends are, if they are one.
pub fn allowed(import: End, export: End, around: Circumstances) -> Option<Pair> {
    let Circumstances { session, failed, unconfirmed } = around;
    match (import.outcome, export.outcome) {
        (Success { .. }, Outcome::SUCCESS) => Some(Pair::BothSucceed),
        (Success { .. }, Success { confirmed: false }) if unconfirmed => Some(Pair::BothSucceed),
        (Success { .. }, Network) if failed => Some(Pair::SuccessUnheard),
        (Success { .. }, Timeout) if export.cause == Cause::Timer(Timer::Result) => Some(Pair::SuccessTooLate),
        (Success { .. }, _) | (_, Success { .. }) => None,
        (Canceled { .. }, Canceled { .. }) => Some(Pair::Equal),
        (one, other) if one == other => Some(Pair::Equal),
        _ if import.cause.is_own() && export.cause.is_own() => Some(Pair::EachItsOwn),
        (Network, _) if unspoken(export) => Some(Pair::ExportUnspoken),
        (Protocol, Network) => Some(Pair::ImportProtocol),
        (Protocol | Storage, Peer) => Some(Pair::Informed),
        (Network, _) | (_, Network) if failed => Some(Pair::LinkFailed),
        (Storage, Network) if import.cause == Cause::Unspoken => Some(Pair::ImportUnspoken),
        (_, Network) if !session => Some(Pair::NoSession),
        _ => None,
    }
}

/// The same of a world in which both have ended.
pub(crate) fn classify(world: &World) -> Option<Pair> {
    let (import, export) = world.both_ended()?;
    let around = Circumstances {
        session: world.seen.import.session == Some(PEER),
        failed: world.link.failed,
        unconfirmed: world.cast.import == Player::Legacy,
    };
    allowed(import.into(), export.into(), around)
}

fn unspoken(export: End) -> bool {
    match export.outcome {
        Protocol | Storage => true,
        Timeout => matches!(export.cause, Cause::Timer(Timer::Stall | Timer::Transfer)),
        _ => false,
    }
}
