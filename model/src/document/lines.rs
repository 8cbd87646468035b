//! The lines of a sequence diagram, as its drawing and its narration need them.

/// A diagram that was taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Drawing<'a> {
    /// The participants from left to right: the short name, and the one to show.
    pub(crate) people: Vec<(&'a str, &'a str)>,
    /// Everything below the participants, from top to bottom.
    pub(crate) lines: Vec<Line<'a>>,
}

/// A line of a diagram. Participants are numbers, from the left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A note over one participant or several.
    Note {
        /// The first and the last of them.
        over: (usize, usize),
        /// The text.
        label: &'a str,
    },
    /// An arrow from one participant to another.
    Arrow {
        /// Its kind.
        kind: Kind,
        /// The sender.
        from: usize,
        /// The receiver.
        to: usize,
        /// The text.
        label: &'a str,
    },
    /// The beginning or the end of a loop.
    Other(&'a str),
}

/// The kinds of arrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A signal to a client.
    Signal,
    /// A call or a message that arrives.
    Message,
    /// A message that is lost.
    Lost,
    /// A message that has not arrived yet.
    OnItsWay,
}

const KINDS: [(&str, Kind); 4] =
    [("-->>", Kind::Signal), ("->>", Kind::Message), ("--x", Kind::Lost), ("-)", Kind::OnItsWay)];

impl<'a> Drawing<'a> {
    /// Takes a diagram of [`Counterexample::mermaid`](crate::document::diagram::Counterexample::mermaid) apart.
    pub(crate) fn of(mermaid: &'a str) -> Self {
        let mut drawing = Self::default();
        for line in mermaid.lines().map(str::trim).filter(|line| *line != "sequenceDiagram") {
            match line.strip_prefix("participant ").and_then(|person| person.split_once(" as ")) {
                Some(person) => drawing.people.push(person),
                None => {
                    let read = drawing.note(line).or_else(|| drawing.arrow(line));
                    drawing.lines.push(read.unwrap_or(Line::Other(line)));
                }
            }
        }
        drawing
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.people.iter().position(|(short, _)| *short == name)
    }

    /// `Note over A,B: text`
    fn note(&self, line: &'a str) -> Option<Line<'a>> {
        let (over, label) = line.strip_prefix("Note over ")?.split_once(": ")?;
        let columns: Option<Vec<usize>> = over.split(',').map(|name| self.column(name)).collect();
        let columns = columns?;
        Some(Line::Note { over: (*columns.iter().min()?, *columns.iter().max()?), label })
    }

    /// `A->>B: text`
    fn arrow(&self, line: &'a str) -> Option<Line<'a>> {
        let (ends, label) = line.split_once(": ")?;
        let split = |(text, kind): (&str, Kind)| Some((kind, ends.split_once(text)?));
        let (kind, (from, to)) = KINDS.into_iter().find_map(split)?;
        Some(Line::Arrow { kind, from: self.column(from)?, to: self.column(to)?, label })
    }
}
