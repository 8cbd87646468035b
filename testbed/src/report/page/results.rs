//! Verdicts: the matrix, the configurations, the mutants.

use maud::{Markup, html};

use super::{linked, property, wide};
use crate::report::data::{Checking, Data};

/// The kind of a cell, by its marks: colour is never the only sign.
fn kind(cell: &str) -> &'static str {
    if cell.contains('!') {
        "bad"
    } else if cell.contains('✗') {
        "known"
    } else if cell.contains('?') {
        "open"
    } else if cell.contains('✓') {
        "ok"
    } else {
        "none"
    }
}

/// All properties: those that were asked in each pair of peers, and the others.
pub(super) fn properties(data: &Data) -> Markup {
    let asked = |id: &str| data.matrix.lines.iter().any(|line| line.property == id);
    let others: Vec<_> = data.properties.iter().filter(|one| !asked(one.id)).collect();
    html! {
        (pairs(data).unwrap_or_default())
        @if !others.is_empty() {
            h3 { "Not asked in this run" }
            ul.others {
                @for about in others {
                    li id=(about.id) {
                        b { (about.id) } " " (super::prose(about.text)) " "
                        small { (linked(about.requirements.iter().map(String::as_str))) }
                    }
                }
            }
        }
    }
}

/// Each property in each pair of peers.
fn pairs(data: &Data) -> Option<Markup> {
    let table = &data.matrix;
    (!table.lines.is_empty()).then(|| html! {
        p {
            "Pairs: the importer first; H a hardened peer, L today's daemon, X a hostile peer. "
            b { "✓" } " holds, " b { "✗ W-n" } " does not, a known weakness, " b { "·" } " is not asked, " b { "?" } " is not known, "
            b { "!" } " is not as expected; i, e: the import, the export half."
        }
        (wide("Properties in each pair", html! {
            table {
                thead { tr { th scope="col" { "property" } @for pair in &table.pairs { th scope="col" { (pair) } } th scope="col" { "says" } } }
                tbody {
                    @for line in &table.lines {
                        @let about = data.properties.iter().find(|one| one.id == line.property);
                        tr id=(line.property) {
                            th scope="row" { (line.property) }
                            @for cell in &line.cells { td class={ "mark " (kind(cell)) } { (cell.replace('-', "\u{2011}")) } }
                            td.says {
                                @if let Some(about) = about {
                                    (super::prose(about.text)) " "
                                    small { (linked(about.requirements.iter().map(String::as_str))) "· mutants " (super::mutants(data, about.mutants.iter().copied())) }
                                }
                            }
                        }
                    }
                }
            }
        }))
        @if !table.weaknesses.is_empty() {
            details {
                summary { (table.weaknesses.len()) " known weaknesses in this table" }
                dl.columns { @for [id, title] in &table.weaknesses { dt { (id) } dd { (title) } } }
            }
        }
    })
}

/// Each configuration, with its verdicts below.
pub(super) fn configurations(data: &Data) -> Option<Markup> {
    (!data.configurations.is_empty()).then(|| html! {
        p { "Each is a finite system. VERIFIED means that its complete graph was examined, and that both engines agree." }
        @for one in &data.configurations { (configuration(one)) }
    })
}

fn configuration(one: &Checking) -> Markup {
    let verified = one.rows.iter().filter(|row| row.verdict.starts_with("VERIFIED")).count();
    let expected = one.rows.iter().all(|row| row.as_expected);
    html! {
        details.row id={ "c-" (one.id) } open[!expected] {
            summary {
                span.sign.ok[expected].bad[!expected] { (if expected { "✓" } else { "✗" }) } " "
                b { (one.id) } " "
                small { (verified) " of " (one.rows.len()) " VERIFIED · " (one.states) " states · " (one.budget) }
            }
            p { (one.states) " states, " (one.edges) " edges, depth " (one.depth) (if one.complete { ", complete" } else { ", not complete" }) "." }
            (wide(&one.id, html! {
                table {
                    thead { tr { th scope="col" { "property" } th scope="col" { "verdict" } th scope="col" { "shown by" } } }
                    tbody {
                        @for row in &one.rows {
                            tr {
                                th scope="row" { a href={ "#" (row.property) } { (row.name) } }
                                td.bad[!row.as_expected] { (short(&row.verdict)) @if let Some(weakness) = row.weakness { " " (weakness) } }
                                td { @if let Some(story) = &row.story { a href={ "#" (story) } { "diagram" } } }
                            }
                        }
                    }
                }
            }))
            @if !one.reached.is_empty() { p.small { "Reached: " (one.reached.join(", ")) "." } }
            @if !one.missed.is_empty() { p.bad { "Never reached: " (one.missed.join(", ")) "." } }
        }
    }
}

/// Each mutant, with the way that shows it.
pub(super) fn mutants(data: &Data) -> Option<Markup> {
    (!data.mutants.is_empty()).then(|| html! {
        p { "A mutant is the protocol without one rule. Each is found by the property that guards the rule: a check that cannot fail says nothing." }
        (wide("Mutants", html! {
            table {
                thead { tr {
                    th scope="col" { "mutant" } th scope="col" { "broken" } th scope="col" { "rules" } th scope="col" { "found by" }
                    th scope="col" { "result" } th scope="col" { "second engine" }
                } }
                tbody {
                    @for one in &data.mutants {
                        tr {
                            th scope="row" { @match &one.story { Some(story) => a href={ "#" (story) } { (one.id) }, None => (one.id) } }
                            td { (one.broken) }
                            td { @for rule in &one.rules { code { (rule) } " " } }
                            td { (property(one.property)) }
                            td.result.ok[one.killed].bad[!one.killed] { (if one.killed { "✓ " } else { "✗ NOT FOUND: " }) (one.verdict) }
                            td { (match one.confirmed { Some(true) => "agrees", Some(false) => "disagrees", None => "not asked" }) }
                        }
                    }
                }
            }
        }))
        (super::ways::list(data, crate::report::stories::Kind::Mutant).unwrap_or_default())
    })
}

/// A verdict without the size of the graph, which stands above.
fn short(verdict: &str) -> &str {
    if verdict.starts_with("VERIFIED") { "VERIFIED" } else { verdict }
}
