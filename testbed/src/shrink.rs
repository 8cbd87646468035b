//! `handfast shrink`: a schedule of the event engine that breaks a law, made as short as it can be.

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Args;
use handfast_sim::event::{Engine, Law, Mutant, Schedule, shrink};
use serde::Serialize;

use crate::{failure::Failure, output};

/// Make a schedule as short as it can be while it still breaks the same law
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast sim --engine event --seeds 0..1000000 --out failed
  handfast shrink failed/4711.schedule.json
  handfast shrink --mutant M-07 schedule.json

Exit codes: 0 it was shrunk, 1 it breaks no law, 2 usage.")]
pub(crate) struct Shrink {
    /// The schedule, as `sim --engine event --out` wrote it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Shrink it for a mutant of the reducers
    #[arg(long, value_name = "ID")]
    mutant: Option<String>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// What came of it.
#[derive(Serialize)]
struct Shrunk {
    law: Law,
    schedule: Schedule,
}

impl Shrink {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let schedule = read(&self.file)?;
        let shrunk = match &self.mutant {
            Some(id) => shrink(&mutant(id)?.engine(), &schedule),
            None => shrink(&Engine::shipped(), &schedule),
        };
        let Some((law, schedule)) = shrunk else {
            return Err(Failure::reason(format_args!("{}: it breaks no law", self.file.display())));
        };
        if self.json {
            output::json(&Shrunk { law, schedule })?;
        } else {
            output::line(format_args!("{law}\n{schedule}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The mutant of this id.
fn mutant(id: &str) -> Result<Mutant, Failure> {
    Mutant::find(id).ok_or_else(|| {
        let why = Mutant::beyond(id).unwrap_or("there is no such mutant");
        Failure::usage(format_args!("--mutant {id}: {why}"))
    })
}

/// Reads a schedule.
pub(crate) fn read(path: &std::path::Path) -> Result<Schedule, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())))?;
    text.parse().map_err(|error| Failure::reason(format_args!("{}: {error}", path.display())))
}
