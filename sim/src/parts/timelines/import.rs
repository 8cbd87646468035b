//! An importing device, and an exporting one that follows a script.

mod scripts;

use std::{
    collections::BTreeMap,
    future::pending,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll},
};

use handfast::{
    archive::{Identity, InsecureKdf, MemoryFs, Store},
    outcome::{Scheme, Side},
    reducer::Config,
    secret::Secret,
    shell::{
        ImportEnv, ImportHandle, ImportIdentity, ImportOptions, Imports, Random,
        folder::InlineStore,
        identity::{Reach, throw_away},
        import,
        rendezvous::{Listener, Publish},
        tls::ExporterTls,
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex},
    sync::mpsc,
    task::JoinHandle,
    time::{Duration, sleep},
};

pub(super) use scripts::SCRIPTS;

use super::{
    Account, Cases, Device, HARDENED, Log, NOW, Observer, Setup,
    archives::{self, Way},
    key, kind,
    peer::Peer,
    today,
};

/// A new identity costs more than all else that an operation does.
static IDENTITY: LazyLock<Arc<Identity>> =
    LazyLock::new(|| Arc::new(throw_away(Reach::Direct, NOW).expect("an identity")));

/// Where everybody is.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 4711);

/// The longest archive that is taken, in bytes.
const MAX: u64 = 3 * 1024 * 1024;

/// An import.
pub(super) struct Held {
    handle: ImportHandle,
    log: Log,
    dials: mpsc::UnboundedSender<io::Result<Dialled>>,
    device: Arc<Identity>,
    other: Arc<Identity>,
    texts: Arc<[Vec<u8>; 2]>,
    peers: BTreeMap<String, Peer>,
    task: JoinHandle<()>,
}

impl Device for Held {
    async fn begin(setup: &Setup, account: &Account, log: &Log) -> Self {
        let (env, dials) = env(setup, log);
        let config = Config { features: setup.features, profile: setup.profile, ..Config::default() };
        let options = ImportOptions { config, max_archive: MAX, now: Some(today(setup)), ..ImportOptions::default() };
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
            "accept" => {
                let _ = self.dials.send(Err(kind(rest).into()));
                return;
            }
            "progress" => {
                let progress = self.handle.progress();
                return self.log.say(Observer::User, format!("{} of {}", progress.done(), progress.total()));
            }
            "bytes" => self.handle.provide_account_authentication(Secret::from(vec![0xff]), Scheme::Password).await,
            "answer" => {
                let scheme = if rest.is_empty() { Scheme::None } else { Scheme::Password };
                self.handle.provide_account_authentication(Secret::from(rest), scheme).await
            }
            "remove" => self.handle.remove_account().await,
            "same" => self.handle.compare_account(true).await,
            "different" => self.handle.compare_account(false).await,
            _ => panic!("no step: {step}"),
        };
        if let Err(refused) = answer {
            self.log.say(Observer::User, format!("refused: {refused}"));
        }
    }

    fn peer(&mut self, name: &str, does: &str) {
        match self.peers.get(name) {
            Some(peer) => peer.does(does),
            None => self.log.say(Observer::Peer, format!("there is no {name}")),
        }
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

type Env = ImportEnv<Published, archives::Store, Same>;

/// The environment of an import, and where its connections come from.
fn env(setup: &Setup, log: &Log) -> (Env, mpsc::UnboundedSender<io::Result<Dialled>>) {
    let store = Store::open_in(MemoryFs::default(), "/accounts").expect("a store");
    let inline = InlineStore::new(store, Arc::new(InsecureKdf), key(), MAX, today(setup));
    let (dials, dialled) = mpsc::unbounded_channel();
    let env = ImportEnv {
        publish: Published { dialled, log: log.clone(), fails: setup.fails },
        store: archives::Store { inner: inline, way: Way::new(setup, log) },
        identity: ImportIdentity::Ready(IDENTITY.clone()),
        random: Same(1),
    };
    (env, dials)
}

impl Held {
    /// A new connection: `a`; `a silent` does nothing, `a after 4` is secured after so many seconds, `a other` is of another device of the
    /// account.
    fn dial(&mut self, how: &str) {
        let (name, how) = how.split_once(' ').unwrap_or((how, ""));
        let (near, far) = duplex(16 * 1024);
        let asked_by = how.strip_prefix("asked ").map(|asker| {
            let device = if asker == "other" { &self.other } else { &self.device };
            device.certificate().long_id()
        });
        let _ = self.dials.send(Ok(Dialled { stream: far, asked_by }));
        if how == "silent" {
            return Peer::silent(name, near, &self.log);
        }
        let seconds = how.strip_prefix("after ").map_or(0, |seconds| seconds.parse().expect("seconds"));
        let tls = ExporterTls::new(if how == "other" { &self.other } else { &self.device });
        let peer = Peer::new(name, &self.texts, &self.log, Side::Export, async move {
            sleep(Duration::from_secs(seconds)).await;
            let stream = tls.handshake(near).await?.0;
            let channel = tls.channel(&stream)?;
            Ok((stream, channel))
        });
        self.peers.insert(name.to_owned(), peer);
    }
}

/// Where the device is reached.
struct Published {
    dialled: mpsc::UnboundedReceiver<io::Result<Dialled>>,
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
    type Stream = Dialled;

    async fn accept(&mut self) -> io::Result<(Dialled, SocketAddr)> {
        match self.dialled.recv().await {
            Some(dialled) => Ok((dialled?, ADDRESS)),
            None => pending().await,
        }
    }

    fn asked_by(stream: &Dialled) -> Option<[u8; 32]> {
        stream.asked_by
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

/// A connection, and the device that asked for it, where a signed request came before.
struct Dialled {
    stream: DuplexStream,
    asked_by: Option<[u8; 32]>,
}

impl AsyncRead for Dialled {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Dialled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Gives each token the same code, and each account the same id: all bytes are this one.
struct Same(u8);

impl Random for Same {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

/// An import whose future is dropped has no place any more, of the eight that there are (R-API-1).
pub(super) fn dropped(cases: &mut Cases) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let imports = Imports::new();
        let log = Log::default();
        let mut ids = 1..;
        let mut begin = || {
            let env = ImportEnv { random: Same(ids.next().expect("an id")), ..env(&HARDENED, &log).0 };
            imports.add_account(env, ImportOptions::default())
        };
        for number in 1..=9 {
            cases.expect(format!("import {number}, after the one before it was dropped"), true, begin().is_ok());
        }
        let mut live = Vec::new();
        for number in 1..=9 {
            let begun = begin();
            cases.expect(format!("import {number}, while those before it are live"), number <= 8, begun.is_ok());
            live.extend(begun.ok());
        }
    });
}
