//! The explorers: level by level over every state, what has to happen in a complete graph, and the second engine.

pub(crate) mod bisimulation;
pub mod explore;
pub mod levels;
pub mod liveness;
pub mod second;
