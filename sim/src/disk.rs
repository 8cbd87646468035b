//! The importer's disk: the library's store on a file system in memory, slow and, where planned, bad.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast::{
    archive::{Fs as _, InsecureKdf, MemoryFs, Store},
    limits::DEFAULT_MAX_ARCHIVE,
    operations::LocalId,
    outcome::AccountId,
    secret::Secret,
    shell::{
        folder::{InlineSink, InlineStaging, InlineStore, Installed},
        storage,
    },
};
use tokio::time::{Duration, sleep};

use crate::{
    fixture::{NOW, new_device},
    plan::Planted,
};

/// The folder of accounts.
pub(crate) const ROOT: &str = "/accounts";

/// The importer's store.
pub(crate) struct Accounts {
    store: InlineStore<MemoryFs>,
    disk: Disk,
}

#[derive(Clone)]
struct Disk {
    fs: MemoryFs,
    /// How long it takes to check, and to install.
    work: Duration,
    planted: Option<Planted>,
}

impl Disk {
    /// Leaves something behind.
    fn litter(&self) {
        if self.planted == Some(Planted::LitteringStore) {
            // What cannot be littered is clean.
            let _ = self.fs.create_folder(&Path::new(ROOT).join(".staging-litter"));
        }
    }
}

/// Opens the store, which a start of the device does first.
pub(crate) fn open(fs: &MemoryFs) -> io::Result<Store<MemoryFs>> {
    Ok(Store::open_in(fs.clone(), PathBuf::from(ROOT))?)
}

impl Accounts {
    pub(crate) fn open(fs: &MemoryFs, work: Duration, planted: Option<Planted>) -> io::Result<Self> {
        let store = InlineStore::new(open(fs)?, Arc::new(InsecureKdf), new_device(), DEFAULT_MAX_ARCHIVE, NOW);
        Ok(Self { store, disk: Disk { fs: fs.clone(), work, planted } })
    }
}

impl storage::Store for Accounts {
    type Sink = InlineSink<MemoryFs>;
    type Staging = Staging;
    type Installed = Installed;

    async fn begin(&mut self, id: LocalId, credentials: Secret) -> io::Result<(Self::Sink, Staging)> {
        let (sink, staging) = self.store.begin(id, credentials).await?;
        Ok((sink, Staging { staging, disk: self.disk.clone() }))
    }

    async fn remove(&mut self, installed: &Installed) -> io::Result<()> {
        self.store.remove(installed).await
    }
}

/// A staged archive.
pub(crate) struct Staging {
    staging: InlineStaging<MemoryFs>,
    disk: Disk,
}

impl storage::Staging for Staging {
    type Installed = Installed;

    async fn check(&mut self) -> Result<AccountId, storage::CheckError> {
        sleep(self.disk.work).await;
        assert!(self.disk.planted != Some(Planted::Panic), "a planted panic");
        self.staging.check().await
    }

    async fn install(self) -> io::Result<Installed> {
        sleep(self.disk.work).await;
        let installed = self.staging.install().await?;
        self.disk.litter();
        match self.disk.planted {
            Some(Planted::ForgetfulStore) => self.disk.fs.remove_folder(&installed.path)?,
            Some(Planted::SecretiveStore) => return Err(io::Error::other("a planted lie")),
            Some(Planted::LitteringStore | Planted::Leak | Planted::Panic) | None => {}
        }
        Ok(installed)
    }

    async fn discard(self) {
        self.staging.discard().await;
        self.disk.litter();
    }
}
