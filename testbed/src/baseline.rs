//! `handfast check --baseline`: what is otherwise than in an earlier report.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use handfast_model::{
    counted,
    report::{Report, Selection},
};
use serde::{Deserialize, Serialize};

use crate::{failure::Failure, input};

/// The compared part of a report of `handfast check --json`.
#[derive(Deserialize)]
pub(crate) struct Baseline {
    checked: Vec<Checked>,
    mutants: Vec<Row>,
}

#[derive(Deserialize)]
struct Checked {
    configuration: String,
    rows: Vec<Row>,
    reached: Vec<String>,
    visible: Vec<Step>,
    graph: Graph,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
struct Graph {
    states: usize,
    edges: usize,
    depth: u32,
}

/// A property in a configuration; also of a mutant.
#[derive(Deserialize)]
struct Row {
    mutant: Option<String>,
    configuration: String,
    property: String,
    half: Option<String>,
    budget: String,
    verdict: String,
    #[serde(default)]
    steps: usize,
    #[serde(default)]
    cycle: usize,
    why: Option<String>,
}

/// A visible step.
#[derive(Deserialize)]
struct Step {
    side: String,
    from: Option<String>,
    to: String,
    label: String,
}

/// The differences, a line each.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Changes {
    /// Sizes of graphs, and lengths of counterexamples.
    counts: Vec<String>,
    /// All else: verdicts, what is asked, and what happens at all.
    others: Vec<String>,
}

impl Baseline {
    /// Reads a report.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let text =
            input::REPORT.read(path).map_err(|error| Failure::usage(format_args!("--baseline {name}: {error}")))?;
        let text =
            input::without_mark(&text).map_err(|error| Failure::usage(format_args!("--baseline {name}: {error}")))?;
        serde_json::from_slice(text).map_err(|error| {
            let what = match text.trim_ascii().is_empty() {
                true => "the file is empty".into(),
                false => format!("line {}, column {}: it is no report of check --json", error.line(), error.column()),
            };
            Failure::usage(format_args!("--baseline {name}: {what}; make one: handfast check --all --json > FILE"))
        })
    }

    /// The differences of a run, within the checks that it made.
    pub(crate) fn changes(mut self, selection: &Selection, report: &Report) -> Result<Changes, Failure> {
        let now = serde_json::to_vec(report).map_err(Failure::reason)?;
        let now: Self = serde_json::from_slice(&now).map_err(Failure::reason)?;
        self.checked.retain(|one| selection.takes(&one.configuration));
        if let Some(property) = selection.property {
            self.checked.iter_mut().for_each(|one| one.rows.retain(|row| row.property == property.id()));
        }
        if !selection.mutants {
            self.mutants.clear();
        }
        Ok(self.compare(&now))
    }

    fn compare(&self, now: &Self) -> Changes {
        let mut changes = Changes::default();
        let graphs = |report: &'_ Self| -> BTreeMap<String, Graph> {
            report.checked.iter().map(|one| (one.configuration.clone(), one.graph)).collect()
        };
        changes.differ(graphs(self), graphs(now), |_, before, after| (true, after.unlike(before)));
        changes.differ(self.rows(), now.rows(), |_, before, after| after.unlike(before));
        changes.differ(self.marks(), now.marks(), |_, (), ()| (true, Vec::new()));
        changes
    }

    /// Every row of a table, by what it is about.
    fn rows(&self) -> BTreeMap<String, &Row> {
        let rows = self.checked.iter().flat_map(|one| &one.rows).chain(&self.mutants);
        rows.map(|row| (row.name(), row)).collect()
    }

    /// The events of a run: goals and visible steps, each in its configuration.
    fn marks(&self) -> BTreeMap<String, ()> {
        let marks = self.checked.iter().flat_map(|one| {
            let goals = one.reached.iter().map(|goal| format!("goal: {goal}"));
            let steps = one.visible.iter().map(|Step { side, from, to, label }| {
                format!("visible step of the {side}: {} --> {to}: {label}", from.as_deref().unwrap_or("[*]"))
            });
            goals.chain(steps).map(|mark| (format!("{} {mark}", one.configuration), ()))
        });
        marks.collect()
    }
}

impl Graph {
    fn unlike(self, before: Self) -> Vec<String> {
        let numbers = [
            ("states", before.states, self.states),
            ("edges", before.edges, self.edges),
            ("depth", before.depth as usize, self.depth as usize),
        ];
        let differ = numbers.into_iter().filter(|(_, before, after)| before != after);
        differ.map(|(name, before, after)| format!("{name} {before} → {after}")).collect()
    }
}

impl Row {
    fn name(&self) -> String {
        let half = self.half.as_ref().map_or(String::new(), |half| format!(" ({half})"));
        let mutant = self.mutant.as_ref().map_or(String::new(), |mutant| format!("{mutant} by "));
        format!("{mutant}{} {}{half}", self.configuration, self.property)
    }

    fn outcome(&self) -> String {
        let verdict = self.verdict.replace('_', " ").to_uppercase();
        match (&self.why, self.cycle) {
            (Some(why), _) => format!("{verdict} ({why})"),
            (None, 0) if self.steps == 0 => verdict,
            (None, 0) => format!("{verdict} in {}", counted(self.steps, "step")),
            (None, cycle) => format!("{verdict} in {}, then {cycle} for ever", counted(self.steps, "step")),
        }
    }

    /// A difference, and whether it is only a length.
    fn unlike(&self, before: &Self) -> (bool, Vec<String>) {
        let mut unlike = Vec::new();
        if self.budget != before.budget {
            unlike.push(format!("at most {} → {}", before.budget, self.budget));
        }
        if self.outcome() != before.outcome() {
            unlike.push(format!("{} → {}", before.outcome(), self.outcome()));
        }
        let only_counts = self.budget == before.budget
            && self.verdict == before.verdict
            && self.why == before.why
            && (self.cycle == 0) == (before.cycle == 0);
        (only_counts, unlike)
    }
}

impl Changes {
    /// Whether nothing but counts differs.
    pub(crate) fn only_counts(&self) -> bool {
        self.others.is_empty()
    }

    /// Compares entries of both, and reports entries of only one.
    fn differ<T: Copy>(
        &mut self,
        before: BTreeMap<String, T>,
        after: BTreeMap<String, T>,
        unlike: impl Fn(&str, T, T) -> (bool, Vec<String>),
    ) {
        let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for name in names {
            match (before.get(name), after.get(name)) {
                (Some(&before), Some(&after)) => {
                    let (only_counts, unlike) = unlike(name, before, after);
                    let lines = if only_counts { &mut self.counts } else { &mut self.others };
                    lines.extend((!unlike.is_empty()).then(|| format!("{name}: {}", unlike.join(", "))));
                }
                (Some(_), None) => self.others.push(format!("gone: {name}")),
                (None, _) => self.others.push(format!("new: {name}")),
            }
        }
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { counts, others } = self;
        let [counted, other] = [counted(counts.len(), "count"), counted(others.len(), "other thing")];
        writeln!(f, "\nother than in the baseline: {counted}, {other}")?;
        others.iter().chain(counts).try_for_each(|line| writeln!(f, "  {line}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn report() -> Value {
        let row = json!({
            "configuration": "HH-documented-loss", "budget": "loss=2", "property": "P-GATE", "half": "export",
            "verdict": "verified", "states": 10, "edges": 12, "depth": 3,
        });
        let fails = json!({
            "configuration": "LL-jamid-loss", "budget": "loss=2", "property": "P-PAIR", "verdict": "violated", "steps": 20,
        });
        let mutant = json!({
            "mutant": "M-10", "configuration": "HH-documented-honest", "budget": "wrong=3", "property": "P-GATE",
            "verdict": "violated", "steps": 12,
        });
        let step = json!({"side": "import", "from": null, "to": "INIT", "label": ""});
        let graph = json!({"states": 10, "edges": 12, "depth": 3});
        let one = |name, row| {
            json!({
                "configuration": name, "rows": [row], "reached": ["both succeed"], "visible": [step], "graph": graph,
            })
        };
        json!({"checked": [one("HH-documented-loss", row), one("LL-jamid-loss", fails)], "mutants": [mutant]})
    }

    fn changes(change: impl FnOnce(&mut Value)) -> Changes {
        let mut after = report();
        change(&mut after);
        let read = |value: Value| serde_json::from_value::<Baseline>(value).unwrap();
        read(report()).compare(&read(after))
    }

    fn counts(line: &str) -> Changes {
        Changes { counts: vec![line.into()], others: Vec::new() }
    }

    fn others(line: &str) -> Changes {
        Changes { counts: Vec::new(), others: vec![line.into()] }
    }

    #[test]
    fn nothing_differs_from_itself() {
        let same = changes(|_| {});
        assert_eq!(same, Changes::default());
        assert!(same.only_counts());
        assert_eq!(same.to_string(), "\nother than in the baseline: 0 counts, 0 other things\n");
    }

    #[test]
    fn sizes_and_lengths_are_counts() {
        let grown = changes(|report| report["checked"][0]["graph"] = json!({"states": 11, "edges": 12, "depth": 4}));
        assert_eq!(grown, counts("HH-documented-loss: states 10 → 11, depth 3 → 4"));
        let shorter = changes(|report| report["checked"][1]["rows"][0]["steps"] = 18.into());
        assert_eq!(shorter, counts("LL-jamid-loss P-PAIR: VIOLATED in 20 steps → VIOLATED in 18 steps"));
        let mutant = changes(|report| report["mutants"][0]["steps"] = 13.into());
        assert_eq!(mutant, counts("M-10 by HH-documented-honest P-GATE: VIOLATED in 12 steps → VIOLATED in 13 steps"));
        assert!(grown.only_counts() && shorter.only_counts() && mutant.only_counts());
    }

    #[test]
    fn verdicts_and_what_is_asked_are_more() {
        for (change, line) in [
            (
                changes(|report| report["checked"][1]["rows"][0]["verdict"] = "verified".into()),
                "LL-jamid-loss P-PAIR: VIOLATED in 20 steps → VERIFIED in 20 steps",
            ),
            (
                changes(|report| report["checked"][1]["rows"][0]["cycle"] = 2.into()),
                "LL-jamid-loss P-PAIR: VIOLATED in 20 steps → VIOLATED in 20 steps, then 2 for ever",
            ),
            (
                changes(|report| {
                    let row = &mut report["checked"][0]["rows"][0];
                    row["verdict"] = "inconclusive".into();
                    row["why"] = "interrupted".into();
                }),
                "HH-documented-loss P-GATE (export): VERIFIED → INCONCLUSIVE (interrupted)",
            ),
            (
                changes(|report| report["checked"][0]["rows"][0]["budget"] = "loss=3".into()),
                "HH-documented-loss P-GATE (export): at most loss=2 → loss=3",
            ),
            (changes(|report| report["checked"][0]["rows"] = json!([])), "gone: HH-documented-loss P-GATE (export)"),
            (
                changes(|report| report["checked"][0]["reached"] = json!(["both succeed", "wrong once"])),
                "new: HH-documented-loss goal: wrong once",
            ),
            (
                changes(|report| report["checked"][0]["visible"] = json!([])),
                "gone: HH-documented-loss visible step of the import: [*] --> INIT: ",
            ),
            (changes(|report| report["mutants"] = json!([])), "gone: M-10 by HH-documented-honest P-GATE"),
        ] {
            assert_eq!(change, others(line));
            assert!(!change.only_counts());
        }
    }
}
