//! `handfast check`: some of the checks, and what they found.

mod explorer;

use std::{
    fs,
    io::{self, BufWriter},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, ValueEnum, builder::TypedValueParser as _};
use handfast_model::{
    config::{self, Configuration},
    counted,
    mutants::Mutant,
    players::Players,
    properties::PropertyId,
    report::{Report, Selection},
    stable, walk, witness,
    written::{self, Format},
};
use serde::Serialize;

use crate::{
    baseline::{Baseline, Changes},
    exit_code::{CHECKS, CUT_SHORT, INCONCLUSIVE},
    failure::Failure,
    flaws, interrupt,
    names::{self, Names},
    numbers::address,
    options::{Change, Effort, ProfileName, SizeName},
    output, progress,
    verdicts::{
        self,
        summary::{SCREEN, Summary},
    },
};

/// Check some configurations or mutants of the model, look for a goal, or walk through the graph
#[derive(Args)]
#[command(after_help = format!("\
Examples:
  handfast check --all
  handfast check --all --json > baseline.json; handfast check --all --baseline baseline.json
  handfast check --pair HH --profile jamid --property P-STORED
  handfast check --config HH-documented-loss --budget loss=3 --budget wrong=0
  handfast check --mutant M-07
  handfast check --mutants
  handfast check --flaws
  handfast check --stable
  handfast check --config HH-documented-honest --reach \"both succeed\"
  handfast check --config HH-documented-loss --export loss.aut
  handfast check --config HH-documented-loss --reach \"both succeed\" --export way.itf.json

{CHECKS}
6: a graph is another than the accepted one; with --baseline, more than counts differs."))]
pub(crate) struct Check {
    /// Every configuration: the default
    #[arg(long, conflicts_with_all = ["pair", "profile", "config"])]
    all: bool,
    /// How large the configurations are
    #[arg(long, value_enum, value_name = "SIZE", default_value = "quick")]
    size: SizeName,
    /// Check this pair only, the import side first
    #[arg(long, value_enum, value_name = "XY")]
    pair: Option<CastName>,
    /// Check this profile only
    #[arg(long, value_enum, value_name = "PROFILE")]
    profile: Option<ProfileName>,
    /// One configuration
    #[arg(long, value_name = "NAME", value_parser = Names::CONFIGURATIONS, hide_possible_values = true,
          conflicts_with_all = ["pair", "profile"])]
    config: Option<String>,
    /// One property
    #[arg(long, value_name = "ID", hide_possible_values = true,
          value_parser = Names::PROPERTIES.try_map(|id| PropertyId::from_id(&id).ok_or("there is no such property")))]
    property: Option<PropertyId>,
    /// One mutant, and how it is found
    #[arg(long, value_name = "ID", value_parser = Names::MUTANTS, hide_possible_values = true,
          conflicts_with_all = ["all", "pair", "profile", "config", "property", "mutants", "budget"])]
    mutant: Option<String>,
    /// All mutants; with what else is named, too
    #[arg(long)]
    mutants: bool,
    /// Print the known violations of pairs with an old side, and why
    #[arg(long, conflicts_with_all = ["all", "pair", "profile", "config", "property", "mutants", "mutant", "budget"])]
    flaws: bool,
    /// Print, for each kind of trouble, the number from which one more changes nothing that a user or a client can see
    #[arg(long, conflicts_with_all = ["all", "pair", "profile", "config", "property", "mutants", "mutant", "budget", "flaws", "size",
          "baseline", "bless"])]
    stable: bool,
    /// Say what is otherwise than in this report of --json
    #[arg(long, value_name = "FILE", conflicts_with_all = ["mutant", "flaws", "reach", "explore"])]
    baseline: Option<PathBuf>,
    /// Accept the graphs as they are: write FILE, `model/graphs.txt`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pair", "profile", "config", "mutant", "flaws", "reach", "explore", "budget"])]
    bless: Option<PathBuf>,
    /// Change how often a kind of trouble may happen
    #[arg(long, value_name = "KEY=N")]
    budget: Vec<Change>,
    /// Show a shortest way to a goal, instead
    #[arg(long, value_name = "GOAL", value_parser = Names::GOALS, hide_possible_values = true, requires = "config",
          conflicts_with_all = ["mutants", "property"])]
    reach: Option<String>,
    /// Let a browser walk through the graph at this address, until Ctrl-C
    #[arg(long, value_name = "ADDR", value_parser = address, requires = "config", conflicts_with_all = ["mutants", "property", "reach", "json"])]
    explore: Option<SocketAddr>,
    /// Write the graph, each step with its words, for another tool: .aut (CADP, mCRL2), .dot, .jsonl or .tla; with --reach the way, as
    /// .itf.json
    #[arg(long, value_name = "FILE", requires = "config", value_parser = graph_file,
          conflicts_with_all = ["mutants", "property", "explore", "baseline", "bless"])]
    export: Option<GraphFile>,
    #[command(flatten)]
    effort: Effort,
    /// Print the whole table, also where it is longer than a screen
    #[arg(long, conflicts_with = "json")]
    details: bool,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Say how long each check took, with each engine
    #[arg(long)]
    timings: bool,
}

/// The pair of peers.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "verbatim")]
enum CastName {
    /// Both hardened
    HH,
    /// A hardened importer, a legacy exporter
    HL,
    /// A legacy importer, a hardened exporter
    LH,
    /// Both legacy
    LL,
    /// A hardened importer, hostile exporters
    HX,
    /// A hardened exporter, a hostile importer
    XH,
    /// A legacy importer, hostile exporters
    LX,
    /// A legacy exporter, a hostile importer
    XL,
}

/// A file for a graph, or for a way through it.
#[derive(Clone)]
struct GraphFile {
    path: PathBuf,
    /// None: a way, as an ITF trace.
    format: Option<Format>,
}

fn graph_file(path: &str) -> Result<GraphFile, &'static str> {
    let is_way = path.ends_with(".itf.json");
    let path = PathBuf::from(path);
    let format = Format::of(&path);
    if format.is_none() && !is_way {
        return Err("the name ends in none of .aut, .dot, .jsonl, .tla and .itf.json");
    }
    Ok(GraphFile { path, format })
}

/// The graphs that were accepted before: none where there is no file, nor of what is not a file, such as a pipe.
fn accepted_before(path: &Path) -> io::Result<String> {
    match fs::metadata(path) {
        Ok(kind) if kind.is_file() => fs::read_to_string(path),
        _ => Ok(String::new()),
    }
}

/// The exit code where all is as expected, and not as it was.
const UNLIKE_BASELINE: u8 = 6;

/// The JSON output.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'a Changes>,
}

impl Check {
    /// Does it.
    pub(crate) fn run(self, players: Option<Players>) -> Result<ExitCode, Failure> {
        if self.flaws {
            return flaws::print(self.json);
        }
        if self.stable {
            return self.stable();
        }
        if let Some(id) = &self.mutant {
            let mutant = Mutant::find(id).ok_or_else(|| Failure::usage(format_args!("--mutant: there is no {id}")))?;
            return self.hunt(mutant);
        }
        if let Some(configuration) = self.configuration()? {
            match (&self.export, &self.reach) {
                (Some(GraphFile { path, format: None }), Some(goal)) => {
                    return self.write_way(players, configuration, goal, path);
                }
                (Some(GraphFile { path, format: Some(format) }), None) => {
                    return self.write(players, configuration, path, *format);
                }
                (Some(_), _) => {
                    return Err(Failure::usage(
                        "--export: a way (--reach) is written as .itf.json, and a graph as any other",
                    ));
                }
                (None, _) => {}
            }
            match (&self.reach, self.explore) {
                (Some(goal), _) => return self.reach(players, configuration, goal),
                (None, Some(address)) => {
                    explorer::serve(players, configuration, self.effort.limits_of_work(), address)?;
                    return Ok(ExitCode::SUCCESS);
                }
                (None, None) => {}
            }
        }
        let baseline = self.baseline.as_deref().map(Baseline::read).transpose()?;
        let configuration = self.part_of_id();
        let named = self.all || configuration.is_some() || self.property.is_some() || !self.budget.is_empty();
        let selection = Selection {
            size: self.size.into(),
            checks: named || !self.mutants,
            configuration,
            property: self.property,
            mutants: self.mutants,
            budget: self.budget.iter().map(|change| (change.key.clone(), change.count)).collect(),
            limits: self.effort.limits()?,
            jobs: self.effort.jobs().get(),
            timings: self.timings,
            players,
            mutant: None,
            accepted: Some(verdicts::ACCEPTED).filter(|_| self.bless.is_none()),
        };
        let whole = selection.checks && selection.configuration.is_none();
        let unblessed = |path: &Path, error| Failure::usage(format_args!("--bless {}: {error}", path.display()));
        if let Some(path) = &self.bless {
            output::is_writable(path).map_err(|error| unblessed(path, error))?;
        }
        let report = progress::run("check", &selection);
        if let Some(path) = &self.bless {
            let before = accepted_before(path).map_err(|error| unblessed(path, error))?;
            let graphs = witness::accepted(&before, self.size.into(), &report.checked);
            fs::write(path, graphs).map_err(|error| unblessed(path, error))?;
        }
        let changes = baseline.map(|baseline| baseline.changes(&selection, &report)).transpose()?;
        if self.json {
            output::json(&Printed { report: &report, changes: changes.as_ref() })?
        } else {
            let table = verdicts::Table { report: &report, whole, rows: true }.to_string();
            if self.details || table.lines().count() <= SCREEN {
                output::line(table)?;
            } else {
                output::line(Summary { report: &report, whole }.to_string().trim_end())?;
                output::line(verdicts::total(&report))?;
            }
            changes.iter().try_for_each(output::line)?
        }
        let is_cut = verdicts::exit_code(report.outcome) == INCONCLUSIVE && report.wants_more();
        if is_cut && !interrupt::has_stopped_checks() {
            output::note(CUT_SHORT);
        }
        let as_before = changes.is_none_or(|changes| changes.only_counts());
        Ok(ExitCode::from(match verdicts::exit_code(report.outcome) {
            0 if !as_before => UNLIKE_BASELINE,
            code => code,
        }))
    }

    /// The one configuration that is named, with its budget changed.
    fn configuration(&self) -> Result<Option<Configuration>, Failure> {
        let Some(name) = &self.config else { return Ok(None) };
        let size = self.size.into();
        let mut configuration = config::find(size, name).ok_or_else(|| {
            let ids = config::configurations(size).iter().map(Configuration::id).collect();
            Failure::usage(format_args!("--config: {}", names::unknown("configuration of this size", name, &ids)))
        })?;
        for Change { key, count } in &self.budget {
            configuration.budget.set(key, *count);
        }
        Ok(Some(configuration))
    }

    /// Returns the common part of the ids of the chosen configurations.
    fn part_of_id(&self) -> Option<String> {
        let profile = self.profile.map(|profile| match profile {
            ProfileName::Documented => "-documented-",
            ProfileName::Jamid => "-jamid-",
        });
        let pair = self.pair.map(|pair| match pair {
            CastName::HH => "HH",
            CastName::HL => "HL",
            CastName::LH => "LH",
            CastName::LL => "LL",
            CastName::LX => "LX",
            CastName::XL => "XL",
            CastName::HX => "HX",
            CastName::XH => "XH",
        });
        match (&self.config, pair, profile) {
            (Some(name), _, _) => Some(name.clone()),
            (None, None, None) => None,
            (None, pair, profile) => Some([pair.unwrap_or_default(), profile.unwrap_or("-")].concat()),
        }
    }

    fn hunt(&self, mutant: &Mutant) -> Result<ExitCode, Failure> {
        let kill = mutant.hunt(self.size.into(), self.effort.limits()?);
        let verdict = &kill.row.verdict;
        if self.json {
            output::json(&kill)?;
        } else {
            output::line(format_args!("{}: {}", kill.mutant, kill.broken))?;
            output::line(format_args!("{} in {}: {verdict}", kill.row.property.id(), kill.row.configuration))?;
            if let Some(counterexample) = &kill.row.counterexample {
                output::line(format_args!("\n```mermaid\n{}```", counterexample.mermaid))?;
            }
        }
        // A mutant is expected to be found.
        Ok(if verdict.is_violated() { ExitCode::SUCCESS } else { ExitCode::from(4) })
    }

    fn stable(&self) -> Result<ExitCode, Failure> {
        let limits = self.effort.limits()?;
        let results: Vec<_> = stable::KINDS.iter().map(|kind| kind.compare(limits)).collect();
        if self.json {
            output::json(&results)?;
        } else {
            output::line(stable::markdown(&results).trim_end())?;
        }
        let is_open = |one: &stable::Stable| one.steps.contains(&stable::Step::Open);
        let code = if results.iter().any(is_open) { 4 } else { u8::from(results.iter().any(|one| !one.as_stated)) };
        Ok(ExitCode::from(code))
    }

    fn write(
        &self,
        players: Option<Players>,
        configuration: Configuration,
        path: &Path,
        format: Format,
    ) -> Result<ExitCode, Failure> {
        let module = configuration.id().replace('-', "_");
        if format == Format::Tla && path.file_stem().is_none_or(|stem| stem != module.as_str()) {
            let text =
                format_args!("--export {}: a module of TLA+ has the name of its file: {module}.tla", path.display());
            return Err(Failure::usage(text));
        }
        let failed = |error| Failure::usage(format_args!("--export {}: {error}", path.display()));
        let limits = self.effort.limits()?;
        let open = || fs::File::create(path).map(BufWriter::new);
        let graph =
            written::write(&players.unwrap_or_default(), configuration, format, limits, open).map_err(failed)?;
        if !graph.complete {
            let states = graph.states;
            return Err(Failure::with_code(
                4,
                format_args!("{configuration}: cut short after {}", counted(states, "state")),
            ));
        }
        if self.json {
            output::json(&graph)?;
        } else {
            let (states, edges, depth) = (counted(graph.states, "state"), counted(graph.edges, "edge"), graph.depth);
            output::line(format_args!("{configuration}: {states}, {edges}, depth {depth}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn write_way(
        &self,
        players: Option<Players>,
        configuration: Configuration,
        goal: &str,
        path: &Path,
    ) -> Result<ExitCode, Failure> {
        has_goal(&configuration, goal)?;
        let open = || fs::File::create(path).map(BufWriter::new);
        let way = written::write_way(&players.unwrap_or_default(), configuration, goal, self.effort.limits()?, open);
        let failed = |error| Failure::usage(format_args!("--export {}: {error}", path.display()));
        match way.map_err(failed)? {
            Some(steps) if self.json => output::json(&serde_json::json!({ "goal": goal, "steps": steps }))?,
            Some(steps) => output::line(format_args!("{configuration}: {goal}, in {}", counted(steps, "step")))?,
            None => return Err(Failure::with_code(4, format_args!("{goal}: not reached within the limits"))),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn reach(&self, players: Option<Players>, configuration: Configuration, goal: &str) -> Result<ExitCode, Failure> {
        has_goal(&configuration, goal)?;
        match walk::reach_with(&players.unwrap_or_default(), configuration, goal, self.effort.limits()?) {
            Some(way) if self.json => output::json(&way)?,
            Some(way) => output::line(way.mermaid.trim_end())?,
            None => return Err(Failure::with_code(4, format_args!("{goal}: not reached within the limits"))),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Refuses a goal that is not looked for in a configuration.
fn has_goal(configuration: &Configuration, goal: &str) -> Result<(), Failure> {
    let goals = walk::goals(configuration);
    if goals.contains(&goal) {
        return Ok(());
    }
    let goals = goals.into_iter().map(str::to_owned).collect();
    let text = names::unknown("goal of this configuration", goal, &goals);
    Err(Failure::usage(format_args!("--reach: {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run that ends early leaves no empty file, and a pipe does not wait before the work.
    #[test]
    fn a_place_is_tried_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there");
        fs::write(&there, "accepted").unwrap();
        output::is_writable(&there).unwrap();
        output::is_writable(&folder.path().join("missing")).unwrap();
        assert_eq!(accepted_before(&there).unwrap(), "accepted");
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["there"]);
        for (wrong, kind) in [
            (folder.path().to_owned(), io::ErrorKind::IsADirectory),
            (folder.path().join("no/file"), io::ErrorKind::NotFound),
            (there.join("file"), io::ErrorKind::NotADirectory),
        ] {
            assert_eq!(output::is_writable(&wrong).unwrap_err().kind(), kind, "{}", wrong.display());
        }
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        output::is_writable(&fifo).unwrap();
        assert_eq!(accepted_before(&fifo).unwrap(), "");
    }
}
