//! Walking through the graph of any configuration, whichever model it takes: to a goal, or by hand in a browser.

use std::net::SocketAddr;

use handfast::rules::AllRules;
use stateright::Expectation;

use crate::{
    document::{diagram::Counterexample, svg::svg},
    explorer::{
        explore::{Ended, Graph, Limits, Path},
        second::Explorable,
    },
    property::{
        again::{self, Again, WithBoth, with_both},
        clients::{linked::Linked, made::linked},
        goals::GOALS,
        judged::Judged,
        players::Players,
        properties::PropertyId,
    },
    report::walkable::Viewed,
    system::{
        config::Configuration,
        device::{ExportDevice, ImportDevice},
        side::{ExportSide, ImportSide},
    },
};

/// A model whose paths can be described.
pub(crate) trait Described: Explorable {
    /// Describes a path, and the property that it violates.
    fn describe(&self, path: &Path<Self::State, Self::Action>, violated: Option<PropertyId>) -> Counterexample;

    /// The way as a picture, for `stateright`'s Explorer.
    fn picture(&self, path: stateright::Path<Self::State, Self::Action>) -> Option<String> {
        let mut states = path.into_vec().into_iter();
        let (root, mut action) = states.next()?;
        let mut path = Path { root, steps: Vec::new() };
        for (state, next) in states {
            path.steps.push((action?, state));
            action = next;
        }
        Some(svg(&self.describe(&path, None).mermaid))
    }
}

impl<I: ImportSide, E: ExportSide> Described for Judged<I, E> {
    fn describe(&self, path: &Path<Self::State, Self::Action>, violated: Option<PropertyId>) -> Counterexample {
        Counterexample::new(self, path, violated)
    }
}

impl<I: ImportDevice, D: ExportDevice> Described for Again<I, D> {
    fn describe(&self, path: &Path<Self::State, Self::Action>, violated: Option<PropertyId>) -> Counterexample {
        Counterexample::of_two(self, path, violated)
    }
}

impl Described for Linked {
    fn describe(&self, path: &Path<Self::State, Self::Action>, violated: Option<PropertyId>) -> Counterexample {
        Counterexample::of_clients(self, path, violated)
    }
}

/// An operation on a model, for any model.
pub(crate) trait Walk {
    /// Its result.
    type Output;

    /// Does it.
    fn through<M: Viewed<State: std::fmt::Debug, Action: std::fmt::Debug>>(self, model: M) -> Self::Output;
}

impl<W: Walk> WithBoth for Through<W> {
    type Output = W::Output;

    fn with<I: ImportDevice, D: ExportDevice>(self, again: &Again<I, D>) -> W::Output {
        self.0.through(again.clone())
    }
}

/// A walk, through two links.
struct Through<W>(W);

/// Of a device with several links, and with clients, there is the shipped one only.
pub(crate) fn through_any<W: Walk>(players: &Players, configuration: Configuration, walk: W) -> W::Output {
    match linked(configuration, AllRules) {
        Some(linked) => walk.through(linked),
        None if configuration.again => with_both(configuration, Through(walk)),
        None => walk.through(players.system(configuration)),
    }
}

/// The goals that are looked for in a configuration.
pub fn goals(configuration: &Configuration) -> Vec<&'static str> {
    match linked(*configuration, AllRules) {
        Some(linked) => linked.sought().map(|(_, name)| name).collect(),
        None if configuration.again => again::REACHED.to_vec(),
        None => GOALS.iter().filter(|goal| goal.is_sought(configuration)).map(|goal| goal.name).collect(),
    }
}

/// A shortest way to a goal, if there is a goal of this name here and it can be reached.
pub fn reach(configuration: Configuration, goal: &str, limits: Limits) -> Option<Counterexample> {
    reach_with(&Players::default(), configuration, goal, limits)
}

/// The same, with others in the place of the shipped reducers.
pub fn reach_with(
    players: &Players,
    configuration: Configuration,
    goal: &str,
    limits: Limits,
) -> Option<Counterexample> {
    struct Reach<'a>(&'a str, Limits);

    impl Walk for Reach<'_> {
        type Output = Option<Counterexample>;

        fn through<M: Viewed>(self, model: M) -> Self::Output {
            let Self(goal, limits) = self;
            let graph = Graph::explore(&model, limits, Some(goal));
            Some(model.describe(&graph.path(&model, goal)?, None))
        }
    }

    goals(&configuration).contains(&goal).then(|| through_any(players, configuration, Reach(goal, limits)))?
}

/// The goals that a configuration reaches, if its whole graph is within the limits.
pub fn reached(players: &Players, configuration: Configuration, limits: Limits) -> Option<Vec<&'static str>> {
    struct Reached(Limits);

    impl Walk for Reached {
        type Output = Option<Vec<&'static str>>;

        fn through<M: Viewed>(self, model: M) -> Self::Output {
            let graph = Graph::explore(&model, self.0, None);
            let goals = model.properties().into_iter().filter(|one| one.expectation == Expectation::Sometimes);
            let there = goals.map(|goal| goal.name).filter(|name| graph.path(&model, name).is_some());
            (graph.ended == Ended::Complete).then(|| there.collect())
        }
    }

    through_any(players, configuration, Reached(limits))
}

/// Lets a browser walk through the graph at this address, for ever.
pub fn serve(players: &Players, configuration: Configuration, address: SocketAddr) {
    struct Serve(SocketAddr);

    impl Walk for Serve {
        type Output = ();

        fn through<M: Viewed<State: std::fmt::Debug, Action: std::fmt::Debug>>(self, model: M) {
            model.checker().serve(self.0);
        }
    }

    through_any(players, configuration, Serve(address));
}
