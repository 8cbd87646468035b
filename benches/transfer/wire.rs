//! One transfer over loopback, measured: by the shell, and by a bare copy over the same TLS.
//!
//! Each end has a thread and a single-threaded runtime of its own. The clock runs from when the exporter begins to take the bytes out of
//! memory until the importer has taken the last one in: neither handshakes nor what users do is measured.
//! CPU time is that of both threads meanwhile.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

use handfast::{
    archive::{Identity, UnixTime},
    limits::ARCHIVE_FRAME,
    operations::LocalId,
    outcome::{AccountId, Outcome, Scheme, Signal},
    secret::Secret,
    shell::{
        ExportEnv, ExportOptions, ImportEnv, ImportIdentity, ImportOptions, SystemRandom, export,
        identity::{Reach, throw_away},
        import,
        rendezvous::{Listen, Peer},
        storage::{Buffer, CheckError, Opening, Reader, Sink, Source, Staging, Store},
        tls::{self, ExporterTls, ImporterTls},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
};

/// Frames whose bytes a reader hands over at once.
const FRAMES: usize = 4;

/// An exporting device, and what it has for others.
pub(crate) struct Transfer {
    exporter: Arc<Identity>,
    text: Vec<u8>,
    /// The same, as buffers of whole frames, in the order in which they are sent.
    buffers: Arc<Mutex<VecDeque<Buffer>>>,
}

/// What a transfer took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) time: Duration,
    /// None where the system does not tell.
    pub(crate) cpu: Option<Duration>,
}

impl Cost {
    fn between([start, sent]: [Mark; 2], [begin, end]: [Mark; 2]) -> Self {
        let cpu = |from: Mark, to: Mark| Some(to.cpu? - from.cpu?);
        let both = || Some(cpu(start, sent)? + cpu(begin, end)?);
        Self { time: end.at - start.at, cpu: both() }
    }
}

/// A moment of a thread.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Instant,
    cpu: Option<Duration>,
}

impl Mark {
    fn now() -> Self {
        Self { at: Instant::now(), cpu: cpu_time() }
    }
}

/// CPU time of this thread, as Linux tells it.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

impl Transfer {
    /// An exporter with so many bytes.
    pub(crate) fn new(length: usize) -> Self {
        let text = vec![b'x'; length];
        let buffers = text.chunks(FRAMES * ARCHIVE_FRAME).map(|piece| piece.to_vec().into()).collect();
        Self { exporter: Arc::new(device()), text, buffers: Arc::new(Mutex::new(buffers)) }
    }

    /// What a bare copy takes that reads and writes `buffer` bytes at a time.
    pub(crate) fn bare(&self, buffer: usize) -> Cost {
        let (opened, address) = mpsc::channel();
        let (tls, length) = (ImporterTls::new(&device()), self.text.len());
        let importer = thread::spawn(move || {
            runtime().block_on(async move {
                let listener = TcpListener::bind(LOOPBACK).await?;
                opened.send(listener.local_addr()?).map_err(io::Error::other)?;
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                let (mut stream, _) = tls.handshake(stream).await.map_err(io::Error::other)?;
                let (mut bytes, mut left) = (vec![0; buffer], length);
                let begin = Mark::now();
                while left > 0 {
                    match stream.read(&mut bytes).await? {
                        0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                        count => left -= count,
                    }
                }
                let end = Mark::now();
                tls::close(&mut stream).await?;
                io::Result::Ok([begin, end])
            })
        });
        let address: SocketAddr = address.recv().expect("the importer listens");
        let tls = ExporterTls::new(&self.exporter);
        let written = runtime().block_on(async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (mut stream, _) = tls.handshake(stream).await.map_err(io::Error::other)?;
            let start = Mark::now();
            for piece in self.text.chunks(buffer) {
                stream.write_all(piece).await?;
            }
            stream.flush().await?;
            let sent = Mark::now();
            tls::close(&mut stream).await?;
            io::Result::Ok([start, sent])
        });
        let read = importer.join().expect("the importer ends").expect("it reads all");
        Cost::between(written.expect("the exporter writes all"), read)
    }

    /// What a link takes for the same.
    pub(crate) fn link(&self) -> Cost {
        let (shown, token) = mpsc::channel();
        let (starts, start) = mpsc::channel();
        let (marks, taken) = mpsc::channel();
        let length = self.text.len() as u64;
        let account = self.exporter.chain().certificates()[1].short_id();
        let importer = thread::spawn(move || {
            let store = Null { account, marks };
            let identity = ImportIdentity::Ready(device());
            let env = ImportEnv { publish: Listen(LOOPBACK), store, identity, random: SystemRandom };
            let options = ImportOptions { max_archive: length, ..ImportOptions::default() };
            runtime().block_on(async {
                let (handle, mut notices, operation) = import(env, options);
                let user = async {
                    while let Some(notice) = notices.recv().await {
                        match notice.signal {
                            Signal::TokenAvailable => {
                                let address = handle.listening().expect("the importer can be reached");
                                shown.send((notice.details["token"].clone(), address)).expect("somebody reads it");
                            }
                            Signal::Prompt { scheme, .. } => {
                                let answer = handle.provide_account_authentication(Secret::default(), scheme);
                                answer.await.expect("the answer is taken");
                            }
                            _ => {}
                        }
                    }
                };
                tokio::join!(operation, user).0.outcome
            })
        });
        let (token, address) = token.recv().expect("a token is shown");
        let source = Memory { length: self.text.len() as u64, buffers: self.buffers.clone(), starts };
        let env = ExportEnv { dial: Peer(address), source, identity: self.exporter.clone() };
        let exported = runtime().block_on(async {
            let (handle, mut notices, operations) = export(env, ExportOptions::default());
            let user = async move {
                let op = handle.add_device(&token).await.expect("the token is taken");
                loop {
                    match notices.recv().await.expect("a signal").signal {
                        Signal::Confirm { .. } => handle.confirm_add_device(op).await.expect("it is confirmed"),
                        Signal::Done(outcome) => return outcome,
                        _ => {}
                    }
                }
            };
            tokio::join!(operations, user).1
        });
        let sent = Mark::now();
        let imported = importer.join().expect("the importer ends");
        assert_eq!((imported, exported), (Outcome::SUCCESS, Outcome::SUCCESS));
        let taken = [(); 2].map(|()| taken.recv().expect("the archive was taken in"));
        Cost::between([start.recv().expect("the archive was taken out"), sent], taken)
    }
}

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn device() -> Identity {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock that is set");
    throw_away(Reach::Direct, UnixTime::since_unix_epoch(now)).expect("keys can be made")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// An archive in memory, which nobody checks. It is lent, not copied: whoever has sent a buffer gives it back.
#[derive(Clone)]
struct Memory {
    length: u64,
    buffers: Arc<Mutex<VecDeque<Buffer>>>,
    starts: mpsc::Sender<Mark>,
}

impl Source for Memory {
    type Reader = MemoryReader;

    fn scheme(&self) -> Scheme {
        Scheme::None
    }

    async fn open(&mut self, _: Secret) -> Opening<MemoryReader> {
        let left = self.buffers.lock().expect("no user panics").len();
        Opening::Opened(MemoryReader { memory: self.clone(), left })
    }
}

struct MemoryReader {
    memory: Memory,
    /// Buffers that were not yet lent.
    left: usize,
}

impl Reader for MemoryReader {
    fn length(&self) -> u64 {
        self.memory.length
    }

    async fn next(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        let mut buffers = self.memory.buffers.lock().expect("no user panics");
        if buffer.is_empty() {
            self.memory.starts.send(Mark::now()).map_err(io::Error::other)?;
        } else {
            buffers.push_back(std::mem::take(buffer));
        }
        if self.left > 0 {
            self.left -= 1;
            *buffer = buffers.pop_front().expect("all but the one that is lent are there");
        }
        Ok(())
    }
}

/// A store that takes everything in and keeps nothing.
struct Null {
    account: AccountId,
    marks: mpsc::Sender<Mark>,
}

impl Store for Null {
    type Sink = NullSink;
    type Staging = NullStaging;
    type Installed = ();

    async fn begin(&mut self, _: LocalId, _: Secret) -> io::Result<(NullSink, NullStaging)> {
        self.marks.send(Mark::now()).map_err(io::Error::other)?;
        Ok((NullSink(self.marks.clone()), NullStaging(self.account)))
    }

    async fn remove(&mut self, (): &()) -> io::Result<()> {
        Ok(())
    }
}

struct NullSink(mpsc::Sender<Mark>);

impl Sink for NullSink {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        std::hint::black_box(bytes);
        Ok(())
    }

    async fn complete(self) -> io::Result<()> {
        self.0.send(Mark::now()).map_err(io::Error::other)
    }
}

struct NullStaging(AccountId);

impl Staging for NullStaging {
    type Installed = ();

    async fn check(&mut self) -> Result<AccountId, CheckError> {
        Ok(self.0)
    }

    async fn install(self) -> io::Result<()> {
        Ok(())
    }

    async fn discard(self) {}
}
