//! Checks a configuration with two engines, and says honestly what came of it.

use std::{collections::BTreeSet, time::Instant};

use handfast::{export::Exporter, import::Importer, outcome::Side};
use serde::Serialize;

use crate::{
    document::diagram::Counterexample,
    explorer::{
        explore::{Ended, Graph, Limits, Measure},
        levels::Levels,
        second::{self, Explorable, Tally},
    },
    property::{
        again::{Again, REACHED, WithBoth, with_both},
        claims::{Claims, Decision},
        documented::Edge,
        flaws::Flaw,
        goals::GOALS,
        judged::Judged,
        pairs::Pair,
        players::Players,
        properties::{Half, PropertyId},
        visible::see_step,
    },
    report::checked_clients,
    system::{
        config::{Cast, Configuration},
        counted::counted,
        device::{ExportDevice, ImportDevice},
        side::{AnyExport, AnyImport, ExportSide, ImportSide},
    },
};

/// The two reducers that ship.
pub type Hardened = Judged<Importer, Exporter>;

/// The shipped reducers in a configuration.
pub fn hardened(configuration: Configuration) -> Hardened {
    let config = configuration.reducers();
    Judged::new(configuration, Importer::new(config), Exporter::new(config))
}

/// The two sides of any pair in which one is a legacy one.
pub fn with_legacy(configuration: Configuration) -> Judged<AnyImport, AnyExport> {
    Players::default().system(configuration)
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It holds in every state of the complete graph, both engines agree, and every goal was reached.
    Verified {
        /// Distinct states.
        states: usize,
        /// Steps between them.
        edges: usize,
        /// Steps to the farthest state.
        depth: u32,
    },
    /// It holds in every state that was looked at, and that was not all.
    NoViolation {
        /// The bound of the search.
        bounded: String,
    },
    /// It does not hold.
    Violated {
        /// Steps of a shortest way there.
        steps: usize,
        /// Steps that are then taken for ever, if what has to happen never does. None where nothing more happens.
        #[serde(skip_serializing_if = "is_zero")]
        cycle: usize,
    },
    /// The check says nothing.
    Inconclusive {
        /// Why.
        why: String,
        /// How its search ended, where that is why.
        #[serde(skip)]
        ended: Option<Ended>,
    },
}

impl Verdict {
    /// Nothing is said, for a reason that is not the end of a search.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Inconclusive { why: why.into(), ended: None }
    }

    /// Nothing is said, since a search ended so.
    pub fn cut(ended: Ended, why: impl Into<String>) -> Self {
        Self::Inconclusive { why: why.into(), ended: Some(ended) }
    }

    /// Whether more memory or time may decide it.
    pub const fn wants_more(&self) -> bool {
        matches!(self, Self::Inconclusive { ended: Some(Ended::Memory | Ended::Time), .. })
    }

    /// Whether its search was interrupted.
    pub const fn was_interrupted(&self) -> bool {
        matches!(self, Self::Inconclusive { ended: Some(Ended::Stopped), .. })
    }

    /// Whether the property was shown to hold.
    pub const fn is_verified(&self) -> bool {
        matches!(self, Self::Verified { .. })
    }

    /// Returns the steps of a counterexample; without one, more than any has.
    pub const fn steps(&self) -> usize {
        match self {
            Self::Violated { steps, cycle } => *steps + *cycle,
            Self::Verified { .. } | Self::NoViolation { .. } | Self::Inconclusive { .. } => usize::MAX,
        }
    }

    /// Whether it was shown not to hold.
    pub const fn is_violated(&self) -> bool {
        matches!(self, Self::Violated { .. })
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Verified { states, edges, depth } => {
                let (states, edges) = (counted(*states, "state"), counted(*edges, "edge"));
                write!(f, "VERIFIED (complete graph: {states}, {edges}, depth {depth})")
            }
            Self::NoViolation { bounded } => write!(f, "NO VIOLATION (bounded: {bounded})"),
            Self::Violated { steps, cycle: 0 } => write!(f, "VIOLATED (in {})", counted(*steps, "step")),
            Self::Violated { steps, cycle } => {
                write!(f, "VIOLATED (in {}, then {cycle} for ever)", counted(*steps, "step"))
            }
            Self::Inconclusive { why, .. } => write!(f, "INCONCLUSIVE ({why})"),
        }
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// One property in one configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// [`Configuration::id`].
    pub configuration: String,
    /// The faults in it, at most.
    pub budget: String,
    /// The property.
    pub property: PropertyId,
    /// The side that it is asked of, if it is not asked of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half: Option<Side>,
    /// The result.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The expected result.
    #[serde(skip_serializing_if = "Expected::is_holds")]
    pub expected: Expected,
    /// A shortest way to the violation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterexample: Option<Counterexample>,
}

/// How long each engine took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seconds {
    /// Our explorer.
    pub own: f64,
    /// `stateright`.
    pub stateright: f64,
}

/// The expected result of a property in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// That it is verified.
    Holds,
    /// That it is violated: here this weakness is shown.
    Shown(&'static str),
    /// Either: it has this weakness, which need not show here.
    Known(&'static str),
}

impl Expected {
    pub(crate) fn new(configuration: &Configuration, property: PropertyId, half: Half) -> Self {
        match Flaw::find(configuration, property, half) {
            Some(flaw) if flaw.shown_in == configuration.name => Self::Shown(flaw.weakness),
            Some(flaw) => Self::Known(flaw.weakness),
            None => Self::Holds,
        }
    }

    fn is_holds(&self) -> bool {
        *self == Self::Holds
    }

    /// The weakness, if there is one.
    pub const fn weakness(self) -> Option<&'static str> {
        match self {
            Self::Holds => None,
            Self::Shown(weakness) | Self::Known(weakness) => Some(weakness),
        }
    }
}

impl Row {
    /// The property, and the side if it is asked of one only.
    pub fn name(&self) -> &'static str {
        self.property.name(self.half.map_or(Half::Both, Half::Only))
    }

    /// Whether it came out as it should.
    pub fn is_as_expected(&self) -> bool {
        match self.expected {
            Expected::Holds => self.verdict.is_verified(),
            Expected::Shown(_) => self.verdict.is_violated(),
            Expected::Known(_) => self.verdict.is_verified() || self.verdict.is_violated(),
        }
    }
}

/// The results of one configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// [`Configuration::id`].
    pub configuration: String,
    /// The pair of peers.
    pub cast: Cast,
    /// Every property that applies.
    pub rows: Vec<Row>,
    /// Goals that were reached.
    pub reached: Vec<&'static str>,
    /// Goals that should have been, and were not.
    pub missed: Vec<&'static str>,
    /// The allowed pairs that were reached.
    pub pairs: BTreeSet<Pair>,
    /// The steps that the clients saw (P-DOCUMENTED).
    pub visible: BTreeSet<Edge>,
    /// How large the graph is, as far as it was explored.
    pub graph: Measure,
    /// The same level by level, of a complete graph.
    #[serde(skip)]
    pub levels: Levels,
    /// How long each engine took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Seconds>,
}

/// Checks one configuration. With `property`, only that one is reported.
pub fn check(configuration: Configuration, property: Option<PropertyId>, limits: Limits) -> Checked {
    if let Some(checked) = checked_clients::check(configuration, property, limits) {
        return checked;
    }
    if configuration.again {
        return check_again(configuration, property, limits);
    }
    if configuration.cast.has_legacy() {
        check_system(&with_legacy(configuration), property, limits)
    } else {
        check_system(&hardened(configuration), property, limits)
    }
}

/// The same, with others in the place of the shipped reducers.
pub fn check_with(
    players: &Players,
    configuration: Configuration,
    property: Option<PropertyId>,
    limits: Limits,
) -> Checked {
    check_system(&players.system(configuration), property, limits)
}

/// Checks any two sides.
pub fn check_system<I: ImportSide, E: ExportSide>(
    system: &Judged<I, E>,
    property: Option<PropertyId>,
    limits: Limits,
) -> Checked {
    let configuration = system.configuration();
    let mut visible = BTreeSet::new();
    let began = Instant::now();
    let graph =
        Graph::explore_with(system, limits, None, |_, state, action| see_step(system, state, action, &mut visible));
    let own = began.elapsed().as_secs_f64();
    let found: BTreeSet<&'static str> = graph.discovered(system).into_iter().collect();
    let sought = || GOALS.iter().filter(|goal| goal.is_sought(configuration));
    let reached: Vec<_> = sought().map(|goal| goal.name).filter(|name| found.contains(name)).collect();
    let missed: Vec<_> = sought()
        .filter(|goal| goal.is_due(configuration) && !found.contains(goal.name))
        .map(|goal| goal.name)
        .collect();
    let began = Instant::now();
    let doubt = doubt(system, configuration.least, &graph, limits, &found, &missed);
    let seconds = Some(Seconds { own, stateright: began.elapsed().as_secs_f64() });
    let asked = PropertyId::ALL.iter().copied().filter(|other| property.is_none_or(|only| only == *other));
    let asked: Vec<_> = asked
        .filter(|property| property.applies(configuration))
        .flat_map(|property| property.halves(configuration).iter().map(move |&half| (property, half)))
        .collect();
    // A violation in a state is decided.
    let open = |(property, half): &(PropertyId, Half)| !found.contains(property.name(*half));
    let claims = Claims::new(system, &graph, asked.iter().copied().filter(open));
    let rows = asked
        .iter()
        .map(|&(property, half)| {
            let (verdict, counterexample) = judge(&claims, property, half, doubt.as_ref());
            let budget = configuration.budget.to_string();
            let expected = Expected::new(configuration, property, half);
            Row {
                configuration: configuration.id(),
                budget,
                property,
                half: half.side(),
                verdict,
                expected,
                counterexample,
            }
        })
        .collect();
    let pairs = sought().filter(|goal| found.contains(goal.name)).filter_map(|goal| goal.pair).collect();
    let (id, cast, levels, graph) = (configuration.id(), configuration.cast, Levels::of(&graph), graph.measure());
    Checked { configuration: id, cast, rows, reached, missed, pairs, visible, graph, levels, seconds }
}

/// Checks two links in a row.
fn check_again(configuration: Configuration, property: Option<PropertyId>, limits: Limits) -> Checked {
    struct Check(Option<PropertyId>, Limits);

    impl WithBoth for Check {
        type Output = Checked;

        fn with<I: ImportDevice, D: ExportDevice>(self, again: &Again<I, D>) -> Checked {
            check_both(again, self.0, self.1)
        }
    }

    with_both(configuration, Check(property, limits))
}

fn check_both<I: ImportDevice, D: ExportDevice>(
    again: &Again<I, D>,
    property: Option<PropertyId>,
    limits: Limits,
) -> Checked {
    let configuration = again.configuration();
    let asked: Vec<_> =
        Again::<I, D>::asked(configuration).filter(|(other, _)| property.is_none_or(|only| only == *other)).collect();
    let shown = |&(property, half): &(PropertyId, Half)| {
        matches!(Expected::new(configuration, property, half), Expected::Shown(_) | Expected::Known(_))
    };
    let began = Instant::now();
    // Of what is known not to hold, only the way there is of interest; the whole graph is large.
    let whole = (!asked.iter().all(shown)).then(|| Graph::explore(again, limits, None));
    let own = began.elapsed().as_secs_f64();
    let found: BTreeSet<&'static str> = whole.iter().flat_map(|graph| graph.discovered(again)).collect();
    let sought = || REACHED.into_iter().filter(|_| whole.is_some());
    let (reached, missed): (Vec<_>, Vec<_>) = sought().partition(|name| found.contains(name));
    let began = Instant::now();
    let doubt = whole.as_ref().and_then(|graph| {
        let cyclic = (!graph.is_acyclic()).then(|| Verdict::unknown("the graph has a cycle"));
        cyclic.or_else(|| doubt(again, configuration.least, graph, limits, &found, &missed))
    });
    let seconds = Some(Seconds { own, stateright: began.elapsed().as_secs_f64() });
    let mut largest = whole.as_ref().map(Graph::measure).unwrap_or_default();
    let row = |(property, half): (PropertyId, Half)| {
        let hunted = whole.is_none().then(|| Graph::explore(again, limits, Some(property.name(half))));
        let graph = whole.as_ref().or(hunted.as_ref())?;
        largest = [largest, graph.measure()].into_iter().max_by_key(|measure| measure.states).unwrap_or_default();
        let (verdict, counterexample) = judge_both(again, graph, property, half, doubt.as_ref());
        let expected = Expected::new(configuration, property, half);
        let budget = configuration.budget.to_string();
        Some(Row {
            configuration: configuration.id(),
            budget,
            property,
            half: half.side(),
            verdict,
            expected,
            counterexample,
        })
    };
    let rows = asked.into_iter().filter_map(row).collect();
    let (pairs, visible) = (BTreeSet::new(), BTreeSet::new());
    let (id, cast) = (configuration.id(), configuration.cast);
    let levels = whole.as_ref().map(Levels::of).unwrap_or_default();
    Checked { configuration: id, cast, rows, reached, missed, pairs, visible, graph: largest, levels, seconds }
}

/// The same of two links.
pub(crate) fn judge_both<I: ImportDevice, D: ExportDevice>(
    again: &Again<I, D>,
    graph: &Graph,
    property: PropertyId,
    half: Half,
    doubt: Option<&Verdict>,
) -> (Verdict, Option<Counterexample>) {
    match (graph.path(again, property.name(half)), doubt) {
        (Some(path), _) => {
            let verdict = Verdict::Violated { steps: path.steps.len(), cycle: 0 };
            (verdict, Some(Counterexample::of_two(again, &path, Some(property))))
        }
        (None, Some(doubt)) => (doubt.clone(), None),
        (None, None) => (verified(graph), None),
    }
}

/// How a half of a property fares on a graph, and what shows it. `doubt` stands where it would be verified otherwise.
pub(crate) fn judge<I: ImportSide, E: ExportSide>(
    claims: &Claims<'_, I, E>,
    property: PropertyId,
    half: Half,
    doubt: Option<&Verdict>,
) -> (Verdict, Option<Counterexample>) {
    let (system, graph) = (claims.system, claims.graph);
    if let Some(path) = graph.path(system, property.name(half)) {
        let verdict = Verdict::Violated { steps: path.steps.len(), cycle: 0 };
        return (verdict, Some(Counterexample::new(system, &path, Some(property))));
    }
    // Without a cycle, what two reducers never do shows in a state, as it was just looked for. An old side can also stop to read.
    let shown = || graph.is_acyclic() && !system.configuration().cast.has_legacy();
    let open = property.is_liveness() && graph.is_complete() && !shown();
    match (open.then(|| claims.decide(property, half)), doubt) {
        (Some(Decision::Fails(lasso)), _) => {
            let verdict = Verdict::Violated { steps: lasso.prefix.steps.len(), cycle: lasso.cycle.len() };
            (verdict, Some(Counterexample::of_lasso(system, *lasso, property)))
        }
        (_, Some(doubt)) => (doubt.clone(), None),
        (Some(Decision::Open(why)), None) => (Verdict::unknown(why), None),
        (Some(Decision::Holds) | None, None) => (verified(graph), None),
    }
}

/// Returns the verdict of a graph in which no violation was found: that there is none, if the graph is complete.
pub(crate) fn verified(graph: &Graph) -> Verdict {
    let states = counted(graph.states(), "state");
    match graph.ended {
        Ended::Complete => Verdict::Verified { states: graph.states(), edges: graph.edges(), depth: graph.depth },
        Ended::States => Verdict::NoViolation { bounded: states },
        ended @ (Ended::Found | Ended::Memory | Ended::Time | Ended::Stopped) => {
            Verdict::cut(ended, format!("{} after {states}", ended.why()))
        }
    }
}

/// Why a property of which no violation was found is not verified.
pub(crate) fn doubt<M: Explorable>(
    model: &M,
    least: usize,
    graph: &Graph,
    limits: Limits,
    found: &BTreeSet<&'static str>,
    missed: &[&'static str],
) -> Option<Verdict> {
    let inconclusive = |why: String| Some(Verdict::unknown(why));
    if !graph.is_complete() {
        return Some(verified(graph));
    }
    if let Some(goal) = missed.first() {
        return inconclusive(format!("not reached: {goal}"));
    }
    if graph.states() < least {
        return inconclusive(format!("only {}", counted(graph.states(), "state")));
    }
    let (tally, discovered) = match second::explore(model, limits) {
        Ok(other) => other,
        Err(ended) => return Some(Verdict::cut(ended, format!("{} in the second engine", ended.why()))),
    };
    let ours = Tally { states: graph.states(), generated: graph.edges() + model.init_states().len() };
    if tally != ours {
        return inconclusive(format!("the engines disagree: {ours:?}, stateright {tally:?}"));
    }
    if discovered != *found {
        let unlike: Vec<_> = discovered.symmetric_difference(found).collect();
        return inconclusive(format!("the engines disagree on {unlike:?}"));
    }
    None
}
