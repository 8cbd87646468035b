//! The verdicts of a campaign as a table.

use std::fmt;

use handfast::outcome::Outcome;
use handfast_model::counted;
use handfast_sim::{Found, Report, Row, Verdict};
use quick_junit::{TestCase, TestSuite};

use super::sweep::NOT_CARRIED_OUT;
use crate::verdicts::status;

/// The table, below the line that says what is swept. Equal campaigns print equal tables.
pub(super) struct Table<'a>(pub(super) &'a Report);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = &self.0.rows;
        let names = rows.iter().map(|row| row.scenario.to_string().len()).chain(["scenario".len()]).max().unwrap_or(0);
        writeln!(f, "{:names$}  sessions  fault  goal  verdict; ends (import, export)", "scenario")?;
        for row in rows {
            let Row { scenario, runs, fired, reached, .. } = row;
            let (name, verdict, ends) = (scenario.to_string(), words(row), ends(row));
            writeln!(f, "{name:names$}  {runs:>8}  {fired:>5}  {reached:>4}  {verdict}; {ends}")?;
            for found in &row.violations {
                writeln!(f, "{}", violation(found))?;
            }
        }
        f.write_str(&total(self.0))
    }
}

/// The last line: how much was simulated, and the verdict.
fn total(Report { rows, .. }: &Report) -> String {
    let sessions: u64 = rows.iter().map(|row| row.runs).sum();
    let broken = rows.iter().filter(|row| row.verdict == Verdict::Violated).count();
    let unclear = rows.iter().filter(|row| matches!(row.verdict, Verdict::Inconclusive { .. })).count();
    let verdict = match (broken, unclear) {
        (0, 0) => "all as expected".into(),
        (0, _) => format!("INCONCLUSIVE in {unclear}"),
        (_, _) => format!("VIOLATED in {broken}, INCONCLUSIVE in {unclear}"),
    };
    format!("{}, {}: {verdict}", counted(rows.len(), "scenario"), counted(sessions, "session"))
}

/// The scenarios that are not as expected, with their violations; how many were not, or not all, carried out; and the last line.
pub(super) fn summary(report: &Report) -> String {
    let failed = report.rows.iter().filter(|row| !matches!(row.verdict, Verdict::NoViolation { .. }));
    let (gaps, failed): (Vec<_>, Vec<_>) = failed.partition(|row| is_gap(row));
    let mut lines = Vec::new();
    for row in failed {
        lines.push(format!("{}: {}; {}", row.scenario, words(row), ends(row)));
        lines.extend(row.violations.iter().map(violation));
    }
    if !gaps.is_empty() {
        lines.push(format!("NOT CARRIED OUT: {}", counted(gaps.len(), "scenario")));
    }
    lines.push(total(report));
    lines.join("\n")
}

/// Whether a part of a scenario was not carried out, and that is all that is known against it.
pub(super) fn is_gap(row: &Row) -> bool {
    matches!(&row.verdict, Verdict::Inconclusive { why } if why.starts_with(NOT_CARRIED_OUT))
}

fn violation(found: &Found) -> String {
    format!("  seed {}: {:?}: {}", found.seed, found.violation.rule, found.violation.text)
}

/// The command that shows the first violation.
pub(super) fn again(report: &Report) -> Option<&str> {
    report.rows.iter().flat_map(|row| &row.violations).map(|found| &*found.reproduce).next()
}

/// The same as a suite of JUnit, a case for each scenario.
pub(super) fn suite(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("simulation");
    for row in &report.rows {
        let expected = matches!(row.verdict, Verdict::NoViolation { .. });
        let status = status(expected, row.verdict == Verdict::Violated, &words(row));
        suite.add_test_case(TestCase::new(row.scenario.to_string(), status));
    }
    suite
}

/// How often each pair of outcomes came to be.
fn ends(row: &Row) -> String {
    let outcome = |outcome: Option<Outcome>| outcome.map_or_else(|| "-".into(), |outcome| outcome.to_string());
    let ends = row.ends.iter().map(|one| format!("{} x ({}, {})", one.runs, outcome(one.import), outcome(one.export)));
    ends.collect::<Vec<_>>().join(", ")
}

fn words(row: &Row) -> String {
    match &row.verdict {
        Verdict::NoViolation { runs } => format!("NO VIOLATION (bounded: {})", counted(*runs, "session")),
        Verdict::Violated => format!("VIOLATED ({})", counted(row.violations.len(), "time")),
        Verdict::Inconclusive { why } => format!("INCONCLUSIVE ({why})"),
    }
}
