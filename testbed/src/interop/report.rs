//! The results of a matrix: a table, JSON, JUnit, and a folder for each cell that did not pass.

use std::{collections::BTreeMap, fmt, fs, io::Write as _, path::Path, time::Duration};

use handfast::outcome::Profile;
use handfast_model::{counted, observed::Reason};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::{
    cells::Played,
    matrix::{Known, Matrix},
};
use crate::{
    exit_code::{INCONCLUSIVE, worst},
    failure::Failure,
    output,
    scenario::{SCENARIOS, Word, redacted},
    verdicts::columns::Columns,
};

/// A cell, as JSON.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    import: &'a str,
    export: &'a str,
    profile: Profile,
    case: &'static str,
    verdict: Word,
    /// Why such a result is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<&'a str>,
    /// How the sides ended: the `error` of DONE, `-` without one.
    ends: [&'a str; 2],
    #[serde(skip_serializing_if = "str::is_empty")]
    why: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reasons: &'a [Reason],
    lines: usize,
}

impl<'a> Line<'a> {
    pub(super) fn of(matrix: &'a Matrix, played: &'a Played) -> Self {
        let Played { cell, row, .. } = played;
        Self {
            import: &matrix.implementations[cell.import].name,
            export: &matrix.implementations[cell.export].name,
            profile: cell.profile,
            case: cell.scenario.name,
            verdict: row.verdict,
            known: matrix.known.iter().find(|known| is_of(known, matrix, played)).map(|known| known.why.as_str()),
            ends: [&row.import, &row.export],
            why: &row.why,
            reasons: &row.reasons,
            lines: row.lines,
        }
    }
}

/// Whether a known result is about a cell.
fn concerns(known: &Known, matrix: &Matrix, played: &Played) -> bool {
    let cell = &played.cell;
    let is = |name: &Option<String>, number: usize| {
        name.as_ref().is_none_or(|name| *name == matrix.implementations[number].name)
    };
    is(&known.import, cell.import)
        && is(&known.export, cell.export)
        && known.profile.is_none_or(|profile| profile == cell.profile)
        && known.cases.iter().any(|case| case == cell.scenario.name)
}

/// Whether a cell has a known result.
fn is_of(known: &Known, matrix: &Matrix, played: &Played) -> bool {
    concerns(known, matrix, played) && known.result == played.row.verdict && played.row.why.contains(&known.says)
}

/// All results.
pub(super) struct Results<'a> {
    matrix: &'a Matrix,
    played: Vec<Played>,
    /// Cells that an interrupt left out.
    left_out: usize,
}

impl<'a> Results<'a> {
    /// Returns the results of a matrix, with the number of cells that were not played.
    pub(super) const fn new(matrix: &'a Matrix, played: Vec<Played>, left_out: usize) -> Self {
        Self { matrix, played, left_out }
    }

    fn lines(&self) -> impl Iterator<Item = (&Played, Line<'_>)> {
        self.played.iter().map(|played| (played, Line::of(self.matrix, played)))
    }

    /// Cases that were played in several pairs, and passed in none.
    fn failed_by_all(&self) -> Vec<&'static str> {
        let words = |name: &str| -> Vec<Word> {
            let own = self.played.iter().filter(|one| one.cell.scenario.name == name);
            own.map(|one| one.row.verdict).filter(|word| *word != Word::Unsupported).collect()
        };
        let names = SCENARIOS.iter().map(|one| one.name);
        names.filter(|name| words(name).len() > 1 && !words(name).contains(&Word::Passed)).collect()
    }

    /// Known results of cells that were played, of which none came.
    fn not_come(&self) -> Vec<&Known> {
        let came = |known: &Known| self.played.iter().any(|one| is_of(known, self.matrix, one));
        let played = |known: &Known| {
            let concerned = self.played.iter().filter(|one| concerns(known, self.matrix, one));
            concerned.map(|one| one.row.verdict).any(|word| word != Word::Unsupported)
        };
        self.matrix.known.iter().filter(|known| played(known) && !came(known)).collect()
    }

    /// The exit code of the command.
    pub(super) fn exit_code(&self) -> u8 {
        let codes = self.lines().filter(|(_, line)| line.known.is_none()).map(|(_, line)| line.verdict.code());
        let passed = self.played.iter().any(|one| one.row.verdict == Word::Passed);
        let none = if passed && self.left_out == 0 { 0 } else { INCONCLUSIVE };
        let not_come = if self.not_come().is_empty() { 0 } else { 6 };
        worst(codes.chain([none, not_come]))
    }

    /// Writes all of it to a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::usage(format_args!("--output {}: {error}", folder.display()));
        let lines: Vec<Line<'_>> = self.lines().map(|(_, line)| line).collect();
        let text = serde_json::to_string_pretty(&lines).map_err(Failure::reason)?;
        fs::write(folder.join("results.json"), text + "\n").map_err(failed)?;
        fs::write(folder.join("table.txt"), format!("{self:#}")).map_err(failed)?;
        for (played, line) in self.lines() {
            if matches!(line.verdict, Word::Passed | Word::Unsupported) {
                continue;
            }
            let profile = profile_name(line.profile);
            let cell = folder.join(format!("{} to {}, {profile}", line.export, line.import)).join(line.case);
            fs::create_dir_all(&cell).map_err(failed)?;
            let write = |name: &str, text: &str| {
                output::private(&cell.join(name)).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)
            };
            let trace = redacted(&played.trace);
            write("trace.ndjson", &trace)?;
            write("diagram.mmd", &played.judge.draw(played.cell.scenario, &trace))?;
            write("verdict.json", &(serde_json::to_string_pretty(&line).map_err(Failure::reason)? + "\n"))?;
            write("stderr.txt", &played.complaints)?;
        }
        Ok(())
    }

    /// The results as JUnit: a suite for each pair and profile.
    pub(super) fn suites(&self) -> Vec<TestSuite> {
        let mut suites: BTreeMap<String, TestSuite> = BTreeMap::new();
        for (played, line) in self.lines() {
            let name = format!("{} to {}, {}", line.export, line.import, profile_name(line.profile));
            let status = match (line.verdict, line.known) {
                (Word::Passed, _) => TestCaseStatus::success(),
                (Word::Unsupported, _) => skipped(line.why),
                (_, Some(known)) => skipped(known),
                (Word::Violated, None) => failure(NonSuccessKind::Failure, line.why),
                (Word::Inconclusive, None) => failure(NonSuccessKind::Error, line.why),
            };
            let mut case = TestCase::new(line.case, status);
            case.set_classname(name.clone());
            case.set_time(Duration::from_secs_f64(played.seconds));
            suites.entry(name.clone()).or_insert_with(|| TestSuite::new(name)).add_test_case(case);
        }
        suites.into_values().collect()
    }
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn failure(kind: NonSuccessKind, why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(why);
    status
}

/// Returns the word of a profile.
pub(super) const fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Documented => "documented",
        Profile::Jamid => "jamid",
    }
}

impl fmt::Display for Results<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Pairs are columns with a number, since their names are long.
        let mut pairs: Vec<(usize, usize, Profile)> = Vec::new();
        for one in &self.played {
            let pair = (one.cell.import, one.cell.export, one.cell.profile);
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        let name = |number: usize| &self.matrix.implementations[number].name;
        for (number, (import, export, profile)) in pairs.iter().enumerate() {
            writeln!(f, "{}: {} to {}, {}", number + 1, name(*export), name(*import), profile_name(*profile))?;
        }
        let numbers: Vec<String> = (1..=pairs.len()).map(|number| number.to_string()).collect();
        let mut columns = Columns::new(["case"].into_iter().chain(numbers.iter().map(String::as_str)));
        for scenario in SCENARIOS {
            let cell = |pair: &(usize, usize, Profile)| {
                let own = self.lines().find(|(played, _)| {
                    let cell = played.cell;
                    (cell.import, cell.export, cell.profile) == *pair && cell.scenario.name == scenario.name
                });
                own.map(|(_, line)| match (line.verdict, line.known) {
                    (Word::Passed, _) => "ok",
                    (Word::Unsupported, _) => "-",
                    (_, Some(_)) => "known",
                    (Word::Violated, None) => "FAIL",
                    (Word::Inconclusive, None) => "?",
                })
            };
            let cells: Vec<_> = pairs.iter().map(cell).collect();
            if cells.iter().any(Option::is_some) {
                let cells = cells.into_iter().map(|cell| cell.unwrap_or_default().to_owned());
                columns.line([scenario.name.to_owned()].into_iter().chain(cells));
            }
        }
        let table = if f.alternate() { format!("{columns:#}") } else { columns.to_string() };
        writeln!(f, "{table}")?;
        for (_, line) in self.lines() {
            if matches!(line.verdict, Word::Passed | Word::Unsupported) {
                continue;
            }
            let Line { import, export, case, why, .. } = line;
            let known = if line.known.is_some() { "known, " } else { "" };
            let (profile, verdict) = (profile_name(line.profile), line.verdict.name());
            writeln!(f, "{case}, {export} to {import}, {profile}: {known}{verdict}: {why}")?;
            line.known.map_or(Ok(()), |known| writeln!(f, "  known: {known}"))?;
            line.reasons.iter().try_for_each(|reason| writeln!(f, "  forbidden by {reason}"))?;
        }
        for case in self.failed_by_all() {
            writeln!(f, "{case} passes in no pair: look at the case first")?;
        }
        for known in self.not_come() {
            writeln!(f, "known, and did not come: {} ({})", known.cases.join(", "), known.why)?;
        }
        let count = |word: Word| self.played.iter().filter(|one| one.row.verdict == word).count();
        let all = self.played.len();
        let (passed, violated) = (count(Word::Passed), count(Word::Violated));
        let (open, not) = (count(Word::Inconclusive), count(Word::Unsupported));
        let known = self.lines().filter(|(_, line)| line.known.is_some()).count();
        writeln!(
            f,
            "{}: {passed} passed, {violated} VIOLATED, {open} INCONCLUSIVE, {not} not supported; {known} known",
            counted(all, "cell")
        )?;
        if self.left_out > 0 {
            writeln!(f, "INCONCLUSIVE: not played because of an interrupt: {}", counted(self.left_out, "cell"))?;
        }
        Ok(())
    }
}
