//! The page of a report: one file that needs no network.

mod attached;
mod machines;
mod requirements;
mod results;
mod simulation;
mod ways;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{data::Data, drawing, stories::Kind};
use crate::html;

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// Draws the page.
pub(super) fn page(data: &Data) -> Markup {
    let sections = sections(data);
    let title = if data.verdict.as_expected { "all as expected" } else { "not as expected" };
    let title = &format!("handfast verify: {title}");
    html! {
        (DOCTYPE)
        html lang="en" {
            (html::head(title, STYLE))
            body {
                a.skip href="#main" { "Skip to the results" }
                (PreEscaped(drawing::TIP))
                (head(data))
                nav aria-label="Sections" {
                    ul { @for section in &sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                }
                main #main {
                    @for section in &sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                            h2 id={ (section.id) "-title" } { (section.title) }
                            (section.content)
                        }
                    }
                }
                footer { p { (data.program) ". The same data: " code { "report.json" } ", " code { "report.sarif" } ", " code { "junit.xml" } "." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

struct Section {
    id: &'static str,
    title: &'static str,
    content: Markup,
}

/// The sections that have content, in the order in which a reader needs them: failures first.
fn sections(data: &Data) -> Vec<Section> {
    let mut all = Vec::new();
    let mut add = |id, title, content: Option<Markup>| {
        all.extend(content.map(|content| Section { id, title, content }));
    };
    add("failures", "Failures", ways::failures(data));
    add("matrix", "Properties", Some(results::properties(data)));
    add("ways", "Runs", ways::list(data, Kind::Success));
    add("machines", "Machines", machines::section(data));
    add("mutants", "Mutants", results::mutants(data));
    add("history", "History", attached::history(data));
    add("weaknesses", "Weaknesses", ways::list(data, Kind::KnownWeakness));
    add("configurations", "Configurations", results::configurations(data));
    add("growth", "Growth", machines::growth(data));
    add("simulation", "Sessions", simulation::section(data));
    add("faults", "Faults", simulation::faults(data));
    add("speed", "Speed", attached::speed(data));
    add("interop", "Programs", attached::interop(data));
    add("requirements", "Requirements", Some(requirements::section(data)));
    all
}

fn head(data: &Data) -> Markup {
    let line = &data.verdict;
    html! {
        header {
            h1 { "handfast verify" }
            p.verdict.ok[line.as_expected].bad[!line.as_expected] role="status" {
                span.sign aria-hidden="true" { (if line.as_expected { "✓" } else { "✗" }) }
                " " (line.text)
            }
            ul.bounded { @for bounded in &line.bounded { li { (bounded) } } }
            @if let Some(command) = &data.again { p { "See the first failure again: " code { (command) } } }
        }
    }
}

/// A table that scrolls by itself where it is wider than the page, also by keyboard.
fn wide(label: &str, table: Markup) -> Markup {
    html! { div.wide tabindex="0" role="region" aria-label=(label) { (table) } }
}

/// A text of the documents: what is between grave accents is code; marks of emphasis and addresses of links are left out.
fn prose(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (unmarked(part)) }
        }
    }
}

/// A text without Markdown's bold and links.
fn unmarked(text: &str) -> String {
    let text = text.replace("**", "");
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some((before, address)) = rest.split_once("](") {
        let end = address.find(')').map_or(address.len(), |at| at + 1);
        let (before, label) = before.rsplit_once('[').unwrap_or((before, ""));
        shown.push_str(before);
        shown.push_str(label);
        rest = &address[end..];
    }
    shown + rest
}

/// A link to a property.
fn property(id: &str) -> Markup {
    html! { a href={ "#" (id) } { (id) } }
}

/// Mutants: links to those whose way is drawn in this report.
fn mutants<'a>(data: &Data, ids: impl IntoIterator<Item = &'a str>) -> Markup {
    let is_drawn = |id: &str| data.stories.iter().any(|story| story.id == id);
    html! { @for id in ids { @if is_drawn(id) { a href={ "#" (id) } { (id) } } @else { (id) } " " } }
}

/// Links, with spaces between them.
fn linked<'a>(ids: impl IntoIterator<Item = &'a str>) -> Markup {
    html! { @for id in ids { a href={ "#" (id) } { (id) } " " } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_a_document_are_not_shown() {
        let text = "takes `a<b` as **bold** ([page](legacy/page.md) 5.1) and [x";
        assert_eq!(prose(text).into_string(), "takes <code>a&lt;b</code> as bold (page 5.1) and [x");
    }
}
