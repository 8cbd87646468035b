//! A system under judgement: its states hold what the step into them violated.

use std::ops::{Deref, DerefMut};

use handfast::reducer::Refused;

use crate::{
    property::{judge::Judge, properties::PropertySet},
    system::{
        Aim, State, System, Turn,
        action::Action,
        config::Configuration,
        side::{ExportSide, ImportSide},
        world::Disk,
    },
};

/// Two sides in a configuration, of which every step is judged.
#[derive(Clone, Debug)]
pub struct Judged<I, E>(System<I, E>);

/// A state, and the judgement of the step into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reached<I, E> {
    /// The state.
    pub state: State<I, E>,
    /// The properties that the step into it violated.
    pub(crate) violated: PropertySet,
}

impl<I, E> Deref for Reached<I, E> {
    type Target = State<I, E>;

    fn deref(&self) -> &State<I, E> {
        &self.state
    }
}

impl<I, E> DerefMut for Reached<I, E> {
    fn deref_mut(&mut self) -> &mut State<I, E> {
        &mut self.state
    }
}

impl<I: ImportSide, E: ExportSide> Judged<I, E> {
    /// Returns the system of a configuration, with two sides that have not begun.
    pub fn new(configuration: Configuration, import: I, export: E) -> Self {
        Self(System::new(configuration, import, export))
    }

    /// The same on another disk.
    pub(crate) fn on(self, disk: Disk) -> Self {
        Self(self.0.on(disk))
    }

    /// Returns what is checked.
    pub const fn configuration(&self) -> &Configuration {
        self.0.configuration()
    }

    /// Returns the state in which it begins.
    pub fn begin(&self) -> Reached<I, E> {
        Reached { state: self.0.begin(), violated: PropertySet::default() }
    }

    /// Adds the actions that can be next.
    pub fn actions(&self, state: &State<I, E>, actions: &mut Vec<Action>) {
        self.0.actions(state, actions);
    }

    /// Takes an action. Returns the state to which it leads; `None`: it is refused, or leads nowhere.
    pub fn next(&self, state: &Reached<I, E>, action: Action) -> Option<Reached<I, E>> {
        self.step(state, action).map(|(next, _)| next)
    }

    /// The same, with what went in and out.
    pub(crate) fn step(&self, state: &Reached<I, E>, action: Action) -> Option<(Reached<I, E>, Turn)> {
        let (next, turn) = self.take(state.clone(), action).ok()?;
        // Actions that leave the state unchanged are not transitions.
        (!action.is_idle() || next != *state).then_some((next, turn))
    }

    /// Takes an action.
    ///
    /// # Errors
    /// The call is refused, and why, or nothing is there to be taken.
    pub(crate) fn take(
        &self,
        Reached { state, .. }: Reached<I, E>,
        action: Action,
    ) -> Result<(Reached<I, E>, Turn), Option<Refused>> {
        let mut judge = Judge::new(self.configuration(), PropertySet::default());
        let (state, turn) = self.0.take(state, action, &mut judge)?;
        Ok((Reached { state, violated: judge.violated }, turn))
    }

    /// Hands something to a side, and carries out what comes of it.
    ///
    /// # Errors
    /// The call is refused.
    pub(crate) fn hand(
        &self,
        Reached { state, violated }: Reached<I, E>,
        aim: Aim,
    ) -> Result<(Reached<I, E>, Turn), Refused> {
        let mut judge = Judge::new(self.configuration(), violated);
        let (state, turn) = self.0.hand(state, aim, &mut judge)?;
        Ok((Reached { state, violated: judge.violated }, turn))
    }
}
