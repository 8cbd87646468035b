//! `handfast drive`: plays scenarios against daemons on a D-Bus, and judges what they do by the model.

mod client;
mod play;
mod scenarios;

use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use handfast_model::observed::{Reason, Terms, Trace, Verdict, reasons, validate};
use serde::Serialize;

use self::{
    client::{Bus, Fault},
    play::{Accounts, Stage},
    scenarios::{SCENARIOS, Scenario},
};
use crate::{
    exit_code::{INCONCLUSIVE, worst},
    failure::Failure,
    link,
    options::{PairName, ProfileName},
    output,
    validate::Delay,
    watch::redact::Redact,
};

/// Play scenarios against one or two daemons on a D-Bus, and judge them by the model
#[derive(Args)]
#[command(after_help = "\
Examples:
  handfast drive --list
  handfast drive --all --import session --export session --plain 0123456789abcdef --protected fedcba9876543210
  handfast drive --scenario wrong-thrice --import unix:path=/tmp/a --export unix:path=/tmp/b --protected fedcba9876543210

Exit codes: 0 each scenario passed, 1 a daemon did what the protocol does not allow, 2 usage, 4 a scenario came to no end.")]
pub(crate) struct Drive {
    /// A scenario; may be given several times
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// All scenarios
    #[arg(long, conflicts_with = "scenario")]
    all: bool,
    /// Print the scenarios
    #[arg(long)]
    list: bool,
    /// The bus of the daemon that imports: its address, or `session`
    #[arg(long, value_name = "ADDRESS", default_value = "session")]
    import: String,
    /// The bus of the daemon that exports
    #[arg(long, value_name = "ADDRESS", default_value = "session")]
    export: String,
    /// The exporting daemon's account without a password
    #[arg(long, value_name = "ID")]
    plain: Option<String>,
    /// The exporting daemon's account with a password
    #[arg(long, value_name = "ID")]
    protected: Option<String>,
    /// The password of that account
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The pair that the daemons are, the import side first
    #[arg(long, value_enum, value_name = "XY", default_value = "HH")]
    pair: PairName,
    /// The profile that they follow
    #[arg(long, value_enum, value_name = "PROFILE", default_value = "jamid")]
    profile: ProfileName,
    /// Play scenarios in which timers run out, too: the daemon's timers run faster, so the model lets them run out at any time
    #[arg(long)]
    timers: bool,
    /// Change how long things take, in milliseconds, as for validate: signal=5000, call=10000, posted=500, thread=30, loss=10000
    #[arg(long, value_name = "KEY=MS")]
    delay: Vec<Delay>,
    /// Seconds that a signal or a return is waited for
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    deadline: u64,
    /// Write the trace of each scenario to this folder. Passwords are replaced
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
    /// Print one line of JSON for each scenario
    #[arg(long)]
    json: bool,
}

/// The result of a scenario.
#[derive(Serialize)]
struct Row {
    scenario: &'static str,
    verdict: Word,
    import: String,
    export: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Reason>,
    lines: usize,
}

/// The verdict on a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    /// It went as the scenario says, and as the model allows.
    Passed,
    /// A daemon did what the model, the scenario or the interface does not allow.
    Violated,
    /// It came to no end.
    Inconclusive,
}

impl Word {
    const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Violated => "VIOLATED",
            Self::Inconclusive => "INCONCLUSIVE",
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Violated => 1,
            Self::Inconclusive => INCONCLUSIVE,
        }
    }
}

/// A trace with other texts in the place of passwords.
fn redacted(text: &str) -> String {
    let redact = Redact::default();
    text.lines().filter_map(|line| redact.line(line.as_bytes())).map(|line| line + "\n").collect()
}

impl Drive {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.list {
            SCENARIOS.iter().try_for_each(|one| output::line(format_args!("{:28} {}", one.name, one.says)))?;
            return Ok(ExitCode::SUCCESS);
        }
        let scenarios = self.chosen()?;
        link::run(self.play(scenarios))
    }

    fn chosen(&self) -> Result<Vec<&'static Scenario>, Failure> {
        if self.all {
            return Ok(SCENARIOS.iter().filter(|one| self.timers || !one.timers).collect());
        }
        let find = |name: &String| {
            SCENARIOS
                .iter()
                .find(|one| one.name == name)
                .ok_or_else(|| Failure::usage(format_args!("there is no scenario {name:?}: --list prints all")))
        };
        let chosen: Vec<_> = self.scenario.iter().map(find).collect::<Result<_, _>>()?;
        if chosen.is_empty() {
            return Err(Failure::usage("one of --scenario, --all and --list is needed"));
        }
        Ok(chosen)
    }

    async fn play(self, scenarios: Vec<&'static Scenario>) -> Result<ExitCode, Failure> {
        let deadline = Duration::from_secs(self.deadline);
        let password = match &self.password_file {
            None => "secret".to_owned(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Failure::usage(format_args!("--password-file {}: {error}", path.display())))?;
                text.lines().next().unwrap_or_default().to_owned()
            }
        };
        let accounts = Accounts { plain: self.plain.clone(), protected: self.protected.clone(), password };
        let (mut code, mut rows) = (0, 0);
        for scenario in scenarios {
            let row = self.one(scenario, &accounts, deadline).await?;
            rows += 1;
            code = worst([code, row.verdict.code()]);
            self.print(&row)?;
        }
        if !self.json {
            output::line(format_args!("{rows} scenarios"))?;
        }
        Ok(ExitCode::from(code))
    }

    async fn one(&self, scenario: &'static Scenario, accounts: &Accounts, deadline: Duration) -> Result<Row, Failure> {
        // A daemon may have gone meanwhile: each scenario has connections of its own.
        let import = Bus::open("--import", &self.import, deadline).await;
        let export = Bus::open("--export", &self.export, deadline).await;
        let (import, export) = match (import, export) {
            (Ok(import), Ok(export)) => (import, export),
            (Err(fault), _) | (_, Err(fault)) => {
                let row = |why: String| Row {
                    scenario: scenario.name,
                    verdict: Word::Inconclusive,
                    import: String::new(),
                    export: String::new(),
                    why,
                    reasons: Vec::new(),
                    lines: 0,
                };
                return Ok(row(fault.to_string()));
            }
        };
        let mut stage = Stage::new(import, export, accounts, deadline);
        let played = scenario.play(&mut stage).await;
        let text = stage.trace(self.profile.into());
        let ends = (stage.end_of_import(), stage.end_of_export());
        // The next scenario finds no operation of this one. A daemon that is gone has none.
        let _ = stage.clear().await;
        if let Some(folder) = &self.traces {
            let path = folder.join(format!("{}.ndjson", scenario.name));
            std::fs::create_dir_all(folder)
                .and_then(|()| output::private(&path)?.write_all(redacted(&text).as_bytes()))
                .map_err(|error| Failure::usage(format_args!("--traces {}: {error}", path.display())))?;
        }
        Ok(self.judge(scenario, ends, played, &text))
    }

    fn judge(&self, scenario: &Scenario, ends: (String, String), played: Result<(), Fault>, text: &str) -> Row {
        let mut terms = Terms::new(self.pair.into(), self.profile.into());
        terms.free_timers = self.timers;
        // A busy machine hands signals on late. The order of each side's own signals is compared all the same.
        (terms.delays.signal, terms.delays.call) = (5_000, 10_000);
        for Delay { key, ms } in &self.delay {
            terms.delays.set(key, *ms);
        }
        let mut trace = Trace::default();
        let mut row = Row {
            scenario: scenario.name,
            verdict: Word::Passed,
            import: ends.0,
            export: ends.1,
            why: String::new(),
            reasons: Vec::new(),
            lines: 0,
        };
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
                return Row {
                    verdict: Word::Violated,
                    why: format!("it is no run of {}: {line}", terms.name()),
                    ..row
                };
            }
            Verdict::Inconclusive { why } => return Row { verdict: Word::Inconclusive, why, ..row },
            Verdict::Allowed { .. } => {}
        }
        match played {
            Ok(()) => row,
            Err(fault) if fault.is_violation() => Row { verdict: Word::Violated, why: fault.to_string(), ..row },
            Err(fault) => Row { verdict: Word::Inconclusive, why: fault.to_string(), ..row },
        }
    }

    fn print(&self, row: &Row) -> Result<(), Failure> {
        if self.json {
            return output::json(row);
        }
        let Row { scenario, verdict, import, export, why, reasons, .. } = row;
        output::line(format_args!("{scenario:28} {:13} import {import:12} export {export:12} {why}", verdict.name()))?;
        reasons.iter().try_for_each(|reason| output::line(format_args!("  forbidden by {reason}")))
    }
}
