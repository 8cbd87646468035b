//! A sequence diagram in sentences: each line with the earlier line that caused it.

use super::lines::{Drawing, Kind, Line};

/// A line of a diagram as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sentence {
    /// The number of the line in the diagram, from 1.
    pub number: usize,
    /// The sentence.
    pub text: String,
    /// The number of the earlier sentence that caused it: the last one that reached its actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<usize>,
}

/// Narrates the diagram of [`Counterexample::mermaid`](crate::document::diagram::Counterexample::mermaid), line by line.
pub fn narrate(mermaid: &str) -> Vec<Sentence> {
    let drawing = Drawing::of(mermaid);
    // Of each participant, the last line that reached it.
    let mut reached: Vec<Option<usize>> = vec![None; drawing.people.len()];
    let mut sentences = Vec::new();
    for (at, line) in drawing.lines.iter().enumerate() {
        let number = at + 1;
        let (text, because) = match line {
            Line::Note { over: (first, last), label } => {
                let because = reached[*first..=*last].iter().flatten().max().copied();
                // Participants between the two ends take no part.
                [*first, *last].into_iter().for_each(|column| reached[column] = Some(number));
                (noted(&drawing, *first, *last, label), because)
            }
            Line::Arrow { kind, from, to, label } => {
                let because = reached[*from];
                reached[*from] = Some(number);
                if matches!(kind, Kind::Signal | Kind::Message) {
                    reached[*to] = Some(number);
                }
                (sent(&drawing, *kind, *from, *to, label), because)
            }
            Line::Other("end") => ("Here the loop begins again.".into(), None),
            Line::Other(label) => (format!("From here on: {label}."), None),
        };
        sentences.push(Sentence { number, text, because });
    }
    sentences
}

/// A participant within a sentence: `the new daemon`.
fn name(drawing: &Drawing<'_>, column: usize) -> String {
    format!("the {}", drawing.people[column].1.to_lowercase())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Notes that say what a participant does. Any other says how things are.
const DOES: [&str; 7] = ["tries ", "stages ", "begins ", "wipes ", "removes ", "does not ", "cannot "];

fn noted(drawing: &Drawing<'_>, first: usize, last: usize, label: &str) -> String {
    if let Some(violated) = label.strip_prefix("VIOLATED ") {
        return format!("This violates {violated}");
    }
    if first != last {
        return format!("Between {} and {}: {label}.", name(drawing, first), name(drawing, last));
    }
    match label.split_once(' ') {
        Some(("timer", timer)) => format!("The timer {timer} of {} fires.", name(drawing, first)),
        _ if label == "crash" || label.starts_with("crash,") => {
            format!("{} crashes{}.", capital(&name(drawing, first)), label.strip_prefix("crash").unwrap_or_default())
        }
        _ if DOES.iter().any(|verb| label.starts_with(verb)) => {
            format!("{} {label}.", capital(&name(drawing, first)))
        }
        _ => format!("At {}: {label}.", name(drawing, first)),
    }
}

/// Requests of a participant to another, as labels begin, and as a sentence says them.
const ASKS: [(&str, &str); 5] = [
    ("request ", "requests "),
    ("accept ", "accepts "),
    ("decline ", "declines "),
    ("refuse ", "refuses "),
    ("close ", "closes "),
];

fn sent(drawing: &Drawing<'_>, kind: Kind, from: usize, to: usize, label: &str) -> String {
    let (subject, object) = (capital(&name(drawing, from)), name(drawing, to));
    let label = label.strip_suffix(" (on its way)").unwrap_or(label);
    let is_client = |column: usize| drawing.people[column].1.contains("Client");
    let said = match ASKS.iter().find_map(|(ask, asks)| Some((asks, label.strip_prefix(ask)?))) {
        _ if kind == Kind::Signal => format!("{subject} signals {label} to {object}"),
        _ if is_client(from) => format!("{subject} calls {label}"),
        Some((asks, what)) => format!("{subject} {asks}{what}"),
        None if label == "EOF" => format!("{subject} ends the channel (EOF)"),
        None if label == "(no message)" => format!("{subject} sends bytes that are no message to {object}"),
        None => format!("{subject} sends {label} to {object}"),
    };
    match kind {
        Kind::Lost => format!("{said}; it is lost."),
        Kind::OnItsWay => format!("{said}; it has not arrived yet."),
        Kind::Signal | Kind::Message => format!("{said}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{explorer::explore::Limits, property::mutants::Mutant, system::config::Size};

    fn of(id: &str) -> Vec<Sentence> {
        let kill = Mutant::find(id).unwrap().hunt(Size::Small, Limits::default());
        narrate(&kill.row.counterexample.unwrap().mermaid)
    }

    /// A sentence for each line, each with its cause; the last names the property.
    #[test]
    fn a_counterexample_is_narrated() {
        let lines: Vec<_> = of("M-10")
            .into_iter()
            .map(|Sentence { number, text, because }| match because {
                Some(because) => format!("{number}. {text} [{because}]"),
                None => format!("{number}. {text}"),
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    /// Causes come before what they cause.
    #[test]
    fn nothing_is_caused_by_what_follows() {
        for id in ["M-12", "M-19", "M-20"] {
            let sentences = of(id);
            assert!(sentences.iter().any(|one| one.because.is_some()), "{id}");
            assert!(sentences.iter().all(|one| one.because.is_none_or(|cause| cause < one.number)), "{id}");
            assert!(sentences.last().unwrap().text.starts_with("This violates P-"), "{id}");
        }
    }

    #[test]
    fn what_is_lost_reaches_no_one() {
        let label =
            "sequenceDiagram\nparticipant A as Old Daemon\nparticipant B as New Daemon\nA--xB: {x}\nB->>A: EOF\n";
        let sentences = narrate(label);
        assert_eq!(sentences[0].text, "The old daemon sends {x} to the new daemon; it is lost.");
        assert_eq!(
            sentences[1],
            Sentence { number: 2, text: "The new daemon ends the channel (EOF).".into(), because: None }
        );
    }
}
