//! The result of a sweep: the verdict on all that was asked for, in any number of pieces from any process.

use std::{fmt, fs, io, path::Path, time::Duration};

use handfast_sim::{Plan, Report, Row, Rule, Scenario, Shard, Verdict, run};
use quick_junit::TestSuite;
use serde::Serialize;

use super::{
    event::{self, EventSweep},
    sweep::{Chosen, Part, Piece, Pieces, Sweep, gaps},
    table::{self, Table},
};
use crate::{
    exit_code::{INCONCLUSIVE, worst},
    failure::Failure,
    options::PairName,
    output,
    verdicts::summary::SCREEN,
};

/// The verdict on a sweep.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Swept {
    Turmoil(Report),
    Event(Box<EventSweep>),
}

impl Swept {
    /// That of what a shard was asked for, or all.
    pub(crate) fn new(asked: &Sweep, shard: Option<Shard>, pieces: &Pieces) -> Self {
        let parts = asked.parts(shard);
        match &asked.chosen {
            Chosen::Event(classes) | Chosen::Old(_, classes) | Chosen::Guided(_, classes) => {
                Self::Event(Box::new(EventSweep::new(asked, classes, &parts, pieces)))
            }
            Chosen::Turmoil(_) | Chosen::Turns(_) => {
                Self::Turmoil(Report { rows: asked.due().map(|one| row(one, asked, &parts, pieces)).collect() })
            }
        }
    }

    /// Returns the exit code of the command: of several failures, the worst.
    pub(crate) fn exit_code(&self) -> u8 {
        let code = |rule| match rule {
            Rule::NoPanic => 101,
            Rule::Ends => 3,
            Rule::Repeatable | Rule::Replays => 5,
            // All others say that something never happens.
            _ => 1,
        };
        match self {
            Self::Turmoil(report) => {
                let inconclusive = report.is_inconclusive().then_some(4);
                worst(report.broken().map(code).chain(inconclusive))
            }
            Self::Event(one) => one.exit_code(),
        }
    }

    /// Whether a part was not carried out.
    pub(super) fn has_gaps(&self) -> bool {
        match self {
            Self::Turmoil(report) => report.rows.iter().any(table::is_gap),
            Self::Event(one) => one.has_gaps(),
        }
    }

    /// The command that shows the first violation.
    pub(crate) fn again(&self) -> Option<String> {
        match self {
            Self::Turmoil(report) => table::again(report).map(Into::into),
            Self::Event(one) => one.again(),
        }
    }

    /// How fast it was.
    pub(super) fn timings(&self, took: Duration) -> String {
        let real = took.as_secs_f64();
        match self {
            Self::Turmoil(report) => {
                let (sessions, time) = report.sessions();
                let (rate, time) = (sessions as f64 / real, time.as_secs_f64());
                let ratio = time / real;
                format!("took {real:.1} s: {rate:.0} sessions/s; {time:.1} s of virtual time, {ratio:.1} times as fast")
            }
            Self::Event(one) => {
                format!("took {real:.1} s: {:.0} sessions/s", one.sessions() as f64 / real)
            }
        }
    }

    /// The same as a suite of JUnit.
    pub(crate) fn suite(&self) -> TestSuite {
        match self {
            Self::Turmoil(report) => table::suite(report),
            Self::Event(one) => one.suite(),
        }
    }

    /// Prints it, below the line that says what was swept, or as one line of JSON. Without `details`, a text that fills more than a
    /// screen is reduced to its failures and the verdict.
    pub(crate) fn print(&self, json: bool, details: bool) -> Result<(), Failure> {
        if json {
            return output::json(self);
        }
        let text = self.to_string();
        if details || text.lines().count() <= SCREEN {
            output::line(text)?
        } else {
            output::line(self.summary())?
        }
        output::again(self.again())
    }

    /// The verdict in one line.
    pub(crate) fn verdict(&self) -> String {
        self.to_string().lines().last().unwrap_or_default().to_owned()
    }

    /// The failures, whole, and the verdict.
    pub(crate) fn summary(&self) -> String {
        let text = self.to_string();
        match self {
            Self::Turmoil(report) => table::summary(report),
            // Of a sweep with gaps, what was not walked says nothing.
            Self::Event(one) if one.exit_code() == 0 || (one.has_gaps() && one.exit_code() == INCONCLUSIVE) => {
                text.lines().last().unwrap_or_default().to_owned()
            }
            Self::Event(_) => text,
        }
    }
}

impl fmt::Display for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turmoil(report) => write!(f, "{}", Table(report)),
            Self::Event(one) => write!(f, "{one}"),
        }
    }
}

/// Joins all parts of a scenario.
fn row(scenario: Scenario, asked: &Sweep, parts: &[Part], pieces: &Pieces) -> Row {
    let mut row = Row::empty(scenario, asked.seeds.clone());
    for piece in pieces.values() {
        if let Piece::Turmoil(rows) = piece {
            rows.iter().filter(|one| one.scenario == scenario).for_each(|one| row.add(one.clone()));
        }
    }
    if let Some(why) = gaps(parts, pieces, Some(scenario))
        && row.verdict != Verdict::Violated
    {
        row.verdict = Verdict::Inconclusive { why };
    }
    row
}

/// Writes what is needed to look at each violation of a part.
pub(super) fn write(folder: &Path, piece: &Piece, pair: Option<PairName>) -> io::Result<()> {
    match piece {
        Piece::Event(found) => {
            let mut all = found.violations.iter();
            all.try_for_each(|one| event::write(folder, &one.seed.to_string(), &one.schedule, pair))
        }
        Piece::Turmoil(rows) => {
            let mut all =
                rows.iter().flat_map(|row| row.violations.iter().map(move |found| (row.scenario, found.seed)));
            all.try_for_each(|(scenario, seed)| {
                let plan = Plan::draw(scenario, seed);
                let name = format!("{scenario}-{seed}");
                fs::write(folder.join(format!("{name}.plan.json")), serde_json::to_string_pretty(&plan)?)?;
                fs::write(folder.join(format!("{name}.trace")), run(&plan).trace())
            })
        }
    }
}
