//! The record of this project: defects of its own that were found before a release, and the regressions that hold them.

use serde::Serialize;

use super::bug::Held;

/// A defect that was mended here.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Own {
    /// The stable id.
    pub id: &'static str,
    /// The effect, and its cause.
    pub broke: &'static str,
    /// The rule that it broke.
    pub cites: &'static str,
    /// The tests, schedules and mutants that find it again.
    pub held: &'static [Held],
}

const fn held(file: &'static str, test: &'static str) -> Held {
    Held { file, test }
}

/// Every one of them.
pub const OWN: &[Own] = &[
    Own {
        id: "O-1",
        broke: "The importer's result came before the exporter's reader had reported the end of the archive, and a link that had succeeded ended in Protocol on the old device.",
        cites: "R-EXT-2",
        held: &[held("tests/handed_over.rs", "a_result_before_the_end_of_the_archive_is_known_waits_for_it")],
    },
    Own {
        id: "O-2",
        broke: "The account was removed as soon as it was durable, and the device crashed: the check took the exporter's true success for a false one.",
        cites: "P-STORED",
        held: &[
            held("sim/regressions/removed-then-crash.json", ""),
            held("sim/tests/event_matrix.rs", "every_pair_of_faults"),
        ],
    },
    Own {
        id: "O-3",
        broke: "A client with --yes answered a question whose operation had ended again and again, without an end.",
        cites: "R-CLI-8",
        held: &[
            held("testbed/tests/command/hasty.rs", "an_import_ends_with_its_operation"),
            held("testbed/tests/command/hasty.rs", "an_export_ends_with_its_operation"),
        ],
    },
    Own {
        id: "O-4",
        broke: "Eight silent connections took all places of an importer, and the honest exporter was turned away.",
        cites: "R-IMP-15",
        held: &[
            held("tests/strangers.rs", "silent_strangers_make_room"),
            held("tests/strangers.rs", "secured_strangers_make_room"),
        ],
    },
    Own {
        id: "O-5",
        broke: "An exporter gave up at its first attempt to connect that failed.",
        cites: "R-EXP-12",
        held: &[
            held("tests/strangers.rs", "an_attempt_that_fails_is_made_again"),
            held("sim/regressions/M-57c.json", ""),
        ],
    },
    Own {
        id: "O-6",
        broke: "A peer that sent without a pause put off deadlines, timers and the user's calls.",
        cites: "R-MUX-2",
        held: &[
            held("src/shell/import/connection/tests.rs", "a_peer_that_never_pauses_is_lost_at_its_deadline"),
            held("tests/slow_peers.rs", "a_chatterer_does_not_drown_the_user"),
        ],
    },
    Own {
        id: "O-7",
        broke: "An archive whose last bytes waited for their place was not complete with them, but with the next byte.",
        cites: "R-MSG-2",
        held: &[held("src/connection/tests.rs", "an_archive_that_waited_for_its_place_is_complete_with_its_last_byte")],
    },
    Own {
        id: "O-8",
        broke: "The folder of a new store was not durable when the first account in it was.",
        cites: "R-ARC-4",
        held: &[held("tests/archive_store.rs", "a_crash_anywhere_leaves_no_half_account")],
    },
    Own {
        id: "O-9",
        broke: "The second link of the same devices was refused while a held link kept the first export live.",
        cites: "P-AGAIN",
        held: &[held("sim/tests/regressions.rs", "they_stay_as_they_are")],
    },
    Own {
        id: "O-10",
        broke: "The side that had chosen an ICE connection handed it over with its response unsent, and the other side waited.",
        cites: "R-RDV-1",
        held: &[held("tests/ice_recorded.rs", "our_agent_answers_a_real_peer_as_the_real_one_did")],
    },
    Own {
        id: "O-11",
        broke: "A reader of standard output that left, or a full disk, decided the result of a link.",
        cites: "R-STATE-2",
        held: &[
            held("testbed/tests/command/outputs.rs", "a_reader_that_leaves_is_no_part_of_the_link"),
            held("testbed/tests/command/outputs.rs", "a_full_disk_is_no_part_of_the_link"),
        ],
    },
    Own {
        id: "O-12",
        broke: "A command read a file without an end until the memory was gone.",
        cites: "R-MSG-3",
        held: &[held("testbed/tests/command/endless.rs", "a_file_without_an_end_is_refused")],
    },
];
