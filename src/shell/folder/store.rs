//! Accounts that are imported into a folder.

use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc};

use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, spawn_blocking},
};

use super::{BUFFER, QUEUE, gone};
use crate::{
    archive::{
        self, Checked, Configuration, Disk, Fs, Kdf, KeyKind, Password, PrivateKey, Seal, Staged, Terms, UnixTime,
    },
    import::Check,
    operations::LocalId,
    outcome::{AccountId, Scheme},
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

type DeviceKey = JoinHandle<Result<PrivateKey, archive::KeyError>>;

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
        let (jobs, job) = mpsc::channel(QUEUE);
        let (used, free) = mpsc::channel(QUEUE);
        let thread = Thread { store: self.store.clone(), id, terms: self.terms, now: self.now, jobs: job, used };
        let kdf = self.kdf.clone();
        spawn_blocking(move || thread.run(&credentials, &*kdf));
        let sink = FolderSink { jobs: jobs.clone(), free, buffer: Buffer::default() };
        Ok((sink, FolderStaging { jobs, device }))
    }

    async fn remove(&mut self, installed: &Installed) -> io::Result<()> {
        let (store, id) = (self.store.clone(), local(installed.id));
        let removed = spawn_blocking(move || store.remove(id)).await;
        removed.map_err(io::Error::other)?.map_err(io::Error::other)
    }
}

fn local(id: LocalId) -> archive::LocalId {
    archive::LocalId::from_number(id.0)
}

/// What the thread of a staged archive is asked to do, in order.
enum Job {
    Write(Buffer),
    Complete(oneshot::Sender<()>),
    Check(oneshot::Sender<Check>),
    Install(PrivateKey, oneshot::Sender<Installed>),
    Discard(oneshot::Sender<()>),
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
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job::Complete(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())
    }
}

/// An archive that a [`FolderStore`] stages.
pub struct FolderStaging {
    jobs: mpsc::Sender<Job>,
    device: DeviceKey,
}

impl FolderStaging {
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> io::Result<T> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(job(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())
    }
}

impl storage::Staging for FolderStaging {
    type Installed = Installed;

    async fn check(&mut self) -> Check {
        self.ask(Job::Check).await.unwrap_or(Check::Unreadable)
    }

    async fn install(mut self) -> io::Result<Installed> {
        let device = (&mut self.device).await.map_err(io::Error::other)?.map_err(io::Error::other)?;
        self.ask(|answer| Job::Install(device, answer)).await
    }

    async fn discard(self) {
        // A thread that is gone has wiped it.
        drop(self.ask(Job::Discard).await);
    }
}

/// The thread of a staged archive. It ends, and wipes what it has, at the first failure, or when nobody is interested any more; whoever
/// still asks then gets no answer.
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
        let Some(staged) = self.receive(credentials, kdf) else { return };
        let Some(checked) = self.check(staged) else { return };
        match self.jobs.blocking_recv() {
            Some(Job::Install(device, answer)) => {
                let summary = checked.summary().clone();
                if checked.install(device, self.now).is_ok() {
                    let installed = Installed {
                        id: self.id,
                        account: summary.account,
                        path: self.store.folder(local(self.id)),
                        protection: summary.protection,
                        length: summary.length,
                        applied: summary.applied,
                        configuration: summary.configuration,
                    };
                    // An operation that is gone by now has an account nevertheless: it came too late to change that.
                    drop(answer.send(installed));
                }
            }
            Some(Job::Discard(answer)) => {
                drop(checked);
                let _ = answer.send(());
            }
            Some(Job::Write(_) | Job::Complete(_) | Job::Check(_)) | None => {}
        }
    }

    /// Stages what comes, up to its end.
    fn receive(&mut self, credentials: &Secret, kdf: &dyn Kdf) -> Option<Staged<F>> {
        let seal = Seal::new(&Password::new(credentials.as_bytes()), kdf).ok()?;
        let mut staging = self.store.begin(local(self.id), seal).ok()?;
        loop {
            match self.jobs.blocking_recv()? {
                Job::Write(mut buffer) => {
                    staging.write(&buffer).ok()?;
                    buffer.clear();
                    // If there are enough of them, it is wiped.
                    drop(self.used.try_send(buffer));
                }
                Job::Complete(answer) => {
                    let staged = staging.complete().ok()?;
                    let _ = answer.send(());
                    return Some(staged);
                }
                Job::Discard(answer) => {
                    drop(staging);
                    let _ = answer.send(());
                    return None;
                }
                Job::Check(_) | Job::Install(..) => return None,
            }
        }
    }

    /// Checks what is staged, once it is asked for.
    fn check(&mut self, staged: Staged<F>) -> Option<Checked<F>> {
        match self.jobs.blocking_recv()? {
            Job::Check(answer) => {
                let (found, checked) = match staged.check(self.terms) {
                    Ok(checked) => (Check::Sound(checked.summary().account), Some(checked)),
                    Err(error) if error.is_about_content() => (Check::Unsound, None),
                    Err(_) => (Check::Unreadable, None),
                };
                let _ = answer.send(found);
                checked
            }
            Job::Discard(answer) => {
                drop(staged);
                let _ = answer.send(());
                None
            }
            Job::Write(_) | Job::Complete(_) | Job::Install(..) => None,
        }
    }
}
