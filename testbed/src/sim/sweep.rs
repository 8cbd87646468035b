//! A sweep, cut into parts: any machine carries any of them out, in any order, and what they come to adds up to the same.

use std::{
    collections::BTreeMap,
    io,
    num::NonZeroUsize,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use handfast_model::config::Cast;
use handfast_sim::{
    Options, Plan, Row, Scenario, Shard, Spread, campaign,
    event::{Class, Engine, Found, Ran, Schedule, Watch as Look, block, guided, walk},
    run,
};
use serde::{Deserialize, Serialize};

use crate::{options::PairName, progress::Watch};

/// A sweep. Equal sweeps have equal results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sweep {
    #[serde(flatten)]
    pub(crate) chosen: Chosen,
    /// Half open.
    pub(crate) seeds: Range<u64>,
}

/// The engine, and what is carried out with each seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "engine", content = "scenarios")]
pub(crate) enum Chosen {
    /// A session of each.
    Turmoil(Vec<Scenario>),
    /// A session of one: they take turns.
    #[serde(rename = "turmoil-in-turns")]
    Turns(Vec<Scenario>),
    /// One session, with faults of these classes.
    Event(Vec<Class>),
    /// The same of a pair with an old side.
    #[serde(rename = "event-of-pair")]
    Old(PairName, Vec<Class>),
    /// One session of a campaign that is guided by what it has walked, of a pair if a side is old.
    Guided(Option<PairName>, Vec<Class>),
}

/// Seeds in a row, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// A part that is carried out at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    /// These seeds, of a scenario.
    Scenario(Scenario, Block),
    /// These seeds, each of the scenario whose turn it is.
    Turns(Block),
    /// The event engine's sessions that no seed draws: every word in every state.
    Directed,
    /// These seeds, of the event engine. In a guided sweep they are one campaign, which begins with nothing.
    Seeds(Block),
}

/// The result of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Piece {
    /// A row of each scenario that there was.
    Turmoil(Vec<Row>),
    Event(Found),
}

/// The results of parts.
pub(crate) type Pieces = BTreeMap<Part, Piece>;

/// A sweep of many seeds has about so many blocks: enough for a few dozen shards.
const BLOCKS: u64 = 256;
/// Seeds of a block, at most: what is lost where a machine is.
const MOST: (u64, u64) = (4096, 32);

/// Sessions of a guided campaign.
const CAMPAIGN: u64 = 1 << 14;

/// Parts of a sweep, at most: sixteen thousand million seeds of the event engine.
const MAX_PARTS: u64 = 1 << 22;

/// The resources of a sweep.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) jobs: NonZeroUsize,
    /// No part is begun after that.
    pub(crate) until: Option<Instant>,
    /// Nor once this is set.
    pub(crate) stop: Option<&'static AtomicBool>,
}

impl Effort {
    fn is_spent(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
            || self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

impl Sweep {
    /// The parts of a shard, or of all. Shards take turns, block by block, whatever the scenarios.
    pub(crate) fn parts(&self, shard: Option<Shard>) -> Vec<Part> {
        let mine = |number: u64| shard.is_none_or(|shard| number % shard.of.max(1) == shard.index);
        let blocks = (0..).zip(self.blocks()).filter(|(number, _)| mine(*number)).map(|(_, block)| block);
        match &self.chosen {
            Chosen::Turmoil(scenarios) => {
                blocks.flat_map(|block| scenarios.iter().map(move |&one| Part::Scenario(one, block))).collect()
            }
            Chosen::Turns(_) => blocks.map(Part::Turns).collect(),
            // Each shard walks the directed sessions, so that each can say what it walked.
            Chosen::Event(classes) | Chosen::Guided(None, classes) => {
                let directed = is_all(classes).then_some(Part::Directed);
                directed.into_iter().chain(blocks.map(Part::Seeds)).collect()
            }
            Chosen::Old(..) | Chosen::Guided(Some(_), _) => blocks.map(Part::Seeds).collect(),
        }
    }

    fn blocks(&self) -> impl Iterator<Item = Block> {
        let (Range { start, end }, length) = (self.seeds.clone(), self.block_length());
        let from = std::iter::successors(Some(start), move |from| from.checked_add(length));
        from.take_while(move |from| *from < end)
            .map(move |from| Block { from, to: from.saturating_add(length).min(end) })
    }

    /// Seeds of a block.
    fn block_length(&self) -> u64 {
        let most = match self.chosen {
            // As long as it is, whatever the sweep: a campaign needs time to learn.
            Chosen::Guided(..) => return CAMPAIGN,
            Chosen::Event(_) | Chosen::Old(..) => MOST.0,
            Chosen::Turmoil(_) | Chosen::Turns(_) => MOST.1,
        };
        (self.count() / BLOCKS).clamp(1, most).next_power_of_two()
    }

    fn count(&self) -> u64 {
        self.seeds.end.saturating_sub(self.seeds.start)
    }

    /// Whether it can be kept track of.
    pub(crate) fn is_sound(&self) -> Result<(), String> {
        let scenarios = match &self.chosen {
            Chosen::Turmoil(scenarios) => scenarios.len() as u64,
            Chosen::Turns(_) | Chosen::Event(_) | Chosen::Old(..) | Chosen::Guided(..) => 1,
        };
        let parts = self.count().div_ceil(self.block_length()).saturating_mul(scenarios);
        let few = (1..=MAX_PARTS).contains(&parts);
        if few { Ok(()) } else { Err(format!("a sweep has 1 to {MAX_PARTS} parts, and this one would have {parts}")) }
    }

    /// Carries a part out.
    fn carry_out(&self, part: Part) -> Piece {
        match part {
            Part::Scenario(scenario, Block { from, to }) => {
                let jobs = NonZeroUsize::MIN;
                let options = Options { scenarios: vec![scenario], seeds: from..to, jobs, ..Options::default() };
                Piece::Turmoil(campaign(&options, &|_| {}).rows)
            }
            Part::Turns(Block { from, to }) => {
                let (scenarios, jobs) = (self.scenarios().to_vec(), NonZeroUsize::MIN);
                let options = Options { scenarios, seeds: from..to, spread: Spread::Turns, jobs, ..Options::default() };
                Piece::Turmoil(campaign(&options, &|_| {}).rows)
            }
            Part::Directed => Piece::Event(walk(&Engine::shipped(), Look::SWEEP)),
            Part::Seeds(Block { from, to }) => {
                let engine = self.pair().map_or_else(Engine::shipped, |pair| Engine::of(pair.into()));
                Piece::Event(match self.chosen {
                    Chosen::Guided(..) => guided(&engine, from..to, self.classes(), Look::GUIDED),
                    _ => block(&engine, from..to, self.classes(), Look::SWEEP),
                })
            }
        }
    }

    /// The scenarios that there are seeds for.
    pub(super) fn due(&self) -> impl Iterator<Item = Scenario> {
        let all = self.scenarios();
        let round = 4 * all.len() as u64;
        let seeds = self.seeds.start..self.seeds.end.min(self.seeds.start.saturating_add(round));
        let is_due = move |row: &usize| {
            matches!(self.chosen, Chosen::Turmoil(_))
                || seeds.clone().any(|seed| Spread::Turns.rows(seed, all.len()).contains(row))
        };
        (0..all.len()).filter(is_due).map(|row| all[row])
    }

    fn scenarios(&self) -> &[Scenario] {
        match &self.chosen {
            Chosen::Turmoil(scenarios) | Chosen::Turns(scenarios) => scenarios,
            Chosen::Event(_) | Chosen::Old(..) | Chosen::Guided(..) => &[],
        }
    }

    fn classes(&self) -> &[Class] {
        match &self.chosen {
            Chosen::Event(classes) | Chosen::Old(_, classes) | Chosen::Guided(_, classes) => classes,
            Chosen::Turmoil(_) | Chosen::Turns(_) => &[],
        }
    }

    /// The pair, if a side is old.
    pub(super) const fn pair(&self) -> Option<PairName> {
        match self.chosen {
            Chosen::Old(pair, _) => Some(pair),
            Chosen::Guided(pair, _) => pair,
            Chosen::Turmoil(_) | Chosen::Turns(_) | Chosen::Event(_) => None,
        }
    }

    /// Returns the seeds of the guided campaign up to the session of this seed; none if the sweep is not guided.
    pub(super) fn campaign_of(&self, seed: u64) -> Option<Range<u64>> {
        let is_guided = matches!(self.chosen, Chosen::Guided(..));
        let begin = seed - seed.saturating_sub(self.seeds.start) % CAMPAIGN;
        is_guided.then(|| begin..seed.saturating_add(1))
    }

    /// Carries parts out, and keeps the result of each. Parts after the end of the effort are left out.
    pub(crate) fn carry_out_all(
        &self,
        parts: &[Part],
        effort: Effort,
        watch: &Watch,
        keep: &(dyn Fn(Part, &Piece) -> io::Result<()> + Sync),
    ) -> io::Result<Pieces> {
        watch.expect(parts.iter().map(Part::seeds).sum());
        let next = AtomicUsize::new(0);
        let results = Mutex::new((Pieces::new(), Ok(())));
        thread::scope(|scope| {
            for _ in 0..effort.jobs.get().min(parts.len()) {
                scope.spawn(|| {
                    while !effort.is_spent()
                        && let Some(&part) = parts.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let piece = self.carry_out(part);
                        let kept = keep(part, &piece);
                        if kept.is_err() {
                            next.store(parts.len(), Ordering::Relaxed);
                        }
                        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                        results.1 = std::mem::replace(&mut results.1, Ok(())).and(kept);
                        results.0.insert(part, piece);
                        drop(results);
                        (0..part.seeds()).for_each(|_| watch.done("sessions"));
                    }
                });
            }
        });
        let (pieces, kept) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        kept.map(|()| pieces)
    }

    /// The checksum of the traces of a part, in the order of its seeds.
    pub(super) fn digest(&self, part: Part) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let mut note = |trace: String| hasher.update(trace.as_bytes());
        match part {
            Part::Scenario(scenario, Block { from, to }) => {
                (from..to).for_each(|seed| note(run(&Plan::draw(scenario, seed)).trace()));
            }
            Part::Turns(Block { from, to }) => {
                let all = self.scenarios();
                let plans = (from..to)
                    .flat_map(|seed| Spread::Turns.rows(seed, all.len()).map(move |row| Plan::draw(all[row], seed)));
                plans.for_each(|plan| note(run(&plan).trace()));
            }
            Part::Seeds(Block { from, to }) => {
                let trace = |seed| {
                    let schedule = Schedule::draw_for(seed, self.classes(), self.pair().map_or(Cast::HH, Cast::from));
                    look(&schedule, self.pair(), Look::ALL).trace()
                };
                (from..to).map(trace).for_each(note);
            }
            Part::Directed => {
                let all = handfast_sim::event::directed();
                all.iter().map(|schedule| Engine::shipped().run(schedule, Look::ALL).trace()).for_each(note);
            }
        }
        hasher.finalize()
    }

    /// Returns the sweep in one line: the seeds are printed first.
    pub(crate) fn head(&self, shard: Option<Shard>) -> String {
        let Range { start, end } = self.seeds;
        let shard = shard.map_or_else(String::new, |Shard { index, of }| format!(", shard {index}/{of}"));
        match self.chosen {
            Chosen::Turmoil(_) => format!("seeds {start}..{end}{shard}, of each scenario"),
            Chosen::Turns(_) => format!("seeds {start}..{end}{shard}, each of one scenario"),
            Chosen::Event(_) => format!("event engine, seeds {start}..{end}{shard}"),
            Chosen::Old(pair, _) => format!("event engine, {}, seeds {start}..{end}{shard}", Cast::from(pair)),
            Chosen::Guided(pair, _) => {
                let pair = pair.map_or_else(String::new, |pair| format!("{}, ", Cast::from(pair)));
                format!("event engine, {pair}guided, seeds {start}..{end}{shard}")
            }
        }
    }
}

/// Carries out one schedule of the event engine.
pub(super) fn look(schedule: &Schedule, pair: Option<PairName>, look: Look) -> Ran {
    match pair {
        Some(pair) => Engine::of(pair.into()).run(schedule, look),
        None => Engine::shipped().run(schedule, look),
    }
}

/// Whether these are all classes of faults: then everything has to be reached.
pub(super) fn is_all(classes: &[Class]) -> bool {
    Class::ALL.iter().all(|class| classes.contains(class))
}

impl Part {
    fn seeds(&self) -> usize {
        match self {
            Self::Scenario(_, Block { from, to })
            | Self::Turns(Block { from, to })
            | Self::Seeds(Block { from, to }) => usize::try_from(to - from).unwrap_or(usize::MAX),
            Self::Directed => 0,
        }
    }

    /// The seeds, if it is of this scenario or may be, or of the event engine.
    pub(super) fn block(&self, of: Option<Scenario>) -> Option<Block> {
        match (self, of) {
            (Self::Scenario(scenario, block), Some(of)) if *scenario == of => Some(*block),
            (Self::Turns(block), Some(_)) | (Self::Seeds(block), None) => Some(*block),
            _ => None,
        }
    }
}

/// How a part is named.
impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Scenario(scenario, Block { from, to }) => write!(f, "{scenario}, seeds {from}..{to}"),
            Self::Directed => f.write_str("the directed sessions"),
            Self::Turns(Block { from, to }) | Self::Seeds(Block { from, to }) => write!(f, "seeds {from}..{to}"),
        }
    }
}

/// How the reason of a sweep begins that is not whole.
pub(super) const NOT_CARRIED_OUT: &str = "not carried out";

/// Ranges that are named, at most.
const NAMED: usize = 8;

/// Returns the missing parts of one scenario or of the event engine, in words: neighbouring seeds are one range.
pub(super) fn gaps(asked: &[Part], pieces: &Pieces, of: Option<Scenario>) -> Option<String> {
    let missing = asked.iter().filter(|part| !pieces.contains_key(*part));
    let directed = missing.clone().any(|part| *part == Part::Directed && of.is_none());
    let mut ranges: Vec<Block> = Vec::new();
    for block in missing.filter_map(|part| part.block(of)) {
        match ranges.last_mut() {
            Some(last) if last.to == block.from => last.to = block.to,
            _ => ranges.push(block),
        }
    }
    let named = directed.then(|| Part::Directed.to_string());
    let mut named: Vec<_> =
        named.into_iter().chain(ranges.iter().map(|&block| Part::Seeds(block).to_string())).collect();
    let more = named.len().saturating_sub(NAMED);
    named.truncate(NAMED);
    named.extend((more > 0).then(|| format!("{more} more")));
    (!named.is_empty()).then(|| format!("{NOT_CARRIED_OUT}: {}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seeds: Range<u64>) -> Sweep {
        Sweep { chosen: Chosen::Event(vec![Class::Break]), seeds }
    }

    #[test]
    fn shards_have_each_part_once() {
        for sweep in [event(3..11), event(0..100_000), event(u64::MAX - 3..u64::MAX)] {
            let all = sweep.parts(None);
            let mut shards: Vec<_> = (0..8).flat_map(|index| sweep.parts(Some(Shard { index, of: 8 }))).collect();
            shards.sort();
            assert_eq!(shards, all);
            assert_eq!(all.iter().map(|part| part.seeds() as u64).sum::<u64>(), sweep.seeds.end - sweep.seeds.start);
        }
        let scenarios = vec![Scenario::NoFault, Scenario::Loss];
        assert!(event(0..u64::MAX).is_sound().is_err() && event(3..3).is_sound().is_err());
        let turmoil = Sweep { chosen: Chosen::Turmoil(scenarios), seeds: 0..5 };
        assert_eq!(turmoil.parts(None).len(), 10);
        assert_eq!(turmoil.parts(Some(Shard { index: 1, of: 2 })).len(), 4);
    }

    /// A violation is shown by the campaign up to it, and not by its seed alone.
    #[test]
    fn a_guided_campaign_is_cut_from_the_first_seed_on() {
        let sweep = Sweep { chosen: Chosen::Guided(None, vec![Class::Break]), seeds: 5..100_000 };
        let begins: Vec<_> = sweep.parts(None).iter().filter_map(|part| part.block(None)).collect();
        for seed in [5, 6, CAMPAIGN + 4, CAMPAIGN + 5, 99_999] {
            let Range { start, end } = sweep.campaign_of(seed).unwrap();
            assert_eq!(end, seed + 1);
            let part = begins.iter().find(|block| (block.from..block.to).contains(&seed)).unwrap();
            assert_eq!(part.from, start);
            let again = Sweep { seeds: start..end, ..sweep.clone() };
            assert_eq!(again.parts(None), [Part::Seeds(Block { from: start, to: end })]);
        }
        assert_eq!(event(0..9).campaign_of(3), None);
    }

    #[test]
    fn scenarios_that_no_seed_is_for_are_not_due() {
        let all = vec![Scenario::NoFault, Scenario::Loss, Scenario::DiskFull];
        let due = |chosen, seeds| Sweep { chosen, seeds }.due().collect::<Vec<_>>();
        assert_eq!(due(Chosen::Turns(all.clone()), 3..5), all[..2]);
        assert_eq!(due(Chosen::Turns(all.clone()), 8..100), all);
        assert_eq!(due(Chosen::Turmoil(all.clone()), 0..1), all);
    }

    #[test]
    fn what_is_next_to_one_another_is_one_gap() {
        let sweep = event(0..40);
        let asked = sweep.parts(None);
        let without = |left: &[u64]| {
            let done = asked.iter().filter(|part| part.block(None).is_some_and(|block| !left.contains(&block.from)));
            let pieces: Pieces = done.map(|&part| (part, Piece::Event(Found::default()))).collect();
            gaps(&asked, &pieces, None)
        };
        assert_eq!(without(&[]), None);
        assert_eq!(without(&[1, 2, 5]).unwrap(), "not carried out: seeds 1..3, seeds 5..6");
        let each_other: Vec<u64> = (0..20).map(|number| 2 * number).collect();
        assert!(without(&each_other).unwrap().ends_with("seeds 14..15, 12 more"));
    }
}
