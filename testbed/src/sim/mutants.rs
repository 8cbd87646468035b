//! `handfast sim --mutants`: in how many sessions each mutant is found, or why it cannot be.

use std::fmt;

use handfast_model::{counted, mutants::MUTANTS};
use handfast_sim::{
    Mutant,
    event::{self, Way},
};
use serde::Serialize;

use super::engine::{EVENT_SEEDS, Engine};
use crate::progress::Watch;

/// The result for a mutant.
#[derive(Serialize)]
pub(super) struct Hunted {
    mutant: &'static str,
    #[serde(flatten)]
    came: Came,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Came {
    /// It was found in so many sessions, which this shows.
    Found { sessions: u64, by: String },
    /// It cannot be, and why.
    Beyond(&'static str),
    /// It was not, in so many.
    Survives { sessions: u64 },
}

impl Hunted {
    /// Looks for each of them.
    pub(super) fn all(engine: Engine, way: Way, watch: &Watch) -> Vec<Self> {
        let mut ids: Vec<_> = MUTANTS.iter().map(|mutant| mutant.id).collect();
        let timed: Vec<_> =
            event::Mutant::all().iter().map(|mutant| mutant.id).filter(|id| !ids.contains(id)).collect();
        ids.extend(timed);
        watch.expect(ids.len());
        let hunt = |mutant| {
            watch.began(mutant);
            let came = match engine {
                Engine::Turmoil => Came::in_the_shell(mutant),
                Engine::Event => Came::in_events(mutant, way),
            };
            watch.done(mutant);
            Self { mutant, came }
        };
        ids.into_iter().map(hunt).collect()
    }

    /// Whether it was to be found, and was not.
    pub(super) fn survives(&self) -> bool {
        matches!(self.came, Came::Survives { .. })
    }
}

impl Came {
    fn in_the_shell(id: &str) -> Self {
        if let Some(why) = Mutant::beyond(id) {
            return Self::Beyond(why);
        }
        let sessions = Mutant::SESSIONS;
        match Mutant::find(id).and_then(|mutant| mutant.hunt(0..sessions)) {
            Some(kill) => Self::Found {
                sessions: kill.sessions,
                by: format!("{:?} in {} with seed {}", kill.rule, kill.scenario, kill.seed),
            },
            None => Self::Survives { sessions },
        }
    }

    fn in_events(id: &str, way: Way) -> Self {
        if let Some(why) = event::Mutant::beyond(id) {
            return Self::Beyond(why);
        }
        match event::Mutant::find(id).and_then(|mutant| mutant.hunt(way, EVENT_SEEDS)) {
            Some(kill) => {
                Self::Found { sessions: kill.seeds, by: format!("{} in {}", kill.law, counted(kill.steps, "step")) }
            }
            None => Self::Survives { sessions: EVENT_SEEDS.end },
        }
    }
}

impl fmt::Display for Hunted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6}  ", self.mutant)?;
        match &self.came {
            Came::Found { sessions, by } => write!(f, "{:>15}: {by}", counted(*sessions, "session")),
            Came::Beyond(why) => write!(f, "     - not here: {why}"),
            Came::Survives { sessions } => write!(f, "{:>15}: SURVIVES", counted(*sessions, "session")),
        }
    }
}
