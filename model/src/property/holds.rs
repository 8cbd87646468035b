//! Which properties hold in a state.
//!
//! Most are judged at each step, and recorded in the state that the step leads to. The others look at a state. Liveness is among these:
//! in a graph without a cycle, an operation can fail to end only in a state in which nothing more happens by itself. Graphs with one
//! are decided by the claims of the liveness pass.

use handfast::{
    export, import,
    limits::Timers,
    outcome::{Scheme, Side},
};

use crate::{
    property::{
        deleted::checked,
        judged::{Judged, Reached},
        properties::{Half, PropertyId},
    },
    system::{
        link::End,
        seen::Compared,
        side::{self, ExportSide, ImportSide},
        stated::TRIES,
        world::{PEER, Storage},
    },
};

impl PropertyId {
    /// Whether this half of it holds in this state.
    pub fn holds<I: ImportSide, E: ExportSide>(self, half: Half, system: &Judged<I, E>, state: &Reached<I, E>) -> bool {
        let held = !state.violated.contains(self, half);
        held && match self {
            Self::Return => half.sides().all(|side| calls_return_what_they_do(state, side)),
            Self::Atomic => {
                let import = &state.world.import;
                let left = state.world.seen.import.crashed.is_some() && import.staged.is_some();
                let whole = checked(Self::Atomic, import.storage != Storage::Torn);
                whole && checked(Self::Atomic, !left)
            }
            Self::Budget => half.sides().all(|side| nothing_is_left(system, state, side)),
            Self::Ends => half.sides().all(|side| checked(Self::Ends, operation_ends(system, state, side))),
            Self::CancelArrives => half.sides().all(|side| checked(Self::CancelArrives, cancel_arrives(state, side))),
            Self::Invariant => half.sides().all(|side| holds_together(state, side)),
            Self::Honest => !system.configuration().is_honest() || checked(Self::Honest, honest_pair_succeeds(state)),
            _ => true,
        }
    }
}

/// The invariants of a machine hold.
fn holds_together<I: ImportSide, E: ExportSide>(state: &Reached<I, E>, side: Side) -> bool {
    match side {
        Side::Import => checked(PropertyId::Invariant, state.import.invariant().is_ok()),
        Side::Export => checked(PropertyId::Invariant, state.export.invariant().is_ok()),
    }
}

/// Nothing will happen by itself any more: nothing is under way, and no timer runs on a side that takes part.
fn is_over<I: ImportSide, E: ExportSide>(system: &Judged<I, E>, state: &Reached<I, E>) -> bool {
    system.configuration().clock
        && !state.is_busy()
        && state.import.armed() == Timers::default()
        && state.export.armed() == Timers::default()
}

fn operation_ends<I: ImportSide, E: ExportSide>(system: &Judged<I, E>, state: &Reached<I, E>, side: Side) -> bool {
    let seen = &state.world.seen;
    let waits = match side {
        Side::Import => seen.import.is_up() && seen.import.done.is_none(),
        Side::Export => seen.export.is_up(),
    };
    !waits || !is_over(system, state)
}

fn nothing_is_left<I: ImportSide, E: ExportSide>(system: &Judged<I, E>, state: &Reached<I, E>, side: Side) -> bool {
    let world = &state.world;
    let failed = world.seen.import.done.is_some_and(|done| !done.outcome.is_success());
    let staged = side == Side::Import && failed && world.import.staged.is_some();
    if !checked(PropertyId::Budget, !staged) {
        return false;
    }
    let ended = world.seen.import.done.is_some() && world.seen.export.done.is_some();
    if !ended || !is_over(system, state) {
        return true;
    }
    let closed = match side {
        Side::Import => state.import.is_closed() || world.seen.import.crashed.is_some(),
        Side::Export => state.export.is_closed() || world.seen.export.crashed.is_some(),
    };
    let away = matches!(world.link.half(side).end, End::Away | End::Closed);
    let closed = checked(PropertyId::Budget, closed);
    closed && checked(PropertyId::Budget, away)
}

/// A cancel of this side reaches the other.
fn cancel_arrives<I: ImportSide, E: ExportSide>(state: &Reached<I, E>, side: Side) -> bool {
    let world = &state.world;
    let (cancelled, peer) = match side {
        Side::Import => (world.seen.import.cancelled, world.seen.export.done),
        Side::Export => (world.seen.export.cancelled, world.seen.import.done),
    };
    let waits = cancelled && peer.is_none() && world.seen.import.session == Some(PEER);
    !waits || world.link.failed || state.is_busy()
}

fn honest_pair_succeeds<I: ImportSide, E: ExportSide>(state: &Reached<I, E>) -> bool {
    let world = &state.world;
    if state.is_busy() || world.somebody_is_asked() {
        return true;
    }
    let three_wrong = world.seen.export.wrong >= TRIES;
    match (world.seen.import.done, world.seen.export.done) {
        (Some(import), Some(export)) => three_wrong || import.outcome.is_success() && export.outcome.is_success(),
        _ => false,
    }
}

/// Every call of a side is tried in every state: it is accepted when the specification says so, and otherwise changes nothing.
fn calls_return_what_they_do<I: ImportSide, E: ExportSide>(state: &Reached<I, E>, side: Side) -> bool {
    match side {
        Side::Import => checked(PropertyId::Return, import_misreturns(state).is_none()),
        Side::Export => checked(PropertyId::Return, export_misreturns(state).is_none()),
    }
}

/// Returns the first call of the importer that is answered otherwise than it has to be, and how.
pub(crate) fn import_misreturns<I: ImportSide, E: ExportSide>(
    state: &Reached<I, E>,
) -> Option<(import::Input, &'static str)> {
    let seen = &state.world.seen.import;
    // After a crash nothing of the operation is there to be called.
    if seen.crashed.is_some() {
        return None;
    }
    let slot = state.world.next_slot(true);
    let asked = |scheme| seen.prompt.is_some_and(|prompt| prompt.scheme == scheme);
    let answer = import::Input::ProvideAccountAuthentication;
    let calls = [
        (answer(slot, Scheme::None), asked(Scheme::None)),
        (answer(slot, Scheme::Password), asked(Scheme::Password)),
        (import::Input::CompareAccount(true), seen.compared == Compared::Asked),
        (import::Input::RemoveAccount, seen.started),
        (import::Input::AddAccount, !seen.started),
    ];
    calls.into_iter().find_map(|(call, may)| Some((call, misreturns(&state.import, call, may)?)))
}

/// The same of the exporter.
pub(crate) fn export_misreturns<I: ImportSide, E: ExportSide>(
    state: &Reached<I, E>,
) -> Option<(export::Input, &'static str)> {
    let seen = &state.world.seen.export;
    if seen.crashed.is_some() {
        return None;
    }
    let live = seen.started && seen.done.is_none();
    let calls = [
        (export::Input::ConfirmAddDevice, seen.asked && !seen.confirmed),
        (export::Input::CompareAddDevice(true), seen.compared == Compared::Asked),
        (export::Input::CancelAddDevice, live && !seen.byte_out),
        (export::Input::AddDevice(Scheme::Password), !seen.started),
    ];
    calls.into_iter().find_map(|(call, may)| Some((call, misreturns(&state.export, call, may)?)))
}

/// Returns how a call is answered, if that is not how it has to be.
fn misreturns<S: side::Side>(side: &S, call: S::Input, may: bool) -> Option<&'static str> {
    let mut probed = side.clone();
    match (probed.take(call), may) {
        (Ok(_), true) => None,
        (Ok(_), false) => Some("accepted, and has to be refused"),
        (Err(_), true) => Some("refused, and has to be accepted"),
        (Err(_), false) => (probed != *side).then_some("refused, and changes the operation"),
    }
}
