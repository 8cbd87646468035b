//! Many schedules: a range of seeds, or a list.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use handfast::outcome::Outcome;
use handfast_model::{
    pairs::{self, Circumstances, Pair},
    rows::Row,
    side::{ExportSide, ImportSide},
};
use serde::Serialize;

use super::{Class, Engine, Law, Ran, Schedule, Watch};
use crate::campaign::Shard;

/// Seeds that a thread takes at once.
const BLOCK: u64 = 256;
/// Violations that are kept.
const KEPT: usize = 20;

/// What a campaign does.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The seeds.
    pub seeds: Range<u64>,
    /// The part of them that is this machine's.
    pub shard: Option<Shard>,
    /// The classes of faults that there are.
    pub classes: Vec<Class>,
    /// Threads.
    pub jobs: NonZeroUsize,
    /// What is looked at.
    pub watch: Watch,
}

impl Default for Sweep {
    fn default() -> Self {
        let jobs = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { seeds: 0..10_000, shard: None, classes: Class::ALL.to_vec(), jobs, watch: Watch::SWEEP }
    }
}

/// What a campaign found. Equal campaigns find the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Sessions.
    pub sessions: u64,
    /// In how many of them a class of faults happened.
    pub fired: BTreeMap<Class, u64>,
    /// Which allowed pairs they came to, and how often (R-PAIR-1).
    pub pairs: BTreeMap<Pair, u64>,
    /// How they ended.
    pub ends: Vec<Ends>,
    /// The rows of the tables that were walked.
    #[serde(skip)]
    pub walked: BTreeSet<Row>,
    /// How many broke a law.
    pub broken: u64,
    /// The first of them.
    pub violations: Vec<Violation>,
    #[serde(skip)]
    tally: BTreeMap<(Option<Outcome>, Option<Outcome>), u64>,
}

/// How often two outcomes came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ends {
    /// The import's; none if it crashed or never began.
    pub import: Option<Outcome>,
    /// The export's.
    pub export: Option<Outcome>,
    /// Sessions.
    pub sessions: u64,
}

/// A session that broke a law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Its seed.
    pub seed: u64,
    /// Which law.
    pub law: Law,
    /// How.
    pub text: String,
    /// What to carry out to see it.
    pub schedule: Schedule,
}

impl Found {
    /// Notes a session.
    pub fn note(&mut self, seed: u64, schedule: &Schedule, ran: Ran) {
        self.sessions += 1;
        let classes: BTreeSet<Class> = ran.classes.iter().copied().collect();
        classes.into_iter().for_each(|class| *self.fired.entry(class).or_default() += 1);
        if let Some(pair) = pair(&ran) {
            *self.pairs.entry(pair).or_default() += 1;
        }
        *self.tally.entry(ran.outcomes()).or_default() += 1;
        self.walked.extend(ran.walked);
        if let Some(broken) = ran.broken {
            self.broken += 1;
            self.violations.push(Violation { seed, law: broken.law, text: broken.text, schedule: schedule.clone() });
        }
    }

    /// Adds what another part found.
    pub fn merge(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.broken += other.broken;
        other.fired.into_iter().for_each(|(class, count)| *self.fired.entry(class).or_default() += count);
        other.pairs.into_iter().for_each(|(pair, count)| *self.pairs.entry(pair).or_default() += count);
        other.tally.into_iter().for_each(|(ends, count)| *self.tally.entry(ends).or_default() += count);
        self.walked.extend(other.walked);
        self.violations.extend(other.violations);
        self.settle();
    }

    /// Puts what was noted in order: the first violations, and how often each pair of outcomes came to be.
    pub fn settle(&mut self) {
        self.violations.sort_by_key(|violation| violation.seed);
        self.violations.truncate(KEPT);
        let ends = self.tally.iter().map(|(&(import, export), &sessions)| Ends { import, export, sessions });
        self.ends = ends.collect();
    }

    /// The classes among these that never happened.
    pub fn never<'a>(&'a self, classes: &'a [Class]) -> impl Iterator<Item = Class> + 'a {
        classes.iter().copied().filter(|class| !self.fired.contains_key(class))
    }

    /// The allowed pairs that were never reached, without the one that two honest peers never come to (R-PAIR-3).
    pub fn unreached(&self) -> impl Iterator<Item = Pair> {
        Pair::ALL.into_iter().filter(|pair| !self.pairs.contains_key(pair) && *pair != Pair::ImportProtocol)
    }

    /// What the campaign does not show although it should, if there is anything: a class that never happened; and, if there were all
    /// of them, a pair that was never reached.
    pub fn doubt(&self, classes: &[Class]) -> Option<String> {
        let never: Vec<_> = self.never(classes).map(|class| class.to_string()).collect();
        if !never.is_empty() {
            return Some(format!("never happened: {}", never.join(", ")));
        }
        let all = Class::ALL.iter().all(|class| classes.contains(class));
        let unreached: Vec<_> = self.unreached().map(Pair::text).collect();
        (all && !unreached.is_empty()).then(|| format!("never reached: {}", unreached.join("; ")))
    }
}

/// Which allowed pair a session came to, if there are two ends.
fn pair(ran: &Ran) -> Option<Pair> {
    let around = Circumstances { unconfirmed: false, ..ran.around? };
    pairs::allowed(ran.import?, ran.export?, around)
}

/// Carries a campaign out. `progress` is told how many sessions more there were, from several threads.
pub fn sweep<I: ImportSide, E: ExportSide>(
    engine: &Engine<I, E>,
    sweep: &Sweep,
    progress: &(dyn Fn(u64) + Sync),
) -> Found {
    let next = AtomicU64::new(sweep.seeds.start);
    let all = Mutex::new(Found::default());
    let mine = |seed: u64| sweep.shard.is_none_or(|shard| seed % shard.of.max(1) == shard.index);
    thread::scope(|scope| {
        for _ in 0..sweep.jobs.get() {
            scope.spawn(|| {
                let mut found = Found::default();
                loop {
                    let from = next.fetch_add(BLOCK, Ordering::Relaxed);
                    if from >= sweep.seeds.end {
                        break;
                    }
                    let to = sweep.seeds.end.min(from.saturating_add(BLOCK));
                    let before = found.sessions;
                    for seed in (from..to).filter(|&seed| mine(seed)) {
                        let schedule = Schedule::draw(seed, &sweep.classes);
                        let ran = engine.run(&schedule, sweep.watch);
                        found.note(seed, &schedule, ran);
                    }
                    progress(found.sessions - before);
                }
                all.lock().unwrap_or_else(PoisonError::into_inner).merge(found);
            });
        }
    });
    let mut found = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.settle();
    found
}
