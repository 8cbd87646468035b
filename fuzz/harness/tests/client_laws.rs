//! The laws of the client machines, under any inputs in any order: total, drained, bounded, deterministic, honest about refusals;
//! the screen is the state's, each success was signalled, and no step is unlisted (laws 2, 3 and 6; R-CLI-1 to R-CLI-6).

use handfast::{
    client::{Received, export, import},
    message::Slot,
    operations::{AddAccountError, AddDeviceError, LocalId, OpId},
    outcome::{AccountId, Details, Outcome, Scheme, Side, Signal},
    rules::{AllRules, Rule},
};
use handfast_harness::{export_client, import_client, received};
use handfast_model::without::Without;
use proptest::{prelude::*, sample::select};

fn received() -> impl Strategy<Value = Received> {
    let prompt = |(peer, password, wrong_password)| Signal::Prompt {
        peer: AccountId([peer; 20]),
        scheme: if password { Scheme::Password } else { Scheme::None },
        wrong_password,
    };
    let signal = prop_oneof![
        Just(Signal::TokenAvailable),
        Just(Signal::Connecting),
        (0..2u8, any::<bool>(), any::<bool>()).prop_map(prompt),
        (0..2u16).prop_map(|port| Signal::Confirm { peer_address: ([192, 0, 2, 7], port).into() }),
        Just(Signal::InProgress),
        select(Outcome::ALL.to_vec()).prop_map(Signal::Done),
    ];
    prop_oneof![8 => signal.prop_map(Received::Signal), 1 => Just(Received::Unheard), 1 => Just(Received::Strange)]
}

/// Mostly what belongs to a signal, and whatever else.
fn details() -> impl Strategy<Value = Details> {
    let key = select(vec!["error", "reason", "token", "peer_id", "auth_scheme", "auth_error", "peer_address", "sent"]);
    let known =
        select(vec!["", "none", "network", "password", "true", "[::1]:1", "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"]);
    let word = prop_oneof![2 => known.prop_map(String::from), 1 => any::<String>()];
    prop::collection::btree_map(key.prop_map(String::from), word, 0..5)
}

fn import_input() -> impl Strategy<Value = import::Input> {
    use import::Input::*;
    let id = || prop_oneof![3 => Just(LocalId(1)), 1 => Just(LocalId(2))];
    prop_oneof![
        2 => Just(Select),
        2 => (0..4u8).prop_map(|slot| Answer(Slot(slot))),
        1 => Just(Back),
        1 => Just(Reset),
        1 => Just(Finish),
        2 => id().prop_map(|id| Added(Ok(id))),
        1 => Just(Added(Err(AddAccountError::TooMany))),
        1 => (id(), any::<bool>()).prop_map(|(id, accepted)| Provided(id, accepted)),
        1 => (id(), any::<bool>()).prop_map(|(id, accepted)| Removed(id, accepted)),
        8 => (id(), received()).prop_map(|(id, received)| Signal(id, received)),
    ]
}

fn export_input() -> impl Strategy<Value = export::Input> {
    use export::Input::*;
    let id = || prop_oneof![3 => Just(OpId(1)), 1 => Just(OpId(2))];
    prop_oneof![
        1 => select(vec![Camera, Start, Detected(Slot(0)), Cancel, Back, Reset, Finish]),
        2 => select(vec![Select, Manual, Entered(Slot(1)), Confirm]),
        2 => id().prop_map(|id| Added(Ok(id))),
        1 => Just(Added(Err(AddDeviceError::InvalidUri))),
        1 => (id(), any::<bool>()).prop_map(|(id, accepted)| Confirmed(id, accepted)),
        1 => (id(), any::<bool>()).prop_map(|(id, accepted)| Canceled(id, accepted)),
        8 => (id(), received()).prop_map(|(id, received)| Signal(id, received)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_import_client_keeps_the_laws(inputs in prop::collection::vec(import_input(), 0..60)) {
        import_client::check_inputs(inputs, AllRules);
    }

    #[test]
    fn the_export_client_keeps_the_laws(inputs in prop::collection::vec(export_input(), 0..60)) {
        export_client::check_inputs(inputs, AllRules);
    }

    /// R-ERR-2, R-CLI-3.
    #[test]
    fn only_success_is_read_as_success(export in any::<bool>(), state in -1..8_i32, details in details()) {
        received::read(if export { Side::Export } else { Side::Import }, state, &details);
    }
}

/// Panics if the check passes without the rule, or does not with all of them.
fn is_found<I: Clone>(sound: impl Fn(Vec<I>), broken: impl Fn(Vec<I>, Without), rule: Rule, inputs: Vec<I>) {
    let run = std::panic::AssertUnwindSafe(|| broken(inputs.clone(), Without::new(&[rule])));
    assert!(std::panic::catch_unwind(run).is_err(), "a client without {rule:?} passes");
    sound(inputs);
}

/// The checks can fail: each broken rule of a client is found by a few inputs.
#[test]
fn broken_import_clients_are_found() {
    use import::Input as I;
    let (id, other) = (LocalId(1), LocalId(2));
    let said = |id, signal| I::Signal(id, Received::Signal(signal));
    let table = [
        (Rule::ClientUnheardFails, vec![I::Signal(id, Received::Unheard)]),
        (Rule::ClientOwnSignals, vec![said(other, Signal::Connecting)]),
        (Rule::ClientForward, vec![said(id, Signal::InProgress), said(id, Signal::Connecting)]),
        (Rule::ClientLeavingCancels, vec![I::Back]),
        (Rule::ClientRefusalIsSaid, vec![I::Back, I::Removed(id, false)]),
        (Rule::ClientFailedRemoved, vec![said(id, Signal::Done(Outcome::Network)), I::Back]),
    ];
    for (rule, inputs) in table {
        let linked = [I::Select, I::Added(Ok(id))].into_iter().chain(inputs);
        let sound = |inputs| import_client::check_inputs(inputs, AllRules);
        is_found(sound, import_client::check_inputs, rule, linked.collect());
    }
}

#[test]
fn broken_export_clients_are_found() {
    use export::Input as I;
    let (id, other) = (OpId(1), OpId(2));
    let said = |id, signal| I::Signal(id, Received::Signal(signal));
    let table = [
        (Rule::ClientUnheardFails, vec![I::Signal(id, Received::Unheard)]),
        (Rule::ClientOwnSignals, vec![said(other, Signal::InProgress)]),
        (Rule::ClientForward, vec![said(id, Signal::InProgress), said(id, Signal::Connecting)]),
        (Rule::ClientLeavingCancels, vec![I::Back]),
        (Rule::ClientRefusalIsSaid, vec![I::Back, I::Canceled(id, false)]),
    ];
    for (rule, inputs) in table {
        let linked = [I::Select, I::Manual, I::Entered(Slot(0)), I::Added(Ok(id))].into_iter().chain(inputs);
        let sound = |inputs| export_client::check_inputs(inputs, AllRules);
        is_found(sound, export_client::check_inputs, rule, linked.collect());
    }
}
