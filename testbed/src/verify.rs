//! `handfast verify`: everything that can be checked, as one table of verdicts.

use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode, thread, time::Instant};

use clap::Args;
use handfast_model::{
    config,
    explore::Limits,
    report::{self, Progress, Report, Selection},
};

use crate::{failure::Failure, output, progress::Watch, size::Size, verdicts};

/// The exit codes of checks, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes: 0 all as expected, 1 a safety property is violated, 2 usage, 3 a liveness property is
violated, 4 inconclusive, 101 a panic.";

/// Check every configuration, kill every mutant, and print one table of verdicts
#[derive(Args)]
#[command(after_help = format!("\
Examples:
  handfast verify
  handfast verify --full --jobs 2 --junit verdicts.xml

{EXIT_CODES}
Standard output is the same for the same program; progress goes to standard error."))]
pub(crate) struct Verify {
    /// What a change needs, in minutes: the default
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// What a night has time for
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    effort: Effort,
    /// Write the verdicts as JUnit XML too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Say how long it took
    #[arg(long)]
    timings: bool,
}

/// What checks may use.
#[derive(Args)]
pub(crate) struct Effort {
    /// Checks at once; as many as there are processors by default
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Bytes of each check's graph; what needs more is inconclusive
    #[arg(long, value_name = "SIZE", default_value_t = Size(Limits::default().memory as u64))]
    memory: Size,
}

impl Effort {
    /// How many checks at once.
    pub(crate) fn jobs(&self) -> usize {
        self.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }

    /// What each may use.
    pub(crate) fn limits(&self) -> Limits {
        Limits { memory: usize::try_from(self.memory.0).unwrap_or(usize::MAX), ..Limits::default() }
    }
}

/// Runs what is selected, and shows how far it is.
pub(crate) fn run(what: &'static str, selection: &Selection) -> Report {
    let watch = Watch::new(what);
    report::run_watched(selection, &|progress| match progress {
        Progress::Pieces(pieces) => watch.expect(pieces),
        Progress::Began(name) => watch.began(name),
        Progress::Done(name) => watch.done(name),
    })
}

impl Verify {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let began = Instant::now();
        let size = if self.full { config::Size::Full } else { config::Size::Quick };
        let selection = Selection { limits: self.effort.limits(), jobs: self.effort.jobs(), ..Selection::all(size) };
        let report = run("verify", &selection);
        if let Some(path) = &self.junit {
            let failed =
                |error: &dyn std::fmt::Display| Failure::usage(format_args!("--junit {}: {error}", path.display()));
            let text = verdicts::junit(&report).to_string().map_err(|error| failed(&error))?;
            std::fs::write(path, text).map_err(|error| failed(&error))?;
        }
        if self.json {
            output::json(&report)?
        } else {
            output::line(verdicts::Table { report: &report, whole: true })?
        }
        if self.timings {
            output::line(format_args!("took {:.1} s", began.elapsed().as_secs_f64()))?;
        }
        Ok(ExitCode::from(verdicts::exit_code(report.outcome)))
    }
}
