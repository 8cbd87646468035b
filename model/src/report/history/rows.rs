//! The bugs: one row each, by the date of the fix.
//!
//! Read from the diffs of the fixes in Jami's public repositories, up to 2026-08-20. W-n: `docs/legacy/weaknesses.md`.

use handfast::outcome::{Scheme, Side};

use super::{
    accounts::Named,
    bug::{
        Bug, Held,
        Mark::{Found, Outside, Part},
    },
    exhibit::{Clients, Daemons, Exhibit, Pair, Steps, Subject, unchanged},
    parsers::Parser,
};
use crate::{
    property::{
        legacy_clients::{self, Age},
        properties::{Half, PropertyId as P},
    },
    system::{
        config::{Budget, Configuration},
        legacy::Change as C,
    },
};

const fn file(file: &'static str) -> Held {
    Held { file, test: "" }
}

const fn test(file: &'static str, test: &'static str) -> Held {
    Held { file, test }
}

const fn steps(steps: usize) -> Steps {
    Steps(Some(steps))
}

/// There is no violation.
const HOLDS: Steps = Steps(None);

/// An archive without a password, and nothing that goes wrong.
const fn unprotected(configuration: Configuration) -> Configuration {
    Configuration { schemes: &[Scheme::None], budget: Budget::NOTHING, ..configuration }
}

/// An archive without a password.
const fn only_unprotected(configuration: Configuration) -> Configuration {
    Configuration { schemes: &[Scheme::None], ..configuration }
}

/// An archive with a password.
const fn only_protected(configuration: Configuration) -> Configuration {
    Configuration { schemes: &[Scheme::Password], ..configuration }
}

/// The importing user has a client, and nothing goes wrong.
const fn with_import_client(configuration: Configuration) -> Configuration {
    Configuration { with_client: &[Side::Import], budget: Budget::NOTHING, ..configuration }
}

/// The same, and its calls return before anything else happens.
const fn at_once(configuration: Configuration) -> Configuration {
    Configuration { at_once: true, ..with_import_client(configuration) }
}

/// Nothing goes wrong, and the exporting device has a new certificate since its last link.
const fn renewed(configuration: Configuration) -> Configuration {
    Configuration { renewed: true, budget: Budget::NOTHING, ..configuration }
}

const fn daemons(configuration: &'static str, property: P, off: &'static [C], changes: [&'static [C]; 2]) -> Daemons {
    Daemons { configuration, adapt: unchanged, property, off, changes }
}

/// Today's import client for Android.
fn android() -> Pair {
    legacy_clients::android()
}

/// Every row.
pub const BUGS: &[Bug] = &[
    Bug {
        id: "H-1",
        merged: "2025-03-10",
        fix: "jami-client-android 3c553f7",
        broke: "The import screen threw an exception at the second IN_PROGRESS of each link, and at the question after a wrong password: neither was on its list of the screens that may follow.",
        mark: Found,
        exhibits: &[Exhibit {
            with: "Android before 3c553f7, whose calls return at once",
            without: "Android after it",
            subject: Subject::Clients(Clients {
                configuration: "LL-jamid-clients-android",
                adapt: at_once,
                half: Half::Only(Side::Import),
                clients: [|| legacy_clients::android_of(Age::First), || legacy_clients::android_of(Age::Strict)],
            }),
            stated: [steps(25), HOLDS],
        }],
        reason: "",
        elsewhere: &[test("model/tests/clients.rs", "our_clients_are_never_at_fault")],
    },
    Bug {
        id: "H-2",
        merged: "2025-03-11",
        fix: "jami-client-qt 1414e18 (#1695)",
        broke: "A token that was typed was not handed on; an empty text was.",
        mark: Outside,
        exhibits: &[],
        reason: "The wiring of a widget is in no model.",
        elsewhere: &[file("testbed/tests/command/screens.rs")],
    },
    Bug {
        id: "H-3",
        merged: "2025-03-11",
        fix: "jami-daemon 54cda5a",
        broke: "The exporter's timer of five minutes went through the importer's context, which an exporter has not, and its callback kept a raw pointer.",
        mark: Outside,
        exhibits: &[],
        reason: "Memory of C++. The timer itself is row E17 of the old exporter.",
        elsewhere: &[file("tests/slow_peers.rs")],
    },
    Bug {
        id: "H-4",
        merged: "2025-03-14",
        fix: "jami-daemon 0a8609a",
        broke: "The answer of the unpacker was ignored: a message that was cut between two reads put its receiver into ERR.",
        mark: Part,
        exhibits: &[],
        reason: "The model has whole messages. The event engine puts it back below them, and an honest link fails.",
        elsewhere: &[
            test("sim/tests/history.rs", "a_message_that_is_cut_between_two_reads_ends_an_honest_link"),
            file("fuzz/fuzz_targets/message.rs"),
            file("sim/regressions/one-byte-at-a-time.json"),
            test("sim/tests/scenarios.rs", "bytes_come_and_go_one_at_a_time"),
        ],
    },
    Bug {
        id: "H-5",
        merged: "2025-03-14",
        fix: "jami-client-android 6692f34",
        broke: "A negative result of addDevice was ignored, and the screen loaded for ever. The fix compares with zero what its binding declares unsigned: it is never below.",
        mark: Part,
        exhibits: &[],
        reason: "The types of a binding are in no model; the old clients have it as W-25.",
        elsewhere: &[file("testbed/tests/command/refusals.rs")],
    },
    Bug {
        id: "H-6",
        merged: "2025-05-22",
        fix: "jami-daemon 8ff6bdb",
        broke: "The daemon used the null socket of an incoming connection that had failed. The fix ended the operation in its place, for anyone's connection (W-6).",
        mark: Part,
        exhibits: &[Exhibit {
            with: "after 8ff6bdb",
            without: "before, where the connection changed nothing",
            subject: Subject::Daemons(daemons("LL-jamid-strangers", P::Isolated, &[], [&[], &[C::FailureIgnored]])),
            stated: [steps(4), HOLDS],
        }],
        reason: "The crash is memory of C++. The hole that the fix opened is found.",
        elsewhere: &[
            file("fuzz/fuzz_targets/connection.rs"),
            test("tests/strangers.rs", "garbage_ends_its_own_connection_only"),
        ],
    },
    Bug {
        id: "H-7",
        merged: "2025-07-08",
        fix: "jami-daemon 18b6ae5",
        broke: "A protected account was stored without its password on the new device.",
        mark: Found,
        exhibits: &[Exhibit {
            with: "before 18b6ae5",
            without: "of 2026-08",
            subject: Subject::Daemons(daemons("LL-jamid-plain", P::AtRest, &[], [&[C::StoresInClear], &[]])),
            stated: [steps(21), HOLDS],
        }],
        reason: "",
        elsewhere: &[test("tests/archive_store.rs", "no_plaintext_of_a_protected_archive_touches_the_disk")],
    },
    Bug {
        id: "H-8",
        merged: "2025-08-08",
        fix: "jami-daemon 2bcfc52 (#1147)",
        broke: "After one wrong password the exporter allowed another one and stayed in ERR: both devices waited five minutes. The count of tries was compared before it was raised.",
        mark: Found,
        exhibits: &[
            Exhibit {
                with: "before 2bcfc52",
                without: "of 2026-08",
                subject: Subject::Daemons(daemons(
                    "LL-jamid-plain",
                    P::Honest,
                    &[C::StraysFree],
                    [&[C::ErrAfterWrong], &[]],
                )),
                stated: [steps(21), HOLDS],
            },
            Exhibit {
                with: "before 2bcfc52, the count alone",
                without: "of 2026-08",
                subject: Subject::Daemons(Daemons {
                    adapt: four_wrong,
                    ..daemons("LL-jamid-honest", P::Tries, &[C::StraysFree], [&[C::CountsLate], &[]])
                }),
                stated: [steps(25), HOLDS],
            },
        ],
        reason: "",
        elsewhere: &[],
    },
    Bug {
        id: "H-9",
        merged: "2025-11-18",
        fix: "jami-daemon c206361",
        broke: "The temporary node had no relay: no link with a device in another network.",
        mark: Outside,
        exhibits: &[],
        reason: "ICE is outside of the model.",
        elsewhere: &[file("tests/ice_recorded.rs")],
    },
    Bug {
        id: "H-10",
        merged: "2025-11-26",
        fix: "jami-daemon cc17ebe",
        broke: "After a malformed message or one of another scheme the channel stayed open until the timer, for five minutes.",
        mark: Found,
        exhibits: &[
            Exhibit {
                with: "before cc17ebe, the exporter",
                without: "of 2026-08",
                subject: Subject::Daemons(daemons(
                    "XL-jamid-hostile-importer",
                    P::Malformed,
                    &[],
                    [&[C::MalformedWaits], &[]],
                )),
                stated: [steps(4), HOLDS],
            },
            Exhibit {
                with: "before cc17ebe, the importer",
                without: "of 2026-08",
                subject: Subject::Daemons(daemons(
                    "LX-jamid-hostile-exporter",
                    P::Malformed,
                    &[],
                    [&[C::MalformedWaits], &[]],
                )),
                stated: [steps(7), HOLDS],
            },
        ],
        reason: "",
        elsewhere: &[test("tests/legacy_peer.rs", "bytes_that_mean_nothing_end_the_session")],
    },
    Bug {
        id: "H-11",
        merged: "2025-09-10 to 2026-06-12",
        fix: "jami-client-qt ca02cf1, 8ad06da; jami-client-ios c242f86 (#470), 4f88da6; jami-daemon 5734d15 (#1181); jami-client-android bc07201",
        broke: "An answer was taken in the scheme `password` only, so that each account without a password was linked as one that has an empty one; later links asked for a password that does not exist. One cause, six repairs in four repositories, in eleven months. The fix of the daemon takes any scheme, with a warning (W-26).",
        mark: Found,
        exhibits: &[
            Exhibit {
                with: "before 5734d15: an account without a password has the flag of one",
                without: "the same, the flag is that of the password",
                subject: Subject::Daemons(Daemons {
                    adapt: only_unprotected,
                    ..daemons(
                        "LL-jamid-clicks",
                        P::AtRest,
                        &[],
                        [&[C::PasswordSchemeOnly], &[C::PasswordSchemeOnly, C::FlagFromPassword]],
                    )
                }),
                stated: [steps(21), HOLDS],
            },
            Exhibit {
                with: "before 5734d15: the answer is refused",
                without: "of 2026-08",
                subject: Subject::Daemons(Daemons {
                    adapt: unprotected,
                    ..daemons("LL-jamid-plain", P::Honest, &[C::StraysFree], [&[C::PasswordSchemeOnly], &[]])
                }),
                stated: [steps(15), HOLDS],
            },
            Exhibit {
                with: "after 5734d15: a protected account is stored in clear",
                without: "before",
                subject: Subject::Daemons(Daemons {
                    adapt: only_protected,
                    ..daemons("LL-jamid-clicks", P::AtRest, &[], [&[], &[C::PasswordSchemeOnly]])
                }),
                stated: [steps(21), HOLDS],
            },
        ],
        reason: "",
        elsewhere: &[test("tests/archive_store.rs", "an_account_is_installed_on_a_disk")],
    },
    Bug {
        id: "H-12",
        merged: "2025-12-08",
        fix: "jami-client-android eadbae7",
        broke: "The export was of the current account, and not of the one whose screen had begun it: another account could leave.",
        mark: Found,
        exhibits: &[Exhibit {
            with: "before eadbae7: the calls name the account that is selected",
            without: "after it: they name that of the screen",
            subject: Subject::Accounts([Named::Current, Named::OfScreen]),
            stated: [steps(7), HOLDS],
        }],
        reason: "",
        elsewhere: &[test("tests/operations_are_independent.rs", "what_leaves_is_of_the_account_that_began_it")],
    },
    Bug {
        id: "H-13",
        merged: "2025-12-22",
        fix: "jami-client-qt 400be8a, 385c1ce",
        broke: "The length had to be 59 and had to be 83: every token was refused, for 13 days.",
        mark: Found,
        exhibits: &[Exhibit {
            with: "400be8a",
            without: "385c1ce",
            subject: Subject::Tokens {
                parsers: [Parser::OneLengthOrTheOther, Parser::EitherLength],
                token: "short id",
            },
            stated: [steps(1), HOLDS],
        }],
        reason: "",
        elsewhere: &[test("tests/token_table.rs", "each_token_is_judged_as_the_table_says")],
    },
    Bug {
        id: "H-14",
        merged: "2025-12-09, 2026-05-22",
        fix: "jami-daemon 7b38d3a, d0498a2",
        broke: "A token was cut by places, with any separator; then the documented tokens of 59 characters were refused.",
        mark: Found,
        exhibits: &[
            Exhibit {
                with: "7b38d3a: any separator",
                without: "d0498a2",
                subject: Subject::Tokens {
                    parsers: [Parser::ByPlaces, Parser::LongAlone],
                    token: "colon for slash, long",
                },
                stated: [steps(1), HOLDS],
            },
            Exhibit {
                with: "d0498a2: a documented token is refused",
                without: "7b38d3a",
                subject: Subject::Tokens { parsers: [Parser::LongAlone, Parser::ByPlaces], token: "short id" },
                stated: [steps(1), HOLDS],
            },
        ],
        reason: "",
        elsewhere: &[file("fuzz/fuzz_targets/token_differential.rs"), file("docs/generated/divergences.md")],
    },
    Bug {
        id: "H-15",
        merged: "2026-02-27 to 2026-03-05",
        fix: "jami-daemon 137c5da, 2880810",
        broke: "A library compared long device ids where the token still had the short one: no link, for six days on the main line.",
        mark: Outside,
        exhibits: &[],
        reason: "Versions of two repositories drift apart: that takes both programs.",
        elsewhere: &[],
    },
    Bug {
        id: "H-16",
        merged: "2026-01-09",
        fix: "jami-client-android 05bb1f4",
        broke: "The pager of the wizard crashed.",
        mark: Outside,
        exhibits: &[],
        reason: "A framework of screens is in no model.",
        elsewhere: &[],
    },
    Bug {
        id: "H-17",
        merged: "2026-02-13",
        fix: "jami-daemon 4132212",
        broke: "An account of which a link was only pending came back as an account after a restart.",
        mark: Found,
        exhibits: &[Exhibit {
            with: "before 4132212",
            without: "of 2026-08, which has W-27",
            subject: Subject::Restarts { configuration: "LL-jamid-crash", property: P::Atomic },
            stated: [steps(2), steps(25)],
        }],
        reason: "",
        elsewhere: &[
            file("scripts/kill-sweep"),
            test("tests/archive_store.rs", "a_crash_anywhere_leaves_no_half_account"),
        ],
    },
    Bug {
        id: "H-18",
        merged: "2026-04-20",
        fix: "jami-client-ios 17d3a89 (#466)",
        broke: "A code that is no token showed nothing, and the same code was reported again and again.",
        mark: Outside,
        exhibits: &[],
        reason: "The camera is in no model.",
        elsewhere: &[file("testbed/tests/command/tokens.rs")],
    },
    Bug {
        id: "H-19",
        merged: "2026-05-12",
        fix: "dhtnet 4e39181 (#640)",
        broke: "A device whose certificate had been renewed was refused. The fix compares the key of the leaf alone, so that the rest of the chain can be forged (W-3).",
        mark: Found,
        exhibits: &[
            Exhibit {
                with: "before 4e39181: the link after a renewal, where the whole chain is compared with the known one",
                without: "after it, where the key of the leaf is",
                subject: Subject::Daemons(Daemons {
                    adapt: renewed,
                    ..daemons("LL-jamid-plain", P::Honest, &[C::StraysFree], [&[C::WholeChain], &[]])
                }),
                stated: [steps(8), HOLDS],
            },
            Exhibit {
                with: "after 4e39181",
                without: "before, where the whole chain is compared",
                subject: Subject::Daemons(daemons(
                    "LX-jamid-hostile-exporter",
                    P::Bound,
                    &[C::ArchiveAfterAnswer, C::ArchiveBound],
                    [&[], &[C::WholeChain]],
                )),
                stated: [steps(11), HOLDS],
            },
        ],
        reason: "",
        elsewhere: &[
            test("tests/dates.rs", "a_device_whose_certificate_was_renewed_links_again"),
            test("src/shell/import/connection/tests.rs", "a_renewed_certificate_is_the_same_device"),
            file("fuzz/fuzz_targets/certificate_chain.rs"),
        ],
    },
    Bug {
        id: "H-20",
        merged: "2026-06",
        fix: "jami-daemon 871e3e0, be176a4, 63606d3",
        broke: "The content of the archive was stale or wrong.",
        mark: Outside,
        exhibits: &[],
        reason: "The content of an archive is outside (W-33).",
        elsewhere: &[],
    },
    Bug {
        id: "H-21",
        merged: "2026-07-02",
        fix: "jami-client-android 25c01ae",
        broke: "TOKEN_AVAILABLE raced with the subscription to signals; then CONNECTING was not one of the screens that may follow, and threw: every second link was stuck.",
        mark: Found,
        exhibits: &[Exhibit {
            with: "Android before 25c01ae",
            without: "Android of 2026-08",
            subject: Subject::Clients(Clients {
                configuration: "LL-jamid-clients-android",
                adapt: with_import_client,
                half: Half::Only(Side::Import),
                clients: [|| legacy_clients::android_of(Age::Strict), android],
            }),
            stated: [steps(8), HOLDS],
        }],
        reason: "",
        elsewhere: &[],
    },
    Bug {
        id: "H-22",
        merged: "2026-08-04",
        fix: "dhtnet dbde392, bffa94b",
        broke: "Callbacks ran under locks, and a thread joined itself: the whole daemon froze.",
        mark: Outside,
        exhibits: &[],
        reason: "Threads are in no model.",
        elsewhere: &[],
    },
    Bug {
        id: "H-23",
        merged: "2026-08-04",
        fix: "dhtnet ee0c0d8",
        broke: "The event loop ran before its handlers were set: a request was lost.",
        mark: Part,
        exhibits: &[],
        reason: "A request that is lost is modelled; the race in which it is, is not.",
        elsewhere: &[test("sim/tests/regressions.rs", "they_stay_as_they_are")],
    },
    Bug {
        id: "H-24",
        merged: "2026-08-06",
        fix: "dhtnet 68aba40",
        broke: "A transport that was lost was reported as a clean end: data that were cut looked whole.",
        mark: Part,
        exhibits: &[],
        reason: "The transport is outside. Its class in the exporter of this project is M-40.",
        elsewhere: &[file("sim/regressions/M-40a.json"), file("sim/regressions/M-40b.json")],
    },
    Bug {
        id: "H-25",
        merged: "2025-03-31 to 2025-07-27",
        fix: "jami-client-android 6d1593f, 4b7707f; jami-client-ios 6068c85",
        broke: "The settings of the proxy and of notifications were missing after a link.",
        mark: Outside,
        exhibits: &[],
        reason: "The settings of an account are outside.",
        elsewhere: &[],
    },
];

/// Four passwords are wrong, for an archive that has one.
const fn four_wrong(configuration: Configuration) -> Configuration {
    Configuration { schemes: &[Scheme::Password], budget: Budget { wrong: 4, ..Budget::NOTHING }, ..configuration }
}
