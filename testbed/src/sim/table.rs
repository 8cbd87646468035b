//! The verdicts of a campaign as a table.

use std::fmt;

use handfast::outcome::Outcome;
use handfast_sim::{Report, Row, Verdict};
use quick_junit::{TestCase, TestSuite};

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
                writeln!(f, "  seed {}: {:?}: {}", found.seed, found.violation.rule, found.violation.text)?;
            }
        }
        let sessions: u64 = rows.iter().map(|row| row.runs).sum();
        let broken = rows.iter().filter(|row| row.verdict == Verdict::Violated).count();
        let unclear = rows.iter().filter(|row| matches!(row.verdict, Verdict::Inconclusive { .. })).count();
        write!(f, "{} scenarios, {sessions} sessions: ", rows.len())?;
        match (broken, unclear) {
            (0, 0) => f.write_str("all as expected"),
            (0, _) => write!(f, "INCONCLUSIVE in {unclear}"),
            (_, _) => write!(f, "VIOLATED in {broken}, INCONCLUSIVE in {unclear}"),
        }
    }
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
        Verdict::NoViolation { runs } => format!("NO VIOLATION (bounded: {runs} sessions)"),
        Verdict::Violated => format!("VIOLATED ({} times)", row.violations.len()),
        Verdict::Inconclusive { why } => format!("INCONCLUSIVE ({why})"),
    }
}
