//! A way through a graph as a trace in the Informal Trace Format, which Apalache, Quint and their tools read.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::tla::Shown;
use crate::system::config::Configuration;

/// A state of a way: its number in the graph, the words of the step into it (none of the first), and what can be seen of it.
pub(super) struct Passed {
    pub(super) state: u32,
    pub(super) step: String,
    pub(super) shown: Shown,
}

/// Writes the trace, with the variables of the module and the words of each step.
pub(super) fn write(out: &mut impl Write, configuration: &Configuration, way: &[Passed]) -> io::Result<()> {
    let states: Vec<Value> = way
        .iter()
        .enumerate()
        .map(|(index, passed)| {
            let Shown { clients: [import, export], daemons: [importer, exporter], violated } = &passed.shown;
            json!({
                "#meta": { "index": index },
                "state": passed.state, "step": passed.step,
                "import": import, "export": export, "importer": importer, "exporter": exporter,
                "violated": { "#set": violated },
            })
        })
        .collect();
    let trace = json!({
        "#meta": { "format": "ITF", "description": format!("a way through {configuration}") },
        "vars": ["state", "step", "import", "export", "importer", "exporter", "violated"],
        "states": states,
    });
    serde_json::to_writer(&mut *out, &trace)?;
    writeln!(out)?;
    out.flush()
}
