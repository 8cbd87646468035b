//! `handfast sim`: whole sessions in virtual time, with faults, from seeds.

mod event;
mod table;

use std::{
    fs,
    num::NonZeroUsize,
    ops::Range,
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use handfast_sim::{
    Options, Plan, Report, Rule, Scenario, Shard, Spread, campaign,
    event::{Class, matrix, pairs},
    run,
};

pub(crate) use self::{
    event::Storm,
    table::{Table, again, suite},
};
use crate::{failure::Failure, output, progress::Watch, shrink};

/// Simulate sessions with faults, and judge what came of each
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast sim
  handfast sim --scenario wrong-once --scenario crash --seeds 0..100
  handfast sim --seeds 0..20000 --timings
  handfast sim --seeds 0..20000 --shard 3/8 --out shard-3 --json
  handfast sim --engine event --seeds 0..1000000 --out failed
  handfast sim --engine event --scenario break --scenario cancel
  handfast sim --matrix

A scenario is named whole, partition@import.opened, or by its family, partition. Four seeds in a row
have both profiles, with and without a password. Scenarios that are named have each of the seeds; of
all scenarios, each four seeds in a row have one, and then it is the next one's turn. A scenario of
the event engine is a class of faults.

Exit codes: 0 all as expected, 1 a rule is broken, 2 usage, 3 an operation did not end,
4 inconclusive, 5 equal plans gave unequal traces, or a trace does not replay, 101 a panic.")]
pub(crate) struct Sim {
    /// What carries the sessions
    #[arg(long, value_enum, value_name = "ENGINE", default_value_t)]
    engine: Engine,
    /// Which scenarios; all by default
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// The seeds, half open; 0..4 of each scenario by default, of the event engine 0..20000
    #[arg(long, value_name = "A..B")]
    seeds: Option<Seeds>,
    /// Only part I of N of the seeds, I from 0 on
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    /// Write the report, and of each session in which a rule was broken the plan and the trace
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Sessions at once; as many as there are processors by default
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Carry out one schedule of the event engine, and with --out write its trace
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "seeds", "shard"])]
    schedule: Option<PathBuf>,
    /// Print what comes of every fault behind every step, in the event engine
    #[arg(long, conflicts_with_all = ["scenario", "seeds", "shard", "out", "schedule"])]
    matrix: bool,
    /// Carry out every pair of these too
    #[arg(long, requires = "matrix")]
    pairs: bool,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Say how long it took, of real and of virtual time, in the turmoil engine
    #[arg(long, conflicts_with_all = ["json", "matrix", "schedule"])]
    timings: bool,
}

/// How fast a campaign was.
fn timings(report: &Report, took: Duration) -> String {
    let (sessions, time) = report.sessions();
    let (real, time) = (took.as_secs_f64(), time.as_secs_f64());
    let (a_second, ratio) = (sessions as f64 / real, time / real);
    format!("took {real:.1} s: {a_second:.0} sessions a second, {time:.1} s of virtual time, {ratio:.1} times as fast")
}

/// What carries sessions.
#[derive(Clone, Copy, Default, ValueEnum)]
enum Engine {
    /// The shell itself, TLS included, on simulated hosts
    #[default]
    Turmoil,
    /// The reducers and the codec, from event to event
    Event,
}

/// The scenarios of one name.
fn scenarios(name: &str) -> Result<Vec<Scenario>, Failure> {
    let found: Vec<_> =
        Scenario::all().into_iter().filter(|one| one.to_string() == name || one.family() == name).collect();
    if found.is_empty() {
        let names: Vec<_> = Scenario::all().iter().map(Scenario::to_string).collect();
        return Err(unknown(name, &names));
    }
    Ok(found)
}

/// The class of faults of this name.
fn class(name: &str) -> Result<Class, Failure> {
    let found = Class::ALL.into_iter().find(|class| class.to_string() == name);
    found.ok_or_else(|| unknown(name, &Class::ALL.map(|class| class.to_string())))
}

fn unknown(name: &str, names: &[String]) -> Failure {
    Failure::usage(format_args!("--scenario {name}: expected one of {}", names.join(", ")))
}

/// A range of seeds.
#[derive(Clone)]
struct Seeds(Range<u64>);

impl FromStr for Seeds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, to) = text.split_once("..").ok_or("expected A..B")?;
        let (from, to) = from.parse().ok().zip(to.parse().ok()).ok_or("expected two numbers, A..B")?;
        if from < to { Ok(Self(from..to)) } else { Err("expected A..B with A below B, which does not belong to it") }
    }
}

fn shard(text: &str) -> Result<Shard, &'static str> {
    let (index, of) = text.split_once('/').ok_or("expected I/N")?;
    let (index, of) = index.parse().ok().zip(of.parse().ok()).ok_or("expected two numbers, I/N")?;
    if index < of { Ok(Shard { index, of }) } else { Err("expected I/N with I below N") }
}

/// Simulates, and shows how far it is.
pub(crate) fn simulate(options: &Options, watch: &Watch) -> Report {
    let mine = |seed: &u64| options.shard.is_none_or(|shard| seed % shard.of == shard.index);
    let each = if options.spread == Spread::Each { options.scenarios.len() } else { 1 };
    watch.expect(each * options.seeds.clone().filter(mine).count());
    campaign(options, &|_| watch.done("sessions"))
}

/// What the command returns: of several things that are wrong, the worst.
pub(crate) fn exit_code(report: &Report) -> u8 {
    let code = |rule| match rule {
        Rule::NoPanic => 101,
        Rule::Ends => 3,
        Rule::Repeatable | Rule::Replays => 5,
        // All others say that something never happens.
        _ => 1,
    };
    let inconclusive = report.is_inconclusive().then_some(4);
    worst(report.broken().map(code).chain(inconclusive))
}

/// The worst of some exit codes: a panic, safety, liveness, nondeterminism, inconclusive, in this order.
pub(crate) fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    const ORDER: [u8; 6] = [0, 4, 5, 3, 1, 101];
    codes.into_iter().max_by_key(|code| ORDER.iter().position(|known| known == code)).unwrap_or(0)
}

impl Sim {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.matrix {
            return self.run_matrix();
        }
        if let Some(file) = &self.schedule {
            return self.run_schedule(file);
        }
        if matches!(self.engine, Engine::Event) {
            return self.run_event();
        }
        let mut chosen = Vec::new();
        for name in &self.scenario {
            chosen.extend(scenarios(name)?);
        }
        let options = Options {
            scenarios: if chosen.is_empty() { Scenario::all() } else { chosen },
            seeds: self.seeds.as_ref().map_or(0..4, |seeds| seeds.0.clone()),
            spread: if self.scenario.is_empty() && self.seeds.is_some() { Spread::Turns } else { Spread::Each },
            shard: self.shard,
            jobs: self.jobs(),
            planted: None,
        };
        let watch = Watch::new("sim");
        let began = Instant::now();
        let report = simulate(&options, &watch);
        let took = began.elapsed();
        drop(watch);
        if let Some(folder) = &self.out {
            write(folder, &report).map_err(|error| unwritable(folder, &error))?;
        }
        if self.json {
            output::json(&report)?
        } else {
            output::line(Table(&report))?
        }
        if self.timings {
            output::line(timings(&report, took))?;
        }
        Ok(ExitCode::from(exit_code(&report)))
    }

    fn jobs(&self) -> NonZeroUsize {
        self.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }

    fn run_event(&self) -> Result<ExitCode, Failure> {
        let classes: Vec<_> = self.scenario.iter().map(|name| class(name)).collect::<Result<_, _>>()?;
        let classes = if classes.is_empty() { Class::ALL.to_vec() } else { classes };
        let seeds = self.seeds.as_ref().map_or(EVENT_SEEDS, |seeds| seeds.0.clone());
        let watch = Watch::new("sim");
        let storm = Storm::carry_out(seeds, self.shard, classes, self.jobs(), &watch);
        drop(watch);
        if let Some(folder) = &self.out {
            storm.write(folder).map_err(|error| unwritable(folder, &error))?;
        }
        if self.json {
            output::json(&storm)?
        } else {
            output::line(&storm)?
        }
        Ok(ExitCode::from(storm.exit_code()))
    }

    fn run_schedule(&self, file: &Path) -> Result<ExitCode, Failure> {
        let schedule = shrink::read(file)?.schedule;
        let storm = Storm::of_one(&schedule);
        if let Some(folder) = &self.out {
            let name = file.file_name().map_or_else(|| "schedule".into(), |name| name.to_string_lossy());
            let name = name.trim_end_matches(".json").trim_end_matches(".schedule");
            event::write(folder, name, &schedule).map_err(|error| unwritable(folder, &error))?;
        }
        if self.json {
            output::json(&storm)?
        } else {
            output::line(&storm)?
        }
        Ok(ExitCode::from(storm.exit_code()))
    }

    fn run_matrix(&self) -> Result<ExitCode, Failure> {
        let matrix = matrix();
        let pairs = self.pairs.then(|| pairs(&|_| {}));
        let holds = matrix.holds() && pairs.as_ref().is_none_or(|pairs| pairs.broken.is_none());
        if self.json {
            output::json(&(&matrix, &pairs))?
        } else {
            output::line(matrix.to_string().trim_end())?;
            if let Some(pairs) = &pairs {
                output::line(format_args!("\n{pairs}"))?;
            }
        }
        Ok(ExitCode::from(u8::from(!holds)))
    }
}

/// The seeds of the event engine, if none are given.
pub(crate) const EVENT_SEEDS: Range<u64> = 0..20_000;

fn unwritable(folder: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format_args!("--out {}: {error}", folder.display()))
}

/// Writes the report, and what is needed to look at each violation.
fn write(folder: &Path, report: &Report) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("report.json"), serde_json::to_string_pretty(report)?)?;
    for row in &report.rows {
        for found in &row.violations {
            let plan = Plan::draw(row.scenario, found.seed);
            let name = format!("{}-{}", row.scenario, found.seed);
            fs::write(folder.join(format!("{name}.plan.json")), serde_json::to_string_pretty(&plan)?)?;
            fs::write(folder.join(format!("{name}.trace")), run(&plan).trace())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use handfast_sim::Planted;

    use super::*;

    fn report(scenario: Scenario, planted: Option<Planted>) -> Report {
        campaign(&Options { scenarios: vec![scenario], seeds: 0..1, planted, ..Options::default() }, &|_| {})
    }

    /// A check that cannot fail is a defect: each kind of failure has its exit code, its line, and its command.
    #[test]
    fn what_is_planted_is_told_apart() {
        for (planted, expected) in
            [(None, 0), (Some(Planted::ForgetfulStore), 1), (Some(Planted::Leak), 5), (Some(Planted::Panic), 101)]
        {
            let report = report(Scenario::NoFault, planted);
            assert_eq!(exit_code(&report), expected, "{}", Table(&report));
            let failed = expected != 0;
            assert_eq!(Table(&report).to_string().contains("VIOLATED"), failed, "{}", Table(&report));
            let command = failed.then_some("handfast sim --engine turmoil --scenario no-fault --seeds 0..1");
            assert_eq!(again(&report), command);
            let counts = suite(&report);
            assert_eq!((counts.tests, counts.failures), (1, usize::from(failed)));
        }
    }

    #[test]
    fn the_worst_is_told() {
        assert_eq!(worst([]), 0);
        assert_eq!(worst([0, 4, 5]), 5);
        assert_eq!(worst([3, 4, 1, 0]), 1);
        assert_eq!(worst([1, 101]), 101);
    }

    #[test]
    fn ranges_are_half_open_and_shards_count_from_nought() {
        assert_eq!("3..7".parse::<Seeds>().map(|seeds| seeds.0), Ok(3..7));
        for wrong in ["", "3", "3..3", "7..3", "a..b", "1..2..3", "-1..3"] {
            assert!(wrong.parse::<Seeds>().is_err(), "{wrong}");
        }
        assert_eq!(shard("0/2"), Ok(Shard { index: 0, of: 2 }));
        for wrong in ["", "2", "2/2", "1/0", "a/b"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }
}
