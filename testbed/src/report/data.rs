//! The content of a report, as it is written to JSON (`docs/report.schema.json`) and drawn in the page.

use std::ops::Range;

use handfast_model::{
    check::{Checked, Verdict},
    config::{Configuration, Size, configurations},
    counted,
    explore::Limits,
    hunt::Hunted,
    matrix::Matrix,
    mutants::Mutant,
    properties::PropertyId,
    report::Report,
    second::Confirmed,
};
use handfast_sim::event::Matrix as Faults;
use serde::Serialize;

use super::{
    attached::{Attached, Bug, Cell, Measured},
    coverage::{self, Machine, Sessions},
    links::{self, Orphan, Requirement},
    stories::{self, Kind, Story},
};
use crate::{sim::Swept, verdicts};

/// The version of the format.
const VERSION: u32 = 1;

/// The results of which a report is made.
pub(crate) struct Asked<'a> {
    pub(crate) seeds: Range<u64>,
    pub(crate) model: Option<&'a Report>,
    pub(crate) simulation: Option<&'a Swept>,
    pub(crate) event: Option<&'a Swept>,
    /// Each fault after each step of a session.
    pub(crate) faults: Option<&'a Faults>,
    /// The result of the intruder's queries in one line.
    pub(crate) intruder: Option<String>,
    /// The rest that is not as expected, a line each: the part of the run, and the text.
    pub(crate) others: Vec<(&'static str, String)>,
    pub(crate) mutant: Option<&'a Mutant>,
    pub(crate) limits: Limits,
    pub(crate) exit_code: u8,
    /// The verdict in words.
    pub(crate) verdict: &'static str,
    /// The command that shows the first failure again.
    pub(crate) again: Option<String>,
    /// The results of other commands.
    pub(crate) attached: Attached,
}

/// The content of a report. Equal runs have equal ones.
#[derive(Serialize)]
pub(crate) struct Data {
    report: u32,
    pub(crate) program: String,
    pub(crate) verdict: Line,
    pub(crate) properties: Vec<Property>,
    pub(crate) matrix: Table,
    pub(crate) configurations: Vec<Checking>,
    pub(crate) mutants: Vec<Broken>,
    pub(crate) stories: Vec<Story>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) growth: Vec<Growth>,
    /// The rest that is not as expected, besides verdicts of configurations and mutants.
    pub(crate) others: Vec<Other>,
    /// A sweep of the shell's sessions, if there was one.
    pub(crate) simulation: Option<serde_json::Value>,
    /// A sweep of the event engine's sessions, if there was one.
    pub(crate) event: Option<serde_json::Value>,
    /// Each fault of the event engine after each step of a session, if there was a sweep of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) faults: Option<Faults>,
    pub(crate) requirements: Vec<Requirement>,
    /// Requirements, properties and rules to which nothing refers that should.
    pub(crate) orphans: Vec<Orphan>,
    /// The results of `handfast interop`, if they were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interop: Option<Vec<Cell>>,
    /// The bugs of `handfast history`, if they were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) history: Option<Vec<Bug>>,
    /// The figures of `handfast bench`, if they were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bench: Option<Measured>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) again: Option<String>,
}

/// The verdict in one line, and what was bounded.
#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) as_expected: bool,
    pub(crate) exit_code: u8,
    pub(crate) text: String,
    pub(crate) bounded: Vec<String>,
}

/// A property.
#[derive(Serialize)]
pub(crate) struct Property {
    pub(crate) id: &'static str,
    pub(crate) text: &'static str,
    pub(crate) liveness: bool,
    pub(crate) requirements: Vec<String>,
    pub(crate) mutants: Vec<&'static str>,
}

/// Each property in each pair.
#[derive(Serialize)]
pub(crate) struct Table {
    pub(crate) pairs: Vec<String>,
    pub(crate) lines: Vec<Cells>,
    pub(crate) weaknesses: Vec<[&'static str; 2]>,
}

/// The results of a property, in the order of the pairs.
#[derive(Serialize)]
pub(crate) struct Cells {
    pub(crate) property: &'static str,
    pub(crate) cells: Vec<String>,
}

/// A configuration.
#[derive(Serialize)]
pub(crate) struct Checking {
    pub(crate) id: String,
    pub(crate) pair: String,
    pub(crate) budget: String,
    pub(crate) states: usize,
    pub(crate) edges: usize,
    pub(crate) depth: u32,
    pub(crate) complete: bool,
    pub(crate) rows: Vec<Row>,
    pub(crate) reached: Vec<&'static str>,
    pub(crate) missed: Vec<&'static str>,
}

/// A property in a configuration.
#[derive(Serialize)]
pub(crate) struct Row {
    /// The property, and the side if it is asked of one.
    pub(crate) name: &'static str,
    pub(crate) property: &'static str,
    pub(crate) verdict: String,
    pub(crate) as_expected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weakness: Option<&'static str>,
    /// The anchor of the way that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) story: Option<String>,
}

/// Something that is not as expected, and neither a verdict of a configuration nor a mutant.
#[derive(Serialize)]
pub(crate) struct Other {
    /// The part of the run: `model`, `simulation`, `event engine` or `intruder`.
    pub(crate) part: &'static str,
    pub(crate) text: String,
}

/// A mutant.
#[derive(Serialize)]
pub(crate) struct Broken {
    pub(crate) id: &'static str,
    pub(crate) broken: &'static str,
    pub(crate) rules: Vec<String>,
    pub(crate) property: &'static str,
    pub(crate) configuration: String,
    pub(crate) verdict: String,
    pub(crate) killed: bool,
    /// Whether the second engine agrees; none if it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirmed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) story: Option<String>,
}

/// The size of a graph by what may go wrong in it.
#[derive(Serialize)]
pub(crate) struct Growth {
    pub(crate) configuration: String,
    pub(crate) size: &'static str,
    pub(crate) budget: String,
    /// How many faults at most.
    pub(crate) faults: u32,
    pub(crate) states: usize,
    pub(crate) edges: usize,
    pub(crate) depth: usize,
}

impl Data {
    /// Puts the content of a report together. Explores what the page draws in addition: ways that succeed, and edges.
    pub(crate) fn new(asked: &Asked<'_>) -> Self {
        let nothing = Vec::new();
        let checked = asked.model.map_or(&nothing, |model| &model.checked);
        let hunted: Vec<&Hunted> = asked.model.iter().flat_map(|model| mutants(model)).collect();
        let mut stories = stories::of_rows(checked, asked.mutant);
        stories.extend(stories::of_successes(asked.limits));
        stories.extend(stories::of_mutants(hunted.iter().copied()));
        let machines =
            coverage::machines(checked, &Sessions::record(asked.event.is_some(), asked.simulation.is_some()));
        let requirements = links::requirements();
        let value = |swept: Option<&Swept>| swept.and_then(|swept| serde_json::to_value(swept).ok());
        Self {
            report: VERSION,
            program: format!("handfast {}", env!("CARGO_PKG_VERSION")),
            verdict: line(asked, checked, &hunted),
            properties: properties(),
            matrix: table(checked),
            configurations: checked.iter().map(|one| checking(one, &stories)).collect(),
            mutants: hunted.iter().map(|hunted| broken(hunted, &stories)).collect(),
            stories,
            machines,
            growth: growth(),
            others: others(asked),
            simulation: value(asked.simulation),
            event: value(asked.event),
            faults: asked.faults.cloned(),
            orphans: links::orphans(&requirements),
            requirements,
            interop: asked.attached.interop.clone(),
            history: asked.attached.history.clone(),
            bench: asked.attached.bench.clone(),
            again: asked.again.clone(),
        }
    }

    /// The ways of a kind.
    pub(crate) fn stories_of(&self, kind: Kind) -> impl Iterator<Item = &Story> {
        self.stories.iter().filter(move |story| story.kind == kind)
    }
}

/// All mutants that were hunted: the canary alone, if no others were.
fn mutants(model: &Report) -> Vec<&Hunted> {
    if model.mutants.is_empty() { vec![&model.canary] } else { model.mutants.iter().collect() }
}

fn others(asked: &Asked<'_>) -> Vec<Other> {
    let mut others: Vec<Other> = Vec::new();
    if let Some(model) = asked.model {
        let mut add = |text| others.push(Other { part: "model", text });
        if !model.canary.is_killed() && !model.mutants.is_empty() {
            add(format!("the canary {}: {}", model.canary.kill.mutant, model.canary.kill.row.verdict));
        }
        for one in model.documented.iter().filter(|one| !one.verdict.is_verified()) {
            add(format!("P-DOCUMENTED in the profile {:?}: {}", one.profile, one.verdict));
        }
        model.unlike.iter().for_each(|one| add(one.to_string()));
        model.changed.iter().for_each(|one| add(format!("the graph of {} changed: {}", one.configuration, one.text)));
    }
    for (part, swept) in [("simulation", asked.simulation), ("event engine", asked.event)] {
        let unlike = swept.filter(|swept| swept.exit_code() != 0);
        others.extend(unlike.map(|swept| Other { part, text: swept.summary() }));
    }
    others.extend(asked.others.iter().map(|(part, text)| Other { part, text: text.clone() }));
    others
}

fn line(asked: &Asked<'_>, checked: &[Checked], hunted: &[&Hunted]) -> Line {
    let as_expected = asked.exit_code == 0;
    let rows = || checked.iter().flat_map(|one| &one.rows);
    let mut parts = Vec::new();
    if !checked.is_empty() {
        let verified = rows().filter(|row| row.verdict.is_verified()).count();
        let known = rows().filter(|row| row.verdict.is_violated() && row.is_as_expected()).count();
        parts.push(format!(
            "{verified} of {} VERIFIED, {known} VIOLATED as known of old peers",
            counted(rows().count(), "verdict")
        ));
        let (stopped, unlike): (Vec<_>, Vec<_>) =
            rows().filter(|row| !row.is_as_expected()).partition(|row| row.verdict.was_interrupted());
        for (rows, words) in [(unlike, "NOT AS EXPECTED"), (stopped, "NOT CARRIED OUT")] {
            if !rows.is_empty() {
                parts.push(format!("{} {words}", rows.len()));
            }
        }
    }
    let killed = hunted.iter().filter(|hunted| hunted.is_killed()).count();
    if !hunted.is_empty() {
        parts.push(format!("{killed} of {} found", counted(hunted.len(), "mutant")));
    }
    let of = |name: &str, swept: Option<&Swept>| swept.map(|swept| format!("{name}: {}", swept.verdict()));
    parts.extend(of("simulation", asked.simulation));
    parts.extend(of("event engine", asked.event));
    parts.extend(asked.intruder.clone());
    let verdict = asked.verdict;
    let mut bounded = Vec::new();
    if !checked.is_empty() {
        let complete = checked.iter().filter(|one| one.graph.complete).count();
        let others = checked.len() - complete;
        bounded.push(format!("complete graphs, each of a finite budget: {}", counted(complete, "configuration")));
        if others > 0 {
            bounded.push(format!("in {others} more only a way to what is known, or less, was looked for"));
        }
    }
    if asked.simulation.is_some() || asked.event.is_some() {
        bounded.push(format!("simulated sessions are a sample, from seed {}", asked.seeds.start));
    }
    if let Some(mutant) = asked.mutant {
        bounded.push(format!("{} takes the place of the shipped reducers", mutant.id));
    }
    Line { as_expected, exit_code: asked.exit_code, text: format!("{verdict}: {}", parts.join("; ")), bounded }
}

fn properties() -> Vec<Property> {
    let all = PropertyId::ALL.iter().map(|&property| Property {
        id: property.id(),
        text: property.text(),
        liveness: property.is_liveness(),
        requirements: links::cited(property.cites()).into_iter().collect(),
        mutants: handfast_model::mutants::MUTANTS
            .iter()
            .filter(|mutant| mutant.property == property)
            .map(|mutant| mutant.id)
            .collect(),
    });
    all.collect()
}

fn table(checked: &[Checked]) -> Table {
    let matrix = Matrix::of(checked);
    let casts: Vec<_> = matrix.casts().collect();
    let lines = matrix.lines.iter().map(|line| Cells {
        property: line.property.id(),
        cells: casts.iter().map(|&cast| line.cell(cast).map_or(String::new(), ToString::to_string)).collect(),
    });
    let weaknesses = matrix.weaknesses(&casts).into_iter().map(|(id, title)| [id, title]).collect();
    Table { pairs: casts.iter().map(ToString::to_string).collect(), lines: lines.collect(), weaknesses }
}

fn known(stories: &[Story], id: String) -> Option<String> {
    stories.iter().any(|story| story.id == id).then_some(id)
}

fn checking(one: &Checked, stories: &[Story]) -> Checking {
    let rows = one.rows.iter().map(|row| Row {
        name: row.name(),
        property: row.property.id(),
        verdict: row.verdict.to_string(),
        as_expected: row.is_as_expected(),
        weakness: row.expected.weakness().filter(|_| row.verdict.is_violated()),
        story: known(stories, stories::anchor(&format!("{}-{}", row.configuration, row.name()))),
    });
    Checking {
        id: one.configuration.clone(),
        pair: one.cast.to_string(),
        budget: one.rows.first().map_or_else(String::new, |row| row.budget.clone()),
        states: one.graph.states,
        edges: one.graph.edges,
        depth: one.graph.depth,
        complete: one.graph.complete,
        rows: rows.collect(),
        reached: one.reached.clone(),
        missed: one.missed.clone(),
    }
}

fn broken(hunted: &Hunted, stories: &[Story]) -> Broken {
    let (kill, row) = (&hunted.kill, &hunted.kill.row);
    let rules =
        Mutant::find(kill.mutant).map(|mutant| mutant.without.broken().map(|rule| format!("{rule:?}")).collect());
    Broken {
        id: kill.mutant,
        broken: kill.broken,
        rules: rules.unwrap_or_default(),
        property: row.property.id(),
        configuration: row.configuration.clone(),
        verdict: match &row.verdict {
            Verdict::Violated { steps, cycle: 0 } => format!("found in {}", counted(*steps, "step")),
            Verdict::Violated { steps, cycle } => {
                format!("found in {}, then {cycle} for ever", counted(*steps, "step"))
            }
            other => other.to_string(),
        },
        killed: hunted.is_killed(),
        confirmed: (hunted.stateright != Confirmed::NotAsked).then_some(hunted.stateright != Confirmed::Otherwise),
        story: known(stories, stories::anchor(kill.mutant)),
    }
}

/// The accepted graphs of all sizes (`model/graphs.txt`), by what may go wrong.
fn growth() -> Vec<Growth> {
    let sizes = [("small", Size::Small), ("quick", Size::Quick), ("full", Size::Full)];
    let known: Vec<_> = sizes.map(|(name, size)| (name, configurations(size))).into();
    let line = |line: &str| {
        let (head, levels) = line.split_once(": ")?;
        let (size, id) = head.split_once(' ')?;
        let (size, all) = known.iter().find(|(name, _)| *name == size)?;
        let configuration = all.iter().find(|one| one.id() == id)?;
        let levels = levels.split(' ').filter_map(|level| level.split_once('/'));
        let levels: Vec<(usize, usize)> =
            levels.filter_map(|(states, edges)| Some((states.parse().ok()?, edges.parse().ok()?))).collect();
        Some(Growth {
            configuration: id.to_owned(),
            size,
            budget: configuration.budget.to_string(),
            faults: faults(configuration),
            states: levels.iter().map(|level| level.0).sum(),
            edges: levels.iter().map(|level| level.1).sum(),
            depth: levels.len().saturating_sub(1),
        })
    };
    verdicts::ACCEPTED.graphs.lines().filter_map(line).collect()
}

/// How many faults a budget has.
fn faults(configuration: &Configuration) -> u32 {
    configuration.budget.entries().map(|(_, count)| u32::from(count)).sum()
}
