//! The checker's mutants through the storm, and those that only time can tell.

use std::ops::Range;

use handfast::{
    export::Exporter,
    import::Importer,
    limits::{Durations, Timer},
    reducer::Config,
    rules::{AllRules, Rules},
};
use handfast_model::{
    config::Cast,
    legacy,
    mutants::{MUTANTS, rules as checked},
    side::{AnyExport, AnyImport, Boxed},
};
use serde::Serialize;

use super::{Class, Engine, Law, Schedule, Watch, again, engine::Twice, shrink};

/// Two reducers with something broken, or their clock.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// The stable id.
    pub id: &'static str,
    /// What is broken.
    pub broken: &'static str,
    sides: Sides,
    twice: Option<Twice>,
    cast: Cast,
    durations: fn(&mut Durations),
}

/// Makes both sides.
type Sides = fn(Config) -> (AnyImport, AnyExport);

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
            Mutant { id: $id, broken: $broken, sides: sides::<time::$name>, twice: None, cast: Cast::HH, durations: |_| {} },
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
const BEYOND: [(&str, &str); 6] = [
    ("M-27", A_CLIENT),
    ("M-28", A_CLIENT),
    ("M-31", A_CLIENT),
    ("M-32", "it is in the order in which a disk makes things durable: the storm's disks are outcomes"),
    ("M-52", A_CLIENT),
    ("M-53", A_CLIENT),
];

/// Those of the registries of a device's operations: it takes two links to see them.
const DEVICES: [(&str, Twice); 3] =
    [("M-16", again::run::<checked::M16>), ("M-44", again::run::<checked::M44>), ("M-55", again::run::<checked::M55>)];

/// Those that only an old peer shows.
const BESIDE_THE_OLD: [(&str, Cast, Sides); 2] = [
    ("M-39", Cast::LH, |config| {
        (Boxed::new(legacy::Importer::new()), Boxed::new(Exporter::<checked::M39>::new(config)))
    }),
    ("M-46", Cast::HL, |config| {
        (Boxed::new(Importer::<checked::M46>::new(config)), Boxed::new(legacy::Exporter::new()))
    }),
];

impl Mutant {
    /// All that the storm can be asked for.
    pub fn all() -> Vec<Self> {
        let checked = MUTANTS.iter().filter(|mutant| Self::beyond(mutant.id).is_none()).filter_map(|mutant| {
            let twice = DEVICES.iter().find(|(id, _)| *id == mutant.id).map(|(_, twice)| *twice);
            let old = BESIDE_THE_OLD.iter().find(|(id, ..)| *id == mutant.id);
            let (cast, sides) = match (old, twice) {
                (Some(&(_, cast, sides)), _) => (cast, sides),
                (None, Some(_)) => (Cast::HH, sides::<AllRules> as Sides),
                (None, None) => (Cast::HH, mutant.sides()?),
            };
            Some(Self { id: mutant.id, broken: mutant.broken, sides, twice, cast, durations: |_| {} })
        });
        let wrong = Self {
            id: "M-51a",
            broken: "A timer has a wrong duration.",
            sides: sides::<AllRules>,
            twice: None,
            cast: Cast::HH,
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
        (engine.twice, engine.cast) = (self.twice, self.cast);
        (self.durations)(&mut engine.durations);
        engine
    }

    /// Looks for the first seed that kills it, and shrinks that schedule. `None`: it survives.
    pub fn hunt(&self, seeds: Range<u64>) -> Option<Kill> {
        let engine = self.engine();
        let watch = Watch { trace: false, cover: false, ..Watch::ALL };
        let first = seeds.start;
        seeds.into_iter().find_map(|seed| {
            let schedule = Schedule::draw_for(seed, &Class::ALL, self.cast);
            engine.run(&schedule, watch).broken?;
            let (law, schedule) = shrink(&engine, &schedule)?;
            let steps = engine.run(&schedule, watch).actions;
            Some(Kill { mutant: self.id, seeds: seed - first + 1, law, schedule, steps })
        })
    }
}
