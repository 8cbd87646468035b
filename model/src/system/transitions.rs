//! The two reducers and their environment: the possible actions, and where each leads. The judgement of a step is not known here.

use handfast::{
    export, import,
    limits::Timer,
    outcome::Side,
    reducer::{ConnId, Refused},
};

use crate::system::{
    action::Action,
    config::{Configuration, Player},
    side::{ExportSide, ImportSide},
    world::{Disk, PEER, Storage, World},
};

/// An observer of a step, which changes nothing. A function in the present tense is called before the world changes, one in the past
/// tense after.
pub(crate) trait Observer {
    /// This action is next.
    fn acts(&mut self, world: &World, action: Action);
    /// The importer took this, or a step of its own, and these effects came out.
    fn import_takes(&mut self, world: &World, input: Option<import::Input>, effects: &[import::Effect]);
    /// One of the effects is next.
    fn import_does(&mut self, world: &World, input: Option<import::Input>, effect: import::Effect);
    /// It was seen.
    fn import_did(&mut self, world: &World, effect: import::Effect);
    /// All effects are carried out.
    fn import_took(&mut self, world: &World, input: Option<import::Input>, effects: &[import::Effect]);
    /// As [`import_takes`](Self::import_takes).
    fn export_takes(&mut self, world: &World, input: Option<export::Input>, effects: &[export::Effect]);
    /// As [`import_does`](Self::import_does).
    fn export_does(&mut self, world: &World, input: Option<export::Input>, effect: export::Effect);
    /// As [`import_did`](Self::import_did).
    fn export_did(&mut self, world: &World, effect: export::Effect);
    /// As [`import_took`](Self::import_took).
    fn export_took(&mut self, world: &World, input: Option<export::Input>);
}

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
    /// [`World::disk`].
    disk: Disk,
}

/// The input that an action hands to a reducer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    Import(import::Input),
    Export(export::Input),
    /// A side's own step.
    Inner(Side, u8),
    /// It concerns neither.
    Neither,
}

/// The two parts of a step that a trace shows: what went in, unless the side took a step of its own, and what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Import(Option<import::Input>, Vec<import::Effect>),
    Export(Option<export::Input>, Vec<export::Effect>),
    Neither,
}

impl Turn {
    /// Whether nothing came out.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Import(_, effects) => effects.is_empty(),
            Self::Export(_, effects) => effects.is_empty(),
            Self::Neither => true,
        }
    }
}

impl<I: ImportSide, E: ExportSide> System<I, E> {
    /// The system of a configuration, with two sides that have not begun.
    pub fn new(configuration: Configuration, import: I, export: E) -> Self {
        Self { configuration, fresh: (import, export), disk: Disk::InOrder }
    }

    /// The same on another disk.
    pub(crate) const fn on(mut self, disk: Disk) -> Self {
        self.disk = disk;
        self
    }

    /// The checked configuration.
    pub const fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The state in which it begins.
    pub(crate) fn begin(&self) -> State<I, E> {
        let (import, export) = self.fresh.clone();
        let world = World { disk: self.disk, ..World::new(&self.configuration) };
        State { import, export, world }
    }

    /// Adds the actions that can be next.
    pub(crate) fn actions(&self, state: &State<I, E>, actions: &mut Vec<Action>) {
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

    /// Takes a step.
    ///
    /// # Errors
    /// The call is refused, and why, or nothing is there to be taken.
    pub(crate) fn take(
        &self,
        mut next: State<I, E>,
        action: Action,
        observer: &mut impl Observer,
    ) -> Result<(State<I, E>, Turn), Option<Refused>> {
        if let Action::Fire(_, timer) = action
            && timer != Timer::Retry
            && next.is_busy()
        {
            next.world.left.early = next.world.left.early.checked_sub(1).ok_or(None)?;
            // Items on their way were given all the time that a link has.
            next.world.link.failed |= timer == Timer::Linger && next.world.link.carries();
        }
        observer.acts(&next.world, action);
        let mut aim = next.world.aim(action).ok_or(None)?;
        if self.configuration.renewed && self.configuration.cast.import == Player::Legacy {
            renew(action, &mut aim);
        }
        match action {
            Action::Crash(Side::Import, _) => next.import = self.fresh.0.clone(),
            Action::Crash(Side::Export, _) => next.export = self.fresh.1.clone(),
            _ => {}
        }
        self.hand(next, aim, observer).map_err(Some)
    }

    /// Hands something to a side, and carries out what comes of it.
    ///
    /// # Errors
    /// The call is refused.
    pub(crate) fn hand(
        &self,
        mut next: State<I, E>,
        aim: Aim,
        observer: &mut impl Observer,
    ) -> Result<(State<I, E>, Turn), Refused> {
        let turn = match aim {
            Aim::Import(input) => {
                let effects = next.import.take(input)?;
                next.world.import.flag = next.import.flag();
                next.world.import_turn(Some(input), &effects, observer);
                Turn::Import(Some(input), effects)
            }
            Aim::Export(input) => {
                let effects = next.export.take(input)?;
                next.world.export_turn(Some(input), &effects, observer);
                Turn::Export(Some(input), effects)
            }
            Aim::Inner(Side::Import, step) => {
                let effects = next.import.advance(step);
                next.world.import.flag = next.import.flag();
                next.world.import_turn(None, &effects, observer);
                Turn::Import(None, effects)
            }
            Aim::Inner(Side::Export, step) => {
                let effects = next.export.advance(step);
                next.world.export_turn(None, &effects, observer);
                Turn::Export(None, effects)
            }
            Aim::Neither => Turn::Neither,
        };
        Ok((next, turn))
    }
}

/// The honest device shows a renewed chain. An old importer may ask whether it is the known one as a whole. A side that verifies each chain
/// by itself, and compares the key of the leaf (R-SEC-1, R-SEC-5), sees no difference.
fn renew(action: Action, aim: &mut Aim) {
    if let (Action::Secured, Aim::Import(import::Input::ConnectionOpened { verified, .. })) = (action, aim) {
        *verified = false;
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

impl World {
    /// The importer took `input`, or a step of its own, and these effects came out: carries them out, in order.
    fn import_turn(&mut self, input: Option<import::Input>, effects: &[import::Effect], observer: &mut impl Observer) {
        observer.import_takes(self, input, effects);
        if let Some(input) = input {
            self.see_import_input(input);
        }
        for &effect in effects {
            observer.import_does(self, input, effect);
            self.see_import_effect(input, effect);
            observer.import_did(self, effect);
            self.carry_out_import(input, effect);
        }
        observer.import_took(self, input, effects);
        if let Some(input) = input {
            self.see_import_turn(input);
        }
    }

    /// The same of the exporter.
    fn export_turn(&mut self, input: Option<export::Input>, effects: &[export::Effect], observer: &mut impl Observer) {
        observer.export_takes(self, input, effects);
        if let Some(input) = input {
            self.see_export_input(input);
        }
        for &effect in effects {
            observer.export_does(self, input, effect);
            self.see_export_effect(input, effect);
            observer.export_did(self, effect);
            self.carry_out_export(effect);
        }
        observer.export_took(self, input);
    }
}
