//! A run on one screen: failures first and whole, then one line for each group.

use std::{collections::BTreeSet, fmt};

use handfast_model::{
    check::{Checked, Row},
    config::Cast,
    hunt::Hunted,
    matrix::COLUMNS,
    report::Report,
};

use super::{Columns, accepted, counterexample, machines, pairs_reached};

/// Lines that a person takes in at once. A longer table is printed with `--details` only.
pub(crate) const SCREEN: usize = 60;

/// The summary of the model's checks. Equal runs print equal summaries.
pub(crate) struct Summary<'a> {
    /// The result of the run.
    pub(crate) report: &'a Report,
    /// Whether all configurations were checked, so that all pairs of outcomes have to be reached.
    pub(crate) whole: bool,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, whole } = self;
        failures(f, report)?;
        if !report.checked.is_empty() {
            writeln!(f, "{}", pairs(&report.checked))?;
        }
        if !report.mutants.is_empty() {
            mutants(f, &report.mutants)?;
        }
        canary(f, &report.canary)?;
        if *whole {
            pairs_reached(f, report)?;
        }
        accepted(f, report, *whole)?;
        if !report.documented.is_empty() {
            writeln!(f, "\n{}", machines(&report.documented))?;
        }
        Ok(())
    }
}

/// Everything that is not as expected: violations first, from the shortest counterexample on; then what says nothing, a line for each
/// reason of a configuration.
fn failures(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    let rows = report.checked.iter().flat_map(|one| &one.rows).filter(|row| !row.is_as_expected());
    let (mut violated, others): (Vec<_>, Vec<_>) = rows.partition(|row| row.verdict.is_violated());
    violated.sort_by_key(|row| row.verdict.steps());
    let (mut drawn, mut left) = (BTreeSet::new(), 0);
    let mut any = !violated.is_empty() || !others.is_empty();
    for row in violated {
        writeln!(f, "NOT AS EXPECTED: {} in {}: {}", row.name(), row.configuration, row.verdict)?;
        // A shortest one of each property.
        if drawn.insert(row.name()) { counterexample(f, row)? } else { left += 1 }
    }
    if left > 0 {
        writeln!(f, "{left} further violations are not drawn: add --details, or check one with")?;
        writeln!(f, "    handfast check --config CONFIGURATION --property PROPERTY")?;
    }
    for alike in others.chunk_by(|one, other| one.configuration == other.configuration && one.verdict == other.verdict)
    {
        let [first, ..] = alike else { continue };
        let names: Vec<_> = alike.iter().map(|row| row.name()).collect();
        writeln!(f, "NOT AS EXPECTED: {} in {}: {}", names.join(", "), first.configuration, first.verdict)?;
        writeln!(f, "    to look at its states: handfast explore --config {} --output walk.html", first.configuration)?;
    }
    for hunted in report.mutants.iter().filter(|hunted| !hunted.is_killed()) {
        any = true;
        let row = &hunted.kill.row;
        writeln!(
            f,
            "NOT FOUND: {} ({}) in {}: {}",
            hunted.kill.mutant, hunted.kill.broken, row.configuration, row.verdict
        )?;
    }
    if any { writeln!(f) } else { Ok(()) }
}

/// One line for each pair of peers.
fn pairs(checked: &[Checked]) -> Columns {
    let headings = [
        "pair",
        ">configurations",
        ">largest graph",
        ">VERIFIED",
        ">VIOLATED as known",
        ">not as expected",
        "because of",
    ];
    let mut columns = Columns::new(headings);
    for cast in COLUMNS {
        let of: Vec<_> = checked.iter().filter(|one| one.cast == cast).collect();
        if !of.is_empty() {
            columns.line(pair(cast, &of));
        }
    }
    columns
}

fn pair(cast: Cast, of: &[&Checked]) -> [String; 7] {
    let rows = || of.iter().flat_map(|one| &one.rows);
    let count = |is: fn(&Row) -> bool| rows().filter(|row| is(row)).count().to_string();
    let weaknesses: BTreeSet<_> =
        rows().filter(|row| row.verdict.is_violated()).filter_map(|row| row.expected.weakness()).collect();
    let mut weaknesses: Vec<_> = weaknesses.into_iter().collect();
    weaknesses.sort_by_key(|id| (id.len(), *id));
    [
        cast.to_string(),
        of.len().to_string(),
        format!("{} states", of.iter().map(|one| one.graph.states).max().unwrap_or(0)),
        count(|row| row.verdict.is_verified()),
        count(|row| row.verdict.is_violated() && row.is_as_expected()),
        count(|row| !row.is_as_expected()),
        weaknesses.join(" "),
    ]
}

fn mutants(f: &mut fmt::Formatter<'_>, mutants: &[Hunted]) -> fmt::Result {
    let found = mutants.iter().filter(|hunted| hunted.is_killed()).count();
    writeln!(f, "mutants: {found} of {} found", mutants.len())
}

fn canary(f: &mut fmt::Formatter<'_>, canary: &Hunted) -> fmt::Result {
    let (id, verdict) = (canary.kill.mutant, &canary.kill.row.verdict);
    match canary.is_killed() {
        true => writeln!(f, "canary {id}: found"),
        false => writeln!(f, "THE CANARY LIVES: {id} {verdict}, so the run says nothing"),
    }
}
