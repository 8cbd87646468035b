//! `handfast verify`: everything that can be checked, as one table of verdicts.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::Args;
use handfast_model::{
    config,
    players::Players,
    report::{Report, Selection},
};

use handfast_sim::{Scenario, event::Class};
use serde::Serialize;

use crate::{
    exit_code::{CHECKS, worst},
    failure::Failure,
    options::Effort,
    output,
    progress::{self, Watch},
    sim::{self, Chosen, Sweep, Swept},
    verdicts,
};

/// Seeds of each scenario in a quick run: both profiles, with and without a password.
const QUICK_SEEDS: u64 = 4;
/// Seeds of each scenario in a full run.
const FULL_SEEDS: u64 = 256;
/// Seeds of the event engine in a full run.
const FULL_EVENT_SEEDS: u64 = 1_000_000;

/// Check every configuration, kill every mutant, sweep the simulation, and print the verdicts
#[derive(Args)]
#[command(after_help = format!("\
Examples:
  handfast verify
  handfast verify --full --jobs 2 --junit verdicts.xml

{CHECKS}
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
    /// The first seed of the simulation
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Say how long it took
    #[arg(long)]
    timings: bool,
}

/// What came of everything.
#[derive(Serialize)]
struct Verified {
    seeds: Range<u64>,
    model: Report,
    simulation: Swept,
    event: Swept,
    /// What the two swept.
    #[serde(skip)]
    heads: [String; 2],
    exit_code: u8,
}

impl Verify {
    /// Does it.
    pub(crate) fn run(self, players: Option<Players>) -> Result<ExitCode, Failure> {
        let began = Instant::now();
        let (size, seeds) =
            if self.full { (config::Size::Full, FULL_SEEDS) } else { (config::Size::Quick, QUICK_SEEDS) };
        let seeds = self.seed..self.seed.saturating_add(seeds);
        if !self.json {
            output::line(format_args!("seeds {}..{}\n", seeds.start, seeds.end))?;
        }
        let jobs = self.effort.jobs();
        let limits = self.effort.limits()?;
        let selection = Selection { limits, jobs: jobs.get(), players, ..Selection::all(size) };
        let model = progress::run("verify", &selection);
        if !self.json {
            output::line(verdicts::Table { report: &model, whole: true, rows: false })?;
        }
        let effort = sim::Effort { jobs, until: None, stop: limits.stop };
        let count = if self.full { FULL_EVENT_SEEDS } else { sim::EVENT_SEEDS.end };
        let of_event = seeds.start..seeds.start.saturating_add(count);
        let turmoil = Sweep { chosen: Chosen::Turmoil(Scenario::all()), seeds: seeds.clone() };
        let event = Sweep { chosen: Chosen::Event(Class::ALL.to_vec()), seeds: of_event };
        let heads = [turmoil.head(None), event.head(None)];
        let simulation = swept("verify, simulation", &turmoil, effort)?;
        let event = swept("verify, event engine", &event, effort)?;
        let codes = [verdicts::exit_code(model.outcome), simulation.exit_code(), event.exit_code()];
        let verified = Verified { seeds, model, simulation, event, heads, exit_code: worst(codes) };
        let exit_code = verified.exit_code;
        if self.json {
            output::json(&verified)?
        } else {
            verified.print_rest()?
        }
        if self.timings {
            output::line(format_args!("took {:.1} s", began.elapsed().as_secs_f64()))?;
        }
        if let Some(path) = &self.junit {
            verified
                .junit(path)
                .map_err(|error| Failure::usage(format_args!("--junit {}: {error}", path.display())))?;
        }
        Ok(ExitCode::from(exit_code))
    }
}

/// Carries a whole sweep out.
fn swept(what: &'static str, asked: &Sweep, effort: sim::Effort) -> Result<Swept, Failure> {
    let pieces = asked.carry_out_all(&asked.parts(None), effort, &Watch::new(what), &|_, _| Ok(()));
    Ok(Swept::new(asked, None, &pieces.map_err(Failure::reason)?))
}

impl Verified {
    /// What is below the model's table.
    fn print_rest(&self) -> Result<(), Failure> {
        for (head, swept) in self.heads.iter().zip([&self.simulation, &self.event]) {
            output::line(format_args!("\n{head}\n{swept}"))?;
        }
        let verdict = if self.exit_code == 0 { "ALL AS EXPECTED" } else { "NOT AS EXPECTED" };
        output::line(format_args!("\n{verdict}"))?;
        let again = verdicts::again(&self.model);
        output::again(again.or_else(|| self.simulation.again()).or_else(|| self.event.again()))
    }

    fn junit(&self, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let mut junit = quick_junit::Report::new("handfast");
        junit.add_test_suites(verdicts::suites(&self.model));
        junit.add_test_suite(self.simulation.suite());
        junit.add_test_suite(self.event.suite());
        Ok(std::fs::write(path, junit.to_string()?)?)
    }
}
