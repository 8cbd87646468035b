//! The search for an explanation, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stateright::Model as _;

use super::{
    parse::{Place, Trace},
    remarks::{Remark, remarks},
    runs::{self, Lane, Run, Sorted},
    search::{Act, EXPLAINED, Node, Search, Stop, memo::Memo},
    terms::Terms,
};
use crate::{
    document::{diagram::Counterexample, words::describe},
    explorer::explore::{Ended, Graph, Path},
    property::judged::Judged,
    report::check::{hardened, with_legacy},
    system::{
        Turn,
        config::{Budget, Configuration},
        counted::counted,
        side::{ExportSide, ImportSide},
    },
};

/// The verdict.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is a run of the model.
    Allowed {
        /// One way in which it came about, of each pair of operations.
        runs: Vec<Explanation>,
        /// The lines that are no part of a link.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        apart: Vec<Apart>,
    },
    /// It is not.
    Refused(Box<Refusal>),
    /// The search was cut short.
    Inconclusive {
        /// Why.
        why: String,
    },
}

/// One way in which it came about.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The unseen faults; all zero if it needs none.
    pub faults: Budget,
    /// The steps, in order.
    pub schedule: Vec<Happened>,
    /// A Mermaid sequence diagram of it.
    pub mermaid: String,
    /// How many states were looked at.
    pub states: usize,
}

/// A step of a schedule.
#[derive(Clone, Debug, Serialize)]
pub struct Happened {
    /// What.
    pub what: String,
    /// The lines that show it; none if it is hidden.
    pub lines: Vec<Place>,
}

/// Where and why it is not a run.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    /// How many lines of the operations can be explained.
    pub explained: usize,
    /// The first that cannot: one, or one of each clock.
    pub lines: Vec<Unexplained>,
    /// How many states of the search are left then.
    pub states: usize,
    /// The clients' states in them, and in how many (of those that are looked at).
    pub seen: BTreeMap<String, usize>,
    /// The signals and calls that could have come next.
    pub next: Vec<String>,
    /// The lines that are no part of a link.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<Apart>,
    /// The lines that name another operation or another token than the rest of the trace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
}

/// A line that is no part of a link: it changed nothing, and nothing has to explain it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Apart {
    /// Where it stands.
    pub place: Place,
    /// The line in words.
    pub says: String,
    /// Why it is not a run.
    pub why: &'static str,
}

/// A line that is not explained.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unexplained {
    /// Where it stands.
    pub place: Place,
    /// The step in words.
    pub says: String,
    /// Why nothing explains it, if that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flaw: Option<&'static str>,
}

/// Decides whether a trace is a run of the model. A line with the cause of a failure on its device may be a failure of storage.
pub fn validate(trace: &Trace, terms: &Terms) -> Verdict {
    let notes = Notes(trace.lines.iter().map(|line| (line.place, line.to_string())).collect());
    let terms = terms.with_causes(trace);
    match runs::sort(trace, &terms.configuration(), terms.whole) {
        Some(Sorted { runs, apart }) => {
            let apart = apart.into_iter().map(|(line, why)| {
                let (place, says) = notes.0[line].clone();
                Apart { place, says, why }
            });
            let mut verdict = validate_runs(&notes, runs, &terms).with_apart(apart.collect());
            if let Verdict::Refused(refusal) = &mut verdict {
                refusal.remarks = remarks(trace);
            }
            verdict
        }
        None => Verdict::Inconclusive { why: format!("there are more than {} pairs of operations", runs::MAX_RUNS) },
    }
}

impl Verdict {
    /// The same, with the lines that are no part of a link.
    fn with_apart(mut self, lines: Vec<Apart>) -> Self {
        match &mut self {
            Self::Allowed { apart, .. } => *apart = lines,
            Self::Refused(refusal) => refusal.apart = lines,
            Self::Inconclusive { .. } => {}
        }
        self
    }
}

/// Where each line stands, and what it says.
#[derive(Default)]
pub(super) struct Notes(pub(super) Vec<(Place, String)>);

pub(super) fn validate_runs(notes: &Notes, runs: Vec<Run>, terms: &Terms) -> Verdict {
    let mut explained = Vec::new();
    let mut worst = None;
    for run in runs {
        match explain(notes, &run, terms) {
            Verdict::Allowed { runs, .. } => explained.extend(runs),
            Verdict::Refused(refusal) => {
                let earlier = |other: &Refusal| refusal.lines < other.lines;
                match &worst {
                    Some(Verdict::Refused(other)) if !earlier(other) => {}
                    _ => worst = Some(Verdict::Refused(refusal)),
                }
            }
            cut @ Verdict::Inconclusive { .. } => {
                worst.get_or_insert(cut);
            }
        }
    }
    worst.unwrap_or(Verdict::Allowed { runs: explained, apart: Vec::new() })
}

/// How much another exporter has to say at most: what is asked for, two wrong passwords, and the archive.
const WORDS: u8 = 4;

/// Returns the configuration of a run, with all faults that may have been unseen.
pub(super) fn configuration_of(run: &Run, terms: &Terms) -> Configuration {
    let mut configuration = terms.configuration();
    if run.others > 0 {
        // The other exporters know the token too. They are strangers to the model, but say nothing strange.
        configuration.budget.intruders = configuration.budget.intruders.saturating_add(run.others);
        configuration.budget.words = configuration.budget.words.saturating_add(run.others.saturating_mul(WORDS));
    }
    configuration.sas = run.seen().any(|(_, lane)| lane.compares());
    // A side whose end is not written yet may have failed by then, and its line says so later.
    let unended = |lane: &Option<Lane>| lane.as_ref().is_none_or(|lane| lane.turns.is_none() && !lane.has_ended());
    let recorded = run.seen().any(|(_, lane)| lane.turns.is_some());
    if !terms.whole && !recorded {
        let ends = run.lanes.iter().filter(|lane| unended(lane)).count() as u8;
        configuration.budget.storage = configuration.budget.storage.saturating_add(ends);
    }
    configuration
}

/// Returns the budgets in which an explanation is looked for: as few faults as possible come first.
pub(super) fn budgets(faults: Budget) -> [Budget; 2] {
    [Budget { loss: 0, storage: 0, import_crashes: 0, export_crashes: 0, ..faults }, faults]
}

/// Explains one run with as few faults as possible: none, or those of the budget.
fn explain(notes: &Notes, run: &Run, terms: &Terms) -> Verdict {
    let mut configuration = configuration_of(run, terms);
    let [none, faults] = budgets(configuration.budget);
    let mut verdict = None;
    for budget in [none, faults] {
        if verdict.is_some() && budget == none {
            continue;
        }
        configuration.budget = budget;
        let found = explain_with(notes, run, terms, configuration);
        if matches!(found, Verdict::Allowed { .. } | Verdict::Inconclusive { .. }) {
            return found;
        }
        verdict = Some(found);
    }
    verdict.unwrap_or(Verdict::Inconclusive { why: "nothing was looked at".into() })
}

fn explain_with(notes: &Notes, run: &Run, terms: &Terms, configuration: Configuration) -> Verdict {
    if configuration.cast.has_legacy() {
        search(notes, run, terms, &with_legacy(configuration))
    } else {
        search(notes, run, terms, &hardened(configuration))
    }
}

/// Whether these sides explain a run, which the protocol's own do not.
pub(super) fn is_explained_by<I: ImportSide, E: ExportSide>(run: &Run, terms: &Terms, system: &Judged<I, E>) -> bool {
    let memo = Memo::default();
    let search = Search::new(system, &memo, run, terms);
    Graph::explore(&search, terms.limits, Some(EXPLAINED)).path(&search, EXPLAINED).is_some()
}

fn search<I: ImportSide, E: ExportSide>(notes: &Notes, run: &Run, terms: &Terms, system: &Judged<I, E>) -> Verdict {
    let memo = Memo::default();
    let search = Search::new(system, &memo, run, terms);
    let graph = Graph::explore(&search, terms.limits, Some(EXPLAINED));
    if let Some(path) = graph.path(&search, EXPLAINED) {
        let runs = vec![explanation(notes, system, &search, &path, graph.states())];
        return Verdict::Allowed { runs, apart: Vec::new() };
    }
    if graph.ended != Ended::Complete {
        return Verdict::Inconclusive {
            why: format!("the search was cut short after {}", counted(graph.states(), "state")),
        };
    }
    Verdict::Refused(Box::new(refusal(notes, &search)))
}

fn explanation<I: ImportSide, E: ExportSide>(
    notes: &Notes,
    system: &Judged<I, E>,
    search: &Search<'_, I, E>,
    path: &Path<Node<I, E>, Act>,
    states: usize,
) -> Explanation {
    let mut before = &path.root;
    let (mut schedule, mut turns) = (Vec::new(), Vec::new());
    for (act, after) in &path.steps {
        if let Ok(taken) = search.take(before, *act) {
            let mut lines: Vec<Place> = taken.lines.iter().map(|line| notes.0[*line].0).collect();
            lines.sort_unstable();
            let what = match (act, taken.action) {
                (Act::Hidden(action), _) => describe(&before.state.world, *action),
                (Act::Call(..), _) => taken.lines.first().map_or_else(String::new, |line| notes.0[*line].1.clone()),
            };
            schedule.push(Happened { what, lines });
            turns.extend(taken.action.map(|action| (action, Turn::clone(&taken.turn), &after.state.world)));
        }
        before = after;
    }
    let (budget, left) = (system.configuration().budget, path.last().state.world.left);
    let faults = Budget {
        loss: budget.loss.saturating_sub(left.loss),
        storage: budget.storage.saturating_sub(left.storage),
        import_crashes: budget.import_crashes.saturating_sub(left.import_crashes),
        export_crashes: budget.export_crashes.saturating_sub(left.export_crashes),
        ..Budget::default()
    };
    let described = Counterexample::of_turns(system.configuration(), &path.root.state.world, turns, usize::MAX, None);
    Explanation { faults, schedule, mermaid: described.mermaid, states }
}

/// Returns the known facts where the search came to its end.
fn refusal<I: ImportSide, E: ExportSide>(notes: &Notes, search: &Search<'_, I, E>) -> Refusal {
    let best = search.best();
    let mut lines: BTreeMap<usize, Unexplained> = BTreeMap::new();
    let (mut seen, mut next) = (BTreeMap::new(), BTreeSet::new());
    let mut acts = Vec::new();
    for node in &best.nodes {
        for noted in search.next_lines(node) {
            let (place, says) = notes.0[noted.line].clone();
            let unexplained = Unexplained { place, says, flaw: noted.flaw.or(noted.doubt) };
            lines.insert(noted.line, unexplained);
        }
        let world = &node.state.world.seen;
        *seen.entry(format!("import {}, export {}", world.import.signalled, world.export.signalled)).or_insert(0) += 1;
        search.actions(node, &mut acts);
        for act in acts.drain(..) {
            if let Err(Stop::Unseen(side, signal)) = search.take(node, act) {
                next.insert(search.describe(node, side, signal));
            }
        }
        next.extend(search.calls(node).into_iter().map(|(side, call)| format!("{side}: {call} is accepted")));
    }
    let (lines, next) = (lines.into_values().collect(), next.into_iter().collect());
    Refusal { explained: best.lines, lines, states: best.count, seen, next, apart: Vec::new(), remarks: Vec::new() }
}
