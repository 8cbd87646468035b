//! Many sessions: a table of scenarios, each with a range of seeds.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use handfast::outcome::Outcome;
use serde::{Deserialize, Serialize};

use crate::campaign::{Shard, default_jobs, difference, in_parallel};

use super::{
    carry_out::run,
    ends::Allowed,
    plan::{Plan, Planted},
    rule::{Rule, Violation},
    run::Run,
    scenario::Scenario,
};

/// How seeds are spread over scenarios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// Each scenario has each seed.
    #[default]
    Each,
    /// Each seed has one scenario: four in a row have the same one, and then it is the next one's turn.
    Turns,
}

impl Spread {
    /// The scenarios that a seed is for, of so many.
    pub fn rows(self, seed: u64, rows: usize) -> Range<usize> {
        match self {
            Self::Each => 0..rows,
            Self::Turns if rows == 0 => 0..0,
            Self::Turns => {
                let row = (seed / 4 % rows as u64) as usize;
                row..row + 1
            }
        }
    }

    /// Whether a scenario's session with this seed, the first one, is carried out twice. Where seeds take turns, that of each eighth
    /// turn is.
    fn repeats(self, seed: u64, rows: usize) -> bool {
        match self {
            Self::Each => true,
            Self::Turns => seed.is_multiple_of(4) && (seed / 4 / rows.max(1) as u64).is_multiple_of(8),
        }
    }
}

/// The options of a campaign.
#[derive(Clone, Debug)]
pub struct Options {
    /// The scenarios, in the order in which they are reported.
    pub scenarios: Vec<Scenario>,
    /// The seeds.
    pub seeds: Range<u64>,
    /// Which of them each scenario is run with.
    pub spread: Spread,
    /// The part of the seeds that is this machine's.
    pub shard: Option<Shard>,
    /// Sessions that are carried out at once.
    pub jobs: NonZeroUsize,
    /// A defect that is built into every session, to show that it is found.
    pub planted: Option<Planted>,
}

impl Default for Options {
    /// All scenarios with four seeds, which have both profiles, with and without a password.
    fn default() -> Self {
        let jobs = default_jobs();
        Self { scenarios: Scenario::all(), seeds: 0..4, spread: Spread::Each, shard: None, jobs, planted: None }
    }
}

/// How far a campaign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Sessions that were judged.
    pub done: usize,
    /// Sessions in all.
    pub total: usize,
}

/// The results of a campaign. Equal options give equal reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// One row a scenario. Where seeds take turns, one that none was for has no row.
    pub rows: Vec<Row>,
}

/// The result of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Which one.
    pub scenario: Scenario,
    /// The seeds, half open, of which a shard has a part.
    pub seeds: Range<u64>,
    /// Sessions.
    pub runs: u64,
    /// Those in which the fault happened.
    pub fired: u64,
    /// Sessions that reached the goal of the scenario.
    pub reached: u64,
    /// Milliseconds of virtual time that they took together.
    pub virtual_ms: u64,
    /// How they ended.
    pub ends: Vec<Ends>,
    /// The violations.
    pub violations: Vec<Found>,
    /// The verdict.
    pub verdict: Verdict,
}

/// How often a pair of outcomes came to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    /// The import's; none if it crashed.
    pub import: Option<Outcome>,
    /// The export's; none if it crashed or never began.
    pub export: Option<Outcome>,
    /// Why that is allowed; none if it is not.
    pub allowed: Option<Allowed>,
    /// Sessions.
    pub runs: u64,
}

/// A violation, and how to see it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The seed.
    pub seed: u64,
    /// The violation.
    #[serde(flatten)]
    pub violation: Violation,
    /// The command that shows it.
    pub reproduce: String,
}

/// The verdict of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Nothing is wrong with any of these sessions.
    NoViolation {
        /// How many there were.
        runs: u64,
    },
    /// Something is.
    Violated,
    /// The sessions do not show what they are there for.
    Inconclusive {
        /// Why not.
        why: String,
    },
}

impl Row {
    /// That of no session yet.
    pub fn empty(scenario: Scenario, seeds: Range<u64>) -> Self {
        let mut row = Self {
            scenario,
            seeds,
            runs: 0,
            fired: 0,
            reached: 0,
            virtual_ms: 0,
            ends: Vec::new(),
            violations: Vec::new(),
            verdict: Verdict::Violated,
        };
        row.verdict = row.judged();
        row
    }

    /// Adds what other seeds came to.
    pub fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.fired += other.fired;
        self.reached += other.reached;
        self.virtual_ms += other.virtual_ms;
        let mut ends: BTreeMap<_, u64> = BTreeMap::new();
        for Ends { import, export, allowed, runs } in self.ends.drain(..).chain(other.ends) {
            *ends.entry(((import, export), allowed)).or_default() += runs;
        }
        self.ends = listed(ends);
        self.violations.extend(other.violations);
        self.violations.sort_by_key(|found| found.seed);
        self.verdict = self.judged();
    }

    fn judged(&self) -> Verdict {
        if !self.violations.is_empty() {
            Verdict::Violated
        } else if self.fired == 0 {
            Verdict::Inconclusive { why: "its fault never happened".into() }
        } else if self.reached == 0 {
            Verdict::Inconclusive { why: "it never came to what it is there for".into() }
        } else {
            Verdict::NoViolation { runs: self.runs }
        }
    }
}

/// Two outcomes, and why they are allowed.
type End = ((Option<Outcome>, Option<Outcome>), Option<Allowed>);

/// How often each end came to be.
fn listed(ends: BTreeMap<End, u64>) -> Vec<Ends> {
    ends.into_iter().map(|(((import, export), allowed), runs)| Ends { import, export, allowed, runs }).collect()
}

impl Report {
    /// Sessions, and the virtual time that they took together.
    pub fn sessions(&self) -> (u64, Duration) {
        let time = self.rows.iter().map(|row| row.virtual_ms).sum();
        (self.rows.iter().map(|row| row.runs).sum(), Duration::from_millis(time))
    }

    /// Whether a rule was broken.
    pub fn is_violated(&self) -> bool {
        self.rows.iter().any(|row| row.verdict == Verdict::Violated)
    }

    /// Whether a scenario does not show what it is there for.
    pub fn is_inconclusive(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.verdict, Verdict::Inconclusive { .. }))
    }

    /// The rules that were broken.
    pub fn broken(&self) -> impl Iterator<Item = Rule> {
        self.rows.iter().flat_map(|row| &row.violations).map(|found| found.violation.rule)
    }
}

/// Carries all sessions out. `progress` is called after each of them, from several threads.
///
/// The first session of each scenario that is repeatable is carried out twice, to see that equal plans give equal traces.
pub fn campaign(options: &Options, progress: &(dyn Fn(Progress) + Sync)) -> Report {
    let Options { scenarios, seeds, spread, shard, jobs, planted } = options;
    let mine = |seed: &u64| shard.is_none_or(|shard| seed % shard.of.max(1) == shard.index);
    let seeds_mine = seeds.clone().filter(mine);
    let work: Vec<(usize, u64)> =
        seeds_mine.flat_map(|seed| spread.rows(seed, scenarios.len()).map(move |row| (row, seed))).collect();
    let mut first = BTreeMap::new();
    work.iter().for_each(|&(row, seed)| _ = first.entry(row).or_insert(seed));
    let done = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    in_parallel(*jobs, work.len() as u64, &|number| {
        let (row, seed) = work[number as usize];
        let repeats =
            first.get(&row) == Some(&seed) && spread.repeats(seed, scenarios.len()) && scenarios[row].is_repeatable();
        let short = Short::of(&Plan::draw(scenarios[row], seed).with(*planted), repeats);
        results.lock().unwrap_or_else(PoisonError::into_inner).insert((row, seed), short);
        progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total: work.len() });
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    let rows = scenarios.iter().enumerate().filter_map(|(row, &scenario)| {
        let later = results.split_off(&(row + 1, 0));
        let runs = std::mem::replace(&mut results, later);
        let is_due = !runs.is_empty() || work.is_empty() || *spread == Spread::Each;
        is_due.then(|| summarize(scenario, seeds, runs.into_iter().map(|((_, seed), short)| (seed, short))))
    });
    Report { rows: rows.collect() }
}

/// The kept part of a session.
struct Short {
    ends: (Option<Outcome>, Option<Outcome>),
    allowed: Option<Allowed>,
    fired: bool,
    reached: bool,
    time: Duration,
    violations: Vec<Violation>,
}

impl Short {
    fn of(plan: &Plan, repeats: bool) -> Self {
        let first = run(plan);
        let differs = repeats.then(|| difference(&first.trace(), &run(plan).trace())).flatten();
        let Run { import, export, allowed, fired, reached, time, mut violations, .. } = first;
        if let Some(text) = differs {
            violations.push(Violation { rule: Rule::Repeatable, text });
        }
        Self { ends: (import, export), allowed, fired, reached, time, violations }
    }
}

fn summarize(scenario: Scenario, seeds: &Range<u64>, results: impl Iterator<Item = (u64, Short)>) -> Row {
    let mut row = Row::empty(scenario, seeds.clone());
    let mut ends = BTreeMap::new();
    let mut time = Duration::ZERO;
    for (seed, short) in results {
        row.runs += 1;
        row.fired += u64::from(short.fired);
        row.reached += u64::from(short.reached);
        time += short.time;
        *ends.entry((short.ends, short.allowed)).or_default() += 1;
        row.violations.extend(short.violations.into_iter().map(|violation| {
            let reproduce = format!("handfast sim --engine turmoil --scenario {scenario} --seeds {seed}..{}", seed + 1);
            Found { seed, violation, reproduce }
        }));
    }
    row.virtual_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    row.ends = listed(ends);
    row.verdict = row.judged();
    row
}
