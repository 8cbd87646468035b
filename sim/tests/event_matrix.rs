//! The systematic matrix: what comes of every fault after every step.

use handfast_sim::event::{matrix, pairs, words};

#[test]
fn every_fault_after_every_step() {
    let matrix = matrix();
    insta::assert_snapshot!(matrix.to_string());
    assert!(matrix.holds());
}

#[test]
fn every_pair_of_faults() {
    let pairs = pairs(&|_| {});
    insta::assert_snapshot!(pairs.to_string());
    assert_eq!(pairs.broken, None);
}

#[test]
fn every_word_in_every_state() {
    let words = words();
    insta::assert_snapshot!(words.to_string());
    assert!(words.hold());
}
