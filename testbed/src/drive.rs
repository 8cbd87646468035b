//! `handfast drive`: plays scenarios against daemons on a D-Bus, and judges what they do by the model.

use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use handfast::secret::Secret;
use handfast_model::counted;

use crate::{
    exit_code::worst,
    failure::Failure,
    link,
    numbers::whole,
    options::{PairName, ProfileName},
    output,
    passwords::Passwords,
    scenario::{Accounts, Bus, Judge, PACE, Port, Row, SCENARIOS, Scenario, Stage, Wire, redacted},
    validate::Delay,
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
    #[arg(long, value_name = "S", default_value_t = 60, allow_negative_numbers = true,
          value_parser = whole::<u64>(1..=86_400))]
    deadline: u64,
    /// Milliseconds that a user takes for a token and for a confirmation. A Jami daemon asks for them before it is ready
    #[arg(long, value_name = "MS", default_value_t = PACE.as_millis() as u64, allow_negative_numbers = true,
          value_parser = whole::<u64>(0..=600_000))]
    pace: u64,
    /// Write the trace of each scenario to this folder. Passwords are replaced
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
    /// Print one line of JSON for each scenario
    #[arg(long)]
    json: bool,
}

/// The scenarios that need no connection of their own.
fn scenarios() -> impl Iterator<Item = &'static Scenario> {
    SCENARIOS.iter().filter(|one| one.wire == Wire::Whole)
}

impl Drive {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.list {
            scenarios().try_for_each(|one| output::line(format_args!("{:28} {}", one.name, one.says)))?;
            return Ok(ExitCode::SUCCESS);
        }
        let scenarios = self.chosen()?;
        link::run(self.play(scenarios))
    }

    fn chosen(&self) -> Result<Vec<&'static Scenario>, Failure> {
        if self.all {
            return self.with_accounts(scenarios().filter(|one| self.timers || !one.timers).collect());
        }
        let find = |name: &String| {
            scenarios()
                .find(|one| one.name == name)
                .ok_or_else(|| Failure::usage(format_args!("there is no scenario {name:?}: --list prints all")))
        };
        let chosen: Vec<_> = self.scenario.iter().map(find).collect::<Result<_, _>>()?;
        if chosen.is_empty() {
            return Err(Failure::usage("one of --scenario, --all and --list is needed"));
        }
        self.with_accounts(chosen)
    }

    /// The scenarios, for which all accounts are named.
    fn with_accounts(&self, chosen: Vec<&'static Scenario>) -> Result<Vec<&'static Scenario>, Failure> {
        for (protected, option, account) in [(false, "--plain", &self.plain), (true, "--protected", &self.protected)] {
            let needs = chosen.iter().find(|one| one.protected() == Some(protected));
            if let (Some(scenario), None) = (needs, account) {
                return Err(Failure::usage(format_args!("the scenario {} needs {option} ID", scenario.name)));
            }
        }
        Ok(chosen)
    }

    async fn play(self, scenarios: Vec<&'static Scenario>) -> Result<ExitCode, Failure> {
        let deadline = Duration::from_secs(self.deadline);
        let password = match &self.password_file {
            None => Secret::from("secret"),
            Some(path) => Passwords::read(path).and_then(|mut all| all.first()).map_err(Failure::usage)?,
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
            output::line(counted(rows, "scenario"))?;
        }
        Ok(ExitCode::from(code))
    }

    async fn one(&self, scenario: &'static Scenario, accounts: &Accounts, deadline: Duration) -> Result<Row, Failure> {
        // A daemon may have gone meanwhile: each scenario has connections of its own.
        let import = Bus::open("--import", &self.import, deadline).await;
        let export = Bus::open("--export", &self.export, deadline).await;
        let (import, export) = match (import, export) {
            (Ok(import), Ok(export)) => (import, export),
            (Err(fault), _) | (_, Err(fault)) => return Ok(Row::not_begun(scenario, &fault)),
        };
        let pace = Duration::from_millis(self.pace);
        let mut stage = Stage::new(Port::Bus(import), Port::Bus(export), accounts, deadline, pace);
        let played = scenario.play(&mut stage).await;
        let text = stage.trace(self.profile.into());
        let ends = (stage.end_of_import(), stage.end_of_export());
        stage.close().await;
        if let Some(folder) = &self.traces {
            let path = folder.join(format!("{}.ndjson", scenario.name));
            std::fs::create_dir_all(folder)
                .and_then(|()| output::private(&path)?.write_all(redacted(&text).as_bytes()))
                .map_err(|error| Failure::usage(format_args!("--traces {}: {error}", path.display())))?;
        }
        let delays = self.delay.iter().map(|Delay { key, ms }| (key.clone(), *ms)).collect();
        let (cast, profile) = (self.pair.into(), self.profile.into());
        let judge = Judge { cast, profile, free_timers: self.timers, delays };
        Ok(judge.judge(scenario, ends, played, &text))
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
