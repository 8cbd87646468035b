//! The graph as a witness: what each configuration's graph was when it was last accepted, level by level.
//!
//! A step that no property judges still changes a graph. `model/graphs.txt` has the number of states and edges on each level. A run
//! with other numbers fails, and names the first difference: the configuration, the level, and the row of the reducers' tables
//! (`docs/generated/reducers.md`).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    explorer::levels::Levels,
    report::{check::Checked, reducers::Table},
    system::{config::Size, counted::counted},
};

/// The accepted graphs and tables.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// `model/graphs.txt`.
    pub graphs: &'static str,
    /// `docs/generated/reducers.md`.
    pub tables: &'static str,
}

const fn size_name(size: Size) -> &'static str {
    match size {
        Size::Small => "small",
        Size::Quick => "quick",
        Size::Full => "full",
    }
}

/// A graph that is another than the accepted one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The configuration.
    pub configuration: String,
    /// In words: how large it was and is, and where it begins to differ.
    pub text: String,
}

/// Compares the complete graphs of a run with the accepted ones. Sizes of which none was accepted have no witness.
pub(crate) fn compare(accepted: &str, size: Size, checked: &[Checked]) -> Vec<Changed> {
    let name = size_name(size);
    let lines = accepted.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.split_once(": "));
    let accepted: BTreeMap<&str, &str> = lines.collect();
    if accepted.is_empty() {
        return Vec::new();
    }
    let complete = checked.iter().filter(|one| one.graph.complete);
    let differing = complete.filter_map(|one| {
        let before = accepted.get(one.configuration.as_str()).and_then(|text| Levels::parse(text));
        let text = difference(before.as_ref(), &one.levels)?;
        Some(Changed { configuration: one.configuration.clone(), text })
    });
    differing.collect()
}

/// How the levels differ, if they do.
fn difference(before: Option<&Levels>, now: &Levels) -> Option<String> {
    let [states, edges] = now.sum();
    let Some(before) = before else {
        return Some(format!("no graph of it was accepted; it has {}", size(states, edges)));
    };
    let [were, had] = before.sum();
    let longest = before.count().max(now.count());
    let level = |levels: &Levels, at: usize| levels.at(at);
    let first = (0..longest).find(|&at| level(before, at) != level(now, at))?;
    let ([a, b], [c, d]) = (level(before, first), level(now, first));
    let [was, is] = [(a, b), (c, d)].map(|(states, edges)| size(states, edges));
    let (had, first) = (size(were, had), counted(first, "step"));
    Some(format!(
        "it had {had}, and has {states}, {edges}; first {first} from the beginning: {was} there before, {is} now"
    ))
}

fn size(states: usize, edges: usize) -> String {
    format!("{}, {}", counted(states, "state"), counted(edges, "edge"))
}

/// The first line of the reducers' tables that is another than the accepted one: the first step that one has and the other has not.
/// None: the reducers do what they did, and their surroundings are otherwise.
pub(crate) fn first_step(tables: &str) -> Option<String> {
    let now: Vec<_> = Table::explore_all().iter().map(Table::markdown).collect();
    first_difference(tables, &now.join("\n"))
}

fn first_difference(before: &str, now: &str) -> Option<String> {
    let lines = |page: &str| -> Vec<(String, String)> {
        let mut row = String::new();
        let mut all = Vec::new();
        for line in page.lines() {
            if let Some(heading) = line.strip_prefix("### ") {
                row = heading.to_owned();
            } else if !row.is_empty() && !line.is_empty() && !line.starts_with("## ") {
                all.push((row.clone(), line.to_owned()));
            }
        }
        all
    };
    let (before, now) = (lines(before), lines(now));
    let gone = before.iter().find(|line| !now.contains(line));
    let new = now.iter().find(|line| !before.contains(line));
    let say = |what: &str, line: Option<&(String, String)>| line.map(|(row, text)| format!("{row}: {what} {text}"));
    match (say("no more", gone), say("now", new)) {
        (Some(gone), Some(new)) => Some(format!("{gone}\n{new}")),
        (gone, new) => gone.or(new),
    }
}

/// Returns `model/graphs.txt` with these graphs accepted, those of other sizes as they were there.
pub fn accepted(before: &str, size: Size, checked: &[Checked]) -> String {
    let name = size_name(size);
    let others = before.lines().filter(|line| !line.starts_with(name)).map(String::from);
    let own = checked.iter().filter(|one| one.graph.complete);
    let own = own.map(|one| format!("{name} {}: {}", one.configuration, one.levels));
    let mut lines: Vec<_> = others.chain(own).collect();
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        explorer::explore::Limits,
        property::mutants::Mutant,
        report::check::{check, check_system},
        system::config::find,
    };

    fn honest() -> Checked {
        check(find(Size::Small, "HH-documented-honest").unwrap(), None, Limits::default())
    }

    #[test]
    fn a_graph_that_was_accepted_has_not_changed() {
        let checked = [honest()];
        let text = accepted("", Size::Small, &checked);
        assert!(text.contains("small HH-documented-honest: 1/"), "{text}");
        assert_eq!(compare(&text, Size::Small, &checked), []);
        let [states, edges] = checked[0].levels.sum();
        assert_eq!([states, edges], [checked[0].graph.states, checked[0].graph.edges]);
        assert_eq!(checked[0].levels.count(), checked[0].graph.depth as usize + 1);
        // Of another size nothing was accepted.
        assert_eq!(compare("small x: 1/1", Size::Full, &checked), []);
    }

    /// A mutant that the properties bear changes its graph, and it is said where.
    #[test]
    fn a_graph_that_differs_is_found_where_it_begins() {
        let text = accepted("", Size::Small, &[honest()]);
        let system = Mutant::find("M-58").unwrap().system(Size::Small).unwrap();
        let checked = [check_system(&system, None, Limits::default())];
        let changed = compare(&text, Size::Small, &checked);
        assert_eq!(changed.len(), 1);
        assert!(changed[0].text.contains("steps from the beginning: "), "{}", changed[0].text);
        let new = compare("small other: 1/1", Size::Small, &checked);
        assert!(new[0].text.starts_with("no graph of it was accepted"), "{}", new[0].text);
    }

    #[test]
    fn the_first_line_that_differs_has_its_row() {
        let page = "# T\n## M\n\n### M: a\n\n| x | b |\n| y | c |\n\n### M: b\n\n| x | b |\n";
        assert_eq!(first_difference(page, page), None);
        let other = page.replacen("| y | c |", "| y | d |", 1);
        assert_eq!(first_difference(page, &other).unwrap(), "M: a: no more | y | c |\nM: a: now | y | d |");
        let less = page.replacen("| y | c |\n", "", 1);
        assert_eq!(first_difference(page, &less).unwrap(), "M: a: no more | y | c |");
    }
}
