//! `handfast interop`: every implementation on either side, in every case.

mod cells;
mod matrix;
mod report;

use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{ArgGroup, Args};

use self::{
    cells::{Cell, Ground},
    matrix::Matrix,
    report::Results,
};
use crate::{
    failure::Failure, interrupt::Interrupts, link, names::unknown, numbers::count, output, scenario::SCENARIOS,
    verdicts::junit::Junit,
};

/// The matrix of the four sides of this program.
const OURS: &str = include_str!("interop/ours.toml");

/// Link every implementation of a matrix with every other, in every case, and judge each link by the model
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast interop --ours
  handfast interop --print > matrix.toml
  handfast interop matrix.toml --jobs 4 --output results
  handfast interop matrix.toml --case no-password --case wrong-once --implementation jamid

A cell is a case between two implementations in a profile. Its verdict is that of the model: passed, VIOLATED, INCONCLUSIVE (it came
to no end), or not supported. docs/interop.md says how a program takes part.

Exit codes: 0 each cell passed, is not supported or is known, 1 a cell is VIOLATED, 2 usage (also a matrix that cannot be read, or
whose program is missing), 4 a cell came to no end, or none passed, 6 a result that is known did not come.")]
#[command(group(ArgGroup::new("what").required(true).multiple(true).args(["matrix", "ours", "print", "list"])))]
pub(crate) struct Interop {
    /// The matrix
    #[arg(value_name = "MATRIX.toml")]
    matrix: Option<PathBuf>,
    /// The matrix of the four sides of this program: those that ship, and today's daemon as the model has it
    #[arg(long, conflicts_with = "matrix")]
    ours: bool,
    /// Print that matrix, as an example
    #[arg(long)]
    print: bool,
    /// Print the cases
    #[arg(long)]
    list: bool,
    /// Only this case; may be given several times
    #[arg(long, value_name = "NAME")]
    case: Vec<String>,
    /// Only cells with this implementation on a side; may be given several times
    #[arg(long, value_name = "NAME")]
    implementation: Vec<String>,
    /// Cells that are played at once; without it, four for each core
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count)]
    jobs: Option<NonZeroUsize>,
    /// Write to this folder: results.json, table.txt, and for each cell that did not pass its trace, a diagram and the verdict, with
    /// passwords replaced, and what the programs wrote on standard error, as it is
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write the verdicts to this file, as JUnit
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print one line of JSON for each cell
    #[arg(long)]
    json: bool,
}

impl Interop {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.print {
            return output::line(OURS.trim_end()).map(|()| ExitCode::SUCCESS);
        }
        if self.list {
            SCENARIOS.iter().try_for_each(|one| output::line(format_args!("{:20} {}", one.name, one.says)))?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut matrix = match &self.matrix {
            Some(path) => Matrix::read(path)?,
            None => Matrix::parse(OURS, std::path::Path::new(".")).map_err(Failure::usage)?,
        };
        if !self.case.is_empty() {
            matrix.cases.clone_from(&self.case);
            matrix.check().map_err(Failure::usage)?;
        }
        let named = |name: &String| matrix.implementations.iter().any(|one| one.name == *name);
        if let Some(name) = self.implementation.iter().find(|name| !named(name)) {
            let names = matrix.implementations.iter().map(|one| one.name.clone()).collect();
            return Err(Failure::usage(format_args!("--implementation: {}", unknown("implementation", name, &names))));
        }
        let junit = self.junit.clone().map(Junit::open).transpose()?;
        if let Some(folder) = &self.output {
            std::fs::create_dir_all(folder)
                .map_err(|error| Failure::usage(format_args!("--output {}: {error}", folder.display())))?;
        }
        link::run(self.play(matrix, junit))
    }

    async fn play(self, matrix: Matrix, junit: Option<Junit>) -> Result<ExitCode, Failure> {
        let interrupts = Interrupts::of_a_link()?;
        let ground = Arc::new(Ground::new(matrix)?);
        let cells: Vec<Cell> = ground.cells(&self.implementation);
        if cells.is_empty() {
            return Err(Failure::usage("no two implementations have a side each and a profile in common"));
        }
        // Most of a cell's time is waiting.
        let at_once = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get) * 4;
        let all = cells.len();
        let jobs = self.jobs.map_or_else(at_once, NonZeroUsize::get).min(all);
        let played = cells::play(&ground, cells, jobs, self.json, interrupts).await?;
        let left_out = all - played.len();
        let results = Results::new(&ground.matrix, played, left_out);
        if let Some(folder) = &self.output {
            results.write(folder)?;
        }
        if !self.json {
            output::line(results.to_string().trim_end())?;
        }
        Junit::end(junit, results.suites(), results.exit_code())
    }
}
