//! Today's daemon as two reducers, row by row as in `docs/legacy/daemon.md`: the peer that a hardened one has to get on with.
//!
//! Nothing that ships uses them. Where that daemon takes several steps, with others in between, these take several too: the
//! steps of its own ([`Side::inner`](crate::system::side::Side::inner)) are what it has posted to a loop or a worker.

mod change;
pub mod export;
pub mod import;
mod rows;

pub use self::{
    change::{Change, Changes},
    export::Exporter,
    import::Importer,
    rows::Rows,
};
