//! The shell's public entry in virtual time: whole sessions, TLS included, in the worlds of turmoil.

mod attack;
mod begin;
mod campaign;
mod carry_out;
mod compared;
mod disk;
mod draw;
mod ends;
mod enemy;
pub(crate) mod fixture;
mod hosts;
mod judge;
mod late_subscriber;
mod mutants;
mod packets;
mod plan;
mod rendezvous;
mod rule;
mod run;
mod scenario;
mod scene;
mod side;
mod source;
mod stored;
mod stream;
mod wires;

pub use self::{
    campaign::{Ends, Found, Options, Progress, Report, Row, Spread, Verdict, campaign},
    carry_out::run,
    compared::Compared,
    ends::Allowed,
    enemy::{Enemy, Mischief},
    mutants::{Kill, Mutant},
    plan::{DiskFault, Fault, Plan, Planted, Spot, StreamFault, What},
    rule::{Rule, Violation},
    run::Run,
    scenario::{Fate, NoScenario, Scenario, World},
};
