//! `--observed`: calls and signals.

use std::process::ExitCode;

use clap::ValueEnum as _;
use handfast_model::observed::{self, Trace};

use super::{Delay, PairName, Validate};
use crate::{
    failure::Failure,
    input::{self, FileError, without_mark},
    output,
};

impl Validate {
    pub(super) fn run_observed(&self) -> Result<ExitCode, Failure> {
        let mut trace = Trace::default();
        for path in &self.files {
            let text = input::OBSERVED.read(path).map_err(|error| match error {
                FileError::Unreadable(error) => Failure::usage(format_args!("{}: {error}", path.display())),
                FileError::TooLarge(_) => Failure::reason(format_args!("{}: {error}", path.display())),
            })?;
            let text =
                without_mark(&text).map_err(|error| Failure::reason(format_args!("{}: {error}", path.display())))?;
            trace.read(text).map_err(|error| Failure::reason(format_args!("{}: {error}", path.display())))?;
        }
        if trace.lines.is_empty() {
            let files: Vec<_> = self.files.iter().map(|path| path.display().to_string()).collect();
            let text = "there is no call and no signal in it; give lines that import --json or export --json printed";
            return Err(Failure::reason(format_args!("{}: {text}", files.join(", "))));
        }
        if self.one_clock {
            trace.join_clocks();
        }
        let pair = match &trace.pair {
            None => PairName::HH,
            Some(name) => PairName::from_str(name, false)
                .map_err(|_| Failure::reason(format_args!("the trace is of the pair {name:?}, which is unknown")))?,
        };
        let mut terms = self.terms(pair, trace.profile.unwrap_or_default());
        terms.free_timers = self.free_timers;
        terms.whole = self.whole || self.complete;
        for Delay { key, ms } in &self.delay {
            terms.delays.set(key, *ms);
        }
        let code = self.report(&terms, trace.lines.len(), &observed::validate(&trace, &terms))?;
        let unended = observed::unended(&trace, &terms);
        if !self.complete || unended.is_empty() || code != ExitCode::SUCCESS {
            return Ok(code);
        }
        if self.json {
            output::json(&serde_json::json!({"verdict": "incomplete", "unended": unended}))?;
        } else {
            output::line(format_args!("REFUSED: {}", unended.join("; ")))?;
        }
        Ok(ExitCode::from(1))
    }
}
