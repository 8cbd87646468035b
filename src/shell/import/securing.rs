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
