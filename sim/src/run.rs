//! One session, from a plan to its judgement.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use handfast::{
    archive::MemoryFs,
    outcome::Outcome,
    trace::{self, Header, Step},
};
use handfast_model::without::Without;

use crate::{
    board::Scene,
    hosts,
    judge::{Rule, Violation, judge},
    packets,
    pairs::Allowed,
    plan::{Plan, Planted, World},
    side::config,
};

/// Why a session did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    #[error("still alive after {0:?}, when every timer has run out")]
    Hang(Duration),
    #[error("{0}")]
    Panic(String),
}

/// A session that was carried out and judged.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was planned.
    pub plan: Plan,
    /// Every step of both sides, in the order in which they were taken.
    pub steps: Vec<Step>,
    /// How the import ended; none if it crashed or never began.
    pub import: Option<Outcome>,
    /// How the export ended; none if it crashed or never began.
    pub export: Option<Outcome>,
    /// Why they may end so; none if they may not.
    pub allowed: Option<Allowed>,
    /// Whether the fault happened. True where there is none.
    pub fired: bool,
    /// Whether it came to what the scenario is there for.
    pub reached: bool,
    /// What is wrong.
    pub violations: Vec<Violation>,
    /// How much virtual time it took.
    pub time: Duration,
}

impl Run {
    /// The trace of both sides: lines of JSON, each with its checksum and a line feed.
    pub fn trace(&self) -> String {
        let config = Some(config(&self.plan));
        let header = Header { trace: trace::VERSION, driver: "turmoil".into(), import: config, export: config };
        let lines = std::iter::once(trace::to_line(&header)).chain(self.steps.iter().map(trace::to_line));
        lines.flat_map(|line| [line, "\n".into()]).collect()
    }
}

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
