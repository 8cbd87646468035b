//! A link with its clients: each between its user and its daemon, calls, returns and signals each on a way of their own, so that
//! any of them can cross any other.

mod daemon;
mod desk;
mod people;

use handfast::{
    client::{Received, export, import},
    message::Slot,
    outcome::{Outcome, Scheme, Side, Signal},
};

use self::{
    daemon::{OWN, export_action, export_return, import_action, import_return},
    desk::Desk,
};
use super::{AnyExportClient, AnyImportClient, Client as _, ClientEffect as _, ClientInput as _, Shown};
use crate::{
    property::{
        deleted::checked,
        judged::{Judged, Reached},
        properties::{Half, PropertyId, PropertySet},
    },
    system::{
        Turn,
        action::Action,
        config::{Budget, Clients, Configuration, Player},
        side::{AnyExport, AnyImport, Side as _},
    },
};

/// Another operation of the same daemon.
const OTHER: u32 = 2;

/// A link and its two clients.
#[derive(Clone, Debug)]
pub struct Linked {
    configuration: Configuration,
    pub(crate) link: Judged<AnyImport, AnyExport>,
    fresh: (AnyImportClient, AnyExportClient),
}

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Whole {
    /// The daemons.
    pub link: Reached<AnyImport, AnyExport>,
    /// Before the new device.
    pub(crate) import: Desk<AnyImportClient>,
    /// Before the old one.
    pub(crate) export: Desk<AnyExportClient>,
    /// Signals of other operations that can still come.
    foreign: u8,
    /// The properties that the step into this state violated.
    violated: PropertySet,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The new device's user does something.
    Import(import::Input),
    /// The old device's user does something.
    Export(export::Input),
    /// The next call arrives at a daemon.
    Call(Side),
    /// The next return arrives at the client.
    Return(Side),
    /// The next signal does.
    Receive(Side),
    /// A signal of another operation does.
    Foreign(Side, Received),
    /// Anything else.
    Link(Action),
}

/// The effect of a step, for descriptions.
pub(crate) struct Done {
    pub(crate) turn: Turn,
    pub(crate) import: Option<(import::Input, Vec<import::Effect>)>,
    pub(crate) export: Option<(export::Input, Vec<export::Effect>)>,
}

/// States that have to be reached.
pub(crate) const REACHED: [&str; 11] = [
    "both clients show success",
    "both clients show failure",
    "import: a signal crosses a call",
    "import: the client shows success",
    "import: the client shows failure",
    "import: the client is left",
    "import: it is said to go on",
    "export: a signal crosses a call",
    "export: the client shows failure",
    "export: the client is left",
    "export: it is said to go on",
];

impl Linked {
    /// The link of a configuration, and its clients.
    pub fn new(
        configuration: Configuration,
        link: impl FnOnce(Configuration) -> Judged<AnyImport, AnyExport>,
        fresh: (AnyImportClient, AnyExportClient),
    ) -> Self {
        // How often a person leaves is counted here; what their clients then call is not limited further.
        let calls = |side, count| if configuration.with_client.contains(&side) { 4 } else { count };
        let Budget { import_cancels, export_cancels, .. } = configuration.budget;
        let budget = Budget {
            import_cancels: calls(Side::Import, import_cancels),
            export_cancels: calls(Side::Export, export_cancels),
            foreign: 0,
            ..configuration.budget
        };
        Self { configuration, link: link(Configuration { budget, ..configuration }), fresh }
    }

    /// The checked system.
    pub const fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The properties that are asked of them: each side by itself, and the invariants of those that ship.
    pub(crate) fn asked(configuration: &Configuration) -> impl Iterator<Item = (PropertyId, Half)> {
        let shipped = configuration.clients == Some(Clients::Own);
        let invariant = shipped.then_some((PropertyId::Invariant, Half::Both));
        configuration.with_client.iter().map(|&side| (PropertyId::Client, Half::Only(side))).chain(invariant)
    }

    /// How the archive is protected: there is one.
    fn scheme(&self) -> Scheme {
        self.configuration.schemes.first().copied().unwrap_or(Scheme::Password)
    }

    /// Whether there is a client before this side's daemon.
    fn has(&self, side: Side) -> bool {
        self.configuration.with_client.contains(&side)
    }

    /// The states that have to be reached, by number and name.
    pub(crate) fn sought(&self) -> impl Iterator<Item = (usize, &'static str)> {
        let due = |number: &usize| match number {
            0 | 1 => self.has(Side::Import) && self.has(Side::Export),
            2..=6 => self.has(Side::Import),
            _ => self.has(Side::Export),
        };
        let budget = self.configuration.budget;
        let left = move |number: &usize| match number {
            1 | 4 => budget.loss > 0 || budget.storage > 0,
            5 | 6 => budget.import_cancels > 0,
            9 | 10 => budget.export_cancels > 0,
            8 => budget.storage > 0,
            _ => true,
        };
        REACHED.into_iter().enumerate().filter(move |(number, _)| due(number) && left(number))
    }

    pub(crate) fn holds(&self, property: PropertyId, half: Half, state: &Whole) -> bool {
        if property == PropertyId::Invariant {
            let Whole { link, import, export, .. } = state;
            let daemons = link.import.invariant().and_then(|()| link.export.invariant());
            return checked(PropertyId::Invariant, daemons.is_ok())
                && checked(PropertyId::Invariant, import.client.invariant().is_ok())
                && checked(PropertyId::Invariant, export.client.invariant().is_ok());
        }
        property != PropertyId::Client
            || !state.violated.contains(property, half)
                && half.sides().all(|side| {
                    checked(PropertyId::Client, self.ends_what_is_left(state, side))
                        && checked(PropertyId::Client, self.gets_on(state, side))
                })
    }

    /// Whether a shipped client has a hardened daemon, which answers each call for good.
    fn answers(&self, side: Side) -> bool {
        self.configuration.clients == Some(Clients::Own) && self.configuration.cast.player(side) == Player::Hardened
    }

    /// The person before a side's client can go on. Old clients and old daemons are not asked: what they leave open is known.
    fn gets_on(&self, state: &Whole, side: Side) -> bool {
        !self.answers(side)
            || match side {
                Side::Import => state.import.gets_on(import::Input::Answer(Slot(1)), import::Input::Compare(true)),
                Side::Export => state.export.gets_on(export::Input::Confirm, export::Input::Compare(true)),
            }
    }

    /// The operation of a screen that was left ends without a timer, or the client said that it goes on. The reaction of an old daemon to a
    /// cancel is not its client's doing.
    fn ends_what_is_left(&self, state: &Whole, side: Side) -> bool {
        let seen = &state.link.world.seen;
        let (watch, up) = match side {
            Side::Import => (&state.import.watch, seen.import.is_up() && seen.import.done.is_none()),
            Side::Export => (&state.export.watch, seen.export.is_up()),
        };
        let old = self.configuration.cast.player(side) != Player::Hardened;
        old || !watch.is_left() || watch.said || !up || state.is_busy()
    }

    pub(crate) fn reaches(state: &Whole, goal: usize) -> bool {
        let (import, export) = (&state.import, &state.export);
        let both = |shown| import.watch.shown == Some(shown) && export.watch.shown == Some(shown);
        let crosses = |calls: bool, signals: bool| !calls && !signals;
        match goal {
            0 => both(Shown::Success),
            1 => both(Shown::Failure),
            2 => crosses(import.calls.is_empty(), import.signals.is_empty()),
            3 => import.watch.shown == Some(Shown::Success),
            4 => import.watch.shown == Some(Shown::Failure),
            5 => import.begun && import.watch.is_left(),
            6 => import.watch.said,
            7 => crosses(export.calls.is_empty(), export.signals.is_empty()),
            8 => export.watch.shown == Some(Shown::Failure),
            9 => export.begun && export.watch.is_left(),
            _ => export.watch.said,
        }
    }

    /// Takes a step, and returns its effect.
    pub(crate) fn step(&self, state: &Whole, step: Step) -> Option<(Whole, Done)> {
        let mut next = state.clone();
        next.violated = PropertySet::default();
        next.import.watch.forgive();
        next.export.watch.forgive();
        next.link.violated = PropertySet::default();
        let mut done = Done { turn: Turn::Neither, import: None, export: None };
        match step {
            Step::Import(input) => {
                next.import.begun = true;
                // A person who leaves, or sees a difference.
                if matches!(input, import::Input::Back | import::Input::Compare(false)) {
                    next.import.backs = next.import.backs.checked_sub(1)?;
                }
                done.import = Some((input, next.import.take(input)?));
            }
            Step::Export(input) => {
                next.export.begun = true;
                if matches!(input, export::Input::Back | export::Input::Cancel | export::Input::Compare(false)) {
                    next.export.backs = next.export.backs.checked_sub(1)?;
                }
                done.export = Some((input, next.export.take(input)?));
            }
            Step::Call(Side::Import) => {
                let call = next.import.calls.pop_front()?;
                let accepted = match import_action(call) {
                    Some(action) => self.act(&mut next, action, &mut done),
                    None => next.import.last.inspect(|&received| next.import.signals.push_back(received)).is_some(),
                };
                next.import.answered |=
                    accepted && self.answers(Side::Import) && call.call() == Some(super::Call::Answer);
                next.import.returns.extend(import_return(call, accepted));
            }
            Step::Call(Side::Export) => {
                let call = next.export.calls.pop_front()?;
                let accepted = match export_action(call, self.scheme()) {
                    Some(action) => self.act(&mut next, action, &mut done),
                    None => next.export.last.inspect(|&received| next.export.signals.push_back(received)).is_some(),
                };
                next.export.answered |=
                    accepted && self.answers(Side::Export) && call.call() == Some(super::Call::Answer);
                next.export.returns.extend(export_return(call, accepted));
            }
            Step::Return(Side::Import) => {
                let input = next.import.returns.pop_front()?;
                done.import = Some((input, next.import.take(input)?));
            }
            Step::Return(Side::Export) => {
                let input = next.export.returns.pop_front()?;
                done.export = Some((input, next.export.take(input)?));
            }
            Step::Receive(Side::Import) => {
                let input = import::Input::signal(OWN, next.import.signals.pop_front()?);
                done.import = Some((input, next.import.take(input)?));
            }
            Step::Receive(Side::Export) => {
                let input = export::Input::signal(OWN, next.export.signals.pop_front()?);
                done.export = Some((input, next.export.take(input)?));
            }
            Step::Foreign(side, received) => {
                next.foreign = next.foreign.checked_sub(1)?;
                match side {
                    Side::Import => {
                        let input = import::Input::signal(OTHER, received);
                        done.import = Some((input, next.import.take(input)?));
                    }
                    Side::Export => {
                        let input = export::Input::signal(OTHER, received);
                        done.export = Some((input, next.export.take(input)?));
                    }
                }
            }
            Step::Link(action) => {
                if !self.act(&mut next, action, &mut done) {
                    return None;
                }
            }
        }
        for (side, at_fault) in
            [(Side::Import, next.import.watch.is_at_fault()), (Side::Export, next.export.watch.is_at_fault())]
        {
            if at_fault {
                next.violated.insert(PropertyId::Client, side);
            }
        }
        Some((next, done))
    }

    /// Lets something happen to the daemons. Whether it could, and was not refused.
    fn act(&self, next: &mut Whole, action: Action, done: &mut Done) -> bool {
        let Some((link, turn)) = self.link.step(&next.link, action) else { return false };
        next.link = link;
        let vocabulary = |side| self.configuration.profile_of(side).vocabulary();
        let read = |side, signal: Signal| {
            let text = if signal.compares() { "012345 one two three four" } else { "jami-auth://" };
            Received::read(side, signal.state().number().into(), &signal.details(vocabulary(side), text))
        };
        match &turn {
            Turn::Import(_, effects) if self.has(Side::Import) => {
                for effect in effects {
                    if let handfast::import::Effect::Signal(signal) = *effect {
                        next.import.receive(read(Side::Import, signal));
                    }
                }
            }
            Turn::Export(_, effects) if self.has(Side::Export) => {
                for effect in effects {
                    if let handfast::export::Effect::Signal(signal) = *effect {
                        next.export.receive(read(Side::Export, signal));
                    }
                }
            }
            Turn::Import(..) | Turn::Export(..) | Turn::Neither => {}
        }
        done.turn = turn;
        true
    }
}

impl Whole {
    fn is_busy(&self) -> bool {
        self.link.is_busy() || !self.import.is_quiet() || !self.export.is_quiet()
    }
}

impl Linked {
    /// Returns the state in which all begin.
    pub(crate) fn begin(&self) -> Whole {
        let Configuration { budget, .. } = self.configuration;
        let (import, export) = &self.fresh;
        Whole {
            link: self.link.begin(),
            import: Desk::new(import.clone(), budget.import_cancels),
            export: Desk::new(export.clone(), budget.export_cancels),
            foreign: budget.foreign,
            violated: PropertySet::default(),
        }
    }

    /// Adds the steps that can be next.
    pub(crate) fn actions(&self, state: &Whole, steps: &mut Vec<Step>) {
        if self.configuration.at_once && self.at_once(state, steps) {
            return;
        }
        self.people(state, steps);
        let queues = [
            (
                Side::Import,
                state.import.calls.len(),
                state.import.returns.len(),
                state.import.signals.len(),
                state.import.client.is_broken(),
            ),
            (
                Side::Export,
                state.export.calls.len(),
                state.export.returns.len(),
                state.export.signals.len(),
                state.export.client.is_broken(),
            ),
        ];
        for (side, calls, returns, signals, broken) in queues {
            steps.extend((calls > 0).then_some(Step::Call(side)));
            steps.extend((returns > 0 && !broken).then_some(Step::Return(side)));
            steps.extend((signals > 0 && !broken).then_some(Step::Receive(side)));
            if state.foreign > 0 && !broken && self.has(side) {
                let said = [Signal::Connecting, Signal::Done(Outcome::SUCCESS)];
                steps.extend(said.map(|signal| Step::Foreign(side, Received::Signal(signal))));
            }
        }
        let mut own = Vec::new();
        self.link.actions(&state.link, &mut own);
        let may = |action: &Action| match action {
            // Time is only as short as what is on its way between clients and daemons.
            Action::Fire(..) => state.link.world.left.early > 0 || !state.is_busy(),
            _ => action.caller().is_none_or(|side| !self.has(side)),
        };
        steps.extend(own.into_iter().filter(may).map(Step::Link));
    }
}
