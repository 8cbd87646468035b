//! The clients as documented (R-CLI-1): the table is the document's, each of its edges is found, and each other one that is found
//! has a reason.

use std::{collections::BTreeSet, fs, path::Path};

use handfast::outcome::{Profile, Side};
use handfast_model::clients::edges::{
    DOCUMENTED, Edge, NOT_IN_A_LINK, OTHERS, alone, drawn, in_links, mermaid, reason,
};

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

/// The rows of the table below this heading, as cells.
fn rows<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let lines = page.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    let table = lines.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &'a str| row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
    table.skip(2).map(cells).collect()
}

#[test]
fn the_table_is_the_document_s() {
    let protocol = page("protocol.md");
    let headings = [
        "### Client, top: 5 edges",
        "### Client, import: 11 edges",
        "### Client, export: 10 edges",
        "### Client, inside Export_Init: 8 edges",
    ];
    let table: BTreeSet<Vec<&str>> = headings.iter().flat_map(|heading| rows(&protocol, heading)).collect();
    let typed: BTreeSet<Vec<&str>> = DOCUMENTED.iter().map(|edge| vec![edge.from, edge.to, edge.label]).collect();
    assert_eq!(typed, table);
    assert_eq!(typed.len(), 34);
}

/// Compares the edges that were found with those that `docs/generated/clients.md` lists.
#[test]
fn what_is_explored_is_what_is_listed() {
    let alone = alone();
    let links = [Profile::Documented, Profile::Jamid].map(in_links);
    let expected: BTreeSet<Edge> = DOCUMENTED.into_iter().chain(OTHERS.map(|(edge, _)| edge)).collect();
    assert_eq!(alone.difference(&expected).collect::<Vec<_>>(), Vec::<&Edge>::new(), "found, and not listed");
    assert_eq!(expected.difference(&alone).collect::<Vec<_>>(), Vec::<&Edge>::new(), "listed, and not found");
    for links in &links {
        assert!(links.is_subset(&alone), "{:?}", links.difference(&alone).collect::<Vec<_>>());
    }
    // Each documented edge is taken between people and daemons too, in one profile or the other, unless it is said why not.
    let all: BTreeSet<Edge> = links.iter().flatten().copied().collect();
    let not_there: BTreeSet<Edge> = DOCUMENTED.into_iter().filter(|edge| !all.contains(edge)).collect();
    assert_eq!(not_there, NOT_IN_A_LINK.iter().map(|(edge, _)| *edge).collect());

    let mut table = String::from("| step | in a link, documented | in a link, jamid | |\n|---|---|---|---|\n");
    let mark = |links: &BTreeSet<Edge>, edge| if links.contains(edge) { "✓" } else { "" };
    for edge in &alone {
        let why = reason(edge).unwrap_or("documented");
        let not = NOT_IN_A_LINK.iter().find_map(|(other, why)| (other == edge).then_some(*why));
        let not = not.map(|why| format!("; {why}")).unwrap_or_default();
        table.push_str(&format!("| `{edge}` | {} | {} | {why}{not} |\n", mark(&links[0], edge), mark(&links[1], edge)));
    }
    let profiles = [Profile::Documented, Profile::Jamid].into_iter();
    for (profile, heading) in profiles.zip(["The documented profile", "The profile of today's daemon"]) {
        table.push_str(&format!("\n## {heading}\n"));
        let drawn = drawn(profile);
        for side in [Side::Import, Side::Export] {
            table.push_str(&format!("\n```mermaid\n{}```\n", mermaid(side, &drawn)));
        }
    }
    assert!(page("generated/clients.md").ends_with(&table), "docs/generated/clients.md has to end with\n{table}");
}

/// A document with one edge otherwise is not what is found (R-CLI-1).
#[test]
fn an_edge_that_is_lost_or_altered_is_missed() {
    let found = alone();
    let expected = |documented: &[Edge]| -> BTreeSet<Edge> {
        documented.iter().copied().chain(OTHERS.map(|(edge, _)| edge)).collect()
    };
    assert_eq!(expected(&DOCUMENTED), found);
    for (number, edge) in DOCUMENTED.iter().enumerate() {
        let mut documented = DOCUMENTED.to_vec();
        documented[number].label = "something else";
        assert_ne!(expected(&documented), found, "{edge}");
        documented.remove(number);
        assert_ne!(expected(&documented), found, "{edge}");
    }
}
