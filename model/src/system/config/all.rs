//! All configurations, of every size.

use handfast::{
    outcome::{Profile, Scheme, Side},
    reducer::Places,
};

use super::{Budget, Cast, Clients, Configuration, Size};

const NOTHING: Budget = Budget::NOTHING;

/// The link fails once.
const LOSS: Budget = Budget { loss: 1, ..NOTHING };

/// The faults of a link that another one follows.
const BEFORE_ANOTHER: Budget = Budget { loss: 1, import_cancels: 1, export_cancels: 1, ..NOTHING };

/// The faults of a client: the screen is left, the other side gives up, the disk fails, and its daemon has another operation.
const BEFORE_A_CLIENT: Budget = Budget { import_cancels: 1, export_cancels: 1, storage: 1, foreign: 1, ..NOTHING };
/// And at night: the link fails, and a password is wrong.
const BEFORE_A_CLIENT_AT_NIGHT: Budget = Budget { loss: 1, wrong: 1, ..BEFORE_A_CLIENT };

/// Two places for what is not secured, one for what is: a stranger more than there are fills them all.
const FEW: Places = Places { unsecured: 2, secured: 1 };

const EACH: &[Side] = &[Side::Import, Side::Export];
const BOTH: &[Scheme] = &[Scheme::None, Scheme::Password];

/// All configurations of a size, in both profiles.
pub fn configurations(size: Size) -> Vec<Configuration> {
    let profiles = [Profile::Documented, Profile::Jamid];
    let hardened = profiles.into_iter().flat_map(|profile| of_profile(size, profile));
    let mixed = profiles
        .into_iter()
        .flat_map(|profile| [Cast::HL, Cast::LH].into_iter().flat_map(move |cast| of_legacy(size, profile, cast)));
    let legacy =
        |cast, name, least, budget| Configuration { least, ..Configuration::new(name, Profile::Jamid, cast, budget) };
    let alone = [
        legacy(Cast::LX, "hostile-exporter", 1_000, LEGACY_MEETS_EXPORTER),
        legacy(
            Cast::LX,
            "hostile-exporters",
            size.pick(170_000, 170_000, 2_100_000),
            Budget { intruders: 2, words: size.pick(2, 2, 4), ..NOTHING },
        ),
        legacy(Cast::XL, "hostile-importer", 300, LEGACY_MEETS_IMPORTER),
    ];
    hardened.chain(mixed).chain(of_legacy(size, Profile::Jamid, Cast::LL)).chain(alone).collect()
}

/// The configuration of this [`Configuration::id`].
pub fn find(size: Size, id: &str) -> Option<Configuration> {
    configurations(size).into_iter().find(|configuration| configuration.id() == id)
}

fn of_profile(size: Size, profile: Profile) -> Vec<Configuration> {
    let pair = |name, least, budget| Configuration { least, ..Configuration::new(name, profile, Cast::HH, budget) };
    // Today's daemon asks only after the confirmation, so that there is less to happen during a second link.
    let least_again = match profile {
        Profile::Documented => 58_000,
        Profile::Jamid => 37_000,
    };
    let before_a_client = size.pick(BEFORE_A_CLIENT, BEFORE_A_CLIENT, BEFORE_A_CLIENT_AT_NIGHT);
    let all = [
        Configuration {
            schemes: BOTH,
            mislabelled: true,
            clock: false,
            ..pair("honest", 120, Budget { wrong: 3, ..NOTHING })
        },
        pair(
            "loss",
            size.pick(500, 800, 800),
            Budget { loss: size.pick(1, 2, 3), wrong: size.pick(1, 3, 3), ..NOTHING },
        ),
        pair("attempts", size.pick(350, 700, 700), Budget { loss: size.pick(1, 2, 2), retries: 2, ..NOTHING }),
        Configuration {
            crowd: Some(FEW),
            clock: false,
            ..pair("crowd", 20_000, Budget { strangers: 3, bursts: 1, retries: 1, ..NOTHING })
        },
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
        Configuration {
            clock: false,
            ..pair(
                "duplicates",
                size.pick(300, 1_400, 1_400),
                Budget { duplicates: size.pick(1, 2, 2), wrong: size.pick(1, 1, 3), ..NOTHING },
            )
        },
        pair(
            "directory",
            size.pick(10_000, 10_000, 50_000),
            Budget { duplicates: size.pick(1, 1, 2), loss: 1, early: 1, ..NOTHING },
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
            with_client: &[Side::Import],
            clock: false,
            ..pair("import-client", 22_000, before_a_client)
        },
        Configuration {
            clients: Some(Clients::Own),
            with_client: &[Side::Export],
            clock: false,
            ..pair("export-client", 14_000, before_a_client)
        },
        Configuration {
            clients: Some(Clients::Own),
            at_once: true,
            clock: false,
            ..pair("clients-at-once", size.pick(1_000, 1_000, 30_000), size.pick(LOSS, LOSS, BEFORE_ANOTHER))
        },
        Configuration {
            sas: true,
            clock: false,
            schemes: BOTH,
            ..pair("compared", 90, Budget { wrong: 1, ..NOTHING })
        },
        Configuration {
            sas: true,
            ..pair("compared-faults", 500, Budget { import_cancels: 1, export_cancels: 1, loss: 1, ..NOTHING })
        },
        Configuration {
            sas: true,
            clients: Some(Clients::Own),
            clock: false,
            ..pair("import-refuses", 65_000, Budget { import_cancels: 1, ..NOTHING })
        },
        Configuration {
            sas: true,
            clients: Some(Clients::Own),
            clock: false,
            ..pair("export-refuses", 30_000, Budget { export_cancels: 1, ..NOTHING })
        },
        pair(
            "crash",
            size.pick(190, 280, 280),
            Budget { import_crashes: 1, export_crashes: 1, wrong: size.pick(0, 1, 3), ..NOTHING },
        ),
        pair(
            "strangers",
            size.pick(400, 3_600, 30_000),
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
            size.pick(4_000, 30_000, 68_000),
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
        Configuration {
            cast: Cast::HX,
            every_word: true,
            clock: false,
            ..pair("words", 1_000, Budget { intruders: 1, words: size.pick(0, 4, 5), ..NOTHING })
        },
        Configuration {
            cast: Cast::XH,
            every_word: true,
            clock: false,
            ..pair("words", 700, Budget { words: size.pick(0, 4, 6), storage: 1, ..NOTHING })
        },
        Configuration {
            cast: Cast::HX,
            every_word: true,
            sas: true,
            ..pair(
                "compared-words",
                1_000,
                Budget { intruders: 1, strangers: 1, import_cancels: 1, words: size.pick(0, 4, 5), asks: 1, ..NOTHING },
            )
        },
        Configuration {
            cast: Cast::XH,
            every_word: true,
            sas: true,
            ..pair("compared-words", 700, Budget { export_cancels: 1, words: size.pick(0, 4, 5), ..NOTHING })
        },
        pair(
            "everything",
            size.pick(0, 83_000, 6_500_000),
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
                ..NOTHING
            },
        ),
    ];
    // Nothing that a profile chooses happens before a session; and everything at once is not small.
    let spared = |one: &Configuration| match one.name {
        "guesses" => profile == Profile::Jamid,
        "everything" | "words" | "compared-words" => size == Size::Small,
        "import-refuses" | "export-refuses" => size != Size::Full,
        _ => false,
    };
    all.into_iter().filter(|one| !spared(one)).collect()
}

/// Enough words for a fourth prompt.
const LEGACY_MEETS_EXPORTER: Budget = Budget { intruders: 1, words: 5, ..NOTHING };
const LEGACY_MEETS_IMPORTER: Budget = Budget { words: 4, export_cancels: 1, ..NOTHING };

/// The configurations of a pair with a legacy side.
fn of_legacy(size: Size, profile: Profile, cast: Cast) -> Vec<Configuration> {
    let pair = |name, [hl, lh, ll]: [usize; 3], budget| {
        let least = match cast {
            Cast::HL => hl,
            Cast::LH => lh,
            _ => ll,
        };
        Configuration { least, ..Configuration::new(name, profile, cast, budget) }
    };
    let wrong = size.pick(0, 1, 2);
    let with = |name, least, clients, with_client, budget| Configuration {
        clients: Some(clients),
        with_client,
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
    // The directory of an old importer repeats nothing.
    if cast == Cast::HL {
        let duplicates = size.pick(1, 1, 2);
        clients.extend([
            Configuration {
                clock: false,
                ..pair("duplicates", [13_000, 0, 0], Budget { duplicates, wrong: 1, ..NOTHING })
            },
            pair("directory", [34_000, 0, 0], Budget { duplicates: 1, loss: 1, early: size.pick(0, 0, 1), ..NOTHING }),
        ]);
    }
    // Two connections of two messages each.
    let (intruders, words) = match cast {
        Cast::HL => size.pick((1, 1), (1, 1), (2, 4)),
        _ => (1, size.pick(1, 1, 2)),
    };
    clients.extend([
        Configuration {
            schemes: BOTH,
            clock: false,
            ..pair("honest", [4_000, 120, 3_400], Budget { wrong: 3, ..NOTHING })
        },
        // The tries that a late hello leaves of three are enough for one that is wrong.
        Configuration { clock: false, ..pair("plain", [700, 40, 700], Budget { wrong: 1, ..NOTHING }) },
        pair("loss", [3_600, 250, 3_000], Budget { loss: size.pick(1, 1, 2), wrong, ..NOTHING }),
        pair("cancel", [8_500, 330, 5_700], Budget { import_cancels: 1, export_cancels: 1, wrong, ..NOTHING }),
        pair("timers", [5_600, 260, 4_000], Budget { early: size.pick(1, 2, 3), wrong, ..NOTHING }),
        Configuration { again: true, ..pair("again", [0, 24_000, 0], BEFORE_ANOTHER) },
        pair("crash", [1_500, 170, 1_400], Budget { import_crashes: 1, export_crashes: 1, wrong, ..NOTHING }),
        pair("storage", [2_000, 75, 1_400], Budget { storage: size.pick(1, 2, 3), wrong, ..NOTHING }),
        Configuration { schemes: BOTH, ..pair("clicks", [12_000, 320, 32_000], Budget { clicks: 2, ..NOTHING }) },
        pair("strangers", [5_500, 1_700, 20_000], Budget { strangers: 1, asks: size.pick(1, 2, 3), ..NOTHING }),
        Configuration {
            clock: size != Size::Small,
            ..pair("intruders", [2_000, 10_000, 50_000], Budget { intruders, words, ..NOTHING })
        },
    ]);
    clients
}
