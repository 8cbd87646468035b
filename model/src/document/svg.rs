//! A sequence diagram as a picture, for pages that have no one to draw Mermaid.

/// Between two participants, and between two lines.
const COLUMN: usize = 210;
const LINE: usize = 34;
/// The first participant, and the line of their names.
const LEFT: usize = 90;
const TOP: usize = 40;
/// The width that a text next to the last participant may take.
const MARGIN: usize = 520;

/// Draws the diagram of [`Counterexample::mermaid`](crate::document::diagram::Counterexample::mermaid).
pub fn svg(mermaid: &str) -> String {
    let mut lines: Vec<&str> = mermaid.lines().map(str::trim).filter(|line| *line != "sequenceDiagram").collect();
    let mut people: Vec<(&str, &str)> = Vec::new();
    lines.retain(|line| {
        let person = line.strip_prefix("participant ").and_then(|person| person.split_once(" as "));
        people.extend(person);
        person.is_none()
    });
    let x = |name: &str| people.iter().position(|(short, _)| *short == name).map(|column| LEFT + column * COLUMN);
    let (width, height) = (LEFT + people.len() * COLUMN + MARGIN, TOP + (lines.len() + 1) * LINE);
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" fill=\"none\" \
         stroke=\"currentColor\" font-family=\"sans-serif\" font-size=\"12\">"
    );
    for (short, name) in &people {
        let x = x(short).unwrap_or(LEFT);
        picture += &text(x, TOP - 12, "middle", name);
        picture += &format!("<path d=\"M{x} {TOP}V{height}\" opacity=\"0.4\"/>");
    }
    for (number, line) in lines.iter().enumerate() {
        let y = TOP + (number + 1) * LINE;
        let drawn = note(line, y, x).or_else(|| arrow(line, y, x));
        // Any other line begins or ends a loop.
        picture += &drawn.unwrap_or_else(|| text(8, y, "start", line));
    }
    picture + "</svg>"
}

/// `Note over A,B: text`
fn note(line: &str, y: usize, x: impl Fn(&str) -> Option<usize>) -> Option<String> {
    let (over, label) = line.strip_prefix("Note over ")?.split_once(": ")?;
    let columns: Option<Vec<usize>> = over.split(',').map(x).collect();
    let (from, to) = (*columns.as_ref()?.iter().min()?, *columns.as_ref()?.iter().max()?);
    let (left, width, top) = (from - 60, to - from + 120, y - 16);
    let frame = format!("<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"22\" rx=\"4\" opacity=\"0.6\"/>");
    Some(frame + &text(left + 8, y, "start", label))
}

/// `A->>B: text`, with the arrows that diagrams of this model have.
fn arrow(line: &str, y: usize, x: impl Fn(&str) -> Option<usize>) -> Option<String> {
    let (ends, label) = line.split_once(": ")?;
    let (kind, (from, to)) =
        ["-->>", "->>", "--x", "-)"].into_iter().find_map(|kind| Some((kind, ends.split_once(kind)?)))?;
    let (from, to) = (x(from)?, x(to)?);
    let dashes = if kind.starts_with("--") { " stroke-dasharray=\"6 4\"" } else { "" };
    // Where the point is: a cross stands for what never arrives.
    let back = if from < to { to - 8 } else { to + 8 };
    let (over, under) = (y - 4, y + 4);
    let head = match kind {
        "--x" => format!("M{back} {over}L{to} {under}M{back} {under}L{to} {over}"),
        _ => format!("M{back} {over}L{to} {y}L{back} {under}"),
    };
    let shaft = format!("<path d=\"M{from} {y}H{to}\"{dashes}/><path d=\"{head}\"/>");
    Some(shaft + &text(from.min(to) + 12, y - 6, "start", label))
}

fn text(x: usize, y: usize, anchor: &str, label: &str) -> String {
    let label = label.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"currentColor\" stroke=\"none\">{label}</text>")
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
            // Of an arrow there are shaft and head, of each of the people a line.
            let arrows = (picture.matches("<path").count() - label.matches("participant ").count()) / 2;
            assert_eq!(picture.matches("<rect").count() + arrows, shown, "{label}\n{picture}");
        }
    }
}
