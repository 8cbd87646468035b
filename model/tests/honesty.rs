//! A check that was cut short, or in which nothing happened, is no pass; and the two engines see the same graph.

use handfast::{export::Exporter, import::Importer};
use handfast_model::{
    check::{Hardened, Verdict, check, hardened},
    config::{Budget, Cast, Configuration, Size, configurations, find},
    explore::{Ended, Graph, Limits},
    judged::Judged,
    mutants::Mutant,
    side::Boxed,
};
use stateright::{Checker, HasDiscoveries, Model, Property};

fn configuration(id: &str) -> Configuration {
    find(Size::Small, id).unwrap()
}

#[test]
fn a_run_that_is_cut_short_verifies_nothing() {
    let faults = configuration("HH-documented-faults");
    let bounded = check(faults, None, Limits { states: 1000, ..Limits::default() });
    assert!(bounded.rows.iter().all(|row| matches!(row.verdict, Verdict::NoViolation { .. })), "{:?}", bounded.rows);
    let starved = check(faults, None, Limits { memory: 50_000, ..Limits::default() });
    assert!(starved.rows.iter().all(|row| matches!(row.verdict, Verdict::Inconclusive { .. })), "{:?}", starved.rows);
    let hurried = check(faults, None, Limits { time: std::time::Duration::ZERO, ..Limits::default() });
    assert!(hurried.rows.iter().all(|row| matches!(row.verdict, Verdict::Inconclusive { .. })), "{:?}", hurried.rows);
}

#[test]
fn a_goal_that_is_missed_verifies_nothing() {
    // Without a caller no one can cancel while somebody connects.
    let budget = Budget { import_cancels: 1, ..Budget::default() };
    let empty = Configuration { cast: Cast::HX, budget, ..configuration("HX-documented-hostile-exporter") };
    let checked = check(empty, None, Limits::default());
    assert!(checked.missed.contains(&"import: cancel in CONNECTING"), "{:?}", checked.missed);
    assert!(checked.rows.iter().all(|row| matches!(row.verdict, Verdict::Inconclusive { .. })));
}

#[test]
fn a_graph_that_has_shrunk_verifies_nothing() {
    let honest = configuration("HH-documented-honest");
    let checked = check(Configuration { least: 1000, ..honest }, None, Limits::default());
    assert!(checked.rows.iter().all(|row| matches!(row.verdict, Verdict::Inconclusive { .. })));
}

#[test]
fn both_engines_count_the_same_graph() {
    for configuration in configurations(Size::Small) {
        if !configuration.is_plain()
            || configuration.cast.has_legacy()
            || matches!(configuration.name, "guesses" | "faults")
        {
            continue;
        }
        let system = hardened(configuration);
        let graph = Graph::explore(&system, Limits::default(), None);
        assert!(graph.is_complete());
        // A crowd comes again for ever.
        assert_eq!(graph.is_acyclic(), configuration.crowd.is_none(), "{configuration}");
        let checker = system.checker().spawn_dfs().join();
        assert_eq!(checker.unique_state_count(), graph.states(), "{configuration}");
        assert_eq!(checker.state_count(), graph.edges() + 1, "{configuration}");
    }
}

/// A boxed reducer is the reducer.
#[test]
fn boxing_changes_nothing() {
    let configuration = configuration("HH-documented-faults");
    let config = configuration.reducers();
    let import = Boxed::new(Importer::new(config));
    let boxed = Judged::new(configuration, import, Boxed::new(Exporter::new(config)));
    let plain: Hardened = hardened(configuration);
    let (boxed, plain) =
        (Graph::explore(&boxed, Limits::default(), None), Graph::explore(&plain, Limits::default(), None));
    assert_eq!((boxed.states(), boxed.edges(), boxed.depth), (plain.states(), plain.edges(), plain.depth));
}

/// `stateright` finds the six mutants too, each by its property.
#[test]
fn stateright_finds_the_mutants() {
    for id in ["M-01", "M-09", "M-10", "M-11", "M-12", "M-18"] {
        let mutant = Mutant::find(id).unwrap();
        let system = mutant.system(Size::Small).unwrap();
        let name = mutant.property.id();
        let checker = system.checker().finish_when(HasDiscoveries::AnyOf([name].into())).spawn_dfs().join();
        assert!(checker.discoveries().contains_key(name), "{id}");
    }
}

/// Steps up to a limit, by one or two; back to the start if it is a ring.
struct Stairs {
    ring: bool,
}

impl Model for Stairs {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }

    fn actions(&self, _: &u32, actions: &mut Vec<u32>) {
        actions.extend([1, 2]);
    }

    fn next_state(&self, at: &u32, step: u32) -> Option<u32> {
        match at + step {
            next @ 0..=100 => Some(next),
            _ => self.ring.then_some(0),
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("below 51", |_, &at| at < 51), Property::sometimes("at 7", |_, &at| at == 7)]
    }
}

#[test]
fn the_explorer_finds_shortest_ways_and_cycles() {
    let stairs = Stairs { ring: false };
    let graph = Graph::explore(&stairs, Limits::default(), None);
    assert_eq!((graph.states(), graph.edges(), graph.depth), (101, 199, 50));
    assert!(graph.is_complete() && graph.is_acyclic());
    assert_eq!(graph.discovered(&stairs), ["below 51", "at 7"]);
    let path = graph.path(&stairs, "below 51").unwrap();
    assert_eq!((path.steps.len(), *path.last()), (26, 51));
    assert_eq!(graph.path(&stairs, "at 7").unwrap().steps.len(), 4);

    let ring = Graph::explore(&Stairs { ring: true }, Limits::default(), None);
    assert_eq!(ring.states(), 101);
    assert!(!ring.is_acyclic());

    let until = Graph::explore(&stairs, Limits::default(), Some("at 7"));
    assert_eq!(until.ended, Ended::Found);
    assert!(until.states() < 20);
    let cut = Graph::explore(&stairs, Limits { states: 10, ..Limits::default() }, None);
    assert_eq!(cut.ended, Ended::States);
}
