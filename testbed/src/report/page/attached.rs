//! Results of other commands: implementations against each other, real bugs that were put back, and figures.

use std::collections::BTreeSet;

use handfast_model::narration::narrate;
use maud::{Markup, PreEscaped, html};

use super::{property, ways::diagram, wide};
use crate::{
    report::{
        attached::{Bug, Cell, Exhibit, Judged, Mark, Way},
        data::Data,
        drawing,
    },
    scenario::Word,
};

/// Each case with each pair of programs.
pub(super) fn interop(data: &Data) -> Option<Markup> {
    data.interop.as_deref().map(|cells| {
        let pair = |cell: &Cell| format!("{} to {}, {}", cell.export, cell.import, cell.profile);
        let (mut pairs, mut cases) = (Vec::new(), Vec::new());
        for cell in cells {
            if !pairs.contains(&pair(cell)) {
                pairs.push(pair(cell));
            }
            if !cases.contains(&cell.case) {
                cases.push(cell.case.clone());
            }
        }
        let at = |of: &str, case: &str| cells.iter().find(|cell| cell.case == case && pair(cell) == of);
        html! {
            p {
                "The exporting program, the importing one, the profile. "
                b { "✓" } " as the model allows, " b { "✗" } " not so, and known, " b { "!" } " not so, " b { "?" } " no end, " b { "–" } " not supported."
            }
            (wide("Implementations against each other", html! {
                table {
                    thead { tr { th scope="col" { "case" } @for pair in &pairs { th scope="col" { (pair) } } } }
                    tbody { @for case in &cases {
                        tr {
                            th scope="row" { (case) }
                            @for pair in &pairs {
                                @let (sign, class) = at(pair, case).map_or(("", "none"), sign);
                                td class={ "mark " (class) } { (sign) }
                            }
                        }
                    } }
                }
            }))
            @let reasons: BTreeSet<_> = cells.iter().filter(|cell| cell.verdict != Word::Passed).filter_map(reason).collect();
            @if !reasons.is_empty() { ul { @for (case, why) in reasons { li { b { (case) } ": " (why) } } } }
        }
    })
}

const fn sign(cell: &Cell) -> (&'static str, &'static str) {
    match (cell.verdict, &cell.known) {
        (Word::Passed, _) => ("✓", "ok"),
        (Word::Unsupported, _) => ("–", "none"),
        (_, Some(_)) => ("✗", "known"),
        (Word::Inconclusive, None) => ("?", "open"),
        (Word::Violated, None) => ("!", "bad"),
    }
}

fn reason(cell: &Cell) -> Option<(String, &str)> {
    let why = cell.known.as_deref().or(cell.why.as_deref()).filter(|why| !why.is_empty())?;
    Some((format!("{}, {} to {}, {}", cell.case, cell.export, cell.import, cell.profile), why))
}

/// Real bugs, and what notices them: a table, and then the shortest way to each.
pub(super) fn history(data: &Data) -> Option<Markup> {
    data.history.as_deref().map(|bugs| html! {
        p { "Real bugs of " i { "Link new device" } ", put back one by one." }
        (wide("Real bugs", html! {
            table {
                thead { tr { th scope="col" { "bug" } th scope="col" { "effect" } th scope="col" { "fixed" } th scope="col" { "found by" } } }
                tbody { @for bug in bugs { (line(data, bug)) } }
            }
        }))
        @for bug in bugs { @for (number, shown, way) in ways(bug) { (drawn(bugs, bug, number, shown, way)) } }
    })
}

/// The exhibits of a bug that have a way, each with its number.
fn ways(bug: &Bug) -> impl Iterator<Item = (usize, &Exhibit, &Way)> {
    bug.shown.iter().enumerate().filter_map(|(number, shown)| Some((number, shown, shown.counterexample.as_ref()?)))
}

fn anchor(bug: &Bug, number: usize) -> String {
    format!("{}-way-{}", bug.id, number + 1)
}

fn drawn(bugs: &[Bug], bug: &Bug, number: usize, shown: &Exhibit, way: &Way) -> Markup {
    let title = format!("{}: {}", bug.id, shown.with);
    let mut all = bugs.iter().flat_map(|bug| ways(bug).map(move |(number, _, way)| (anchor(bug, number), way)));
    let first = all.find(|(_, other)| other.mermaid == way.mermaid).map(|(id, _)| id);
    let own = anchor(bug, number);
    html! {
        details.way id=(own) {
            summary { b { (title) } " " small { (shown.property) " in " (shown.configuration) } }
            p { code.command { "handfast history --only " (bug.id) } }
            @match first.filter(|first| *first != own) {
                Some(other) => p.same { "It is the run of " a href={ "#" (other) } { (other) } "." },
                None => (diagram(&title, &way.mermaid, &narrate(&way.mermaid))),
            }
        }
    }
}

fn line(data: &Data, bug: &Bug) -> Markup {
    let mark = match bug.mark {
        Mark::Found => "found",
        Mark::Part => "found in part",
        Mark::Outside => "not found",
    };
    html! {
        tr id=(bug.id) {
            th scope="row" { (bug.id) }
            td { (bug.broke) }
            td { (bug.merged) ", " (bug.fix) }
            td {
                b { (mark) }
                @if let Some(reason) = &bug.reason { ": " (reason) }
                @for (number, shown) in bug.shown.iter().enumerate() {
                    br;
                    @if is_listed(data, &shown.property) { (property(&shown.property)) } @else { (shown.property) }
                    " in " (shown.configuration) ", " (shown.with)
                    @if shown.counterexample.is_some() { " " a href={ "#" (anchor(bug, number)) } { "diagram" } }
                    @if !shown.as_stated { " " b.bad { "not as stated" } }
                }
                @if !bug.elsewhere.is_empty() {
                    br; "Its class is caught by "
                    @for (number, held) in bug.elsewhere.iter().enumerate() {
                        @if number > 0 { ", " }
                        code { (held.file) @if let Some(test) = &held.test { "::" (test) } }
                    }
                    "."
                }
            }
        }
    }
}

/// Whether this page has a place for a property, or for a requirement, which the parsers of tokens have in its place.
fn is_listed(data: &Data, id: &str) -> bool {
    data.properties.iter().any(|one| one.id == id) || data.requirements.iter().any(|one| one.id == id)
}

/// The figures: rates by size as curves, and all as a table.
pub(super) fn speed(data: &Data) -> Option<Markup> {
    data.bench.as_ref().map(|measured| {
        html! {
            p { "Medians of " (measured.rounds) " turns, " (measured.processors) " processors. A ratio of 2 is twice as fast as what ran in turns with it." }
            @let curves = measured.curves();
            @if !curves.is_empty() {
                p { "Bytes in a second by size, both logarithmic. The dashed line is what a rate is compared with." }
                div.charts { @for curve in &curves { figure { (PreEscaped(drawing::rates(curve))) figcaption { (curve.name) } } } }
            }
            (wide("Figures", html! {
                table {
                    thead { tr {
                        th scope="col" { "figure" } th scope="col" { "measured" } th scope="col" { "compared with" } th scope="col" { "ratio" }
                        th scope="col" { "to reach" }
                    } }
                    tbody { @for one in &measured.figures { (figure(one)) } }
                }
            }))
        }
    })
}

fn figure(one: &Judged) -> Markup {
    let Judged { figure, reached, .. } = one;
    let reach = figure.reach_text();
    html! {
        tr {
            th scope="row" { (figure.name) }
            td.count { (figure.unit.text(figure.ours.median)) }
            td { @if let Some(other) = &figure.comparison { (other.what) ": " (figure.unit.text(other.theirs.median)) } }
            td.count { @if let Some(other) = &figure.comparison { (format!("{:.2}", other.ratio.median)) } }
            td {
                (reach)
                @match reached { Some(true) => " reached", Some(false) => { " " b.bad { "NOT REACHED" } }, None => "" }
            }
        }
    }
}
