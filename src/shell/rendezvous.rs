//! How two devices find each other, and what carries their connection (R-RDV-1).
//!
//! One interface with several implementations: the importing device makes itself reachable under its id ([`Publish`]), the exporting
//! one looks that id up and connects ([`Dial`]). Here is the *direct* part, whose address a person carries over: [`Listen`] and [`Peer`];
//! [`Listeners`] and [`Peers`] where it is a name with several addresses. The module `lan` (feature of the same name) finds devices on one
//! network by multicast DNS; `opendht`, wherever they are.
//!
//! A connection is carried by any stream of bytes. It need not be trusted: TLS runs over it, always, and whether it leads to the
//! right device is proved there (R-SEC-1).

mod addresses;
mod either;
#[cfg(feature = "lan")]
pub mod lan;
#[cfg(feature = "opendht")]
pub mod opendht;

use std::{future::Future, io, net::SocketAddr};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

pub use self::{
    addresses::{Listeners, Peers},
    either::Either,
};
use crate::{archive::Identity, token::DeviceId};

/// Makes an importing device reachable.
pub trait Publish: Send + 'static {
    /// Takes the connections that come.
    type Listener: Listener;

    /// Makes the device with this identity reachable under its ids, of both forms. Done only once it can be reached (R-IMP-1). What
    /// was published is withdrawn when the listener is dropped.
    ///
    /// # Errors
    /// It cannot be made reachable: the operation ends in `Network`.
    fn publish(self, identity: &Identity) -> impl Future<Output = io::Result<Self::Listener>> + Send;
}

/// Takes the connections to a device that was published.
pub trait Listener: Send + 'static {
    /// A connection, not yet secured.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection, and where it comes from. A future that is dropped has taken none.
    ///
    /// # Errors
    /// This one failed; the next may not. Unless it was the peer that gave up, the device is thought to have no descriptors left: the
    /// operation closes connections that have proved little, and goes on when one has ended, or after a pause
    /// ([`ACCEPT_PAUSE`](crate::limits::ACCEPT_PAUSE)).
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// Where the device is reached.
    ///
    /// # Errors
    /// The system does not say.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// Looks importing devices up and connects to them. Each attempt of an operation dials once, with a clone.
pub trait Dial: Clone + Send + 'static {
    /// A connection, not yet secured.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Connects to the device with this id, and says at what address it was reached: what the exporting user confirms (R-STATE-3).
    ///
    /// # Errors
    /// The device was not found, or could not be connected to. After a link that failed, by its kind, another attempt follows
    /// (R-EXP-12); after any other error none does.
    fn dial(self, device: DeviceId) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

/// Direct, import side: waits at an address that a person carries to the exporting device. Port 0 takes a free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

impl Publish for Listen {
    type Listener = TcpListener;

    async fn publish(self, _: &Identity) -> io::Result<TcpListener> {
        TcpListener::bind(self.0).await
    }
}

/// One that is bound already.
impl Publish for TcpListener {
    type Listener = Self;

    async fn publish(self, _: &Identity) -> io::Result<Self> {
        Ok(self)
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, from) = TcpListener::accept(self).await?;
        // It fails where the peer has gone already.
        let _ = stream.set_nodelay(true);
        Ok((stream, from))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(self)
    }
}

/// Direct, export side: the importing device's address, given by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl Dial for Peer {
    type Stream = TcpStream;

    async fn dial(self, _: DeviceId) -> io::Result<(TcpStream, SocketAddr)> {
        let stream = TcpStream::connect(self.0).await?;
        stream.set_nodelay(true)?;
        Ok((stream, self.0))
    }
}
