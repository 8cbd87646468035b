//! `handfast diagram`: a link as a Mermaid sequence diagram, or a daemon's or a client's machine as a state diagram.

pub(crate) mod sequence;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use handfast::outcome::Side;
use handfast_model::{
    clients::edges,
    documented,
    reducers::{Machine as Reducer, Table},
    refinement, sequence as document,
};
use handfast_sim::event::{Engine, Regression, Watch};

use crate::{failure::Failure, options::ProfileName, output, replay, shrink};

/// Draw a recorded link, the documented one, or a daemon's or client's machine, as a Mermaid diagram
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast diagram --profile jamid
  handfast diagram --of import
  handfast diagram --of importer --table
  handfast import --store accounts --yes --trace import.trace
  handfast diagram import.trace
  handfast diagram sim/regressions/M-03.json

Exit codes: 0, 1 the trace is damaged, 2 usage.")]
pub(crate) struct Diagram {
    /// The machine or sequence to draw
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    of: Subject,
    /// Print the table of a reducer, in Markdown, and not its graph
    #[arg(long, conflicts_with = "trace")]
    table: bool,
    /// Whose is drawn where no trace is given
    #[arg(long, value_enum, value_name = "PROFILE", default_value_t, conflicts_with = "trace")]
    profile: ProfileName,
    /// A trace, as --trace, the checker or the simulator wrote it: of one side or of both; or a schedule
    /// of the event engine, .json, which is carried out, with its mutant if it is kept for one
    #[arg(value_name = "TRACE")]
    trace: Option<PathBuf>,
}

/// The possible drawings.
#[derive(Clone, Copy, Default, ValueEnum)]
enum Subject {
    /// The sequence of messages
    #[default]
    Sequence,
    /// The states of an import as its client sees them: all that the checker finds
    Import,
    /// Those of an export
    Export,
    /// The screens of the new device's client, between people and daemons
    ImportClient,
    /// Those of the old device's
    ExportClient,
    /// The rows of the importer's reducer, from exploration; so of the five that follow
    Importer,
    /// Those of the exporter's
    Exporter,
    /// Those of a connection's end on an importing device
    ImporterConnection,
    /// Those of the other end
    ExporterConnection,
    /// Those of the machine of the new device's client
    ImportClientRows,
    /// Those of the old device's
    ExportClientRows,
}

/// The machines with states.
enum Machine {
    Daemon(Side),
    Client(Side),
    Reducer(Reducer),
}

impl Subject {
    /// Whose machine it is, if it is one.
    const fn machine(self) -> Option<Machine> {
        match self {
            Self::Sequence => None,
            Self::Import => Some(Machine::Daemon(Side::Import)),
            Self::Export => Some(Machine::Daemon(Side::Export)),
            Self::ImportClient => Some(Machine::Client(Side::Import)),
            Self::ExportClient => Some(Machine::Client(Side::Export)),
            Self::Importer => Some(Machine::Reducer(Reducer::Daemon(Side::Import))),
            Self::Exporter => Some(Machine::Reducer(Reducer::Daemon(Side::Export))),
            Self::ImporterConnection => Some(Machine::Reducer(Reducer::Connection(Side::Import))),
            Self::ExporterConnection => Some(Machine::Reducer(Reducer::Connection(Side::Export))),
            Self::ImportClientRows => Some(Machine::Reducer(Reducer::Client(Side::Import))),
            Self::ExportClientRows => Some(Machine::Reducer(Reducer::Client(Side::Export))),
        }
    }
}

impl Diagram {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match (&self.trace, self.of.machine()) {
            (None, Some(Machine::Reducer(machine))) => {
                let table = Table::explore(machine);
                let text = if self.table { table.markdown() } else { table.mermaid() };
                output::line(text.trim_end())?;
            }
            _ if self.table => return Err(Failure::usage("--table: of a reducer, a connection or a client's rows")),
            (None, Some(Machine::Client(side))) => {
                let found = edges::drawn(self.profile.into());
                output::line(edges::mermaid(side, &found).trim_end())?;
            }
            (None, Some(Machine::Daemon(side))) => {
                let found = refinement::explore(self.profile.into());
                output::line(documented::mermaid(side, &found).trim_end())?;
            }
            (Some(_), Some(_)) => return Err(Failure::usage("a trace is drawn with --of sequence")),
            (Some(path), None) if path.extension().is_some_and(|extension| extension == "json") => {
                output::line(kept(path)?.trim_end())?;
            }
            (Some(path), None) => {
                let (header, steps) = replay::read(path)?;
                let profile = header.import.or(header.export).unwrap_or_default().profile;
                output::line(sequence::draw(&steps, profile.vocabulary(), None, None).trim_end())?;
            }
            (None, None) => {
                let drawn = document::draw(self.profile.into());
                let drawn = drawn.ok_or_else(|| Failure::with_code(4, "the model does not reach it"))?;
                output::line(drawn.mermaid.trim_end())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads a schedule, with the reason for which it is kept and the law that it breaks.
fn kept(path: &Path) -> Result<String, Failure> {
    let Regression { reason, mutant, schedule, .. } = shrink::read(path)?;
    let ran = match &mutant {
        Some(id) => shrink::mutant(id)?.engine().run(&schedule, Watch::ALL),
        None => Engine::shipped().run(&schedule, Watch::ALL),
    };
    let before = mutant.map_or_else(|| reason.clone(), |id| format!("{id}: {reason}"));
    // A property's text begins with its name.
    let broken = ran.broken.map(|broken| match &broken.text {
        text if text.starts_with(&broken.law.to_string()) => format!("VIOLATED {text}"),
        text => format!("VIOLATED {}: {text}", broken.law),
    });
    let before = Some(&*before).filter(|before| !before.is_empty());
    Ok(sequence::draw(&ran.steps, schedule.profile.vocabulary(), before, broken.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each schedule that is kept is drawn, and what it shows is said.
    #[test]
    fn what_is_kept_is_drawn() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../sim/regressions"));
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let drawn = kept(&path).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(
                drawn.starts_with("sequenceDiagram\n") && drawn.contains("    Note over ID,ED: "),
                "{name}: {drawn}"
            );
            assert_eq!(drawn.contains("Note over ID,ED: VIOLATED "), name.starts_with("M-"), "{name}: {drawn}");
            count += 1;
        }
        assert!(count > 50);
        insta::assert_snapshot!(kept(&folder.join("M-03.json")).unwrap());
    }
}
