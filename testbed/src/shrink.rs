//! `handfast shrink`: a schedule of the event engine that breaks a law, made as short as it can be.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use handfast_sim::event::{Engine, Law, Mutant, Regression, Schedule, shrink};
use serde::Serialize;

use crate::{failure::Failure, input, misread, output};

/// Make a schedule as short as it can be while it still breaks the same law
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast sim --engine event --seeds 0..1000000 --out failed
  handfast shrink failed/4711.schedule.json
  handfast shrink --mutant M-07 schedule.json
  handfast shrink sim/regressions/M-07.json

Exit codes: 0 it was shrunk, 1 it breaks no law, 2 usage: also what is not a schedule.")]
pub(crate) struct Shrink {
    /// The schedule, as `sim --engine event --out` wrote it, or one that is kept as a regression
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Shrink it for a mutant of the reducers; else for the one that it is kept for, if any
    #[arg(long, value_name = "ID")]
    mutant: Option<String>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// The result.
#[derive(Serialize)]
struct Shrunk {
    law: Law,
    schedule: Schedule,
}

impl Shrink {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let Regression { schedule, mutant: kept_for, .. } = read(&self.file)?;
        let shrunk = match self.mutant.as_ref().or(kept_for.as_ref()) {
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
pub(crate) fn mutant(id: &str) -> Result<Mutant, Failure> {
    Mutant::find(id).ok_or_else(|| {
        let why = Mutant::beyond(id).unwrap_or("there is no such mutant");
        Failure::usage(format_args!("--mutant {id}: {why}"))
    })
}

/// Reads a schedule, with what is known of it.
pub(crate) fn read(path: &std::path::Path) -> Result<Regression, Failure> {
    let text =
        input::SCHEDULE.text(path).map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())))?;
    Regression::read(&text).map_err(|error| {
        let file = path.display();
        Failure::usage(format_args!(
            "{file}: {}\nit is not a schedule of the event engine; give one that sim --out wrote",
            misread::of_json(&text, &error)
        ))
    })
}
