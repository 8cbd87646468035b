//! Schedules by coverage: what walks an edge of the model that no schedule has walked before is kept, and changed into further ones.
//!
//! The feedback is the edges of the model: a step between two states of the two machines. Each edge belongs to the shortest schedule
//! that walked it, and of a few covered edges the one that was walked least has its schedule changed next: schedules of rare edges
//! get the most energy. Every fourth schedule is drawn as in a blind sweep.

use std::{collections::HashMap, ops::Range};

use handfast_model::config::Cast;

use crate::{
    draw::Draw,
    event::{
        campaign::{Found, confirm_repeatable},
        engine::Engine,
        schedule::{Class, Schedule},
        state::run::{Ran, Watch},
    },
};

/// One schedule in so many is drawn from a seed of its own.
const FRESH: u32 = 4;
/// Covered edges among which the rarest is chosen.
const CANDIDATES: usize = 12;

/// An edge that was walked.
#[derive(Clone, Copy, Debug)]
struct Covered {
    times: u32,
    /// The number of its schedule.
    of: usize,
}

/// The knowledge of a campaign. It begins with nothing.
struct Guide<'a> {
    draw: Draw<u32>,
    classes: &'a [Class],
    cast: Cast,
    /// The schedules that were kept, and how many steps of the model each took.
    kept: Vec<(Schedule, usize)>,
    covered: HashMap<u64, Covered>,
    edges: Vec<u64>,
}

impl<'a> Guide<'a> {
    /// Begins a campaign. Equal seeds give equal campaigns.
    fn new(seed: u64, classes: &'a [Class], cast: Cast) -> Self {
        let draw = Draw::independent(seed, 3);
        Self { draw, classes, cast, kept: Vec::new(), covered: HashMap::new(), edges: Vec::new() }
    }

    /// Returns the next schedule.
    fn next(&mut self) -> Schedule {
        let fresh = self.draw.between(1, FRESH) == 1;
        let candidates = [(); CANDIDATES].map(|()| self.any_edge());
        let rarest = candidates.into_iter().flatten().min_by_key(|covered| covered.times);
        let Some(Covered { of, .. }) = rarest.filter(|_| !fresh) else {
            let seed = self.draw.seed();
            return Schedule::draw_for(seed, self.classes, self.cast);
        };
        let other = self.draw.between(0, self.kept.len() as u32 - 1) as usize;
        let mut schedule = self.kept[of].0.clone();
        self.draw.mutate(&mut schedule, &self.kept[other].0, self.classes, self.cast);
        schedule
    }

    fn any_edge(&mut self) -> Option<Covered> {
        let last = self.edges.len().checked_sub(1)?;
        let edge = self.edges[self.draw.between(0, last as u32) as usize];
        self.covered.get(&edge).copied()
    }

    /// Learns what a schedule walked, in so many steps.
    fn learn(&mut self, schedule: &Schedule, walked: &[u64], steps: usize) {
        let number = self.kept.len();
        let mut keep = false;
        for &edge in walked {
            let covered = self.covered.entry(edge).or_insert_with(|| {
                self.edges.push(edge);
                Covered { times: 0, of: number }
            });
            covered.times = covered.times.saturating_add(1);
            if covered.of != number && self.kept[covered.of].1 > 2 * steps {
                covered.of = number;
            }
            keep |= covered.of == number;
        }
        if keep {
            self.kept.push((schedule.clone(), steps));
        }
    }
}

/// How the schedules of a campaign are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Each is drawn from its seed, whatever the others did.
    Blind,
    /// By what the others walked.
    Guided,
}

/// The sessions of a campaign, one after the other.
pub struct Sessions<'a> {
    engine: &'a Engine,
    classes: &'a [Class],
    seed: u64,
    /// None: blind.
    guide: Option<Guide<'a>>,
}

impl<'a> Sessions<'a> {
    /// Begins with a seed. Equal ways and seeds give equal sessions.
    pub fn new(engine: &'a Engine, way: Way, seed: u64, classes: &'a [Class]) -> Self {
        let guide = (way == Way::Guided).then(|| Guide::new(seed, classes, engine.cast));
        Self { engine, classes, seed, guide }
    }

    /// Carries out the next one. A guided campaign has to note edges ([`Watch::edges`]).
    pub fn carry_out(&mut self, watch: Watch) -> (Schedule, Ran) {
        let schedule = match &mut self.guide {
            Some(guide) => guide.next(),
            None => Schedule::draw_for(self.seed, self.classes, self.engine.cast),
        };
        self.seed = self.seed.wrapping_add(1);
        let ran = self.engine.run(&schedule, watch);
        if let Some(guide) = &mut self.guide {
            guide.learn(&schedule, &ran.edges, ran.actions);
        }
        (schedule, ran)
    }
}

/// Carries out one guided campaign: as many sessions as there are seeds, of which the first one is the campaign's. A longer range with the
/// same beginning has the same sessions first. The first schedule is carried out twice more, as in a blind sweep.
pub fn guided(engine: &Engine, seeds: Range<u64>, classes: &[Class], watch: Watch) -> Found {
    let mut found = Found::default();
    let mut sessions = Sessions::new(engine, Way::Guided, seeds.start, classes);
    for seed in seeds.clone() {
        let (schedule, mut ran) = sessions.carry_out(watch);
        if seed == seeds.start {
            confirm_repeatable(engine, &schedule, &mut ran);
        }
        found.note(seed, &schedule, ran);
    }
    found
}
