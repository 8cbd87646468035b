//! Sockets of the system that a busy node reads at intervals: to be woken for each datagram costs more than to answer it.

use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;

use crate::driver::socket::Socket;

/// A socket of the system, watched or not.
pub(super) struct Resting {
    /// It stays open whatever becomes of the signals.
    socket: std::net::UdpSocket,
    /// The same socket while the system signals datagrams.
    watched: Option<UdpSocket>,
}

impl Resting {
    /// # Errors
    /// Those of the system.
    pub(super) fn new(socket: UdpSocket) -> io::Result<Self> {
        let socket = socket.into_std()?;
        let watched = Some(UdpSocket::from_std(socket.try_clone()?)?);
        Ok(Self { socket, watched })
    }

    /// Watches the socket, or ceases to. Where the system does not let it be watched, datagrams wait until they are asked for.
    fn set(&mut self, watched: bool, begin: impl FnOnce(std::net::UdpSocket) -> io::Result<UdpSocket>) {
        if !watched {
            self.watched = None;
        } else if self.watched.is_none() {
            self.watched = self.socket.try_clone().and_then(begin).ok();
        }
    }
}

impl Socket for Resting {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    async fn readable(&self) -> io::Result<()> {
        match &self.watched {
            Some(socket) => socket.readable().await,
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match &self.watched {
            Some(socket) => socket.try_recv_from(buffer),
            None => self.socket.recv_from(buffer),
        }
    }

    fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        match &self.watched {
            Some(socket) => socket.try_send_to(bytes, to),
            None => self.socket.send_to(bytes, to),
        }
    }

    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        match &self.watched {
            Some(socket) => socket.send_to(bytes, to).await,
            // No room, and no signal when there is: it is lost, as on the way.
            None => self.socket.send_to(bytes, to),
        }
    }

    fn watch(&mut self, watched: bool) {
        self.set(watched, UdpSocket::from_std);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: &str = "127.0.0.1:0";

    /// Takes what has arrived, or arrives: loopback may be slow on a busy machine.
    async fn take(socket: &Resting, buffer: &mut [u8]) -> (usize, SocketAddr) {
        loop {
            match socket.try_recv_from(buffer) {
                Ok(taken) => return taken,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_socket_that_is_not_watched_takes_and_sends_and_is_watched_again() {
        let peer = std::net::UdpSocket::bind(LOCAL).unwrap();
        let mut socket = Resting::new(UdpSocket::bind(LOCAL).await.unwrap()).unwrap();
        let (at, mut buffer) = (socket.local_addr().unwrap(), [0; 16]);
        let refused = |_| Err(io::ErrorKind::OutOfMemory.into());
        // The third time it was to be watched, and the system refuses.
        for (at_turn, watched) in [false, false, false, true, true, false].into_iter().enumerate() {
            if at_turn == 2 {
                socket.set(true, refused);
            } else {
                socket.watch(watched);
            }
            assert_eq!(socket.try_recv_from(&mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
            peer.send_to(b"question", at).unwrap();
            // A watched one waits for the datagram, and another says at once that it has no signal.
            assert_eq!(socket.readable().await.is_ok(), watched);
            let (length, from) = take(&socket, &mut buffer).await;
            assert_eq!((&buffer[..length], from), (&b"question"[..], peer.local_addr().unwrap()));
            assert_eq!((socket.try_send_to(b"answer", from).unwrap(), socket.local_addr().unwrap()), (6, at));
            assert_eq!(peer.recv(&mut buffer).unwrap(), 6);
            assert_eq!(socket.send_to(b"other", from).await.unwrap(), 5);
            assert_eq!(peer.recv(&mut buffer).unwrap(), 5);
        }
    }
}
