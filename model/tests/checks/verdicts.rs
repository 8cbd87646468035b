//! The verdicts on the shipped reducers, with the size of every graph, and that every mutant is found.

use std::collections::BTreeSet;

use handfast_model::{
    check::Row,
    config::{Configuration, Size, configurations},
    explore::Limits,
    mutants::MUTANTS,
    pairs::Pair,
    properties::PropertyId,
    report::{Outcome, Selection, run},
};

use crate::checked;

fn selection(configuration: &str) -> Selection {
    Selection { configuration: Some(configuration.into()), mutants: false, jobs: 2, ..Selection::all(Size::Small) }
}

/// The configurations of the shipped reducers in a profile.
fn tables(profile: &str) -> String {
    ["HH", "HX", "XH"].map(|cast| table(&format!("{cast}-{profile}"))).join("\n")
}

/// One line for each configuration: all its properties are verified on the same graph, or have lines of their own.
fn table(configuration: &str) -> String {
    let mut table = String::new();
    let (mut not_reached, mut is_as_expected) = (BTreeSet::from(Pair::ALL), true);
    for (_, one) in checked(|one| one.id().contains(configuration)) {
        not_reached.retain(|pair| !one.pairs.contains(pair));
        is_as_expected &= one.rows.iter().all(Row::is_as_expected);
        let mut rows: Vec<(String, Vec<&str>)> = Vec::new();
        for row in &one.rows {
            let verdict = row.verdict.to_string();
            match rows.iter_mut().find(|(other, _)| *other == verdict) {
                Some((_, properties)) => properties.push(row.property.id()),
                None => rows.push((verdict, vec![row.property.id()])),
            }
        }
        table.push_str(&format!("{} ({})\n", one.configuration, one.rows[0].budget));
        for (verdict, properties) in rows {
            table.push_str(&format!("    {verdict}\n        {}\n", properties.join(" ")));
        }
        table.push_str(&format!("        {} goals reached\n", one.reached.len()));
    }
    if configuration.starts_with("HH") {
        table.push_str(&format!("allowed pairs not reached: {not_reached:?}\n"));
    }
    let outcome = if is_as_expected { "AsExpected" } else { "otherwise" };
    table.push_str(&format!("{outcome}\n"));
    table
}

#[test]
fn documented_profile() {
    insta::assert_snapshot!(tables("documented"));
}

#[test]
fn jamid_profile() {
    insta::assert_snapshot!(tables("jamid"));
}

#[test]
fn every_mutant_is_found() {
    let mut table = String::new();
    for mutant in MUTANTS {
        let kill = mutant.hunt(Size::Small, Limits::default());
        let row = &kill.row;
        assert!(row.verdict.is_violated(), "{} lives: {}", kill.mutant, row.verdict);
        let line = format!("{:6} {} {}: {}", kill.mutant, row.property.id(), row.configuration, row.verdict);
        table.push_str(&format!("{line}\n       {}\n", kill.broken));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn rows_are_for_programs_too() {
    let report = run(&Selection { property: PropertyId::from_id("P-GATE"), ..selection("HH-documented-honest") });
    let row = serde_json::to_value(&report.checked[0].rows).unwrap();
    let expected = serde_json::json!([{
        "configuration": "HH-documented-honest", "budget": "wrong=3", "property": "P-GATE",
        "verdict": "verified", "states": 147, "edges": 172, "depth": 31,
    }]);
    assert_eq!(row, expected);
    let canary = serde_json::to_value(&report.canary).unwrap();
    assert_eq!(canary["mutant"], "M-10");
    assert_eq!(canary["verdict"], "violated");
    assert_eq!(canary["steps"], 12);
}

/// The shipped rules in the mutants' place: what a hunt finds is the mutant's doing.
#[test]
fn what_finds_a_mutant_holds_without_it() {
    let report = run(&selection("HH-documented-honest"));
    assert_eq!(report.outcome, Outcome::AsExpected);
    assert!(report.canary.is_killed());
    for mutant in MUTANTS {
        let asked = |one: &Configuration| one.clients.is_some() || mutant.property.applies(one);
        let known = |one: &Configuration| one.id() == mutant.configuration && asked(one);
        assert!(configurations(Size::Small).iter().any(known), "{}", mutant.id);
        assert!(configurations(Size::Full).iter().any(known), "{}", mutant.id);
    }
}
