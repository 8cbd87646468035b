//! A rendezvous in memory: nothing of it leaves the process, so that time may be paused.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
};

use handfast::{
    archive::Identity,
    shell::rendezvous::{Dial, Listener, Publish},
    token::DeviceId,
};
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};

const ADDRESS: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 4711));

/// The end that is called.
pub struct Line(mpsc::Receiver<DuplexStream>);

/// The end that calls. The bytes that are under way are few, so that a side that does not read is noticed.
#[derive(Clone, Debug)]
pub struct Phone(mpsc::Sender<DuplexStream>);

impl Line {
    /// A line and the phone that reaches it.
    pub fn new() -> (Self, Phone) {
        let (sender, receiver) = mpsc::channel(32);
        (Self(receiver), Phone(sender))
    }
}

impl Publish for Line {
    type Listener = Self;

    async fn publish(self, _: &Identity) -> io::Result<Self> {
        Ok(self)
    }
}

impl Listener for Line {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(stream) => Ok((stream, ADDRESS)),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(ADDRESS)
    }
}

impl Phone {
    /// A connection that nothing is said on yet.
    pub async fn call(&self) -> io::Result<DuplexStream> {
        let (near, far) = duplex(16 * 1024);
        self.0.send(far).await.map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(near)
    }
}

impl Dial for Phone {
    type Stream = DuplexStream;

    async fn dial(self, _: DeviceId) -> io::Result<(DuplexStream, SocketAddr)> {
        Ok((self.call().await?, ADDRESS))
    }
}

/// A device that never answers.
#[derive(Clone, Debug)]
pub struct Dead;

impl Dial for Dead {
    type Stream = DuplexStream;

    async fn dial(self, _: DeviceId) -> io::Result<(DuplexStream, SocketAddr)> {
        std::future::pending().await
    }
}
