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
        folder::{InlineChecked, InlineComplete, InlineStaging, InlineStore, Installed},
        storage,
    },
};
use tokio::time::{Duration, sleep};

use super::{
    fixture::{NOW, new_device},
    plan::Planted,
    scene::Scene,
};

/// The folder of accounts.
pub(crate) const ROOT: &str = "/accounts";

/// The importer's store.
pub(crate) struct Accounts {
    store: InlineStore<MemoryFs>,
    disk: Disk,
}

#[derive(Clone)]
struct Disk(Arc<Scene>);

impl Disk {
    /// It takes time to check, and to install.
    async fn work(&self) {
        sleep(Duration::from_millis(self.0.plan.work_ms.0)).await;
    }

    /// Returns the result of an operation. After a crash of the machine there is none.
    async fn came<T>(&self, result: T) -> T {
        if self.0.fs.is_crashed() {
            self.0.die_at_its_disk();
            return std::future::pending().await;
        }
        result
    }

    /// The staged archive is discarded.
    async fn discarded(&self) {
        self.came(()).await;
        self.litter();
    }

    fn planted(&self) -> Option<Planted> {
        self.0.plan.planted
    }

    /// Leaves something after.
    fn litter(&self) {
        if self.planted() == Some(Planted::LitteringStore) {
            // A disk that cannot be littered is clean.
            let _ = self.0.fs.create_folder(&Path::new(ROOT).join(".staging-litter"));
        }
    }
}

/// Opens the store, which a start of the device does first.
pub(crate) fn open(fs: &MemoryFs) -> io::Result<Store<MemoryFs>> {
    Ok(Store::open_in(fs.clone(), PathBuf::from(ROOT))?)
}

impl Accounts {
    pub(crate) fn open(scene: &Arc<Scene>) -> io::Result<Self> {
        let store = open(&scene.fs)?;
        let store = InlineStore::new(store, Arc::new(InsecureKdf), new_device(), DEFAULT_MAX_ARCHIVE, NOW);
        Ok(Self { store, disk: Disk(scene.clone()) })
    }
}

impl storage::Store for Accounts {
    type Staging = Staging;
    type Installed = Installed;

    async fn begin(&mut self, id: LocalId, credentials: Secret) -> io::Result<Staging> {
        let begun = self.store.begin(id, credentials).await;
        Ok(Staging { staging: self.disk.came(begun).await?, disk: self.disk.clone() })
    }

    async fn remove(&mut self, installed: &Installed) -> io::Result<()> {
        let removed = self.store.remove(installed).await;
        self.disk.came(removed).await
    }
}

/// An archive that is arriving.
pub(crate) struct Staging {
    staging: InlineStaging<MemoryFs>,
    disk: Disk,
}

impl storage::Staging for Staging {
    type Complete = Complete;

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.staging.write(bytes).await;
        self.disk.came(written).await
    }

    async fn complete(self) -> io::Result<Complete> {
        let completed = self.staging.complete().await;
        let complete = self.disk.came(completed).await.inspect_err(|_| self.disk.litter())?;
        Ok(Complete { complete, disk: self.disk })
    }

    async fn discard(self) {
        self.staging.discard().await;
        self.disk.discarded().await;
    }
}

/// An archive that has arrived.
pub(crate) struct Complete {
    complete: InlineComplete<MemoryFs>,
    disk: Disk,
}

impl storage::Complete for Complete {
    type Checked = Checked;

    async fn check(self) -> Result<Checked, storage::CheckError> {
        self.disk.work().await;
        assert!(self.disk.planted() != Some(Planted::Panic), "a planted panic");
        let checked = self.complete.check().await;
        let checked = self.disk.came(checked).await.inspect_err(|_| self.disk.litter())?;
        Ok(Checked { checked, disk: self.disk })
    }

    async fn discard(self) {
        self.complete.discard().await;
        self.disk.discarded().await;
    }
}

/// A sound archive.
pub(crate) struct Checked {
    checked: InlineChecked<MemoryFs>,
    disk: Disk,
}

impl storage::Checked for Checked {
    type Installed = Installed;

    fn account(&self) -> AccountId {
        self.checked.account()
    }

    async fn install(self) -> io::Result<Installed> {
        self.disk.work().await;
        let installed = self.checked.install().await;
        let installed = self.disk.came(installed).await?;
        self.disk.litter();
        match self.disk.planted() {
            Some(Planted::ForgetfulStore) => self.disk.0.fs.remove_folder(&installed.path)?,
            Some(Planted::SecretiveStore) => return Err(io::Error::other("a planted lie")),
            _ => {}
        }
        Ok(installed)
    }

    async fn discard(self) {
        self.checked.discard().await;
        self.disk.discarded().await;
    }
}
