//! A client alone, under everything that can come, in any order and for ever: the graph of it is closed.

use std::hash::Hash;

use handfast::{
    client::{Received, export, import},
    message::Slot,
    operations::{AddAccountError, AddDeviceError, LocalId, OpId},
    outcome::{AccountId, Outcome, Scheme, Signal},
};
use stateright::{Model, Property};

use super::{Client, ClientInput, Watch};
use crate::{explorer::explore::ENDLESS, property::properties::PropertyId};

/// A client and all that can come to it.
#[derive(Clone, Debug)]
pub struct Alone<C: Client> {
    fresh: C,
    alphabet: Vec<C::Input>,
}

/// Where it is, and what was seen of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct At<C> {
    /// The client.
    pub client: C,
    /// Its watch.
    pub watch: Watch,
}

/// Two operations: one may be the client's, and the other is not.
const IDS: [u32; 2] = [1, 2];

/// All signals and returns of a daemon, or of a program in its place.
fn signals<I: ClientInput>() -> impl Iterator<Item = I> {
    let prompt = |peer, scheme, wrong_password| Signal::Prompt { peer: AccountId([peer; 20]), scheme, wrong_password };
    let said = [
        Signal::TokenAvailable,
        Signal::Connecting,
        prompt(1, Scheme::None, false),
        prompt(1, Scheme::Password, false),
        prompt(1, Scheme::Password, true),
        prompt(2, Scheme::Password, false),
        Signal::Confirm { peer_address: ([192, 0, 2, 7], 4711).into() },
        Signal::Confirm { peer_address: ([192, 0, 2, 8], 4711).into() },
        Signal::InProgress,
    ];
    let ends = Outcome::ALL.into_iter().map(Signal::Done);
    let received: Vec<_> =
        said.into_iter().chain(ends).map(Received::Signal).chain([Received::Unheard, Received::Strange]).collect();
    IDS.into_iter().flat_map(move |id| received.clone().into_iter().map(move |received| I::signal(id, received)))
}

impl<C: Client<Input = import::Input>> Alone<C> {
    /// A client of an import.
    pub fn import(fresh: C) -> Self {
        use import::Input as I;
        let actions = [I::Select, I::Answer(Slot(0)), I::Back, I::Reset, I::Finish];
        let refused = [AddAccountError::TooMany, AddAccountError::Taken].map(|error| I::Added(Err(error)));
        let returned = IDS.into_iter().flat_map(|id| {
            let id = LocalId(id.into());
            [true, false]
                .into_iter()
                .flat_map(move |yes| [I::Provided(id, yes), I::Removed(id, yes)])
                .chain([I::Added(Ok(id))])
        });
        Self { fresh, alphabet: actions.into_iter().chain(refused).chain(returned).chain(signals()).collect() }
    }
}

impl<C: Client<Input = export::Input>> Alone<C> {
    /// A client of an export.
    pub fn export(fresh: C) -> Self {
        use export::Input as I;
        let actions = [
            I::Select,
            I::Camera,
            I::Start,
            I::Detected(Slot(0)),
            I::Manual,
            I::Entered(Slot(0)),
            I::Cancel,
            I::Confirm,
            I::Back,
            I::Reset,
            I::Finish,
        ];
        let refused = [AddDeviceError::InvalidUri, AddDeviceError::AlreadyLinking, AddDeviceError::Generic]
            .map(|error| I::Added(Err(error)));
        let returned = IDS.into_iter().map(OpId).flat_map(|id| {
            [true, false]
                .into_iter()
                .flat_map(move |yes| [I::Confirmed(id, yes), I::Canceled(id, yes)])
                .chain([I::Added(Ok(id))])
        });
        Self { fresh, alphabet: actions.into_iter().chain(refused).chain(returned).chain(signals()).collect() }
    }
}

impl<C: Client> Alone<C> {
    /// All that can come.
    pub fn alphabet(&self) -> &[C::Input] {
        &self.alphabet
    }

    /// Takes a step, and returns the outputs. `None`: the screen does not offer it.
    pub fn step(&self, at: &At<C>, input: C::Input) -> Option<(At<C>, Vec<C::Effect>)> {
        let mut next = at.clone();
        let effects = next.client.take(input).ok()?;
        next.watch.see(input, &effects, next.client.is_broken());
        Some((next, effects))
    }
}

impl<C: Client> Model for Alone<C> {
    type State = At<C>;
    type Action = C::Input;

    fn init_states(&self) -> Vec<At<C>> {
        vec![At { client: self.fresh.clone(), watch: Watch::default() }]
    }

    fn actions(&self, at: &At<C>, actions: &mut Vec<C::Input>) {
        // After what no one thought of nothing is asked any more.
        if !at.client.is_broken() {
            actions.extend_from_slice(&self.alphabet);
        }
    }

    fn next_state(&self, at: &At<C>, input: C::Input) -> Option<At<C>> {
        self.step(at, input).map(|(next, _)| next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(PropertyId::Client.id(), |_, at: &At<C>| !at.watch.is_at_fault()),
            Property::always(PropertyId::Invariant.id(), |_, at: &At<C>| at.client.invariant().is_ok()),
            Property::always(ENDLESS, |_, _| true),
        ]
    }
}
