//! A connection without a peer: what is written to it is taken or held, and what arrives is there before it is asked for.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use super::*;
use crate::{shell::notice::Progress, token::Code};

/// A stream that takes all that is written. It flushes when it may, and gives what arrived before.
#[derive(Default)]
struct Stream {
    flushes: bool,
    arrived: Vec<u8>,
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        unreachable!("it is read through its buffer")
    }
}

impl AsyncBufRead for Stream {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        if self.arrived.is_empty() { Poll::Pending } else { Poll::Ready(Ok(&self.get_mut().arrived)) }
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.arrived.drain(..count);
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.flushes { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// An archive in pieces of this many bytes.
struct Pieces {
    left: u64,
    piece: u64,
}

impl Reader for Pieces {
    fn length(&self) -> u64 {
        self.left
    }

    async fn next(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        let count = self.left.min(self.piece);
        self.left -= count;
        buffer.resize(count as usize, 7);
        Ok(())
    }
}

/// Takes all that waits to be sent.
fn taken(connection: &mut Connection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while connection.is_waiting() {
        let (header, data) = connection.transmit();
        let count = header.len() + data.len();
        bytes.extend([header, data].concat());
        connection.sent(count);
    }
    bytes
}

/// Two ends of a session.
fn session() -> (Connection, Connection) {
    let (mut importer, mut exporter) = (Connection::importer(1 << 20), Connection::exporter());
    assert!(exporter.request_channel(Code::parse(b"123456").unwrap().channel_name()));
    let request = taken(&mut exporter);
    assert!(matches!(importer.receive(&mut &request[..]), Some(connection::Event::ChannelRequested(_))));
    assert!(importer.accept());
    let answer = taken(&mut importer);
    assert!(matches!(exporter.receive(&mut &answer[..]), Some(connection::Event::ChannelAccepted)));
    (importer, exporter)
}

/// An exporter's end, and what it reports.
fn served(stream: Stream, exporter: Connection) -> (Served<Stream, Pieces>, Receiver<(OpId, Event)>) {
    let (events, happened) = mpsc::channel(MAX_TURN * 2);
    let (_, commands) = mpsc::channel(1);
    let wiring =
        Wiring { id: OpId(1), commands, events, progress: Progress::default(), closing: Duration::from_secs(1) };
    let address = "192.0.2.1:4711".parse().unwrap();
    let mut served = Served::new(stream, address, wiring);
    served.link.connection = exporter;
    (served, happened)
}

fn reported(happened: &mut Receiver<(OpId, Event)>) -> Vec<Event> {
    std::iter::from_fn(|| happened.try_recv().ok()).map(|(_, event)| event).collect()
}

/// R-EXT-2: an archive is handed over when all of it is out, not when all of it is written; and its bytes are counted once.
#[tokio::test]
async fn an_archive_is_handed_over_when_nothing_of_it_waits() {
    const LENGTH: u64 = 100_000;
    let (mut served, mut happened) = served(Stream::default(), session().1);
    served.carry_out(Command::SendArchive(Pieces { left: LENGTH, piece: 40_000 }));
    while !matches!(served.sending, Some(Sending { stage: Stage::Flushing, .. })) {
        if matches!(served.sending, Some(Sending { stage: Stage::Reading(_), .. })) {
            let more = more(&mut served.sending).await;
            assert!(served.send(more).await.is_continue());
        } else {
            assert_eq!(served.link.turn().await, Turn::Nothing);
            assert!(served.sent().await.is_continue());
        }
    }
    assert_eq!((served.wiring.progress.done(), served.wiring.progress.total()), (LENGTH, LENGTH));
    // No report but the first was needed: it was not seen.
    assert!(matches!(reported(&mut happened)[..], [Event::Progressed]));
    served.link.stream.flushes = true;
    assert_eq!(served.link.turn().await, Turn::Nothing);
    assert!(served.sent().await.is_continue());
    assert!(matches!(reported(&mut happened)[..], [Event::HandedOver]));
    assert!(served.sending.is_none());
}

/// However much arrives at once, commands and deadlines are looked at after so many events, and nothing is lost.
#[tokio::test]
async fn what_arrives_is_received_in_turns() {
    const MORE: usize = 6;
    let (mut importer, exporter) = session();
    for _ in 0..MAX_TURN + MORE {
        assert!(importer.send(&Message::Password("sesame".into())));
    }
    let arrived = taken(&mut importer);
    let (mut served, mut happened) = served(Stream { arrived, ..Stream::default() }, exporter);
    for expected in [MAX_TURN, MORE] {
        assert!(served.read().await.is_continue());
        let events = reported(&mut happened);
        assert_eq!(events.len(), expected);
        assert!(events.iter().all(|event| matches!(event, Event::Message(Message::Password(_)))));
    }
    assert!(served.link.stream.arrived.is_empty());
}

/// R-EXP-12: an attempt whose link was there, or may be, failed, and another one may not. Any other has no use.
#[test]
fn an_error_of_dialling_says_whether_another_attempt_has_a_use() {
    use io::ErrorKind::*;
    let has_use = |kind: io::ErrorKind| match of_dialling(kind.into()) {
        Event::Failed(error) if error.kind() == kind => true,
        Event::Unreachable(error) if error.kind() == kind => false,
        _ => panic!("{kind}: another event"),
    };
    for kind in [BrokenPipe, ConnectionAborted, ConnectionReset, Interrupted, TimedOut, UnexpectedEof] {
        assert!(has_use(kind), "{kind}");
    }
    for kind in [ConnectionRefused, NotFound, PermissionDenied, AddrNotAvailable, HostUnreachable, Other] {
        assert!(!has_use(kind), "{kind}");
    }
}
