//! The system: two reducers and what surrounds them. Nothing here knows what is checked.

pub mod action;
pub(crate) mod cause;
pub mod config;
pub mod counted;
pub(crate) mod crash;
pub mod device;
pub mod legacy;
pub(crate) mod link;
pub(crate) mod seen;
pub mod side;
pub mod stated;
pub mod steps;
pub(crate) mod transitions;
pub mod world;

pub(crate) use self::transitions::{Aim, Observer, Turn};
pub use self::transitions::{State, System};
