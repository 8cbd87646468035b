//! Accounts that are imported into a folder.

use std::{io, sync::Arc};

use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, spawn_blocking},
};

use super::{
    BUFFER, QUEUE,
    kept::{Installed, Kept, gone},
};
use crate::{
    archive::{self, Disk, Fs, Kdf, KeyError, KeyKind, PrivateKey, Terms, UnixTime},
    import::Check,
    operations::LocalId,
    secret::Secret,
    shell::storage::{self, Buffer},
};

/// A folder of accounts, for one import.
pub struct FolderStore<F: Fs = Disk> {
    store: archive::Store<F>,
    kdf: Arc<dyn Kdf>,
    terms: Terms,
    now: UnixTime,
    /// The device's new key is made while the user carries the token over.
    device: Option<DeviceKey>,
}

type DeviceKey = JoinHandle<Result<PrivateKey, KeyError>>;

impl<F: Fs> FolderStore<F> {
    /// Accounts will be installed into `store`, with a new device key of this kind. Archives of at most `max_archive` bytes are taken,
    /// whose certificates are valid `now`. Has to be called on a tokio runtime.
    pub fn new(store: archive::Store<F>, kdf: Arc<dyn Kdf>, device: KeyKind, max_archive: u64, now: UnixTime) -> Self {
        let device = spawn_blocking(move || PrivateKey::generate(device));
        Self { store, kdf, terms: Terms::at(now).with_max_text(max_archive), now, device: Some(device) }
    }
}

impl<F: Fs> storage::Store for FolderStore<F> {
    type Sink = FolderSink;
    type Staging = FolderStaging;
    type Installed = Installed;

    async fn begin(&mut self, id: LocalId, credentials: Secret) -> io::Result<(FolderSink, FolderStaging)> {
        let device = self.device.take().ok_or_else(|| io::Error::other("the folder store is for one import"))?;
        let (jobs, wanted) = mpsc::channel(QUEUE);
        let (used, free) = mpsc::channel(QUEUE);
        let thread = Thread { store: self.store.clone(), id, terms: self.terms, now: self.now, jobs: wanted, used };
        let kdf = self.kdf.clone();
        spawn_blocking(move || thread.run(&credentials, &*kdf));
        let sink = FolderSink { jobs: jobs.clone(), free, buffer: Buffer::default() };
        Ok((sink, FolderStaging { jobs, device }))
    }

    async fn remove(&mut self, installed: &Installed) -> io::Result<()> {
        let (store, id) = (self.store.clone(), installed.id);
        let removed = spawn_blocking(move || store.remove(id)).await;
        removed.map_err(io::Error::other)?.map_err(io::Error::other)
    }
}

/// What the thread of an archive is asked to do, in order.
enum Job {
    Write(Buffer),
    Complete(oneshot::Sender<io::Result<()>>),
    Check(oneshot::Sender<Check>),
    Install(PrivateKey, oneshot::Sender<io::Result<Installed>>),
    Discard(oneshot::Sender<()>),
}

/// Asks the thread, and waits for the answer. A thread that is gone has wiped everything.
async fn ask<T>(jobs: &mpsc::Sender<Job>, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> io::Result<T> {
    let (answer, answered) = oneshot::channel();
    jobs.send(job(answer)).await.map_err(|_| gone())?;
    answered.await.map_err(|_| gone())
}

/// Takes an archive for a [`FolderStore`].
pub struct FolderSink {
    jobs: mpsc::Sender<Job>,
    free: mpsc::Receiver<Buffer>,
    /// Bytes that are not handed over yet.
    buffer: Buffer,
}

impl FolderSink {
    async fn hand_over(&mut self) -> io::Result<()> {
        let empty = self.free.try_recv().unwrap_or_default();
        let full = std::mem::replace(&mut self.buffer, empty);
        self.jobs.send(Job::Write(full)).await.map_err(|_| gone())
    }
}

impl storage::Sink for FolderSink {
    async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.buffer.capacity() == 0 {
                self.buffer.reserve_exact(BUFFER);
            }
            let (now, later) = bytes.split_at(bytes.len().min(BUFFER - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == BUFFER {
                self.hand_over().await?;
            }
        }
        Ok(())
    }

    async fn complete(mut self) -> io::Result<()> {
        self.hand_over().await?;
        ask(&self.jobs, Job::Complete).await?
    }
}

/// An archive that a [`FolderStore`] stages.
pub struct FolderStaging {
    jobs: mpsc::Sender<Job>,
    device: DeviceKey,
}

impl storage::Staging for FolderStaging {
    type Installed = Installed;

    async fn check(&mut self) -> Check {
        ask(&self.jobs, Job::Check).await.unwrap_or(Check::Unreadable)
    }

    async fn install(self) -> io::Result<Installed> {
        let device = self.device.await.map_err(io::Error::other)?.map_err(io::Error::other)?;
        ask(&self.jobs, |answer| Job::Install(device, answer)).await?
    }

    async fn discard(self) {
        drop(ask(&self.jobs, Job::Discard).await);
    }
}

/// The thread of an archive. It ends, and wipes what is not installed, at the first failure, or when nobody is interested any more.
struct Thread<F: Fs> {
    store: archive::Store<F>,
    id: LocalId,
    terms: Terms,
    now: UnixTime,
    jobs: mpsc::Receiver<Job>,
    used: mpsc::Sender<Buffer>,
}

impl<F: Fs> Thread<F> {
    fn run(mut self, credentials: &Secret, kdf: &dyn Kdf) {
        let Ok(mut kept) = Kept::begin(&self.store, self.id, credentials, kdf) else { return };
        while let Some(job) = self.jobs.blocking_recv() {
            // Who does not wait for an answer does not need it.
            match job {
                Job::Write(mut buffer) => {
                    if kept.write(&buffer).is_err() {
                        return;
                    }
                    buffer.clear();
                    // If there are enough of them, it is wiped.
                    drop(self.used.try_send(buffer));
                }
                Job::Complete(answer) => drop(answer.send(kept.complete())),
                Job::Check(answer) => drop(answer.send(kept.check(self.terms))),
                Job::Install(device, answer) => {
                    return drop(answer.send(kept.install(&self.store, self.id, device, self.now)));
                }
                Job::Discard(answer) => {
                    drop(kept);
                    let _ = answer.send(());
                    return;
                }
            }
        }
    }
}
