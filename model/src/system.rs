//! The two reducers and what surrounds them, as a `stateright` model.

use handfast::{
    export, import,
    limits::Timer,
    outcome::Side,
    reducer::{ConnId, Refused},
};
use stateright::{Model, Property};

use crate::{
    action::Action,
    config::Configuration,
    goals::GOALS,
    properties::{PropertyId, PropertySet},
    side::{ExportSide, ImportSide},
    table,
    walk::Told as _,
    world::{PEER, Storage, World},
};

/// The name of the property that nothing violates.
pub(crate) const ENDLESS: &str = "(the graph is explored to its end)";

/// One state of the system.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<I, E> {
    /// The import side.
    pub import: I,
    /// The export side.
    pub export: E,
    /// The rest.
    pub world: World,
}

/// Two sides in a configuration.
#[derive(Clone, Debug)]
pub struct System<I, E> {
    configuration: Configuration,
    /// The two sides before they begin.
    fresh: (I, E),
    /// [`World::torn_disk`].
    torn_disk: bool,
}

/// What an action hands to a reducer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    Import(import::Input),
    Export(export::Input),
    /// A side's own step.
    Inner(Side, u8),
    /// It concerns neither.
    Nobody,
}

/// The two parts of a step that a trace shows: what went in, unless the side took a step of its own, and what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Import(Option<import::Input>, Vec<import::Effect>),
    Export(Option<export::Input>, Vec<export::Effect>),
    Nobody,
}

impl Turn {
    /// Whether nothing came out.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Import(_, effects) => effects.is_empty(),
            Self::Export(_, effects) => effects.is_empty(),
            Self::Nobody => true,
        }
    }
}

impl<I: ImportSide, E: ExportSide> System<I, E> {
    /// The system of a configuration, with two sides that have not begun.
    pub fn new(configuration: Configuration, import: I, export: E) -> Self {
        Self { configuration, fresh: (import, export), torn_disk: false }
    }

    /// The same on a disk that does not keep the order in which things are made durable.
    pub(crate) const fn on_a_torn_disk(mut self) -> Self {
        self.torn_disk = true;
        self
    }

    /// What is checked.
    pub const fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Takes a step, and tells what went in and out. `None`: the call is refused, or nothing is there to be taken.
    pub(crate) fn step(&self, state: &State<I, E>, action: Action) -> Option<(State<I, E>, Turn)> {
        let (next, turn) = self.take(state.clone(), action).ok()?;
        // A right code at a taken slot, or a word to one who no longer listens, changes nothing for ever: that is no step.
        (!action.is_idle() || next != *state).then_some((next, turn))
    }

    /// Takes a step.
    ///
    /// # Errors
    /// The call is refused, and why, or nothing is there to be taken.
    pub(crate) fn take(&self, mut next: State<I, E>, action: Action) -> Result<(State<I, E>, Turn), Option<Refused>> {
        next.world.violated = PropertySet::default();
        if let Action::Fire(_, timer) = action
            && timer != Timer::Retry
            && next.is_busy()
        {
            next.world.left.early = next.world.left.early.checked_sub(1).ok_or(None)?;
            // What is on its way was given all the time that a link has.
            next.world.link.failed |= timer == Timer::Linger && next.world.link.carries();
        }
        let aim = next.world.aim(action).ok_or(None)?;
        match action {
            Action::Crash(Side::Import, _) => next.import = self.fresh.0.clone(),
            Action::Crash(Side::Export, _) => next.export = self.fresh.1.clone(),
            _ => {}
        }
        self.hand(next, aim).map_err(Some)
    }

    /// Hands something to a side, and carries out what comes of it.
    ///
    /// # Errors
    /// The call is refused.
    pub(crate) fn hand(&self, mut next: State<I, E>, aim: Aim) -> Result<(State<I, E>, Turn), Refused> {
        let turn = match aim {
            Aim::Import(input) => {
                let effects = next.import.take(input)?;
                next.world.import_turn(&self.configuration, Some(input), &effects);
                Turn::Import(Some(input), effects)
            }
            Aim::Export(input) => {
                let effects = next.export.take(input)?;
                next.world.export_turn(&self.configuration, Some(input), &effects);
                Turn::Export(Some(input), effects)
            }
            Aim::Inner(Side::Import, step) => {
                let effects = next.import.advance(step);
                next.world.import_turn(&self.configuration, None, &effects);
                Turn::Import(None, effects)
            }
            Aim::Inner(Side::Export, step) => {
                let effects = next.export.advance(step);
                next.world.export_turn(&self.configuration, None, &effects);
                Turn::Export(None, effects)
            }
            Aim::Nobody => Turn::Nobody,
        };
        Ok((next, turn))
    }
}

impl<I: ImportSide, E: ExportSide> State<I, E> {
    /// Whether something is under way that will happen by itself, without people, faults and timers.
    pub(crate) fn is_busy(&self) -> bool {
        let world = &self.world;
        [Side::Import, Side::Export].iter().any(|&side| !world.link.half(side).queue.is_empty())
            || world.link.is_securing()
            || world.import.publishing
            || world.import.checking
            || matches!(world.import.storage, Storage::Running | Storage::Settled { .. })
            || world.export.opening.is_some()
            || world.export.sending
            || !self.import.inner().is_empty()
            || !self.export.inner().is_empty()
    }

    /// Whether the side reads what is on its way to it.
    fn reads(&self, side: Side) -> bool {
        match side {
            Side::Import => self.import.reads(PEER),
            Side::Export => self.export.reads(PEER),
        }
    }
}

impl<I: ImportSide, E: ExportSide> Model for System<I, E> {
    type State = State<I, E>;
    type Action = Action;

    fn init_states(&self) -> Vec<Self::State> {
        let (import, export) = self.fresh.clone();
        let world = World { torn_disk: self.torn_disk, ..World::new(&self.configuration) };
        vec![State { import, export, world }]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        let world = &state.world;
        world.people(&self.configuration, actions);
        world.network(actions);
        world.shells(actions);
        if self.configuration.clock {
            let may_fire = world.left.early > 0 || !state.is_busy();
            let timers = may_fire.then(|| [(Side::Import, state.import.armed()), (Side::Export, state.export.armed())]);
            for (side, armed) in timers.into_iter().flatten() {
                let timers = armed.iter().filter(|&timer| timer != Timer::Retry);
                actions.extend(timers.map(|timer| Action::Fire(side, timer)));
            }
        }
        // It is a short one, and as much a part of connecting as anything, but longer than the importer takes to learn of the loss.
        if world.left.retries > 0 && world.link.is_free() && state.export.armed().contains(Timer::Retry) {
            actions.push(Action::Fire(Side::Export, Timer::Retry));
        }
        world.hostile(&self.configuration, actions);
        world.crashes(actions);
        for (side, steps) in [(Side::Import, state.import.inner()), (Side::Export, state.export.inner())] {
            actions.extend(steps.into_iter().map(|step| Action::Inner(side, step)));
        }
        actions.retain(|action| match action {
            Action::Deliver(side) => state.reads(*side),
            Action::Caller(conn, _) => state.import.reads(ConnId(*conn)),
            Action::Device(_) => state.export.reads(PEER),
            _ => true,
        });
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.step(state, action).map(|(next, _)| next)
    }

    fn format_action(&self, action: &Self::Action) -> String {
        action.to_string()
    }

    fn as_svg(&self, path: stateright::Path<Self::State, Self::Action>) -> Option<String> {
        self.picture(path)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let reached = GOALS.iter().zip(table::reached::<I, E>());
        // `stateright` stops once everything is discovered: this never is.
        let endless = Property::always(ENDLESS, |_, _| true);
        let asked = PropertyId::ALL.iter().filter(|property| property.applies(&self.configuration));
        asked
            .flat_map(|property| property.halves(&self.configuration).iter().map(move |&half| (property, half)))
            .map(|(&property, half)| {
                Property::always(property.name(half), table::held::<I, E>(half)[property as usize])
            })
            .chain(
                reached
                    .filter(|(goal, _)| goal.is_sought(&self.configuration))
                    .map(|(goal, reached)| Property::sometimes(goal.name, reached)),
            )
            .chain([endless])
            .collect()
    }
}
