//! The verdicts of a run as one table, as a JUnit file, and as an exit code.

pub(crate) mod columns;
pub(crate) mod junit;
mod rows;
pub(crate) mod summary;

use std::{fmt, time::Duration};

use handfast::outcome::Profile;
use handfast_model::{
    check::{Checked, Row, Seconds, Verdict},
    counted,
    documented::{DOCUMENTED, LEFT_OUT},
    hunt::Hunted,
    matrix::Matrix,
    pairs::Pair,
    properties::PropertyId,
    refinement::Refinement,
    report::{Outcome, Report},
    witness::Accepted,
};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use self::columns::Columns;

/// The graphs that were accepted last, and the tables of the reducers that have them.
pub(crate) const ACCEPTED: Accepted = Accepted {
    graphs: include_str!("../../model/graphs.txt"),
    tables: include_str!("../../docs/generated/reducers.md"),
};

/// Returns the exit code of the command.
pub(crate) const fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::AsExpected => 0,
        Outcome::SafetyViolated => 1,
        Outcome::LivenessViolated => 3,
        Outcome::Inconclusive => 4,
        Outcome::GraphChanged => 6,
    }
}

/// The table. Equal runs print equal tables.
pub(crate) struct Table<'a> {
    /// The result of the run.
    pub(crate) report: &'a Report,
    /// Whether it was of all configurations, so that all pairs are to be expected.
    pub(crate) whole: bool,
    /// Whether each property has a row in each configuration, and not each configuration one for all that holds.
    pub(crate) rows: bool,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, whole, rows } = self;
        let Report { checked, mutants, canary, documented, .. } = report;
        if !checked.is_empty() {
            let table = if *rows { rows::properties(checked) } else { configurations(checked) };
            writeln!(f, "{table}")?;
            writeln!(f, "{}", Matrix::of(checked))?;
            rows::sizes(f, checked)?;
            writeln!(f)?;
        }
        if !mutants.is_empty() {
            writeln!(f, "{}", rows::mutants(canary, mutants))?;
        }
        if !canary.is_killed() {
            writeln!(f, "{}", says_nothing(canary))?;
        }
        if *whole {
            pairs_reached(f, report, true)?;
        }
        if !documented.is_empty() {
            writeln!(f, "{}", machines(documented))?;
        }
        accepted(f, report, *whole)?;
        for row in unexpected(report) {
            counterexample(f, row)?;
        }
        write!(f, "{}", total(report))
    }
}

/// The line of a canary that was not found. That it lives is known only where its graph is complete.
fn says_nothing(canary: &Hunted) -> String {
    let (id, verdict) = (canary.kill.mutant, &canary.kill.row.verdict);
    let what = if verdict.is_verified() { "THE CANARY LIVES:" } else { "canary" };
    format!("{what} {id} {verdict}, so the run says nothing")
}

/// The last line: how much was checked, and the outcome.
pub(crate) fn total(report: &Report) -> String {
    let verdicts = report.checked.iter().map(|one| one.rows.len()).sum::<usize>();
    let counts = [(report.checked.len(), "configuration"), (verdicts, "verdict"), (report.mutants.len(), "mutant")];
    format!("{}: {}", counts.map(|(count, noun)| counted(count, noun)).join(", "), words(report.outcome))
}

/// Graphs that are not the accepted ones, and values that requirements state and that do not ship.
fn accepted(f: &mut fmt::Formatter<'_>, report: &Report, whole: bool) -> fmt::Result {
    let Report { stated, changed, first_step, unlike, .. } = report;
    for one in changed {
        writeln!(f, "THE GRAPH CHANGED: {}: {}", one.configuration, one.text)?;
    }
    if let Some(step) = first_step {
        writeln!(f, "the first step that differs:\n{step}")?;
    }
    for one in unlike {
        writeln!(f, "VIOLATED {one}")?;
    }
    if whole {
        let alike = stated - unlike.len();
        writeln!(f, "values that the requirements state: {alike} of {stated} are those that ship")?;
    }
    Ok(())
}

/// How many of the allowed pairs of outcomes were reached, and, if they are to be named, which were not.
fn pairs_reached(f: &mut fmt::Formatter<'_>, report: &Report, named: bool) -> fmt::Result {
    let (all, missing) = (Pair::ALL.len(), report.pairs_not_reached.len());
    writeln!(f, "allowed pairs of outcomes (R-PAIR-1): {} of {all} reached", all - missing)?;
    let mut missing = report.pairs_not_reached.iter().filter(|_| named);
    missing.try_for_each(|pair| writeln!(f, "  not reached: {}", pair.text()))
}

const fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::AsExpected => "all as expected",
        Outcome::SafetyViolated => "A SAFETY PROPERTY IS VIOLATED",
        Outcome::LivenessViolated => "A LIVENESS PROPERTY IS VIOLATED",
        Outcome::Inconclusive => "INCONCLUSIVE",
        Outcome::GraphChanged => "A GRAPH CHANGED",
    }
}

/// One line for each configuration, and one for each property in it that is not verified.
fn configurations(checked: &[Checked]) -> Columns {
    let mut columns = Columns::new(["configuration", "at most", ">properties", "verdict"]);
    for one in checked {
        let verified: Vec<_> = one.rows.iter().filter(|row| row.verdict.is_verified()).collect();
        let count = format!("{} of {}", verified.len(), one.rows.len());
        let verdict = verified.first().map_or("none is VERIFIED".into(), |row| row.verdict.to_string());
        let budget = one.rows.first().map_or(String::new(), |row| row.budget.clone());
        columns.line([one.configuration.clone(), budget, count, verdict]);
        for row in one.rows.iter().filter(|row| !row.verdict.is_verified()) {
            columns.line([format!("  {}", row.name()), rows::verdict(row)]);
        }
    }
    columns
}

/// One line for each profile: what clients saw in all of its configurations, against the document.
fn machines(documented: &[Refinement]) -> Columns {
    let mut columns = Columns::new(["visible steps (P-DOCUMENTED)", ">documented", ">left out", ">others", "verdict"]);
    for Refinement { profile, found, verdict, .. } in documented {
        let known = found.iter().filter(|edge| DOCUMENTED.contains(edge)).count();
        let left_out = LEFT_OUT.iter().filter(|left| left.profile == *profile).count();
        let counts = [known, left_out, found.len() - known].map(|count| count.to_string());
        columns.line([profile_name(*profile).into()].into_iter().chain(counts).chain([verdict.to_string()]));
    }
    columns
}

const fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Documented => "documented",
        Profile::Jamid => "jamid",
    }
}

/// The violations of what ships.
fn unexpected(report: &Report) -> impl Iterator<Item = &Row> {
    report.checked.iter().flat_map(|one| &one.rows).filter(|row| row.verdict.is_violated() && !row.is_as_expected())
}

/// A violation as a sequence diagram.
pub(crate) fn counterexample(f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    writeln!(f, "\n{} in {}: {}", row.property.id(), row.configuration, row.property.text())?;
    match &row.counterexample {
        Some(counterexample) => writeln!(f, "```mermaid\n{}```\n", counterexample.mermaid),
        None => Ok(()),
    }
}

/// Whether something that was decided is not as expected and no violation: an old peer without its known defect, a mutant that lives.
pub(crate) fn is_certain(report: &Report) -> bool {
    let rows = || report.checked.iter().flat_map(|one| &one.rows);
    let mut hunted = report.mutants.iter().chain([&report.canary]);
    rows().any(|row| !row.is_as_expected() && row.verdict.is_verified())
        || hunted.any(|one| one.kill.row.verdict.is_verified())
}

/// The command that shows the first thing that is not as expected. A check that was only interrupted has none.
pub(crate) fn again(report: &Report) -> Option<String> {
    let rows = || report.checked.iter().flat_map(|one| &one.rows);
    let shortest = unexpected(report).min_by_key(|row| row.verdict.steps());
    let row = shortest.or_else(|| rows().find(|row| !row.is_as_expected() && !row.verdict.was_interrupted()));
    if let Some(row) = row {
        return Some(format!("handfast check --config {} --property {}", row.configuration, row.property.id()));
    }
    let is_open = |verdict: &Verdict| !verdict.is_verified() && !verdict.was_interrupted();
    if let Some(one) = report.documented.iter().find(|one| is_open(&one.verdict)) {
        let (profile, property) = (profile_name(one.profile), PropertyId::Documented.id());
        return Some(format!("handfast check --profile {profile} --property {property}"));
    }
    let lives =
        report.mutants.iter().find(|hunted| !hunted.is_killed() && !hunted.kill.row.verdict.was_interrupted())?;
    Some(format!("handfast check --mutant {}", lives.kill.mutant))
}

/// The same as suites of JUnit: one for each configuration, one for the documented machines, and one for the mutants.
pub(crate) fn suites(report: &Report) -> Vec<TestSuite> {
    let mut suites = Vec::new();
    for one in &report.checked {
        let mut suite = TestSuite::new(one.configuration.as_str());
        for row in &one.rows {
            let status = status(row.is_as_expected(), row.verdict.is_violated(), &row.verdict);
            let mut case = case(row.name(), &one.configuration, status, one.seconds);
            if row.verdict.is_violated() && row.is_as_expected() {
                // A pass of another kind: the known defect of an old peer was found.
                case.set_system_out(format!("expected violation: {}", rows::verdict(row)));
            }
            suite.add_test_case(case);
        }
        suites.push(suite);
    }
    let mut suite = TestSuite::new("documented machines");
    for one in &report.documented {
        let status = status(one.verdict.is_verified(), one.verdict.is_violated(), &one.verdict);
        suite.add_test_case(case(profile_name(one.profile), "documented machines", status, None));
    }
    suites.push(suite);
    let mut suite = TestSuite::new("values that the requirements state");
    for one in &report.unlike {
        suite.add_test_case(case(&one.what, "values that the requirements state", status(false, true, one), None));
    }
    suites.push(suite);
    let mut suite = TestSuite::new("mutants");
    for Hunted { kill, seconds, .. } in report.mutants.iter().chain([&report.canary]) {
        let verdict = &kill.row.verdict;
        let status = status(verdict.is_violated(), verdict.is_verified(), verdict);
        suite.add_test_case(case(kill.mutant, "mutants", status, *seconds));
    }
    suites.push(suite);
    suites
}

/// A case of JUnit. The time is that of the whole configuration or mutant, with both engines.
fn case(name: &str, class: &str, status: TestCaseStatus, seconds: Option<Seconds>) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    if let Some(Seconds { own, stateright }) = seconds {
        case.set_time(Duration::from_secs_f64(own + stateright));
    }
    case
}

/// A case: as expected, the opposite of it, or neither.
pub(crate) fn status(expected: bool, opposite: bool, verdict: &impl fmt::Display) -> TestCaseStatus {
    if expected {
        return TestCaseStatus::success();
    }
    let mut status =
        TestCaseStatus::non_success(if opposite { NonSuccessKind::Failure } else { NonSuccessKind::Error });
    status.set_message(verdict.to_string());
    status
}

#[cfg(test)]
mod tests {
    use handfast_model::{config::Size, explore::Ended, report::Selection};

    use super::*;

    fn honest() -> Report {
        let configuration = Some("HH-documented-honest".into());
        let selection = Selection { configuration, mutants: false, ..Selection::all(Size::Small) };
        handfast_model::report::run(&selection)
    }

    /// The first row of an honest run, with another verdict.
    fn with(verdict: Verdict, outcome: Outcome) -> Report {
        let mut report = honest();
        report.checked[0].rows[0].verdict = verdict;
        report.outcome = outcome;
        report
    }

    #[test]
    fn what_is_as_expected_passes() {
        let report = honest();
        let table = Table { report: &report, whole: false, rows: false }.to_string();
        assert!(table.ends_with("all as expected") && !table.contains("VIOLATED"), "{table}");
        assert_eq!((exit_code(report.outcome), again(&report)), (0, None));
        assert!(suites(&report).iter().all(|suite| suite.failures + suite.errors == 0));
    }

    #[test]
    fn what_is_violated_is_drawn_and_can_be_seen_again() {
        let mut report = with(Verdict::Violated { steps: 7, cycle: 0 }, Outcome::SafetyViolated);
        report.checked[0].rows[0].counterexample = report.canary.kill.row.counterexample.clone();
        let table = Table { report: &report, whole: false, rows: false }.to_string();
        let rows = report.checked[0].rows.len();
        for part in [
            "P-CONSENT           VIOLATED (in 7 steps)",
            "```mermaid\nsequenceDiagram",
            "A SAFETY PROPERTY IS VIOLATED",
            &format!("{} of {rows}", rows - 1),
        ] {
            assert!(table.contains(part), "{part}: {table}");
        }
        let command = "handfast check --config HH-documented-honest --property P-CONSENT";
        assert_eq!((exit_code(report.outcome), again(&report).as_deref()), (1, Some(command)));
        assert_eq!(suites(&report)[0].failures, 1);
    }

    /// The shortest counterexample comes first, and a reason once.
    #[test]
    fn what_says_most_comes_first() {
        let mut report = with(Verdict::Violated { steps: 7, cycle: 0 }, Outcome::SafetyViolated);
        report.checked[0].rows[1].verdict = Verdict::Violated { steps: 3, cycle: 0 };
        for row in &mut report.checked[0].rows[2..5] {
            row.verdict = Verdict::unknown("only 20 states");
        }
        let text = summary::Summary { report: &report, whole: false }.to_string();
        let rows = &report.checked[0].rows;
        let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
        let parts = [
            format!("NOT AS EXPECTED: {} in HH-documented-honest: VIOLATED (in 3 steps)", rows[1].name()),
            format!("NOT AS EXPECTED: {} in HH-documented-honest: VIOLATED (in 7 steps)", rows[0].name()),
            format!(
                "NOT AS EXPECTED: {}, {}, {} in HH-documented-honest: INCONCLUSIVE",
                rows[2].name(),
                rows[3].name(),
                rows[4].name()
            ),
            "handfast explore --config HH-documented-honest".into(),
        ];
        assert!(parts.iter().map(|part| place(part)).is_sorted(), "{text}");
        assert_eq!(text.matches("only 20 states").count(), 1, "{text}");
        let command = format!("handfast check --config HH-documented-honest --property {}", rows[1].property.id());
        assert_eq!(again(&report), Some(command));
    }

    #[test]
    fn what_says_nothing_is_an_error_and_no_pass() {
        let report = with(Verdict::unknown("out of time"), Outcome::Inconclusive);
        let table = Table { report: &report, whole: true, rows: false }.to_string();
        for part in ["P-CONSENT           INCONCLUSIVE (out of time)", "not reached: ", "0 mutants: INCONCLUSIVE"] {
            assert!(table.contains(part), "{part}: {table}");
        }
        assert_eq!(exit_code(report.outcome), 4);
        assert_eq!((suites(&report)[0].failures, suites(&report)[0].errors), (0, 1));
    }

    /// More memory or time is asked for only where it helps.
    #[test]
    fn only_what_was_cut_short_wants_more() {
        let of = |verdict| with(verdict, Outcome::Inconclusive).wants_more();
        assert!(of(Verdict::cut(Ended::Memory, "out of memory")) && of(Verdict::cut(Ended::Time, "out of time")));
        for other in [Verdict::cut(Ended::Stopped, "interrupted"), Verdict::unknown("not reached: both succeed")] {
            assert!(!of(other.clone()), "{other}");
        }
    }

    #[test]
    fn a_documented_step_that_no_one_took_is_reported() {
        let mut report = honest();
        let checked = Vec::<Checked>::new();
        report.documented = vec![Refinement::of(Profile::Jamid, &checked)];
        let table = Table { report: &report, whole: false, rows: false }.to_string();
        let line =
            "jamid                                  0         1       0  INCONCLUSIVE (not found: [*] --> Import_Init)";
        assert!(table.contains(line), "{table}");
        let command = "handfast check --profile jamid --property P-DOCUMENTED";
        assert_eq!(again(&report).as_deref(), Some(command));
        let suites = suites(&report);
        assert_eq!(suites.iter().find(|suite| suite.name.as_str() == "documented machines").unwrap().errors, 1);
    }

    #[test]
    fn a_canary_that_lives_is_reported() {
        let mut report = honest();
        report.canary.kill.row.verdict = report.checked[0].rows[0].verdict.clone();
        assert!(
            Table { report: &report, whole: false, rows: false }
                .to_string()
                .contains("THE CANARY LIVES: M-10 VERIFIED")
        );
        assert_eq!(suites(&report).last().map(|suite| suite.failures), Some(1));
    }

    /// A canary whose hunt was cut short may or may not live.
    #[test]
    fn a_canary_that_was_not_hunted_to_an_end_does_not_live() {
        let mut report = honest();
        report.canary.kill.row.verdict = Verdict::cut(Ended::Memory, "cut short after 1 state");
        for text in [
            Table { report: &report, whole: false, rows: false }.to_string(),
            summary::Summary { report: &report, whole: false }.to_string(),
        ] {
            let line = "canary M-10 INCONCLUSIVE (cut short after 1 state), so the run says nothing\n";
            assert!(text.contains(line) && !text.contains("LIVES"), "{text}");
        }
    }

    /// After an interruption a kind of checks has a line, however many there are, and no command is named.
    #[test]
    fn what_was_interrupted_is_counted() {
        let mut report = honest();
        let stopped = || Verdict::cut(Ended::Stopped, "interrupted after 7 states");
        report.checked[0].rows.iter_mut().for_each(|row| row.verdict = stopped());
        let mut other = report.checked[0].clone();
        other.configuration = "another".into();
        report.checked.push(other);
        report.mutants = vec![report.canary.clone()];
        report.mutants[0].kill.row.verdict = stopped();
        report.outcome = Outcome::Inconclusive;
        let text = summary::Summary { report: &report, whole: true }.to_string();
        let rows = 2 * report.checked[0].rows.len();
        for line in [&format!("NOT CARRIED OUT: {rows} verdicts in 2 configurations\n"), "NOT CARRIED OUT: 1 mutant\n"]
        {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(
            !text.contains("NOT AS EXPECTED") && !text.contains("not reached: ") && !text.contains("NOT FOUND"),
            "{text}"
        );
        assert_eq!(again(&report), None);
        // With --details each is named.
        let table = Table { report: &report, whole: true, rows: false }.to_string();
        assert!(table.contains("P-CONSENT           INCONCLUSIVE (interrupted after 7 states)"), "{table}");
        assert!(table.contains("not reached: "), "{table}");
    }
}
