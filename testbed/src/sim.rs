//! `handfast sim`: whole sessions of the shell in virtual time, under faults, from a seed.

use std::{fmt, num::NonZeroUsize, ops::Range, process::ExitCode, str::FromStr};

use clap::{Args, ValueEnum};
use handfast_sim::{Options, Report, Rule, Scenario, Shard, Verdict, campaign};

use crate::{failure::Failure, output, progress::Watch};

/// Carry out whole sessions in virtual time, with faults drawn from seeds
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast sim
  handfast sim --scenario loss --seeds 0..100
  handfast sim --scenario partition --seeds 0..16 --json

A scenario is one by its whole name, or all of a family: no-fault, wrong-thrice, loss, cancel.

Exit codes: 0 no violation, 1 a violation, 2 usage, 4 inconclusive, 5 nondeterminism, 101 a panic.")]
pub(crate) struct Sim {
    /// What carries the sessions out
    #[arg(long, value_enum, value_name = "ENGINE", default_value = "turmoil")]
    engine: Engine,
    /// One scenario, or a family of them
    #[arg(long, value_name = "NAME", value_parser = scenarios)]
    scenario: Option<Chosen>,
    /// The seeds, half open
    #[arg(long, value_name = "A..B", default_value = "0..4")]
    seeds: Seeds,
    /// The part of the seeds that is this machine's: the I-th of N, from 0 on
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    /// Sessions at once; as many as there are processors by default
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Engine {
    /// The shell itself on simulated hosts, TLS included
    Turmoil,
}

/// Scenarios of one name.
#[derive(Clone)]
struct Chosen(Vec<Scenario>);

fn scenarios(name: &str) -> Result<Chosen, String> {
    let named: Vec<_> =
        Scenario::all().into_iter().filter(|one| one.family() == name || one.to_string() == name).collect();
    if named.is_empty() {
        let mut families: Vec<_> = Scenario::all().into_iter().map(Scenario::family).collect();
        families.dedup();
        return Err(format!(
            "there is no such scenario: expected one like cancel@import.opened, or a family of {}",
            families.join(", ")
        ));
    }
    Ok(Chosen(named))
}

#[derive(Clone)]
struct Seeds(Range<u64>);

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected two numbers like 0..100, the second the larger".to_owned();
        let (first, end) = text.split_once("..").ok_or_else(expected)?;
        match (first.parse(), end.parse()) {
            (Ok(first), Ok(end)) if first < end => Ok(Self(first..end)),
            _ => Err(expected()),
        }
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.0.start, self.0.end)
    }
}

fn shard(text: &str) -> Result<Shard, String> {
    let (index, of) = text.split_once('/').unwrap_or_default();
    match (index.parse(), of.parse()) {
        (Ok(index), Ok(of)) if index < of => Ok(Shard { index, of }),
        _ => Err("expected I/N like 0/8, I below N".to_owned()),
    }
}

impl Sim {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let Engine::Turmoil = self.engine;
        let defaults = Options::default();
        let report = run(&Options {
            scenarios: self.scenario.map_or(defaults.scenarios, |chosen| chosen.0),
            seeds: self.seeds.0,
            shard: self.shard,
            jobs: self.jobs.unwrap_or(defaults.jobs),
            planted: None,
        });
        if self.json {
            output::json(&report)?
        } else {
            output::line(Table(&report))?
        }
        Ok(ExitCode::from(exit_code(&report)))
    }
}

/// Carries a campaign out, and shows how far it is.
pub(crate) fn run(options: &Options) -> Report {
    let watch = Watch::new("sim");
    let sessions =
        options.seeds.clone().filter(|seed| options.shard.is_none_or(|shard| seed % shard.of == shard.index));
    watch.expect(options.scenarios.len() * sessions.count());
    campaign(options, &|_| watch.done("session"))
}

/// What the command returns for it.
pub(crate) fn exit_code(report: &Report) -> u8 {
    let nondeterministic = report.broken().any(|rule| matches!(rule, Rule::Repeatable | Rule::Replays));
    if report.broken().any(|rule| !matches!(rule, Rule::Repeatable | Rule::Replays)) {
        1
    } else if nondeterministic {
        5
    } else if report.is_inconclusive() {
        4
    } else {
        0
    }
}

/// The campaign as a table. Equal campaigns print equal tables.
pub(crate) struct Table<'a>(pub(crate) &'a Report);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { rows } = self.0;
        let names: Vec<_> = rows.iter().map(|row| row.scenario.to_string()).collect();
        let name = names.iter().map(String::len).chain([8]).max().unwrap_or(8);
        if let Some(row) = rows.first() {
            writeln!(f, "seeds {}", Seeds(row.seeds.clone()))?;
        }
        writeln!(f, "{:name$}  verdict       runs  ends (import, export) x sessions", "scenario")?;
        for (row, text) in rows.iter().zip(&names) {
            let verdict = match &row.verdict {
                Verdict::NoViolation { .. } => "NO VIOLATION",
                Verdict::Violated => "VIOLATED",
                Verdict::Inconclusive { .. } => "INCONCLUSIVE",
            };
            let outcome =
                |outcome: Option<handfast::outcome::Outcome>| outcome.map_or("-".to_owned(), |one| one.to_string());
            let ends: Vec<_> = row
                .ends
                .iter()
                .map(|ends| format!("({}, {}) x {}", outcome(ends.import), outcome(ends.export), ends.runs))
                .collect();
            writeln!(f, "{text:name$}  {verdict:12}  {:4}  {}", row.runs, ends.join(", "))?;
            if let Verdict::Inconclusive { why } = &row.verdict {
                writeln!(f, "  because {why}")?;
            }
            for found in &row.violations {
                writeln!(
                    f,
                    "  seed {}: {:?}: {}\n  again: {}",
                    found.seed, found.violation.rule, found.violation.text, found.reproduce
                )?;
            }
        }
        let runs: u64 = rows.iter().map(|row| row.runs).sum();
        let words = match exit_code(self.0) {
            0 => "NO VIOLATION (bounded: by the seeds)",
            4 => "INCONCLUSIVE",
            5 => "NONDETERMINISM",
            _ => "VIOLATED",
        };
        write!(f, "{} scenarios, {runs} sessions: {words}", rows.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_and_shards_are_read_strictly() {
        assert_eq!("3..9".parse::<Seeds>().map(|seeds| seeds.0), Ok(3..9));
        for wrong in ["", "3", "3..", "9..3", "3..3", "-1..2", "a..b"] {
            assert!(wrong.parse::<Seeds>().is_err(), "{wrong}");
        }
        assert_eq!(shard("1/8").map(|shard| (shard.index, shard.of)), Ok((1, 8)));
        for wrong in ["", "1", "8/8", "0/0", "a/b"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_scenario_is_one_or_a_family() {
        assert_eq!(scenarios("loss").map(|chosen| chosen.0.len()), Ok(1));
        assert!(scenarios("cancel").is_ok_and(|chosen| chosen.0.len() > 8));
        assert!(scenarios("earthquake").is_err());
    }
}
