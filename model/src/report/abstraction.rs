//! The system seen from far away: the pair of states that the two clients see, and the steps between pairs.

use std::{collections::BTreeSet, fmt};

use handfast::outcome::{LinkState, Outcome};

use crate::{
    explorer::explore::{Graph, Limits},
    property::judged::Judged,
    report::check::hardened,
    system::{
        config::Configuration,
        seen::Done,
        side::{ExportSide, ImportSide},
        world::World,
    },
};

/// A client's view of its operation: a state of R-STATE-1, where the end is a success or a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Visible {
    /// Before the end.
    At(LinkState),
    /// DONE without an error.
    Succeeded,
    /// DONE with one.
    Failed,
}

/// The view of both clients, the import side first.
pub type Seen = (Visible, Visible);

/// The steps between what is seen, without those that change nothing of it.
pub type Steps = BTreeSet<(Seen, Seen)>;

impl Visible {
    fn of(signalled: LinkState, done: Option<Done>) -> Self {
        match done.map(|done| done.outcome) {
            None => Self::At(signalled),
            Some(Outcome::Success { .. }) => Self::Succeeded,
            Some(_) => Self::Failed,
        }
    }

    /// Whether it is the end.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

impl fmt::Display for Visible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(state) => state.fmt(f),
            Self::Succeeded => f.write_str("SUCCESS"),
            Self::Failed => f.write_str("FAILURE"),
        }
    }
}

fn seen(world: &World) -> Seen {
    let (import, export) = (&world.seen.import, &world.seen.export);
    (Visible::of(import.signalled, import.done), Visible::of(export.signalled, export.done))
}

/// The steps of the shipped reducers in a configuration. `None`: its graph is not complete.
pub fn steps(configuration: Configuration, limits: Limits) -> Option<Steps> {
    steps_of(&hardened(configuration), limits)
}

/// The steps of any two sides. `None`: the graph is not complete.
pub fn steps_of<I: ImportSide, E: ExportSide>(system: &Judged<I, E>, limits: Limits) -> Option<Steps> {
    let mut steps = Steps::new();
    let graph = Graph::explore_with(system, limits, None, |_, state, action| {
        let (next, _) = system.step(state, action)?;
        let (before, after) = (seen(&state.world), seen(&next.world));
        if before != after {
            steps.insert((before, after));
        }
        Some(next)
    });
    graph.is_complete().then_some(steps)
}
