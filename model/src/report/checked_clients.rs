//! Checks a link with its clients, as `check` does without.

use std::{collections::BTreeSet, time::Instant};

use handfast::rules::AllRules;

use crate::{
    document::diagram::Counterexample,
    explorer::{
        explore::{Graph, Limits},
        levels::Levels,
    },
    property::{
        clients::{linked::Linked, made::linked},
        properties::{Half, PropertyId},
        without::Without,
    },
    report::check::{Checked, Expected, Row, Seconds, Verdict, doubt, verified},
    system::config::Configuration,
};

/// Checks one configuration with clients. `None`: it has none.
pub(crate) fn check(configuration: Configuration, property: Option<PropertyId>, limits: Limits) -> Option<Checked> {
    let linked = linked(configuration, AllRules)?;
    let asked: Vec<_> =
        Linked::asked(&configuration).filter(|(other, _)| property.is_none_or(|only| only == *other)).collect();
    let shown =
        |&(property, half): &(PropertyId, Half)| Expected::new(&configuration, property, half) != Expected::Holds;
    let began = Instant::now();
    // Of what is known not to hold, only the way there is of interest; the whole graph is large.
    let whole = (!asked.iter().all(shown)).then(|| Graph::explore(&linked, limits, None));
    let own = began.elapsed().as_secs_f64();
    let found: BTreeSet<&'static str> = whole.iter().flat_map(|graph| graph.discovered(&linked)).collect();
    let sought = || linked.sought().map(|(_, name)| name).filter(|_| whole.is_some());
    let (reached, missed): (Vec<_>, Vec<_>) = sought().partition(|name| found.contains(name));
    let began = Instant::now();
    let doubt = whole.as_ref().and_then(|graph| doubt(&linked, configuration.least, graph, limits, &found, &missed));
    let seconds = Some(Seconds { own, stateright: began.elapsed().as_secs_f64() });
    let mut largest = whole.as_ref().map(Graph::measure).unwrap_or_default();
    let row = |(property, half): (PropertyId, Half)| {
        let hunted = whole.is_none().then(|| Graph::explore(&linked, limits, Some(property.name(half))));
        let graph = whole.as_ref().or(hunted.as_ref())?;
        largest = [largest, graph.measure()].into_iter().max_by_key(|measure| measure.states).unwrap_or_default();
        let (verdict, counterexample) = judge(&linked, graph, property, half, doubt.as_ref());
        Some(Row {
            configuration: configuration.id(),
            budget: configuration.budget.to_string(),
            property,
            half: half.side(),
            verdict,
            expected: Expected::new(&configuration, property, half),
            counterexample,
        })
    };
    let rows = asked.into_iter().filter_map(row).collect();
    let (pairs, visible) = (BTreeSet::new(), BTreeSet::new());
    let (id, cast) = (configuration.id(), configuration.cast);
    let levels = whole.as_ref().map(Levels::of).unwrap_or_default();
    Some(Checked { configuration: id, cast, rows, reached, missed, pairs, visible, graph: largest, levels, seconds })
}

/// The result of a half of a property on a graph of a link with its clients. `doubt` stands where it would be verified otherwise.
pub(crate) fn judge(
    linked: &Linked,
    graph: &Graph,
    property: PropertyId,
    half: Half,
    doubt: Option<&Verdict>,
) -> (Verdict, Option<Counterexample>) {
    match (graph.path(linked, property.name(half)), doubt) {
        (Some(path), _) => {
            let verdict = Verdict::Violated { steps: path.steps.len(), cycle: 0 };
            (verdict, Some(Counterexample::of_clients(linked, &path, Some(property))))
        }
        (None, Some(doubt)) => (doubt.clone(), None),
        (None, None) => (verified(graph), None),
    }
}

/// Hunts clients that break a rule: whichever side shows it first.
pub(crate) fn hunt(
    configuration: Configuration,
    rules: Without,
    property: PropertyId,
    limits: Limits,
) -> (Verdict, Option<Counterexample>) {
    let Some(linked) = linked(configuration, rules) else {
        return (Verdict::unknown("there are no clients in it"), None);
    };
    let steps = |(verdict, _): &(Verdict, Option<Counterexample>)| match verdict {
        Verdict::Violated { steps, .. } => *steps,
        Verdict::Verified { .. } | Verdict::NoViolation { .. } | Verdict::Inconclusive { .. } => usize::MAX,
    };
    let asked = Linked::asked(&configuration).filter(|(asked, _)| *asked == property);
    let halves = asked.map(|(_, half)| {
        let graph = Graph::explore(&linked, limits, Some(property.name(half)));
        judge(&linked, &graph, property, half, None)
    });
    let unasked = (Verdict::unknown("no side was asked"), None);
    halves.min_by_key(steps).unwrap_or(unasked)
}
