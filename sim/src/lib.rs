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

mod begin;
mod board;
mod campaign;
mod disk;
mod draw;
mod enemy;
pub mod event;
mod fixture;
mod hosts;
mod judge;
mod late;
mod meeting;
mod mutants;
mod packets;
mod pairs;
mod plan;
mod point;
mod replay;
mod run;
mod scenario;
mod side;
mod source;
mod stored;
mod stream;

pub use self::{
    campaign::{Ends, Found, Options, Progress, Report, Row, Shard, Spread, Verdict, campaign},
    enemy::{Enemy, Mischief},
    judge::{Rule, Violation},
    mutants::{Kill, Mutant},
    pairs::Allowed,
    plan::{DiskFault, Fault, Plan, Planted, Spot, StreamFault, What, World},
    point::Point,
    replay::{Diverged, Replayed, replay},
    run::{Run, run},
    scenario::{Fate, NoScenario, Scenario},
};
