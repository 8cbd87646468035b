//! The option that each TCP connection is asked for.

use tokio::net::TcpStream;

/// Lets a connection send at once. It is taken as it is where the system refuses: some do where the peer has gone already, which
/// the next read shows.
pub(super) fn prompt(stream: TcpStream) -> TcpStream {
    let _ = stream.set_nodelay(true);
    stream
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A socket that has no such option, as that of a peer that has gone has none on some systems.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_connection_that_refuses_the_option_is_taken() {
        use std::os::{fd::OwnedFd, unix::net::UnixStream};

        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        let (one, other) = UnixStream::pair().unwrap();
        let [mut one, other] = [one, other].map(|socket| {
            let socket = std::net::TcpStream::from(OwnedFd::from(socket));
            socket.set_nonblocking(true).unwrap();
            TcpStream::from_std(socket).unwrap()
        });
        assert!(other.set_nodelay(true).is_err());
        let mut other = prompt(other);
        one.write_u8(7).await.unwrap();
        assert_eq!(other.read_u8().await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_connection_sends_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        assert!(prompt(stream).nodelay().unwrap());
    }
}
