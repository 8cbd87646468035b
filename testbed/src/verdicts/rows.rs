//! One row a property and configuration, and one a mutant.

use std::fmt;

use handfast_model::{
    check::{Checked, Row, Seconds, Verdict},
    counted,
    hunt::Hunted,
    second::Confirmed,
};

use super::columns::Columns;

/// One row for each property in each configuration.
pub(crate) fn properties(checked: &[Checked]) -> Columns {
    let timed = checked.iter().any(|one| one.seconds.is_some());
    let headings = ["configuration", "property", "verdict", ">states", ">edges", ">depth", ">B/state", ">collision"];
    let mut columns = Columns::new(headings.into_iter().chain(clocks(timed)));
    for one in checked {
        let graph = &one.graph;
        for row in &one.rows {
            let cells = [
                one.configuration.clone(),
                row.name().into(),
                verdict(row),
                graph.states.to_string(),
                graph.edges.to_string(),
                graph.depth.to_string(),
                graph.bytes_per_state.to_string(),
                format!("{:.0e}", graph.collision),
            ];
            columns.line(cells.into_iter().chain(times(one.seconds)));
        }
    }
    columns
}

/// Returns the verdict of a row, with the known weakness. The graph has columns of its own.
pub(crate) fn verdict(row: &Row) -> String {
    let text = match &row.verdict {
        Verdict::Verified { .. } => "VERIFIED".into(),
        other => other.to_string(),
    };
    match row.expected.weakness().filter(|_| !row.verdict.is_verified()) {
        Some(weakness) => format!("{text}: {weakness}"),
        None => text,
    }
}

/// How large all graphs are together, and how sure it is that no state was taken for another.
pub(crate) fn sizes(f: &mut fmt::Formatter<'_>, checked: &[Checked]) -> fmt::Result {
    let graphs = || checked.iter().map(|one| &one.graph);
    let complete = graphs().filter(|graph| graph.complete).count();
    let (states, edges) = graphs().fold((0, 0), |(states, edges), one| (states + one.states, edges + one.edges));
    let bytes = graphs().map(|graph| graph.bytes_per_state * graph.states).sum::<usize>();
    let (one, all) = graphs().fold((0f64, 0.0), |(one, all), graph| (one.max(graph.collision), all + graph.collision));
    let (of, bytes) = (counted(checked.len(), "graph"), counted(bytes.div_ceil(states.max(1)), "byte"));
    let (states, edges) = (counted(states, "state"), counted(edges, "edge"));
    writeln!(f, "{of}, {complete} of them complete: {states}, {edges}, {bytes} a state")?;
    writeln!(f, "two states share a 64-bit hash with a probability of {one:.0e} at most in a graph, {all:.0e} in all")
}

/// One row for each mutant and what each engine says of it, the canary first.
pub(crate) fn mutants(canary: &Hunted, mutants: &[Hunted]) -> Columns {
    let headings = ["mutant", "killed by", "configuration", ">own explorer", ">stateright"];
    let timed = canary.seconds.is_some();
    let mut columns = Columns::new(headings.into_iter().chain(clocks(timed)).chain(["broken"]));
    let named = mutants.iter().map(|hunted| (hunted.kill.mutant.to_owned(), hunted));
    for (name, hunted) in [(format!("canary {}", canary.kill.mutant), canary)].into_iter().chain(named) {
        let row = &hunted.kill.row;
        let own = match &row.verdict {
            Verdict::Violated { steps, cycle: 0 } => counted(*steps, "step"),
            Verdict::Violated { steps, cycle } => format!("{}, {cycle} for ever", counted(*steps, "step")),
            lives @ Verdict::Verified { .. } => format!("LIVES: {lives}"),
            open => open.to_string(),
        };
        let stateright = match hunted.stateright {
            Confirmed::InSteps(steps) => counted(steps, "step"),
            Confirmed::Otherwise => "otherwise".into(),
            Confirmed::NotAsked => "not asked".into(),
        };
        let cells = [name, row.property.id().into(), row.configuration.clone(), own, stateright];
        columns.line(cells.into_iter().chain(times(hunted.seconds)).chain([hunted.kill.broken.into()]));
    }
    columns
}

fn clocks(timed: bool) -> impl Iterator<Item = &'static str> {
    [">own s", ">stateright s"].into_iter().filter(move |_| timed)
}

fn times(seconds: Option<Seconds>) -> impl Iterator<Item = String> {
    seconds.into_iter().flat_map(|one| [one.own, one.stateright]).map(|seconds| format!("{seconds:.3}"))
}
