//! The checker's mutants in the shell: the sessions that it takes until a rule is seen to be broken.

use std::ops::Range;

use handfast_model::{
    mutants::{MUTANTS, Setting},
    without::Without,
};
use serde::Serialize;

use super::{
    carry_out::run_under,
    plan::Plan,
    rule::Rule,
    scenario::{Scenario, World},
};
use crate::mutants::{self, COMPARED, Engine, TIMERS};

/// A mutant whose reducers the shell drives.
#[derive(Clone, Copy)]
pub struct Mutant {
    /// Its id, which is the checker's.
    pub id: &'static str,
    without: Without,
}

/// How a mutant was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kill {
    /// [`Mutant::id`].
    pub mutant: &'static str,
    /// How many sessions it took.
    pub sessions: u64,
    /// The scenario of the last one.
    pub scenario: Scenario,
    /// Its seed.
    pub seed: u64,
    /// The rule that it broke.
    pub rule: Rule,
}

/// The scenarios of the hunt, one after the other: of the world in which hosts crash, and without real timers and threads. Those in which
/// the users compare are for the mutants of that.
fn grounds(compared: bool) -> Vec<Scenario> {
    let here = |scenario: &Scenario| {
        scenario.world() == World::Hosts
            && !matches!(scenario, Scenario::Idle(_) | Scenario::Shipped(_))
            && matches!(scenario, Scenario::Compared(_)) == compared
    };
    Scenario::all().into_iter().filter(here).collect()
}

impl Mutant {
    /// Sessions in which each is found that can be.
    pub const SESSIONS: u64 = 700;

    /// Why the mutant of this id cannot be found here.
    pub fn beyond(id: &str) -> Option<&'static str> {
        mutants::beyond(Engine::Shell, id)
    }

    /// All that the shell can be given.
    pub fn all() -> impl Iterator<Item = Self> {
        let checked =
            MUTANTS.iter().filter(|mutant| !matches!(mutant.setting, Setting::Clients | Setting::Disk | Setting::Flag));
        let checked = checked.map(|mutant| Self { id: mutant.id, without: mutant.without });
        checked.chain(TIMERS.map(|(id, _, without)| Self { id, without }))
    }

    /// The mutant of this id.
    pub fn find(id: &str) -> Option<Self> {
        Self::all().find(|mutant| mutant.id == id)
    }

    /// Looks for the first session that shows it. Each lap through the scenarios has other seeds. None: it survives.
    pub fn hunt(&self, sessions: Range<u64>) -> Option<Kill> {
        let grounds = grounds(COMPARED.contains(&self.id));
        let laps = grounds.len() as u64;
        sessions.into_iter().find_map(|number| {
            let (scenario, seed) = (grounds[(number % laps) as usize], number + number / laps);
            let rule = run_under(&Plan::draw(scenario, seed), Some(self.without)).violations.first()?.rule;
            Some(Kill { mutant: self.id, sessions: number + 1, scenario, seed, rule })
        })
    }
}
