//! Storage that waits to be told to go on, so that an operation can be met in every state.

use std::{io, sync::Arc};

use handfast::{
    operations::LocalId,
    outcome::{AccountId, Scheme},
    secret::Secret,
    shell::storage::{Buffer, CheckError, Opening, Reader, Sink, Source, Staging, Store},
};
use tokio::sync::Semaphore;

/// Lets through what it is told to.
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

/// A store with gates before it begins, before each write, before the check and before the install; and which fails in the end, if told to.
pub struct GatedStore<S> {
    pub store: S,
    pub beginning: Gate,
    pub writing: Gate,
    pub checking: Gate,
    pub installing: Gate,
    pub fails: Fails,
}

/// What fails.
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
    type Sink = GatedSink<S::Sink>;
    type Staging = GatedStaging<S::Staging>;
    type Installed = S::Installed;

    async fn begin(&mut self, id: LocalId, credentials: Secret) -> io::Result<(Self::Sink, Self::Staging)> {
        self.beginning.pass().await;
        if self.fails == Fails::Beginning {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let (sink, staging) = self.store.begin(id, credentials).await?;
        let (checking, installing) = (self.checking.clone(), self.installing.clone());
        let sink = GatedSink { sink, gate: self.writing.clone(), fails: self.fails };
        Ok((sink, GatedStaging { staging, checking, installing, fails: self.fails }))
    }

    async fn remove(&mut self, installed: &Self::Installed) -> io::Result<()> {
        self.store.remove(installed).await
    }
}

pub struct GatedSink<S> {
    sink: S,
    gate: Gate,
    fails: Fails,
}

impl<S: Sink> Sink for GatedSink<S> {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.gate.pass().await;
        if self.fails == Fails::Writing {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.sink.write(bytes).await
    }

    async fn complete(self) -> io::Result<()> {
        self.sink.complete().await
    }
}

pub struct GatedStaging<S> {
    staging: S,
    checking: Gate,
    installing: Gate,
    fails: Fails,
}

impl<S: Staging> Staging for GatedStaging<S> {
    type Installed = S::Installed;

    async fn check(&mut self) -> Result<AccountId, CheckError> {
        self.checking.pass().await;
        self.staging.check().await
    }

    async fn install(self) -> io::Result<S::Installed> {
        self.installing.pass().await;
        if self.fails == Fails::Installing {
            self.staging.discard().await;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.staging.install().await
    }

    async fn discard(self) {
        self.staging.discard().await;
    }
}
