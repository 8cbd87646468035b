//! The importer's disk: the library's store on a file system in memory, without threads.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use handfast::{
    archive::{self, Fs, InsecureKdf, MemoryFs, Password, Seal, Terms},
    import::Check,
    operations::LocalId,
    secret::Secret,
    shell::storage,
};
use tokio::time::{Duration, sleep};

use crate::{
    fixture::{NOW, new_device},
    plan::Planted,
};

/// The folder of accounts.
pub(crate) const ROOT: &str = "accounts";

/// The importer's store.
pub(crate) struct Accounts {
    fs: MemoryFs,
    store: archive::Store<MemoryFs>,
    /// How long it takes to check, and to install.
    work: Duration,
    planted: Option<Planted>,
}

impl Accounts {
    pub(crate) fn open(fs: MemoryFs, work: Duration, planted: Option<Planted>) -> io::Result<Self> {
        let store = archive::Store::open_in(fs.clone(), ROOT).map_err(io::Error::other)?;
        Ok(Self { fs, store, work, planted })
    }
}

/// An archive on its way to an account. The sink and the operation share it.
enum Stage {
    Arriving(Box<archive::Staging<MemoryFs>>),
    Arrived(archive::Staged<MemoryFs>),
    Checked(Box<archive::Checked<MemoryFs>>),
    Gone,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Stage>>);

impl Shared {
    fn take(&self) -> Stage {
        std::mem::replace(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), Stage::Gone)
    }

    fn put(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }
}

impl storage::Store for Accounts {
    type Sink = Sink;
    type Staging = Staging;
    type Installed = archive::LocalId;

    async fn begin(&mut self, id: LocalId, credentials: Secret) -> io::Result<(Sink, Staging)> {
        let seal = Seal::new(&Password::new(credentials.as_bytes()), &InsecureKdf).map_err(io::Error::other)?;
        let id = archive::LocalId::from_number(id.0);
        let staging = self.store.begin(id, seal).map_err(io::Error::other)?;
        let shared = Shared(Arc::new(Mutex::new(Stage::Arriving(Box::new(staging)))));
        let staging = Staging { shared: shared.clone(), fs: self.fs.clone(), work: self.work, planted: self.planted };
        Ok((Sink(shared), staging))
    }

    async fn remove(&mut self, installed: &archive::LocalId) -> io::Result<()> {
        self.store.remove(*installed).map_err(io::Error::other)
    }
}

/// Takes the text.
pub(crate) struct Sink(Shared);

impl storage::Sink for Sink {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Stage::Arriving(staging) => staging.write(bytes).map_err(io::Error::other),
            Stage::Arrived(_) | Stage::Checked(_) | Stage::Gone => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    async fn complete(self) -> io::Result<()> {
        match self.0.take() {
            Stage::Arriving(staging) => {
                self.0.put(Stage::Arrived(staging.complete().map_err(io::Error::other)?));
                Ok(())
            }
            Stage::Arrived(_) | Stage::Checked(_) | Stage::Gone => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

/// The operation's half.
pub(crate) struct Staging {
    shared: Shared,
    fs: MemoryFs,
    work: Duration,
    planted: Option<Planted>,
}

impl Staging {
    fn litter(&self) -> io::Result<()> {
        self.fs.create_folder(&Path::new(ROOT).join(".staging-litter"))
    }
}

impl storage::Staging for Staging {
    type Installed = archive::LocalId;

    async fn check(&mut self) -> Check {
        sleep(self.work).await;
        assert!(self.planted != Some(Planted::Panic), "a planted panic");
        let Stage::Arrived(staged) = self.shared.take() else { return Check::Unreadable };
        match staged.check(Terms::at(NOW)) {
            Ok(checked) => {
                let account = checked.summary().account;
                self.shared.put(Stage::Checked(Box::new(checked)));
                Check::Sound(account)
            }
            Err(error) if error.is_about_content() => Check::Unsound,
            Err(_) => Check::Unreadable,
        }
    }

    async fn install(self) -> io::Result<archive::LocalId> {
        sleep(self.work).await;
        let Stage::Checked(checked) = self.shared.take() else { return Err(io::ErrorKind::NotFound.into()) };
        let installed = checked.install(new_device(), NOW).map_err(io::Error::other)?;
        let folder = Path::new(ROOT).join(installed.to_string());
        match self.planted {
            Some(Planted::ForgetfulStore) => self.fs.remove_folder(&folder)?,
            Some(Planted::SecretiveStore) => return Err(io::Error::other("a planted lie")),
            Some(Planted::LitteringStore) => self.litter()?,
            Some(Planted::Leak | Planted::Panic) | None => {}
        }
        Ok(installed)
    }

    async fn discard(self) {
        if self.planted == Some(Planted::LitteringStore) {
            // What cannot be littered is clean.
            let _ = self.litter();
        }
        match self.shared.take() {
            Stage::Arriving(staging) => drop(staging),
            Stage::Arrived(staged) => drop(staged),
            Stage::Checked(checked) => drop(checked),
            Stage::Gone => {}
        }
    }
}
