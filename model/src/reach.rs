//! The shortest way to a goal: how something comes about that has to be able to.

use crate::{
    check::hardened,
    config::Configuration,
    diagram::Counterexample,
    explore::{Graph, Limits},
    goals::GOALS,
};

/// What came of looking for a goal.
#[derive(Clone, Debug)]
pub enum Reached {
    /// A shortest way there.
    Way(Counterexample),
    /// There is none: the graph is complete.
    Never {
        /// Distinct states.
        states: usize,
    },
    /// None was found before the limits were reached.
    CutShort {
        /// Distinct states that were looked at.
        states: usize,
    },
}

/// The goals that are looked for in a configuration, by name.
pub fn goals(configuration: &Configuration) -> impl Iterator<Item = &'static str> {
    GOALS.iter().filter(|goal| goal.is_sought(configuration)).map(|goal| goal.name)
}

/// Looks for the shortest way to one of [`goals`] with the shipped reducers. `None` if it is none of them.
pub fn reach(configuration: Configuration, goal: &str, limits: Limits) -> Option<Reached> {
    goals(&configuration).find(|name| *name == goal)?;
    let system = hardened(configuration);
    let graph = Graph::explore(&system, limits, Some(goal));
    let states = graph.states();
    Some(match graph.path(&system, goal) {
        Some(path) => Reached::Way(Counterexample::new(&system, &path, None)),
        None if graph.is_complete() => Reached::Never { states },
        None => Reached::CutShort { states },
    })
}
