//! Paths through a system in readable form: schedules, diagrams, pictures, the documented sequences.

pub mod diagram;
pub(crate) mod drawn_clients;
mod lines;
pub mod narration;
pub mod sequence;
pub mod svg;
pub(crate) mod words;
