//! Carriers of a connection: TCP over loopback, or a pipe in memory.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use handfast::{
    archive::Identity,
    shell::rendezvous::{Dial, Listen, Listener, Peer, Publish},
    token::DeviceId,
};
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};

/// A free port of this machine.
pub(crate) const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Bytes that a pipe holds.
const PIPE: usize = 256 * 1024;

/// A way for two devices to meet.
pub trait Carrier {
    /// The import side's end.
    type Publish: Publish<Listener: Listener<Stream = Self::Stream>>;
    /// The export side's end.
    type Dial: Dial<Stream = Self::Stream>;
    /// A connection.
    type Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static;
    /// The carrier's name.
    const NAME: &'static str;

    /// Both ends; that of the export side as soon as it is known where the importer listens.
    fn meet() -> (Self::Publish, impl FnOnce(SocketAddr) -> Self::Dial + Send + 'static);
}

/// TCP over loopback.
#[derive(Clone, Copy, Debug)]
pub struct Loopback;

impl Carrier for Loopback {
    type Publish = Listen;
    type Dial = Peer;
    type Stream = tokio::net::TcpStream;
    const NAME: &'static str = "loopback";

    fn meet() -> (Listen, impl FnOnce(SocketAddr) -> Peer + Send + 'static) {
        (Listen(LOOPBACK), Peer)
    }
}

/// A pipe in memory.
#[derive(Clone, Copy, Debug)]
pub struct Pipe;

/// The end that waits.
#[derive(Debug)]
pub struct PipeListener(mpsc::UnboundedReceiver<DuplexStream>);

/// The end that connects.
#[derive(Clone, Debug)]
pub struct PipeDial(mpsc::UnboundedSender<DuplexStream>);

impl Carrier for Pipe {
    type Publish = PipeListener;
    type Dial = PipeDial;
    type Stream = DuplexStream;
    const NAME: &'static str = "pipe in memory";

    fn meet() -> (PipeListener, impl FnOnce(SocketAddr) -> PipeDial + Send + 'static) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (PipeListener(receiver), move |_| PipeDial(sender))
    }
}

impl Publish for PipeListener {
    type Listener = Self;

    async fn publish(self, _: &Identity) -> io::Result<Self> {
        Ok(self)
    }
}

impl Listener for PipeListener {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(stream) => Ok((stream, LOOPBACK)),
            // No further connection comes.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(LOOPBACK)
    }
}

impl Dial for PipeDial {
    type Stream = DuplexStream;

    async fn dial(self, _: DeviceId) -> io::Result<(DuplexStream, SocketAddr)> {
        let (here, there) = duplex(PIPE);
        self.0.send(there).map_err(io::Error::other)?;
        Ok((here, LOOPBACK))
    }
}
