//! Checks a configuration with two engines, and says honestly what came of it.

use std::collections::BTreeSet;

use handfast::{export::Exporter, import::Importer, outcome::Side, rules::AllRules};
use serde::Serialize;
use stateright::{Checker, Model};

use crate::{
    claims::{self, Decision},
    config::{Configuration, Player},
    diagram::Counterexample,
    documented::Edge,
    explore::{Ended, Graph, Limits},
    flaws::Flaw,
    goals::GOALS,
    legacy,
    pairs::Pair,
    properties::{Half, PropertyId},
    refinement::see_step,
    side::{AnyExport, AnyImport, Boxed, ExportSide, ImportSide},
    system::System,
};

/// The two reducers that ship.
pub type Hardened = System<Importer<AllRules>, Exporter<AllRules>>;

/// The shipped reducers in a configuration.
pub fn hardened(configuration: Configuration) -> Hardened {
    let config = configuration.reducers();
    System::new(configuration, Importer::new(config), Exporter::new(config))
}

/// The two sides of any pair in which one is a legacy one.
pub fn with_legacy(configuration: Configuration) -> System<AnyImport, AnyExport> {
    let config = configuration.reducers();
    let import = match configuration.cast.import {
        Player::Legacy => Boxed::new(legacy::Importer::new()),
        Player::Hardened | Player::Hostile => Boxed::new(Importer::<AllRules>::new(config)),
    };
    let export = match configuration.cast.export {
        Player::Legacy => Boxed::new(legacy::Exporter::new()),
        Player::Hardened | Player::Hostile => Boxed::new(Exporter::<AllRules>::new(config)),
    };
    System::new(configuration, import, export)
}

/// What came of a check.
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
        /// What bounded the search.
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
    },
}

impl Verdict {
    /// Whether the property was shown to hold.
    pub const fn is_verified(&self) -> bool {
        matches!(self, Self::Verified { .. })
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
                write!(f, "VERIFIED (complete graph: {states} states, {edges} edges, depth {depth})")
            }
            Self::NoViolation { bounded } => write!(f, "NO VIOLATION (bounded: {bounded})"),
            Self::Violated { steps, cycle: 0 } => write!(f, "VIOLATED (in {steps} steps)"),
            Self::Violated { steps, cycle } => write!(f, "VIOLATED (in {steps} steps, then {cycle} for ever)"),
            Self::Inconclusive { why } => write!(f, "INCONCLUSIVE ({why})"),
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
    /// What went wrong in it, at most.
    pub budget: String,
    /// The property.
    pub property: PropertyId,
    /// The side that it is asked of, if it is not asked of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half: Option<Side>,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What should come of it.
    #[serde(skip_serializing_if = "Expected::is_holds")]
    pub expected: Expected,
    /// A shortest way to the violation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterexample: Option<Counterexample>,
}

/// What should come of a property in a configuration.
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
    fn new(configuration: &Configuration, property: PropertyId, half: Half) -> Self {
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

/// What came of one configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// [`Configuration::id`].
    pub configuration: String,
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
    /// Distinct states that were looked at.
    pub states: usize,
}

/// Checks one configuration. With `property`, only that one is reported.
pub fn check(configuration: Configuration, property: Option<PropertyId>, limits: Limits) -> Checked {
    if configuration.cast.has_legacy() {
        check_system(&with_legacy(configuration), property, limits)
    } else {
        check_system(&hardened(configuration), property, limits)
    }
}

/// Checks any two sides.
pub fn check_system<I: ImportSide, E: ExportSide>(
    system: &System<I, E>,
    property: Option<PropertyId>,
    limits: Limits,
) -> Checked {
    let configuration = system.configuration();
    let mut visible = BTreeSet::new();
    let graph =
        Graph::explore_with(system, limits, None, |_, state, action| see_step(system, state, action, &mut visible));
    let found: BTreeSet<&'static str> = graph.discovered(system).into_iter().collect();
    let sought = || GOALS.iter().filter(|goal| goal.is_sought(configuration));
    let reached: Vec<_> = sought().map(|goal| goal.name).filter(|name| found.contains(name)).collect();
    let missed: Vec<_> = sought()
        .filter(|goal| goal.is_due(configuration) && !found.contains(goal.name))
        .map(|goal| goal.name)
        .collect();
    let doubt = doubt(system, &graph, &found, &missed);
    let asked = PropertyId::ALL.iter().copied().filter(|other| property.is_none_or(|only| only == *other));
    let rows = asked
        .filter(|property| property.applies(configuration))
        .flat_map(|property| property.halves(configuration).iter().map(move |&half| (property, half)))
        .map(|(property, half)| {
            let (verdict, counterexample) = judge(system, &graph, property, half, doubt.as_ref());
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
    Checked { configuration: configuration.id(), rows, reached, missed, pairs, visible, states: graph.states() }
}

/// How a half of a property fares on a graph, and what shows it. `doubt` stands where it would be verified otherwise.
pub(crate) fn judge<I: ImportSide, E: ExportSide>(
    system: &System<I, E>,
    graph: &Graph,
    property: PropertyId,
    half: Half,
    doubt: Option<&Verdict>,
) -> (Verdict, Option<Counterexample>) {
    if let Some(path) = graph.path(system, property.name(half)) {
        let verdict = Verdict::Violated { steps: path.steps.len(), cycle: 0 };
        return (verdict, Some(Counterexample::new(system, &path, Some(property))));
    }
    // Without a cycle, what two reducers never do shows in a state, as it was just looked for. An old side can also stop to read.
    let shown = || graph.is_acyclic() && !system.configuration().cast.has_legacy();
    let open = property.is_liveness() && graph.is_complete() && !shown();
    match (open.then(|| claims::decide(system, graph, property, half)), doubt) {
        (Some(Decision::Fails(lasso)), _) => {
            let verdict = Verdict::Violated { steps: lasso.prefix.steps.len(), cycle: lasso.cycle.len() };
            (verdict, Some(Counterexample::of_lasso(system, *lasso, property)))
        }
        (_, Some(doubt)) => (doubt.clone(), None),
        (Some(Decision::Open(why)), None) => (Verdict::Inconclusive { why }, None),
        (Some(Decision::Holds) | None, None) => {
            (Verdict::Verified { states: graph.states(), edges: graph.edges(), depth: graph.depth }, None)
        }
    }
}

/// Why a property of which no violation was found is not verified.
fn doubt<I: ImportSide, E: ExportSide>(
    system: &System<I, E>,
    graph: &Graph,
    found: &BTreeSet<&'static str>,
    missed: &[&'static str],
) -> Option<Verdict> {
    let inconclusive = |why: String| Some(Verdict::Inconclusive { why });
    match graph.ended {
        Ended::Complete | Ended::Found => {}
        Ended::States => return Some(Verdict::NoViolation { bounded: format!("{} states", graph.states()) }),
        Ended::Memory => return inconclusive(format!("out of memory after {} states", graph.states())),
        Ended::Time => return inconclusive(format!("out of time after {} states", graph.states())),
    }
    if let Some(goal) = missed.first() {
        return inconclusive(format!("not reached: {goal}"));
    }
    if graph.states() < system.configuration().least {
        return inconclusive(format!("only {} states", graph.states()));
    }
    let other = Tally::of(system);
    let ours = Tally { states: graph.states(), generated: graph.edges() + system.init_states().len() };
    if other.0 != ours {
        return inconclusive(format!("the engines disagree: {ours:?}, stateright {:?}", other.0));
    }
    if other.1 != *found {
        let unlike: Vec<_> = other.1.symmetric_difference(found).collect();
        return inconclusive(format!("the engines disagree on {unlike:?}"));
    }
    None
}

/// What `stateright` counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tally {
    states: usize,
    generated: usize,
}

impl Tally {
    /// Runs `stateright` to the end of the graph, which is known to have one.
    fn of<I: ImportSide, E: ExportSide>(system: &System<I, E>) -> (Self, BTreeSet<&'static str>) {
        let checker = system.clone().checker().threads(1).spawn_dfs().join();
        let tally = Self { states: checker.unique_state_count(), generated: checker.state_count() };
        (tally, checker.discoveries().into_keys().collect())
    }
}

/// A shortest way to a goal, if there is a goal of this name here and it can be reached.
pub fn reach(configuration: Configuration, goal: &str, limits: Limits) -> Option<Counterexample> {
    if configuration.cast.has_legacy() {
        way(&with_legacy(configuration), goal, limits)
    } else {
        way(&hardened(configuration), goal, limits)
    }
}

fn way<I: ImportSide, E: ExportSide>(system: &System<I, E>, goal: &str, limits: Limits) -> Option<Counterexample> {
    let known = GOALS.iter().any(|known| known.name == goal && known.is_sought(system.configuration()));
    let graph = known.then(|| Graph::explore(system, limits, Some(goal)))?;
    Some(Counterexample::new(system, &graph.path(system, goal)?, None))
}

/// The goals that are looked for in a configuration.
pub fn goals(configuration: &Configuration) -> impl Iterator<Item = &'static str> {
    GOALS.iter().filter(|goal| goal.is_sought(configuration)).map(|goal| goal.name)
}
