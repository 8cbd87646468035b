//! The shell: carries out what the reducers decide, over tokio. Nothing of the protocol is decided here.
//!
//! [`import`] and [`export`] are the two entries. Each gives a handle for the client's calls, the signals as [`Notice`]s, and a future
//! that is the operation: it has to be polled, and dropping it drops the link, wipes what was staged and signals nothing. One task owns
//! a reducer; every connection, and the storage, is a task of its own that talks with it over bounded queues.
//!
//! The environment is given in: who reaches whom ([`rendezvous`]), where archives are ([`storage`]), identities, the
//! wall clock and randomness ([`Random`]). Time is tokio's, so that it may be a paused or a simulated one.

mod export;
pub mod folder;
#[cfg(feature = "opendht")]
pub(crate) mod ice;
pub mod identity;
mod import;
mod link;
mod notice;
mod random;
pub mod rendezvous;
mod slots;
pub mod storage;
mod tasks;
mod tcp;
mod timers;
pub mod tls;
#[cfg(test)]
mod walk;
mod wiring;

pub use self::{
    export::{ExportEnv, ExportHandle, ExportOptions, ExportReducers, Look, export, export_by, export_under},
    import::{
        ImportEnv, ImportHandle, ImportIdentity, ImportOptions, ImportReducer, ImportReport, Imports, import, import_by,
    },
    notice::{Cause, Notice, Progress, Recorder},
    random::{Random, SystemRandom},
    slots::Slots,
};
