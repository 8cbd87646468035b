//! What a session has to have come to.

use std::{
    io::{self, Read as _},
    path::Path,
    time::Duration,
};

use handfast::{
    archive::{Archive, Fs as _, InsecureKdf, Password, Terms},
    export::Effect as ExportEffect,
    import::{Effect as ImportEffect, Input as I},
    operations::LocalId,
    outcome::{LinkState, Outcome, Profile, Scheme, Side, Signal},
    trace::{Step, Turn},
};
use handfast_model::pairs::{Circumstances, End};
use serde::{Deserialize, Serialize};

use crate::{
    board::{Board, Scene},
    disk::{self, ROOT},
    fixture::{NOW, password},
    pairs::allowed,
    plan::{DiskFault, Plan, What},
    replay::replay,
    run::{Broken, Run},
    scenario::Scenario,
    side::{config, restart_disk},
};

/// What was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Nothing panics.
    NoPanic,
    /// Every operation ends (P-ENDS).
    Ends,
    /// A trace replays on fresh reducers.
    Replays,
    /// Equal plans give equal traces.
    Repeatable,
    /// An operation that is over has nothing open and no timer armed.
    Closed,
    /// Signals come in their order (R-STATE-2).
    Grammar,
    /// The two ends are an allowed pair (R-PAIR-1).
    Pair,
    /// Nobody blames an honest peer (R-PAIR-3).
    NoBlame,
    /// The account is installed, whole and as it was sent, if and only if the importer says so (R-IMP-13, R-ARC-5).
    Stored,
    /// Nothing temporary is left (R-ARC-4).
    LeftOver,
    /// After a cancel that was accepted no archive byte arrives (R-API-6).
    NotSent,
    /// What the scenario has to come to.
    Expected,
}

/// A rule that a session broke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which one.
    pub rule: Rule,
    /// How.
    pub text: String,
}

/// Judges a session that was carried out.
pub(crate) fn judge(scene: &Scene, carried: Result<Duration, Broken>) -> Run {
    let plan = &scene.plan;
    let mut violations = Vec::new();
    let mut broke = |rule, text: String| violations.push(Violation { rule, text });
    let board = std::mem::take(&mut *scene.board());
    let crashed = match plan.fault {
        Some(fault) if board.fired && matches!(fault.what, What::Crash(_) | What::Kill(_)) => Some(fault.at.side()),
        _ => None,
    };
    let ended = |side| if crashed == Some(side) { None } else { end(&board.steps, side) };
    let (import, export) = (ended(Side::Import), ended(Side::Export));

    if let Err(broken) = &carried {
        let rule = if let Broken::Hang(_) = broken { Rule::Ends } else { Rule::NoPanic };
        broke(rule, broken.to_string());
    }
    match replay(config(plan), config(plan), &board.steps) {
        Err(diverged) => broke(Rule::Replays, diverged.to_string()),
        Ok(replayed) if carried.is_ok() => {
            let importer = replayed.import.iter().map(|one| (Side::Import, one.is_closed(), one.armed()));
            let exporters = replayed.exports.values().map(|one| (Side::Export, one.is_closed(), one.armed()));
            for (side, closed, armed) in importer.chain(exporters).filter(|(side, ..)| crashed != Some(*side)) {
                if !closed || !armed.is_empty() {
                    broke(
                        Rule::Closed,
                        format!("{side}: closed: {closed}, armed: {:?}", armed.iter().collect::<Vec<_>>()),
                    );
                }
            }
        }
        Ok(_) => {}
    }
    for side in [Side::Import, Side::Export] {
        if let Err(text) = grammar(&board.steps, side, plan.profile) {
            broke(Rule::Grammar, text);
        }
    }
    let around = Circumstances {
        session: board.steps.iter().any(takes_session),
        failed: board.fired
            && matches!(plan.fault.map(|fault| fault.what), Some(What::Partition | What::Crash(_) | What::Kill(_))),
        unconfirmed: false,
    };
    let allowed = allowed(import, export, crashed.is_some(), around);
    if allowed.is_none() && carried.is_ok() {
        broke(Rule::Pair, format!("import: {}, export: {}", told(import), told(export)));
    }
    if [import, export].into_iter().flatten().any(|end| end.outcome == Outcome::Protocol) {
        broke(Rule::NoBlame, format!("import: {}, export: {}", told(import), told(export)));
    }
    if board.canceled[Side::Export as usize] == Some(Ok(())) {
        let received =
            board.steps.iter().any(|step| matches!(step.turn, Turn::Import { input: I::ArchiveBegan(_), .. }));
        if received || export.is_some_and(|end| end.outcome != Outcome::CANCELED) {
            broke(Rule::NotSent, format!("canceled, export: {}, archive received: {received}", told(export)));
        }
    }
    for violation in storage(scene, &board, crashed, import, export) {
        broke(violation.rule, violation.text);
    }

    let fired = match plan.scenario {
        Scenario::Loss => board.lost > 0,
        Scenario::DiskFails => {
            matches!(plan.disk, Some(DiskFault::Fails(after)) if scene.fs.operations() > board.operations + after)
        }
        _ => plan.fault.is_none() || board.fired,
    };
    let reached = reached(plan, &board, import, export, fired);
    if !reached && fired && carried.is_ok() && is_due(plan.scenario) {
        broke(Rule::Expected, format!("import: {}, export: {}", told(import), told(export)));
    }
    Run {
        plan: plan.clone(),
        import: import.map(|end| end.outcome),
        export: export.map(|end| end.outcome),
        allowed,
        fired,
        reached,
        time: carried.unwrap_or_default(),
        steps: board.steps,
        violations,
    }
}

fn told(end: Option<End>) -> String {
    end.map_or_else(|| "none".into(), |End { outcome, cause }| format!("{outcome} by {cause:?}"))
}

fn end(steps: &[Step], side: Side) -> Option<End> {
    steps.iter().filter(|step| step.side() == side).find_map(End::of)
}

fn takes_session(step: &Step) -> bool {
    match &step.turn {
        Turn::Import { effects, .. } => effects.iter().any(|effect| matches!(effect, ImportEffect::AcceptChannel(_))),
        Turn::Export { .. } => false,
    }
}

fn installs(step: &Step) -> bool {
    match &step.turn {
        Turn::Import { effects, .. } => effects.contains(&ImportEffect::Install),
        Turn::Export { .. } => false,
    }
}

/// Whether every session of the scenario in which its fault fired has to come to its goal.
fn is_due(scenario: Scenario) -> bool {
    !matches!(scenario, Scenario::DiskFails | Scenario::DiskFull)
}

/// Whether a session came to what its scenario is there for.
fn reached(plan: &Plan, board: &Board, import: Option<End>, export: Option<End>, fired: bool) -> bool {
    let ends = (import.map(|end| end.outcome), export.map(|end| end.outcome));
    let both = |outcome| ends == (Some(outcome), Some(outcome));
    fired
        && match plan.scenario {
            Scenario::Wrong(3..) => both(Outcome::Authentication),
            Scenario::NoFault | Scenario::Wrong(_) | Scenario::Loss | Scenario::Outage(_) | Scenario::Hold(_) => {
                both(Outcome::SUCCESS)
            }
            Scenario::Partition(_) | Scenario::Crash(_) => true,
            // Whoever shared a session is told by the network, not by a timer.
            Scenario::Kill(_) => {
                !board.steps.iter().any(takes_session) || ![ends.0, ends.1].contains(&Some(Outcome::Timeout))
            }
            Scenario::Cancel(at) => match (at.side(), board.canceled[at.side() as usize]) {
                // What is being installed, or is, is removed afterwards (R-IMP-13).
                (Side::Import, Some(Ok(()))) if board.steps.iter().any(installs) => both(Outcome::SUCCESS),
                // Whoever shares a session hears of it at once (R-CANCEL-1).
                (_, Some(Ok(()))) if board.steps.iter().any(takes_session) => {
                    matches!(ends, (Some(Outcome::Canceled { .. }), Some(Outcome::Canceled { .. })))
                }
                (Side::Import, Some(Ok(()))) => ends.0 == Some(Outcome::CANCELED),
                (Side::Export, Some(Ok(()))) => ends.1 == Some(Outcome::CANCELED),
                // It is too late, and nothing has changed (R-API-6).
                (Side::Export, Some(Err(_))) => both(Outcome::SUCCESS),
                (Side::Import, Some(Err(_))) | (_, None) => false,
            },
            Scenario::DiskFails | Scenario::DiskFull => ends.0 == Some(Outcome::Storage),
            Scenario::ArchiveFails => ends == (Some(Outcome::Network), Some(Outcome::Storage)),
            Scenario::Idle(_) => both(Outcome::Timeout),
        }
}

/// R-STATE-2.
fn grammar(steps: &[Step], side: Side, profile: Profile) -> Result<(), String> {
    use LinkState::*;
    let mut last = Init;
    for signal in steps.iter().filter(|step| step.side() == side).flat_map(signals) {
        let next = signal.state();
        let follows = match (last, next) {
            (Done, _) => false,
            (_, Done) => true,
            (Init, TokenAvailable) | (TokenAvailable, Connecting) => side == Side::Import,
            (Init, Connecting) => side == Side::Export,
            (Connecting, Authenticating) | (Authenticating, Authenticating | InProgress) => true,
            (InProgress, Authenticating) => (side, profile) == (Side::Import, Profile::Jamid),
            _ => false,
        };
        if !follows {
            return Err(format!("{side}: {next} follows {last}"));
        }
        last = next;
    }
    Ok(())
}

fn signals(step: &Step) -> Vec<Signal> {
    match &step.turn {
        Turn::Import { effects, .. } => effects
            .iter()
            .filter_map(|effect| if let ImportEffect::Signal(signal) = effect { Some(*signal) } else { None })
            .collect(),
        Turn::Export { effects, .. } => effects
            .iter()
            .filter_map(|effect| if let ExportEffect::Signal(signal) = effect { Some(*signal) } else { None })
            .collect(),
    }
}

/// Looks at the importer's disk as the next start will find it.
fn storage(
    scene: &Scene,
    board: &Board,
    crashed: Option<Side>,
    import: Option<End>,
    export: Option<End>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut broke = |rule, text: String| violations.push(Violation { rule, text });
    let bad = matches!(scene.plan.disk, Some(DiskFault::Fails(_) | DiskFault::Full(_)));
    if crashed != Some(Side::Import) && !bad {
        left_over(scene).into_iter().for_each(|name| broke(Rule::LeftOver, format!("{name} before a restart")));
    }
    if scene.fs.is_crashed() || bad {
        scene.fs.set_capacity(None);
        restart_disk(scene);
    }
    let found = match accounts(scene) {
        Ok(found) => found,
        Err(text) => {
            broke(Rule::Stored, text);
            return violations;
        }
    };
    left_over(scene).into_iter().for_each(|name| broke(Rule::LeftOver, format!("{name} after a restart")));

    let succeeded = |end: Option<End>| end.is_some_and(|end| end.outcome.is_success());
    let removed = board.canceled[Side::Import as usize] == Some(Ok(()));
    let said = end(&board.steps, Side::Import);
    match (crashed, found) {
        (Some(Side::Import), found) => {
            if found == 0 && !removed && (succeeded(said) || succeeded(export)) {
                broke(Rule::Stored, "success was said, and after a crash there is no account".into());
            }
        }
        (_, found) => {
            let expected = usize::from(succeeded(import) && !removed);
            if found != expected {
                broke(Rule::Stored, format!("import: {}, removed: {removed}, accounts: {found}", told(import)));
            }
            if let Some(report) = &board.report
                && usize::from(report.installed.is_some()) != expected
            {
                broke(Rule::Stored, format!("import: {}, reported: {:?}", told(import), report.installed));
            }
        }
    }
    violations
}

/// How many accounts there are, all of them the one that was sent.
fn accounts(scene: &Scene) -> Result<usize, String> {
    let store = disk::open(&scene.fs).map_err(|error| error.to_string())?;
    let entries = store.list().map_err(|error| error.to_string())?;
    let plan = &scene.plan;
    for entry in &entries {
        let expected = if plan.protected { Scheme::Password } else { Scheme::None };
        if entry.protection != expected {
            return Err(format!("stored as {:?}, typed {expected:?}", entry.protection));
        }
        let file = store.archive(entry.id).map_err(|error| error.to_string())?;
        let password = Password::new(password(plan.protected));
        let opened = Archive::open(file, &password, &InsecureKdf, Terms::at(NOW));
        let mut text = Vec::new();
        let read = opened.map_err(io::Error::from).and_then(|archive| archive.into_text()?.read_to_end(&mut text));
        read.map_err(|error| error.to_string())?;
        if *text != *scene.archive.text {
            return Err("the stored archive is not the one that was sent".into());
        }
        store.device(entry.id).map_err(|error| error.to_string())?;
    }
    Ok(entries.len())
}

/// What is on the importer's disk and no account.
fn left_over(scene: &Scene) -> Vec<String> {
    let names = scene.fs.list(Path::new(ROOT)).unwrap_or_default();
    let names = names.into_iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.parse::<LocalId>().is_err()).collect()
}
