//! `handfast verify`: everything that can be checked, as one table of verdicts.

use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode, thread, time::Instant};

use clap::Args;
use handfast_model::{
    config,
    explore::Limits,
    report::{self, Progress, Report, Selection},
};

use crate::{failure::Failure, output, progress::Watch, sim, size::Size, verdicts};

/// The exit codes of checks, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes: 0 all as expected, 1 a safety property is violated, 2 usage, 3 a liveness property is
violated, 4 inconclusive, 5 nondeterminism, 101 a panic.";

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

/// Seeds of each scenario of the simulation.
const QUICK_SEEDS: u64 = 4;
const FULL_SEEDS: u64 = 64;

/// Of two exit codes, the one that says more: what is violated, then what is not known, then what is as it should be.
const fn worse(one: u8, other: u8) -> u8 {
    const fn rank(code: u8) -> u8 {
        match code {
            0 => 0,
            4 => 1,
            5 => 2,
            3 => 3,
            _ => 4,
        }
    }
    if rank(one) >= rank(other) { one } else { other }
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
        let seeds = if self.full { 0..FULL_SEEDS } else { 0..QUICK_SEEDS };
        let options = handfast_sim::Options {
            seeds,
            jobs: NonZeroUsize::new(self.effort.jobs()).unwrap_or(NonZeroUsize::MIN),
            ..handfast_sim::Options::default()
        };
        let model = run("verify", &selection);
        let simulation = sim::run(&options);
        if let Some(path) = &self.junit {
            let failed =
                |error: &dyn std::fmt::Display| Failure::usage(format_args!("--junit {}: {error}", path.display()));
            let text = verdicts::junit(&model, &simulation).to_string().map_err(|error| failed(&error))?;
            std::fs::write(path, text).map_err(|error| failed(&error))?;
        }
        if self.json {
            output::json(&serde_json::json!({ "model": model, "simulation": simulation }))?;
        } else {
            output::line(format_args!("{}\n", sim::Table(&simulation)))?;
            output::line(verdicts::Table { report: &model, whole: true })?;
        }
        if self.timings {
            output::line(format_args!("took {:.1} s", began.elapsed().as_secs_f64()))?;
        }
        Ok(ExitCode::from(worse(verdicts::exit_code(model.outcome), sim::exit_code(&simulation))))
    }
}
