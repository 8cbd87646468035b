//! One rendezvous or another, chosen when the program runs: what drives them is compiled once.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::interface::{Dial, Listener, Publish};
use crate::{archive::Identity, token::DeviceId};

/// One of two rendezvous, of their listeners, or of their streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The one.
    One(A),
    /// The other.
    Other(B),
}

impl<A: Publish, B: Publish> Publish for Either<A, B> {
    type Listener = Either<A::Listener, B::Listener>;

    async fn publish(self, identity: &Identity) -> io::Result<Self::Listener> {
        Ok(match self {
            Self::One(one) => Either::One(one.publish(identity).await?),
            Self::Other(other) => Either::Other(other.publish(identity).await?),
        })
    }
}

impl<A: Listener, B: Listener> Listener for Either<A, B> {
    type Stream = Either<A::Stream, B::Stream>;

    async fn accept(&mut self) -> io::Result<(Self::Stream, SocketAddr)> {
        match self {
            Self::One(one) => one.accept().await.map(|(stream, from)| (Either::One(stream), from)),
            Self::Other(other) => other.accept().await.map(|(stream, from)| (Either::Other(stream), from)),
        }
    }

    fn asked_by(stream: &Self::Stream) -> Option<[u8; 32]> {
        match stream {
            Either::One(stream) => A::asked_by(stream),
            Either::Other(stream) => B::asked_by(stream),
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::One(one) => one.local_addr(),
            Self::Other(other) => other.local_addr(),
        }
    }
}

impl<A: Dial, B: Dial> Dial for Either<A, B> {
    type Stream = Either<A::Stream, B::Stream>;

    async fn dial(self, device: DeviceId) -> io::Result<(Self::Stream, SocketAddr)> {
        match self {
            Self::One(one) => one.dial(device).await.map(|(stream, at)| (Either::One(stream), at)),
            Self::Other(other) => other.dial(device).await.map(|(stream, at)| (Either::Other(stream), at)),
        }
    }
}

impl<A: AsyncRead + Unpin, B: AsyncRead + Unpin> AsyncRead for Either<A, B> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::One(one) => Pin::new(one).poll_read(cx, buffer),
            Self::Other(other) => Pin::new(other).poll_read(cx, buffer),
        }
    }
}

impl<A: AsyncWrite + Unpin, B: AsyncWrite + Unpin> AsyncWrite for Either<A, B> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::One(one) => Pin::new(one).poll_write(cx, bytes),
            Self::Other(other) => Pin::new(other).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::One(one) => Pin::new(one).poll_write_vectored(cx, slices),
            Self::Other(other) => Pin::new(other).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::One(one) => one.is_write_vectored(),
            Self::Other(other) => other.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::One(one) => Pin::new(one).poll_flush(cx),
            Self::Other(other) => Pin::new(other).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::One(one) => Pin::new(one).poll_shutdown(cx),
            Self::Other(other) => Pin::new(other).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;
    use crate::shell::answering::{Answering, passes_all_on};

    /// A rendezvous where a request names the device, and one where nothing does, neither of which anyone comes to.
    struct Named;
    struct Unnamed;

    impl Listener for Named {
        type Stream = Answering;

        async fn accept(&mut self) -> io::Result<(Answering, SocketAddr)> {
            pending().await
        }

        fn asked_by(_: &Answering) -> Option<[u8; 32]> {
            Some([7; 32])
        }

        fn local_addr(&self) -> io::Result<SocketAddr> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    impl Listener for Unnamed {
        type Stream = Answering;

        async fn accept(&mut self) -> io::Result<(Answering, SocketAddr)> {
            pending().await
        }

        fn local_addr(&self) -> io::Result<SocketAddr> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    /// R-SEC-4: the device that asked for a connection is the one that its own rendezvous names.
    #[tokio::test]
    async fn who_asked_is_said_by_the_rendezvous_of_the_stream() {
        passes_all_on(|stream| {
            let stream = Either::One(stream);
            assert_eq!(Either::<Named, Unnamed>::asked_by(&stream), Some([7; 32]));
            assert_eq!(Either::<Unnamed, Named>::asked_by(&stream), None);
            stream
        })
        .await;
        passes_all_on(|stream| {
            let stream = Either::Other(stream);
            assert_eq!(Either::<Named, Unnamed>::asked_by(&stream), None);
            assert_eq!(Either::<Unnamed, Named>::asked_by(&stream), Some([7; 32]));
            stream
        })
        .await;
    }
}
