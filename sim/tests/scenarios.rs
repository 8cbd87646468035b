//! Each family of scenarios with one seed, or with the four that have both profiles, with and without a password.

use std::ops::Range;

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

/// R-IMP-13, R-EXP-6.
#[test]
fn disks_fail() {
    judge("disk-fails", 0..4);
    judge("disk-full", 0..2);
    judge("archive-fails", 0..2);
}

/// R-TIME-3, with the timers' real lengths.
#[test]
fn a_user_who_does_nothing_is_waited_for_for_five_minutes() {
    let report = judge("idle", 0..2);
    assert_eq!(report.rows.len(), 2);
}
