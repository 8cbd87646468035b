//! Accounts that are imported into a folder.

use std::{
    io, panic,
    sync::Arc,
    thread::{self, available_parallelism},
};

use tokio::{
    runtime::Handle,
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

use super::{
    ladder::{begin, check},
    transfer::{BUFFER, QUEUE, gone},
};
use crate::{
    archive::{
        self, Disk, Follower, Fs, Installed, Kdf, KeyError, KeyKind, OpenError, PrivateKey, Seen, Terms, UnixTime,
    },
    limits::MAX_DEFLATE_THREADS,
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
    type Staging = FolderStaging<F>;
    type Installed = Installed;

    async fn begin(&mut self, id: LocalId, credentials: Secret) -> io::Result<FolderStaging<F>> {
        let device = self.device.take().ok_or_else(|| io::Error::other("the folder store is for one import"))?;
        let (pieces, arriving) = mpsc::channel(QUEUE);
        let (used, free) = mpsc::channel(QUEUE);
        let (store, kdf, terms) = (self.store.clone(), self.kdf.clone(), self.terms);
        let writer = spawn_blocking(move || {
            let (staging, follower) = begin(&store, id, &credentials, &*kdf, terms)?;
            let threads = available_parallelism().map_or(1, |processors| processors.get().min(MAX_DEFLATE_THREADS));
            write(Following::new(follower)?, staging.on_threads(threads), arriving, &used)
        });
        let staged = Staged { device, now: self.now };
        Ok(FolderStaging { pieces, free, buffer: Buffer::default(), writer: Some(writer), staged })
    }

    async fn remove(&mut self, installed: &Installed) -> io::Result<()> {
        let (store, id) = (self.store.clone(), installed.id);
        let removed = spawn_blocking(move || store.remove(id)).await;
        Ok(removed.map_err(io::Error::other)??)
    }
}

/// The values that the last step takes.
struct Staged {
    device: DeviceKey,
    now: UnixTime,
}

/// A piece of an archive on its way to the thread that writes it.
enum Piece {
    Bytes(Buffer),
    End,
}

/// Writes an archive to its end. Without one it is wiped. The follower is dropped last: it waits for what is being written.
fn write<F: Fs>(
    following: Following,
    mut staging: archive::Staging<F>,
    mut pieces: mpsc::Receiver<Piece>,
    used: &mpsc::Sender<Buffer>,
) -> io::Result<Whole<F>> {
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Bytes(mut buffer) => {
                staging.write(&buffer)?;
                buffer.clear();
                // If there are enough of them, it is wiped.
                drop(used.try_send(buffer));
            }
            Piece::End => return Ok((staging.complete()?, following)),
        }
    }
    Err(gone())
}

type Whole<F> = (archive::Complete<F>, Following);

/// An archive that arrives in a [`FolderStore`]: a thread writes it, which wipes it at a failure, or when it is given up.
pub struct FolderStaging<F: Fs> {
    pieces: mpsc::Sender<Piece>,
    free: mpsc::Receiver<Buffer>,
    /// Bytes that are not handed over yet.
    buffer: Buffer,
    /// None once its failure was reported.
    writer: Option<JoinHandle<io::Result<Whole<F>>>>,
    staged: Staged,
}

impl<F: Fs> FolderStaging<F> {
    async fn hand_over(&mut self, piece: Piece) -> io::Result<()> {
        if self.pieces.send(piece).await.is_ok() {
            return Ok(());
        }
        match self.writer.take() {
            Some(writer) => Err(writer.await.unwrap_or_else(|_| Err(gone())).err().unwrap_or_else(gone)),
            None => Err(gone()),
        }
    }

    async fn hand_over_buffer(&mut self) -> io::Result<()> {
        let empty = self.free.try_recv().unwrap_or_default();
        let full = std::mem::replace(&mut self.buffer, empty);
        self.hand_over(Piece::Bytes(full)).await
    }
}

impl<F: Fs> storage::Staging for FolderStaging<F> {
    type Complete = FolderComplete<F>;

    async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.buffer.capacity() == 0 {
                self.buffer.reserve_exact(BUFFER);
            }
            let (now, later) = bytes.split_at(bytes.len().min(BUFFER - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == BUFFER {
                self.hand_over_buffer().await?;
            }
        }
        Ok(())
    }

    async fn complete(mut self) -> io::Result<FolderComplete<F>> {
        self.hand_over_buffer().await?;
        self.hand_over(Piece::End).await?;
        let writer = self.writer.ok_or_else(gone)?;
        let whole = writer.await.unwrap_or_else(|_| Err(gone()))?;
        Ok(FolderComplete { whole: Blocking::new(whole), staged: self.staged })
    }

    async fn discard(self) {
        let Self { pieces, writer, .. } = self;
        drop(pieces);
        if let Some(writer) = writer
            && let Ok(Ok(whole)) = writer.await
        {
            Blocking::new(whole).discard().await;
        }
    }
}

/// An archive all of which is in a [`FolderStore`].
pub struct FolderComplete<F: Fs> {
    whole: Blocking<Whole<F>>,
    staged: Staged,
}

impl<F: Fs> storage::Complete for FolderComplete<F> {
    type Checked = FolderChecked<F>;

    async fn check(self) -> Result<FolderChecked<F>, CheckError> {
        let checked = self.whole.run(|(complete, following)| check(complete, || following.join())).await;
        let checked = checked.unwrap_or_else(|error| Err(CheckError::Unreadable(error)))?;
        let account = checked.summary().account;
        Ok(FolderChecked { checked: Blocking::new(checked), account, staged: self.staged })
    }

    async fn discard(self) {
        self.whole.discard().await;
    }
}

/// A sound archive in a [`FolderStore`].
pub struct FolderChecked<F: Fs> {
    checked: Blocking<archive::Checked<F>>,
    account: AccountId,
    staged: Staged,
}

impl<F: Fs> storage::Checked for FolderChecked<F> {
    type Installed = Installed;

    fn account(&self) -> AccountId {
        self.account
    }

    async fn install(self) -> io::Result<Installed> {
        let Staged { device, now } = self.staged;
        let device = device.await.map_err(io::Error::other)?.map_err(io::Error::other)?;
        Ok(self.checked.run(move |checked| checked.install(device, now)).await??)
    }

    async fn discard(self) {
        self.checked.discard().await;
    }
}

/// A step of the ladder whose use blocks, and whose drop does: both are left to a thread.
struct Blocking<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> Blocking<T> {
    fn new(step: T) -> Self {
        Self(Some(step))
    }

    /// Consumes the step on a thread.
    async fn run<U: Send + 'static>(mut self, consume: impl FnOnce(T) -> U + Send + 'static) -> io::Result<U> {
        let step = self.0.take().expect("it is consumed once");
        spawn_blocking(move || consume(step)).await.map_err(|_| gone())
    }

    async fn discard(self) {
        // A panic of it has been printed.
        drop(self.run(drop).await);
    }
}

impl<T: Send + 'static> Drop for Blocking<T> {
    fn drop(&mut self) {
        if let Some(step) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            drop(runtime.spawn_blocking(move || drop(step)));
        }
    }
}

/// Checks what is staged while it arrives, on a thread of its own, as compressing and inflating take the same bytes. The thread is
/// waited for whether or not its result is used: the file that it reads is wiped then.
struct Following(Option<thread::JoinHandle<Result<Seen, OpenError>>>);

impl Following {
    fn new<F: Fs>(follower: Follower<F>) -> io::Result<Self> {
        Ok(Self(Some(thread::Builder::new().name("check".into()).spawn(move || follower.see())?)))
    }

    fn join(mut self) -> Result<Seen, OpenError> {
        let thread = self.0.take().expect("it is joined once");
        thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // A panic of it has been printed.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests;
