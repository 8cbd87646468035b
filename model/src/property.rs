//! The checks: properties, the judgement of each step, goals, mutants, and systems that are asked for them.

pub mod again;
pub(crate) mod claims;
pub mod clients;
pub(crate) mod deleted;
pub mod documented;
pub mod flaws;
pub mod follow;
pub(crate) mod goals;
pub(crate) mod holds;
pub(crate) mod judge;
pub mod judged;
pub mod legacy_clients;
pub mod legacy_rows;
pub mod mutants;
pub mod pairs;
pub mod players;
pub mod properties;
pub(crate) mod reasons;
pub(crate) mod sends;
pub mod stated;
pub(crate) mod visible;
pub mod weaknesses;
pub mod without;
