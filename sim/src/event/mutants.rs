//! The checker's mutants through the storm, and those that only time can tell.

use std::ops::Range;

use handfast::{
    export::Exporter,
    import::Importer,
    limits::{Durations, Timer},
    reducer::Config,
    rules::Rules,
};
use handfast_model::{
    mutants::MUTANTS,
    side::{AnyExport, AnyImport, Boxed},
};
use serde::Serialize;

use super::{Class, Engine, Law, Schedule, Watch, shrink};

/// Two reducers with something broken, or their clock.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The stable id.
    pub id: &'static str,
    /// What is broken.
    pub broken: &'static str,
    sides: fn(Config) -> (AnyImport, AnyExport),
    durations: fn(&mut Durations),
}

/// What came of a mutant.
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

macro_rules! timers {
    ($($name:ident $id:literal $broken:literal [$($rule:ident)*];)*) => {
        /// The rules of the mutants that only time can tell.
        pub(crate) mod time {
            use handfast::rules::Rules;

            $(
                #[doc = $broken]
                #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
                pub(crate) struct $name;

                impl Rules for $name {
                    $(const $rule: bool = false;)*
                }
            )*
        }

        const TIMERS: [Mutant; 3] = [$(
            Mutant { id: $id, broken: $broken, sides: sides::<time::$name>, durations: |_| {} },
        )*];
    };
}

timers! {
    NotStopped "M-51b" "A timer is not stopped when a session opens." [SESSION_STOPS_TIMERS];
    NotRearmed "M-51c" "Progress does not start the stall timer again." [PROGRESS_REARMS];
    NotDisarmed "M-51d" "Timers are not stopped at the end." [END_STOPS_TIMERS];
}

fn sides<R: Rules>(config: Config) -> (AnyImport, AnyExport) {
    (Boxed::new(Importer::<R>::new(config)), Boxed::new(Exporter::<R>::new(config)))
}

const A_CLIENT: &str = "it is a client's: the storm's people call the daemons themselves";

/// Why the storm cannot kill a mutant of the checker.
const BEYOND: [(&str, &str); 12] = [
    ("M-16", "it is in the registry of a device's operations: the storm has one operation a side"),
    ("M-27", A_CLIENT),
    ("M-28", A_CLIENT),
    ("M-31", A_CLIENT),
    ("M-32", "it is in the order in which a disk makes things durable: the storm's disks are outcomes"),
    ("M-39", "it takes an importer that names no features"),
    ("M-44", "it is in the registry of a device's operations: the storm has one operation a side"),
    ("M-46", "it takes an exporter that ends the channel behind the archive"),
    ("M-52", A_CLIENT),
    ("M-53", A_CLIENT),
    ("M-54", "it takes a directory that repeats a request: the storm's devices are dialled once"),
    ("M-55", "it is in the registry of a device's operations: the storm has one operation a side"),
];

impl Mutant {
    /// All that the storm can be asked for.
    pub fn all() -> Vec<Self> {
        let checked = MUTANTS.iter().filter(|mutant| Self::beyond(mutant.id).is_none()).filter_map(|mutant| {
            let sides = mutant.sides()?;
            Some(Self { id: mutant.id, broken: mutant.broken, sides, durations: |_| {} })
        });
        let wrong = Self {
            id: "M-51a",
            broken: "A timer has a wrong duration.",
            sides: sides::<handfast::rules::AllRules>,
            durations: |durations| durations.authenticate = durations.of(Timer::Token, 0) * 2,
        };
        checked.chain([wrong]).chain(TIMERS).collect()
    }

    /// The mutant of this id.
    pub fn find(id: &str) -> Option<Self> {
        Self::all().into_iter().find(|mutant| mutant.id == id)
    }

    /// Why the storm cannot kill it.
    pub fn beyond(id: &str) -> Option<&'static str> {
        BEYOND.iter().find(|(mutant, _)| *mutant == id).map(|(_, why)| *why)
    }

    /// An engine with it.
    pub fn engine(&self) -> Engine<AnyImport, AnyExport> {
        let mut engine = Engine::new(self.sides);
        (self.durations)(&mut engine.durations);
        engine
    }

    /// Looks for the first seed that kills it, and shrinks that schedule. `None`: it survives.
    pub fn hunt(&self, seeds: Range<u64>) -> Option<Kill> {
        let engine = self.engine();
        let watch = Watch { trace: false, cover: false, ..Watch::ALL };
        let first = seeds.start;
        seeds.into_iter().find_map(|seed| {
            let schedule = Schedule::draw(seed, &Class::ALL);
            engine.run(&schedule, watch).broken?;
            let (law, schedule) = shrink(&engine, &schedule)?;
            let steps = engine.run(&schedule, watch).actions;
            Some(Kill { mutant: self.id, seeds: seed - first + 1, law, schedule, steps })
        })
    }
}
