//! The systematic matrix: every step of a session, with every fault after it; and every pair of these.

use std::{collections::BTreeMap, fmt};

use handfast::{
    import::Ask,
    limits::Timer,
    outcome::{Outcome, Side},
};
use handfast_model::counted;
use serde::Serialize;

use crate::point::Point;

use crate::event::{
    below::Below,
    engine::Engine,
    schedule::{Act, At, Click, DiskStep, Fault, Schedule, Story, Visit, What},
    state::{law::Broken, run::Watch},
};

/// A column: a fault with a name. Some are several, of which the first that can happen does.
struct Column {
    name: &'static str,
    faults: Vec<What>,
}

/// Longer than every timer: a held message is lost to the side that waits.
const FOR_EVER: u32 = 2_000_000;

fn columns() -> Vec<Column> {
    let one = |name, what| Column { name, faults: vec![what] };
    let timers = |name, side| Column { name, faults: Timer::ALL.map(|timer| What::Early(side, timer)).to_vec() };
    let visit = |knows| {
        let mut acts = vec![Act::Secure(true), Act::Ask(if knows { Ask::Right } else { Ask::Wrong })];
        acts.extend([Act::Say(0), Act::Babble(Story::Message), Act::End]);
        What::Visit(Visit { knows, every: 5, acts })
    };
    // Everything below the messages, the flood last.
    let below = |knows: bool| {
        let mut acts = vec![Act::Secure(true)];
        acts.extend(knows.then_some(Act::Ask(Ask::Right)));
        acts.extend(Below::ALL.map(Act::Below));
        What::Visit(Visit { knows, every: 5, acts })
    };
    vec![
        one("break, all lost", What::Break(0, 0)),
        one("break, all arrives", What::Break(u32::MAX, u32::MAX)),
        one("hold to import", What::Hold(Side::Import, 2000)),
        one("hold to export", What::Hold(Side::Export, 2000)),
        one("silence to import", What::Hold(Side::Import, FOR_EVER)),
        one("silence to export", What::Hold(Side::Export, FOR_EVER)),
        one("import cancels", What::Cancel(Side::Import)),
        one("export cancels", What::Cancel(Side::Export)),
        one("import crashes", What::Crash(Side::Import, false)),
        one("import crashes, durable", What::Crash(Side::Import, true)),
        one("export crashes", What::Crash(Side::Export, false)),
        timers("import timer", Side::Import),
        timers("export timer", Side::Export),
        one("begin again", What::Click(Click::Begin)),
        one("answer now", What::Click(Click::Answer)),
        one("answer otherwise", What::Click(Click::AnswerOtherwise)),
        one("add again", What::Click(Click::AddDevice)),
        one("confirm now", What::Click(Click::Confirm)),
        one("stranger", visit(false)),
        one("intruder", visit(true)),
        one("stranger, below", below(false)),
        one("intruder, below", below(true)),
    ]
}

/// Faults without a step: the directory and the disks fail when they are asked.
fn conditions() -> Vec<Column> {
    let one = |name, what| Column { name, faults: vec![what] };
    vec![
        one("request lost", What::LoseRequest),
        one("unreachable", What::Unreachable),
        one("unpublishable", What::Unpublishable),
        one("unsecured", What::Unsecured),
        one("archive unreadable", What::Disk(DiskStep::Open)),
        one("sending fails", What::Disk(DiskStep::Send)),
        one("staging fails", What::Disk(DiskStep::Stage)),
        one("check fails", What::Disk(DiskStep::Check)),
        one("install fails", What::Disk(DiskStep::Install)),
    ]
}

/// The result of one fault after one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// How the two ended; none of a side that crashed or never began.
    Ended(Option<Outcome>, Option<Outcome>),
    /// It cannot be, and why.
    Impossible(&'static str),
    /// A law was broken.
    Broken(Broken),
}

/// Steps by faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The faults.
    pub columns: Vec<&'static str>,
    /// The steps, each with its cells. The first has what has no step.
    pub rows: Vec<(String, Vec<Cell>)>,
    /// A fault without a step, and its cell.
    pub conditions: Vec<(&'static str, Cell)>,
}

/// A session that passes every step.
fn base() -> Schedule {
    Schedule { archive: (3, 33_000), ..Schedule::default() }
}

fn cell(faults: &[What], at: At) -> Cell {
    let mut why = "the session does not come there";
    for what in faults {
        let schedule = Schedule { faults: vec![Fault { at, what: what.clone() }], ..base() };
        let ran = Engine::shipped().run(&schedule, Watch { trace: false, cover: false, ..Watch::ALL });
        let (import, export) = ran.outcomes();
        match (ran.broken, &ran.fired[0]) {
            (Some(broken), _) => return Cell::Broken(broken),
            (None, Ok(())) => return Cell::Ended(import, export),
            (None, Err(reason)) => why = reason,
        }
    }
    Cell::Impossible(why)
}

/// Every step with every fault.
pub fn matrix() -> Matrix {
    let columns = columns();
    let row = |point: Point| {
        let cells = columns.iter().map(|column| cell(&column.faults, At::Point(point))).collect();
        (point.to_string(), cells)
    };
    Matrix {
        rows: Point::all().map(row).collect(),
        conditions: conditions().iter().map(|one| (one.name, cell(&one.faults, At::Start))).collect(),
        columns: columns.iter().map(|column| column.name).collect(),
    }
}

/// The results of every pair of faults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pairs {
    /// Sessions.
    pub sessions: u64,
    /// Those in which both faults happened.
    pub both: u64,
    /// How they ended, and how often.
    pub ends: BTreeMap<String, u64>,
    /// The first that broke a law.
    pub broken: Option<(Schedule, Broken)>,
}

/// Carries out every pair of faults after every pair of steps. `progress` is called after each step.
pub fn pairs(progress: &dyn Fn(u64)) -> Pairs {
    let stepped = columns();
    let mut all: Vec<Fault> = Vec::new();
    for point in Point::all() {
        all.extend(
            stepped.iter().flat_map(|column| column.faults.iter().map(move |what| fault(At::Point(point), what))),
        );
    }
    all.extend(conditions().iter().flat_map(|column| column.faults.iter().map(|what| fault(At::Start, what))));
    let (base, engine) = (base(), Engine::shipped());
    // A fault that cannot happen alone is not paired.
    let happens =
        |one: &Fault| engine.run(&Schedule { faults: vec![one.clone()], ..base.clone() }, Watch::BARE).fired[0].is_ok();
    all.retain(happens);
    let mut pairs = Pairs::default();
    for (number, one) in all.iter().enumerate() {
        for other in &all[number..] {
            let schedule = Schedule { faults: vec![one.clone(), other.clone()], ..base.clone() };
            let ran = engine.run(&schedule, Watch { cover: false, ..Watch::SWEEP });
            pairs.sessions += 1;
            pairs.both += u64::from(ran.fired.iter().all(Result::is_ok));
            let (import, export) = ran.outcomes();
            *pairs.ends.entry(format!("({}, {})", word(import), word(export))).or_default() += 1;
            if let Some(broken) = ran.broken {
                pairs.broken.get_or_insert((schedule, broken));
            }
        }
        progress((all.len() - number) as u64);
    }
    pairs
}

fn fault(at: At, what: &What) -> Fault {
    Fault { at, what: what.clone() }
}

/// An outcome in one word.
fn word(outcome: Option<Outcome>) -> String {
    outcome.map_or_else(|| "-".into(), |outcome| outcome.to_string())
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(import, export) => write!(f, "({}, {})", word(*import), word(*export)),
            Self::Impossible(why) => write!(f, "cannot be: {why}"),
            Self::Broken(broken) => write!(f, "BROKEN {}: {}", broken.law, broken.text),
        }
    }
}

impl Matrix {
    /// Whether no cell breaks a law.
    pub fn holds(&self) -> bool {
        self.broken().is_empty()
    }

    /// The cells that break a law, each in a line.
    pub fn broken(&self) -> Vec<String> {
        let after = |name: &str, fault: &str, cell: &Cell| format!("{fault} after {name}: {cell}");
        let of_row = |(name, cells): &(String, Vec<Cell>)| -> Vec<_> {
            let cells = self.columns.iter().zip(cells).filter(|(_, cell)| matches!(cell, Cell::Broken(_)));
            cells.map(|(fault, cell)| after(name, fault, cell)).collect()
        };
        let conditions = self.conditions.iter().filter(|(_, cell)| matches!(cell, Cell::Broken(_)));
        let conditions = conditions.map(|(fault, cell)| after("any step", fault, cell));
        self.rows.iter().flat_map(of_row).chain(conditions).collect()
    }
}

/// By steps, a line for each fault.
impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, cells) in &self.rows {
            writeln!(f, "after {name}")?;
            for (column, cell) in self.columns.iter().zip(cells) {
                writeln!(f, "  {column:<24} {cell}")?;
            }
        }
        writeln!(f, "whenever")?;
        self.conditions.iter().try_for_each(|(name, cell)| writeln!(f, "  {name:<24} {cell}"))
    }
}

/// How every pair ended, and how often.
impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of faults, both of which happened in {}", counted(self.sessions, "pair"), self.both)?;
        self.ends.iter().try_for_each(|(ends, count)| writeln!(f, "{count:>9} x {ends}"))?;
        match &self.broken {
            None => f.write_str("NO VIOLATION"),
            Some((schedule, broken)) => write!(f, "VIOLATED {}: {}\n  {schedule}", broken.law, broken.text),
        }
    }
}
