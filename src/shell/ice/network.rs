//! The network that ICE connects over: that of the system, or a simulated one.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

use crate::shell::tcp::prompt;

/// A TCP connection of any network.
pub trait Carrier: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Carrier for T {}

/// A listening socket of any network.
pub trait Listening: Send + Sync {
    /// Returns the address at which it listens.
    ///
    /// # Errors
    /// The network does not say.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// Takes the next connection, and says where it comes from.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Carrier>, SocketAddr)>>;
}

/// An operation of a network that is under way.
pub type Pending<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// The network of a device, as ICE uses it.
pub trait Network: fmt::Debug + Send + Sync {
    /// Returns the addresses of this device.
    ///
    /// # Errors
    /// Those of the system.
    fn addresses(&self) -> io::Result<Vec<IpAddr>>;

    /// Listens at an address; port 0 is any free one.
    fn listen(&self, at: SocketAddr) -> Pending<Box<dyn Listening>>;

    /// Connects to an address.
    fn connect(&self, to: SocketAddr) -> Pending<Box<dyn Carrier>>;
}

/// The network of the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct System;

impl Network for System {
    fn addresses(&self) -> io::Result<Vec<IpAddr>> {
        Ok(if_addrs::get_if_addrs()?.iter().map(if_addrs::Interface::ip).collect())
    }

    fn listen(&self, at: SocketAddr) -> Pending<Box<dyn Listening>> {
        Box::pin(async move { Ok(Box::new(TcpListener::bind(at).await?) as Box<dyn Listening>) })
    }

    fn connect(&self, to: SocketAddr) -> Pending<Box<dyn Carrier>> {
        Box::pin(async move { Ok(Box::new(prompt(TcpStream::connect(to).await?)) as Box<dyn Carrier>) })
    }
}

impl Listening for TcpListener {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Carrier>, SocketAddr)>> {
        let (stream, from) = ready!(Self::poll_accept(self, cx))?;
        Poll::Ready(Ok((Box::new(prompt(stream)), from)))
    }
}
