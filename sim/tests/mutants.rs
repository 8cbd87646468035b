//! The checker's mutants in the shell, and the table of them.

use std::collections::BTreeMap;

use handfast_model::mutants::MUTANTS;
use handfast_sim::{Kill, Mutant, event};

const PAGE: &str = include_str!("../../docs/simulator.md");
const EVENTS: &str = include_str!("snapshots/event_engine__every_mutant_is_killed_or_has_a_reason.snap");
/// Sessions for which there is time here.
const FEW: u64 = 40;

/// The page's head of the table of mutants; other tables there name mutants too.
const HEAD: &str = "| mutant | event engine: seeds | the shell: sessions, and which |";

/// The table's rows by mutant: what the event engine says, and what the shell does.
fn rows() -> BTreeMap<&'static str, [&'static str; 2]> {
    let (_, table) = PAGE.split_once(HEAD).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let mut rows = BTreeMap::new();
    for cells in cells {
        assert_eq!(rows.insert(cells[0], [cells[1], cells[2]]), None, "{} has two rows", cells[0]);
    }
    rows
}

/// The row of a mutant that is found.
fn found(kill: &Kill) -> String {
    format!("{}: {:?} in `{}` with seed {}", kill.sessions, kill.rule, kill.scenario, kill.seed)
}

#[test]
fn the_table_has_every_mutant() {
    let rows = rows();
    let mut ids: Vec<_> = MUTANTS.iter().map(|mutant| mutant.id).collect();
    ids.extend(event::Mutant::all().iter().map(|mutant| mutant.id).filter(|id| id.starts_with("M-51")));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), ids);
    for (id, [events, shell]) in rows {
        let known = EVENTS.lines().find_map(|line| line.strip_prefix(&format!("{id}: "))).unwrap();
        let seeds = known.split(' ').next().filter(|word| word.parse::<u64>().is_ok()).unwrap_or("–");
        assert_eq!(events, seeds, "{id}");
        match Mutant::beyond(id) {
            Some(why) => assert_eq!(shell, format!("– {why}"), "{id}"),
            None => {
                assert!(Mutant::find(id).is_some() && shell.starts_with(|first: char| first.is_ascii_digit()), "{id}")
            }
        }
    }
}

/// Mutants that are found soon are found as the table says.
#[test]
fn mutants_that_are_found_soon_are_found_again() {
    let soon: Vec<_> = rows()
        .into_iter()
        .filter_map(|(id, [_, shell])| {
            let sessions: u64 = shell.split(':').next()?.parse().ok()?;
            (sessions <= FEW).then_some((Mutant::find(id)?, shell))
        })
        .collect();
    assert!(soon.len() > 5);
    for (mutant, row) in soon {
        assert_eq!(mutant.hunt(0..FEW).as_ref().map(found).as_deref(), Some(row), "{}", mutant.id);
    }
}
