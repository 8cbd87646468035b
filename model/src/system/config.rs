//! The configurations: the pair, and how often each kind of fault may occur.

mod all;
mod budget;

use std::fmt;

use handfast::{
    message::Features,
    outcome::{Profile, Scheme, Side},
    reducer::{Config, Places},
};
use serde::Serialize;

pub use self::{
    all::{configurations, find},
    budget::Budget,
};

/// A peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Player {
    /// The shipped reducer.
    Hardened,
    /// Today's daemon, as in `docs/legacy/daemon.md`.
    Legacy,
    /// Whatever sends what it likes.
    Hostile,
}

/// The pair of peers, the import side first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cast {
    /// The import side. If it is hostile, it is the device that the exporter's token names.
    pub import: Player,
    /// The export side. If it is hostile, callers are all that the importer meets.
    pub export: Player,
}

impl Cast {
    /// Both hardened. Callers in addition only as far as the budget has some, as in every pair.
    pub const HH: Self = Self { import: Player::Hardened, export: Player::Hardened };
    /// A hardened importer and a legacy exporter.
    pub const HL: Self = Self { import: Player::Hardened, export: Player::Legacy };
    /// A legacy importer and a hardened exporter.
    pub const LH: Self = Self { import: Player::Legacy, export: Player::Hardened };
    /// Both legacy.
    pub const LL: Self = Self { import: Player::Legacy, export: Player::Legacy };
    /// A hardened importer; the exporters are hostile.
    pub const HX: Self = Self { import: Player::Hardened, export: Player::Hostile };
    /// A hardened exporter whose token names a hostile device.
    pub const XH: Self = Self { import: Player::Hostile, export: Player::Hardened };

    /// A legacy importer; the exporters are hostile.
    pub const LX: Self = Self { import: Player::Legacy, export: Player::Hostile };
    /// A legacy exporter whose token names a hostile device.
    pub const XL: Self = Self { import: Player::Hostile, export: Player::Legacy };

    /// Whether both sides are honest.
    pub fn is_pair(self) -> bool {
        self.import != Player::Hostile && self.export != Player::Hostile
    }

    /// Whether a side is a legacy one.
    pub fn has_legacy(self) -> bool {
        self.import == Player::Legacy || self.export == Player::Legacy
    }

    /// Returns the peer on this side.
    pub const fn player(self, side: Side) -> Player {
        match side {
            Side::Import => self.import,
            Side::Export => self.export,
        }
    }
}

impl fmt::Display for Cast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        [self.import, self.export].into_iter().try_for_each(|player| {
            f.write_str(match player {
                Player::Hardened => "H",
                Player::Legacy => "L",
                Player::Hostile => "X",
            })
        })
    }
}

impl Serialize for Cast {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One system to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Configuration {
    /// Its purpose.
    pub name: &'static str,
    /// The profile of the reducers.
    pub profile: Profile,
    /// The pair of peers.
    pub cast: Cast,
    /// How the archive may be protected.
    pub schemes: &'static [Scheme],
    /// Whether time passes. Without it, people do what they are asked to do, sooner or later.
    pub clock: bool,
    /// Whether callers come one after another, and not at the same time.
    pub single_file: bool,
    /// The places that the importer has, where strangers come again and again, and fill them: without an end, but for the
    /// [`Budget::bursts`] no faster than its places allow (R-IMP-15).
    pub crowd: Option<Places>,
    /// Whether a second link of the same device follows, with which nothing goes wrong ([`Again`](crate::property::again::Again)).
    pub again: bool,
    /// Whose clients stand between users and daemons, where there are any ([`Linked`](crate::property::clients::linked::Linked)).
    pub clients: Option<Clients>,
    /// Before which daemons they stand. People call the others themselves, and so may do all that a client lets them.
    pub with_client: &'static [Side],
    /// Whether people with a client answer in the moment in which they are asked, and always: before anything else can happen.
    pub at_once: bool,
    /// Whether a hostile peer sends every value of every message, and not one of each kind that matters.
    pub every_word: bool,
    /// Whether the exporter's archive has no password though its flag says that it has one, as links of old clients left it: what its user
    /// types is then empty.
    pub mislabelled: bool,
    /// Whether the exporting device's certificate was renewed since a directory took its chain: the same key, and another chain as a whole.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub renewed: bool,
    /// Whether the users compare the two screens (R-SAS-1).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sas: bool,
    /// The only side that names the feature, where the other one does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sas_alone: Option<Side>,
    /// The states that its graph has at least: with fewer, something that should happen no longer does.
    pub least: usize,
    /// How much goes wrong.
    pub budget: Budget,
}

impl Configuration {
    /// One link with a protected archive, without clients, in which time passes.
    pub(crate) const fn new(name: &'static str, profile: Profile, cast: Cast, budget: Budget) -> Self {
        Self {
            name,
            profile,
            cast,
            schemes: &[Scheme::Password],
            clock: true,
            single_file: false,
            crowd: None,
            again: false,
            clients: None,
            with_client: &[Side::Import, Side::Export],
            at_once: false,
            every_word: false,
            mislabelled: false,
            renewed: false,
            sas: false,
            sas_alone: None,
            least: 0,
            budget,
        }
    }

    /// The name that selects it: `HH-documented-faults`.
    pub fn id(&self) -> String {
        let profile = match self.profile {
            Profile::Documented => "documented",
            Profile::Jamid => "jamid",
        };
        format!("{}-{profile}-{}", self.cast, self.name)
    }

    /// How the reducers are configured, where both name the same features.
    pub fn reducers(&self) -> Config {
        let features = if self.sas { Features::WITH_SAS } else { Features::ALL };
        Config { profile: self.profile, features, places: self.crowd.unwrap_or_default() }
    }

    /// Whether a side names the comparison (R-SAS-1).
    pub fn names_sas(&self, side: Side) -> bool {
        self.sas && self.sas_alone.is_none_or(|alone| alone == side)
    }

    /// How the reducer of a side is configured.
    pub fn reducer_of(&self, side: Side) -> Config {
        let features = if self.names_sas(side) { Features::WITH_SAS } else { Features::ALL };
        Config { features, ..self.reducers() }
    }

    /// Returns the profile of the signals of a side: an old one has only one.
    pub const fn profile_of(&self, side: Side) -> Profile {
        match self.cast.player(side) {
            Player::Legacy => Profile::Jamid,
            Player::Hardened | Player::Hostile => self.profile,
        }
    }

    /// Whether the directory repeats requests in it. That of an old importer keeps those that it has seen (`docs/legacy/daemon.md`, 8.4).
    pub fn repeats(&self) -> bool {
        self.cast.is_pair() && self.cast.import == Player::Hardened && self.budget.duplicates > 0
    }

    /// Whether it is one link, without clients.
    pub const fn is_plain(&self) -> bool {
        !self.again && self.clients.is_none()
    }

    /// Whether anything can go wrong in it. Typed wrong passwords apart, an honest pair then has to succeed. A directory that
    /// repeats a request is as it should be (R-RDV-1).
    pub fn is_honest(&self) -> bool {
        let Budget { wrong, duplicates, .. } = self.budget;
        self.cast.is_pair()
            && self.clients.is_none()
            && !self.clock
            && self.budget == Budget { wrong, duplicates, ..Budget::NOTHING }
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.id(), self.budget)
    }
}

/// Whose clients there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Clients {
    /// The reducers that ship.
    Own,
    /// Those of today's desktop client.
    Qt,
    /// Those of today's client for Android.
    Android,
    /// Those of today's client for iOS.
    Ios,
}

/// How much is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Size {
    /// Seconds: one fault class at a time, and small sums of them. For every test run.
    Small,
    /// A minute: for every change.
    Quick,
    /// Minutes: for the night.
    Full,
}

impl Size {
    fn pick<T>(self, small: T, quick: T, full: T) -> T {
        match self {
            Self::Small => small,
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}
