//! The peers of a session that break the rules: strangers on the importer's port, and hostile sides.

use std::fmt;

use handfast::outcome::Outcome;
use serde::{Deserialize, Serialize};

/// An enemy, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enemy {
    /// A stranger who knows where the importing device is, in addition to an honest pair: the pair succeeds.
    Stranger(Mischief),
    /// A crowd of them, more than the importing device has places for, who come again when they are turned away: the pair succeeds.
    Crowd(Mischief),
    /// The exporter, who knows the token.
    Exporter(Mischief),
    /// The importer, whose token was taken.
    Importer(Mischief),
}

/// The attack of an enemy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mischief {
    /// Says nothing.
    Silence,
    /// Leaves at once.
    Leave,
    /// Speaks another protocol.
    Text,
    /// Sends the head of a TLS record that is longer than one may be.
    Record,
    /// Sends a handshake that never comes to its end, a byte a millisecond.
    Drip,
    /// Shows a chain of more certificates than there may be.
    LongChain,
    /// Shows itself with a certificate that no account issued.
    Nameless,
    /// Is another device than the token names, and does all that is asked.
    Imposter,
    /// Shakes hands, and says nothing.
    Secured,
    /// Says all that is allowed and that no one asked for: signs of life, other channels, answers.
    Chatter,
    /// Sends what are no frames, secured.
    NoFrames,
    /// Sends a frame of 4 GiB, secured, or what has the head of one.
    GiantFrame,
    /// Asks for a channel whose name is longer than one may be, secured.
    GiantName,
    /// Asks with wrong codes, secured.
    WrongCodes,
    /// Sends what is no message.
    NoMessage,
    /// Sends a message with a value of 4 GiB, or what has the head of one.
    GiantValue,
    /// Sends a message of nothing but the beginnings of arrays.
    Nesting,
    /// Sends the right words, and then garbage, one byte in a frame.
    ByteFrames,
    /// Sends messages that mean nothing, without an end.
    Flood,
    /// Sends an archive, a sound one, to which no one has consented.
    Unasked,
    /// Asks for consent, and sends the archive at once.
    Hasty,
    /// Sends a sound archive of another account than it showed.
    OtherArchive,
    /// Sends an archive of 4 GiB, or what has the head of one.
    GiantArchive,
    /// Ends the channel in the middle of the archive.
    CutArchive,
    /// Sends what is not an archive.
    NoArchive,
    /// Answers with a wrong password, time after time.
    Guesses,
    /// Takes the archive, and ends the channel without a word on what came of it.
    NoResult,
}

use Mischief as M;

const STRANGERS: [M; 13] = [
    M::Silence,
    M::Leave,
    M::Text,
    M::Record,
    M::Drip,
    M::LongChain,
    M::Nameless,
    M::Secured,
    M::Chatter,
    M::NoFrames,
    M::GiantFrame,
    M::GiantName,
    M::WrongCodes,
];
const CROWDS: [M; 6] = [M::Silence, M::Leave, M::Text, M::Drip, M::Nameless, M::Secured];
const EXPORTERS: [M; 16] = [
    M::LongChain,
    M::Nameless,
    M::Secured,
    M::Chatter,
    M::NoFrames,
    M::GiantFrame,
    M::NoMessage,
    M::GiantValue,
    M::Nesting,
    M::ByteFrames,
    M::Unasked,
    M::Hasty,
    M::OtherArchive,
    M::GiantArchive,
    M::CutArchive,
    M::NoArchive,
];
const IMPORTERS: [M; 16] = [
    M::Silence,
    M::Leave,
    M::LongChain,
    M::Imposter,
    M::Secured,
    M::Chatter,
    M::NoFrames,
    M::GiantFrame,
    M::NoMessage,
    M::GiantValue,
    M::Nesting,
    M::ByteFrames,
    M::Flood,
    M::Unasked,
    M::Guesses,
    M::NoResult,
];

impl Enemy {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let strangers = STRANGERS.into_iter().map(Self::Stranger);
        let crowds = CROWDS.into_iter().map(Self::Crowd);
        strangers
            .chain(crowds)
            .chain(EXPORTERS.into_iter().map(Self::Exporter))
            .chain(IMPORTERS.into_iter().map(Self::Importer))
    }

    /// The name of its family of scenarios.
    pub const fn family(self) -> &'static str {
        match self {
            Self::Stranger(_) => "stranger",
            Self::Crowd(_) => "crowd",
            Self::Exporter(_) => "hostile-exporter",
            Self::Importer(_) => "hostile-importer",
        }
    }

    /// Its actions.
    pub const fn mischief(self) -> Mischief {
        match self {
            Self::Stranger(mischief) | Self::Crowd(mischief) | Self::Exporter(mischief) | Self::Importer(mischief) => {
                mischief
            }
        }
    }

    /// Whether it is one of the two sides.
    pub const fn is_a_side(self) -> bool {
        matches!(self, Self::Exporter(_) | Self::Importer(_))
    }
}

impl Mischief {
    /// Whether an honest peer may end so.
    pub(crate) fn leads_to(self, end: Outcome) -> bool {
        match self {
            // No one breaks a rule who says nothing, or nothing that means anything.
            M::Silence | M::Leave | M::LongChain | M::Nameless | M::Imposter | M::Secured | M::Chatter | M::Flood => {
                matches!(end, Outcome::Timeout | Outcome::Network)
            }
            // A channel may end at any time.
            M::CutArchive | M::NoResult => end == Outcome::Network,
            // Without a password none is wrong, and one that is not asked for breaks a rule.
            M::Guesses => matches!(end, Outcome::Authentication | Outcome::Protocol),
            _ => end == Outcome::Protocol,
        }
    }
}

impl fmt::Display for Mischief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
