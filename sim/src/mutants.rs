//! The checker's mutants in the shell: the sessions that it takes until a rule is seen to be broken.

use std::ops::Range;

use handfast_model::mutants::rules as checker;
use serde::Serialize;

use crate::{
    event::time,
    judge::Rule,
    plan::{Plan, World},
    run::run_under,
    scenario::Scenario,
    under::Under,
};

/// A mutant whose reducers the shell drives.
#[derive(Clone, Copy)]
pub struct Mutant {
    /// Its id, which is the checker's.
    pub id: &'static str,
    under: Under,
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

macro_rules! mutants {
    ($($family:ident::$rules:ident $id:literal,)*) => {
        const MUTANTS: &[Mutant] = &[$(Mutant { id: $id, under: Under::rules::<$family::$rules>() }),*];
    };
}

mutants! {
    checker::M01 "M-01",
    checker::M02 "M-02",
    checker::M03 "M-03",
    checker::M04 "M-04",
    checker::M05 "M-05",
    checker::M06 "M-06",
    checker::M07 "M-07",
    checker::M08 "M-08",
    checker::M09 "M-09",
    checker::M10 "M-10",
    checker::M11 "M-11",
    checker::M12 "M-12",
    checker::M13 "M-13",
    checker::M14 "M-14",
    checker::M15 "M-15",
    checker::M16 "M-16",
    checker::M17 "M-17",
    checker::M18 "M-18",
    checker::M19 "M-19",
    checker::M20 "M-20",
    checker::M21 "M-21",
    checker::M22 "M-22",
    checker::M23 "M-23",
    checker::M24 "M-24",
    checker::M25 "M-25",
    checker::M26 "M-26",
    checker::M29 "M-29",
    checker::M30 "M-30",
    checker::M33 "M-33",
    checker::M34Removal "M-34a",
    checker::M34Loss "M-34b",
    checker::M34Word "M-34c",
    checker::M35 "M-35",
    checker::M36 "M-36",
    checker::M37 "M-37",
    checker::M38 "M-38",
    checker::M39 "M-39",
    checker::M40Loss "M-40a",
    checker::M40End "M-40b",
    checker::M41 "M-41",
    checker::M42 "M-42",
    checker::M43 "M-43",
    checker::M44 "M-44",
    checker::M45 "M-45",
    checker::M46 "M-46",
    checker::M47 "M-47",
    checker::M48 "M-48",
    checker::M49 "M-49",
    checker::M50 "M-50",
    checker::M54 "M-54",
    checker::M55 "M-55",
    time::NotStopped "M-51b",
    time::NotRearmed "M-51c",
    time::NotDisarmed "M-51d",
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
    ("M-03", "it takes a second exporter that has the code, behind the end"),
    ("M-04", "it takes a second exporter that has the code, at the same moment"),
    ("M-06", "it takes a chain that does not verify, which no identity has"),
    ("M-16", ONE),
    ("M-18", "it takes somebody who knocks behind the end"),
    ("M-21", "it takes a timer of one side only, and both have the same ones"),
    ("M-22", "it takes an install that outlives the transfer's timer"),
    ("M-27", CLIENT),
    ("M-28", CLIENT),
    ("M-29", "it takes more wrong codes than the strangers say"),
    ("M-31", CLIENT),
    ("M-32", "it is in the order in which a disk makes things durable: the store's, not the reducers'"),
    ("M-33", "it takes a cancel that is heard in the middle of the archive, and no rule here looks at `sent`"),
    ("M-34c", "it takes a word of the peer's while the importer installs"),
    ("M-39", "it takes an importer that names no features"),
    ("M-41", "it takes a result in the middle of the archive"),
    ("M-42", "what would be sent is of a channel that has ended: the importer does not hear it"),
    ("M-43", "it takes an archive that cannot be read when it is opened: these fail when they are sent"),
    ("M-45", "it takes a verdict while the user is asked once more"),
    ("M-46", "it takes an exporter that ends the channel behind the archive"),
    ("M-47", "the shell wipes what is dropped, whether or not it is told to"),
    ("M-49", "it takes a stranger who asks for more of the other channels"),
    ("M-50", "it takes an exporter that refuses more answers than a user has"),
    ("M-51a", "no rule here says when a timer has to fire: the event engine has time of its own"),
    ("M-51b", "it takes a session that outlives the token's timer"),
    ("M-51c", "it takes an archive that is slower than the stall timer, and slow readers are in the other world"),
    ("M-52", CLIENT),
    ("M-53", CLIENT),
    ("M-54", "it takes a directory that repeats a request: devices here are dialled"),
    ("M-55", ONE),
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
        MUTANTS.iter().copied()
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
            let rule = run_under(&Plan::draw(scenario, seed), self.under).violations.first()?.rule;
            Some(Kill { mutant: self.id, sessions: number + 1, scenario, seed, rule })
        })
    }
}
