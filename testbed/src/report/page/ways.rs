//! Ways through the protocol: a diagram, and its lines in sentences.

use handfast_model::{narration::Sentence, svg::svg};
use maud::{Markup, PreEscaped, html};

use super::{linked, property};
use crate::report::{
    data::Data,
    stories::{Kind, Story},
};

/// Everything that is not as expected: diagrams first, then what says nothing.
pub(super) fn failures(data: &Data) -> Option<Markup> {
    let drawn: Vec<&Story> = data.stories_of(Kind::Violation).collect();
    let alive: Vec<_> = data.mutants.iter().filter(|mutant| !mutant.killed).collect();
    let others = undrawn(data);
    let nothing = drawn.is_empty() && others.is_empty() && alive.is_empty() && data.others.is_empty();
    (!nothing).then(|| html! {
        // The first is open: it is what a reader came for.
        @for (number, story) in drawn.into_iter().enumerate() { (way(data, story, number == 0)) }
        @if !others.is_empty() || !alive.is_empty() || !data.others.is_empty() {
            h3 { "Without a diagram" }
            ul {
                @for (configuration, verdict, names) in others {
                    li { a href={ "#c-" (configuration) } { (configuration) } ": " b { (verdict) } ": " small { (names.join(", ")) } }
                }
                @for other in &data.others { li { (other.part) ": " (other.text) } }
                @for mutant in alive { li { (mutant.id) " (" (mutant.broken) ") is not found: " b { (mutant.verdict) } } }
            }
        }
    })
}

/// Verdicts that are not as expected, and that no way shows: the properties of each configuration that have the same one.
fn undrawn(data: &Data) -> Vec<(&str, &str, Vec<&str>)> {
    let mut all: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for (one, row) in data.configurations.iter().flat_map(|one| one.rows.iter().map(move |row| (one, row))) {
        if row.as_expected || row.story.is_some() {
            continue;
        }
        match all.last_mut().filter(|(id, verdict, _)| *id == one.id && *verdict == row.verdict) {
            Some((_, _, names)) => names.push(row.name),
            None => all.push((&one.id, &row.verdict, vec![row.name])),
        }
    }
    all
}

/// The ways of a kind, closed.
pub(super) fn list(data: &Data, kind: Kind) -> Option<Markup> {
    let stories: Vec<&Story> = data.stories_of(kind).collect();
    (!stories.is_empty()).then(|| html! {
        @for (number, story) in stories.into_iter().enumerate() { (way(data, story, kind == Kind::Success && number == 0)) }
    })
}

fn way(data: &Data, story: &Story, open: bool) -> Markup {
    let about = story.property.and_then(|id| data.properties.iter().find(|one| one.id == id));
    html! {
        details.way id=(story.id) open[open] {
            summary { b { (story.title) } " " small { (story.verdict) } }
            @if let Some(about) = about {
                p { (property(about.id)) ": " (super::prose(about.text)) " " (linked(story.requirements.iter().map(String::as_str))) }
            }
            @if let Some(why) = &story.why { p { "Why it is possible: " (why) } }
            p { code.command { (story.command) } }
            @match drawn_before(&data.stories, story) {
                Some(other) => p.same { "It is the run of " a href={ "#" (other.id) } { (other.title) } "." },
                None => (diagram(&story.title, &story.mermaid, &story.narration)),
            }
        }
    }
}

/// The first way of this kind with the same diagram, if that is another one: one run may show several properties.
fn drawn_before<'a>(stories: &'a [Story], story: &Story) -> Option<&'a Story> {
    let first = stories.iter().find(|one| one.kind == story.kind && one.mermaid == story.mermaid);
    first.filter(|first| first.id != story.id)
}

/// Draws a diagram, with its lines in sentences.
pub(super) fn diagram(title: &str, mermaid: &str, narration: &[Sentence]) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label={ "Diagram: " (title) } { (PreEscaped(svg(mermaid))) }
        ol.narration {
            @for sentence in narration {
                li value=(sentence.number) {
                    (sentence.text)
                    @if let Some(cause) = sentence.because { " " small { "because of " (cause) } }
                }
            }
        }
    }
}
