//! `handfast validate`: whether what was seen or recorded of a link is a run of the model.

mod observed;
mod recorded;

use std::{path::PathBuf, process::ExitCode, str::FromStr};

use clap::Args;
use handfast::outcome::Profile;
use handfast_model::{
    config::Budget,
    observed::{Apart, Delays, Explanation, Place, Refusal, Terms, Verdict},
};

use crate::{
    failure::Failure,
    options::{Change, PairName, ProfileName},
    output,
};

/// Decide whether what clients saw of a link, or what its sides recorded, is a run of the model
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast validate --observed --pair LL --profile jamid trace.ndjson
  handfast import --store accounts --yes --json >import.ndjson
  handfast validate --observed import.ndjson export.ndjson
  handfast validate --observed --budget loss=0 --mermaid trace.ndjson
  handfast validate import.trace export.trace

Exit codes: 0 it is, 1 it is not or a line is not of a trace, 2 usage, 4 the search was cut short.")]
pub(crate) struct Validate {
    /// The files hold calls and signals, as --json prints them and clients see them. Without it they hold steps, as --trace
    /// writes them: then each has to replay, and its inputs to be those of a run
    #[arg(long)]
    observed: bool,
    /// The pair of the link, the import side first. Default: the pair of the trace, or else HH
    #[arg(long, value_enum, value_name = "XY")]
    pair: Option<PairName>,
    /// The profile of the link. Default: the profile of the trace, or else documented
    #[arg(long, value_enum, value_name = "PROFILE")]
    profile: Option<ProfileName>,
    /// Change how often something may have gone wrong unseen: loss=1 unless it is given, storage=0
    #[arg(long, value_name = "KEY=N")]
    budget: Vec<Change>,
    /// Change how long things take, in milliseconds. At most: signal=50 until one is noted, call=1000 from one to its return,
    /// posted=500 until an old daemon does what it has posted, thread=30 until a thread of it goes on. At least: loss=10000
    /// until it notices that its connection is lost
    #[arg(long, value_name = "KEY=MS", requires = "observed")]
    delay: Vec<Delay>,
    /// The times of all files are of one clock. Otherwise what stands in different files has no order
    #[arg(long, requires = "observed")]
    one_clock: bool,
    /// A timer may have run out at any time: the link had other timers than it has by default
    #[arg(long, requires = "observed")]
    free_timers: bool,
    /// The files are complete: no call is under way where a file ends, and no signal is unwritten.
    /// Without it a file may be the beginning of a longer one
    #[arg(long, requires = "observed")]
    whole: bool,
    /// Refuse a trace in which an operation has not ended. Implies --whole
    #[arg(long, requires = "observed")]
    complete: bool,
    /// Draw how it came about as a Mermaid diagram, instead of telling it
    #[arg(long, conflicts_with = "json")]
    mermaid: bool,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// The lines of one link: a file, or one of each side
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// A changed delay.
#[derive(Clone)]
pub(crate) struct Delay {
    pub(crate) key: String,
    pub(crate) ms: u64,
}

impl FromStr for Delay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, ms) = text.split_once('=').ok_or("expected KEY=MS")?;
        let ms = ms.parse().map_err(|_| "expected a number of milliseconds after `=`")?;
        if !Delays::default().set(key, ms) {
            return Err(format!("expected one of {}", Delays::KEYS.join(", ")));
        }
        Ok(Self { key: key.into(), ms })
    }
}

impl Validate {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.observed { self.run_observed() } else { self.run_recorded() }
    }

    /// Returns the assumptions, where the files say this much.
    fn terms(&self, pair: PairName, profile: Profile) -> Terms {
        let mut terms = Terms::new(self.pair.unwrap_or(pair).into(), self.profile.map_or(profile, Into::into));
        for Change { key, count } in &self.budget {
            terms.budget.set(key, *count);
        }
        terms
    }

    /// The content of a line.
    const fn unit(&self) -> &'static str {
        if self.observed { "calls and signals" } else { "steps" }
    }

    fn report(&self, terms: &Terms, count: usize, verdict: &Verdict) -> Result<ExitCode, Failure> {
        if self.json {
            output::json(verdict)?;
        }
        let silent = self.json;
        match verdict {
            Verdict::Allowed { runs, apart } => {
                if !silent {
                    self.print(count, terms, runs, apart)?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Verdict::Refused(refusal) => {
                if !silent {
                    self.refuse(terms, refusal)?;
                }
                Ok(ExitCode::from(1))
            }
            Verdict::Inconclusive { why } => {
                if !silent {
                    output::line(format_args!("INCONCLUSIVE ({why})"))?;
                }
                Ok(ExitCode::from(4))
            }
        }
    }

    fn print(&self, count: usize, terms: &Terms, runs: &[Explanation], apart: &[Apart]) -> Result<(), Failure> {
        for run in runs {
            if self.mermaid {
                output::line(run.mermaid.trim_end())?;
                continue;
            }
            for step in &run.schedule {
                let lines: Vec<_> = step.lines.iter().map(|place| self.place(*place)).collect();
                let lines = if lines.is_empty() { "·".into() } else { lines.join(" ") };
                output::line(format_args!("{lines:>9}  {}", step.what))?;
            }
            if run.faults != Budget::default() {
                output::line(format_args!("it needs {}", run.faults))?;
            }
        }
        if !self.mermaid {
            self.set_apart(apart)?;
            output::line(format_args!("ALLOWED: {count} {} are a run of {}", self.unit(), terms.name()))?;
        }
        Ok(())
    }

    fn refuse(&self, terms: &Terms, refusal: &Refusal) -> Result<(), Failure> {
        output::line(format_args!("REFUSED: it is no run of {}", terms.name()))?;
        output::line(format_args!("explained: {} {}", refusal.explained, self.unit()))?;
        for line in &refusal.lines {
            output::line(format_args!("line {}: {}", self.place(line.place), line.says))?;
            if let Some(flaw) = line.flaw {
                output::line(format_args!("  {flaw}"))?;
            }
        }
        for remark in &refusal.remarks {
            output::line(format_args!("note on line {}: {}", self.place(remark.place), remark.why))?;
        }
        output::line(format_args!("states there: {}", refusal.states))?;
        for (seen, count) in &refusal.seen {
            output::line(format_args!("  {count} with {seen}"))?;
        }
        output::line("what could have come:")?;
        refusal.next.iter().try_for_each(|next| output::line(format_args!("  {next}")))?;
        self.set_apart(&refusal.apart)
    }

    /// Prints the lines that are no part of the link, with the reason.
    fn set_apart(&self, apart: &[Apart]) -> Result<(), Failure> {
        apart.iter().try_for_each(|Apart { place, says, why }| {
            output::line(format_args!("line {} is no part of the link: {says}: {why}", self.place(*place)))
        })
    }

    /// The line, with its file where there are several.
    fn place(&self, place: Place) -> String {
        match self.files.len() {
            1 => place.line.to_string(),
            _ => format!("{}:{}", place.file, place.line),
        }
    }
}
