//! The laws of the client machines, under any inputs in any order: total, drained, bounded, deterministic, honest about refusals,
//! and what is shown is what the state says (laws 2, 3 and 6; R-CLI-4).

use std::fmt::Debug;

use handfast::{
    client::{Refused, Told, export, import},
    message::Slot,
    operations::{AddAccountError, AddDeviceError, LocalId, OpId},
    outcome::{AccountId, Outcome, Scheme, Signal},
};
use proptest::{prelude::*, sample::select};

/// No input leads to more effects than this.
const MOST_EFFECTS: usize = 3;

fn outcome() -> impl Strategy<Value = Outcome> {
    select(vec![
        Outcome::SUCCESS,
        Outcome::Success { confirmed: false },
        Outcome::Network,
        Outcome::Authentication,
        Outcome::CANCELED,
    ])
}

fn told() -> impl Strategy<Value = Told> {
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
        outcome().prop_map(Signal::Done),
    ];
    prop_oneof![8 => signal.prop_map(Told::Signal), 1 => Just(Told::Unheard), 1 => Just(Told::Strange)]
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
        8 => (id(), told()).prop_map(|(id, told)| Signal(id, told)),
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
        8 => (id(), told()).prop_map(|(id, told)| Signal(id, told)),
    ]
}

/// A machine with an input at a time.
fn step<C: Clone + PartialEq + Debug, E: PartialEq + Debug>(
    client: &mut C,
    handle: impl Fn(&mut C) -> Result<(), Refused>,
    poll: impl Fn(&mut C) -> Option<E>,
    is_action: bool,
) -> Result<Vec<E>, TestCaseError> {
    let before = client.clone();
    let mut twin = client.clone();
    let answer = handle(client);
    let effects: Vec<E> = std::iter::from_fn(|| poll(client)).collect();
    prop_assert!(effects.len() <= MOST_EFFECTS);
    prop_assert!(answer.is_ok() || is_action, "only actions of the person are refused");
    if answer.is_err() {
        prop_assert!(effects.is_empty());
        prop_assert_eq!(&*client, &before);
    }
    prop_assert_eq!(handle(&mut twin), answer);
    let again: Vec<E> = std::iter::from_fn(|| poll(&mut twin)).collect();
    prop_assert_eq!(&again, &effects);
    prop_assert_eq!(&twin, client);
    Ok(effects)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_import_client_keeps_the_laws(inputs in prop::collection::vec(import_input(), 0..60)) {
        let mut client: import::Client = import::Client::new();
        let mut shown = client.screen();
        for input in inputs {
            let effects = step(&mut client, |client| client.handle(input), import::Client::poll_effect, input.is_action())?;
            for effect in effects {
                if let import::Effect::Show(screen) = effect {
                    shown = screen;
                }
            }
            prop_assert_eq!(client.screen(), shown, "what is shown last is what there is");
        }
    }

    #[test]
    fn the_export_client_keeps_the_laws(inputs in prop::collection::vec(export_input(), 0..60)) {
        let mut client: export::Client = export::Client::new();
        let mut shown = client.screen();
        for input in inputs {
            let effects = step(&mut client, |client| client.handle(input), export::Client::poll_effect, input.is_action())?;
            for effect in effects {
                if let export::Effect::Show(screen) = effect {
                    shown = screen;
                }
            }
            prop_assert_eq!(client.screen(), shown, "what is shown last is what there is");
        }
    }
}
