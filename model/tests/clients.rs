//! The clients alone, under every signal, return and action, of any length: the graph of each is closed, and explored whole.

use std::{collections::BTreeSet, fs, path::Path};

use handfast::{
    client::{Received, export, import},
    outcome::{Details, LinkState, Outcome, Signal},
    rules::{AllRules, Rule, Rules},
};
use handfast_model::{
    check::{Verdict, check},
    clients::{Client, ClientInput, Fault, Kind, alone::Alone},
    config::{Configuration, Size, find},
    explore::{Graph, Limits},
    without::Without,
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
    let (inputs, states, edges) = (alone.alphabet().len(), graph.states(), graph.edges());
    (format!("{inputs} | {states} | {edges} | {}", graph.depth), found)
}

fn under(rules: impl Rules) -> [(String, BTreeSet<Fault>); 2] {
    [closed(&Alone::import(import::Client::under(rules))), closed(&Alone::export(export::Client::under(rules)))]
}

/// No failure and no false success, whatever comes (R-CLI-2 to R-CLI-6). The counts are in the documents.
#[test]
fn our_clients_are_never_at_fault() {
    let [(import, faults), (export, others)] = under(AllRules);
    assert_eq!((faults, others), (BTreeSet::new(), BTreeSet::new()));
    let received = format!("| import | {import} |\n| export | {export} |\n");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/generated/clients.md");
    assert!(fs::read_to_string(page).unwrap().contains(&received), "docs/generated/clients.md has to have\n{received}");
}

/// Where both users compare, the clients are as good before the whole link (R-SAS-5, R-CLI-9). Persons who refuse: the configurations
/// `import-refuses` and `export-refuses`, at night.
#[test]
fn clients_whose_users_compare_come_to_the_end() {
    for profile in ["documented", "jamid"] {
        let clients = find(Size::Small, &format!("HH-{profile}-clients")).unwrap();
        let checked = check(Configuration { sas: true, ..clients }, None, Limits::default());
        assert!(!checked.rows.is_empty());
        for row in &checked.rows {
            let least = |verdict: &Verdict| matches!(verdict, Verdict::Verified { states, .. } if *states > 3_500);
            assert!(least(&row.verdict), "{profile}: {:?} {:?}", row.property, row.verdict);
        }
    }
}

/// The possible signals: every state and outcome, an unknown error, input that is no signal, each of the own operation
/// and of another; every return of every call, of either; and every action (R-CLI-2, R-CLI-3, R-CLI-4, R-CLI-5).
#[test]
fn everything_can_come() {
    fn of<C: Client>(alone: &Alone<C>) {
        let kinds: Vec<Kind> = alone.alphabet().iter().map(ClientInput::kind).collect();
        let added: BTreeSet<u32> =
            kinds.iter().filter_map(|kind| if let Kind::Added(id) = kind { *id } else { None }).collect();
        assert_eq!(added.len(), 2, "either can be the own operation");
        for &id in &added {
            let received: Vec<Received> = kinds
                .iter()
                .filter_map(|kind| match kind {
                    Kind::Signal(of, received) if *of == id => Some(*received),
                    _ => None,
                })
                .collect();
            assert!(received.contains(&Received::Unheard) && received.contains(&Received::Strange));
            assert!(
                Outcome::ALL.into_iter().all(|outcome| received.contains(&Received::Signal(Signal::Done(outcome))))
            );
            let state =
                |received: &Received| if let Received::Signal(signal) = received { Some(signal.state()) } else { None };
            let states: BTreeSet<LinkState> = received.iter().filter_map(state).collect();
            assert_eq!(states, LinkState::ALL.into_iter().skip(1).collect());
            assert!([true, false].into_iter().all(|accepted| kinds.contains(&Kind::Canceled(id, accepted))));
        }
        assert!(kinds.contains(&Kind::Added(None)) && kinds.contains(&Kind::Action));
        // Details that are no state, or no word of the error, are read as such.
        let none = Details::new();
        assert!([0, 6, -1, i32::MAX].into_iter().all(|state| Received::read(
            <C::Input as ClientInput>::SIDE,
            state,
            &none
        ) == Received::Strange));
        let odd = Details::from([("error".to_owned(), "something new".to_owned())]);
        assert_eq!(Received::read(<C::Input as ClientInput>::SIDE, 5, &odd), Received::Unheard);
    }
    of(&Alone::import(import::Client::new()));
    of(&Alone::export(export::Client::new()));
}

/// Every rule of the clients is guarded: without it the closed graph shows a fault.
#[test]
fn every_rule_of_the_clients_is_guarded() {
    let shows = |rule, fault| under(Without::new(&[rule])).map(|(_, faults)| faults.contains(&fault));
    assert_eq!(shows(Rule::ClientUnheardFails, Fault::FalseSuccess), [true; 2]);
    assert_eq!(shows(Rule::ClientOwnSignals, Fault::Foreign), [true; 2]);
    assert_eq!(shows(Rule::ClientLeavingCancels, Fault::LeftAlone), [true; 2]);
    assert_eq!(shows(Rule::ClientFailedRemoved, Fault::Kept), [true, false]);
    assert_eq!(shows(Rule::ClientRefusalIsSaid, Fault::RefusedUnsaid), [true; 2]);
    assert_eq!(shows(Rule::ClientRefusalWaits, Fault::CalledAgain), [true; 2]);
    assert_eq!(shows(Rule::ClientForward, Fault::Back), [true; 2]);
}
