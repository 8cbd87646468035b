//! For the tests of the shell's streams that pass calls on: a stream each of whose calls has a result of its own.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// A stream that gives some bytes, takes three of those of a write and four of those in pieces, and fails to flush and to end.
pub(super) struct Answering {
    vectored: bool,
}

impl AsyncRead for Answering {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, taken: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        taken.put_slice(b"bytes");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Answering {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        assert_eq!(bytes, b"hello");
        Poll::Ready(Ok(3))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        assert_eq!(pieces.iter().map(|piece| &**piece).collect::<Vec<_>>(), [b"he", b"ll"]);
        Poll::Ready(Ok(4))
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::StorageFull.into()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
    }
}

/// Asks a stream around one of these for everything, and requires the results of the one within.
pub(super) async fn passes_all_on<S: AsyncRead + AsyncWrite + Unpin>(around: impl Fn(Answering) -> S) {
    for vectored in [false, true] {
        let mut stream = around(Answering { vectored });
        let mut read = [0; 5];
        assert_eq!((stream.read(&mut read).await.unwrap(), &read), (5, b"bytes"));
        assert_eq!(stream.write(b"hello").await.unwrap(), 3);
        let pieces = [IoSlice::new(b"he"), IoSlice::new(b"ll")];
        let written = poll_fn(|cx| Pin::new(&mut stream).poll_write_vectored(cx, &pieces));
        assert_eq!(written.await.unwrap(), 4);
        assert_eq!(stream.is_write_vectored(), vectored);
        assert_eq!(stream.flush().await.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(stream.shutdown().await.unwrap_err().kind(), io::ErrorKind::NotConnected);
    }
}
