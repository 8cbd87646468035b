//! One transfer, measured: by the shell, and by a bare copy over the same connection.
//!
//! Each end has a thread and a single-threaded runtime of its own. The clock runs from when the exporter begins to take the bytes out of
//! memory until the importer has taken the last one in: neither handshakes nor what users do is measured.
//! CPU time is that of both threads meanwhile.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    net::SocketAddr,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use handfast::{
    archive::Identity,
    connection::Event,
    limits::{ARCHIVE_FRAME, READ_AHEAD},
    message::archive_header,
    mux::frame_header,
    operations::LocalId,
    outcome::{AccountId, Scheme},
    secret::Secret,
    shell::{
        ExportEnv,
        rendezvous::{Dial, Listener, Publish},
        storage::{Buffer, CheckError, Checked, Complete, Opening, Reader, Source, Staging, Store},
        tls::{self, ExporterTls, ImporterTls},
    },
    token::DeviceId,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{
    carrier::Carrier,
    codec::{CHANNEL, session},
    link::{device, link, runtime},
    stopwatch::{Cost, Mark},
};

/// Frames whose bytes a reader hands over at once.
const FRAMES: usize = 4;

/// An exporting device, and what it has for others.
pub struct Transfer {
    exporter: Arc<Identity>,
    text: Arc<[u8]>,
    /// The same, as buffers of whole frames, in the order in which they are sent.
    buffers: Arc<Mutex<VecDeque<Buffer>>>,
}

impl Transfer {
    /// An exporter with so many bytes.
    pub fn new(length: usize) -> Self {
        let text: Arc<[u8]> = vec![b'x'; length].into();
        let buffers = text.chunks(FRAMES * ARCHIVE_FRAME).map(|piece| piece.to_vec().into()).collect();
        Self { exporter: Arc::new(device()), text, buffers: Arc::new(Mutex::new(buffers)) }
    }

    /// Measures the shell: TLS, frames, message, reducers and tasks, from memory to a sink.
    pub fn link<C: Carrier>(&self) -> Cost {
        let (marks, taken) = mpsc::channel();
        let (starts, out) = mpsc::channel();
        let length = self.text.len() as u64;
        let account = self.exporter.chain().certificates()[1].short_id();
        let (publish, dial) = C::meet();
        let import_side = move || (publish, Null { account, marks });
        let source = Memory { length, buffers: self.buffers.clone(), marks: starts };
        let export_side = |address| ExportEnv { dial: dial(address), source, identity: self.exporter.clone() };
        link(import_side, export_side, length, "", Duration::ZERO);
        let pair = |marks: mpsc::Receiver<Mark>| [(); 2].map(|()| marks.recv().expect("it began and ended"));
        Cost::between(pair(out), pair(taken))
    }

    /// Measures a bare copy that reads and writes `buffer` bytes at a time.
    pub fn bare<C: Carrier>(&self, buffer: usize) -> Cost {
        self.over::<C, _, _>(
            async move |stream: &mut C::Stream, text: Arc<[u8]>| write(stream, &text, buffer).await,
            async move |stream: &mut C::Stream, length| read(stream, length, buffer).await,
        )
    }

    /// The same over TLS.
    pub fn bare_tls<C: Carrier>(&self, buffer: usize) -> Cost {
        let (importer, exporter) = (ImporterTls::new(&device()), ExporterTls::new(&self.exporter));
        self.over::<C, _, _>(
            async move |stream: &mut C::Stream, text: Arc<[u8]>| {
                let (mut stream, _) = exporter.handshake(stream).await.map_err(io::Error::other)?;
                let marks = write(&mut stream, &text, buffer).await?;
                tls::close(&mut stream).await?;
                Ok(marks)
            },
            async move |stream: &mut C::Stream, length| {
                let (mut stream, _) = importer.handshake(stream).await.map_err(io::Error::other)?;
                let marks = read(&mut stream, length, buffer).await?;
                tls::close(&mut stream).await?;
                Ok(marks)
            },
        )
    }

    /// Measures message and frames without TLS: the codec, and a loop around it. The shell has no such way.
    pub fn framed<C: Carrier>(&self) -> Cost {
        self.over::<C, _, _>(
            async |stream: &mut C::Stream, text: Arc<[u8]>| write_frames(stream, &text).await,
            async |stream: &mut C::Stream, length| read_frames(stream, length).await,
        )
    }

    /// Sends the text through a connection, each end on a thread of its own.
    fn over<C, W, R>(&self, write: W, read: R) -> Cost
    where
        C: Carrier,
        W: AsyncFnOnce(&mut C::Stream, Arc<[u8]>) -> io::Result<[Mark; 2]>,
        R: AsyncFnOnce(&mut C::Stream, usize) -> io::Result<[Mark; 2]> + Send + 'static,
    {
        let (opened, address) = mpsc::channel();
        let (publish, dial) = C::meet();
        let length = self.text.len();
        let importer = thread::spawn(move || {
            runtime("blocking").block_on(async move {
                let mut listener = publish.publish(&device()).await?;
                opened.send(listener.local_addr()?).map_err(io::Error::other)?;
                let (mut stream, _) = listener.accept().await?;
                let marks = read(&mut stream, length).await?;
                // The last word: the peer has closed.
                let _ = stream.read(&mut [0]).await;
                io::Result::Ok(marks)
            })
        });
        let address: SocketAddr = address.recv().expect("the importer listens");
        let written = runtime("blocking").block_on(async {
            let (mut stream, _) = dial(address).dial(DeviceId::Short([0; 20])).await?;
            write(&mut stream, self.text.clone()).await
        });
        let read = importer.join().expect("the importer ends").expect("it reads all");
        Cost::between(written.expect("the exporter writes all"), read)
    }
}

/// Writes a text in pieces.
async fn write(stream: &mut (impl AsyncWrite + Unpin), text: &[u8], buffer: usize) -> io::Result<[Mark; 2]> {
    let start = Mark::now();
    for piece in text.chunks(buffer) {
        stream.write_all(piece).await?;
    }
    stream.flush().await?;
    Ok([start, Mark::now()])
}

/// Reads so many bytes.
async fn read(stream: &mut (impl AsyncRead + Unpin), length: usize, buffer: usize) -> io::Result<[Mark; 2]> {
    let (mut bytes, mut left) = (vec![0; buffer], length);
    let begin = Mark::now();
    while left > 0 {
        match stream.read(&mut bytes).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => left -= count,
        }
    }
    Ok([begin, Mark::now()])
}

/// Writes a text as a message in frames, each of them a vectored write.
async fn write_frames(stream: &mut (impl AsyncWrite + Unpin), text: &[u8]) -> io::Result<[Mark; 2]> {
    let start = Mark::now();
    let header = archive_header(text.len() as u32);
    for piece in std::iter::once(header.as_bytes()).chain(text.chunks(ARCHIVE_FRAME)) {
        let head = frame_header(CHANNEL, piece.len() as u16);
        let mut slices = [IoSlice::new(head.as_bytes()), IoSlice::new(piece)];
        let mut rest = &mut slices[..];
        while !rest.is_empty() {
            match stream.write_vectored(rest).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => IoSlice::advance_slices(&mut rest, count),
            }
        }
    }
    stream.flush().await?;
    Ok([start, Mark::now()])
}

/// Reads a message in frames, in place.
async fn read_frames(stream: &mut (impl AsyncRead + Unpin), length: usize) -> io::Result<[Mark; 2]> {
    let mut connection = session(length);
    let mut bytes = vec![0; READ_AHEAD];
    let begin = Mark::now();
    loop {
        let count = stream.read(&mut bytes).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut rest = &bytes[..count];
        while let Some(event) = connection.receive(&mut rest) {
            match event {
                Event::ArchiveSlice(slice) => _ = std::hint::black_box(slice),
                Event::ArchiveEnded => return Ok([begin, Mark::now()]),
                Event::ArchiveBegan { .. } => _ = connection.take_archive(),
                _ => {}
            }
        }
    }
}

/// An archive in memory, which no reader checks. It is lent, not copied: the sender gives each buffer back.
#[derive(Clone)]
struct Memory {
    length: u64,
    buffers: Arc<Mutex<VecDeque<Buffer>>>,
    /// When the first bytes are taken, and when all are sent.
    marks: mpsc::Sender<Mark>,
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
        let mark = || self.memory.marks.send(Mark::now()).map_err(io::Error::other);
        if buffer.is_empty() {
            mark()?;
        } else {
            buffers.push_back(std::mem::take(buffer));
        }
        if self.left > 0 {
            self.left -= 1;
            *buffer = buffers.pop_front().expect("all but the one that is lent are there");
        } else {
            mark()?;
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
    type Staging = NullStaging;
    type Installed = ();

    async fn begin(&mut self, _: LocalId, _: Secret) -> io::Result<NullStaging> {
        self.marks.send(Mark::now()).map_err(io::Error::other)?;
        Ok(NullStaging { account: self.account, marks: self.marks.clone() })
    }

    async fn remove(&mut self, (): &()) -> io::Result<()> {
        Ok(())
    }
}

struct NullStaging {
    account: AccountId,
    marks: mpsc::Sender<Mark>,
}

impl Staging for NullStaging {
    type Complete = NullComplete;

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        std::hint::black_box(bytes);
        Ok(())
    }

    async fn complete(self) -> io::Result<NullComplete> {
        self.marks.send(Mark::now()).map_err(io::Error::other)?;
        Ok(NullComplete(self.account))
    }

    async fn discard(self) {}
}

struct NullComplete(AccountId);

impl Complete for NullComplete {
    type Checked = NullChecked;

    async fn check(self) -> Result<NullChecked, CheckError> {
        Ok(NullChecked(self.0))
    }

    async fn discard(self) {}
}

struct NullChecked(AccountId);

impl Checked for NullChecked {
    type Installed = ();

    fn account(&self) -> AccountId {
        self.0
    }

    async fn install(self) -> io::Result<()> {
        Ok(())
    }

    async fn discard(self) {}
}
