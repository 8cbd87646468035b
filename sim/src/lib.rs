//! The simulator of the link protocol: whole sessions of the shell's public entry in virtual time, with faults, from a seed.
//!
//! A [`Scenario`] names a fault and what has to come of it. With a seed it gives a [`Plan`]: every option of one session, drawn,
//! printable, and replayable without the seed. [`run`] carries a plan out and judges it; [`campaign`] does so for a table of
//! scenarios and a range of seeds.
//!
//! Two worlds carry the sessions, TLS included. In [`World::Hosts`] (`turmoil`) hosts crash and links are partitioned or held; its
//! TCP sends nothing twice, so that a lost segment is a link that hangs. In [`World::Packets`] (`turmoil-net`) packets are lost and
//! TCP survives it. Archives are real, and opened and sealed by the library with a key derivation that costs nothing; disks are in
//! memory and forget at a crash what was not synced.

mod campaign;
mod draw;
pub mod event;
mod mutants;
mod parts;
mod point;
mod replay;
mod shell;

pub use self::{
    campaign::Shard,
    parts::{Part, parts},
    point::Point,
    replay::{Diverged, Replayed, replay},
    shell::{
        Allowed, Compared, DiskFault, Ends, Enemy, Fate, Fault, Found, Kill, Mischief, Mutant, NoScenario, Options,
        Plan, Planted, Progress, Report, Row, Rule, Run, Scenario, Spot, Spread, StreamFault, Verdict, Violation, What,
        World, campaign, run,
    },
};

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
