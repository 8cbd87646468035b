//! Each requirement with what refers to it.

use maud::{Markup, html};

use crate::report::{
    data::Data,
    links::{Place, Requirement},
};

/// The requirements, and what nothing refers to.
pub(super) fn section(data: &Data) -> Markup {
    let all = &data.requirements;
    let orphans = &data.orphans;
    html! {
        p {
            (all.len()) " requirements. "
            @if orphans.is_empty() {
                "There is no orphan on any side: code cites each of them, and a test or a property; each property stands for a requirement, and "
                "a mutant or an old peer violates it; each rule that a mutant breaks cites a requirement; and each citation is of a requirement that exists."
            } @else { b.bad { (orphans.len()) " orphans:" } }
        }
        @if !orphans.is_empty() { ul { @for orphan in orphans { li { b { (orphan.id) } ": " (orphan.gap) } } } }
        p.filter { label for="filter" { "Filter " } input #filter type="search" placeholder="R-IMP, P-GATE, src/import.rs …" autocomplete="off"; span #filtered role="status" {} }
        @for one in all { (requirement(data, one)) }
    }
}

fn requirement(data: &Data, one: &Requirement) -> Markup {
    let gap = one.gap();
    html! {
        details.row.requirement id=(one.id) open[gap.is_some()] {
            summary {
                span.sign.ok[gap.is_none()].bad[gap.is_some()] { (if gap.is_some() { "✗" } else { "✓" }) } " "
                b { (one.id) } " "
                span.excerpt { (super::prose(one.text)) } " "
                small { (counts(one)) }
            }
            p { (super::prose(one.text)) }
            @if let Some(gap) = gap { p.bad { (gap) } }
            dl {
                dt { "defined" } dd { (places([&one.defined])) }
                @if !one.properties.is_empty() { dt { "properties" } dd { (super::linked(one.properties.iter().copied())) } }
                @if !one.rules.is_empty() { dt { "rules" } dd { @for rule in &one.rules { code { (rule) } " " } } }
                @if !one.mutants.is_empty() { dt { "mutants" } dd { (super::mutants(data, one.mutants.iter().copied())) } }
                dt { "code" } dd { (places(&one.code)) }
                @if !one.tests.is_empty() { dt { "tests" } dd { (places(&one.tests)) } }
            }
        }
    }
}

/// How many places of each kind there are, without those of which there is none.
fn counts(one: &Requirement) -> String {
    let counts = [
        (one.code.len(), "in code"),
        (one.tests.len(), "in tests"),
        (one.properties.len(), "properties"),
        (one.mutants.len(), "mutants"),
    ];
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    some.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(" · ")
}

fn places<'a>(all: impl IntoIterator<Item = &'a Place>) -> Markup {
    html! {
        ul.places { @for place in all { li { code { (place.path) ":" (place.line) } @if !place.item.is_empty() { " " (place.item) } } } }
    }
}
