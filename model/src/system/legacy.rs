//! Today's daemon as two reducers, row by row as `docs/legacy/daemon.md` tells it: what a hardened peer has to get on with.
//!
//! Nothing that ships uses them. What that daemon does in several steps, with others in between, is several steps here too: the
//! steps of its own ([`Side::inner`](crate::system::side::Side::inner)) are what it has posted to a loop or a worker.

pub mod export;
pub mod import;
mod rows;

pub use self::{export::Exporter, import::Importer, rows::Rows};
