//! `handfast explore`: a page in which a reader walks through the protocol, with the graph of the checker inside.

mod recorded;

use std::{
    fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use handfast::trace::{self, Header};
use handfast_model::{
    config::{self, Configuration, Size},
    counted,
    players::Players,
    walkable::{self, Walkable},
    without::Without,
};
use handfast_sim::event::{Engine, Watch};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    failure::Failure,
    html,
    names::{self, Names},
    numbers::whole,
    options::{Change, SizeName},
    output, qr, replay, shrink,
};

/// States of a page, unless asked otherwise: some megabytes.
const STATES: usize = 3_000;
/// States of a page at most: what a browser still holds.
const MAX_STATES: u64 = 50_000;
/// The token of the page's QR code. It is no device's.
const TOKEN: &str = "jami-auth://0123456789abcdef0123456789abcdef01234567/123456";

const STYLE: &str = include_str!("explore/page.css");
const SCRIPT: &str = include_str!("explore/page.js");

/// Write a page in which to walk through the protocol, step by step
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast explore --output walk.html
  handfast explore --config HH-documented-loss --output walk.html
  handfast explore --config HH-documented-honest --budget loss=1 --output walk.html
  handfast explore --trace link.trace --output walk.html

The page has the graph inside and needs no server. Its address holds the way: a link to it is a link to a state.
Exit codes: 0 written, 1 standard output is lost, 2 usage: also a file that cannot be used.")]
pub(crate) struct Explore {
    /// The configuration
    #[arg(long, value_name = "NAME", default_value = "HH-documented-honest", value_parser = Names::CONFIGURATIONS,
          hide_possible_values = true)]
    config: String,
    /// Change how often a kind of trouble may happen
    #[arg(long, value_name = "KEY=N")]
    budget: Vec<Change>,
    /// The size of the configuration, which fixes its budget; without it, the smallest that has it
    #[arg(long, value_enum, value_name = "SIZE")]
    size: Option<SizeName>,
    /// States at most; those that are nearest to the beginning
    #[arg(long, value_name = "N", default_value_t = STATES as u64, allow_negative_numbers = true,
          value_parser = whole::<u64>(1..=MAX_STATES))]
    states: u64,
    /// Walk along a trace, and not through a configuration
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "budget", "size", "states", "schedule"])]
    trace: Option<PathBuf>,
    /// Walk along a schedule of the event engine
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "budget", "size", "states"])]
    schedule: Option<PathBuf>,
    /// The page; without it, standard output, if that is no terminal
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Explore {
    /// Explores the configuration, and writes the page.
    pub(crate) fn run(self, players: Option<Players>) -> Result<ExitCode, Failure> {
        if self.output.is_none() && io::stdout().is_terminal() {
            let text = "the page is HTML, which a terminal does not show; give --output walk.html, and open that file";
            return Err(Failure::usage(text));
        }
        let failed =
            |path: &Path, error: io::Error| Failure::usage(format_args!("--output {}: {error}", path.display()));
        if let Some(path) = &self.output {
            // Before the work, which may fail: then it has left the place as it was.
            output::is_writable(path).map_err(|error| failed(path, error))?;
        }
        let walkable = self.walkable(players)?;
        let page = page(&walkable)?.into_string();
        match &self.output {
            None => output::line(page)?,
            Some(path) => {
                fs::write(path, page).map_err(|error| failed(path, error))?;
                let size = if walkable.complete { "the whole graph" } else { "the nearest part of the graph" };
                output::line(format_args!(
                    "{}: {}, {size} of {}, at most: {}",
                    path.display(),
                    counted(walkable.states.len(), "state"),
                    walkable.configuration,
                    walkable.budget
                ))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Explores what was asked for.
    fn walkable(&self, players: Option<Players>) -> Result<Walkable, Failure> {
        if let Some(path) = &self.trace {
            let (header, steps) = replay::read(path).map_err(Failure::of_usage)?;
            if steps.len() as u64 > MAX_STATES {
                let text = format_args!(
                    "{}: a page to look at has at most {MAX_STATES} steps, and it has more",
                    path.display()
                );
                return Err(Failure::usage(text));
            }
            let title = format!("{} ({})", path.display(), header.driver);
            return Ok(recorded::walkable(&header, Without::default(), &steps, title, None));
        }
        if let Some(path) = &self.schedule {
            let kept = shrink::read(path)?;
            let mutant = kept.mutant.as_deref().map(shrink::mutant).transpose()?;
            let (engine, rules) = match &mutant {
                None => (Engine::shipped(), Some(Without::default())),
                Some(mutant) => (mutant.engine(), mutant.rules()),
            };
            let Some(rules) = rules else {
                let text = format_args!("{}: a side is a legacy one: use handfast diagram", path.display());
                return Err(Failure::usage(text));
            };
            let ran = engine.run(&kept.schedule, Watch::ALL);
            let trace = ran.trace();
            let header: Header = trace::from_line(trace.lines().next().unwrap_or_default()).map_err(Failure::reason)?;
            let broken = ran.broken.as_ref().map(|broken| format!("{}: {}", broken.law, broken.text));
            let title = match mutant {
                None => path.display().to_string(),
                Some(mutant) => format!("{} ({}: {})", path.display(), mutant.id, mutant.broken),
            };
            return Ok(recorded::walkable(&header, rules, &ran.steps, title, broken));
        }
        let configuration = self.configuration()?;
        let states = usize::try_from(self.states).unwrap_or(STATES);
        Ok(walkable::walkable(&players.unwrap_or_default(), configuration, states))
    }

    /// The configuration of this name, of the size that was asked for or the smallest, with its budget changed.
    fn configuration(&self) -> Result<Configuration, Failure> {
        let sizes = self.size.map_or_else(|| vec![Size::Small, Size::Quick, Size::Full], |size| vec![size.into()]);
        let found = sizes.iter().find_map(|size| config::find(*size, &self.config));
        let mut configuration = found.ok_or_else(|| {
            let all = sizes.iter().flat_map(|size| config::configurations(*size));
            let ids = all.map(|one| one.id()).collect();
            Failure::usage(format_args!("--config: {}", names::unknown("configuration", &self.config, &ids)))
        })?;
        for Change { key, count } in &self.budget {
            configuration.budget.set(key, *count);
        }
        Ok(configuration)
    }
}

/// JSON within a script: no tag ends it.
fn embedded(walkable: &Walkable) -> Result<String, Failure> {
    serde_json::to_string(walkable).map(|json| json.replace('<', "\\u003c")).map_err(Failure::reason)
}

fn page(walkable: &Walkable) -> Result<Markup, Failure> {
    let data = embedded(walkable)?;
    let code = qr::svg(TOKEN).unwrap_or_default();
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            (html::head(&format!("handfast explore: {}", walkable.configuration), STYLE))
            body {
                header {
                    h1 { (walkable.configuration) }
                    p.dim {
                        (walkable.states.len()) " states"
                        (if walkable.complete { ", the whole graph" } else { ", the nearest part of a larger graph" })
                        " · at most: " (walkable.budget)
                    }
                    form #search {
                        button type="button" #back { "← Back" } " " button type="button" #forward { "Forward →" } " " button type="button" #again { "From the beginning" }
                        label { " Shortest way to " select #goal { option value="" { "…" } @for (number, goal) in walkable.goals.iter().enumerate() {
                            option value=(number) { (if goal.violation { "violation of " } else { "" }) (goal.name) }
                        } } }
                    }
                }
                p #violated role="alert" {}
                main {
                    @for (number, (side, device)) in [("import", "New device"), ("export", "Old device")].into_iter().enumerate() {
                        section class=(side) aria-label=(device) {
                            h2 { (device) }
                            div.screen {
                                p.what data-at={ "client-" (number) } {}
                                p.says data-at={ "says-" (number) } {}
                                @if number == 0 { div.code #code hidden { (PreEscaped(&code)) p.dim { (TOKEN) } } }
                            }
                            dl {
                                dt { "daemon" } dd data-at={ "daemon-" (number) } {}
                                dt { "timers" } dd data-at={ "timers-" (number) } {}
                                dt { "on the way to it" } dd data-at={ "flight-" (number) } {}
                            }
                        }
                    }
                }
                section aria-label="Next steps" { h2 { "Next steps" } div #steps {} }
                section aria-label="The way here" { h2 { "The way here" } p.dim #where role="status" {} div.wide tabindex="0" role="region" aria-label="Sequence diagram" #drawing {} ol #way {} }
                noscript { p { "This page needs its script, which is inside." } }
                script #graph type="application/json" { (PreEscaped(data)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    })
}
