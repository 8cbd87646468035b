//! An archive on its way into a folder, one step after the other, on the calling thread.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use crate::{
    archive::{
        Checked, Configuration, Follower, Fs, Kdf, OpenError, Password, PrivateKey, Seal, Seen, Staged, Staging, Store,
        Terms, UnixTime,
    },
    operations::LocalId,
    outcome::{AccountId, Scheme},
    secret::Secret,
    shell::storage::CheckError,
};

/// An account that was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its name on this device.
    pub id: LocalId,
    /// Its short id.
    pub account: AccountId,
    /// Where its files are.
    pub path: PathBuf,
    /// How its archive is protected (R-ARC-5).
    pub protection: Scheme,
    /// Bytes of the archive's text.
    pub length: u64,
    /// The configuration that was applied, by name (R-ARC-1).
    pub applied: BTreeMap<String, String>,
    /// The names of all configuration in the archive. What is not applied is kept.
    pub configuration: Configuration,
}

/// Gives what a [`Follower`] sees, which has all of the archive before it then.
pub(super) type Look = Box<dyn FnOnce() -> Result<Seen, OpenError> + Send>;

/// How far it is. Dropped, it is wiped, and a step that is not due wipes it too.
#[derive(Default)]
pub(super) enum Kept<F: Fs> {
    Receiving(Box<Staging<F>>, Look),
    Staged(Staged<F>, Look),
    Checked(Box<Checked<F>>),
    #[default]
    Gone,
}

impl<F: Fs> Kept<F> {
    /// `look` decides where the follower does its work.
    pub(super) fn begin(
        store: &Store<F>,
        id: LocalId,
        credentials: &Secret,
        kdf: &dyn Kdf,
        terms: Terms,
        look: impl FnOnce(Follower<F>) -> io::Result<Look>,
    ) -> io::Result<Self> {
        let seal = Seal::new(&Password::new(credentials.as_bytes()), kdf).map_err(io::Error::other)?;
        let staging = store.begin(id, seal)?;
        let look = look(staging.follow(terms)?)?;
        Ok(Self::Receiving(Box::new(staging), look))
    }

    pub(super) fn write(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Receiving(staging, _) => Ok(staging.write(text)?),
            Self::Staged(..) | Self::Checked(_) | Self::Gone => Err(gone()),
        }
    }

    pub(super) fn complete(&mut self) -> io::Result<()> {
        match std::mem::take(self) {
            Self::Receiving(staging, look) => {
                *self = Self::Staged(staging.complete()?, look);
                Ok(())
            }
            Self::Staged(..) | Self::Checked(_) | Self::Gone => Err(gone()),
        }
    }

    pub(super) fn check(&mut self) -> Result<AccountId, CheckError> {
        match std::mem::take(self) {
            Self::Staged(staged, look) => {
                let path = staged.path();
                let checked =
                    look().and_then(|seen| staged.confirm(seen)).map_err(|error| match error.is_about_content() {
                        true => CheckError::Unsound(error.into()),
                        // It is not the file's.
                        false if matches!(error, OpenError::Date(_)) => CheckError::Unreadable(error.into()),
                        false => CheckError::Unreadable(with_path(&path)(error.into())),
                    })?;
                let account = checked.summary().account;
                *self = Self::Checked(Box::new(checked));
                Ok(account)
            }
            Self::Receiving(..) | Self::Checked(_) | Self::Gone => Err(CheckError::Unreadable(gone())),
        }
    }

    pub(super) fn install(
        &mut self,
        store: &Store<F>,
        id: LocalId,
        device: PrivateKey,
        now: UnixTime,
    ) -> io::Result<Installed> {
        match std::mem::take(self) {
            Self::Checked(checked) => {
                let summary = checked.summary().clone();
                checked.install(device, now)?;
                Ok(Installed {
                    id,
                    account: summary.account,
                    path: store.folder(id),
                    protection: summary.protection,
                    length: summary.length,
                    applied: summary.applied,
                    configuration: summary.configuration,
                })
            }
            Self::Receiving(..) | Self::Staged(..) | Self::Gone => Err(gone()),
        }
    }
}

/// The other end, or what was asked for, is gone.
pub(super) fn gone() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

/// Says on which file something failed.
pub(super) fn with_path(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
