//! Sockets of the system that a busy node reads at intervals: to be woken for each datagram costs more than to answer it.

use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;

use crate::driver::socket::Socket;

/// A socket of the system, watched or not.
pub(super) struct Resting(State);

enum State {
    /// The system signals datagrams.
    Watched(UdpSocket),
    /// Datagrams wait until they are asked for.
    Unwatched(std::net::UdpSocket),
    /// It could be neither: an error of the system ended it.
    Gone,
}

impl Resting {
    pub(super) const fn new(socket: UdpSocket) -> Self {
        Self(State::Watched(socket))
    }
}

fn gone<T>() -> io::Result<T> {
    Err(io::ErrorKind::NotConnected.into())
}

impl Socket for Resting {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            State::Watched(socket) => socket.local_addr(),
            State::Unwatched(socket) => socket.local_addr(),
            State::Gone => gone(),
        }
    }

    async fn readable(&self) -> io::Result<()> {
        match &self.0 {
            State::Watched(socket) => socket.readable().await,
            State::Unwatched(_) => core::future::pending().await,
            State::Gone => gone(),
        }
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match &self.0 {
            State::Watched(socket) => socket.try_recv_from(buffer),
            State::Unwatched(socket) => socket.recv_from(buffer),
            State::Gone => gone(),
        }
    }

    fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        match &self.0 {
            State::Watched(socket) => socket.try_send_to(bytes, to),
            State::Unwatched(socket) => socket.send_to(bytes, to),
            State::Gone => gone(),
        }
    }

    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        match &self.0 {
            State::Watched(socket) => socket.send_to(bytes, to).await,
            // No room, and no signal when there is: it is lost, as on the way.
            State::Unwatched(socket) => socket.send_to(bytes, to),
            State::Gone => gone(),
        }
    }

    fn watch(&mut self, watched: bool) {
        self.0 = match core::mem::replace(&mut self.0, State::Gone) {
            State::Watched(socket) if !watched => socket.into_std().map_or(State::Gone, State::Unwatched),
            State::Unwatched(socket) if watched => UdpSocket::from_std(socket).map_or(State::Gone, State::Watched),
            state => state,
        };
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const LOCAL: &str = "127.0.0.1:0";

    /// Time here is tokio's: it goes on when nothing else does.
    #[tokio::test(start_paused = true)]
    async fn a_socket_that_is_not_watched_takes_and_sends_and_is_watched_again() {
        let peer = std::net::UdpSocket::bind(LOCAL).unwrap();
        let mut socket = Resting::new(UdpSocket::bind(LOCAL).await.unwrap());
        let (at, mut buffer) = (socket.local_addr().unwrap(), [0; 16]);
        for watched in [false, false, true, true, false] {
            socket.watch(watched);
            assert_eq!(socket.try_recv_from(&mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
            peer.send_to(b"question", at).unwrap();
            let signal = timeout(Duration::from_secs(3600), socket.readable()).await;
            assert_eq!(signal.is_ok(), watched);
            let (length, from) = socket.try_recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..length], from), (&b"question"[..], peer.local_addr().unwrap()));
            assert_eq!((socket.try_send_to(b"answer", from).unwrap(), socket.local_addr().unwrap()), (6, at));
            assert_eq!(peer.recv(&mut buffer).unwrap(), 6);
            assert_eq!(socket.send_to(b"other", from).await.unwrap(), 5);
            assert_eq!(peer.recv(&mut buffer).unwrap(), 5);
        }
    }
}
