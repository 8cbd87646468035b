//! The checker's mutants in the shell: the sessions that it takes until a rule is seen to be broken.

use std::ops::Range;

use handfast_model::{
    mutants::{MUTANTS, Setting},
    without::Without,
};
use serde::Serialize;

use crate::{
    event,
    judge::Rule,
    plan::{Plan, World},
    run::run_under,
    scenario::Scenario,
};

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

/// The scenarios of the hunt, one after the other: of the world in which hosts crash, and without real timers and threads.
fn grounds() -> Vec<Scenario> {
    let here = |scenario: &Scenario| {
        scenario.world() == World::Hosts && !matches!(scenario, Scenario::Idle(_) | Scenario::Shipped(_))
    };
    Scenario::all().into_iter().filter(here).collect()
}

const ONE: &str = "it takes two operations of a side at once";
const CLIENT: &str = "it is a client's: the users here call the daemons themselves";

/// Why a mutant cannot be found here.
const BEYOND: &[(&str, &str)] = &[
    ("M-03", "it takes a second exporter that has the code, after the end"),
    ("M-04", "it takes a second exporter that has the code, at the same moment"),
    ("M-06", "it takes a chain that does not verify, which no identity has"),
    ("M-16", ONE),
    ("M-18", "it takes a connection request after the end"),
    ("M-21", "it takes a timer of one side only, and both have the same ones"),
    ("M-22", "it takes an install that outlives the transfer's timer"),
    ("M-27", CLIENT),
    ("M-28", CLIENT),
    ("M-29", "it takes more wrong codes than the strangers say"),
    ("M-31", CLIENT),
    ("M-32", "it is in the order in which a disk makes things durable: the store's, not the reducers'"),
    ("M-33", "it takes a cancel that arrives in the middle of the archive, and no rule here looks at `sent`"),
    ("M-34c", "it takes a word of the peer's while the importer installs"),
    ("M-39", "it takes an importer that names no features"),
    ("M-41", "it takes a result in the middle of the archive"),
    ("M-42", "what would be sent is of a channel that has ended: the importer does not receive it"),
    ("M-43", "it takes an archive that cannot be read when it is opened: these fail when they are sent"),
    ("M-45", "it takes a verdict while the user is asked once more"),
    ("M-46", "it takes an exporter that ends the channel after the archive"),
    ("M-47", "the shell wipes dropped values with or without that effect"),
    ("M-49", "it takes a stranger who asks for more of the other channels"),
    ("M-50", "it takes an exporter that refuses more answers than a user has"),
    ("M-51a", "no rule here says when a timer has to fire: the event engine has time of its own"),
    ("M-51b", "it takes a session that outlives the token's timer"),
    ("M-51c", "it takes an archive that is slower than the stall timer, and slow readers are in the other world"),
    ("M-52", CLIENT),
    ("M-53", CLIENT),
    ("M-54", "it takes a directory that repeats a request: devices here are dialled"),
    ("M-55", ONE),
    ("M-56", CLIENT),
    ("M-57b", "it takes an exporter that is evicted until its minute is over: here it is let in before"),
    ("M-57c", "where something failed R-PAIR-1 allows that both end, and no crowd here evicts an exporter"),
];

impl Mutant {
    /// Sessions in which each is found that can be.
    pub const SESSIONS: u64 = 700;

    /// Why the mutant of this id cannot be found here.
    pub fn beyond(id: &str) -> Option<&'static str> {
        BEYOND.iter().find(|(mutant, _)| *mutant == id).map(|(_, why)| *why)
    }

    /// All that the shell can be given.
    pub fn all() -> impl Iterator<Item = Self> {
        let checked = MUTANTS.iter().filter(|mutant| !matches!(mutant.setting, Setting::Clients | Setting::Disk));
        let checked = checked.map(|mutant| Self { id: mutant.id, without: mutant.without });
        checked.chain(event::TIMERS.map(|(id, _, without)| Self { id, without }))
    }

    /// The mutant of this id.
    pub fn find(id: &str) -> Option<Self> {
        Self::all().find(|mutant| mutant.id == id)
    }

    /// Looks for the first session that shows it. Each lap through the scenarios has other seeds. None: it survives.
    pub fn hunt(&self, sessions: Range<u64>) -> Option<Kill> {
        let grounds = grounds();
        let laps = grounds.len() as u64;
        sessions.into_iter().find_map(|number| {
            let (scenario, seed) = (grounds[(number % laps) as usize], number + number / laps);
            let rule = run_under(&Plan::draw(scenario, seed), Some(self.without)).violations.first()?.rule;
            Some(Kill { mutant: self.id, sessions: number + 1, scenario, seed, rule })
        })
    }
}
