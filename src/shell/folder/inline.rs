//! The same without threads: every step is carried out on the calling thread, at once. For simulations and tests, whose runs it makes
//! repeatable, and for memory file systems.

use std::{
    io::{self, Read, Seek},
    sync::Arc,
};

use super::{
    ladder::{begin, check},
    source::{FileSource, fill},
    transfer::gone,
};
use crate::{
    archive::{self, Follower, Fs, Installed, Kdf, PrivateKey, Terms, Text, UnixTime},
    operations::LocalId,
    outcome::{AccountId, Scheme},
    secret::Secret,
    shell::storage::{self, Buffer, CheckError, Opening},
};

/// A folder of accounts, for one import.
pub struct InlineStore<F: Fs> {
    store: archive::Store<F>,
    kdf: Arc<dyn Kdf>,
    terms: Terms,
    now: UnixTime,
    device: Option<PrivateKey>,
}

impl<F: Fs> InlineStore<F> {
    /// Accounts will be installed into `store`, for a new device with this key. Archives of at most `max_archive` bytes are taken, whose
    /// certificates are valid `now`.
    pub fn new(
        store: archive::Store<F>,
        kdf: Arc<dyn Kdf>,
        device: PrivateKey,
        max_archive: u64,
        now: UnixTime,
    ) -> Self {
        Self { store, kdf, terms: Terms::at(now).with_max_text(max_archive), now, device: Some(device) }
    }
}

impl<F: Fs> storage::Store for InlineStore<F> {
    type Staging = InlineStaging<F>;
    type Installed = Installed;

    async fn begin(&mut self, id: LocalId, credentials: Secret) -> io::Result<InlineStaging<F>> {
        let device = self.device.take().ok_or_else(gone)?;
        let (staging, follower) = begin(&self.store, id, &credentials, &*self.kdf, self.terms)?;
        Ok(InlineStaging { staging, follower, device, now: self.now })
    }

    async fn remove(&mut self, installed: &Installed) -> io::Result<()> {
        Ok(self.store.remove(installed.id)?)
    }
}

/// An archive that arrives in an [`InlineStore`].
pub struct InlineStaging<F: Fs> {
    staging: archive::Staging<F>,
    follower: Follower<F>,
    device: PrivateKey,
    now: UnixTime,
}

impl<F: Fs> storage::Staging for InlineStaging<F> {
    type Complete = InlineComplete<F>;

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        Ok(self.staging.write(bytes)?)
    }

    async fn complete(self) -> io::Result<InlineComplete<F>> {
        let Self { staging, follower, device, now } = self;
        Ok(InlineComplete { complete: staging.complete()?, follower, device, now })
    }

    async fn discard(self) {}
}

/// An archive all of which is in an [`InlineStore`].
pub struct InlineComplete<F: Fs> {
    complete: archive::Complete<F>,
    follower: Follower<F>,
    device: PrivateKey,
    now: UnixTime,
}

impl<F: Fs> storage::Complete for InlineComplete<F> {
    type Checked = InlineChecked<F>;

    async fn check(self) -> Result<InlineChecked<F>, CheckError> {
        let Self { complete, follower, device, now } = self;
        Ok(InlineChecked { checked: check(complete, || follower.see())?, device, now })
    }

    async fn discard(self) {}
}

/// A sound archive in an [`InlineStore`].
pub struct InlineChecked<F: Fs> {
    checked: archive::Checked<F>,
    device: PrivateKey,
    now: UnixTime,
}

impl<F: Fs> storage::Checked for InlineChecked<F> {
    type Installed = Installed;

    fn account(&self) -> AccountId {
        self.checked.summary().account
    }

    async fn install(self) -> io::Result<Installed> {
        Ok(self.checked.install(self.device, self.now)?)
    }

    async fn discard(self) {}
}

/// An archive in a file, which every try opens anew.
pub struct InlineSource<F>(FileSource<F>);

impl<F> InlineSource<F> {
    /// The same archive.
    pub fn new(source: FileSource<F>) -> Self {
        Self(source)
    }
}

impl<F> Clone for InlineSource<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F: Read + Seek + Send + 'static> storage::Source for InlineSource<F> {
    type Reader = InlineReader<F>;

    fn scheme(&self) -> Scheme {
        self.0.scheme()
    }

    async fn open(&mut self, password: Secret) -> Opening<InlineReader<F>> {
        match self.0.open_here(&password) {
            Opening::Opened((length, text)) => Opening::Opened(InlineReader { length, text }),
            Opening::Wrong => Opening::Wrong,
            Opening::Unreadable(error) => Opening::Unreadable(error),
        }
    }
}

/// An archive that an [`InlineSource`] opened.
pub struct InlineReader<F> {
    length: u64,
    text: Text<F>,
}

impl<F: Read + Seek + Send + 'static> storage::Reader for InlineReader<F> {
    fn length(&self) -> u64 {
        self.length
    }

    async fn next(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        fill(buffer, &mut self.text)
    }
}
