//! `handfast intruder`: what an intruder that knows things can do, as a table of verdicts and attacks.

use std::{fmt, process::ExitCode};

use clap::Args;
use handfast_model::{
    counted,
    explore::{Ended, Limits},
    intruder::{
        Query, Start,
        contrast::{Contrast, compared, contrasts},
        mutants::{Found, HUNTS},
        queries::Asked,
        table::{Cell, Row, Shown, Verdict},
    },
};
use quick_junit::{TestCase, TestSuite};
use serde::Serialize;

pub(crate) use handfast_model::intruder::table::{Selection, table};

use crate::{
    exit_code::{CHECKS, INCONCLUSIVE, worst},
    failure::Failure,
    names::Names,
    options::{Effort, PairName, ProfileName},
    output,
    verdicts::{columns::Columns, status},
};

/// Ask what an intruder can learn or do that knows the token, an account, or more
#[derive(Args)]
#[command(after_help = format!("\
Examples:
  handfast intruder --pair HH
  handfast intruder --pair HH --knows swapped --query archive
  handfast intruder --pair LH --knows token-account --stories
  handfast intruder --sas
  handfast intruder --mutants

The intruder's knowledge at the beginning, and the queries: docs/intruder.md.

{CHECKS}"))]
pub(crate) struct Intruder {
    /// The sides: all four pairs by default
    #[arg(long, value_enum)]
    pair: Option<PairName>,
    /// The intruder's knowledge at the beginning; all by default
    #[arg(long, value_name = "KNOWS", value_parser = Names::STARTS, hide_possible_values = true)]
    knows: Option<String>,
    /// The query; all by default
    #[arg(long, value_name = "QUERY", value_parser = Names::QUERIES, hide_possible_values = true)]
    query: Option<String>,
    /// The profile of the hardened sides
    #[arg(long, value_enum, default_value = "documented")]
    profile: ProfileName,
    /// Print each attack in words and as a drawing: the default where pair, knowledge and query are named
    #[arg(long, conflicts_with = "json")]
    stories: bool,
    /// Examine everything twice, without `sas` and with it, and print the cells with an attack side by side
    #[arg(long)]
    sas: bool,
    /// Hunt the mutants of the protocol that the queries have to notice, instead
    #[arg(long, conflicts_with_all = ["pair", "knows", "query", "stories", "sas"])]
    mutants: bool,
    #[command(flatten)]
    effort: Effort,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// The results, and the exit code.
#[derive(Serialize)]
pub(crate) struct Examined {
    rows: Vec<Row>,
    /// The rows where each hardened side names `sas`; none where that is not asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compared: Vec<Row>,
    /// Each cell without and with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contrasts: Vec<Contrast>,
    mutants: Vec<Found>,
    exit_code: u8,
}

impl Intruder {
    /// Examines the chosen situations and prints them.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let limits = self.effort.limits()?;
        let by_name = |name: &Option<String>| name.clone().unwrap_or_default();
        let selection = Selection {
            pair: self.pair.map(Into::into),
            start: Start::ALL.into_iter().find(|start| start.name() == by_name(&self.knows)),
            query: Query::ALL.into_iter().find(|query| query.name() == by_name(&self.query)),
            profile: self.profile.into(),
            limits,
            jobs: self.effort.jobs().get(),
            ..Selection::default()
        };
        let one = self.pair.is_some() && self.knows.is_some() && self.query.is_some();
        let examined = match (self.mutants, self.sas) {
            (true, _) => Examined::new(Vec::new(), Vec::new(), hunted(limits)),
            (false, true) => Examined::new(table(&selection), compared(&selection), Vec::new()),
            (false, false) => Examined::new(table(&selection), Vec::new(), Vec::new()),
        };
        if self.json {
            output::json(&examined)?;
        } else {
            output::line(examined.to_string().trim_end())?;
            if self.stories || one {
                examined.stories()?;
            }
        }
        Ok(ExitCode::from(examined.exit_code))
    }
}

/// Hunts every mutant.
pub(crate) fn hunted(limits: Limits) -> Vec<Found> {
    HUNTS.iter().map(|hunt| hunt.run(Asked::AsTheyAre, limits)).collect()
}

impl Examined {
    /// Judges what was found.
    pub(crate) fn new(rows: Vec<Row>, compared: Vec<Row>, mutants: Vec<Found>) -> Self {
        let cells = || rows.iter().chain(&compared).flat_map(|row| &row.cells);
        let of_cell = |cell: &Cell| match cell.verdict {
            Verdict::Inconclusive => INCONCLUSIVE,
            _ => u8::from(!cell.expected),
        };
        // A mutant that lives, or whose hunt was cut short, shows nothing of what ships.
        let lives = mutants.iter().any(|found| found.story.is_none()).then_some(INCONCLUSIVE);
        let exit_code = worst(cells().map(of_cell).chain(lives));
        let contrasts = contrasts(&rows, &compared);
        Self { rows, compared, contrasts, mutants, exit_code }
    }

    /// Whether a mutant lives, and its hunt came to an end.
    pub(crate) fn is_certain(&self) -> bool {
        self.mutants.iter().any(|found| found.story.is_none() && found.ended == Ended::Complete)
    }

    /// The exit code of the command.
    pub(crate) const fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// The counts in one line.
    pub(crate) fn summary(&self) -> String {
        let count = |verdict| {
            let cells = self.rows.iter().flat_map(|row| &row.cells);
            cells.filter(|cell| cell.verdict == verdict).count()
        };
        let found = self.mutants.iter().filter(|found| found.story.is_some()).count();
        let (states, rows) = (self.rows.iter().map(|row| row.states).sum::<usize>(), self.rows.len());
        format!(
            "intruder: {}, {}; {} VERIFIED, {} attacked; mutants: {found} of {} found",
            counted(rows, "situation"),
            counted(states, "state"),
            count(Verdict::Verified),
            count(Verdict::Violated),
            self.mutants.len()
        )
    }

    /// The same as a suite of JUnit.
    pub(crate) fn suite(&self) -> TestSuite {
        let mut suite = TestSuite::new("intruder");
        for row in &self.rows {
            for cell in &row.cells {
                let known = cell.verdict != Verdict::Inconclusive;
                let name = format!("{:?} {} {}", row.pair, row.knows.name(), cell.query.name());
                let mut case = TestCase::new(name, status(known && cell.expected, known, &cell.text()));
                case.set_classname("intruder");
                suite.add_test_case(case);
            }
        }
        for found in &self.mutants {
            let (is_found, is_whole) = (found.story.is_some(), found.ended == Ended::Complete);
            let mut case = TestCase::new(
                format!("{} {}", found.mutant, found.query.name()),
                status(is_found, is_whole, &found.broken),
            );
            case.set_classname("intruder");
            suite.add_test_case(case);
        }
        suite
    }

    /// The results that are not as expected, each in a line. Of those that were interrupted a kind has a line.
    pub(crate) fn unexpected(&self) -> Vec<String> {
        let rows = self.rows.iter().map(|row| (row, "")).chain(self.compared.iter().map(|row| (row, " --sas")));
        let cells = rows.flat_map(|(row, sas)| row.cells.iter().map(move |cell| (row, cell, sas)));
        let unlike = cells.filter(|(_, cell, _)| !cell.expected || cell.verdict == Verdict::Inconclusive);
        let (stopped, unlike): (Vec<_>, Vec<_>) = unlike.partition(|(_, cell, _)| was_interrupted(cell));
        let stopped = [stopped.len(), self.mutants.iter().filter(|one| one.ended == Ended::Stopped).count()];
        let stopped = stopped.into_iter().zip(["intruder query", "intruder mutant"]);
        let unlike = unlike.into_iter().map(|(row, cell, sas)| {
            let why = cell.why.as_deref().unwrap_or("not as docs/intruder.md has it");
            let (pair, knows, query) = (row.pair, row.knows.name(), cell.query.name());
            format!(
                "NOT AS EXPECTED: handfast intruder --pair {pair:?} --knows {knows} --query {query}{sas}: {} ({why})",
                cell.text()
            )
        });
        let lives = self.mutants.iter().filter(|found| found.story.is_none() && found.ended != Ended::Stopped);
        let lives = lives.map(|found| {
            let what = match found.ended {
                Ended::Complete => "NOT FOUND".into(),
                ended => format!("INCONCLUSIVE ({})", ended.why()),
            };
            format!("{what}: {} by {}: {}", found.mutant, found.query.name(), found.broken)
        });
        let stopped = stopped.filter(|(count, _)| *count > 0);
        let stopped = stopped.map(|(count, what)| format!("NOT CARRIED OUT: {}", counted(count, what)));
        unlike.chain(lives).chain(stopped).collect()
    }

    /// The cells with an attack, without `sas` and with it. Of a pair that cannot name it there is one table only.
    fn side_by_side(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut columns = Columns::new(["pair", "knows", "query", "without sas", "with sas", "closed by sas"]);
        let notable: Vec<_> = self.contrasts.iter().filter(|one| one.is_notable()).collect();
        for one in &notable {
            let head = [format!("{:?}", one.pair), one.knows.name().into(), one.query.name().into()];
            let closed = if one.closed.is_empty() { "-".into() } else { one.closed.join(", ") };
            columns.line(head.into_iter().chain([one.without.clone(), one.with.clone(), closed]));
        }
        let states = |rows: &[Row]| rows.iter().map(|row| row.states).sum::<usize>();
        writeln!(
            f,
            "{columns}\nverified in both, or known at the beginning: the other {} of {}; {} without sas, {} with it",
            self.contrasts.len() - notable.len(),
            counted(self.contrasts.len(), "cell"),
            counted(states(&self.rows), "state"),
            states(&self.compared)
        )
    }

    fn stories(&self) -> Result<(), Failure> {
        let rows = self.rows.iter().map(|row| (row, "")).chain(self.compared.iter().map(|row| (row, " with sas")));
        for (row, with) in rows {
            for cell in &row.cells {
                for attack in &cell.attacks {
                    output::line(format_args!(
                        "\n{:?}{with}, the intruder knows {}. Violated: {}. {}, in {}:\n",
                        row.pair,
                        row.knows.text(),
                        cell.query.text(),
                        attack.weaknesses,
                        counted(attack.steps, "step")
                    ))?;
                    output::line(Written(attack))?;
                }
            }
        }
        Ok(())
    }
}

/// Whether nothing is known of a cell since its search was interrupted.
fn was_interrupted(cell: &Cell) -> bool {
    cell.why.as_ref().is_some_and(|why| why.starts_with(Ended::Stopped.why()))
}

/// An attack in words and as a drawing.
struct Written<'a>(&'a Shown);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, line) in self.0.story.iter().enumerate() {
            writeln!(f, "{}. {line}", number + 1)?;
        }
        write!(f, "\n{}", self.0.drawing.trim_end())
    }
}

impl fmt::Display for Examined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.rows.first().filter(|_| self.compared.is_empty()) {
            let queries = first.cells.iter().map(|cell| cell.query.name());
            let mut columns = Columns::new(["pair", "knows", ">states"].into_iter().chain(queries));
            for row in &self.rows {
                let head = [format!("{:?}", row.pair), row.knows.name().into(), row.states.to_string()];
                columns.line(head.into_iter().chain(row.cells.iter().map(|cell| cell.text())));
            }
            writeln!(f, "{columns}")?;
        }
        if !self.compared.is_empty() {
            self.side_by_side(f)?;
        }
        if !self.mutants.is_empty() {
            let mut columns = Columns::new(["mutant", "query", "knows", ">steps", "broken"]);
            for found in &self.mutants {
                let open = if found.ended == Ended::Complete { "NOT FOUND" } else { "INCONCLUSIVE" };
                let steps = found.story.as_ref().map_or(open.into(), |story| story.len().to_string());
                let (query, knows) = (found.query.name().into(), found.knows.name().into());
                columns.line([found.mutant.into(), query, knows, steps, found.broken.into()]);
            }
            writeln!(f, "{columns}")?;
        }
        for line in self.unexpected() {
            writeln!(f, "{line}")?;
        }
        f.write_str(match self.exit_code {
            0 => "all as expected",
            INCONCLUSIVE if !self.is_certain() => "INCONCLUSIVE",
            _ => "NOT AS EXPECTED",
        })
    }
}
