//! Storage that waits at gates, so that an operation can be met in every state.

use std::{io, sync::Arc};

use handfast::{
    operations::LocalId,
    outcome::{AccountId, Scheme},
    secret::Secret,
    shell::storage::{Buffer, CheckError, Checked, Complete, Opening, Reader, Source, Staging, Store},
};
use tokio::sync::Semaphore;

/// Opens the gate as often as it is asked to.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// One that lets everything through.
    pub fn open() -> Self {
        Self(Arc::new(Semaphore::new(1 << 20)))
    }

    /// One that lets `count` things through.
    pub fn after(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }

    /// Lets everything through from now on.
    pub fn lift(&self) {
        self.0.add_permits(1 << 20);
    }

    async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

/// A source with gates before an opening and before each piece that is read.
#[derive(Clone)]
pub struct GatedSource<S> {
    pub source: S,
    pub opening: Gate,
    pub reading: Gate,
}

impl<S: Source> Source for GatedSource<S> {
    type Reader = GatedReader<S::Reader>;

    fn scheme(&self) -> Scheme {
        self.source.scheme()
    }

    async fn open(&mut self, password: Secret) -> Opening<Self::Reader> {
        self.opening.pass().await;
        match self.source.open(password).await {
            Opening::Opened(reader) => Opening::Opened(GatedReader { reader, gate: self.reading.clone() }),
            Opening::Wrong => Opening::Wrong,
            Opening::Unreadable(error) => Opening::Unreadable(error),
        }
    }
}

pub struct GatedReader<R> {
    reader: R,
    gate: Gate,
}

impl<R: Reader> Reader for GatedReader<R> {
    fn length(&self) -> u64 {
        self.reader.length()
    }

    async fn next(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        self.gate.pass().await;
        self.reader.next(buffer).await
    }
}

/// A store with gates before it begins, before each write, before the check and before the install; and which fails in the end, if asked to.
pub struct GatedStore<S> {
    pub store: S,
    pub beginning: Gate,
    pub writing: Gate,
    pub checking: Gate,
    pub installing: Gate,
    pub fails: Fails,
}

/// The step that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    Nothing,
    Beginning,
    Writing,
    Installing,
}

impl<S> GatedStore<S> {
    /// All gates are open, and nothing fails.
    pub fn new(store: S) -> Self {
        let [beginning, writing, checking, installing] = [(); 4].map(|()| Gate::open());
        Self { store, beginning, writing, checking, installing, fails: Fails::Nothing }
    }
}

impl<S: Store> Store for GatedStore<S> {
    type Staging = GatedStaging<S::Staging>;
    type Installed = S::Installed;

    async fn begin(&mut self, id: LocalId, credentials: Secret) -> io::Result<Self::Staging> {
        self.beginning.pass().await;
        if self.fails == Fails::Beginning {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let staging = self.store.begin(id, credentials).await?;
        let (checking, installing) = (self.checking.clone(), self.installing.clone());
        let later = Later { checking, installing, fails: self.fails };
        Ok(GatedStaging { staging, writing: self.writing.clone(), later })
    }

    async fn remove(&mut self, installed: &Self::Installed) -> io::Result<()> {
        self.store.remove(installed).await
    }
}

/// The values that the steps after the first one need.
struct Later {
    checking: Gate,
    installing: Gate,
    fails: Fails,
}

pub struct GatedStaging<S> {
    staging: S,
    writing: Gate,
    later: Later,
}

impl<S: Staging> Staging for GatedStaging<S> {
    type Complete = GatedComplete<S::Complete>;

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writing.pass().await;
        if self.later.fails == Fails::Writing {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.staging.write(bytes).await
    }

    async fn complete(self) -> io::Result<Self::Complete> {
        Ok(GatedComplete { complete: self.staging.complete().await?, later: self.later })
    }

    async fn discard(self) {
        self.staging.discard().await;
    }
}

pub struct GatedComplete<S> {
    complete: S,
    later: Later,
}

impl<S: Complete> Complete for GatedComplete<S> {
    type Checked = GatedChecked<S::Checked>;

    async fn check(self) -> Result<Self::Checked, CheckError> {
        self.later.checking.pass().await;
        Ok(GatedChecked { checked: self.complete.check().await?, later: self.later })
    }

    async fn discard(self) {
        self.complete.discard().await;
    }
}

pub struct GatedChecked<S> {
    checked: S,
    later: Later,
}

impl<S: Checked> Checked for GatedChecked<S> {
    type Installed = S::Installed;

    fn account(&self) -> AccountId {
        self.checked.account()
    }

    async fn install(self) -> io::Result<S::Installed> {
        self.later.installing.pass().await;
        if self.later.fails == Fails::Installing {
            self.checked.discard().await;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.checked.install().await
    }

    async fn discard(self) {
        self.checked.discard().await;
    }
}
