//! How much has to go wrong before a ✓ counts: which configuration of each pair has it, and why where none has.

use std::fmt::Write as _;

use handfast_model::{
    config::{Configuration, Player, Size, configurations},
    matrix::COLUMNS,
};

const TRUST: &str = include_str!("../../docs/trust.md");

/// The required budgets, by name.
type Least = (&'static str, fn(&Configuration) -> bool);

const LEAST: [Least; 6] = [
    // Hostile peers drop their connections as they like.
    ("a loss", |one| one.budget.loss >= 1 || !one.cast.is_pair()),
    ("a repeated request", Configuration::repeats),
    ("a crash a side", |one| one.budget.import_crashes >= 1 && one.budget.export_crashes >= 1),
    // A hostile peer takes words for them: what it asks for, or passwords.
    ("4 answers", |one| one.budget.wrong >= 3 || !one.cast.is_pair() && one.budget.words >= 4),
    // An exporter's token names one device, so that it says all.
    ("2 hostile connections of 2 messages", |one| {
        (one.budget.intruders >= 2 || one.cast.import == Player::Hostile) && one.budget.words >= 4
    }),
    ("2 operations a side", |one| one.again),
];

/// Where no configuration of a pair has it, and why.
const WITHOUT: [(&str, &str, &str); 5] = [
    ("a repeated request", "LH LL", "the directory of an old importer repeats none"),
    (
        "a repeated request",
        "HX XH LX XL",
        "there is no honest request, and the hostile ask as often as they have connections",
    ),
    (
        "a crash a side",
        "HX XH LX XL",
        "a hostile peer need not crash; what a crash leaves is looked at between two honest ones",
    ),
    (
        "2 hostile connections of 2 messages",
        "LH LL",
        "an old importer keeps all of its connections, so that two together with the honest one lead to more than twenty million states, \
         in turn too; there is one, of 2 messages, and LX has two",
    ),
    ("2 operations a side", "HX XH LX XL", "a second link is one of two honest devices"),
];

/// Returns the configuration of a pair that has this budget: a quick one if there is one, else a full one.
fn cell(cast: &str, has: fn(&Configuration) -> bool) -> Option<String> {
    let of = |size| configurations(size).into_iter().find(|one| one.cast.to_string() == cast && has(one));
    let quick = of(Size::Quick).map(|one| format!("`{}`", one.name));
    quick.or_else(|| of(Size::Full).map(|one| format!("`{}`, full size", one.name)))
}

#[test]
fn each_pair_has_the_least_budgets_or_it_is_said_why_not() {
    let names = LEAST.map(|(name, _)| name);
    let mut table = format!("| pair | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for cast in COLUMNS.map(|cast| cast.to_string()) {
        let cells = LEAST.map(|(name, has)| {
            let reasons = WITHOUT.iter().filter(|(least, casts, _)| *least == name && casts.contains(&cast)).count();
            let found = cell(&cast, has);
            assert_eq!(reasons, usize::from(found.is_none()), "{cast}: {name}: {found:?}");
            found.unwrap_or_else(|| "·".into())
        });
        writeln!(table, "| {cast} | {} |", cells.join(" | ")).unwrap();
    }
    for (least, casts, why) in WITHOUT {
        let (first, rest) = least.split_at(1);
        write!(table, "\n* {}{rest}, not in {}: {why}.", first.to_uppercase(), casts.replace(' ', ", ")).unwrap();
    }
    assert!(TRUST.contains(&table), "docs/trust.md should have:\n{table}");
}
