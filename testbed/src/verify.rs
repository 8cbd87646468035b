//! `handfast verify`: everything that can be checked, as one table of verdicts.

use std::{collections::BTreeSet, ops::Range, path::PathBuf, process::ExitCode, time::Instant};

use clap::{Args, ValueEnum};
use handfast_model::{
    config,
    mutants::{Mutant, Setting},
    players::Players,
    report::{Report, Selection},
};

use handfast_sim::{
    Scenario,
    event::{Class, Matrix, matrix},
};
use serde::Serialize;

use crate::{
    exit_code::{CHECKS, CUT_SHORT, INCONCLUSIVE, words, worst},
    failure::Failure,
    interrupt,
    intruder::{self, Examined},
    names::{self, Names},
    numbers::whole,
    options::Effort,
    output,
    parts::Tried,
    progress::{self, Watch},
    report::{Asked, Attached, Data, Folder, Sarif},
    sim::{self, Chosen, Sweep, Swept},
    verdicts::{self, junit::Junit, summary::Summary},
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
  handfast verify --only mutants --details
  handfast verify --report verdicts
  handfast verify --full --jobs 2 --junit verdicts.xml

{CHECKS}
6: a graph is another than the accepted one.
Standard output is the same for the same program; progress goes to standard error."))]
pub(crate) struct Verify {
    /// The checks of a pull request, in minutes: the default
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// The checks of a nightly run
    #[arg(long)]
    full: bool,
    /// The smallest configurations only, in seconds
    #[arg(long, conflicts_with_all = ["quick", "full"])]
    small: bool,
    #[command(flatten)]
    effort: Effort,
    /// Only this group; may be given several times
    #[arg(long, value_enum, value_name = "GROUP")]
    only: Vec<Group>,
    /// Write the verdicts as JUnit XML too. Its folder is made
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a report into this folder too: a page (report.html), the same as JSON and SARIF, and JUnit. The folder is made
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Write what is not as expected as SARIF too, for code hosts. Its folder is made
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Show the results of `handfast interop --output` in the report: results.json
    #[arg(long, value_name = "FILE", requires = "report")]
    interop: Option<PathBuf>,
    /// Show the real bugs of `handfast history --json` in the report
    #[arg(long, value_name = "FILE", requires = "report")]
    history: Option<PathBuf>,
    /// Show the figures of `handfast bench --json` in the report
    #[arg(long, value_name = "FILE", requires = "report")]
    bench: Option<PathBuf>,
    /// Only configurations whose name contains this
    #[arg(long, value_name = "PART")]
    config: Option<String>,
    /// Check this mutant in the place of the shipped reducers: no pass is to be expected
    #[arg(long, value_name = "ID", value_parser = Names::MUTANTS, hide_possible_values = true, conflicts_with_all = ["full", "only"])]
    mutant: Option<String>,
    /// Print every configuration, mutant and scenario, and not only a summary
    #[arg(long, conflicts_with = "json")]
    details: bool,
    /// The first seed of the simulation
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = whole::<u64>(0..=u64::MAX))]
    seed: u64,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Say how long it took
    #[arg(long)]
    timings: bool,
}

/// A group of checks.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// The configurations of the model
    Configurations,
    /// The mutants of the model
    Mutants,
    /// Sessions of the shell
    Simulation,
    /// Sessions of the event engine
    Events,
    /// The intruder that knows things
    Intruder,
    /// The codec, connections and the store, case by case
    Parts,
}

/// The results of all groups that ran.
#[derive(Serialize)]
struct Verified {
    seeds: Range<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    simulation: Option<Swept>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Swept>,
    /// Each fault of the event engine after each step of a session.
    #[serde(skip)]
    faults: Option<Matrix>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intruder: Option<Examined>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<Tried>,
    /// The seeds and scenarios of the two sweeps.
    #[serde(skip)]
    heads: [String; 2],
    exit_code: u8,
}

impl Verify {
    /// Runs the groups, prints the verdicts, and returns the exit code.
    pub(crate) fn run(self, players: Option<Players>) -> Result<ExitCode, Failure> {
        let began = Instant::now();
        let junit = self.junit.clone().map(Junit::open).transpose()?;
        let attached = Attached::read(self.interop.as_deref(), self.history.as_deref(), self.bench.as_deref())?;
        let folder = self.report.as_deref().map(Folder::open).transpose()?;
        let sarif = self.sarif.clone().map(Sarif::open).transpose()?;
        let mutant = self.mutant.as_deref().and_then(Mutant::find);
        let (size, seeds) = match (self.full, self.small) {
            (true, _) => (config::Size::Full, FULL_SEEDS),
            (_, true) => (config::Size::Small, 1),
            _ => (config::Size::Quick, QUICK_SEEDS),
        };
        self.check_names(size, mutant)?;
        let seeds = self.seed..self.seed.saturating_add(seeds);
        if !self.json && [Group::Simulation, Group::Events].iter().any(|group| self.asks(*group)) {
            output::line(format_args!("seeds {}..{}\n", seeds.start, seeds.end))?;
        }
        let jobs = self.effort.jobs();
        let limits = self.effort.limits()?;
        let [checks, mutants] = [Group::Configurations, Group::Mutants].map(|group| self.asks(group));
        let selection = Selection {
            checks,
            mutants,
            limits,
            jobs: jobs.get(),
            players,
            mutant,
            configuration: self.config.clone(),
            timings: junit.is_some(),
            accepted: Some(verdicts::ACCEPTED),
            ..Selection::all(size)
        };
        let whole = checks && self.config.is_none();
        let mut model = (checks || mutants).then(|| progress::run("verify", &selection));
        let mut suites = model.as_ref().map(verdicts::suites).unwrap_or_default();
        // Without times: equal runs have equal reports.
        let mut of_report = Vec::new();
        // A reader that leaves takes no file away.
        let mut said = Ok(());
        if let Some(model) = &mut model {
            // Times stand in the file alone: what is printed is the same for the same program.
            model.forget_timings();
            of_report = verdicts::suites(model);
            said = match (self.details, self.json) {
                (true, _) => output::line(verdicts::Table { report: model, whole, rows: false }),
                (false, true) => Ok(()),
                (false, false) => {
                    output::line(format_args!("{}", Summary { report: model, whole }.to_string().trim_end()))
                        .and_then(|()| output::line(verdicts::total(model)))
                }
            };
        }
        let effort = sim::Effort { jobs, until: None, stop: limits.stop };
        let count = if self.full { FULL_EVENT_SEEDS } else { sim::EVENT_SEEDS.end };
        let of_event = seeds.start..seeds.start.saturating_add(count);
        let turmoil = Sweep { chosen: Chosen::Turmoil(Scenario::all()), seeds: seeds.clone() };
        let event = Sweep { chosen: Chosen::Event(Class::ALL.to_vec()), seeds: of_event };
        let heads = [turmoil.head(None), event.head(None)];
        let sweep = |group, what, sweep| self.asks(group).then(|| swept(what, sweep, effort)).transpose();
        let simulation = sweep(Group::Simulation, "verify, simulation", &turmoil)?;
        let event = sweep(Group::Events, "verify, event engine", &event)?;
        let faults = self.asks(Group::Events).then(matrix);
        let mut more: Vec<_> = [&simulation, &event].into_iter().flatten().map(Swept::suite).collect();
        let codes = model.iter().map(|model| verdicts::exit_code(model.outcome));
        let codes = codes.chain([&simulation, &event].into_iter().flatten().map(Swept::exit_code));
        let asks = self.asks(Group::Intruder);
        let intruder = asks.then(|| {
            let selection = intruder::Selection { limits, jobs: jobs.get(), ..intruder::Selection::default() };
            Examined::new(intruder::table(&selection), Vec::new(), intruder::hunted(limits))
        });
        more.extend(intruder.as_ref().map(Examined::suite));
        let parts = self.asks(Group::Parts).then(Tried::new);
        more.extend(parts.as_ref().map(Tried::suite));
        suites.extend(more.iter().cloned());
        of_report.extend(more);
        let codes = codes.chain(intruder.as_ref().map(Examined::exit_code));
        let codes = codes.chain(faults.as_ref().map(|faults| u8::from(!faults.holds())));
        let exit_code = worst(codes.chain(parts.as_ref().map(Tried::exit_code)));
        let verified =
            Verified { seeds: seeds.clone(), model, simulation, event, faults, intruder, parts, heads, exit_code };
        if folder.is_some() || sarif.is_some() {
            let Verified { model, simulation, event, .. } = &verified;
            let (model, again) = (model.as_ref(), verified.again(mutant));
            let (simulation, event) = (simulation.as_ref(), event.as_ref());
            let data = Data::new(&Asked {
                seeds,
                model,
                simulation,
                event,
                faults: verified.faults.as_ref(),
                intruder: verified.intruder.as_ref().map(|one| one.summary().to_string()),
                others: verified
                    .intruder
                    .iter()
                    .flat_map(|one| one.unexpected())
                    .map(|text| ("intruder", text))
                    .chain(verified.parts.iter().flat_map(Tried::unexpected).map(|text| ("parts", text)))
                    .chain(verified.faults.iter().flat_map(Matrix::broken).map(|text| ("event engine", text)))
                    .collect(),
                mutant,
                limits,
                exit_code,
                verdict: verified.words(),
                again,
                attached,
            });
            folder.iter().for_each(|folder| folder.write(&data, &of_report));
            sarif.iter().for_each(|sarif| sarif.write(&data));
        }
        said?;
        if self.json {
            output::json(&verified)?
        } else {
            verified.print_rest(self.details, mutant)?
        }
        let is_cut = |model: &Report| verdicts::exit_code(model.outcome) == INCONCLUSIVE && model.wants_more();
        if verified.model.as_ref().is_some_and(is_cut) && !interrupt::has_stopped_checks() {
            output::note(CUT_SHORT);
        }
        if self.timings {
            output::line(format_args!("took {:.1} s", began.elapsed().as_secs_f64()))?;
        }
        Junit::end(junit, suites, exit_code)
    }

    /// Refuses a part of a name that no configuration has, and a mutant that no configuration has a place for: both would check nothing.
    fn check_names(&self, size: config::Size, mutant: Option<&Mutant>) -> Result<(), Failure> {
        if self.config.is_some() && !self.asks(Group::Configurations) {
            return Err(Failure::usage("--config: it chooses among configurations, and --only names other groups"));
        }
        if let Some(part) = &self.config {
            let ids: BTreeSet<_> = config::configurations(size).iter().map(config::Configuration::id).collect();
            if !ids.iter().any(|id| id.contains(part.as_str())) {
                return Err(Failure::usage(format_args!("--config: {}", names::unknown("configuration", part, &ids))));
            }
        }
        match mutant {
            Some(Mutant { id, setting: Setting::Registries | Setting::Clients, .. }) => Err(Failure::usage(
                format_args!("--mutant {id}: it is not in the reducers of a link; use handfast check --mutant {id}"),
            )),
            _ => Ok(()),
        }
    }

    fn asks(&self, group: Group) -> bool {
        // Only configurations have a place for a mutant.
        let all = self.only.is_empty() && (self.mutant.is_none() || group == Group::Configurations);
        all || self.only.contains(&group)
    }
}

/// Carries a whole sweep out.
fn swept(what: &'static str, asked: &Sweep, effort: sim::Effort) -> Result<Swept, Failure> {
    let pieces = asked.carry_out_all(&asked.parts(None), effort, &Watch::new(what), &|_, _| Ok(()));
    Ok(Swept::new(asked, None, &pieces.map_err(Failure::reason)?))
}

impl Verified {
    /// Prints the sweeps and the verdict, below the model's table.
    fn print_rest(&self, details: bool, mutant: Option<&Mutant>) -> Result<(), Failure> {
        for (head, swept) in self.heads.iter().zip([&self.simulation, &self.event]) {
            let Some(swept) = swept else { continue };
            match details {
                true => output::line(format_args!("\n{head}\n{swept}"))?,
                false => output::line(format_args!("\n{head}\n{}", swept.summary()))?,
            }
        }
        self.faults.iter().flat_map(Matrix::broken).try_for_each(output::line)?;
        if let Some(intruder) = &self.intruder {
            match details {
                true => output::line(format_args!("\n{intruder}"))?,
                false => {
                    output::line("")?;
                    intruder.unexpected().iter().try_for_each(output::line)?;
                    output::line(intruder.summary())?;
                }
            }
        }
        if let Some(parts) = &self.parts {
            output::line(format_args!("\n{parts}"))?;
        }
        output::line(format_args!("\n{}", self.words()))?;
        output::again(self.again(mutant))
    }

    /// The verdict in words.
    fn words(&self) -> &'static str {
        let of_model = self.model.as_ref().is_some_and(verdicts::is_certain);
        words(self.exit_code, of_model || self.intruder.as_ref().is_some_and(Examined::is_certain))
    }

    /// The command that shows the first thing again that is not as expected.
    fn again(&self, mutant: Option<&Mutant>) -> Option<String> {
        let of_model = self.model.as_ref().and_then(verdicts::again);
        if let (Some(_), Some(mutant)) = (&of_model, mutant) {
            return Some(format!("handfast check --mutant {}", mutant.id));
        }
        let of = |swept: &Option<Swept>| swept.as_ref().and_then(Swept::again);
        of_model.or_else(|| of(&self.simulation)).or_else(|| of(&self.event))
    }
}
