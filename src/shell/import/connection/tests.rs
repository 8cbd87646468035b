use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, DuplexStream, ReadBuf, duplex},
    sync::mpsc,
    time::advance,
};

use super::*;
use crate::archive::{Identity, KeyKind, PrivateKey, UnixTime};
use crate::message::archive_header;
use crate::mux::{ChannelRequest, Control, FIRST_SERVER_CHANNEL, RequestState, frame_header};
use crate::shell::Progress;
use crate::shell::identity::{Reach, throw_away};
use crate::token::DeviceId;

/// A stream whose bytes never pause, and which takes all that is written. It takes part in the scheduler's budget, as sockets do: a task that
/// reads it is made to yield now and then.
struct Endless {
    piece: Vec<u8>,
    near: DuplexStream,
    far: DuplexStream,
    buffer: Vec<u8>,
    at: usize,
}

impl Endless {
    fn of(frame: &[u8]) -> Self {
        let piece = frame.repeat(400_usize.div_ceil(frame.len()));
        let (near, far) = duplex(piece.len());
        Self { piece, near, far, buffer: Vec::new(), at: 0 }
    }
}

impl AsyncBufRead for Endless {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let own = self.get_mut();
        if own.at == own.buffer.len() {
            let _ = Pin::new(&mut own.far).poll_write(cx, &own.piece)?;
            own.buffer.resize(own.piece.len(), 0);
            let mut read = ReadBuf::new(&mut own.buffer);
            let polled = Pin::new(&mut own.near).poll_read(cx, &mut read);
            let length = read.filled().len();
            own.buffer.truncate(length);
            own.at = 0;
            ready!(polled)?;
        }
        Poll::Ready(Ok(&own.buffer[own.at..]))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.at += count;
    }
}

impl AsyncRead for Endless {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let bytes = ready!(self.as_mut().poll_fill_buf(cx))?;
        let count = bytes.len().min(into.remaining());
        into.put_slice(&bytes[..count]);
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct NoSink;

impl Sink for NoSink {
    async fn write(&mut self, _: &[u8]) -> io::Result<()> {
        unreachable!("no archive comes")
    }

    async fn complete(self) -> io::Result<()> {
        unreachable!("no archive comes")
    }
}

const OPENING: Duration = Duration::from_secs(40);

/// Returns the first report of a connection that receives this frame without a pause, and a step of time after each of its turns, and after how many seconds; and when it is closed.
async fn endless(frame: &[u8], step: Duration) -> (Event, u64, u64) {
    let (commands, received) = mpsc::channel(8);
    let (reports, mut events) = mpsc::channel(64);
    let progress = Progress::default();
    let closing = Duration::from_secs(1);
    let wiring = Wiring { id: ConnId(1), commands: received, events: reports, progress, closing };
    let began = Instant::now();
    let served = Served::<_, NoSink>::new(Endless::of(frame), 0, wiring);
    let served = tokio::spawn(served.run(began + OPENING));
    let mut first = None;
    while !served.is_finished() {
        advance(step).await;
        while let Ok((_, event)) = events.try_recv() {
            match event {
                Event::Asked(_) => commands.try_send(Command::Decline).unwrap(),
                event => _ = first.get_or_insert((event, began.elapsed().as_secs())),
            }
        }
        assert!(began.elapsed() < 2 * OPENING, "it is served for ever");
    }
    let (event, seconds) = first.expect("something is reported");
    (event, seconds, began.elapsed().as_secs())
}

/// R-MUX-2: a frame is counted once, however long it is, so the longest ones come until the deadline where the peer has time for few of them.
#[tokio::test(start_paused = true)]
async fn a_peer_that_never_pauses_is_lost_at_its_deadline() {
    let frame = [&[0x92, 0x07, 0xc5, 0xff, 0xff][..], &[b'x'; 0xffff]].concat();
    let step = Duration::from_secs(4);
    let (event, seconds, closed) = endless(&frame, step).await;
    assert!(matches!(event, Event::Lost));
    let steps = 2 * step.as_secs();
    assert!((40..=44).contains(&seconds) && closed <= seconds + steps, "after {seconds} s, closed after {closed} s");
}

/// R-MUX-2: what means nothing or costs an answer is counted: the peer is lost long before its deadline.
#[tokio::test(start_paused = true)]
async fn a_peer_that_only_keeps_the_connection_busy_is_lost_early() {
    let request = Control::Request(ChannelRequest {
        name: ChannelName::new(b"svcdisc://query").unwrap(),
        channel: 9,
        state: RequestState::Request,
    });
    let empty = [vec![0x92, 0x00, 0xc4, 0x00], vec![0x92, 0xcd, 0xff, 0xff, 0xc4, 0x00]];
    let busy = [vec![0x92, 0x07, 0xc4, 0x01, b'x'], Control::Beacon(true).to_frame(), request.to_frame()];
    for frame in busy.into_iter().chain(empty) {
        let (event, seconds, _) = endless(&frame, Duration::from_millis(10)).await;
        assert!(matches!(event, Event::Lost));
        assert!(seconds < 40, "{frame:?}: after {seconds} s");
    }
}

/// Serves a connection that this device has asked for, and on which `shown` proves itself. Returns whether it is verified.
async fn verified(asked_by: Option<[u8; 32]>, importer: &tls::ImporterTls, shown: &tls::ExporterTls) -> bool {
    let (near, far) = duplex(64 * 1024);
    let (commands, received) = mpsc::channel(8);
    let (reports, mut events) = mpsc::channel(8);
    let closing = Duration::from_secs(1);
    let wiring = Wiring { id: ConnId(1), commands: received, events: reports, progress: Progress::default(), closing };
    let limits = Limits { max_archive: 0, handshake: OPENING, opening: OPENING };
    let served = tokio::spawn(serve::<_, NoSink>(near, asked_by, importer.clone(), limits, wiring));
    let end = shown.handshake(far).await.unwrap();
    let facts = loop {
        if let (_, Event::Opened(facts, _)) = events.recv().await.unwrap() {
            break facts;
        }
    };
    drop((commands, end));
    served.await.unwrap();
    facts.verified
}

/// R-SEC-4: a device that did not ask counts as not verified, whatever it shows; without a request before it, its chain alone counts.
#[tokio::test]
async fn only_the_device_that_asked_is_verified() {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
    let device = || throw_away(Reach::Direct, now).unwrap();
    let (importer, exporter) = (tls::ImporterTls::new(&device()), device());
    let shown = tls::ExporterTls::new(&exporter);
    let id = exporter.chain().leaf().long_id();
    assert!(verified(None, &importer, &shown).await);
    assert!(verified(Some(id), &importer, &shown).await);
    assert!(!verified(Some(device().chain().leaf().long_id()), &importer, &shown).await);
}

/// R-SEC-5: a certificate that was renewed after the request is that of the device that asked, and of the token's device; a chain of another
/// key is not.
#[tokio::test]
async fn a_renewed_certificate_is_the_same_device() {
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let (asked, shown) = (at(1_700_000_000), at(1_800_000_000));
    let key = || PrivateKey::generate(KeyKind::P256).unwrap();
    let account = Identity::authority(key(), "account", asked).unwrap();
    let pem = key().to_pem();
    let device = |now| account.issue_device(PrivateKey::from_pem(pem.as_bytes()).unwrap(), now).unwrap();
    let (before, renewed, other) = (device(asked), device(shown), account.issue_device(key(), shown).unwrap());
    assert_ne!(before.certificate().der(), renewed.certificate().der());
    let importer = tls::ImporterTls::new(&throw_away(Reach::Direct, shown).unwrap());
    let id = before.certificate().long_id();
    assert!(verified(Some(id), &importer, &tls::ExporterTls::new(&renewed)).await);
    assert!(!verified(Some(id), &importer, &tls::ExporterTls::new(&other)).await);
    for id in [DeviceId::Long(id), DeviceId::Short(before.certificate().short_id().0)] {
        assert!(tls::is_device(renewed.chain(), &id));
        assert!(!tls::is_device(other.chain(), &id));
    }
}

/// Counts the bytes that are written to it.
struct Counted(usize);

impl Sink for Counted {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0 += bytes.len();
        Ok(())
    }

    async fn complete(self) -> io::Result<()> {
        Ok(())
    }
}

/// R-MUX-2: a connection looks at what the operation wants after 64 events, however much has arrived.
#[tokio::test]
async fn a_turn_ends_though_more_has_arrived() {
    let frame = |data: &[u8]| [frame_header(FIRST_SERVER_CHANNEL, data.len() as u16).as_bytes(), data].concat();
    let name = ChannelName::new(b"auth:123456").unwrap();
    let request = ChannelRequest { name, channel: FIRST_SERVER_CHANNEL, state: RequestState::Request };
    let mut connection = Connection::importer(1000);
    connection.receive(&mut &Control::Request(request).to_frame()[..]).unwrap();
    assert!(connection.accept());
    connection.receive(&mut &frame(archive_header(1000).as_bytes())[..]).unwrap();
    assert!(connection.take_archive());

    let (_commands, commands) = mpsc::channel(1);
    let (events, _happened) = mpsc::channel(64);
    let (progress, closing) = (Progress::default(), Duration::from_secs(1));
    let wiring = Wiring { id: ConnId(1), commands, events, progress, closing };
    let mut receiver = Receiver { wiring, sink: Some(Counted(0)), next: None };
    let small = frame(b"x");
    let bytes = small.repeat(100);
    let mut input = &bytes[..];
    for (turn, left) in [(64, 36), (100, 0)] {
        assert!(receiver.receive(&mut connection, &mut input).await.is_continue());
        assert_eq!((receiver.sink.as_ref().unwrap().0, input.len()), (turn, left * small.len()));
    }
}
