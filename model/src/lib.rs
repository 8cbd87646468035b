//! The checker: the shipped reducers in an environment that does its worst, and every reachable state of them looked at.

#![forbid(unsafe_code)]

pub mod document;
pub mod explorer;
pub mod property;
pub mod report;
pub mod system;

pub use self::{
    system::{action, config, device, legacy, side, steps, world},
    explorer::{explore, liveness, second},
    property::{again, clients, documented, flaws, follow, judged, legacy_clients, legacy_rows, mutants, pairs, players, properties, weaknesses, without},
    document::{diagram, sequence, svg},
    report::{abstraction, api, check, divergences, hunt, matrix, observed, refinement, rows, walk},
};
pub(crate) use self::{
    system::{cause, link, seen},
    property::{claims, goals, judge, visible},
    report::{checked_clients},
};
