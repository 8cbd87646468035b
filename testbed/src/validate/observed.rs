//! `--observed`: calls and signals.

use std::{fs::File, io::Read as _, path::Path, process::ExitCode};

use clap::ValueEnum as _;
use handfast_model::observed::{self, MAX_LINE, Trace};

use super::{Delay, PairName, Validate};
use crate::{failure::Failure, input::without_mark};

impl Validate {
    pub(super) fn run_observed(&self) -> Result<ExitCode, Failure> {
        let mut trace = Trace::default();
        for path in &self.files {
            let text = read(path)?;
            let text =
                without_mark(&text).map_err(|error| Failure::reason(format_args!("{}: {error}", path.display())))?;
            trace.read(text).map_err(|error| Failure::reason(format_args!("{}: {error}", path.display())))?;
        }
        if trace.lines.is_empty() {
            return Err(Failure::reason("there is no call and no signal in it"));
        }
        if self.one_clock {
            trace.join_clocks();
        }
        let pair = match &trace.pair {
            None => PairName::HH,
            Some(name) => PairName::from_str(name, false)
                .map_err(|_| Failure::reason(format_args!("the trace is of the pair {name:?}, which nobody knows")))?,
        };
        let mut terms = self.terms(pair, trace.profile.unwrap_or_default());
        terms.free_timers = self.free_timers;
        terms.whole = self.whole;
        for Delay { key, ms } in &self.delay {
            terms.delays.set(key, *ms);
        }
        self.report(&terms, trace.lines.len(), &observed::validate(&trace, &terms))
    }
}

/// Reads a file, if it is not larger than a trace can be.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    const MOST: u64 = (MAX_LINE * 64) as u64;
    let unreadable = |error| Failure::usage(format_args!("{}: {error}", path.display()));
    let mut text = Vec::new();
    File::open(path).map_err(unreadable)?.take(MOST + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MOST {
        return Err(Failure::reason(format_args!("{}: it has more than {MOST} bytes", path.display())));
    }
    Ok(text)
}
