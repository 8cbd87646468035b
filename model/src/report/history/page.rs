//! The page of the track record.

use std::fmt::Write as _;

use serde::Serialize;

use super::{
    bug::{Bug, Held, Mark},
    exhibit::Shown,
    own::OWN,
};

/// A row with what its exhibits showed.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// [`Bug::id`].
    pub id: &'static str,
    /// [`Bug::merged`].
    pub merged: &'static str,
    /// [`Bug::fix`].
    pub fix: &'static str,
    /// [`Bug::broke`].
    pub broke: &'static str,
    /// [`Bug::mark`].
    pub mark: Mark,
    /// [`Bug::reason`].
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: &'static str,
    /// [`Bug::elsewhere`].
    #[serde(skip_serializing_if = "<[Held]>::is_empty")]
    pub elsewhere: &'static [Held],
    /// The results of its exhibits.
    pub shown: Vec<Shown>,
}

impl Line {
    /// Puts a bug and its results together.
    pub fn new(bug: &'static Bug, shown: Vec<Shown>) -> Self {
        let Bug { id, merged, fix, broke, mark, reason, elsewhere, .. } = *bug;
        Self { id, merged, fix, broke, mark, reason, elsewhere, shown }
    }

    /// Whether each exhibit is as its row states.
    pub fn is_as_stated(&self) -> bool {
        self.shown.iter().all(|shown| shown.as_stated)
    }
}

/// Returns the tables of the lines and of their exhibits, and the reasons of what is not found, in Markdown.
pub fn markdown(lines: &[Line]) -> String {
    let mut page = String::from("| | merged | fix | effect and cause | |\n|---|---|---|---|---|\n");
    for Line { id, merged, fix, broke, mark, .. } in lines {
        let _ = writeln!(page, "| {id} | {merged} | {fix} | {broke} | {} |", mark.sign());
    }
    page.push_str("\n| | with the defect | without it | asked of | steps | without |\n|---|---|---|---|---|---|\n");
    for line in lines {
        for shown in &line.shown {
            let Shown { with, without, property, configuration, off, .. } = shown;
            let off = if off.is_empty() { String::new() } else { format!(", without {}", off.join(" and ")) };
            let [defect, mended] = shown.in_short();
            let _ = writeln!(
                page,
                "| {} | {with} | {without} | {property} in {configuration}{off} | {defect} | {mended} |",
                line.id
            );
        }
    }
    page.push_str("\n| | why not, or not all | caught elsewhere |\n|---|---|---|\n");
    for line in lines.iter().filter(|line| !line.reason.is_empty()) {
        let elsewhere: Vec<_> = line.elsewhere.iter().map(|held| format!("`{}`", held.file)).collect();
        let _ = writeln!(page, "| {} | {} | {} |", line.id, line.reason, elsewhere.join(", "));
    }
    page
}

/// Returns a short table: of each line the bug, and the first of its exhibits.
pub fn brief<'a>(lines: impl IntoIterator<Item = &'a Line>) -> String {
    let mut page = String::from("| | fix | effect and cause | found by | steps |\n|---|---|---|---|---|\n");
    for Line { id, fix, broke, shown, .. } in lines {
        let first = broke.split_inclusive(". ").next().unwrap_or(broke).trim_end();
        if let Some(shown) = shown.first() {
            let [steps, _] = shown.in_short();
            let _ = writeln!(
                page,
                "| {id} | {fix} | {first} | {} | {} |",
                shown.property,
                steps.trim_end_matches(" steps")
            );
        }
    }
    page
}

/// Returns the table of this project's own defects, in Markdown.
pub fn markdown_of_own() -> String {
    let mut page = String::from("| | effect and cause | broken | held by |\n|---|---|---|---|\n");
    for own in OWN {
        let held: Vec<_> = own.held.iter().map(|held| format!("`{held}`")).collect();
        let _ = writeln!(page, "| {} | {} | {} | {} |", own.id, own.broke, own.cites, held.join(", "));
    }
    page
}

/// Returns a diagram of each shortest counterexample, in Markdown.
pub fn diagrams(lines: &[Line]) -> String {
    let mut page = String::new();
    for line in lines {
        for shown in &line.shown {
            if let Some(counterexample) = &shown.counterexample {
                let Line { id, .. } = line;
                let _ = write!(page, "\n### {id}: {}\n\n```mermaid\n{}```\n", shown.with, counterexample.mermaid);
            }
        }
    }
    page
}
