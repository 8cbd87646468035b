//! The sockets of a node: those of the system, or those of a simulated network.

use core::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;

/// A UDP socket of one family, as the driver uses it.
pub trait Socket: Send + Sync + 'static {
    /// Returns the address to which it is bound.
    ///
    /// # Errors
    /// Those of the system.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// Waits until a datagram may be there.
    ///
    /// # Errors
    /// Datagrams are not signalled: the socket is asked once in a millisecond.
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send;

    /// Takes a datagram. Returns its length and its sender.
    ///
    /// # Errors
    /// `WouldBlock`: none is there. Any other one is of an earlier datagram, and the next one can be taken.
    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)>;

    /// Sends a datagram.
    ///
    /// # Errors
    /// `WouldBlock`: there is no room for it yet. With any other one it is lost.
    fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize>;

    /// Waits for room, and sends a datagram.
    fn send_to(&self, bytes: &[u8], to: SocketAddr) -> impl Future<Output = io::Result<usize>> + Send;

    /// Begins, or ceases, to signal datagrams by [`Socket::readable`]. One that does not is asked once in a millisecond, and at
    /// once again where so much was there that more may be. A socket for which signals cost nothing may go on with them.
    fn watch(&mut self, watched: bool) {
        let _ = watched;
    }
}

impl Socket for UdpSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }

    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send {
        Self::readable(self)
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        Self::try_recv_from(self, buffer)
    }

    fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        Self::try_send_to(self, bytes, to)
    }

    fn send_to(&self, bytes: &[u8], to: SocketAddr) -> impl Future<Output = io::Result<usize>> + Send {
        Self::send_to(self, bytes, to)
    }
}
