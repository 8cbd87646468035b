//! `handfast sim`: whole sessions in virtual time, with faults, from seeds.

mod digest;
mod engine;
mod event;
mod mutants;
pub(crate) mod results;
mod shard;
mod sweep;
mod swept;
mod table;

use std::{
    env,
    num::NonZeroUsize,
    ops::Range,
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use handfast_model::{config::Cast, counted};
use handfast_sim::{
    Scenario, Shard,
    event::{Class, Way, matrix, pairs, words},
};

pub(crate) use self::{
    engine::EVENT_SEEDS,
    sweep::{Chosen, Effort, Pieces, Sweep},
    swept::Swept,
};
use self::{
    engine::Engine,
    event::EventSweep,
    mutants::Hunted,
    results::{Header, Kept},
    sweep::{Part, Piece},
};
use crate::{
    exit_code::INCONCLUSIVE,
    failure::Failure,
    interrupt,
    names::{self, Names},
    numbers::count,
    options::PairName,
    output,
    progress::Watch,
    shrink,
};

/// Simulate sessions with faults, and judge what came of each
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast sim
  handfast sim --scenario wrong-once --scenario crash --seeds 0..100
  handfast sim --engine event --seeds 0..1000000 --out results
  handfast sim --seeds 0..20000 --timings
  handfast sim --seeds 0..20000 --shard 3/8 --budget 10m --out results
  handfast merge results
  handfast sim --engine event --scenario break --scenario cancel
  handfast sim --engine event --pair HL
  handfast sim --guided --seeds 0..1000000 --out results
  handfast sim --engine event --seeds 0..100 --digest
  handfast sim --matrix
  handfast sim --mutants

A scenario is named whole, partition@import.opened, or by its family, partition. Four seeds in a row
have both profiles, with and without a password. Scenarios that are named have each of the seeds; of
all scenarios, each four seeds in a row have one, and then it is the next one's turn. A scenario of
the event engine is a class of faults.

With --out, what is done is kept: the same command goes on where the one before was killed. The
environment of a Slurm array, of a Kubernetes indexed job (with HANDFAST_SHARDS, their number) or of
parallel jobs of GitLab names a part of the seeds, which --shard env asks for. Without --shard that
part is taken too, but is inconclusive by itself (exit code 4): a job that is parallel for another
reason would leave seeds out.

Exit codes: 0 all as expected, 1 a rule is broken, 2 usage, 3 an operation did not end,
4 inconclusive, 5 equal plans gave unequal traces, or a trace does not replay, 101 a panic.")]
pub(crate) struct Sim {
    /// The engine that carries the sessions
    #[arg(long, value_enum, value_name = "ENGINE", default_value_t)]
    engine: Engine,
    /// The pair in the event engine, the import side first: L is today's daemon
    #[arg(long, value_enum, value_name = "XY", conflicts_with_all = ["matrix", "words"])]
    pair: Option<PairName>,
    /// Which scenarios; all by default
    #[arg(long, value_name = "NAME", value_parser = Names::SCENARIOS, hide_possible_values = true)]
    scenario: Vec<String>,
    /// The seeds, half open; 0..4 of each scenario by default, of the event engine 0..20000
    #[arg(long, value_name = "A..B", allow_hyphen_values = true)]
    seeds: Option<Seeds>,
    /// Only part I of N of the seeds, I from 0 on; `env` for the part that the environment names
    #[arg(long, value_name = "I/N|env", allow_hyphen_values = true, value_parser = shard::parse)]
    shard: Option<shard::Asked>,
    /// Keep what each block of seeds came to, and of each session in which a rule was broken the
    /// schedule or plan and the trace
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Begin no more sessions after this time, such as 90s, 10m or 8h. Sessions that are left make it inconclusive
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = budget)]
    budget: Option<Duration>,
    /// Sessions at once; as many as there are processors by default
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count)]
    jobs: Option<NonZeroUsize>,
    /// Carry out one schedule of the event engine, and with --out write its trace
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "seeds", "shard", "budget"])]
    schedule: Option<PathBuf>,
    /// Print what comes of every fault after every step, in the event engine
    #[arg(long, conflicts_with_all = ["scenario", "seeds", "shard", "budget", "out", "schedule"])]
    matrix: bool,
    /// Print what comes of every word of a hostile peer in every state, in the event engine
    #[arg(long, conflicts_with_all = ["scenario", "seeds", "shard", "budget", "out", "schedule", "matrix"])]
    words: bool,
    /// Print in how many sessions each mutant is found, or why it cannot be
    #[arg(long, conflicts_with_all = ["scenario", "seeds", "shard", "budget", "out", "schedule", "matrix", "words"])]
    mutants: bool,
    /// Carry out every pair of the matrix too
    #[arg(long, requires = "matrix")]
    pairs: bool,
    /// In the event engine, change schedules that walked an edge of the model first, instead of
    /// drawing each: every 16384 seeds are one campaign, which begins with nothing
    #[arg(long, conflicts_with_all = ["schedule", "matrix", "words", "digest"])]
    guided: bool,
    /// Print the checksum of the traces of each block of seeds, and judge nothing
    #[arg(long, conflicts_with_all = ["budget", "out", "schedule", "matrix"])]
    digest: bool,
    /// Print the whole table, also where it is longer than a screen
    #[arg(long, conflicts_with = "json")]
    details: bool,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Say how long it took, of real and in the turmoil engine of virtual time
    #[arg(long, conflicts_with_all = ["json", "matrix", "schedule", "out"])]
    timings: bool,
}

/// The scenarios of one name.
fn scenarios(name: &str) -> Result<Vec<Scenario>, Failure> {
    let known = Scenario::name_of_today(name);
    let found: Vec<_> =
        Scenario::all().into_iter().filter(|one| [&*one.to_string(), one.family()].contains(&&*known)).collect();
    if found.is_empty() {
        return Err(unknown(name, Scenario::all().iter().map(Scenario::to_string)));
    }
    Ok(found)
}

/// The class of faults of this name.
fn class(name: &str) -> Result<Class, Failure> {
    let found = Class::WITH_SAS.into_iter().find(|class| class.to_string() == name);
    found.ok_or_else(|| unknown(name, Class::WITH_SAS.map(|class| class.to_string())))
}

fn unknown(name: &str, names: impl IntoIterator<Item = String>) -> Failure {
    let text = names::unknown("scenario of this engine", name, &names.into_iter().collect());
    Failure::usage(format_args!("--scenario: {text}"))
}

/// A range of seeds.
#[derive(Clone)]
struct Seeds(Range<u64>);

impl FromStr for Seeds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, to) = text.split_once("..").ok_or("expected A..B, such as 0..1000")?;
        let (from, to) = from.parse().ok().zip(to.parse().ok()).ok_or("expected two numbers, A..B, such as 0..1000")?;
        if from < to { Ok(Self(from..to)) } else { Err("expected A..B with A below B, which does not belong to it") }
    }
}

/// Reads a time, `10m`.
fn budget(text: &str) -> Result<Duration, &'static str> {
    const EXPECTED: &str = "expected a number of seconds, minutes or hours, like 90s, 10m or 8h";
    let at = text.len().saturating_sub(1);
    let (number, unit) = text.split_at_checked(at).ok_or(EXPECTED)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(EXPECTED),
    };
    let number: u64 = number.parse().map_err(|_| EXPECTED)?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or(EXPECTED)
}

impl Sim {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.matrix {
            return self.run_matrix();
        }
        if self.words {
            return self.run_words();
        }
        if self.mutants {
            return self.run_mutants();
        }
        if let Some(file) = &self.schedule {
            return self.run_schedule(file);
        }
        let until = self.budget.and_then(|budget| Instant::now().checked_add(budget));
        let (asked, (shard, unasked)) = (self.asked()?, self.shard()?);
        if self.digest {
            return digest::print(&asked, shard, self.jobs(), self.json);
        }
        if !self.json {
            output::line(asked.head(shard))?;
        }
        let effort = Effort { jobs: self.jobs(), until, stop: Some(interrupt::stops_checks()?) };
        let began = Instant::now();
        let pieces = self.carry_out(&asked, shard, effort)?;
        let swept = Swept::new(&asked, shard, &pieces);
        swept.print(self.json, self.details)?;
        if self.timings {
            output::line(swept.timings(began.elapsed()))?;
        }
        if unasked.is_none() && swept.exit_code() == INCONCLUSIVE && !interrupt::has_stopped_checks() {
            output::note(self.hint(&swept));
        }
        Ok(ExitCode::from(match (unasked, swept.exit_code()) {
            (Some(name), 0) => {
                let why = format!("a part of the seeds that {name} names and --shard env does not ask for");
                if !self.json {
                    output::line(format_args!("INCONCLUSIVE ({why})"))?;
                }
                output::note(format_args!("{why}: --shard env says that it is meant, --shard 0/1 takes all seeds"));
                INCONCLUSIVE
            }
            (_, code) => code,
        }))
    }

    /// Returns the advice for a sweep without a verdict.
    fn hint(&self, swept: &Swept) -> &'static str {
        match (swept.has_gaps(), &self.out, self.budget) {
            (true, Some(_), _) => {
                "INCONCLUSIVE: not all was carried out; the same command goes on where this one ended"
            }
            (true, None, None) => {
                "INCONCLUSIVE: not all was carried out; keep what is done (--out DIR) and go on later"
            }
            (true, None, Some(_)) => {
                "INCONCLUSIVE: not all was carried out; give more time (--budget), or keep what is done (--out DIR) and go on later"
            }
            (false, ..) => {
                "INCONCLUSIVE: a fault or a goal did not come about; give more seeds, such as --seeds 0..1000"
            }
        }
    }

    fn jobs(&self) -> NonZeroUsize {
        self.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }

    fn asked(&self) -> Result<Sweep, Failure> {
        let names = &self.scenario;
        let (chosen, seeds) = match self.engine() {
            Engine::Event => (self.classes()?, EVENT_SEEDS),
            Engine::Turmoil if self.pair().is_some() => {
                return Err(Failure::usage("--pair: old sides are in the event engine, --engine event"));
            }
            Engine::Turmoil if names.is_empty() && self.seeds.is_some() => (Chosen::Turns(Scenario::all()), 0..0),
            Engine::Turmoil if names.is_empty() => (Chosen::Turmoil(Scenario::all()), 0..4),
            Engine::Turmoil => {
                let chosen: Vec<_> = names.iter().map(|name| scenarios(name)).collect::<Result<_, _>>()?;
                (Chosen::Turmoil(chosen.concat()), 0..4)
            }
        };
        let asked = Sweep { chosen, seeds: self.seeds.as_ref().map_or(seeds, |seeds| seeds.0.clone()) };
        asked.is_sound().map_err(Failure::usage)?;
        Ok(asked)
    }

    /// The engine: only that of events can be guided.
    fn engine(&self) -> Engine {
        if self.guided { Engine::Event } else { self.engine }
    }

    /// The pair, if a side is old.
    fn pair(&self) -> Option<PairName> {
        self.pair.filter(|&pair| Cast::from(pair).has_legacy())
    }

    /// The classes of faults that are asked for; all that there are for this pair by default.
    fn classes(&self) -> Result<Chosen, Failure> {
        let pair = self.pair();
        let cast = pair.map_or(Cast::HH, Cast::from);
        let named = self.scenario.iter().map(|name| class(name)).collect::<Result<Vec<_>, _>>()?;
        let chosen = match named.is_empty() {
            true => Class::ALL.into_iter().filter(|class| class.is_of(cast)).collect(),
            false => named,
        };
        if let Some(class) = chosen.iter().find(|class| !class.is_of(cast)) {
            return Err(Failure::usage(format_args!("--scenario {class}: it is not there in {cast}")));
        }
        Ok(match pair {
            _ if self.guided => Chosen::Guided(pair, chosen),
            None => Chosen::Event(chosen),
            Some(pair) => Chosen::Old(pair, chosen),
        })
    }

    /// The shard that is given or asked for, or the environment's; one of one is all. And who named it without being asked.
    fn shard(&self) -> Result<(Option<Shard>, Option<&'static str>), Failure> {
        if let Some(shard::Asked::One(shard)) = self.shard {
            return Ok((Some(shard).filter(|shard| shard.of > 1), None));
        }
        let asked = self.shard.is_some();
        let found = shard::of_environment(&|name| env::var(name).ok())?.filter(|(shard, _)| shard.of > 1 || asked);
        match found {
            Some((shard, name)) => {
                output::note(format_args!("shard {}/{}, as {name} says", shard.index, shard.of));
                Ok((Some(shard).filter(|shard| shard.of > 1), (!asked).then_some(name)))
            }
            None if asked => Err(Failure::usage(
                "--shard env: the environment names no shard; start it in an array of a scheduler, or give --shard I/N",
            )),
            None => Ok((None, None)),
        }
    }

    /// Carries out what is not there yet. Gives all.
    fn carry_out(&self, asked: &Sweep, shard: Option<Shard>, effort: Effort) -> Result<Pieces, Failure> {
        let mut todo = asked.parts(shard);
        let Some(folder) = &self.out else {
            let pieces = asked.carry_out_all(&todo, effort, &Watch::new("sim"), &|_, _| Ok(()));
            return pieces.map_err(Failure::reason);
        };
        let failed = |error: std::io::Error| unwritable(folder, &error);
        let (kept, mut pieces) = Kept::open(folder, &Header::new(asked, shard).map_err(Failure::reason)?)?;
        if !pieces.is_empty() {
            output::note(format_args!("there already: {} of {}", pieces.len(), counted(todo.len(), "part")));
        }
        todo.retain(|part| !pieces.contains_key(part));
        let keep =
            |part: Part, piece: &Piece| swept::write(folder, piece, asked.pair()).and_then(|()| kept.add(part, piece));
        pieces.extend(asked.carry_out_all(&todo, effort, &Watch::new("sim"), &keep).map_err(failed)?);
        Ok(pieces)
    }

    fn run_schedule(&self, file: &Path) -> Result<ExitCode, Failure> {
        let schedule = shrink::read(file)?.schedule;
        let one = EventSweep::of_one(&schedule, self.pair());
        if let Some(folder) = &self.out {
            let name = file.file_name().map_or_else(|| "schedule".into(), |name| name.to_string_lossy());
            let name = name.trim_end_matches(".json").trim_end_matches(".schedule");
            event::write(folder, name, &schedule, self.pair()).map_err(|error| unwritable(folder, &error))?;
        }
        let swept = Swept::Event(Box::new(one));
        swept.print(self.json, self.details)?;
        Ok(ExitCode::from(swept.exit_code()))
    }

    fn run_words(&self) -> Result<ExitCode, Failure> {
        let words = words();
        if self.json {
            output::json(&words)?;
        } else {
            output::line(words.to_string().trim_end())?;
        }
        Ok(ExitCode::from(u8::from(!words.hold())))
    }

    fn run_mutants(&self) -> Result<ExitCode, Failure> {
        let way = if self.guided { Way::Guided } else { Way::Blind };
        let hunted = Hunted::all(self.engine(), way, &Watch::new("sim"));
        if self.json {
            output::json(&hunted)?;
        } else {
            hunted.iter().try_for_each(output::line)?;
        }
        Ok(ExitCode::from(u8::from(hunted.iter().any(Hunted::survives))))
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

fn unwritable(folder: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format_args!("--out {}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use handfast_sim::{Options, Planted, campaign};

    use super::*;

    /// A check that cannot fail is a defect: each kind of failure has its exit code, its line, and its command.
    #[test]
    fn each_planted_fault_has_its_exit_code() {
        for (planted, expected) in
            [(None, 0), (Some(Planted::ForgetfulStore), 1), (Some(Planted::Leak), 5), (Some(Planted::Panic), 101)]
        {
            let options = Options { scenarios: vec![Scenario::NoFault], seeds: 0..1, planted, ..Options::default() };
            let swept = Swept::Turmoil(campaign(&options, &|_| {}));
            assert_eq!(swept.exit_code(), expected, "{swept}");
            let failed = expected != 0;
            assert_eq!(swept.to_string().contains("VIOLATED"), failed, "{swept}");
            let command = failed.then_some("handfast sim --engine turmoil --scenario no-fault --seeds 0..1");
            assert_eq!(swept.again().as_deref(), command);
            let counts = swept.suite();
            assert_eq!((counts.tests, counts.failures), (1, usize::from(failed)));
        }
    }

    #[test]
    fn ranges_are_half_open() {
        assert_eq!("3..7".parse::<Seeds>().map(|seeds| seeds.0), Ok(3..7));
        for wrong in ["", "3", "3..3", "7..3", "a..b", "1..2..3", "-1..3"] {
            assert!(wrong.parse::<Seeds>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_budget_has_a_unit() {
        assert_eq!(["90s", "10m", "8h"].map(|text| budget(text).unwrap().as_secs()), [90, 600, 28_800]);
        for wrong in ["", "s", "10", "10d", "1.5h", "-1s", "10µ", "99999999999999999h"] {
            assert!(budget(wrong).is_err(), "{wrong}");
        }
    }
}
