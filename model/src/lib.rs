//! The checker: the shipped reducers in an environment that does its worst, and every reachable state of them looked at.

#![forbid(unsafe_code)]

pub mod document;
pub mod explorer;
pub mod intruder;
pub mod property;
pub mod report;
pub mod system;

pub use self::{
    document::{diagram, narration, sequence, svg},
    explorer::{explore, liveness, second},
    property::{
        again, clients, documented, flaws, follow, judged, legacy_clients, legacy_rows, mutants, pairs, players,
        properties, stated, weaknesses, without,
    },
    report::{
        abstraction, api, check, connection, divergences, history, hunt, matrix, observed, reducers, refinement, rows,
        stable, walk, walkable, witness, written,
    },
    system::{action, config, counted::counted, device, legacy, side, steps, world},
};

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
