//! Two devices and their users, for the tests of the shell.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file uses a part")]

mod gates;
mod line;
mod script;
mod session;

use std::{future::Future, io::Cursor, sync::Arc, time::Duration};

use handfast::{
    archive::{
        Archive, Identity, InsecureKdf, KeyKind, MemoryFs, PrivateKey, Sample, Seal, Sealer, Store, Terms, UnixTime,
    },
    operations::OpId,
    outcome::{LinkState, Outcome, Scheme, Signal},
    secret::Secret,
    shell::{
        self, ExportEnv, ExportHandle, ExportOptions, ImportEnv, ImportHandle, ImportIdentity, ImportOptions,
        ImportReport, Notice, SystemRandom,
        folder::{FileSource, FolderStore, InlineSource, InlineStore, Installed},
        identity::Reach,
        rendezvous::{Dial, Listen, Peer, Publish},
        storage,
    },
};
use tokio::{sync::mpsc, task::JoinHandle};

pub use gates::{Fails, Gate, GatedSource, GatedStore};
pub use line::{Dead, Line, Phone};
pub use script::{CHANNEL, Said, Script, comparing_exporter, comparing_importer, exporter, importer};
pub use session::{exported, imported};

/// The wall clock.
pub const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));

/// The terms under which archives are opened.
pub fn terms() -> Terms {
    Terms::at(NOW).with_max_text(1 << 30)
}

/// A new key.
pub fn key() -> PrivateKey {
    PrivateKey::generate(KeyKind::P256).unwrap()
}

/// An account, its archive as a file, and one of its devices.
pub struct Account {
    pub identity: Identity,
    pub text: Vec<u8>,
    pub file: Arc<Vec<u8>>,
    pub device: Arc<Identity>,
}

/// An account whose archive has so many bytes, protected if there is a password.
pub fn account(password: &str, length: u64) -> Account {
    let (identity, authority) = Identity::account(KeyKind::P256, NOW).unwrap();
    let password = Secret::from(password);
    let mut text = Vec::new();
    let sample = Sample::of(&identity, &authority, Scheme::of(&password), length, 1).unwrap();
    sample.write_to(&mut text).unwrap();
    let mut sealer = Sealer::new(Vec::new(), Seal::new(&password, &InsecureKdf).unwrap()).unwrap();
    std::io::Write::write_all(&mut sealer, &text).unwrap();
    let file = Arc::new(sealer.finish().unwrap());
    let device = Arc::new(identity.issue_device(key(), NOW).unwrap());
    Account { identity, text, file, device }
}

impl Account {
    /// The archive to export, opened on a thread.
    pub fn source(&self) -> FileSource<Cursor<Vec<u8>>> {
        let file = self.file.clone();
        FileSource::new(move || Ok(Cursor::new(file.to_vec())), Arc::new(InsecureKdf), terms()).unwrap()
    }

    /// The archive to export, opened in place.
    pub fn inline(&self) -> InlineSource<Cursor<Vec<u8>>> {
        InlineSource::new(self.source())
    }
}

/// A store in memory.
pub fn store() -> Store<MemoryFs> {
    Store::open_in(MemoryFs::default(), "/accounts").unwrap()
}

/// The place in it for one import, without threads.
pub fn inline(store: &Store<MemoryFs>) -> InlineStore<MemoryFs> {
    InlineStore::new(store.clone(), Arc::new(InsecureKdf), key(), 1 << 30, NOW)
}

/// The text of an installed archive.
pub fn text(store: &Store<MemoryFs>, installed: &Installed, password: &str) -> Vec<u8> {
    let archive = Archive::open(store.archive(installed.id).unwrap(), &Secret::from(password), &InsecureKdf, terms());
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut archive.unwrap().into_text().unwrap(), &mut text).unwrap();
    text
}

/// An importing device whose operation runs.
pub struct Importer {
    pub handle: ImportHandle,
    pub notices: mpsc::UnboundedReceiver<Notice>,
    pub report: JoinHandle<ImportReport<Installed>>,
}

/// Begins an import over TCP, with threads.
pub fn import(store: &Store<MemoryFs>, options: ImportOptions) -> Importer {
    let place = FolderStore::new(store.clone(), Arc::new(InsecureKdf), KeyKind::P256, 1 << 30, NOW);
    import_with(Listen("127.0.0.1:0".parse().unwrap()), place, options)
}

/// Begins an import anywhere.
pub fn import_with<P, S>(publish: P, store: S, options: ImportOptions) -> Importer
where
    P: Publish,
    S: storage::Store<Installed = Installed>,
{
    let identity = ImportIdentity::Ready(Arc::new(shell::identity::throw_away(Reach::Direct, NOW).unwrap()));
    import_as(identity, publish, store, options)
}

/// Begins an import anywhere, under this identity.
pub fn import_as<P, S>(identity: ImportIdentity, publish: P, store: S, options: ImportOptions) -> Importer
where
    P: Publish,
    S: storage::Store<Installed = Installed>,
{
    let (handle, notices, report) =
        shell::import(ImportEnv { publish, store, identity, random: SystemRandom }, options);
    Importer { handle, notices, report: tokio::spawn(report) }
}

impl Importer {
    /// The next signal.
    pub async fn next(&mut self) -> Notice {
        self.notices.recv().await.expect("a signal")
    }

    /// Waits for this state, which has to be the next one.
    pub async fn expect(&mut self, state: LinkState) -> Notice {
        let notice = self.next().await;
        assert_eq!(notice.state(), state, "{notice:?}");
        notice
    }

    /// Waits until the token is shown.
    pub async fn token(&mut self) -> String {
        self.expect(LinkState::TokenAvailable).await.details["token"].clone()
    }

    /// Waits for a prompt, and answers it.
    pub async fn answer_one(&mut self, password: &str) {
        let Signal::Prompt { scheme, .. } = self.expect(LinkState::Authenticating).await.signal else { unreachable!() };
        self.handle.provide_account_authentication(Secret::from(password), scheme).await.unwrap();
    }

    /// Answers prompts with these passwords, one after the other, and removes the account when more are asked for. Gives the states that
    /// were signalled.
    pub async fn answer(&mut self, passwords: &[&str]) -> Vec<LinkState> {
        let mut passwords = passwords.iter();
        let mut states = Vec::new();
        while let Some(notice) = self.notices.recv().await {
            states.push(notice.state());
            match notice.signal {
                Signal::Prompt { scheme, .. } => match passwords.next() {
                    Some(password) => {
                        self.handle.provide_account_authentication(Secret::from(*password), scheme).await.unwrap();
                    }
                    None => self.handle.remove_account().await.unwrap(),
                },
                Signal::Done(_) => break,
                _ => {}
            }
        }
        states
    }

    /// Waits for the end, whatever comes before.
    pub async fn outcome(&mut self) -> Outcome {
        loop {
            if let Signal::Done(outcome) = self.next().await.signal {
                return outcome;
            }
        }
    }

    /// The result, once its link is closed.
    pub async fn report(mut self) -> ImportReport<Installed> {
        let report = self.report.await.unwrap();
        while let Ok(notice) = self.notices.try_recv() {
            assert!(matches!(notice.signal, Signal::Done(outcome) if outcome == report.outcome), "DONE is the last");
        }
        report
    }
}

/// An exporting device whose operations run.
pub struct Exporter {
    pub handle: ExportHandle,
    pub notices: mpsc::UnboundedReceiver<Notice>,
    pub done: JoinHandle<()>,
}

/// Makes exports of an account to an importer that listens on TCP possible.
pub fn export(account: &Account, importer: &Importer, options: ExportOptions) -> Exporter {
    let dial = Peer(importer.handle.listening().expect("the importer can be reached"));
    export_with(dial, account.source(), account.device.clone(), options)
}

/// Makes exports possible anywhere.
pub fn export_with<D, S>(dial: D, source: S, identity: Arc<Identity>, options: ExportOptions) -> Exporter
where
    D: Dial,
    S: storage::Source,
{
    let (handle, notices, done) = shell::export(ExportEnv { dial, source, identity }, options);
    Exporter { handle, notices, done: tokio::spawn(done) }
}

impl Exporter {
    /// Waits for this state, which has to be the next one.
    pub async fn expect(&mut self, state: LinkState) -> Notice {
        let notice = self.notices.recv().await.expect("a signal");
        assert_eq!(notice.state(), state, "{notice:?}");
        notice
    }

    /// Begins to link a device, up to the question whether it is the right one.
    pub async fn begin(&mut self, token: &str) -> OpId {
        let op = self.handle.add_device(token).await.unwrap();
        self.expect(LinkState::Connecting).await;
        self.expect(LinkState::Authenticating).await;
        op
    }

    /// Links a device and confirms it. Gives the states that were signalled, and the outcome.
    pub async fn link(&mut self, token: &str) -> (Vec<LinkState>, Outcome) {
        let op = self.handle.add_device(token).await.unwrap();
        let mut states = Vec::new();
        loop {
            let notice = self.notices.recv().await.expect("a signal");
            assert_eq!(notice.op, Some(op));
            states.push(notice.state());
            match notice.signal {
                Signal::Confirm { .. } => self.handle.confirm_add_device(op).await.unwrap(),
                Signal::Done(outcome) => return (states, outcome),
                _ => {}
            }
        }
    }

    /// Waits for the end, whatever comes before.
    pub async fn outcome(&mut self) -> Outcome {
        loop {
            if let Signal::Done(outcome) = self.notices.recv().await.expect("a signal").signal {
                return outcome;
            }
        }
    }

    /// Waits until all links are closed.
    pub async fn close(mut self) {
        drop(self.handle);
        self.done.await.unwrap();
        assert_eq!(self.notices.recv().await, None, "DONE is the last");
    }
}

/// Fails a test that hangs.
pub async fn in_time<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10_000), test).await.expect("the test ends")
}
