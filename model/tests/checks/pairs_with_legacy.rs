//! The possible and the impossible in a link with one old side, and that the old sides are today's daemon row by row.

use handfast_model::{
    check::Expected,
    config::{Cast, Size, configurations},
    flaws::FLAWS,
    legacy,
};

use crate::checked;

/// Each verdict is as it should be; the shortest way to each shown weakness is kept.
#[test]
fn every_cell_is_as_the_table_says() {
    let mut table = String::new();
    let mut shown = Vec::new();
    for (configuration, checked) in checked(|one| one.cast.has_legacy()) {
        assert_eq!(checked.missed, Vec::<&str>::new(), "{configuration}");
        table.push_str(&format!("{configuration}: {} states\n", checked.graph.states));
        for row in &checked.rows {
            assert!(row.is_as_expected(), "{configuration} {}: {}", row.name(), row.verdict);
            if row.verdict.is_violated() {
                let weakness = row.expected.weakness().unwrap_or_default();
                table.push_str(&format!("    {}: {} {weakness}\n", row.name(), row.verdict));
            }
            if matches!(row.expected, Expected::Shown(_)) {
                shown.push((configuration.cast, row.property, row.half));
            }
        }
    }
    insta::assert_snapshot!(table);
    for flaw in FLAWS {
        assert!(shown.contains(&(flaw.cast, flaw.property, flaw.half.side())), "{flaw:?} is nowhere looked for");
    }
}

/// The diagrams of what goes wrong between two old peers read as the weaknesses that they are.
#[test]
fn between_two_old_peers() {
    for (configuration, checked) in checked(|one| one.cast == Cast::LL) {
        for row in &checked.rows {
            if let (Expected::Shown(weakness), Some(counterexample)) = (row.expected, &row.counterexample) {
                let whose = configuration.clients.map(|clients| format!(" {clients:?}")).unwrap_or_default();
                let name = format!("LL {} {weakness}{whose}", row.name());
                insta::assert_snapshot!(name, &counterexample.mermaid);
            }
        }
    }
}

/// Rows I1 to I23 and E1 to E19 of `docs/legacy/daemon.md`.
#[test]
fn every_row_of_the_old_daemon_is_taken() {
    let all = configurations(Size::Small)
        .into_iter()
        .filter(|one| one.cast.has_legacy() && one.clients.is_none())
        .filter(|one| one.cast.is_pair() || one.name.starts_with("hostile"));
    let (mut import, mut export) = (legacy::Rows::default(), legacy::Rows::default());
    for configuration in all {
        let taken = handfast_model::legacy_rows::rows_taken(configuration);
        import = import.and(taken.0);
        export = export.and(taken.1);
    }
    assert_eq!(import.iter().collect::<Vec<_>>(), (1..=23).collect::<Vec<_>>());
    assert_eq!(export.iter().collect::<Vec<_>>(), (1..=19).collect::<Vec<_>>());
}
