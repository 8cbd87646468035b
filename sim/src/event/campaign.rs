//! Many schedules: a range of seeds, or a list.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use handfast::outcome::Outcome;
use handfast_model::pairs::{self, Circumstances, Pair};
use serde::{Deserialize, Serialize};

use crate::campaign::{default_jobs, difference, in_parallel};

use crate::event::{
    coverage::Walked,
    edges::Edges,
    engine::Engine,
    schedule::{Class, Schedule},
    state::{
        law::{Broken, Law},
        run::{Ran, Watch},
    },
};

/// Seeds that a thread takes at once.
const BLOCK: u64 = 256;
/// Violations that are kept.
const KEPT: usize = 20;

/// The options of a campaign.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The seeds.
    pub seeds: Range<u64>,
    /// The classes of faults that there are.
    pub classes: Vec<Class>,
    /// Threads.
    pub jobs: NonZeroUsize,
    /// The checks of each session.
    pub watch: Watch,
}

impl Default for Sweep {
    fn default() -> Self {
        let jobs = default_jobs();
        Self { seeds: 0..10_000, classes: Class::ALL.to_vec(), jobs, watch: Watch::SWEEP }
    }
}

/// The results of a campaign. Equal campaigns have equal results; they are written, read back and added up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Sessions.
    pub sessions: u64,
    /// In how many of them a class of faults happened.
    pub fired: BTreeMap<Class, u64>,
    /// Which allowed pairs they came to, and how often (R-PAIR-1).
    pub pairs: BTreeMap<Pair, u64>,
    /// How they ended, and how often.
    #[serde(with = "ends")]
    pub ends: BTreeMap<Outcomes, u64>,
    /// The rows of the tables that were walked.
    pub walked: Walked,
    /// The edges of the model that were walked, if they were noted.
    #[serde(default, skip_serializing_if = "Edges::is_empty")]
    pub edges: Edges,
    /// How many broke a law.
    pub broken: u64,
    /// The first of them.
    pub violations: Vec<Violation>,
}

/// The import's outcome and the export's; none of who crashed or never began.
pub type Outcomes = (Option<Outcome>, Option<Outcome>);

/// Keys of JSON are text, and outcomes are none.
mod ends {
    use std::collections::BTreeMap;

    use handfast::outcome::Outcome;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::event::campaign::Outcomes;

    #[derive(Serialize, Deserialize)]
    struct Ends {
        import: Option<Outcome>,
        export: Option<Outcome>,
        sessions: u64,
    }

    pub(super) fn serialize<S: Serializer>(ends: &BTreeMap<Outcomes, u64>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(ends.iter().map(|(&(import, export), &sessions)| Ends { import, export, sessions }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(reader: D) -> Result<BTreeMap<Outcomes, u64>, D::Error> {
        let ends = Vec::<Ends>::deserialize(reader)?;
        Ok(ends.into_iter().map(|Ends { import, export, sessions }| ((import, export), sessions)).collect())
    }
}

/// A session that broke a law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Its seed.
    pub seed: u64,
    /// Which law.
    pub law: Law,
    /// How.
    pub text: String,
    /// The schedule that shows it.
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
        *self.ends.entry(ran.outcomes()).or_default() += 1;
        ran.walked.iter().chain(&ran.received).for_each(|row| self.walked.note(row));
        self.edges.note(&ran.edges);
        if let Some(broken) = ran.broken {
            self.broken += 1;
            self.violations.push(Violation { seed, law: broken.law, text: broken.text, schedule: schedule.clone() });
            self.keep_the_first();
        }
    }

    /// Adds what another part found.
    pub fn merge(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.broken += other.broken;
        other.fired.into_iter().for_each(|(class, count)| *self.fired.entry(class).or_default() += count);
        other.pairs.into_iter().for_each(|(pair, count)| *self.pairs.entry(pair).or_default() += count);
        other.ends.into_iter().for_each(|(ends, count)| *self.ends.entry(ends).or_default() += count);
        self.walked.merge(other.walked);
        self.edges.merge(other.edges);
        self.violations.extend(other.violations);
        self.keep_the_first();
    }

    fn keep_the_first(&mut self) {
        self.violations.sort_by_key(|violation| violation.seed);
        self.violations.truncate(KEPT);
    }

    /// The classes among these that never happened.
    pub fn never<'a>(&'a self, classes: &'a [Class]) -> impl Iterator<Item = Class> + 'a {
        classes.iter().copied().filter(|class| !self.fired.contains_key(class))
    }

    /// The allowed pairs that were never reached, without the one that two honest peers never come to (R-PAIR-3).
    pub fn unreached(&self) -> impl Iterator<Item = Pair> {
        Pair::ALL.into_iter().filter(|pair| !self.pairs.contains_key(pair) && *pair != Pair::ImportProtocol)
    }

    /// A missing part of the campaign, if there is one: a class that never happened; and, if there were all
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

/// Carries the sessions of some seeds out, one after the other. The first is carried out twice more, to see that equal schedules
/// give equal traces.
pub fn block(engine: &Engine, seeds: Range<u64>, classes: &[Class], watch: Watch) -> Found {
    let mut found = Found::default();
    for seed in seeds.clone() {
        let schedule = Schedule::draw_for(seed, classes, engine.cast);
        let mut ran = engine.run(&schedule, watch);
        if seed == seeds.start {
            confirm_repeatable(engine, &schedule, &mut ran);
        }
        found.note(seed, &schedule, ran);
    }
    found
}

/// Carries a schedule out twice more. Where the traces differ, that is what is wrong with it.
pub(crate) fn confirm_repeatable(engine: &Engine, schedule: &Schedule, ran: &mut Ran) {
    if let Some(text) = differs(engine, schedule) {
        // Whatever else it broke, it may not break the next time.
        ran.broken = Some(Broken { law: Law::Repeatable, text });
    }
}

/// Where two traces of a schedule differ.
fn differs(engine: &Engine, schedule: &Schedule) -> Option<String> {
    let [one, other] = [(); 2].map(|()| engine.run(schedule, Watch { trace: true, ..Watch::BARE }).trace());
    difference(&one, &other)
}

/// Carries a campaign out. `progress` gets the number of further sessions, from several threads.
pub fn sweep(engine: &Engine, sweep: &Sweep, progress: &(dyn Fn(u64) + Sync)) -> Found {
    let all = Mutex::new(Found::default());
    let Range { start, end } = sweep.seeds;
    in_parallel(sweep.jobs, end.saturating_sub(start).div_ceil(BLOCK), &|number| {
        let from = start + number * BLOCK;
        let to = end.min(from.saturating_add(BLOCK));
        let found = block(engine, from..to, &sweep.classes, sweep.watch);
        progress(found.sessions);
        all.lock().unwrap_or_else(PoisonError::into_inner).merge(found);
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}
