//! A sequence diagram as a picture, for pages that cannot draw Mermaid.

use std::fmt::Write as _;

use super::lines::{Drawing, Kind, Line};

/// Between two participants, and between two lines.
const COLUMN: usize = 210;
const LINE: usize = 34;
/// The first participant, and the line of their names.
const LEFT: usize = 90;
const TOP: usize = 40;
/// The mean width of a letter, by which the width of a picture is estimated.
const LETTER: usize = 7;

/// Draws the diagram of [`Counterexample::mermaid`](crate::document::diagram::Counterexample::mermaid). Each line has the number that
/// it has in the [narration](crate::document::narration). Lines that look alike are one path: reports have hundreds of pictures.
pub fn svg(mermaid: &str) -> String {
    let drawing = Drawing::of(mermaid);
    let mut parts = Parts { width: LEFT + drawing.people.len() * COLUMN, ..Parts::default() };
    let height = TOP + (drawing.lines.len() + 1) * LINE;
    for (column, (_, name)) in drawing.people.iter().enumerate() {
        let x = place(column);
        _ = write!(parts.names, "<text x=\"{x}\" y=\"{}\">{name}</text>", TOP - 12);
        _ = write!(parts.lives, "M{x} {TOP}V{height}");
    }
    for (number, line) in drawing.lines.iter().enumerate() {
        let y = TOP + (number + 1) * LINE;
        _ = write!(parts.texts, "<text x=\"4\" y=\"{y}\">{}</text>", number + 1);
        match line {
            Line::Note { over: (first, last), label } => parts.note(y, place(*first), place(*last), label),
            Line::Arrow { kind, from, to, label } => parts.arrow(y, *kind, place(*from), place(*to), label),
            Line::Other(label) => parts.text(30, y, "", label),
        }
    }
    let Parts { width, names, lives, solid, dashed, heads, notes, texts } = parts;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"Sequence diagram\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" fill=\"none\" stroke=\"currentColor\" font-family=\"sans-serif\" font-size=\"12\">\
         <path d=\"{lives}\" opacity=\"0.4\"/><path d=\"{solid}\"/><path d=\"{dashed}\" stroke-dasharray=\"6 4\"/><path d=\"{heads}\"/>{notes}\
         <g fill=\"currentColor\" stroke=\"none\">{texts}<g text-anchor=\"middle\">{names}</g></g></svg>"
    )
}

const fn place(column: usize) -> usize {
    LEFT + column * COLUMN
}

/// The parts of a picture, each of one look.
#[derive(Default)]
struct Parts {
    width: usize,
    names: String,
    lives: String,
    solid: String,
    dashed: String,
    heads: String,
    notes: String,
    texts: String,
}

impl Parts {
    fn note(&mut self, y: usize, from: usize, to: usize, label: &str) {
        let (left, top) = (from - 60, y - 16);
        let width = (to - from + 120).max(LETTER * label.chars().count() + 16);
        let class = if label.starts_with("VIOLATED") { " class=\"violated\"" } else { "" };
        _ = write!(self.notes, "<rect{class} x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"22\" rx=\"4\"/>");
        self.text(left + 8, y, class, label);
    }

    fn arrow(&mut self, y: usize, kind: Kind, from: usize, to: usize, label: &str) {
        let shafts = if matches!(kind, Kind::Signal | Kind::Lost) { &mut self.dashed } else { &mut self.solid };
        _ = write!(shafts, "M{from} {y}H{to}");
        // Where the point is: a cross stands for what never arrives.
        let back = if from < to { to - 8 } else { to + 8 };
        let (over, under) = (y - 4, y + 4);
        _ = match kind {
            Kind::Lost => write!(self.heads, "M{back} {over}L{to} {under}M{back} {under}L{to} {over}"),
            Kind::Signal | Kind::Message | Kind::OnItsWay => {
                write!(self.heads, "M{back} {over}L{to} {y}L{back} {under}")
            }
        };
        self.text(from.min(to) + 12, y - 6, "", label);
    }

    fn text(&mut self, x: usize, y: usize, class: &str, label: &str) {
        self.width = self.width.max(x + LETTER * label.chars().count() + 16);
        let label = label.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        _ = write!(self.texts, "<text{class} x=\"{x}\" y=\"{y}\">{label}</text>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{explorer::explore::Limits, property::mutants::MUTANTS, system::config::Size};

    /// Each line of each kind is drawn as what it is, and nothing of a text is taken for markup.
    #[test]
    fn every_kind_of_line_is_drawn() {
        let label = "sequenceDiagram\n    participant A as One\n    participant B as Two\n    A->>B: <ask> & wait\n    \
                    loop for ever\n        B-->>A: signal\n        A--xB: lost\n        B-)A: on its way\n    end\n    \
                    Note over A,B: both\n";
        insta::assert_snapshot!(svg(label).replace("><", ">\n<"));
    }

    /// Diagrams have no other lines than those: each arrow and note of a mutant's is drawn.
    #[test]
    fn nothing_of_a_counterexample_is_left_out() {
        for mutant in MUTANTS.iter().filter(|mutant| ["M-10", "M-12", "M-19"].contains(&mutant.id)) {
            let label = mutant.hunt(Size::Small, Limits::default()).row.counterexample.unwrap().mermaid;
            let shown = label.lines().filter(|line| line.contains(": ")).count();
            let picture = svg(&label);
            // Each line has its number and its text, each arrow a shaft.
            let people = label.matches("participant ").count();
            assert_eq!(picture.matches("<text").count(), people + 2 * shown, "{label}\n{picture}");
            let shafts =
                picture.split('"').filter(|part| part.starts_with('M')).flat_map(|part| part.matches('H')).count();
            assert_eq!(picture.matches("<rect").count() + shafts, shown, "{label}\n{picture}");
        }
    }
}
