//! Makes a schedule that breaks a law as short as it can be while it still breaks it.

use crate::event::{
    compare::Compare,
    engine::Engine,
    schedule::{Act, At, Device, Relink, Rival, Schedule, Visit, What},
    state::{law::Law, run::Watch},
};

/// The violation of a schedule.
pub fn broken(engine: &Engine, schedule: &Schedule) -> Option<Law> {
    engine.run(schedule, Watch { trace: false, cover: false, ..Watch::ALL }).broken.map(|broken| broken.law)
}

/// Drops faults, and makes what is left simpler, as long as the same law is broken. `None`: none is.
pub fn shrink(engine: &Engine, schedule: &Schedule) -> Option<(Law, Schedule)> {
    let law = broken(engine, schedule)?;
    let mut best = schedule.clone();
    loop {
        let smaller = candidates(&best).into_iter().find(|smaller| broken(engine, smaller) == Some(law));
        match smaller {
            Some(smaller) => best = smaller,
            None => return Some((law, best)),
        }
    }
}

/// The schedules that are one step simpler, those that are much simpler first. Each is smaller than the one before, so that
/// there is an end.
fn candidates(schedule: &Schedule) -> Vec<Schedule> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Schedule)| {
        let mut changed = schedule.clone();
        change(&mut changed);
        if changed != *schedule {
            all.push(changed);
        }
    };
    let plain = Schedule::default();
    with(&|one| *one = plain.clone());
    for at in 0..schedule.faults.len() {
        with(&|one| {
            one.faults.remove(at);
        });
    }
    with(&|one| one.device = None);
    with(&|one| one.swapped = false);
    with(&|one| one.alone = false);
    with(&|one| one.rival = None);
    with(&|one| one.relink = None);
    with(&|one| one.relink = one.relink.is_some().then(Relink::default));
    with(&|one| one.sas = None);
    with(&|one| one.sas = one.sas.is_some().then(Compare::default));
    with(&|one| one.rival = one.rival.is_some().then(Rival::default));
    with(&|one| one.profile = plain.profile);
    with(&|one| one.scheme = plain.scheme);
    with(&|one| one.archive = plain.archive);
    with(&|one| one.pace = plain.pace);
    with(&|one| one.latency = plain.latency);
    with(&|one| one.think = plain.think);
    with(&|one| one.work = plain.work);
    with(&|one| one.cut = plain.cut);
    with(&|one| one.wrong = one.wrong.saturating_sub(1));
    with(&|one| one.idle = None);
    with(&|one| one.trusting = false);
    with(&|one| one.typo = false);
    for at in 0..schedule.faults.len() {
        with(&|one| one.faults[at].at = earlier(one.faults[at].at));
        with(&|one| one.faults[at].at = first(one.faults[at].at));
        simpler(&schedule.faults[at].what).into_iter().for_each(|what| with(&|one| one.faults[at].what = what.clone()));
    }
    if let Some(device) = &schedule.device {
        for acts in fewer(&device.acts) {
            with(&|one| one.device = Some(Device { every: device.every, acts: acts.clone() }));
        }
    }
    all
}

fn first(at: At) -> At {
    match at {
        At::Step(side, _) => At::Step(side, 1),
        At::Byte(side, _) => At::Byte(side, 1),
        At::Start | At::Point(_) => at,
    }
}

fn earlier(at: At) -> At {
    match at {
        At::Step(side, number) => At::Step(side, number.saturating_sub(1).max(1)),
        At::Byte(side, number) => At::Byte(side, (number / 2).max(1)),
        At::Start | At::Point(_) => at,
    }
}

/// The lists with one act less.
fn fewer(acts: &[Act]) -> impl Iterator<Item = Vec<Act>> + '_ {
    (0..acts.len()).map(|without| {
        let mut acts = acts.to_vec();
        acts.remove(without);
        acts
    })
}

fn simpler(what: &What) -> Vec<What> {
    match what {
        What::Break(to_import, to_export) => vec![
            What::Break(0, 0),
            What::Break(0, *to_export),
            What::Break(*to_import, 0),
            What::Break(to_import / 2, *to_export),
            What::Break(*to_import, to_export / 2),
        ],
        What::Hold(side, ms) => vec![What::Hold(*side, ms / 2)],
        What::Late(side, timer, ms) => vec![What::Late(*side, *timer, ms / 2)],
        What::Slow(errand, ms) => vec![What::Slow(*errand, ms / 2)],
        What::Crash(side, true) => vec![What::Crash(*side, false)],
        What::Visit(visit) => {
            fewer(&visit.acts).map(|acts| What::Visit(Visit { acts, knows: visit.knows, every: visit.every })).collect()
        }
        What::Crash(_, false)
        | What::LoseRequest
        | What::Unreachable
        | What::Unpublishable
        | What::Unsecured
        | What::Disk(_)
        | What::Cancel(_)
        | What::Click(_)
        | What::Repeat
        | What::RepeatAnswer
        | What::Early(..) => Vec::new(),
    }
}
