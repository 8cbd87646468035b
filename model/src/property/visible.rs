//! The visible steps of a system, as it is explored.

use std::collections::BTreeSet;

use crate::{
    property::{
        documented::{Edge, see},
        judged::{Judged, Reached},
    },
    system::{
        action::Action,
        side::{ExportSide, ImportSide},
    },
};

/// Takes a step in the model's place, and keeps what clients see of it.
pub(crate) fn see_step<I: ImportSide, E: ExportSide>(
    system: &Judged<I, E>,
    state: &Reached<I, E>,
    action: Action,
    found: &mut BTreeSet<Edge>,
) -> Option<Reached<I, E>> {
    let (next, turn) = system.step(state, action)?;
    see(&state.world.seen, &turn, |edge| {
        found.insert(edge);
    });
    Some(next)
}
