//! The results of checks: verdicts, hunts, comparisons with the documents and with observed links.

pub mod abstraction;
pub(crate) mod adapter;
pub mod api;
pub mod check;
pub(crate) mod checked_clients;
pub mod connection;
pub mod divergences;
pub mod history;
pub mod hunt;
pub mod matrix;
pub mod observed;
pub mod reducers;
pub mod refinement;
pub mod rows;
pub mod stable;
pub(crate) mod summary;
pub mod walk;
pub mod walkable;
pub mod witness;
pub mod written;

pub use self::summary::*;
