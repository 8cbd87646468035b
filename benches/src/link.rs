//! A whole link by the shell's public entries, each end on a thread and a runtime of its own.

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use handfast::{
    archive::{Disk, Fs, Identity, InsecureKdf, KeyKind, MemoryFs, Store},
    outcome::{Outcome, Signal},
    secret::Secret,
    shell::{
        ExportEnv, ExportOptions, ImportEnv, ImportIdentity, ImportOptions, SystemRandom, export,
        folder::FolderStore,
        identity::{Reach, throw_away},
        import,
        rendezvous::{Dial, Publish},
        storage,
    },
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    archives::{Account, NOW},
    carrier::{Carrier, Loopback},
    gantt::{Gantt, Watch},
};

/// A link that succeeded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linked {
    /// When the exporter's user confirmed.
    pub(crate) confirmed: Instant,
    /// When DONE was signalled to both users.
    pub(crate) done: Instant,
}

/// Links, with a password if the archive has one. The parts of the import side are made on its thread. The exporter's user looks at
/// the address for a while before it is confirmed.
pub(crate) fn link<P, S, D, R>(
    import_side: impl FnOnce() -> (P, S) + Send + 'static,
    export_side: impl FnOnce(SocketAddr) -> ExportEnv<D, R>,
    max_archive: u64,
    password: &'static str,
    look: Duration,
) -> Linked
where
    P: Publish,
    S: storage::Store,
    D: Dial,
    R: storage::Source,
{
    let (shown, token) = mpsc::channel();
    let importer = thread::Builder::new().name("importer: TLS".into()).spawn(move || {
        runtime("importer: write").block_on(async {
            let (publish, store) = import_side();
            let identity = ImportIdentity::Ready(Arc::new(throw_away(Reach::Direct, NOW).expect("keys can be made")));
            let options = ImportOptions { max_archive, ..ImportOptions::default() };
            let env = ImportEnv { publish, store, identity, random: SystemRandom };
            let (handle, mut notices, operation) = import(env, options);
            let user = async {
                let mut done = Instant::now();
                while let Some(notice) = notices.recv().await {
                    match notice.signal {
                        Signal::TokenAvailable => {
                            let address = handle.listening().expect("the importer can be reached");
                            shown.send((notice.details["token"].clone(), address)).expect("somebody reads it");
                        }
                        Signal::Prompt { scheme, .. } => {
                            let answer = handle.provide_account_authentication(Secret::from(password), scheme);
                            answer.await.expect("the answer is taken");
                        }
                        Signal::Done(_) => done = Instant::now(),
                        _ => {}
                    }
                }
                done
            };
            let (report, done) = tokio::join!(operation, user);
            (report.outcome, done)
        })
    });
    let importer = importer.expect("a thread");
    let (token, address) = token.recv().expect("a token is shown");
    let env = export_side(address);
    let exporter = async {
        let (handle, mut notices, operations) = export(env, ExportOptions::default());
        let user = async move {
            let op = handle.add_device(&token).await.expect("the token is taken");
            let mut confirmed = Instant::now();
            loop {
                match notices.recv().await.expect("a signal").signal {
                    Signal::Confirm { .. } => {
                        tokio::time::sleep(look).await;
                        confirmed = Instant::now();
                        handle.confirm_add_device(op).await.expect("it is confirmed");
                    }
                    Signal::Done(outcome) => return (outcome, confirmed, Instant::now()),
                    _ => {}
                }
            }
        };
        tokio::join!(operations, user).1
    };
    let (exported, confirmed, export_done) = thread::scope(|scope| {
        let exporter = || runtime("exporter: read").block_on(exporter);
        let exporter =
            thread::Builder::new().name("exporter: TLS".into()).spawn_scoped(scope, exporter).expect("a thread");
        exporter.join().expect("the exporter ends")
    });
    let (imported, import_done) = importer.join().expect("the importer ends");
    assert_eq!((imported, exported), (Outcome::SUCCESS, Outcome::SUCCESS));
    Linked { confirmed, done: import_done.max(export_done) }
}

/// An unknown device.
pub(crate) fn device() -> Identity {
    throw_away(Reach::Direct, NOW).expect("keys can be made")
}

/// The runtime of one end, whose threads for what blocks have this name.
pub(crate) fn runtime(blocking: &str) -> Runtime {
    Builder::new_current_thread().enable_all().thread_name(blocking).build().expect("a runtime")
}

/// Where an account is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder of the disk.
    Disk,
    /// A file system in memory.
    Memory,
}

/// Seconds from confirm to DONE of a link over loopback, from an archive in memory into a new store, by a user who confirms after a
/// while.
pub fn confirm_to_done(account: &Account, place: Place, look: Duration) -> f64 {
    let Linked { confirmed, done } = link_into(account, place, look);
    (done - confirmed).as_secs_f64()
}

/// Draws such a link.
pub fn drawn(account: &Account, place: Place, look: Duration) -> Option<Gantt> {
    let watch = Watch::start();
    let Linked { confirmed, done } = link_into(account, place, look);
    watch.stop(confirmed, done)
}

fn link_into(account: &Account, place: Place, look: Duration) -> Linked {
    match place {
        Place::Memory => link_with(account, Store::open_in(MemoryFs::new(), "/accounts").expect("a store"), look),
        Place::Disk => {
            let folder = tempfile::tempdir().expect("a folder");
            link_with(account, Store::<Disk>::open(folder.path().join("accounts")).expect("a store"), look)
        }
    }
}

fn link_with<F: Fs>(account: &Account, store: Store<F>, look: Duration) -> Linked {
    let length = account.text.len() as u64;
    let (publish, dial) = Loopback::meet();
    let import_side = move || {
        let kdf = Arc::new(InsecureKdf);
        (publish, FolderStore::new(store, kdf, KeyKind::P256, length, NOW))
    };
    let (source, identity) = (account.source(), account.device.clone());
    let export_side = |address| ExportEnv { dial: dial(address), source, identity };
    link(import_side, export_side, length, account.password(), look)
}
