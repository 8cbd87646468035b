//! The measured functions, in one place: the figures of `handfast bench`, the benches of criterion and the counted instructions all run
//! these functions.
//!
//! A figure is a ratio wherever there is something to compare with, and both run in turns (A B A B), so that what else the machine
//! does is in both of them.

pub mod abstraction;
pub mod archives;
pub mod carrier;
pub mod codec;
pub mod counted;
pub mod engines;
pub mod explorations;
pub mod figure;
pub mod gantt;
pub mod link;
mod rows;
pub mod spread;
pub mod steps;
pub mod stopwatch;
pub mod wire;

pub use self::{
    figure::{Comparison, Effort, Figure, Group, Reach, Scale, Unit},
    gantt::Gantt,
    rows::GROUPS,
    spread::Spread,
};
