//! Each family of scenarios with one seed, or with the four that have both profiles, with and without a password.

use std::ops::Range;

use handfast::outcome::Outcome;
use handfast_sim::{Options, Report, Scenario, Verdict, campaign};

fn judge(family: &str, seeds: Range<u64>) -> Report {
    let scenarios: Vec<_> = Scenario::all().into_iter().filter(|scenario| scenario.family() == family).collect();
    assert!(!scenarios.is_empty());
    let report = campaign(&Options { scenarios, seeds, ..Options::default() }, &|_| {});
    for row in &report.rows {
        assert!(matches!(row.verdict, Verdict::NoViolation { .. }), "{row:#?}");
    }
    report
}

/// R-PAIR-2.
#[test]
fn without_a_fault_both_succeed() {
    judge("no-fault", 0..4);
}

/// R-EXP-6, R-IMP-7.
#[test]
fn two_wrong_passwords_are_forgiven_and_a_third_is_not() {
    judge("wrong-once", 0..4);
    judge("wrong-twice", 2..4);
    judge("wrong-thrice", 0..2);
}

/// R-SAS-2, R-SAS-5, R-SAS-7, over TLS, whose exporter's secret the strings are made of.
#[test]
fn users_compare_the_two_screens() {
    let report = judge("compared", 0..4);
    let mismatches = report.rows.iter().flat_map(|row| &row.ends).filter(|ends| ends.import == Some(Outcome::Mismatch));
    assert_eq!(
        mismatches.map(|ends| ends.runs).sum::<u64>(),
        8,
        "each side's user says once in each kind that they differ"
    );
}

#[test]
fn packets_are_lost_and_both_succeed() {
    judge("loss", 0..4);
}

#[test]
fn the_network_is_out_for_a_while_at_each_step_and_both_succeed() {
    judge("outage", 0..1);
}

#[test]
fn the_link_stalls_for_a_while_at_each_step_and_both_succeed() {
    judge("hold", 1..2);
}

/// R-TIME, R-PAIR-1.
#[test]
fn the_link_is_cut_at_each_step() {
    judge("partition", 2..3);
}

/// R-API-3, R-API-6, R-CANCEL-1.
#[test]
fn each_side_cancels_at_each_of_its_steps() {
    judge("cancel", 3..4);
}

/// R-ARC-4.
#[test]
fn each_side_crashes_at_each_of_its_steps() {
    judge("crash", 0..1);
}

#[test]
fn each_side_is_killed_at_each_of_its_steps() {
    judge("kill", 1..2);
}

/// Sides that share a session learn of it from the network, not from a timer.
#[test]
fn each_half_of_a_connection_is_closed_at_each_step() {
    judge("half-close", 0..1);
    judge("read-closed", 3..4);
}

#[test]
fn the_connection_is_reset_after_each_frame_and_within_frames() {
    judge("reset", 1..3);
    judge("reset-within", 0..8);
}

/// R-TIME-4.
#[test]
fn a_slow_reader_is_waited_for_while_there_is_progress() {
    judge("slow-reader", 0..2);
    judge("crawl", 0..4);
}

#[test]
fn bytes_come_and_go_one_at_a_time() {
    judge("byte-reads", 0..4);
    judge("byte-writes", 0..4);
}

/// R-IMP-13, R-EXP-6.
#[test]
fn disks_fail() {
    judge("disk-full", 0..4);
    judge("archive-fails", 0..2);
}

#[test]
fn a_disk_that_takes_a_part_of_each_write_is_written_to_the_end() {
    judge("disk-short", 0..4);
}

/// R-ARC-4, and the next link succeeds.
#[test]
fn the_disk_fails_and_the_machine_crashes_at_each_operation() {
    judge("disk-fails", 1..3);
    judge("disk-crashes", 1..3);
}

/// R-IMP-2, R-TOK-5.
#[test]
fn a_stranger_does_not_keep_a_pair_from_linking() {
    judge("stranger", 0..2);
}

/// R-MSG-3, R-MUX-1, R-PAIR-3.
#[test]
fn a_peer_that_breaks_the_rules_is_found_and_leaves_nothing() {
    judge("hostile-exporter", 0..4);
    judge("hostile-importer", 0..4);
}

/// With threads, the real key derivation and a new identity.
#[test]
fn two_sides_as_they_are_shipped_link() {
    judge("as-shipped", 0..2);
}

/// Anything goes, and then nothing more goes wrong: the pair links.
#[test]
fn after_a_swarm_of_faults_the_pair_links() {
    judge("swarm", 0..24);
}

/// R-TIME-3, with the timers' real lengths.
#[test]
fn a_user_who_does_nothing_is_waited_for_for_five_minutes() {
    let report = judge("idle", 0..2);
    assert_eq!(report.rows.len(), 2);
}
