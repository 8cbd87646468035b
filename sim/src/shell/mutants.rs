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
    /// The number of sessions within which each mutant is found, but for those of [`Mutant::beyond`].
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::plan::Planted;

    /// A session that breaks a rule before any other.
    enum Witness {
        /// With a planted defect.
        Planted(&'static str, u64, Planted),
        /// With a mutant.
        Mutant(&'static str, u64, &'static str),
        /// None here, and why.
        Elsewhere(&'static str),
    }

    const RULES: [Rule; 18] = [
        Rule::NoPanic,
        Rule::Ends,
        Rule::Replays,
        Rule::Repeatable,
        Rule::Closed,
        Rule::Leak,
        Rule::Grammar,
        Rule::Signalled,
        Rule::Pair,
        Rule::NoBlame,
        Rule::Stored,
        Rule::LeftOver,
        Rule::Gate,
        Rule::Compared,
        Rule::NotSent,
        Rule::Answered,
        Rule::Expected,
        Rule::Converges,
    ];

    fn witness(rule: Rule) -> Witness {
        use Witness::{Elsewhere, Mutant, Planted};
        match rule {
            Rule::NoPanic => Planted("no-fault", 0, self::Planted::Panic),
            Rule::Ends => Mutant("partition@import.asked", 30, "M-24"),
            Rule::Replays => Elsewhere("`a_trace_that_was_changed_does_not_replay` alters each step of a trace"),
            Rule::Repeatable => Elsewhere("`a_leak_is_found` runs a plan twice that depends on more than its seed"),
            Rule::Closed => Mutant("no-fault", 0, "M-51d"),
            Rule::Leak => Planted("no-fault", 0, self::Planted::Socket),
            Rule::Grammar => Mutant("no-fault", 0, "M-08"),
            Rule::Signalled => Planted("no-fault", 1, self::Planted::Forgetful),
            Rule::Pair => Mutant("partition@import.progressed", 34, "M-07"),
            Rule::NoBlame => Mutant("wrong-thrice", 3, "M-12"),
            Rule::Stored => Planted("no-fault", 0, self::Planted::ForgetfulStore),
            Rule::LeftOver => Planted("no-fault", 3, self::Planted::LitteringStore),
            Rule::Gate => Mutant("no-fault", 0, "M-10"),
            Rule::Compared => Mutant("compared@same", 0, "M-60"),
            Rule::NotSent => {
                Elsewhere("a session of M-09 (`cancel@export.answered`, seed 131) breaks `Pair` too, before it")
            }
            Rule::Answered => Elsewhere("`scripts/fuzz-planted` plants a beacon that is not answered"),
            Rule::Expected => Mutant("hostile-importer@flood", 286, "M-13"),
            Rule::Converges => Planted("disk-fails@3", 0, self::Planted::Rot),
        }
    }

    /// Each rule is the first that a committed session breaks: without its check the session would pass, or break another one.
    #[test]
    fn each_rule_is_the_first_that_a_session_breaks() {
        for rule in RULES {
            let broken: Vec<Rule> = match witness(rule) {
                Witness::Planted(scenario, seed, planted) => {
                    let plan = Plan::draw(scenario.parse().unwrap(), seed).with(Some(planted));
                    run_under(&plan, None).violations.into_iter().map(|violation| violation.rule).collect()
                }
                Witness::Mutant(scenario, seed, id) => {
                    let plan = Plan::draw(scenario.parse().unwrap(), seed);
                    let without = super::Mutant::find(id).unwrap().without;
                    run_under(&plan, Some(without)).violations.into_iter().map(|violation| violation.rule).collect()
                }
                Witness::Elsewhere(why) => {
                    assert!(!why.is_empty());
                    continue;
                }
            };
            assert_eq!(broken.first(), Some(&rule), "{broken:?}");
        }
    }
}
