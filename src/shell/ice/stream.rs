//! The connection that was chosen, as a stream of bytes: frames, and the STUN among them, are below it (R-ICE-3).

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    network::Carrier,
    wire::{Wire, poll_drain, poll_fill},
};
use crate::{
    ice::{
        Agent, Taken,
        frame::{self, Records},
    },
    limits::MAX_UNSENT,
};

/// A connection of ICE that both sides have chosen. Writers have to write TLS: each record becomes a frame.
pub struct IceStream {
    wire: Wire,
    agent: Agent,
    records: Records,
    /// How many bytes of the wire's early ones were read.
    read: usize,
    /// The long id of the device whose request led to it, at the side that answers.
    asked_by: Option<[u8; 32]>,
    /// Connections that the peer opened besides, which it expects to stay open.
    _kept: Vec<Box<dyn Carrier>>,
}

impl IceStream {
    pub(super) fn new(wire: Wire, agent: Agent, kept: Vec<Box<dyn Carrier>>) -> Self {
        Self { wire, agent, records: Records::default(), read: 0, asked_by: None, _kept: kept }
    }

    /// Notes the device whose request led to this connection.
    pub(in crate::shell) fn note_asker(&mut self, device: [u8; 32]) {
        self.asked_by = Some(device);
    }

    /// Returns the long id of the device whose request led to this connection; none at the side that asked.
    pub(in crate::shell) fn asked_by(&self) -> Option<[u8; 32]> {
        self.asked_by
    }

    /// Takes whole frames apart until one has bytes of TLS. Real peers go on checking, and keep the connection alive: they are answered.
    fn take(&mut self) {
        let Self { wire, agent, .. } = self;
        let mut rest = &wire.input[..];
        while wire.early.is_empty() {
            let Some(payload) = frame::take(&mut rest) else { break };
            if agent.handle(wire.id, payload) == Taken::Application {
                wire.early.extend(payload);
            }
        }
        let taken = wire.input.len() - rest.len();
        wire.input.drain(..taken);
        while let Some((connection, payload)) = self.agent.poll_transmit() {
            if connection == self.wire.id {
                self.wire.send(&payload);
            }
        }
    }
}

impl std::fmt::Debug for IceStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceStream").field("peer", &self.wire.peer).finish_non_exhaustive()
    }
}

impl AsyncRead for IceStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let early = &this.wire.early[this.read..];
            if !early.is_empty() {
                let count = early.len().min(buffer.remaining());
                buffer.put_slice(&early[..count]);
                this.read += count;
                if this.read == this.wire.early.len() {
                    this.wire.early.clear();
                    this.read = 0;
                }
                return Poll::Ready(Ok(()));
            }
            this.take();
            if !this.wire.early.is_empty() {
                continue;
            }
            // Responses wait for room without keeping the reader waiting; one that asks without an end and reads nothing is cut.
            if let Poll::Ready(Err(error)) = poll_drain(&mut this.wire.stream, &mut this.wire.output, cx) {
                return Poll::Ready(Err(error));
            }
            if this.wire.output.len() > 4 * MAX_UNSENT {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            if ready!(poll_fill(&mut this.wire.stream, &mut this.wire.input, cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for IceStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.wire.output.len() >= MAX_UNSENT {
            ready!(poll_drain(&mut this.wire.stream, &mut this.wire.output, cx))?;
        }
        let count = bytes.len().min(MAX_UNSENT);
        this.records.put(&mut this.wire.output, &bytes[..count])?;
        match poll_drain(&mut this.wire.stream, &mut this.wire.output, cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(count)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        poll_drain(&mut this.wire.stream, &mut this.wire.output, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(poll_drain(&mut this.wire.stream, &mut this.wire.output, cx))?;
        Pin::new(&mut this.wire.stream).poll_shutdown(cx)
    }
}
