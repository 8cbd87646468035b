//! Kinds of trouble of which one more makes no difference to those who use the daemons.

use handfast_model::{
    explore::Limits,
    stable::{KINDS, markdown},
};

const TRUST: &str = include_str!("../../docs/trust.md");

#[test]
fn one_more_is_as_is_known() {
    let results: Vec<_> = KINDS.iter().map(|kind| kind.compare(Limits::default())).collect();
    let others: Vec<_> = results.iter().filter(|stable| !stable.as_stated).collect();
    assert!(others.is_empty(), "{others:#?}\n{}", markdown(&results));
    let table = markdown(&results);
    assert!(TRUST.contains(&table), "docs/trust.md should have:\n{table}");
}

/// A graph that is cut short decides nothing.
#[test]
fn what_is_cut_short_is_open() {
    let few = Limits { states: 100, ..Limits::default() };
    assert!(!KINDS[0].compare(few).as_stated);
}
