//! Results of other commands: implementations against each other, and real bugs that were put back.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::{property, wide};
use crate::{
    report::{
        attached::{Bug, Cell, Mark},
        data::Data,
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

/// Real bugs, and what notices them.
pub(super) fn history(data: &Data) -> Option<Markup> {
    data.history.as_deref().map(|bugs| html! {
        p { "Real bugs of " i { "Link new device" } ", put back one by one." }
        (wide("Real bugs", html! {
            table {
                thead { tr { th scope="col" { "bug" } th scope="col" { "effect" } th scope="col" { "fixed" } th scope="col" { "found by" } } }
                tbody { @for bug in bugs { (line(data, bug)) } }
            }
        }))
    })
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
                @for shown in &bug.shown {
                    br;
                    @if data.properties.iter().any(|one| one.id == shown.property) { (property(&shown.property)) } @else { (shown.property) }
                    " in " (shown.configuration) ", " (shown.with)
                    @if !shown.as_stated { " " b.bad { "not as stated" } }
                }
            }
        }
    }
}
