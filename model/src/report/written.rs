//! The graph of a configuration for other tools: its states by number, and its steps with their words as labels.

use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;

use crate::{
    explorer::explore::{Graph, Limits, Measure},
    property::players::Players,
    report::walk::{Described, Walk, through_any},
    system::config::Configuration,
};

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Aldebaran's, which CADP and mCRL2 read: `des (0, edges, states)`, and a line for each step.
    Aldebaran,
    /// Graphviz's.
    Dot,
    /// A line of JSON for the graph, and one for each step.
    JsonLines,
}

impl Format {
    /// The format of a file by the ending of its name; none: it is of none.
    pub fn of(path: &Path) -> Option<Self> {
        Some(match path.extension()?.to_str()? {
            "aut" => Self::Aldebaran,
            "dot" => Self::Dot,
            "jsonl" => Self::JsonLines,
            _ => return None,
        })
    }
}

/// The first line of [`Format::JsonLines`].
#[derive(Serialize)]
struct Header<'a> {
    configuration: &'a str,
    states: usize,
    edges: usize,
    initial: u32,
}

#[derive(Serialize)]
struct Edge<'a> {
    from: u32,
    label: &'a str,
    to: u32,
}

/// A graph that is being written.
struct Written<W> {
    configuration: Configuration,
    format: Format,
    out: W,
}

impl<W: Write> Written<W> {
    fn begin(&mut self, states: usize, edges: usize) -> io::Result<()> {
        let id = self.configuration.to_string();
        match self.format {
            Format::Aldebaran => writeln!(self.out, "des (0, {edges}, {states})"),
            Format::Dot => writeln!(self.out, "digraph \"{id}\" {{"),
            Format::JsonLines => {
                serde_json::to_writer(&mut self.out, &Header { configuration: &id, states, edges, initial: 0 })?;
                writeln!(self.out)
            }
        }
    }

    fn edge(&mut self, from: u32, label: &str, to: u32) -> io::Result<()> {
        match self.format {
            Format::Aldebaran => writeln!(self.out, "({from}, \"{}\", {to})", label.replace('"', "'")),
            Format::Dot => writeln!(self.out, "  {from} -> {to} [label=\"{}\"];", label.replace('"', "\\\"")),
            Format::JsonLines => {
                serde_json::to_writer(&mut self.out, &Edge { from, label, to })?;
                writeln!(self.out)
            }
        }
    }

    fn end(&mut self) -> io::Result<()> {
        if self.format == Format::Dot {
            writeln!(self.out, "}}")?;
        }
        self.out.flush()
    }
}

/// A graph, and where it goes.
struct Writing<F> {
    configuration: Configuration,
    format: Format,
    limits: Limits,
    open: F,
}

impl<W: Write, F: FnOnce() -> io::Result<W>> Walk for Writing<F> {
    type Output = io::Result<Measure>;

    fn through<M: Described<State: std::fmt::Debug, Action: std::fmt::Debug>>(self, model: M) -> Self::Output {
        let Self { configuration, format, limits, open } = self;
        let graph = Graph::explore(&model, limits, None);
        if !graph.is_complete() {
            return Ok(graph.measure());
        }
        let mut written = Written { configuration, format, out: open()? };
        written.begin(graph.states(), graph.edges())?;
        let mut result = Ok(());
        graph.walk(&model, |node, _, actions| {
            for (action, &to) in actions.iter().zip(graph.successors(node)) {
                if result.is_ok() {
                    result = written.edge(node, &model.format_action(action), to);
                }
            }
        });
        result?;
        written.end()?;
        Ok(graph.measure())
    }
}

/// Writes the graph of a configuration to what `open` opens, and returns how large it is. For a graph that the limits cut short nothing
/// is opened.
///
/// # Errors
/// It cannot be written.
pub fn write<W: Write>(
    players: &Players,
    configuration: Configuration,
    format: Format,
    limits: Limits,
    open: impl FnOnce() -> io::Result<W>,
) -> io::Result<Measure> {
    through_any(players, configuration, Writing { configuration, format, limits, open })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::system::config::{Size, find};

    type Edges = BTreeSet<(u32, String, u32)>;

    fn written(id: &str, format: Format) -> (Measure, String) {
        let mut out = Vec::new();
        let configuration = find(Size::Small, id).unwrap();
        let measure = write(&Players::default(), configuration, format, Limits::default(), || Ok(&mut out)).unwrap();
        (measure, String::from_utf8(out).unwrap())
    }

    /// Reads Aldebaran's format.
    fn aldebaran(text: &str) -> ([usize; 2], Edges) {
        let mut lines = text.lines();
        let head = lines.next().unwrap().strip_prefix("des (0, ").unwrap().strip_suffix(')').unwrap();
        let (edges, states) = head.split_once(", ").unwrap();
        let edge = |line: &str| {
            let (from, rest) = line.strip_prefix('(').unwrap().split_once(", \"").unwrap();
            let (label, to) = rest.strip_suffix(')').unwrap().rsplit_once("\", ").unwrap();
            (from.parse().unwrap(), label.to_owned(), to.parse().unwrap())
        };
        ([states.parse().unwrap(), edges.parse().unwrap()], lines.map(edge).collect())
    }

    fn json_lines(text: &str) -> Edges {
        let edge = |line: &str| {
            let edge: serde_json::Value = serde_json::from_str(line).unwrap();
            let number = |name: &str| edge[name].as_u64().unwrap() as u32;
            (number("from"), edge["label"].as_str().unwrap().to_owned(), number("to"))
        };
        text.lines().skip(1).map(edge).collect()
    }

    fn dot(text: &str) -> Edges {
        let edge = |line: &str| {
            let (from, rest) = line.trim_start().split_once(" -> ")?;
            let (to, label) = rest.split_once(" [label=\"")?;
            let label = label.strip_suffix("\"];")?.replace("\\\"", "\"");
            Some((from.parse().ok()?, label, to.parse().ok()?))
        };
        text.lines().filter_map(edge).collect()
    }

    /// Each state but the first is reached, each number is below the count, and the three formats have the same steps.
    #[test]
    fn what_is_written_is_the_graph() {
        for id in ["HH-documented-honest", "LL-jamid-plain", "HX-documented-hostile-exporter", "HH-documented-clients"]
        {
            let (measure, text) = written(id, Format::Aldebaran);
            let (head, edges) = aldebaran(&text);
            assert_eq!(head, [measure.states, measure.edges], "{id}");
            assert_eq!(text.lines().count(), measure.edges + 1, "{id}");
            let reached: BTreeSet<u32> = edges.iter().map(|(_, _, to)| *to).chain([0]).collect();
            assert_eq!(reached, (0..measure.states as u32).collect(), "{id}");
            assert!(edges.iter().all(|(from, label, _)| (*from as usize) < measure.states && !label.is_empty()));
            assert_eq!(json_lines(&written(id, Format::JsonLines).1), edges, "{id}");
            assert_eq!(dot(&written(id, Format::Dot).1), edges, "{id}");
        }
    }

    #[test]
    fn a_graph_that_is_cut_short_is_not_written() {
        let mut out = Vec::new();
        let limits = Limits { states: 10, ..Limits::default() };
        let configuration = find(Size::Small, "HH-documented-honest").unwrap();
        let measure = write(&Players::default(), configuration, Format::Dot, limits, || Ok(&mut out)).unwrap();
        assert!(!measure.complete && out.is_empty());
        assert_eq!(Format::of(Path::new("graph.txt")), None);
    }
}
