//! Comparisons of the two screens over real TLS (R-SAS-1 to R-SAS-9): the sides that name the feature, the answers of their users, and the
//! rules of a session in which both do.

use std::fmt;

use handfast::{
    export::{Effect as ExportEffect, Input as ExportInput},
    import::{Effect as ImportEffect, Input as ImportInput},
    message::Message,
    outcome::Side,
    trace::{Step, Turn},
};
use serde::{Deserialize, Serialize};

/// A session with a side that can compare, and what goes wrong in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// Both users see the same string: both succeed.
    Same,
    /// This side alone names the feature: there is nothing to compare, and both succeed (R-EXT-1).
    Alone(Side),
    /// The user of this side says that the strings differ: both end with it (R-SAS-7).
    Differs(Side),
    /// The connection is reset after any byte that this side wrote.
    ResetWithin(Side),
    /// Several faults at once, and then none: whatever came of it, the next link succeeds.
    Swarm,
}

impl Compared {
    /// All of them, in the order in which they are reported.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let sides = [Side::Import, Side::Export];
        let of_sides = [Self::Alone, Self::Differs, Self::ResetWithin].into_iter().flat_map(move |of| sides.map(of));
        [Self::Same].into_iter().chain(of_sides).chain([Self::Swarm])
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("same"),
            Self::Alone(side) => write!(f, "alone.{side}"),
            Self::Differs(side) => write!(f, "differs.{side}"),
            Self::ResetWithin(side) => write!(f, "reset.{side}"),
            Self::Swarm => f.write_str("swarm"),
        }
    }
}

/// The steps of a comparison that were taken so far.
#[derive(Default)]
struct Done {
    committed: bool,
    shown: bool,
    /// The user of this side has said that the strings are equal.
    equal: [bool; 2],
}

/// Returns how a session in which both sides compare breaks the order of a comparison: the importer's nonce after the commitment, the
/// opening after the nonce (R-SAS-2), and password and archive after both users (R-SAS-5).
pub(crate) fn broken(strings: &[Option<String>; 2], steps: &[Step]) -> Option<String> {
    if let [Some(import), Some(export)] = strings
        && import != export
    {
        return Some(format!("the importer shows {import}, and the exporter {export}"));
    }
    let mut done = Done::default();
    steps.iter().filter(|step| step.refused.is_none()).find_map(|step| match &step.turn {
        Turn::Import { input, effects } => {
            done.committed |= matches!(input, ImportInput::Message(_, Message::Commitment(_)));
            done.equal[0] |= *input == ImportInput::CompareAccount(true);
            let [committed, equal] = [done.committed, done.equal[0]];
            effects.iter().find_map(|effect| match effect {
                ImportEffect::Send(_, Message::Nonce(_)) if !committed => Some("a nonce before the commitment".into()),
                ImportEffect::Send(_, Message::Password(_)) if !equal => Some("a password before a comparison".into()),
                _ => None,
            })
        }
        Turn::Export { input, effects } => {
            done.shown |= matches!(input, ExportInput::Message(Message::Nonce(_)));
            done.equal[1] |= *input == ExportInput::CompareAddDevice(true);
            let [shown, equal] = [done.shown, done.equal[1]];
            effects.iter().find_map(|effect| match effect {
                ExportEffect::Send(Message::Opening(_)) if !shown => Some("an opening before the nonce".into()),
                ExportEffect::Open(_) | ExportEffect::SendArchive if !equal => {
                    Some("the archive before a comparison".into())
                }
                _ => None,
            })
        }
    })
}
