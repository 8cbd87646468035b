//! A run on one screen: failures first and whole, then one line for each group.

use std::{collections::BTreeSet, fmt};

use handfast_model::{
    check::{Checked, Row},
    config::Cast,
    counted,
    hunt::Hunted,
    matrix::COLUMNS,
    report::Report,
};

use super::{Columns, accepted, counterexample, machines, pairs_reached, says_nothing};

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
        let interrupted = interrupted(f, report)?;
        if !report.checked.is_empty() {
            writeln!(f, "{}", pairs(&report.checked))?;
        }
        if !report.mutants.is_empty() {
            mutants(f, &report.mutants)?;
        }
        canary(f, &report.canary)?;
        if *whole {
            // Where most was not looked at, what was not reached says nothing.
            pairs_reached(f, report, !interrupted)?;
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
    let rows = report.checked.iter().flat_map(|one| &one.rows);
    let rows = rows.filter(|row| !row.is_as_expected() && !row.verdict.was_interrupted());
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
        writeln!(f, "not drawn: {}; add --details, or check one with", counted(left, "further violation"))?;
        writeln!(f, "    handfast check --config CONFIGURATION --property PROPERTY")?;
    }
    for alike in others.chunk_by(|one, other| one.configuration == other.configuration && one.verdict == other.verdict)
    {
        let [first, ..] = alike else { continue };
        let names: Vec<_> = alike.iter().map(|row| row.name()).collect();
        writeln!(f, "NOT AS EXPECTED: {} in {}: {}", names.join(", "), first.configuration, first.verdict)?;
        writeln!(f, "    to look at its states: handfast explore --config {} --output walk.html", first.configuration)?;
    }
    let is_open = |hunted: &&Hunted| !hunted.is_killed() && !hunted.kill.row.verdict.was_interrupted();
    for hunted in report.mutants.iter().filter(is_open) {
        any = true;
        let row = &hunted.kill.row;
        let what = if row.verdict.is_verified() { "NOT FOUND" } else { "NOT AS EXPECTED" };
        writeln!(
            f,
            "{what}: {} ({}) in {}: {}",
            hunted.kill.mutant, hunted.kill.broken, row.configuration, row.verdict
        )?;
    }
    if any { writeln!(f) } else { Ok(()) }
}

/// One line for each kind of checks that were interrupted, with their number. Returns whether there are any.
fn interrupted(f: &mut fmt::Formatter<'_>, report: &Report) -> Result<bool, fmt::Error> {
    let stopped = |row: &Row| row.verdict.was_interrupted();
    let rows = report.checked.iter().map(|one| one.rows.iter().filter(|row| stopped(row)).count());
    let (verdicts, configurations) = rows.filter(|&rows| rows > 0).fold((0, 0), |(all, of), rows| (all + rows, of + 1));
    let mutants = report.mutants.iter().filter(|hunted| stopped(&hunted.kill.row)).count();
    if verdicts > 0 {
        let (verdicts, of) = (counted(verdicts, "verdict"), counted(configurations, "configuration"));
        writeln!(f, "NOT CARRIED OUT: {verdicts} in {of}")?;
    }
    if mutants > 0 {
        writeln!(f, "NOT CARRIED OUT: {}", counted(mutants, "mutant"))?;
    }
    let any = verdicts + mutants > 0;
    if any { writeln!(f).map(|()| any) } else { Ok(any) }
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
        counted(of.iter().map(|one| one.graph.states).max().unwrap_or(0), "state"),
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
    match canary.is_killed() {
        true => writeln!(f, "canary {}: found", canary.kill.mutant),
        false => writeln!(f, "{}", says_nothing(canary)),
    }
}
