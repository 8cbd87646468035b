//! Accounts that are imported into a folder.

use std::{
    io, panic,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, spawn_blocking},
};

use super::{
    BUFFER, QUEUE,
    kept::{Installed, Kept, Look, gone},
};
use crate::{
    archive::{self, Disk, Follower, Fs, Kdf, KeyError, KeyKind, OpenError, PrivateKey, Seen, Terms, UnixTime},
    operations::LocalId,
    outcome::AccountId,
    secret::Secret,
    shell::storage::{self, Buffer, CheckError},
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
        let mut thread = Thread { store: self.store.clone(), id, terms: self.terms, now: self.now, jobs: wanted, used };
        let (kdf, desk) = (self.kdf.clone(), Desk { jobs, failure: Failure::default() });
        let failure = desk.failure.clone();
        spawn_blocking(move || {
            if let Err(error) = thread.run(&credentials, &*kdf) {
                failure.keep(error);
            }
            // Not before: who finds the thread gone asks why.
            drop(thread);
        });
        let sink = FolderSink { desk: desk.clone(), free, buffer: Buffer::default() };
        Ok((sink, FolderStaging { desk, device }))
    }

    async fn remove(&mut self, installed: &Installed) -> io::Result<()> {
        let (store, id) = (self.store.clone(), installed.id);
        let removed = spawn_blocking(move || store.remove(id)).await;
        Ok(removed.map_err(io::Error::other)??)
    }
}

/// What the thread of an archive is asked to do, in order.
enum Job {
    Write(Buffer),
    Complete(oneshot::Sender<io::Result<()>>),
    Check(oneshot::Sender<Result<AccountId, CheckError>>),
    Install(PrivateKey, oneshot::Sender<io::Result<Installed>>),
    Discard(oneshot::Sender<()>),
}

/// Why the thread ended, until somebody asks.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<io::Error>>>);

impl Failure {
    fn keep(&self, error: io::Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn take(&self) -> io::Error {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_else(gone)
    }
}

/// Where the thread takes its jobs from. A thread that is gone has wiped everything.
#[derive(Clone)]
struct Desk {
    jobs: mpsc::Sender<Job>,
    failure: Failure,
}

impl Desk {
    async fn hand_in(&self, job: Job) -> io::Result<()> {
        self.jobs.send(job).await.map_err(|_| self.failure.take())
    }

    /// Hands in a job, and waits for the answer.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> io::Result<T> {
        let (answer, answered) = oneshot::channel();
        self.hand_in(job(answer)).await?;
        answered.await.map_err(|_| self.failure.take())
    }
}

/// Takes an archive for a [`FolderStore`].
pub struct FolderSink {
    desk: Desk,
    free: mpsc::Receiver<Buffer>,
    /// Bytes that are not handed over yet.
    buffer: Buffer,
}

impl FolderSink {
    async fn hand_over(&mut self) -> io::Result<()> {
        let empty = self.free.try_recv().unwrap_or_default();
        let full = std::mem::replace(&mut self.buffer, empty);
        self.desk.hand_in(Job::Write(full)).await
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
        self.desk.ask(Job::Complete).await?
    }
}

/// An archive that a [`FolderStore`] stages.
pub struct FolderStaging {
    desk: Desk,
    device: DeviceKey,
}

impl storage::Staging for FolderStaging {
    type Installed = Installed;

    async fn check(&mut self) -> Result<AccountId, CheckError> {
        self.desk.ask(Job::Check).await.unwrap_or_else(|error| Err(CheckError::Unreadable(error)))
    }

    async fn install(self) -> io::Result<Installed> {
        let device = self.device.await.map_err(io::Error::other)?.map_err(io::Error::other)?;
        self.desk.ask(|answer| Job::Install(device, answer)).await?
    }

    async fn discard(self) {
        drop(self.desk.ask(Job::Discard).await);
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
    /// # Errors
    /// What nobody waits for an answer to has failed.
    fn run(&mut self, credentials: &Secret, kdf: &dyn Kdf) -> io::Result<()> {
        let mut kept = Kept::begin(&self.store, self.id, credentials, kdf, self.terms, look)?;
        while let Some(job) = self.jobs.blocking_recv() {
            // Who does not wait for an answer does not need it.
            match job {
                Job::Write(mut buffer) => {
                    kept.write(&buffer)?;
                    buffer.clear();
                    // If there are enough of them, it is wiped.
                    drop(self.used.try_send(buffer));
                }
                Job::Complete(answer) => drop(answer.send(kept.complete())),
                Job::Check(answer) => drop(answer.send(kept.check())),
                Job::Install(device, answer) => {
                    let _ = answer.send(kept.install(&self.store, self.id, device, self.now));
                    break;
                }
                Job::Discard(answer) => {
                    drop(kept);
                    let _ = answer.send(());
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Checks what is staged while it arrives: on a thread of its own, as compressing and inflating take the same bytes.
fn look<F: Fs>(follower: Follower<F>) -> io::Result<Look> {
    let behind = Behind(Some(thread::Builder::new().spawn(move || follower.see())?));
    Ok(Box::new(move || behind.join()))
}

/// A thread that is waited for, whether or not somebody asks what it saw: what it has of the archive is wiped then.
struct Behind(Option<thread::JoinHandle<Result<Seen, OpenError>>>);

impl Behind {
    fn join(mut self) -> Result<Seen, OpenError> {
        let thread = self.0.take().expect("it is joined once");
        thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause))
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // A panic of it has been printed.
            drop(thread.join());
        }
    }
}
