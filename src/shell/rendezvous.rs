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
mod interface;
#[cfg(feature = "lan")]
pub mod lan;
#[cfg(feature = "opendht")]
pub mod opendht;

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpStream};

pub use self::{
    addresses::{Listeners, Peers},
    either::Either,
    interface::{Dial, Listener, Publish},
};
use super::tcp::prompt;
use crate::{archive::Identity, token::DeviceId};
pub(super) use interface::may_answer_later;

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
        Ok((prompt(stream), from))
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
        Ok((prompt(stream), self.0))
    }
}
