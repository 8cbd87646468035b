//! The clients alone, under every signal, return and action, of any length: the graph of each is closed, and explored whole.

use std::collections::BTreeSet;

use handfast::{
    client::{export, import},
    rules::{AllRules, Rules},
};
use handfast_model::{
    clients::{Client, Fault, alone::Alone},
    explore::{Graph, Limits},
    mutants::rules,
};

/// How large the closed graph of a client is, and all that it does wrong in it.
fn closed<C: Client>(alone: &Alone<C>) -> (String, BTreeSet<Fault>) {
    let mut found = BTreeSet::new();
    let graph = Graph::explore_with(alone, Limits::default(), None, |_, at, input| {
        let (next, _) = alone.step(at, input)?;
        found.extend(next.watch.faults());
        Some(next)
    });
    assert!(graph.is_complete());
    let inputs = alone.alphabet().len();
    (format!("{inputs} inputs, {} states, {} edges, depth {}", graph.states(), graph.edges(), graph.depth), found)
}

fn of_rules<R: Rules>() -> [(String, BTreeSet<Fault>); 2] {
    [closed(&Alone::import(import::Client::<R>::new())), closed(&Alone::export(export::Client::<R>::new()))]
}

/// No failure and no false success, whatever comes.
#[test]
fn our_clients_are_never_at_fault() {
    let [(import, faults), (export, others)] = of_rules::<AllRules>();
    assert_eq!((faults, others), (BTreeSet::new(), BTreeSet::new()));
    insta::assert_snapshot!(format!("import: {import}\nexport: {export}"));
}

/// Every rule of the clients is guarded: without it the closed graph shows a fault.
#[test]
fn every_rule_of_the_clients_is_guarded() {
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct BackAndForth;
    impl Rules for BackAndForth {
        const CLIENT_FORWARD: bool = false;
    }
    fn shows<R: Rules>(fault: Fault) -> [bool; 2] {
        of_rules::<R>().map(|(_, faults)| faults.contains(&fault))
    }
    assert_eq!(shows::<rules::M27>(Fault::FalseSuccess), [true; 2]);
    assert_eq!(shows::<rules::M28>(Fault::Foreign), [true; 2]);
    assert_eq!(shows::<rules::M31>(Fault::LeftAlone), [true; 2]);
    assert_eq!(shows::<rules::M52>(Fault::Kept), [true, false]);
    assert_eq!(shows::<rules::M53>(Fault::RefusedUnsaid), [true; 2]);
    assert_eq!(shows::<BackAndForth>(Fault::Back), [true; 2]);
}
