//! Models with known answers.

use handfast_model::{
    explore::{Graph, Limits},
    liveness::{Fairness, LeadsTo, Liveness},
};

use crate::tiny::{Tiny, words};

/// The answer of the pass: the lasso, or that the claim holds.
fn answer(tiny: &Tiny) -> String {
    tiny.check().map_or_else(|lasso| words(&lasso), |()| "holds".into())
}

macro_rules! known {
    ($($test:ident: $tiny:expr => $answer:literal;)*) => {
        $(
            #[test]
            fn $test() {
                assert_eq!(answer(&$tiny), $answer);
            }
        )*
    };
}

known! {
    a_line: Tiny::new("0a1 1a2", &[2]) => "holds";
    the_end_may_come_early: Tiny::new("0a1 1a2", &[1]) => "holds";
    a_branch_that_ends_elsewhere: Tiny::new("0a1 1a2 0a3", &[2]) => "0 3";
    both_branches_are_fine: Tiny::new("0a1 0a2", &[1, 2]) => "holds";
    a_single_state: Tiny::new("", &[]) => "0";
    a_single_state_that_is_the_goal: Tiny::new("", &[0]) => "holds";

    // Joins: both ways count, in whatever order they are found.
    a_join: Tiny::new("0a1 0a2 1a3 2a3 3a4", &[1]) => "0 2 3 4";
    the_same_join_the_other_way_round: Tiny::new("0a2 0a1 1a3 2a3 3a4", &[1]) => "0 2 3 4";
    a_join_after_the_goal: Tiny::new("0a1 0a2 1a3 2a3 3a4", &[1, 2]) => "holds";
    a_join_of_joins: Tiny::new("0a1 0a2 1a3 2a3 3a4 3a5 4a6 5a6", &[1, 4]) => "0 2 3 5 6";

    // Cycles. A class that is possible only now and then may be passed over for ever.
    a_cycle: Tiny::new("0a1 1a2 2a0", &[]) => "0 (1 2 0)";
    a_cycle_with_the_goal: Tiny::new("0a1 1a2 2a0", &[1]) => "holds";
    a_cycle_that_is_not_reached: Tiny::new("0a1 2a3 3a2", &[1]) => "holds";
    a_cycle_after_the_goal: Tiny::new("0a1 1a2 2a1", &[1]) => "holds";
    a_cycle_of_the_same_class_as_the_way_out: Tiny::new("0a1 1a0 1a2", &[2]) => "0 (1 0)";
    two_classes_of_which_one_is_taken: Tiny::new("0a1 1a0 0b2 1b2", &[2]) => "holds";
    two_classes_of_which_one_is_impossible_in_places: Tiny::new("0a1 1a0 0b2", &[2]) => "0 (1 0)";
    two_classes_that_are_both_taken: Tiny::new("0a1 1b0 0b2 1a2", &[2]) => "0 (1 0)";
    three_classes_of_which_one_waits: Tiny::new("0a1 1b0 0c2 1c2", &[2]) => "holds";

    a_self_loop: Tiny::new("0a0", &[]) => "0 (0)";
    a_self_loop_next_to_a_way_out_of_its_class: Tiny::new("0a0 0a1", &[1]) => "0 (0)";
    a_self_loop_next_to_a_way_out_of_another: Tiny::new("0a0 0b1", &[1]) => "holds";
    a_self_loop_farther_on: Tiny::new("0a1 1a2 1a3 3b3", &[2]) => "0 1 3 (3)";

    // No one has to do what is unfair.
    an_unfair_step: Tiny::new("0-1", &[1]) => "0";
    an_unfair_step_next_to_a_fair_one: Tiny::new("0-2 0a1", &[1]) => "0 2";
    an_unfair_loop: Tiny::new("0-1 1-0 0a2 1a2", &[2]) => "holds";
    an_unfair_self_loop: Tiny::new("0-0 0a1", &[1]) => "holds";
    an_unfair_loop_where_nothing_else_has_to_happen: Tiny::new("0-1 1-0 0a2", &[2]) => "0 (1 0)";
    an_unfair_step_to_where_nothing_has_to_happen: Tiny::new("0-1 0a2", &[2]) => "0 1";
    an_unfair_way_round_what_has_to_happen: Tiny::new("0a2 0-1 1a0 1b3", &[2, 3]) => "0 (1 0)";
    a_fair_loop_that_only_a_fault_leaves: Tiny::new("0a1 1a0 1-2", &[2]) => "0 (1 0)";

    // A loop that is fair only if it goes through all of its component.
    a_class_that_is_taken_in_the_next_ring: Tiny::new("0a1 1a0 0b3 1b3 1a2 2a1 2b2", &[3]) => "0 (1 2 2 1 0)";
    a_class_that_is_impossible_in_the_next_ring: Tiny::new("0a1 1a0 0b3 1b3 1a2 2a1", &[3]) => "0 (1 2 1 0)";
    a_class_that_is_possible_in_all_rings: Tiny::new("0a1 1a0 0b3 1b3 1a2 2a1 2b3", &[3]) => "holds";
    many_classes: Tiny::new("0a1 1b2 2c0 0d3 1d3 2d3", &[3]) => "holds";

    // The obligation.
    nothing_is_owed: Tiny::new("0a1 1a0", &[]).from(&[7]) => "holds";
    it_is_owed_where_it_cannot_be: Tiny::new("0a1 2a3", &[1]).from(&[2]) => "holds";
    it_is_owed_later: Tiny::new("0a1 1a2 2a3", &[3]).from(&[1]) => "holds";
    it_is_fulfilled_before: Tiny::new("0a1 1a2", &[0]).from(&[1]) => "0 1 2";
    it_is_fulfilled_at_once: Tiny::new("0a1 1a2", &[0, 1]).from(&[1]) => "holds";
    it_is_owed_again: Tiny::new("0a1 1a2 2a3", &[1]).from(&[0, 2]) => "0 1 2 3";
    it_is_owed_on_the_longer_way: Tiny::new("0a1 1a4 0a2 2a3 3a1", &[]).from(&[3]) => "0 2 3 1 4";
    it_is_not_owed_on_the_way_to_the_loop: Tiny::new("0a1 1a1 0a2 2a3", &[3]).from(&[2]) => "holds";
    it_is_owed_in_the_loop: Tiny::new("0a1 1a2 2a1", &[]).from(&[2]) => "0 1 2 (1 2)";
    the_nearest_failure_is_reported: Tiny::new("0a1 1a2 2a3 3a3 1b4", &[]) => "0 1 4";
}

#[test]
fn it_begins_in_more_than_one_state() {
    let tiny = Tiny { roots: vec![0, 5], ..Tiny::new("0a1 5a6 6a7", &[1]) }.from(&[0, 5]);
    assert_eq!(answer(&tiny), "5 6 7");
    assert_eq!(answer(&tiny.from(&[0])), "holds");
}

#[test]
fn a_graph_that_was_cut_short_decides_nothing() {
    let tiny = Tiny::new("0a1 1a2 2a3", &[3]);
    let graph = Graph::explore(&tiny, Limits { states: 1, ..Limits::default() }, None);
    let claim = LeadsTo { from: |_: &u8| true, to: |state: &u8| *state == 3 };
    assert!(Liveness::new(&tiny, &graph, claim, |_, _| Fairness::Unfair).is_none());
}
