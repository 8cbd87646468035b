//! What is checked: who takes part, and how much of each kind of trouble there may be.

use std::fmt;

use handfast::{
    message::Features,
    outcome::{Profile, Scheme, Side},
    reducer::Config,
};
use serde::Serialize;

/// What is on a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Player {
    /// The shipped reducer.
    Hardened,
    /// Today's daemon, as `docs/legacy.md` tells it.
    Legacy,
    /// Whatever sends what it likes.
    Hostile,
}

/// Who takes part, the import side first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cast {
    /// The import side. If it is hostile, it is the device behind the exporter's token.
    pub import: Player,
    /// The export side. If it is hostile, callers are all that the importer meets.
    pub export: Player,
}

impl Cast {
    /// Both hardened. Callers beside them only as far as the budget has some, as in every pair.
    pub const HH: Self = Self { import: Player::Hardened, export: Player::Hardened };
    /// A hardened importer and a legacy exporter.
    pub const HL: Self = Self { import: Player::Hardened, export: Player::Legacy };
    /// A legacy importer and a hardened exporter.
    pub const LH: Self = Self { import: Player::Legacy, export: Player::Hardened };
    /// Both legacy.
    pub const LL: Self = Self { import: Player::Legacy, export: Player::Legacy };
    /// A hardened importer; the exporters are hostile.
    pub const HX: Self = Self { import: Player::Hardened, export: Player::Hostile };
    /// A hardened exporter; the device behind its token is hostile.
    pub const XH: Self = Self { import: Player::Hostile, export: Player::Hardened };

    /// A legacy importer; the exporters are hostile.
    pub const LX: Self = Self { import: Player::Legacy, export: Player::Hostile };
    /// A legacy exporter; the device behind its token is hostile.
    pub const XL: Self = Self { import: Player::Hostile, export: Player::Legacy };

    /// Whether both sides are honest.
    pub fn is_pair(self) -> bool {
        self.import != Player::Hostile && self.export != Player::Hostile
    }

    /// Whether a side is a legacy one.
    pub fn has_legacy(self) -> bool {
        self.import == Player::Legacy || self.export == Player::Legacy
    }

    /// What is on this side.
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

macro_rules! budget {
    ($($(#[doc = $doc:literal])* $field:ident),* $(,)?) => {
        /// How often each kind of trouble may happen. Every number makes the graph finite, and is part of the verdict.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
        pub struct Budget {
            $($(#[doc = $doc])* pub $field: u8,)*
        }

        impl Budget {
            /// The names that [`Budget::set`] knows.
            pub const KEYS: &'static [&'static str] = &[$(stringify!($field)),*];

            /// Changes one number. Gives `false` if there is no such name.
            pub fn set(&mut self, key: &str, count: u8) -> bool {
                match key {
                    $(stringify!($field) => self.$field = count,)*
                    _ => return false,
                }
                true
            }

            fn entries(&self) -> impl Iterator<Item = (&'static str, u8)> {
                [$((stringify!($field), self.$field)),*].into_iter().filter(|(_, count)| *count > 0)
            }
        }
    };
}

budget! {
    /// Losses: of the link, of the request, of the device's reachability.
    loss,
    /// Cancels of the import's user.
    import_cancels,
    /// Cancels of the export's user.
    export_cancels,
    /// Wrong passwords that are typed.
    wrong,
    /// Timers that fire while something else could still happen. Those that fire because nothing does are free.
    early,
    /// Failures of the disks.
    storage,
    /// Connections of strangers, who know the device and not the token.
    strangers,
    /// Connections of intruders, who know the token.
    intruders,
    /// Messages and archives that are hostile.
    words,
    /// Channel requests of callers that are not the token's.
    asks,
    /// Crashes of the new device.
    import_crashes,
    /// Crashes of the old device.
    export_crashes,
    /// Calls that a client should not make: the same once more, or an answer in another scheme.
    clicks,
    /// Signals of another operation of the same daemon, where there are clients to hear them.
    foreign,
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (key, count) in self.entries() {
            write!(f, "{}{key}={count}", if first { "" } else { " " })?;
            first = false;
        }
        if first { f.write_str("nothing goes wrong") } else { Ok(()) }
    }
}

/// One system to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Configuration {
    /// What is looked at.
    pub name: &'static str,
    /// What the reducers follow.
    pub profile: Profile,
    /// Who takes part.
    pub cast: Cast,
    /// How the archive may be protected.
    pub schemes: &'static [Scheme],
    /// Whether time passes. Without it, people do what they are asked to do, sooner or later.
    pub clock: bool,
    /// Whether callers come one after another, and not beside each other.
    pub single_file: bool,
    /// Whether a second link of the same device follows, with which nothing goes wrong ([`Again`](crate::again::Again)).
    pub again: bool,
    /// Whose clients stand between users and daemons, where there are any ([`Linked`](crate::clients::linked::Linked)).
    pub clients: Option<Clients>,
    /// Before which daemons they stand. People call the others themselves, and so may do all that a client lets them.
    pub behind: &'static [Side],
    /// The states that its graph has at least: with fewer, something that should happen no longer does.
    pub least: usize,
    /// How much goes wrong.
    pub budget: Budget,
}

impl Configuration {
    /// The name that selects it: `HH-documented-faults`.
    pub fn id(&self) -> String {
        let profile = match self.profile {
            Profile::Documented => "documented",
            Profile::Jamid => "jamid",
        };
        format!("{}-{profile}-{}", self.cast, self.name)
    }

    /// How the reducers are configured.
    pub const fn reducers(&self) -> Config {
        Config { profile: self.profile, features: Features::ALL }
    }

    /// What the signals of a side follow: an old one knows one way only.
    pub const fn profile_of(&self, side: Side) -> Profile {
        match self.cast.player(side) {
            Player::Legacy => Profile::Jamid,
            Player::Hardened | Player::Hostile => self.profile,
        }
    }

    /// Whether it is one link, without clients.
    pub const fn is_plain(&self) -> bool {
        !self.again && self.clients.is_none()
    }

    /// Whether anything can go wrong in it. Typed wrong passwords apart, an honest pair then has to succeed.
    pub fn is_honest(&self) -> bool {
        self.cast.is_pair()
            && self.clients.is_none()
            && !self.clock
            && self.budget == Budget { wrong: self.budget.wrong, ..Budget::default() }
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
    /// Those that ship.
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

const NOTHING: Budget = Budget {
    loss: 0,
    import_cancels: 0,
    export_cancels: 0,
    wrong: 0,
    early: 0,
    storage: 0,
    strangers: 0,
    intruders: 0,
    words: 0,
    asks: 0,
    import_crashes: 0,
    export_crashes: 0,
    clicks: 0,
    foreign: 0,
};

/// What goes wrong with a link that another follows.
const BEFORE_ANOTHER: Budget = Budget { loss: 1, import_cancels: 1, export_cancels: 1, ..NOTHING };

const EACH: &[Side] = &[Side::Import, Side::Export];

/// What goes wrong with a client: the screen is left, the other side gives up, the disk fails, and its daemon has another operation.
const BEFORE_A_CLIENT: Budget = Budget { import_cancels: 1, export_cancels: 1, storage: 1, foreign: 1, ..NOTHING };
/// And at night: the link fails, and a password is wrong.
const BEFORE_A_CLIENT_AT_NIGHT: Budget = Budget { loss: 1, wrong: 1, ..BEFORE_A_CLIENT };

const ONE: &[Scheme] = &[Scheme::Password];
const BOTH: &[Scheme] = &[Scheme::None, Scheme::Password];

/// All configurations of a size, in both profiles.
pub fn configurations(size: Size) -> Vec<Configuration> {
    let profiles = [Profile::Documented, Profile::Jamid];
    let hardened = profiles.into_iter().flat_map(|profile| of_profile(size, profile));
    let mixed = profiles
        .into_iter()
        .flat_map(|profile| [Cast::HL, Cast::LH].into_iter().flat_map(move |cast| of_legacy(size, profile, cast)));
    let alone = [
        legacy("hostile-exporter", Profile::Jamid, Cast::LX, 1_000, LEGACY_MEETS_EXPORTER),
        legacy("hostile-importer", Profile::Jamid, Cast::XL, 300, LEGACY_MEETS_IMPORTER),
    ];
    hardened.chain(mixed).chain(of_legacy(size, Profile::Jamid, Cast::LL)).chain(alone).collect()
}

/// The configuration of this [`Configuration::id`].
pub fn find(size: Size, id: &str) -> Option<Configuration> {
    configurations(size).into_iter().find(|configuration| configuration.id() == id)
}

fn of_profile(size: Size, profile: Profile) -> Vec<Configuration> {
    let pair = |name, least: usize, budget| Configuration {
        name,
        profile,
        cast: Cast::HH,
        schemes: ONE,
        clock: true,
        single_file: false,
        again: false,
        clients: None,
        behind: EACH,
        least,
        budget,
    };
    // Today's daemon asks only behind the confirmation, so that there is less to happen beside a second link.
    let least_again = match profile {
        Profile::Documented => 58_000,
        Profile::Jamid => 37_000,
    };
    let before_a_client = size.pick(BEFORE_A_CLIENT, BEFORE_A_CLIENT, BEFORE_A_CLIENT_AT_NIGHT);
    let all = [
        Configuration { schemes: BOTH, clock: false, ..pair("honest", 120, Budget { wrong: 3, ..NOTHING }) },
        pair(
            "loss",
            size.pick(500, 800, 800),
            Budget { loss: size.pick(1, 2, 3), wrong: size.pick(1, 3, 3), ..NOTHING },
        ),
        pair(
            "cancel",
            size.pick(600, 900, 900),
            Budget { import_cancels: 1, export_cancels: 1, wrong: size.pick(1, 3, 3), ..NOTHING },
        ),
        pair(
            "timers",
            size.pick(600, 2_400, 2_400),
            Budget { early: size.pick(1, 3, 5), wrong: size.pick(1, 3, 3), ..NOTHING },
        ),
        pair(
            "storage",
            size.pick(150, 250, 250),
            Budget { storage: size.pick(1, 2, 3), wrong: size.pick(1, 3, 3), ..NOTHING },
        ),
        Configuration { again: true, ..pair("again", least_again, BEFORE_ANOTHER) },
        Configuration { clients: Some(Clients::Own), clock: false, ..pair("clients", 2_200, NOTHING) },
        Configuration {
            clients: Some(Clients::Own),
            behind: &[Side::Import],
            clock: false,
            ..pair("import-client", 22_000, before_a_client)
        },
        Configuration {
            clients: Some(Clients::Own),
            behind: &[Side::Export],
            clock: false,
            ..pair("export-client", 14_000, before_a_client)
        },
        pair(
            "crash",
            size.pick(190, 280, 280),
            Budget { import_crashes: 1, export_crashes: 1, wrong: size.pick(0, 1, 3), ..NOTHING },
        ),
        pair(
            "strangers",
            size.pick(400, 3_800, 33_000),
            Budget { strangers: size.pick(1, 2, 3), asks: size.pick(1, 2, 3), ..NOTHING },
        ),
        pair(
            "intruders",
            size.pick(600, 12_000, 220_000),
            Budget { intruders: size.pick(1, 1, 2), words: size.pick(1, 3, 4), asks: size.pick(0, 1, 1), ..NOTHING },
        ),
        Configuration {
            cast: Cast::HX,
            single_file: true,
            clock: false,
            ..pair("guesses", 38_000, Budget { strangers: 6, asks: 17, ..NOTHING })
        },
        pair(
            "faults",
            size.pick(4_000, 31_000, 70_000),
            Budget {
                loss: size.pick(1, 1, 2),
                import_cancels: 1,
                export_cancels: 1,
                wrong: size.pick(0, 1, 3),
                early: size.pick(1, 1, 2),
                storage: size.pick(0, 1, 1),
                strangers: size.pick(0, 1, 1),
                ..NOTHING
            },
        ),
        Configuration {
            cast: Cast::HX,
            ..pair(
                "hostile-exporter",
                size.pick(2_300, 65_000, 89_000),
                Budget {
                    intruders: size.pick(1, 2, 2),
                    words: size.pick(4, 5, 6),
                    import_cancels: size.pick(0, 1, 1),
                    storage: size.pick(0, 1, 1),
                    early: size.pick(0, 1, 1),
                    asks: 1,
                    ..NOTHING
                },
            )
        },
        Configuration {
            cast: Cast::XH,
            ..pair(
                "hostile-importer",
                size.pick(750, 2_400, 4_000),
                Budget {
                    words: size.pick(4, 6, 8),
                    export_cancels: 1,
                    storage: 1,
                    early: size.pick(0, 1, 2),
                    ..NOTHING
                },
            )
        },
        pair(
            "everything",
            size.pick(0, 85_000, 6_700_000),
            Budget {
                loss: 1,
                import_cancels: 1,
                export_cancels: 1,
                wrong: size.pick(0, 0, 1),
                early: size.pick(0, 1, 1),
                storage: size.pick(0, 1, 1),
                strangers: size.pick(0, 1, 1),
                intruders: size.pick(0, 1, 2),
                words: size.pick(0, 1, 2),
                asks: size.pick(0, 0, 1),
                import_crashes: 0,
                export_crashes: 0,
                clicks: 0,
                foreign: 0,
            },
        ),
    ];
    // Nothing that a profile chooses happens before a session; and everything at once is not small.
    let spared = |one: &Configuration| match one.name {
        "guesses" => profile == Profile::Jamid,
        "everything" => size == Size::Small,
        _ => false,
    };
    all.into_iter().filter(|one| !spared(one)).collect()
}

/// A configuration with a legacy side.
const fn legacy(name: &'static str, profile: Profile, cast: Cast, least: usize, budget: Budget) -> Configuration {
    Configuration {
        name,
        profile,
        cast,
        schemes: ONE,
        clock: true,
        single_file: false,
        again: false,
        clients: None,
        behind: EACH,
        least,
        budget,
    }
}

/// Enough words for a fourth prompt.
const LEGACY_MEETS_EXPORTER: Budget = Budget { intruders: 1, words: 5, ..NOTHING };
const LEGACY_MEETS_IMPORTER: Budget = Budget { words: 4, export_cancels: 1, ..NOTHING };

/// What a pair with a legacy side is checked in.
fn of_legacy(size: Size, profile: Profile, cast: Cast) -> Vec<Configuration> {
    let pair = |name, [hl, lh, ll]: [usize; 3], budget| {
        let least = match cast {
            Cast::HL => hl,
            Cast::LH => lh,
            _ => ll,
        };
        legacy(name, profile, cast, least, budget)
    };
    let wrong = size.pick(0, 1, 2);
    let with = |name, least, clients, behind, budget| Configuration {
        clients: Some(clients),
        behind,
        clock: false,
        ..pair(name, least, budget)
    };
    // Only the side of the client gives up: what an old daemon makes of it is looked at elsewhere.
    let import = Budget { import_cancels: 1, foreign: 1, ..NOTHING };
    let export = Budget { export_cancels: 1, ..NOTHING };
    let mut clients = match cast {
        Cast::LL => vec![
            with("clients-qt", [0; 3], Clients::Qt, EACH, Budget { export_cancels: 1, ..import }),
            with("clients-android", [0; 3], Clients::Android, EACH, Budget { export_cancels: 1, ..import }),
            // The old importer has no word for what the exporter's timer says.
            Configuration {
                clock: true,
                ..with("clients-ios", [0; 3], Clients::Ios, EACH, Budget { early: 1, export_cancels: 1, ..NOTHING })
            },
        ],
        _ => vec![
            with("import-client", [85_000, 2_500, 0], Clients::Own, &[Side::Import], import),
            with("export-client", [50_000, 1_000, 0], Clients::Own, &[Side::Export], export),
        ],
    };
    clients.extend([
        Configuration {
            schemes: BOTH,
            clock: false,
            ..pair("honest", [4_000, 120, 3_400], Budget { wrong: 3, ..NOTHING })
        },
        // What a late hello leaves of three tries is enough for one that is wrong.
        Configuration { clock: false, ..pair("plain", [700, 40, 700], Budget { wrong: 1, ..NOTHING }) },
        pair("loss", [3_600, 250, 3_000], Budget { loss: size.pick(1, 1, 2), wrong, ..NOTHING }),
        pair("cancel", [8_500, 330, 5_700], Budget { import_cancels: 1, export_cancels: 1, wrong, ..NOTHING }),
        pair("timers", [5_600, 260, 4_000], Budget { early: size.pick(1, 2, 3), wrong, ..NOTHING }),
        Configuration { again: true, ..pair("again", [0, 24_000, 0], BEFORE_ANOTHER) },
        pair("crash", [1_500, 170, 1_400], Budget { import_crashes: 1, export_crashes: 1, wrong, ..NOTHING }),
        pair("storage", [2_000, 75, 1_400], Budget { storage: size.pick(1, 2, 3), wrong, ..NOTHING }),
        Configuration { schemes: BOTH, ..pair("clicks", [12_000, 320, 32_000], Budget { clicks: 2, ..NOTHING }) },
        pair("strangers", [6_000, 1_700, 20_000], Budget { strangers: 1, asks: size.pick(1, 2, 3), ..NOTHING }),
        Configuration {
            clock: size != Size::Small,
            ..pair("intruders", [2_000, 10_000, 50_000], Budget { intruders: 1, words: size.pick(1, 1, 2), ..NOTHING })
        },
    ]);
    clients
}
