//! An importing device, and an exporting one that follows a script.

mod scripts;

use std::{
    collections::BTreeMap,
    future::pending,
    io,
    net::SocketAddr,
    sync::{Arc, LazyLock},
};

use handfast::{
    archive::{Identity, InsecureKdf, MemoryFs, Store},
    outcome::Scheme,
    reducer::Config,
    secret::Secret,
    shell::{
        ImportEnv, ImportHandle, ImportIdentity, ImportOptions, Random,
        folder::InlineStore,
        identity::{Reach, throw_away},
        import,
        rendezvous::{Listener, Publish},
        tls::ExporterTls,
    },
};
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
    task::JoinHandle,
    time::{Duration, sleep},
};

pub(super) use scripts::SCRIPTS;

use super::{
    Account, Device, Log, NOW, Observer, Setup,
    archives::{self, Way},
    key,
    peer::Peer,
};

/// A new identity costs more than all else that an operation does.
static IDENTITY: LazyLock<Arc<Identity>> =
    LazyLock::new(|| Arc::new(throw_away(Reach::Direct, NOW).expect("an identity")));

/// Where everybody is.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 4711);

/// The longest archive that is taken, in bytes.
const MAX: u64 = 2 * 1024 * 1024;

/// An import.
pub(super) struct Held {
    handle: ImportHandle,
    log: Log,
    dials: mpsc::UnboundedSender<DuplexStream>,
    device: Arc<Identity>,
    other: Arc<Identity>,
    texts: Arc<[Vec<u8>; 2]>,
    peers: BTreeMap<String, Peer>,
    task: JoinHandle<()>,
}

impl Device for Held {
    async fn begin(setup: &Setup, account: &Account, log: &Log) -> Self {
        let store = Store::open_in(MemoryFs::default(), "/accounts").expect("a store");
        let inline = InlineStore::new(store, Arc::new(InsecureKdf), key(), MAX, NOW);
        let (dials, dialled) = mpsc::unbounded_channel();
        let env = ImportEnv {
            publish: Published { dialled, log: log.clone(), fails: setup.fails },
            store: archives::Store { inner: inline, way: Way::new(setup, log) },
            identity: ImportIdentity::Ready(IDENTITY.clone()),
            random: Same,
        };
        let config = Config { features: setup.features, profile: setup.profile, ..Config::default() };
        let options = ImportOptions { config, max_archive: MAX, ..ImportOptions::default() };
        let (handle, mut notices, operation) = import(env, options);
        let (shown, over) = (log.clone(), log.clone());
        tokio::spawn(async move {
            while let Some(notice) = notices.recv().await {
                shown.notice(&notice);
            }
        });
        let task = tokio::spawn(async move {
            let report = operation.await;
            let account = if report.installed.is_some() { "an account" } else { "nothing" };
            over.say(Observer::User, format!("over with {account}"));
        });
        let (device, other) = (account.device.clone(), account.other.clone());
        Self {
            handle,
            log: log.clone(),
            dials,
            device,
            other,
            texts: account.texts.clone(),
            peers: BTreeMap::new(),
            task,
        }
    }

    async fn step(&mut self, step: &str) {
        let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
        let answer = match verb {
            "dial" => return self.dial(rest),
            "answer" => {
                let scheme = if rest.is_empty() { Scheme::None } else { Scheme::Password };
                self.handle.provide_account_authentication(Secret::from(rest), scheme).await
            }
            "remove" => self.handle.remove_account().await,
            "same" => self.handle.compare_account(true).await,
            "different" => self.handle.compare_account(false).await,
            _ => panic!("no step: {step}"),
        };
        if answer.is_err() {
            self.log.say(Observer::User, "refused");
        }
    }

    fn peer(&mut self, name: &str, does: &str) {
        self.peers[name].does(does);
    }

    fn device() -> &'static Identity {
        &IDENTITY
    }

    async fn end(self) {
        let Self { handle, task, peers, .. } = self;
        drop((handle, peers));
        let _ = task.await;
    }
}

impl Held {
    /// A new connection: `a`; `a silent` does nothing, `a after 4` is secured after so many seconds, `a other` is of another device of the
    /// account.
    fn dial(&mut self, how: &str) {
        let (near, far) = duplex(16 * 1024);
        let _ = self.dials.send(far);
        let (name, how) = how.split_once(' ').unwrap_or((how, ""));
        if how == "silent" {
            return Peer::silent(name, near, &self.log);
        }
        let seconds = how.strip_prefix("after ").map_or(0, |seconds| seconds.parse().expect("seconds"));
        let tls = ExporterTls::new(if how == "other" { &self.other } else { &self.device });
        let peer = Peer::new(name, &self.texts, &self.log, async move {
            sleep(Duration::from_secs(seconds)).await;
            Ok(tls.handshake(near).await?.0)
        });
        self.peers.insert(name.to_owned(), peer);
    }
}

/// Where the device is reached.
struct Published {
    dialled: mpsc::UnboundedReceiver<DuplexStream>,
    log: Log,
    fails: &'static str,
}

impl Publish for Published {
    type Listener = Self;

    async fn publish(self, _: &Identity) -> io::Result<Self> {
        if self.fails == "publish" { Err(io::ErrorKind::AddrInUse.into()) } else { Ok(self) }
    }
}

impl Listener for Published {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.dialled.recv().await {
            Some(stream) => Ok((stream, ADDRESS)),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(ADDRESS)
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        self.log.say(Observer::Network, "withdrawn");
    }
}

/// Gives each token the same code, and each account the same id.
struct Same;

impl Random for Same {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(1);
    }
}
