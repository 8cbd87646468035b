//! Where archives come from and where they go, as traits: folders on a disk, or a simulation's memory.
//!
//! None of these calls may block its thread for long: what does (key derivation, compression, disks) belongs on a thread of its own. All
//! futures are *cancel safe*: dropped before they are done, they leave a state in which dropping the value wipes everything.

use std::{future::Future, io};

use crate::{
    operations::LocalId,
    outcome::{AccountId, Scheme},
    secret::Secret,
};

pub use crate::buffer::Buffer;

/// Where an importing device keeps its accounts. An archive climbs one ladder, each step of which consumes the value before it:
/// [`Staging`], [`Complete`], [`Checked`], [`Store::Installed`]. A value that is dropped on the way, or fails, is wiped.
pub trait Store: Send + 'static {
    /// An archive that is arriving.
    type Staging: Staging<Complete: Complete<Checked: Checked<Installed = Self::Installed>>>;
    /// An installed account.
    type Installed: Send + Sync + 'static;

    /// Begins to stage an archive, sealed with `credentials` from its first byte on (R-MSG-2); without a password if they are empty
    /// (R-ARC-5). `id` names the account on this device.
    ///
    /// # Errors
    /// There is no room, or the place cannot be written: the operation ends in `Storage`.
    fn begin(&mut self, id: LocalId, credentials: Secret) -> impl Future<Output = io::Result<Self::Staging>> + Send;

    /// Removes an account that this operation installed (R-API-3).
    ///
    /// # Errors
    /// It is still there, or a part of it.
    fn remove(&mut self, installed: &Self::Installed) -> impl Future<Output = io::Result<()>> + Send;
}

/// An archive that is arriving.
pub trait Staging: Send + 'static {
    /// All of it.
    type Complete: Complete;

    /// Takes further bytes, or waits until there is room for them. Once a call failed or was dropped, only discarding is left.
    ///
    /// # Errors
    /// They could not be stored.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Ends the archive: done once all of it is staged.
    ///
    /// # Errors
    /// It is not, and nothing of it is left.
    fn complete(self) -> impl Future<Output = io::Result<Self::Complete>> + Send;

    /// Wipes what was staged: done once nothing of it is left.
    fn discard(self) -> impl Future<Output = ()> + Send;
}

/// An archive all of which is staged.
pub trait Complete: Send + 'static {
    /// A sound one.
    type Checked: Checked;

    /// Reads the archive back and checks it (R-IMP-11).
    ///
    /// # Errors
    /// It is no sound archive, or cannot be read; nothing of it is left.
    fn check(self) -> impl Future<Output = Result<Self::Checked, CheckError>> + Send;

    /// Wipes what was staged: done once nothing of it is left.
    fn discard(self) -> impl Future<Output = ()> + Send;
}

/// A staged archive that is sound.
pub trait Checked: Send + 'static {
    /// The account that it becomes.
    type Installed: Send + Sync + 'static;

    /// Returns the account that the archive holds, by its certificate.
    fn account(&self) -> AccountId;

    /// Makes the account durable (R-ARC-4, R-ARC-6): done once a crash cannot lose it.
    ///
    /// # Errors
    /// It is not, and nothing of it is left.
    fn install(self) -> impl Future<Output = io::Result<Self::Installed>> + Send;

    /// Wipes what was staged: done once nothing of it is left.
    fn discard(self) -> impl Future<Output = ()> + Send;
}

/// An archive that is arriving, as a connection has it. Dropping it before it is complete gives it up.
pub(super) trait Sink: Send + 'static {
    /// See [`Staging::write`].
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// See [`Staging::complete`].
    fn complete(self) -> impl Future<Output = io::Result<()>> + Send;
}

/// Why a staged archive is not installed.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It is no sound archive: the peer's fault.
    #[error("what was received is no sound archive: {0}")]
    Unsound(io::Error),
    /// It cannot be read back: this device's fault.
    #[error(transparent)]
    Unreadable(io::Error),
}

/// An account that can be exported. Clones stand for the same one; each try opens it anew.
pub trait Source: Clone + Send + 'static {
    /// An archive that is open.
    type Reader: Reader;

    /// How it is protected.
    fn scheme(&self) -> Scheme;

    /// Goes through an unprotected archive before it is asked for, while the users look at their screens: [`Source::open`] has less to
    /// do then, and the same result. Does nothing by default.
    fn prepare(&mut self) {}

    /// Opens the archive with a password, which is empty where there is none: the first of two passes, which authenticates, inflates,
    /// counts and validates it (R-MSG-2).
    fn open(&mut self, password: Secret) -> impl Future<Output = Opening<Self::Reader>> + Send;
}

/// The result of opening an archive (R-EXP-6).
#[derive(Debug)]
pub enum Opening<R> {
    /// It is good, and ready to be read.
    Opened(R),
    /// The password is wrong.
    Wrong,
    /// It could not be read, or is no archive.
    Unreadable(io::Error),
}

/// An archive that was opened: the second pass.
pub trait Reader: Send + 'static {
    /// Bytes of its text, all of which [`Reader::next`] gives.
    fn length(&self) -> u64;

    /// Replaces what is in `buffer` by the bytes that come next: none at the end. They may be many; a buffer is handed back in to be used
    /// again.
    ///
    /// # Errors
    /// It cannot be read any more, or is not what the first pass saw.
    fn next(&mut self, buffer: &mut Buffer) -> impl Future<Output = io::Result<()>> + Send;
}
