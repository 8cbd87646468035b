//! The checker's mutants in the event engine, and those that only time can show.

use std::ops::Range;

use handfast::limits::{Durations, Timer};
use handfast_model::{
    config::Cast,
    mutants::{MUTANTS, Setting},
    without::Without,
};
use serde::Serialize;

use crate::event::{
    engine::{Engine, Twice},
    guided::{Sessions, Way},
    schedule::{Class, Schedule},
    shrink::shrink,
    state::{law::Law, run::Watch},
};
use crate::mutants::{self, COMPARED, TIMERS};

/// Two reducers with something broken, or their clock.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The stable id.
    pub id: &'static str,
    /// The broken rule, in words.
    pub broken: &'static str,
    without: Without,
    /// It takes two links of the same devices to see it.
    twice: bool,
    cast: Cast,
    /// The classes of faults of the schedules in which it is hunted.
    classes: &'static [Class],
    durations: fn(&mut Durations),
}

/// The result for a mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kill {
    /// [`Mutant::id`].
    pub mutant: &'static str,
    /// How many seeds it took.
    pub seeds: u64,
    /// The law that it broke.
    pub law: Law,
    /// The shortest schedule that was found.
    pub schedule: Schedule,
    /// How many steps of the model it takes to the violation.
    pub steps: usize,
}

/// Mutants that only an old peer shows.
const WITH_THE_OLD: [(&str, Cast); 2] = [("M-39", Cast::LH), ("M-46", Cast::HL)];

impl Mutant {
    /// The checks of a session in which a mutant is hunted.
    pub const WATCH: Watch = Watch { trace: false, cover: false, ..Watch::ALL };

    /// Returns all that the event engine can hunt.
    pub fn all() -> Vec<Self> {
        let sound = Self {
            id: "",
            broken: "",
            without: Without::new(&[]),
            twice: false,
            cast: Cast::HH,
            classes: &Class::ALL,
            durations: |_| {},
        };
        let checked = MUTANTS.iter().filter(|mutant| Self::beyond(mutant.id).is_none()).map(|mutant| {
            let old = WITH_THE_OLD.iter().find(|(id, _)| *id == mutant.id);
            let cast = old.map_or(Cast::HH, |&(_, cast)| cast);
            let twice = mutant.setting == Setting::Registries;
            let classes: &[Class] = if COMPARED.contains(&mutant.id) { &Class::WITH_SAS } else { &Class::ALL };
            Self { id: mutant.id, broken: mutant.broken, without: mutant.without, twice, cast, classes, ..sound }
        });
        let wrong = Self {
            id: "M-51a",
            broken: "A timer has a wrong duration.",
            durations: |durations| durations.authenticate = durations.of(Timer::Token, 0) * 2,
            ..sound
        };
        let timers = TIMERS.map(|(id, broken, without)| Self { id, broken, without, ..sound });
        checked.chain([wrong]).chain(timers).collect()
    }

    /// The mutant of this id.
    pub fn find(id: &str) -> Option<Self> {
        Self::all().into_iter().find(|mutant| mutant.id == id)
    }

    /// Returns why the event engine cannot kill the mutant of this id; none if it can.
    pub fn beyond(id: &str) -> Option<&'static str> {
        mutants::beyond(mutants::Engine::Event, id)
    }

    /// Returns the broken rules, where both sides are hardened.
    pub fn rules(&self) -> Option<Without> {
        (self.cast == Cast::HH).then_some(self.without)
    }

    /// An engine with it.
    pub fn engine(&self) -> Engine {
        let mut engine = Engine::under(self.cast, self.without);
        if self.twice {
            engine.twice = Some(Twice::Without(self.without));
        }
        (self.durations)(&mut engine.durations);
        engine
    }

    /// Looks for the first session that kills it, and shrinks its schedule. `None`: it survives. There are as many sessions as seeds; a
    /// guided campaign begins with nothing, and the first seed is its own.
    pub fn hunt(&self, way: Way, seeds: Range<u64>) -> Option<Kill> {
        let engine = self.engine();
        let mut sessions = Sessions::new(&engine, way, seeds.start, self.classes);
        let watch = Watch { edges: way == Way::Guided, ..Self::WATCH };
        (1..=seeds.end.saturating_sub(seeds.start)).find_map(|number| {
            let (schedule, ran) = sessions.carry_out(watch);
            ran.broken?;
            self.kill(&engine, &schedule, number)
        })
    }

    fn kill(&self, engine: &Engine, schedule: &Schedule, seeds: u64) -> Option<Kill> {
        let (law, schedule) = shrink(engine, schedule)?;
        let steps = engine.run(&schedule, Self::WATCH).actions;
        Some(Kill { mutant: self.id, seeds, law, schedule, steps })
    }
}
