//! The properties that hold in each pair, on one page; and that the documents agree with the checker.

use std::{collections::BTreeSet, sync::LazyLock};

use handfast_model::{
    config::{Cast, Size, configurations},
    matrix::{COLUMNS, Matrix},
    properties::PropertyId,
};

use crate::WHOLE;

const PEERS: &str = include_str!("../../../docs/peers.md");
const PROPERTIES: &str = include_str!("../../../docs/properties.md");
const TRUST: &str = include_str!("../../../docs/trust.md");

static MATRIX: LazyLock<Matrix> = LazyLock::new(|| Matrix::of(&WHOLE.checked));

#[test]
fn every_property_in_every_pair() {
    let text = MATRIX.to_string();
    insta::assert_snapshot!(text);
    let cells = MATRIX.lines.iter().flat_map(|line| &line.cells).map(|(_, cell)| cell.to_string());
    for cell in cells {
        assert!(!cell.contains(['?', '!']), "{cell}: {text}");
    }
}

/// A table of the documents is what the checker says, or the test says what it would have to be.
fn holds(name: &str, document: &str, table: &str) {
    assert!(document.contains(table), "{name} should have:\n{table}");
}

#[test]
fn the_documents_say_the_same() {
    holds("docs/properties.md", PROPERTIES, &MATRIX.markdown(&COLUMNS));
    holds("docs/peers.md", PEERS, &MATRIX.markdown(&[Cast::HL, Cast::LH, Cast::LL]));
    let remains: Vec<_> =
        MATRIX.weaknesses(&[Cast::HL, Cast::LH]).iter().map(|(id, title)| format!("| {id} | {title} |\n")).collect();
    holds("docs/peers.md", PEERS, &remains.concat());
}

#[test]
fn each_property_is_listed_and_asked() {
    let listed: BTreeSet<_> =
        PROPERTIES.lines().filter_map(|line| line.strip_prefix("| P-")?.split_once(" | ")).collect();
    let listed: BTreeSet<_> = listed.into_iter().map(|(id, _)| format!("P-{id}")).collect();
    let asked: BTreeSet<_> = PropertyId::ALL.iter().map(|property| property.id().to_owned()).collect();
    assert_eq!(listed, asked);
    let lines: BTreeSet<_> = MATRIX.lines.iter().map(|line| line.property.id().to_owned()).collect();
    assert_eq!(lines, asked);
}

#[test]
fn the_limits_of_each_configuration_are_listed() {
    let sizes = [Size::Small, Size::Quick, Size::Full];
    let names: BTreeSet<_> =
        sizes.into_iter().flat_map(configurations).map(|configuration| configuration.name).collect();
    // Another table has whole ids, which begin with the pair.
    let is_name = |name: &&str| name.starts_with(|first: char| first.is_ascii_lowercase());
    let listed = TRUST.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |")).map(|(name, _)| name);
    let listed: BTreeSet<_> = listed.filter(is_name).collect();
    assert_eq!(names, listed);
}
