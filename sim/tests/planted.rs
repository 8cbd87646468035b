//! Defects that are planted are found, and by the rule that they break.

use handfast::{
    outcome::Outcome,
    reducer::Config,
    trace::{Step, Turn},
};
use handfast_sim::{Options, Plan, Planted, Rule, Scenario, Verdict, campaign, replay, run};

fn broken(scenario: &str, seed: u64, planted: Planted) -> Vec<Rule> {
    let plan = Plan::draw(scenario.parse().unwrap(), seed).with(Some(planted));
    let mut rules: Vec<_> = run(&plan).violations.into_iter().map(|violation| violation.rule).collect();
    rules.dedup();
    rules
}

#[test]
fn an_account_that_was_not_kept_is_missed() {
    assert_eq!(broken("no-fault", 0, Planted::ForgetfulStore), [Rule::Stored]);
    assert_eq!(broken("partition@import.installed", 1, Planted::ForgetfulStore), [Rule::Stored]);
}

#[test]
fn an_account_that_was_kept_in_secret_is_found() {
    let rules = broken("no-fault", 2, Planted::SecretiveStore);
    assert!(rules.contains(&Rule::Stored), "{rules:?}");
}

#[test]
fn litter_is_found() {
    assert_eq!(broken("no-fault", 3, Planted::LitteringStore), [Rule::LeftOver]);
    assert_eq!(broken("cancel@import.receiving", 0, Planted::LitteringStore), [Rule::LeftOver]);
}

/// A connection, a task, or a timer, at the end of an operation.
#[test]
fn what_is_left_open_is_found() {
    for scenario in ["no-fault", "loss", "cancel@export.greeted", "hostile-importer@flood"] {
        assert_eq!(broken(scenario, 0, Planted::Socket), [Rule::Leak], "{scenario}");
    }
    for scenario in ["no-fault", "loss", "partition@import.asked"] {
        assert_eq!(broken(scenario, 1, Planted::Task), [Rule::Leak], "{scenario}");
    }
    assert_eq!(broken("cancel@import.scheme", 2, Planted::Timer), [Rule::Closed]);
}

#[test]
fn the_state_of_a_late_client_is_compared() {
    for scenario in ["no-fault", "loss", "disk-fails@3", "cancel@export.greeted"] {
        assert_eq!(broken(scenario, 1, Planted::Forgetful), [Rule::Signalled], "{scenario}");
    }
}

#[test]
fn a_pair_that_does_not_recover_is_found() {
    for scenario in ["disk-fails@3", "crash@import.received", "swarm@hosts", "swarm@packets"] {
        assert_eq!(broken(scenario, 0, Planted::Rot), [Rule::Converges], "{scenario}");
    }
}

#[test]
fn a_panic_is_reported() {
    let rules = broken("no-fault", 0, Planted::Panic);
    assert!(rules.contains(&Rule::NoPanic), "{rules:?}");
    let rules = broken("loss", 0, Planted::Panic);
    assert!(rules.contains(&Rule::NoPanic), "{rules:?}");
}

/// The report says how to see it again.
#[test]
fn a_violation_is_reported_with_the_command_that_shows_it() {
    let scenarios = vec![Scenario::NoFault, "hold@import.checked".parse().unwrap()];
    let planted = Some(Planted::ForgetfulStore);
    let report = campaign(&Options { scenarios, seeds: 7..9, planted, ..Options::default() }, &|_| {});
    assert!(report.is_violated() && !report.is_inconclusive());
    assert!(report.rows.iter().all(|row| row.verdict == Verdict::Violated));
    let commands: Vec<_> = report.rows.iter().flat_map(|row| &row.violations).map(|found| &*found.reproduce).collect();
    assert_eq!(
        commands,
        [
            "handfast sim --engine turmoil --scenario no-fault --seeds 7..8",
            "handfast sim --engine turmoil --scenario no-fault --seeds 8..9",
            "handfast sim --engine turmoil --scenario hold@import.checked --seeds 7..8",
            "handfast sim --engine turmoil --scenario hold@import.checked --seeds 8..9",
        ]
    );
}

/// Every changed outcome of a trace is found by its replay.
#[test]
fn a_trace_that_was_changed_does_not_replay() {
    let plan = Plan::draw(Scenario::NoFault, 0);
    let config = Config { profile: plan.profile, ..Config::default() };
    let steps = run(&plan).steps;
    let replayed = replay(config, config, &steps).unwrap();
    assert_eq!(replayed.imports[0].1.outcome(), Some(Outcome::SUCCESS));
    for index in 0..steps.len() {
        let mut changed: Vec<Step> = steps.clone();
        match &mut changed[index].turn {
            Turn::Import { effects, .. } => effects.push(handfast::import::Effect::Discard),
            Turn::Export { effects, .. } => effects.push(handfast::export::Effect::Close),
        }
        assert_eq!(replay(config, config, &changed).unwrap_err().index, index);
    }
}
