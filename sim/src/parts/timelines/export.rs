//! An exporting device, and an importing one that follows a script.

mod scripts;

use std::{
    collections::{BTreeMap, VecDeque},
    future::pending,
    io::{self, Cursor},
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use handfast::{
    archive::{Identity, InsecureKdf, Terms},
    operations::OpId,
    outcome::Side,
    reducer::Config,
    shell::{
        ExportEnv, ExportHandle, ExportOptions, export,
        folder::{FileSource, InlineSource},
        identity::{Reach, throw_away},
        rendezvous::Dial,
        tls::ImporterTls,
    },
    token::DeviceId,
};
use tokio::{
    io::{AsyncWriteExt, DuplexStream, duplex},
    task::JoinHandle,
};

pub(super) use scripts::SCRIPTS;

use super::{
    Account, CODE, Device, Log, NOW, Observer, Setup,
    archives::{Source, Way},
    kind,
    peer::Peer,
    today,
};

/// The device of the token, and another one.
static DEVICES: LazyLock<[Arc<Identity>; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Arc::new(throw_away(Reach::Direct, NOW).expect("an identity"))));

/// Where everybody is.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 4711);

/// An export.
pub(super) struct Held {
    handle: ExportHandle,
    op: OpId,
    log: Log,
    peers: Arc<Mutex<BTreeMap<String, Peer>>>,
    task: JoinHandle<()>,
}

impl Device for Held {
    async fn begin(setup: &Setup, account: &Account, log: &Log) -> Self {
        let file = account.file.clone();
        let open = move || Ok(Cursor::new(file.clone()));
        let source = FileSource::new(open, Arc::new(InsecureKdf), Terms::at(NOW)).expect("an archive");
        let source = Source { inner: InlineSource::new(source), way: Way::new(setup, log) };
        let peers = Arc::default();
        let attempts = Arc::new(Mutex::new(setup.attempts.iter().copied().collect()));
        let dial = Line { attempts, peers: Arc::clone(&peers), log: log.clone() };
        let config = Config { features: setup.features, profile: setup.profile, ..Config::default() };
        let options = ExportOptions { config, now: Some(today(setup)), ..ExportOptions::default() };
        let (handle, mut notices, operations) =
            export(ExportEnv { dial, source, identity: account.device.clone() }, options);
        let shown = log.clone();
        tokio::spawn(async move {
            while let Some(notice) = notices.recv().await {
                shown.notice(&notice);
            }
        });
        let task = tokio::spawn(operations);
        let op = handle.add_device(&token()).await.expect("an operation");
        Self { handle, op, log: log.clone(), peers, task }
    }

    async fn step(&mut self, step: &str) {
        let answer = match step {
            "progress" => {
                let progress = self.handle.progress(self.op).await;
                let said = progress.map(|progress| format!("{} of {}", progress.done(), progress.total()));
                return self.log.say(Observer::User, said.unwrap_or_else(|| "no progress".into()));
            }
            "again" => return self.add("", "").await,
            "blank before" => return self.add(" ", "").await,
            "blank after" => return self.add("", " ").await,
            "line after" => return self.add("", "\n").await,
            "current" => {
                match self.handle.current(self.op).await {
                    Some(notice) => self.log.notice(&notice),
                    None => self.log.say(Observer::User, "nothing"),
                }
                return;
            }
            "confirm" => self.handle.confirm_add_device(self.op).await,
            "same" => self.handle.compare_add_device(self.op, true).await,
            "different" => self.handle.compare_add_device(self.op, false).await,
            "cancel" => self.handle.cancel_add_device(self.op).await,
            _ => panic!("no step: {step}"),
        };
        if let Err(refused) = answer {
            self.log.say(Observer::User, format!("refused: {refused}"));
        }
    }

    fn peer(&mut self, name: &str, does: &str) {
        match self.peers.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            Some(peer) => peer.does(does),
            None => self.log.say(Observer::Peer, format!("there is no {name}")),
        }
    }

    fn device() -> &'static Identity {
        &DEVICES[0]
    }

    async fn end(self) {
        let Self { handle, task, .. } = self;
        drop(handle);
        let _ = task.await;
    }
}

impl Held {
    async fn add(&self, before: &str, after: &str) {
        let added = self.handle.add_device(&format!("{before}{}{after}", token())).await;
        self.log.say(Observer::User, format!("{added:?}"));
    }
}

fn token() -> String {
    format!("jami-auth://{}/{CODE}", DEVICES[0].certificate().short_id())
}

/// The fate of each attempt to connect.
#[derive(Clone)]
struct Line {
    attempts: Arc<Mutex<VecDeque<&'static str>>>,
    peers: Arc<Mutex<BTreeMap<String, Peer>>>,
    log: Log,
}

impl Dial for Line {
    type Stream = DuplexStream;

    async fn dial(self, _: DeviceId) -> io::Result<(DuplexStream, SocketAddr)> {
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
            if attempts.len() > 1 { attempts.pop_front() } else { attempts.front().copied() }
        };
        self.log.say(Observer::Network, "dials");
        let (mut near, far) = duplex(16 * 1024);
        let device = match attempt.expect("one at least") {
            "never" => pending().await,
            "leaves" => return Ok((far, ADDRESS)),
            "silent" => {
                Peer::silent("s", near, &self.log);
                return Ok((far, ADDRESS));
            }
            "greets" => {
                near.write_all(b"SSH-2.0-another\r\n").await?;
                Peer::silent("s", near, &self.log);
                return Ok((far, ADDRESS));
            }
            "alert" => {
                near.write_all(&[0x15, 3, 3, 0, 2, 2, 40]).await?;
                Peer::silent("s", near, &self.log);
                return Ok((far, ADDRESS));
            }
            "other" => DEVICES[1].clone(),
            "answers" => DEVICES[0].clone(),
            failure => return Err(kind(failure).into()),
        };
        let tls = ImporterTls::new(&device);
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let name = char::from(b'a' + peers.len() as u8).to_string();
        let peer = Peer::new(&name, &Arc::default(), &self.log, Side::Import, async move {
            let stream = tls.handshake(near).await?.0;
            let channel = tls.channel(&stream)?;
            Ok((stream, channel))
        });
        peers.insert(name, peer);
        Ok((far, ADDRESS))
    }
}
