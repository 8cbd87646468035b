//! Mutants and the engines that find them.

use std::time::Instant;

use serde::Serialize;

use crate::{
    check::Verdict,
    config::Size,
    explore::Limits,
    mutants::{Kill, Mutant},
    second::{self, Confirmed},
};

/// What each engine says of a mutant.
#[derive(Clone, Debug, Serialize)]
pub struct Hunted {
    /// What our explorer says.
    #[serde(flatten)]
    pub kill: Kill,
    /// What `stateright` says.
    pub stateright: Confirmed,
    /// How long each took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Seconds>,
}

/// How long each engine took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seconds {
    /// Our explorer.
    pub own: f64,
    /// `stateright`.
    pub stateright: f64,
}

impl Hunted {
    /// Hunts a mutant with both engines. Where they disagree nothing is said.
    pub fn new(mutant: &Mutant, size: Size, limits: Limits) -> Self {
        let began = Instant::now();
        let mut kill = mutant.hunt(size, limits);
        let own = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let stateright = match (&kill.row.verdict, mutant.system(size)) {
            // What goes on for ever, and what takes two links or clients, is for our explorer alone.
            (Verdict::Violated { steps, cycle: 0 }, Some(system)) if system.configuration().is_plain() => {
                second::confirm(&system, mutant.property.id(), *steps)
            }
            _ => Confirmed::NotAsked,
        };
        let seconds = Some(Seconds { own, stateright: began.elapsed().as_secs_f64() });
        if stateright == Confirmed::Otherwise {
            kill.row.verdict = Verdict::Inconclusive { why: format!("the engines disagree: {}", kill.row.verdict) };
        }
        Self { kill, stateright, seconds }
    }

    /// Whether it was found.
    pub const fn is_killed(&self) -> bool {
        self.kill.row.verdict.is_violated()
    }
}
