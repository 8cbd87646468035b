//! One connection of a negotiation, and its frames.

use std::{
    io,
    net::SocketAddr,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::network::Carrier;
use crate::{
    ice::{Agent, ConnectionId, Taken, frame},
    limits::MAX_ICE_EARLY,
};

/// Bytes that are read at once.
const READ: usize = 64 * 1024;

/// An event on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// Bytes have come.
    Frames,
    /// It is over.
    Closed,
}

/// A connection with what was read and not yet taken apart, and what is still to be written.
pub(super) struct Wire {
    pub(super) id: ConnectionId,
    pub(super) peer: SocketAddr,
    /// The other side opened it.
    pub(super) accepted: bool,
    pub(super) stream: Box<dyn Carrier>,
    pub(super) input: Vec<u8>,
    pub(super) output: Vec<u8>,
    /// Bytes of TLS that came before the choice.
    pub(super) early: Vec<u8>,
}

impl Wire {
    pub(super) fn new(id: ConnectionId, stream: Box<dyn Carrier>, peer: SocketAddr, accepted: bool) -> Self {
        Self { id, peer, accepted, stream, input: Vec::new(), output: Vec::new(), early: Vec::new() }
    }

    pub(super) fn into_stream(self) -> Box<dyn Carrier> {
        self.stream
    }

    pub(super) fn send(&mut self, payload: &[u8]) {
        frame::put(&mut self.output, payload);
    }

    /// Writes what waits, and reads.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Woken> {
        if let Poll::Ready(Err(_)) = poll_drain(&mut self.stream, &mut self.output, cx) {
            return Poll::Ready(Woken::Closed);
        }
        Poll::Ready(match ready!(poll_fill(&mut self.stream, &mut self.input, cx)) {
            Ok(1..) => Woken::Frames,
            Ok(0) | Err(_) => Woken::Closed,
        })
    }

    /// Hands each whole frame to the agent. Breaks when the connection is to be closed.
    pub(super) fn hand_over(&mut self, agent: &mut Agent) -> ControlFlow<()> {
        let mut rest = &self.input[..];
        while let Some(payload) = frame::take(&mut rest) {
            match agent.handle(self.id, payload) {
                Taken::Application if self.early.len() + payload.len() <= MAX_ICE_EARLY => self.early.extend(payload),
                Taken::Application | Taken::Hostile => return ControlFlow::Break(()),
                Taken::Stun | Taken::Stray => {}
            }
        }
        let taken = self.input.len() - rest.len();
        self.input.drain(..taken);
        ControlFlow::Continue(())
    }
}

/// Writes what waits. Ready when all is out.
pub(super) fn poll_drain(
    stream: &mut Box<dyn Carrier>,
    output: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let mut written = 0;
    let result = loop {
        if written == output.len() {
            break Poll::Ready(Ok(()));
        }
        match Pin::new(&mut *stream).poll_write(cx, &output[written..]) {
            Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Ok(count)) => written += count,
            Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
            Poll::Pending => break Poll::Pending,
        }
    };
    output.drain(..written);
    result
}

/// Reads more bytes, after those that are there: at most a frame and what is read at once. Zero is the end.
pub(super) fn poll_fill(
    stream: &mut Box<dyn Carrier>,
    input: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let length = input.len();
    input.resize(length + READ, 0);
    let mut buffer = ReadBuf::new(&mut input[length..]);
    let read = Pin::new(stream).poll_read(cx, &mut buffer);
    let count = buffer.filled().len();
    input.truncate(length + count);
    read.map_ok(|()| count)
}
