//! The rules that a session has to keep.

use std::{collections::BTreeSet, time::Duration};

use handfast::{
    export::{Effect as ExportEffect, Input as ExportInput},
    import::{Effect as ImportEffect, Input as I},
    operations::OpId,
    outcome::{LinkState, Outcome, Profile, Side, Signal},
    trace::{Step, Turn},
};
use handfast_model::pairs::{Circumstances, End};

use super::{
    compared::{self, Compared},
    ends::{Allowed, allowed, end, text as text_of},
    enemy::Enemy,
    plan::{DiskFault, Plan, Planted, What},
    rule::{Rule, Violation},
    run::{Broken, Run},
    scenario::{Fate, Scenario},
    scene::{Record, Scene},
    side::config,
    stored,
};
use crate::replay::{Left, left};

/// Judges a session that was carried out, and says how many accounts there are.
pub(crate) fn judge(scene: &Scene, carried: Result<Duration, Broken>) -> (Run, usize) {
    let plan = &scene.plan;
    let mut violations = Vec::new();
    let mut broke = |rule, text: String| violations.push(Violation { rule, text });
    let mut record = std::mem::take(&mut *scene.record());
    if plan.planted == Some(Planted::Timer) {
        let last = record.steps.iter().rposition(|step| step.side() == Side::Import);
        last.map(|last| record.steps.remove(last));
    }
    let happened = Happened::of(plan, &record);
    let ended = |side| if happened.crashed[side as usize] { None } else { end(&record.steps, side) };
    let (import, export) = (ended(Side::Import), ended(Side::Export));

    if let Err(broken) = &carried {
        let rule = if let Broken::Hang(_) = broken { Rule::Ends } else { Rule::NoPanic };
        broke(rule, broken.to_string());
    }
    let [of_import, of_export] = [Side::Import, Side::Export].map(|side| config(plan, side));
    match left(of_import, of_export, &record.steps, scene.without) {
        Err(diverged) => broke(Rule::Replays, diverged.to_string()),
        Ok(left) if carried.is_ok() => {
            for Left { side, closed, armed } in left {
                if !happened.crashed[side as usize] && (!closed || !armed.is_empty()) {
                    broke(
                        Rule::Closed,
                        format!("{side}: closed: {closed}, armed: {:?}", armed.iter().collect::<Vec<_>>()),
                    );
                }
            }
        }
        Ok(_) => {}
    }
    record.leaks.iter().for_each(|leak| broke(Rule::Leak, leak.clone()));
    record.false_reports.iter().for_each(|lie| broke(Rule::Signalled, lie.clone()));
    record.unanswered.iter().for_each(|text| broke(Rule::Answered, text.clone()));
    for side in [Side::Import, Side::Export] {
        if let Err(text) = grammar(&record.steps, side, plan.profile) {
            broke(Rule::Grammar, text);
        }
    }
    if let Some(op) = ungated(&record.steps) {
        broke(Rule::Gate, format!("{op:?} opened the archive and was not confirmed"));
    }
    if [Side::Import, Side::Export].iter().all(|&side| plan.compares(side))
        && let Some(text) = compared::broken(&record.strings, &record.steps)
    {
        broke(Rule::Compared, text);
    }
    let both = || format!("import: {}, export: {}", text_of(import), text_of(export));
    let hostile = plan.enemy.is_some_and(Enemy::is_a_side);
    let allowed = if hostile {
        // The honest side fails, and that is all.
        let ends: Vec<_> = [import, export].into_iter().flatten().collect();
        (ends.len() == 1 && !ends[0].outcome.is_success()).then_some(Allowed::Alone)
    } else {
        let session = record.steps.iter().any(takes_session);
        let around = Circumstances { session, failed: happened.link_failed, unconfirmed: false };
        allowed(import, export, happened.crashed.contains(&true), around)
    };
    if allowed.is_none() && carried.is_ok() {
        broke(Rule::Pair, both());
    }
    if !hostile && [import, export].into_iter().flatten().any(|end| end.outcome == Outcome::Protocol) {
        broke(Rule::NoBlame, both());
    }
    if record.canceled[Side::Export as usize] == Some(Ok(())) {
        let received =
            record.steps.iter().any(|step| matches!(step.turn, Turn::Import { input: I::ArchiveBegan(_), .. }));
        if received || export.is_some_and(|end| end.outcome != Outcome::CANCELED) {
            broke(Rule::NotSent, format!("canceled, export: {}, archive received: {received}", text_of(export)));
        }
    }
    let fired = happened.fired(scene, &record);
    let (lies, accounts) = stored::look(scene, &record, happened.crashed[Side::Import as usize], import, export);
    lies.into_iter().for_each(|Violation { rule, text }| broke(rule, text));

    let reached = reached(plan, &record, import, export, fired);
    if !reached && fired && carried.is_ok() && is_due(plan.scenario) {
        broke(Rule::Expected, both());
    }
    let run = Run {
        plan: plan.clone(),
        import: import.map(|end| end.outcome),
        export: export.map(|end| end.outcome),
        allowed,
        fired,
        reached,
        time: carried.unwrap_or_default(),
        steps: record.steps,
        violations,
    };
    (run, accounts)
}

/// The planned events that happened.
struct Happened {
    crashed: [bool; 2],
    /// The link between the sides failed.
    link_failed: bool,
}

impl Happened {
    fn of(plan: &Plan, record: &Record) -> Self {
        let mut happened = Self { crashed: [false; 2], link_failed: record.wires.is_reset() || record.died };
        happened.crashed[Side::Import as usize] = record.died;
        for (fault, _) in plan.faults.iter().zip(&record.fired).filter(|(_, fired)| **fired) {
            match fault.what {
                What::Crash(_) | What::Kill(_) => {
                    happened.crashed[fault.at.side() as usize] = true;
                    happened.link_failed = true;
                }
                What::Partition | What::ShutWrite | What::ShutRead => happened.link_failed = true,
                What::Hold(_) | What::Outage(_) | What::Cancel => {}
            }
        }
        happened
    }

    /// Whether what the scenario is about did.
    fn fired(&self, scene: &Scene, record: &Record) -> bool {
        let plan = &scene.plan;
        let disk = match plan.disk {
            Some(DiskFault::Fails(after)) => scene.fs.operations() > record.operations + after,
            Some(DiskFault::Crashes(_)) => record.died,
            Some(DiskFault::Full(_) | DiskFault::Short(_) | DiskFault::Unreadable(_)) | None => true,
        };
        let any = record.fired.iter().chain(&record.hit);
        match plan.scenario {
            Scenario::Loss => record.lost > 0,
            Scenario::Enemy(_) => record.met,
            Scenario::Swarm(_) | Scenario::Compared(Compared::Swarm) => any.copied().any(|fired| fired),
            _ => disk && any.copied().all(|fired| fired),
        }
    }
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

/// The export that opened its archive before its user had confirmed the device.
fn ungated(steps: &[Step]) -> Option<OpId> {
    let mut confirmed = BTreeSet::new();
    steps.iter().find_map(|step| {
        let Turn::Export { input, effects } = &step.turn else { return None };
        let confirms = matches!(input, ExportInput::ConfirmAddDevice | ExportInput::CompareAddDevice(true));
        if confirms && step.refused.is_none() {
            confirmed.insert(step.op);
        }
        let opens = effects.iter().any(|effect| matches!(effect, ExportEffect::Open(_) | ExportEffect::SendArchive));
        (opens && !confirmed.contains(&step.op)).then_some(step.op)
    })
}

/// Whether every session of the scenario in which its fault fired has to come to its goal.
fn is_due(scenario: Scenario) -> bool {
    scenario != Scenario::DiskFull
}

/// Whether a session came to what its scenario is there for.
fn reached(plan: &Plan, record: &Record, import: Option<End>, export: Option<End>, fired: bool) -> bool {
    let ends = (import.map(|end| end.outcome), export.map(|end| end.outcome));
    let both = |outcome| ends == (Some(outcome), Some(outcome));
    fired
        && match plan.scenario {
            Scenario::Wrong(3..) => both(Outcome::Authentication),
            Scenario::Compared(Compared::Differs(_)) => both(Outcome::Mismatch),
            Scenario::NoFault
            | Scenario::Compared(Compared::Same | Compared::Alone(_))
            | Scenario::Wrong(_)
            | Scenario::Loss
            | Scenario::Outage(_)
            | Scenario::Hold(_)
            | Scenario::SlowReader(_)
            | Scenario::ByteReads(_)
            | Scenario::ByteWrites(_)
            | Scenario::DiskShort
            | Scenario::Shipped(Fate::Linked)
            | Scenario::Enemy(Enemy::Stranger(_) | Enemy::Crowd(_)) => both(Outcome::SUCCESS),
            Scenario::Partition(_)
            | Scenario::Crash(_)
            | Scenario::DiskCrashes(_)
            | Scenario::Compared(Compared::Swarm)
            | Scenario::Swarm(_) => true,
            // Sides that shared a session learn of it from the network, not from a timer.
            Scenario::Kill(_)
            | Scenario::HalfClose(_)
            | Scenario::ReadClosed(_)
            | Scenario::Reset(..)
            | Scenario::Compared(Compared::ResetWithin(_))
            | Scenario::ResetWithin(_) => {
                !record.steps.iter().any(takes_session) || ![ends.0, ends.1].contains(&Some(Outcome::Timeout))
            }
            Scenario::Crawl(_) => ![ends.0, ends.1].contains(&Some(Outcome::SUCCESS)),
            Scenario::Enemy(enemy) => {
                let end = if let Enemy::Exporter(_) = enemy { ends.0 } else { ends.1 };
                end.is_some_and(|end| enemy.mischief().leads_to(end))
            }
            Scenario::Cancel(at) => match (at.side(), record.canceled[at.side() as usize]) {
                // An account that is being installed, or is, is removed afterwards (R-IMP-13).
                (Side::Import, Some(Ok(()))) if record.steps.iter().any(installs) => both(Outcome::SUCCESS),
                // Sides that share a session learn of it at once (R-CANCEL-1).
                (_, Some(Ok(()))) if record.steps.iter().any(takes_session) => {
                    matches!(ends, (Some(Outcome::Canceled { .. }), Some(Outcome::Canceled { .. })))
                }
                (Side::Import, Some(Ok(()))) => ends.0 == Some(Outcome::CANCELED),
                (Side::Export, Some(Ok(()))) => ends.1 == Some(Outcome::CANCELED),
                // It is too late, and nothing has changed (R-API-6).
                (Side::Export, Some(Err(_))) => both(Outcome::SUCCESS),
                (Side::Import, Some(Err(_))) | (_, None) => false,
            },
            Scenario::Shipped(Fate::Canceled) => {
                matches!(ends, (Some(Outcome::Canceled { .. }), Some(Outcome::Canceled { .. })))
            }
            Scenario::DiskFails(_) | Scenario::DiskFull | Scenario::Shipped(Fate::DiskFails) => {
                ends.0 == Some(Outcome::Storage)
            }
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
