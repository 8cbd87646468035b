//! The same without threads: everything is done where it is asked for, at once. For simulations and tests, where it makes runs repeat
//! themselves, and for memory file systems.

use std::{
    io::{self, Read, Seek},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    kept::{Installed, Kept, Look, gone},
    source::{FileSource, fill},
};
use crate::{
    archive::{self, Follower, Fs, Kdf, PrivateKey, Terms, Text, UnixTime},
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
    type Sink = InlineSink<F>;
    type Staging = InlineStaging<F>;
    type Installed = Installed;

    async fn begin(&mut self, id: LocalId, credentials: Secret) -> io::Result<(InlineSink<F>, InlineStaging<F>)> {
        let device = self.device.take().ok_or_else(gone)?;
        let look = |follower: Follower<F>| Ok(Box::new(|| follower.see()) as Look);
        let kept = Kept::begin(&self.store, id, &credentials, &*self.kdf, self.terms, look)?;
        let kept = Arc::new(Mutex::new(kept));
        let sink = InlineSink { kept: kept.clone() };
        let (store, now) = (self.store.clone(), self.now);
        Ok((sink, InlineStaging { kept, store, id, now, device }))
    }

    async fn remove(&mut self, installed: &Installed) -> io::Result<()> {
        Ok(self.store.remove(installed.id)?)
    }
}

/// Takes an archive for an [`InlineStore`].
pub struct InlineSink<F: Fs> {
    kept: Arc<Mutex<Kept<F>>>,
}

impl<F: Fs> storage::Sink for InlineSink<F> {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        with(&self.kept, |kept| kept.write(bytes))
    }

    async fn complete(self) -> io::Result<()> {
        with(&self.kept, Kept::complete)
    }
}

/// An archive that an [`InlineStore`] stages.
pub struct InlineStaging<F: Fs> {
    kept: Arc<Mutex<Kept<F>>>,
    store: archive::Store<F>,
    id: LocalId,
    now: UnixTime,
    device: PrivateKey,
}

impl<F: Fs> storage::Staging for InlineStaging<F> {
    type Installed = Installed;

    async fn check(&mut self) -> Result<AccountId, CheckError> {
        with(&self.kept, Kept::check)
    }

    async fn install(self) -> io::Result<Installed> {
        with(&self.kept, |kept| kept.install(&self.store, self.id, self.device, self.now))
    }

    async fn discard(self) {
        with(&self.kept, |kept| *kept = Kept::Gone);
    }
}

fn with<F: Fs, T>(kept: &Mutex<Kept<F>>, act: impl FnOnce(&mut Kept<F>) -> T) -> T {
    act(&mut kept.lock().unwrap_or_else(PoisonError::into_inner))
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
