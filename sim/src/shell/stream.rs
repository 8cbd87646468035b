//! A side's end of a connection, on which the faults of streams happen: below TLS, byte by byte.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use handfast::outcome::Side;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Duration, Sleep, sleep},
};

use super::{
    plan::{Planted, Spot, StreamFault},
    scene::Scene,
};

/// A connection of any world.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Bytes for S {}

/// A connection, whatever its world.
pub(crate) type AnyStream = Box<dyn Bytes>;

/// How far what a side writes is, in records of TLS.
#[derive(Default)]
struct Records {
    whole: u32,
    head: Vec<u8>,
    /// Bytes of the record that has begun.
    left: usize,
}

impl Records {
    /// How many of these bytes there are up to the end of this many whole records, if they reach so far.
    fn until(&self, records: u32, bytes: &[u8]) -> Option<usize> {
        let mut ahead = Self { head: self.head.clone(), ..*self };
        (0..=bytes.len()).find(|&at| {
            if at > 0 {
                ahead.pass(&bytes[at - 1..at]);
            }
            ahead.whole >= records
        })
    }

    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.left > 0 {
                self.left -= 1;
            } else {
                self.head.push(*byte);
                if let [_, _, _, high, low] = self.head[..] {
                    self.left = usize::from(u16::from_be_bytes([high, low]));
                    self.head.clear();
                } else {
                    continue;
                }
            }
            self.whole += u32::from(self.left == 0);
        }
    }
}

/// One end of a connection.
pub(crate) struct Stream {
    inner: AnyStream,
    scene: Arc<Scene>,
    side: Side,
    written: u64,
    read: u64,
    records: Records,
    /// Until when nothing is read.
    pause: Option<Pin<Box<Sleep>>>,
    shut: bool,
}

impl Stream {
    pub(crate) fn new(inner: AnyStream, scene: &Arc<Scene>, side: Side) -> Self {
        scene.record().open[side as usize] += 1;
        let records = Records::default();
        Self { inner, scene: scene.clone(), side, written: 0, read: 0, records, pause: None, shut: false }
    }

    /// The planned faults of streams, those of this end.
    fn faults(&self) -> impl Iterator<Item = (usize, StreamFault)> + use<> {
        let (scene, mine) = (self.scene.clone(), self.side);
        (0..scene.plan.streams.len()).map(move |number| (number, scene.plan.streams[number])).filter(
            move |(_, fault)| {
                let (StreamFault::Reset(side, _) | StreamFault::Reads { side, .. } | StreamFault::Writes { side, .. }) =
                    *fault;
                side == mine
            },
        )
    }

    /// How many of these bytes are written before a reset, if one is near.
    fn until_reset(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        self.faults().find_map(|(number, fault)| {
            let StreamFault::Reset(_, spot) = fault else { return None };
            let until = match spot {
                Spot::Records(records) => self.records.until(records, bytes),
                Spot::Bytes(count) => Some(count.saturating_sub(self.written) as usize),
            };
            until.filter(|until| *until <= bytes.len()).map(|until| (number, until))
        })
    }

    /// Resets the connection, here and now.
    fn reset(&mut self, number: usize) {
        let mut record = self.scene.record();
        record.hit[number] = true;
        record.wires.reset.get_or_insert((self.side, self.written));
        record.wires.wake(self.side);
    }

    /// Whether the connection is reset for who has read so much.
    fn is_reset(&self) -> bool {
        match self.scene.record().wires.reset {
            Some((side, written)) => side == self.side || self.read >= written,
            None => false,
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.scene.plan.planted != Some(Planted::Socket) || self.side != Side::Export {
            self.scene.record().open[self.side as usize] -= 1;
        }
    }
}

fn reset() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

impl Stream {
    /// Carries out what began since.
    fn attend(&mut self, cx: &mut Context<'_>) {
        let mut record = self.scene.record();
        record.wires.wakers[self.side as usize] = Some(cx.waker().clone());
        let shut = record.wires.no_writes[self.side as usize];
        drop(record);
        if shut && !self.shut {
            self.shut = true;
            // A stream that cannot be closed is closed.
            let _ = Pin::new(&mut self.inner).poll_shutdown(cx);
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.attend(cx);
        if this.is_reset() {
            return Poll::Ready(Err(reset()));
        }
        if this.scene.record().wires.no_reads[this.side as usize] {
            return Poll::Ready(Ok(()));
        }
        if let Some(pause) = &mut this.pause {
            ready!(pause.as_mut().poll(cx));
            this.pause = None;
        }
        let reset = this.scene.record().wires.reset;
        let mut most = reset.map_or(usize::MAX, |(_, written)| (written - this.read) as usize).min(buf.remaining());
        let slow = this.faults().find_map(|(number, fault)| match fault {
            StreamFault::Reads { bytes, pause_ms, .. } => Some((number, bytes, pause_ms)),
            _ => None,
        });
        if let Some((number, bytes, _)) = slow {
            this.scene.record().hit[number] = true;
            most = most.min(bytes);
        }
        if most == buf.remaining() {
            let before = most;
            ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
            this.read += (before - buf.remaining()) as u64;
        } else {
            let mut bytes = vec![0; most];
            let mut limited = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut limited))?;
            buf.put_slice(limited.filled());
            this.read += limited.filled().len() as u64;
        }
        if let Some((_, _, pause_ms)) = slow
            && pause_ms > 0
        {
            this.pause = Some(Box::pin(sleep(Duration::from_millis(pause_ms))));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.attend(cx);
        if this.scene.record().wires.reset.is_some_and(|(side, _)| side == this.side) {
            return Poll::Ready(Err(reset()));
        }
        if this.shut {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let mut now = bytes;
        let reset_at = this.until_reset(bytes);
        if let Some((number, until)) = reset_at {
            now = &bytes[..until];
            if now.is_empty() {
                this.reset(number);
                return Poll::Ready(Err(reset()));
            }
        }
        let few = this.faults().find_map(|(number, fault)| match fault {
            StreamFault::Writes { bytes, .. } => Some((number, bytes)),
            _ => None,
        });
        if let Some((number, bytes)) = few {
            this.scene.record().hit[number] = true;
            now = &now[..now.len().min(bytes)];
        }
        let count = ready!(Pin::new(&mut this.inner).poll_write(cx, now))?;
        if !this.scene.plan.streams.is_empty() {
            this.records.pass(&bytes[..count]);
        }
        this.written += count as u64;
        if let Some((number, until)) = reset_at
            && count == until
        {
            this.reset(number);
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.attend(cx);
        if this.shut { Poll::Ready(Ok(())) } else { Pin::new(&mut this.inner).poll_shutdown(cx) }
    }
}
