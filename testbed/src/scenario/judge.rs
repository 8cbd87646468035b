//! The verdict on a scenario that was played.

use handfast::outcome::Profile;
use handfast_model::{
    config::Cast,
    observed::{Reason, Terms, Trace, Verdict, reasons, validate},
};
use serde::{Deserialize, Serialize};

use super::{fault::Fault, list::Scenario};
use crate::{exit_code::INCONCLUSIVE, watch::redact::Redact};

/// The assumptions of a verdict.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    /// The pair.
    pub(crate) cast: Cast,
    /// The profile.
    pub(crate) profile: Profile,
    /// Whether the timers run faster than those of the model.
    pub(crate) free_timers: bool,
    /// Delays that are not the default ones, in milliseconds.
    pub(crate) delays: Vec<(String, u64)>,
}

/// The result of a scenario.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) scenario: &'static str,
    pub(crate) verdict: Word,
    pub(crate) import: String,
    pub(crate) export: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) why: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) reasons: Vec<Reason>,
    pub(crate) lines: usize,
}

/// The verdict on a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Word {
    /// It went as the scenario says, and as the model allows.
    Passed,
    /// A side did what the model, the scenario or the interface does not allow.
    Violated,
    /// It came to no end.
    Inconclusive,
    /// A side cannot play it.
    Unsupported,
}

impl Word {
    /// How it is printed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Violated => "VIOLATED",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Unsupported => "not supported",
        }
    }

    /// Its exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Passed | Self::Unsupported => 0,
            Self::Violated => 1,
            Self::Inconclusive => INCONCLUSIVE,
        }
    }
}

impl Row {
    /// A scenario that did not begin.
    pub(crate) fn not_begun(scenario: &Scenario, fault: &Fault) -> Self {
        let verdict = if fault.is_unsupported() { Word::Unsupported } else { Word::Inconclusive };
        let (import, export) = (String::new(), String::new());
        Self { scenario: scenario.name, verdict, import, export, why: fault.to_string(), reasons: Vec::new(), lines: 0 }
    }
}

impl Judge {
    fn terms(&self, scenario: &Scenario) -> Terms {
        let mut terms = Terms::new(self.cast, self.profile);
        terms.free_timers = self.free_timers;
        // A busy machine hands signals on late. The order of each side's own signals is compared all the same.
        (terms.delays.signal, terms.delays.call) = (5_000, 10_000);
        if scenario.loses() {
            // The end of a connection that is cut is noticed at once.
            terms.delays.loss = 0;
        }
        for (key, ms) in &self.delays {
            terms.delays.set(key, *ms);
        }
        terms
    }

    /// Judges what was seen of a scenario: its trace, how the sides ended, and how the plot went.
    pub(crate) fn judge(
        &self,
        scenario: &Scenario,
        ends: (String, String),
        played: Result<(), Fault>,
        text: &str,
    ) -> Row {
        let terms = self.terms(scenario);
        let mut trace = Trace::default();
        let (import, export) = ends;
        let (name, why) = (scenario.name, String::new());
        let mut row = Row { scenario: name, verdict: Word::Passed, import, export, why, reasons: Vec::new(), lines: 0 };
        if let Err(error) = trace.read(text.as_bytes()) {
            return Row { verdict: Word::Violated, why: error.to_string(), ..row };
        }
        row.lines = trace.lines.len();
        match validate(&trace, &terms) {
            Verdict::Refused(refusal) => {
                let line = refusal
                    .lines
                    .first()
                    .map_or_else(String::new, |line| format!("line {}: {}", line.place.line, line.says));
                row.reasons = reasons(&trace, &terms, &refusal);
                let why = format!("it is no run of {}: {line}", terms.name());
                return Row { verdict: Word::Violated, why, ..row };
            }
            Verdict::Inconclusive { why } => return Row { verdict: Word::Inconclusive, why, ..row },
            Verdict::Allowed { .. } => {}
        }
        match played {
            Ok(()) => row,
            Err(fault) if fault.is_violation() => Row { verdict: Word::Violated, why: fault.to_string(), ..row },
            Err(fault) if fault.is_unsupported() => Row { verdict: Word::Unsupported, why: fault.to_string(), ..row },
            Err(fault) => Row { verdict: Word::Inconclusive, why: fault.to_string(), ..row },
        }
    }

    /// Draws the longest beginning of a trace that is a run, as a Mermaid diagram.
    pub(crate) fn draw(&self, scenario: &Scenario, text: &str) -> String {
        let terms = self.terms(scenario);
        let verdict_on = |lines: usize| {
            let text: String = text.lines().take(lines).map(|line| format!("{line}\n")).collect();
            let mut trace = Trace::default();
            trace.read(text.as_bytes()).ok().map(|()| validate(&trace, &terms))
        };
        let mut lines = text.lines().count();
        // Each turn leaves lines out.
        while let Some(verdict) = verdict_on(lines) {
            match verdict {
                Verdict::Allowed { runs, .. } => return runs.into_iter().map(|run| run.mermaid).collect(),
                Verdict::Refused(refusal) => match refusal.lines.iter().map(|line| line.place.line).min() {
                    Some(line @ 2..) if line <= lines => lines = line - 1,
                    _ => break,
                },
                Verdict::Inconclusive { .. } => break,
            }
        }
        String::new()
    }
}

/// A trace with other texts in the place of passwords.
pub(crate) fn redacted(text: &str) -> String {
    let redact = Redact::default();
    text.lines().filter_map(|line| redact.line(line.as_bytes())).map(|line| line + "\n").collect()
}
