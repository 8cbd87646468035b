//! The event engine: the shipped reducers and the codec, driven from event to event in virtual time, without tokio.
//!
//! A [`Schedule`] is everything about one session: people, latencies, sizes, and the faults, each with its place. It is data: drawn
//! from a seed, printed as one line, read back, and carried out without the seed. [`Engine`] carries it out. Bytes travel between
//! the sides: frames and messages, encoded, cut, and decoded by the shipped [`Connection`](handfast::connection::Connection). Timers run as long as
//! the configuration says, for virtual minutes if need be.
//!
//! Every step is followed in the model ([`Follower`](handfast_model::follow::Follower)); when nothing is left to happen, both have to have
//! ended as an allowed pair, with nothing left over.

pub mod attack;
mod below;
mod campaign;
mod compare;
mod coverage;
mod directed;
mod draw;
mod edges;
mod engine;
mod guided;
mod matrix;
mod mutants;
mod regression;
mod relink;
mod schedule;
mod session;
mod shrink;
mod state;
mod words;

pub use self::{
    below::Below,
    campaign::{Found, Outcomes, Sweep, Violation, block, sweep},
    compare::Compare,
    coverage::{Coverage, Walked, beyond, coverage},
    directed::{directed, walk},
    edges::Edges,
    engine::Engine,
    guided::{Sessions, Way, guided},
    matrix::{Cell, Matrix, Pairs, matrix, pairs},
    mutants::{Kill, Mutant},
    regression::Regression,
    schedule::{
        Act, Archive, At, Class, Click, Device, DiskStep, Errand, Fault, Relink, Rival, Schedule, Story, Visit, What,
    },
    shrink::{broken, shrink},
    state::{
        law::{Broken, Law, NoLaw},
        run::{Ran, Watch},
    },
    words::{Word, Words, words},
};
