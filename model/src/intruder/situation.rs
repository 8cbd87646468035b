//! The situations that are examined: who the two honest devices are, and what the intruder knows at the beginning.

use handfast::{
    export::Exporter,
    import::Importer,
    message::Features,
    outcome::{Profile, Scheme},
    reducer::Config,
};
use serde::Serialize;

use crate::{
    intruder::{
        comparison::{Order, order_of},
        terms::{
            Key::{Account, Authority, Leaf},
            Knowledge, Owner, Party, Term,
        },
    },
    property::without::Without,
    system::{
        legacy,
        side::{AnyExport, AnyImport, Boxed},
    },
};

/// The two honest devices, the importer named first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Pair {
    /// Both hardened.
    HH,
    /// A hardened importer and today's exporter.
    HL,
    /// Today's importer and a hardened exporter.
    LH,
    /// Both of today.
    LL,
}

impl Pair {
    /// All four.
    pub const ALL: [Self; 4] = [Self::HH, Self::HL, Self::LH, Self::LL];

    /// Whether the importer is hardened.
    pub const fn hardens_import(self) -> bool {
        matches!(self, Self::HH | Self::HL)
    }

    /// Whether the exporter is hardened.
    pub const fn hardens_export(self) -> bool {
        matches!(self, Self::HH | Self::LH)
    }
}

/// The intruder's knowledge at the beginning. All have its own device, and what everyone can look up: the certificates of the account
/// and of the device that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Nothing more.
    Nothing,
    /// The id of the new device.
    Device,
    /// The same, and an account of its own, with a chain that verifies.
    DeviceAccount,
    /// The token that the new device shows: its id and the code.
    Token,
    /// The same, and an account of its own.
    TokenAccount,
    /// The same, and the exporter's user scans the intruder's code in place of the new device's.
    Swapped,
    /// The same, and the password of the archive, which was once given to it.
    Password,
}

impl Start {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Nothing,
        Self::Device,
        Self::DeviceAccount,
        Self::Token,
        Self::TokenAccount,
        Self::Swapped,
        Self::Password,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Device => "device",
            Self::DeviceAccount => "device-account",
            Self::Token => "token",
            Self::TokenAccount => "token-account",
            Self::Swapped => "swapped",
            Self::Password => "password",
        }
    }

    /// The knowledge in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Nothing => "nothing but what is public",
            Self::Device => "the id of the new device",
            Self::DeviceAccount => "the id of the new device; an account of its own",
            Self::Token => "the token",
            Self::TokenAccount => "the token; an account of its own",
            Self::Swapped => "the token; an account of its own; its own code is scanned in place of the new device's",
            Self::Password => "all of that, and the archive's password",
        }
    }

    /// The device that the scanned token names.
    pub const fn scanned(self) -> Party {
        match self {
            Self::Nothing | Self::Device | Self::DeviceAccount | Self::Token | Self::TokenAccount => Party::NewDevice,
            Self::Swapped | Self::Password => Party::Intruder,
        }
    }

    /// Whether the intruder guesses codes.
    pub const fn guesses(self) -> bool {
        matches!(self, Self::Device | Self::DeviceAccount)
    }

    /// Returns the knowledge at the beginning.
    pub fn knowledge(self) -> Knowledge {
        let (honest, own) = (Owner::Honest, Owner::Intruder);
        let public = [
            Term::Private(Leaf(Party::Intruder)),
            Term::Certificate(Leaf(Party::OldDevice), Account(honest)),
            Term::Certificate(Account(honest), Authority(honest)),
            Term::Code(Party::Intruder),
            Term::Guess,
        ];
        let device = [Term::Public(Leaf(Party::NewDevice))];
        let account = [Term::Private(Account(own)), Term::Private(Authority(own))];
        let token = [Term::Code(Party::NewDevice)];
        let parts: &[&[Term]] = match self {
            Self::Nothing => &[],
            Self::Device => &[&device],
            Self::DeviceAccount => &[&device, &account],
            Self::Token => &[&device, &token],
            Self::TokenAccount | Self::Swapped => &[&device, &token, &account],
            Self::Password => &[&device, &token, &account, &[Term::Password]],
        };
        Knowledge::of(&[&public, &*parts.concat()].concat())
    }
}

/// Whether the users compare the two screens (R-SAS-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// They do not: nothing is named.
    #[default]
    None,
    /// They would, and the other device cannot: it is today's. They go on without (R-SAS-9), and refuse where one screen alone shows a
    /// string.
    Named,
    /// They do, and the strings of two sessions differ: the order of the exchange is sound.
    Sound,
    /// They do, and the intruder makes any two strings equal.
    Unsound,
}

impl Comparison {
    /// Returns that of two devices that keep `rules`, by the order in which they agree on the string.
    pub fn of(rules: Without) -> Self {
        if order_of(rules) == Some(Order::Committed) { Self::Sound } else { Self::Unsound }
    }

    /// Whether the users go on after a comparison only.
    pub const fn is_demanded(self) -> bool {
        matches!(self, Self::Sound | Self::Unsound)
    }
}

/// A subject of examination: two honest devices, an archive, and an intruder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Situation {
    /// The honest devices.
    pub pair: Pair,
    /// The intruder's knowledge at the beginning.
    pub start: Start,
    /// The protection of the archive.
    pub scheme: Scheme,
    /// The profile of the hardened sides.
    pub profile: Profile,
    /// The rules that the hardened sides keep.
    pub rules: Without,
    /// Whether the users compare (R-SAS-9).
    pub comparison: Comparison,
}

impl Situation {
    /// Returns the situation of two devices that keep every rule, in the documented profile.
    pub const fn new(pair: Pair, start: Start, scheme: Scheme) -> Self {
        let (profile, rules) = (Profile::Documented, Without::new(&[]));
        Self { pair, start, scheme, profile, rules, comparison: Comparison::None }
    }

    /// Returns the same situation where each hardened device names the feature: two of them compare.
    pub fn compared(self) -> Self {
        let comparison = match self.pair {
            Pair::HH => Comparison::of(self.rules),
            Pair::HL | Pair::LH => Comparison::Named,
            Pair::LL => Comparison::None,
        };
        Self { comparison, ..self }
    }

    /// Returns the two honest sides before they begin.
    pub fn sides(&self) -> (AnyImport, AnyExport) {
        let features = if self.comparison == Comparison::None { Features::ALL } else { Features::WITH_SAS };
        let config = Config { profile: self.profile, features, ..Config::default() };
        let keeps_all = self.rules == Without::default();
        let import = match self.pair.hardens_import() {
            true if keeps_all => Boxed::new(Importer::new(config)),
            true => Boxed::new(Importer::under(config, self.rules)),
            false => Boxed::new(legacy::Importer::new()),
        };
        let export = match self.pair.hardens_export() {
            true if keeps_all => Boxed::new(Exporter::new(config)),
            true => Boxed::new(Exporter::under(config, self.rules)),
            false => Boxed::new(legacy::Exporter::new()),
        };
        (import, export)
    }

    /// How often the intruder connects to the new device.
    pub const fn connections(&self) -> u8 {
        match (self.pair.hardens_import(), self.start.guesses()) {
            (true, true) => GUESSING_CONNECTIONS,
            (true, false) => 2,
            (false, _) => 1,
        }
    }
}

impl Situation {
    /// How often the importer's user answers. A hardened importer asks three times at most; today's asks for ever.
    pub const fn answers(&self) -> u8 {
        if self.pair.hardens_import() { 3 } else { 2 }
    }
}

/// Connections of an intruder that guesses: three wrong codes are counted on each, and sixteen in all.
const GUESSING_CONNECTIONS: u8 = 6;
