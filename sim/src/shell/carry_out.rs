//! One session, from a plan to its judgement.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use handfast::archive::MemoryFs;
use handfast_model::without::Without;

use super::{
    hosts,
    judge::judge,
    packets,
    plan::{Plan, Planted},
    rule::{Rule, Violation},
    run::{Broken, Run},
    scenario::World,
    scene::Scene,
};

/// Carries a plan out and judges what came of it. Equal plans give equal traces, on every machine.
///
/// If the scenario has a second phase, the pair is then asked to link once more, on the same disk and without a fault.
pub fn run(plan: &Plan) -> Run {
    run_under(plan, None)
}

/// The same, with the rules of a mutant in the place of all.
pub(crate) fn run_under(plan: &Plan, rules: Option<Without>) -> Run {
    let world = plan.scenario.world();
    let fs = MemoryFs::new();
    let (mut run, accounts) = carry_out(world, plan, rules, fs.clone(), 0);
    let ended = !run.violations.iter().any(|violation| matches!(violation.rule, Rule::Ends | Rule::NoPanic));
    if plan.scenario.has_second_phase() && ended {
        if plan.planted == Some(Planted::Rot) {
            fs.set_capacity(Some(0));
        }
        let (second, _) = carry_out(world, &plan.afterwards(), rules, fs, accounts);
        run.time += second.time;
        run.violations.extend(second.violations.into_iter().map(|Violation { rule, text }| {
            let text = format!("{rule:?}: {text}");
            Violation { rule: Rule::Converges, text }
        }));
    }
    run
}

fn carry_out(world: World, plan: &Plan, rules: Option<Without>, fs: MemoryFs, accounts: usize) -> (Run, usize) {
    let (begin, carry_out) = match world {
        World::Hosts => (hosts::begin as fn(_), hosts::carry_out as fn(&_) -> _),
        World::Packets => (packets::begin as _, packets::carry_out as _),
    };
    let scene = Arc::new(Scene::new(plan, rules, begin, fs, accounts));
    let carried = catch_unwind(AssertUnwindSafe(|| carry_out(&scene))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied().map(String::from);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Broken::Panic(text.unwrap_or_else(|| "a panic without a text".into())))
    });
    judge(&scene, carried)
}
