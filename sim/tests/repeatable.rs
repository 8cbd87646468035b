//! Equal plans give equal traces, byte by byte, in this process and in another.

use std::{env, process::Command};

use handfast_sim::{Options, Plan, Planted, Rule, Run, Scenario, campaign, run};

const NAMES: [&str; 5] = ["no-fault", "loss", "hold@import.receiving", "cancel@export.tried", "crash@import.received"];

fn traces() -> Vec<String> {
    let scenarios = NAMES.map(|name| name.parse::<Scenario>().unwrap());
    let runs = scenarios.into_iter().flat_map(|scenario| [0, 3].map(|seed| run(&Plan::draw(scenario, seed))));
    runs.map(|run| run.trace()).collect()
}

#[test]
fn a_trace_is_the_same_every_time() {
    let (one, other) = (traces(), traces());
    assert_eq!(one, other);
    assert!(one.iter().all(|trace| trace.lines().count() > 10));
}

/// The output of the child of the next test.
#[test]
fn print_traces() {
    if env::var_os("HANDFAST_PRINT_TRACES").is_some() {
        traces().iter().for_each(|trace| eprint!("{trace}"));
    }
}

#[test]
fn a_trace_is_the_same_in_every_process() {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "print_traces", "--nocapture"]).env("HANDFAST_PRINT_TRACES", "1");
    let printed = String::from_utf8(child.output().unwrap().stderr).unwrap();
    assert_eq!(printed, traces().concat());
}

#[test]
fn another_seed_gives_another_trace() {
    let [one, other] = [0, 4].map(|seed| run(&Plan::draw(Scenario::NoFault, seed)).trace());
    assert_ne!(one, other);
}

/// A plan is what it prints: it replays without its seed.
#[test]
fn a_plan_is_replayed_from_its_text() {
    for name in NAMES {
        let plan = Plan::draw(name.parse().unwrap(), 1);
        let text = serde_json::to_string(&plan).unwrap();
        let read: Plan = serde_json::from_str(&text).unwrap();
        assert_eq!(read, plan);
        let [one, other]: [Run; 2] = [plan, read].map(|plan| run(&plan));
        assert_eq!(one.trace(), other.trace());
    }
}

/// The check can fail.
#[test]
fn a_leak_is_found() {
    let scenarios = vec![Scenario::NoFault];
    let options = Options { scenarios, seeds: 0..1, planted: Some(Planted::Leak), ..Options::default() };
    let report = campaign(&options, &|_| {});
    assert_eq!(report.broken().collect::<Vec<_>>(), [Rule::Repeatable]);
}
