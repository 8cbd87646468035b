//! The handshake of a connection to an importing device: how it is read from, and that it has begun (R-IMP-15).

use std::{
    future::{Future, poll_fn},
    io::{self, IoSlice},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    select,
    time::{Duration, timeout},
};
use tokio_rustls::client::TlsStream;

use super::connection::{Event, Wiring};
use crate::{
    limits::{HANDSHAKE_READ_AHEAD, READ_AHEAD},
    sas::Channel,
    shell::tls::{ImporterTls, PeerFacts},
};

/// Secures a connection within this time. None: it was closed, or failed, which is reported.
pub(super) async fn secure<S, K>(
    stream: S,
    tls: &ImporterTls,
    within: Duration,
    wiring: &mut Wiring<K>,
) -> Option<(TlsStream<ReadAhead<S>>, PeerFacts, Channel)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let answered = Arc::new(AtomicBool::new(false));
    let stream = ReadAhead::new(stream, answered.clone());
    let mut handshake = pin!(timeout(within, tls.handshake(stream)));
    let mut reported = false;
    loop {
        let step = poll_fn(|cx| match handshake.as_mut().poll(cx) {
            Poll::Ready(secured) => Poll::Ready(Some(secured)),
            Poll::Pending if !reported && answered.load(Ordering::Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let step = select! { biased;
            // There is nothing yet that could be asked of it but to close.
            _ = wiring.commands.recv() => return None,
            step = step => step,
        };
        match step {
            None => {
                reported = true;
                if wiring.report(Event::Answered).await.is_break() {
                    return None;
                }
            }
            Some(Ok(Ok((mut stream, facts)))) if let Ok(channel) = tls.channel(&stream) => {
                stream.get_mut().0.widen();
                return Some((stream, facts, channel));
            }
            Some(Ok(_) | Err(_)) => {
                let _ = wiring.report(Event::Failed).await;
                return None;
            }
        }
    }
}

/// A stream from which more is read at once than is asked for: little before it is secured, since there are many such connections.
pub(super) struct ReadAhead<S> {
    stream: S,
    buffer: Box<[u8]>,
    /// The bytes that were read and not taken.
    start: usize,
    end: usize,
    /// Whether anything has arrived.
    answered: Arc<AtomicBool>,
}

impl<S> ReadAhead<S> {
    fn new(stream: S, answered: Arc<AtomicBool>) -> Self {
        Self { stream, buffer: vec![0; HANDSHAKE_READ_AHEAD].into(), start: 0, end: 0, answered }
    }

    /// From now on it reads as much as is worth while.
    fn widen(&mut self) {
        let mut buffer = vec![0; READ_AHEAD].into_boxed_slice();
        let waiting = &self.buffer[self.start..self.end];
        buffer[..waiting.len()].copy_from_slice(waiting);
        (self.start, self.end) = (0, waiting.len());
        self.buffer = buffer;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, taken: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, buffer, start, end, answered } = &mut *self;
        if start == end {
            let mut read = ReadBuf::new(buffer);
            ready!(Pin::new(stream).poll_read(cx, &mut read))?;
            (*start, *end) = (0, read.filled().len());
            if *end > 0 {
                answered.store(true, Ordering::Relaxed);
            }
        }
        let count = (*end - *start).min(taken.remaining());
        taken.put_slice(&buffer[*start..*start + count]);
        *start += count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        sync::mpsc::{self, error::TryRecvError},
    };

    use super::*;
    use crate::{
        archive::UnixTime,
        reducer::ConnId,
        shell::{
            Progress,
            answering::passes_all_on,
            identity::{Reach, throw_away},
        },
    };

    /// R-IMP-15: a connection is answered once bytes arrive, and not before: a peer that only connects is the first to be evicted. It is reported
    /// once, however many bytes come after.
    #[tokio::test(start_paused = true)]
    async fn the_first_byte_of_a_handshake_is_reported_and_no_other() {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let tls = ImporterTls::new(&throw_away(Reach::Direct, now).unwrap());
        let (mut far, near) = duplex(4096);
        let (_commands, commands) = mpsc::channel(1);
        let (events, mut reported) = mpsc::channel(8);
        let (progress, closing) = (Progress::default(), Duration::from_secs(1));
        let mut wiring = Wiring::<()> { id: ConnId(1), commands, events, progress, closing };
        let mut secured = pin!(secure(near, &tls, Duration::from_secs(30), &mut wiring));
        // The head of a record, of which the rest is still to come.
        for (byte, is_reported) in [(None, false), (Some(0x16), true), (Some(3), false), (Some(3), false)] {
            if let Some(byte) = byte {
                far.write_u8(byte).await.unwrap();
            }
            assert!(poll_fn(|cx| Poll::Ready(secured.as_mut().poll(cx).is_pending())).await);
            match reported.try_recv() {
                Ok((ConnId(1), Event::Answered)) => assert!(is_reported, "{byte:?}"),
                other => assert!(matches!(other, Err(TryRecvError::Empty)) && !is_reported, "{byte:?}"),
            }
        }
    }

    /// A peer that ends without a byte has answered nothing.
    #[tokio::test]
    async fn an_end_is_no_answer() {
        for (bytes, expected) in [(&b""[..], false), (b"x", true)] {
            let (mut far, near) = duplex(16);
            let answered = Arc::new(AtomicBool::new(false));
            far.write_all(bytes).await.unwrap();
            drop(far);
            let mut read = Vec::new();
            ReadAhead::new(near, answered.clone()).read_to_end(&mut read).await.unwrap();
            assert_eq!((&*read, answered.load(Ordering::Relaxed)), (bytes, expected));
        }
    }

    /// Little is read at once while there are many connections, and much once it is the one that matters. Bytes that were read before are kept.
    #[tokio::test]
    async fn a_secured_stream_reads_further_ahead_and_loses_nothing() {
        let (mut far, near) = duplex(1 << 20);
        far.write_all(&[b'a'; 5000]).await.unwrap();
        let mut stream = ReadAhead::new(near, Arc::default());
        assert_eq!(stream.read_u8().await.unwrap(), b'a');
        assert_eq!((stream.start, stream.end), (1, 4096));
        stream.widen();
        assert_eq!((stream.start, stream.end), (0, 4095));
        far.write_all(&[b'b'; 200_000]).await.unwrap();
        stream.read_exact(&mut [0; 4095]).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'a');
        assert_eq!((stream.start, stream.end), (1, 131_072));
        drop(far);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(rest == [vec![b'a'; 903], vec![b'b'; 200_000]].concat());
    }

    #[tokio::test]
    async fn all_but_reading_is_left_to_the_stream() {
        passes_all_on(|stream| ReadAhead::new(stream, Arc::default())).await;
    }
}
