//! An archive on its way: when nothing of it is left, and where its bytes are meanwhile.

use std::{
    ffi::OsString,
    future::Future,
    path::Path,
    pin::pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Waker},
};

use super::*;
use crate::{
    archive::{InsecureKdf, MemoryFs, Sample},
    outcome::Scheme,
    shell::storage::{Checked as _, Complete as _, Staging as _, Store as _},
};

const NOW: UnixTime = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
const ID: LocalId = LocalId(1);

/// A file system in memory from which nothing is removed while its lock is held.
#[derive(Clone, Debug, Default)]
struct Holding {
    fs: MemoryFs,
    lock: Arc<Mutex<()>>,
}

impl Fs for Holding {
    type File = <MemoryFs as Fs>::File;
    type Guard = <MemoryFs as Fs>::Guard;

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.fs.create_folder(path)
    }

    fn create(&self, path: &Path) -> io::Result<Self::File> {
        self.fs.create(path)
    }

    fn open(&self, path: &Path) -> io::Result<Self::File> {
        self.fs.open(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.fs.list(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.fs.sync_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.fs.rename(from, to)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        let _held = self.lock.lock().unwrap();
        self.fs.remove_folder(path)
    }

    fn enter(&self, path: &Path, while_alone: &mut dyn FnMut() -> io::Result<()>) -> io::Result<Self::Guard> {
        self.fs.enter(path, while_alone)
    }
}

impl Holding {
    fn store(&self) -> archive::Store<Self> {
        archive::Store::open_in(self.clone(), "/accounts").unwrap()
    }

    /// The storage of one import, and an archive that has begun to arrive in it.
    async fn begun(&self) -> (FolderStore<Self>, FolderStaging<Self>) {
        let mut store = FolderStore::new(self.store(), Arc::new(InsecureKdf), KeyKind::P256, 1 << 20, NOW);
        let staging = store.begin(ID, Secret::default()).await.unwrap();
        (store, staging)
    }

    /// The same, with all of the archive.
    async fn complete(&self) -> (FolderStore<Self>, FolderComplete<Self>) {
        let mut text = Vec::new();
        Sample::new(KeyKind::P256, NOW, Scheme::None, 100_000, 1).unwrap().write_to(&mut text).unwrap();
        let (store, mut staging) = self.begun().await;
        staging.write(&text).await.unwrap();
        (store, staging.complete().await.unwrap())
    }

    /// Whether a discard is not done before nothing is left.
    async fn is_wiped_by(&self, discard: impl Future<Output = ()>) -> bool {
        let mut discard = pin!(discard);
        let waits = {
            let _held = self.lock.lock().unwrap();
            discard.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
        };
        if waits {
            discard.await;
        }
        waits && self.list(Path::new("/accounts")).unwrap().is_empty()
    }
}

/// R-MSG-2: on each step of the ladder a discard is done only when nothing of the archive is left.
#[tokio::test]
async fn a_discard_is_done_when_nothing_is_left() {
    let fs = Holding::default();
    let (_store, mut staging) = fs.begun().await;
    staging.write(b"{\"part\"").await.unwrap();
    assert!(fs.is_wiped_by(staging.discard()).await, "staging");
    let (_store, complete) = fs.complete().await;
    assert!(fs.is_wiped_by(complete.discard()).await, "complete");
    let (_store, complete) = fs.complete().await;
    let Ok(checked) = complete.check().await else { panic!("it is sound") };
    assert!(fs.is_wiped_by(checked.discard()).await, "checked");
}

/// R-API-3: an account that was installed is removed.
#[tokio::test]
async fn an_account_is_installed_and_removed() {
    let fs = Holding::default();
    let (mut store, complete) = fs.complete().await;
    let Ok(checked) = complete.check().await else { panic!("it is sound") };
    let installed = checked.install().await.unwrap();
    let accounts = || fs.store().list().unwrap().len();
    assert_eq!(accounts(), 1);
    store.remove(&installed).await.unwrap();
    assert_eq!(accounts(), 0);
}

/// A buffer that grew would leave copies of what is in it: it has its length from the first byte on, and is handed over when it is full.
#[tokio::test]
async fn bytes_that_wait_do_not_move() {
    let (_store, mut staging) = Holding::default().begun().await;
    staging.write(b"{").await.unwrap();
    let at = staging.buffer.as_ptr();
    assert_eq!((staging.buffer.len(), staging.buffer.capacity()), (1, 131_058));
    staging.write(&[b' '; 131_056]).await.unwrap();
    assert_eq!((staging.buffer.as_ptr(), staging.buffer.len()), (at, 131_057));
    staging.write(b"123").await.unwrap();
    assert_eq!((&**staging.buffer, staging.buffer.capacity()), (&b"23"[..], 131_058));
}

/// To wipe a step blocks: where one is dropped, the thread that serves the connections goes on.
#[tokio::test]
async fn a_step_is_dropped_on_another_thread() {
    struct Says(mpsc::UnboundedSender<thread::ThreadId>);
    impl Drop for Says {
        fn drop(&mut self) {
            self.0.send(thread::current().id()).unwrap();
        }
    }
    let (says, mut dropped_on) = mpsc::unbounded_channel();
    drop(Blocking::new(Says(says)));
    assert_ne!(dropped_on.recv().await.unwrap(), thread::current().id());
}

/// A follower reads a file that is wiped next.
#[test]
fn a_follower_is_waited_for() {
    let ended = Arc::new(AtomicBool::new(false));
    let (drops, dropped) = std::sync::mpsc::channel();
    let ends = ended.clone();
    let follower = thread::spawn(move || {
        dropped.recv().unwrap();
        // Long enough that one who does not wait has gone on.
        (0..1_000).for_each(|_| thread::yield_now());
        ends.store(true, Ordering::SeqCst);
        Err(OpenError::Changed)
    });
    let following = Following(Some(follower));
    drops.send(()).unwrap();
    drop(following);
    assert!(ended.load(Ordering::SeqCst));
}
