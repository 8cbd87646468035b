//! A graph as a module of TLA+: what can be seen of each state, the properties that it violates, and the steps from it.

use std::io::{self, Write};

use crate::system::{config::Configuration, counted::counted};

/// The part of a state that is for readers: what the two clients show, the places of the two daemons, and the properties that it violates.
pub(super) struct Shown {
    pub(super) clients: [String; 2],
    pub(super) daemons: [String; 2],
    pub(super) violated: Vec<&'static str>,
}

/// The steps from a state: their words, and the numbers of the states that they lead to.
pub(super) type Steps = Vec<(String, u32)>;

/// Returns the name of a configuration's module.
pub(super) fn module(configuration: &Configuration) -> String {
    configuration.id().replace('-', "_")
}

/// A text as TLA+ writes it.
fn text(text: &str) -> String {
    format!("\"{}\"", text.replace(['\\', '"'], "'"))
}

fn sequence<T>(items: &[T], item: impl Fn(&T) -> String) -> String {
    let items: Vec<_> = items.iter().map(|one| format!("  {}", item(one))).collect();
    format!("<<\n{}\n>>", items.join(",\n"))
}

fn set(items: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", items.collect::<Vec<_>>().join(", "))
}

/// Writes the module. States have the numbers that they have in the other formats.
pub(super) fn write(
    out: &mut impl Write,
    configuration: &Configuration,
    shown: &[Shown],
    steps: &[Steps],
) -> io::Result<()> {
    let edges: usize = steps.iter().map(Vec::len).sum();
    let last = shown.len().saturating_sub(1);
    let column = |of: fn(&Shown) -> &String| sequence(shown, |one| text(of(one)));
    writeln!(out, "---- MODULE {} ----", module(configuration))?;
    let size = [counted(shown.len(), "state"), counted(edges, "step")].join(", ");
    writeln!(out, "\\* The graph of {configuration}: {size}.")?;
    writeln!(out, "EXTENDS Naturals, Sequences")?;
    writeln!(out, "VARIABLES state, import, export, importer, exporter, violated")?;
    writeln!(out, "vars == <<state, import, export, importer, exporter, violated>>\n")?;
    for (name, of) in [
        ("Import", (|one| &one.clients[0]) as fn(&Shown) -> &String),
        ("Export", |one| &one.clients[1]),
        ("Importer", |one| &one.daemons[0]),
        ("Exporter", |one| &one.daemons[1]),
    ] {
        writeln!(out, "{name} == {}\n", column(of))?;
    }
    let violated = |one: &Shown| set(one.violated.iter().map(|name| text(name)));
    writeln!(out, "Violated == {}\n", sequence(shown, violated))?;
    writeln!(out, "\\* Of each state: the words of a step, and the state that it leads to.")?;
    let step = |steps: &Steps| set(steps.iter().map(|(words, to)| format!("<<{}, {to}>>", text(words))));
    writeln!(out, "Steps == {}\n", sequence(steps, step))?;
    writeln!(
        out,
        "Init ==\n  /\\ state = 0\n  /\\ import = Import[1]\n  /\\ export = Export[1]\n  /\\ importer = Importer[1]\n  /\\ exporter = Exporter[1]\n  \
         /\\ violated = Violated[1]\n"
    )?;
    writeln!(
        out,
        "Next == \\E step \\in Steps[state + 1] :\n  /\\ state' = step[2]\n  /\\ import' = Import[step[2] + 1]\n  \
         /\\ export' = Export[step[2] + 1]\n  /\\ importer' = Importer[step[2] + 1]\n  /\\ exporter' = Exporter[step[2] + 1]\n  \
         /\\ violated' = Violated[step[2] + 1]\n"
    )?;
    writeln!(out, "Spec == Init /\\ [][Next]_vars\n")?;
    writeln!(out, "TypeOK == state \\in 0..{last}")?;
    writeln!(out, "NothingViolated == violated = {{}}")?;
    writeln!(out, "====")
}
