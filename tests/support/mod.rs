//! Two devices and their users, for the tests of the shell.

#![allow(dead_code, reason = "each test file uses a part")]

use std::{future::Future, io::Cursor, sync::Arc, time::Duration};

use handfast::{
    archive::{
        Archive, Identity, InsecureKdf, KeyKind, MemoryFs, Password, PrivateKey, Sample, Seal, Sealer, Store, Terms,
        UnixTime,
    },
    operations::OpId,
    outcome::{LinkState, Outcome, Scheme, Signal},
    secret::Secret,
    shell::{
        self, ExportEnv, ExportHandle, ExportOptions, ImportEnv, ImportHandle, ImportIdentity, ImportOptions,
        ImportReport, Notice, SystemRandom,
        folder::{FileSource, FolderStore, Installed},
        identity::Reach,
        rendezvous::{Listen, Peer},
    },
};
use tokio::{sync::mpsc, task::JoinHandle};

/// The wall clock.
pub const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));

/// What archives are opened under.
pub fn terms() -> Terms {
    Terms::at(NOW)
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
    let password = Password::new(password);
    let mut text = Vec::new();
    let sample = Sample::of(&identity, &authority, password.protection(), length, 1).unwrap();
    sample.write_to(&mut text).unwrap();
    let mut sealer = Sealer::new(Vec::new(), Seal::new(&password, &InsecureKdf).unwrap()).unwrap();
    std::io::Write::write_all(&mut sealer, &text).unwrap();
    let file = Arc::new(sealer.finish().unwrap());
    let device = identity.issue_device(PrivateKey::generate(KeyKind::P256).unwrap(), NOW).unwrap();
    Account { identity, text, file, device: Arc::new(device) }
}

impl Account {
    /// The archive to export.
    pub fn source(&self) -> FileSource<Cursor<Vec<u8>>> {
        let file = self.file.clone();
        FileSource::new(move || Ok(Cursor::new(file.to_vec())), Arc::new(InsecureKdf), terms()).unwrap()
    }
}

/// A store in memory.
pub fn store() -> Store<MemoryFs> {
    Store::open_in(MemoryFs::default(), "/accounts").unwrap()
}

/// The text of an installed archive.
pub fn text(store: &Store<MemoryFs>, installed: &Installed, password: &str) -> Vec<u8> {
    let id = handfast::archive::LocalId::from_number(installed.id.0);
    let archive = Archive::open(store.archive(id).unwrap(), &Password::new(password), &InsecureKdf, terms()).unwrap();
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut archive.into_text().unwrap(), &mut text).unwrap();
    text
}

/// An importing device over TCP, whose operation runs.
pub struct Importer {
    pub handle: ImportHandle,
    pub notices: mpsc::UnboundedReceiver<Notice>,
    pub report: JoinHandle<ImportReport<Installed>>,
}

/// Begins an import into `store`.
pub fn import(store: &Store<MemoryFs>, options: ImportOptions) -> Importer {
    let max_archive = options.max_archive;
    let env = ImportEnv {
        publish: Listen("127.0.0.1:0".parse().unwrap()),
        store: FolderStore::new(store.clone(), Arc::new(InsecureKdf), KeyKind::P256, max_archive, NOW),
        identity: ImportIdentity::Make { reach: Reach::Direct, now: NOW },
        random: SystemRandom,
    };
    let (handle, notices, report) = shell::import(env, options);
    Importer { handle, notices, report: tokio::spawn(report) }
}

impl Importer {
    /// The next signal.
    pub async fn next(&mut self) -> Notice {
        self.notices.recv().await.expect("a signal")
    }

    /// Waits until the token is shown.
    pub async fn token(&mut self) -> String {
        let notice = self.next().await;
        assert_eq!(notice.state(), LinkState::TokenAvailable);
        notice.details["token"].clone()
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

    /// What came of it.
    pub async fn report(self) -> ImportReport<Installed> {
        self.report.await.unwrap()
    }
}

/// An exporting device over TCP, whose operations run.
pub struct Exporter {
    pub handle: ExportHandle,
    pub notices: mpsc::UnboundedReceiver<Notice>,
    pub done: JoinHandle<()>,
}

/// Makes exports of an account to the device at an address possible.
pub fn export(account: &Account, importer: &Importer, options: ExportOptions) -> Exporter {
    export_from(account.source(), account.device.clone(), importer, options)
}

/// The same from any source.
pub fn export_from<S: shell::storage::Source>(
    source: S,
    identity: Arc<Identity>,
    importer: &Importer,
    options: ExportOptions,
) -> Exporter {
    let dial = Peer(importer.handle.listening().expect("the importer can be reached"));
    let (handle, notices, done) = shell::export(ExportEnv { dial, source, identity }, options);
    Exporter { handle, notices, done: tokio::spawn(done) }
}

impl Exporter {
    /// Links a device and confirms it. Gives the states that were signalled, and the outcome.
    pub async fn link(&mut self, token: &str) -> (Vec<LinkState>, Outcome) {
        let op = self.handle.add_device(token).await.unwrap();
        self.confirm(op).await
    }

    /// Confirms as soon as it is asked to.
    pub async fn confirm(&mut self, op: OpId) -> (Vec<LinkState>, Outcome) {
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

    /// Waits until all links are closed.
    pub async fn close(self) {
        drop(self.handle);
        self.done.await.unwrap();
    }
}

/// How the archive is protected with this password.
pub fn scheme(password: &str) -> Scheme {
    Password::new(password).protection()
}

/// Fails a test that hangs.
pub async fn in_time<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(100), test).await.expect("the test ends")
}
