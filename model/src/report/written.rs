//! The graph of a configuration for other tools: its states by number, and its steps with their words as labels; and ways through it.

mod itf;
mod tla;

use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use stateright::Expectation;

use self::{itf::Passed, tla::Shown};
use crate::{
    explorer::explore::{ENDLESS, Graph, Limits, Measure},
    property::players::Players,
    report::{
        walk::{Walk, through_any},
        walkable::Viewed,
    },
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
    /// A module of TLA+, whose name is the configuration's with `_` for `-`.
    Tla,
}

impl Format {
    /// The format of a file by the ending of its name; none: it is of none.
    pub fn of(path: &Path) -> Option<Self> {
        Some(match path.extension()?.to_str()? {
            "aut" => Self::Aldebaran,
            "dot" => Self::Dot,
            "jsonl" => Self::JsonLines,
            "tla" => Self::Tla,
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
            Format::Tla => Ok(()),
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
            Format::Tla => Ok(()),
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

    fn through<M: Viewed<State: std::fmt::Debug, Action: std::fmt::Debug>>(self, model: M) -> Self::Output {
        let Self { configuration, format, limits, open } = self;
        let graph = Graph::explore(&model, limits, None);
        if !graph.is_complete() {
            return Ok(graph.measure());
        }
        if format == Format::Tla {
            let (mut shown, mut steps) = (Vec::new(), Vec::new());
            graph.walk(&model, |node, state, actions| {
                shown.push(seen(&model, state));
                let words = actions.iter().map(|action| model.format_action(action));
                steps.push(words.zip(graph.successors(node).iter().copied()).collect());
            });
            let mut out = open()?;
            tla::write(&mut out, &configuration, &shown, &steps)?;
            out.flush()?;
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

/// Returns what a state has for readers.
fn seen<M: Viewed>(model: &M, state: &M::State) -> Shown {
    let (clients, daemons) = model.view(state).texts();
    let properties = model.properties();
    let asked = properties.iter().filter(|one| one.expectation == Expectation::Always && one.name != ENDLESS);
    let violated = asked.filter(|one| !(one.condition)(model, state)).map(|one| one.name).collect();
    Shown { clients, daemons, violated }
}

/// A goal, and where a way to it goes.
struct WayTo<'a, F> {
    configuration: Configuration,
    goal: &'a str,
    limits: Limits,
    open: F,
}

impl<W: Write, F: FnOnce() -> io::Result<W>> Walk for WayTo<'_, F> {
    type Output = io::Result<Option<usize>>;

    fn through<M: Viewed<State: std::fmt::Debug, Action: std::fmt::Debug>>(self, model: M) -> Self::Output {
        let Self { configuration, goal, limits, open } = self;
        let graph = Graph::explore(&model, limits, Some(goal));
        let way = graph.path(&model, goal).zip(graph.numbers(&model, goal));
        let Some((path, numbers)) = way else { return Ok(None) };
        let words = path.steps.iter().map(|(action, _)| model.format_action(action));
        let states = [&path.root].into_iter().chain(path.steps.iter().map(|(_, state)| state));
        let passed = numbers.into_iter().zip([String::new()].into_iter().chain(words)).zip(states);
        let passed = passed.map(|((state, step), at)| Passed { state, step, shown: seen(&model, at) });
        itf::write(&mut open()?, &configuration, &passed.collect::<Vec<_>>())?;
        Ok(Some(path.steps.len()))
    }
}

/// Writes a shortest way to a goal as an ITF trace to what `open` opens, and returns its steps. States have the numbers of
/// [`write()`]. `None`: the goal is not reached within the limits, and nothing is opened.
///
/// # Errors
/// It cannot be written.
pub fn write_way<W: Write>(
    players: &Players,
    configuration: Configuration,
    goal: &str,
    limits: Limits,
    open: impl FnOnce() -> io::Result<W>,
) -> io::Result<Option<usize>> {
    through_any(players, configuration, WayTo { configuration, goal, limits, open })
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

    /// Reads the steps of a module: the sets between `Steps == <<` and `>>`, one of each state.
    fn tla(text: &str) -> Edges {
        let body = text.split_once("Steps == <<\n").unwrap().1.split_once("\n>>\n").unwrap().0;
        let edge = |from: usize, step: &str| {
            let (label, to) = step.split_once(">>").unwrap().0.rsplit_once("\", ").unwrap();
            (from as u32, label.to_owned(), to.parse().unwrap())
        };
        let steps =
            |(from, line): (usize, &str)| line.split("<<\"").skip(1).map(|step| edge(from, step)).collect::<Vec<_>>();
        body.lines().enumerate().flat_map(steps).collect()
    }

    /// The steps of a module are those of the graph, and its columns have an entry for each state.
    #[test]
    fn a_module_is_the_graph() {
        for id in ["HH-documented-honest", "LL-jamid-plain"] {
            let (measure, text) = written(id, Format::Tla);
            assert!(text.starts_with(&format!("---- MODULE {} ----\n", id.replace('-', "_"))), "{id}");
            assert_eq!(tla(&text), aldebaran(&written(id, Format::Aldebaran).1).1, "{id}");
            for column in ["Import", "Export", "Importer", "Exporter", "Violated", "Steps"] {
                let body = text.split_once(&format!("\n{column} == <<\n")).unwrap().1.split_once("\n>>\n").unwrap().0;
                assert_eq!(body.lines().count(), measure.states, "{id}: {column}");
            }
            // A violation of old daemons is in the states that show it.
            let violated = text.split_once("\nViolated == <<\n").unwrap().1.split_once("\n>>\n").unwrap().0;
            assert_eq!(violated.contains("P-TRIES"), id.starts_with("LL"), "{id}");
        }
    }

    /// How often a definition names each variable: after the step, or as one that stays.
    fn named(module: &str, definition: &str) -> Vec<(String, usize)> {
        let listed = module.lines().find_map(|line| line.strip_prefix("VARIABLES ")).unwrap();
        let body = module.split_once(&format!("\n{definition} ==")).unwrap().1.split("\n\n").next().unwrap();
        let words = |text: &str, is: fn(&str, &str) -> bool, name: &str| {
            let words = text.split(|char: char| !(char.is_alphanumeric() || "_'".contains(char)));
            words.filter(|word| is(word, name)).count()
        };
        let count = |name: &str| {
            let stays = body.split("UNCHANGED").skip(1).map(|list| list.split(">>").next().unwrap());
            let primed = words(body, |word, name| word.strip_suffix('\'') == Some(name), name);
            primed + stays.map(|list| words(list, |word, name| word == name, name)).sum::<usize>()
        };
        listed.split(", ").map(|name| (name.to_owned(), count(name))).collect()
    }

    /// A step says of each variable once what becomes of it: one that no step names could become anything.
    #[test]
    fn a_step_names_each_variable_once() {
        let (_, text) = written("HH-documented-honest", Format::Tla);
        let own = include_str!("../../third/link.tla");
        let actions = ["ImportComes(i, to)", "ImportEnds(i, to)", "ExportComes(i, to)", "ExportEnds(i, to)"];
        let primed = own.lines().filter(|line| line.contains("' ")).count();
        assert_eq!(primed, actions.len(), "an action that is not in the list");
        let definitions = actions.map(|action| (own, action)).into_iter().chain([(&*text, "Next")]);
        for (module, definition) in definitions {
            // One definition of a line each in the module that is written by hand.
            let module = module.replace("\nExport", "\n\nExport").replace("\nImport", "\n\nImport");
            for (name, times) in named(&module, definition) {
                assert_eq!(times, 1, "{definition}: {name}");
            }
        }
        // A name that is left out is missed.
        let less = |module: &str, left_out: &str, definition: &str| {
            let module = module.replacen(left_out, "", 1).replace("\nImport", "\n\nImport");
            named(&module, definition).iter().filter(|(_, times)| *times == 0).count()
        };
        assert_eq!(less(own, "UNCHANGED <<export, exportCame>>", actions[0]), 2);
        assert_eq!(less(&text, "violated' =", "Next"), 1);
    }

    /// A way is one of the graph: each of its steps is an edge between the states of these numbers.
    #[test]
    fn a_way_is_a_part_of_the_graph() {
        let configuration = find(Size::Small, "HH-documented-honest").unwrap();
        let edges = aldebaran(&written("HH-documented-honest", Format::Aldebaran).1).1;
        let way = |goal| {
            let mut out = Vec::new();
            let steps =
                write_way(&Players::default(), configuration, goal, Limits::default(), || Ok(&mut out)).unwrap();
            (steps, out)
        };
        let (steps, out) = way("both succeed");
        let trace: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let states = trace["states"].as_array().unwrap();
        assert_eq!(states.len(), steps.unwrap() + 1);
        let number = |state: &serde_json::Value| state["state"].as_u64().unwrap() as u32;
        for pair in states.windows(2) {
            let words = pair[1]["step"].as_str().unwrap().replace('"', "'");
            assert!(edges.contains(&(number(&pair[0]), words, number(&pair[1]))), "{pair:?}");
        }
        let last = states.last().unwrap();
        assert_eq!(
            (last["import"].as_str(), last["violated"]["#set"].as_array().map(Vec::len)),
            (Some("DONE"), Some(0))
        );
        let names: BTreeSet<_> = trace["vars"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(states.iter().all(|one| {
            let keys = one.as_object().unwrap().keys().map(String::as_str).filter(|key| *key != "#meta");
            keys.collect::<BTreeSet<_>>() == names
        }));
        assert_eq!(way("no such goal"), (None, Vec::new()));
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
