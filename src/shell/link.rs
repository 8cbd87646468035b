//! One secured stream, and the connection on it: bytes are moved, nothing is decided (R-MUX-1).

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncBufRead, AsyncWrite},
    time::{Duration, timeout},
};

use super::tls;
use crate::connection::Connection;

/// A secured stream, and the connection on it.
pub(super) struct Link<T> {
    pub(super) stream: T,
    pub(super) connection: Connection,
    /// Bytes were written that the stream may still hold.
    unflushed: bool,
}

/// The result of a turn of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Nothing,
    /// There is something to read.
    Input,
    /// Something that was read before is to be received now.
    Resumed,
    /// The stream is gone.
    Lost,
}

impl<T: AsyncBufRead + AsyncWrite + Unpin> Link<T> {
    pub(super) fn new(stream: T, connection: Connection) -> Self {
        Self { stream, connection, unflushed: false }
    }

    /// Writes what waits, and looks for input while the connection reads. Done when there is something to receive, when all that waited is out, or when
    /// some of the archive is. A future that is dropped loses nothing.
    pub(super) async fn turn(&mut self) -> Turn {
        if self.connection.has_resumed() {
            return Turn::Resumed;
        }
        poll_fn(|cx| {
            let mut done = false;
            if self.is_waiting() {
                match self.poll_transmit(cx) {
                    Poll::Ready(Ok(())) => done = true,
                    Poll::Ready(Err(_)) => {
                        self.cut();
                        done = true;
                    }
                    Poll::Pending => {}
                }
            }
            if self.connection.is_reading() {
                match Pin::new(&mut self.stream).poll_fill_buf(cx) {
                    Poll::Ready(Ok(input)) if !input.is_empty() => return Poll::Ready(Turn::Input),
                    Poll::Ready(Ok(_) | Err(_)) => return Poll::Ready(Turn::Lost),
                    Poll::Pending => {}
                }
            }
            if done { Poll::Ready(Turn::Nothing) } else { Poll::Pending }
        })
        .await
    }

    fn cut(&mut self) {
        self.connection.cut();
        self.unflushed = false;
    }

    /// Whether anything is not yet out.
    pub(super) fn is_waiting(&self) -> bool {
        self.connection.is_waiting() || self.unflushed
    }

    /// Writes. Ready when all is out, or some bytes of the archive.
    fn poll_transmit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let archived = self.connection.archived();
        while self.connection.archived() == archived {
            let mut stream = Pin::new(&mut self.stream);
            let count = match self.connection.transmit() {
                ([], []) => {
                    ready!(stream.poll_flush(cx))?;
                    self.unflushed = false;
                    break;
                }
                (frame, []) => ready!(stream.as_mut().poll_write(cx, frame))?,
                (header, data) => {
                    ready!(stream.as_mut().poll_write_vectored(cx, &[IoSlice::new(header), IoSlice::new(data)]))?
                }
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            self.connection.sent(count);
        }
        Poll::Ready(Ok(()))
    }

    /// Closes the stream so that the peer gets what was sent, if it takes it within `limit`.
    pub(super) async fn close(mut self, limit: Duration) {
        let graceful = async {
            self.connection.close();
            while self.is_waiting() {
                if poll_fn(|cx| self.poll_transmit(cx)).await.is_err() {
                    self.cut();
                }
            }
            tls::close(&mut self.stream).await
        };
        // Whatever goes wrong now, no one waits for it.
        drop(timeout(limit, graceful).await);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncRead, ReadBuf};

    use super::*;
    use crate::token::Code;

    /// A stream to which nothing can be written, and on which nothing arrives.
    #[derive(Default)]
    struct Broken {
        written: usize,
    }

    impl AsyncRead for Broken {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncBufRead for Broken {
        fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            Poll::Pending
        }

        fn consume(self: Pin<&mut Self>, _: usize) {}
    }

    impl AsyncWrite for Broken {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            self.written += 1;
            assert_eq!(self.written, 1, "written to again");
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }
    }

    fn waiting() -> Link<Broken> {
        let mut connection = Connection::exporter();
        assert!(connection.request_channel(Code::parse(b"123456").unwrap().channel_name()));
        Link::new(Broken::default(), connection)
    }

    /// It throws away the bytes that waited, and leaves it to the next read to show that the link is lost.
    #[tokio::test]
    async fn a_stream_that_failed_is_not_written_to_again() {
        let mut link = waiting();
        assert!(link.is_waiting());
        assert_eq!(link.turn().await, Turn::Nothing);
        assert!(!link.is_waiting() && link.connection.is_cut());
        let next = poll_fn(|cx| Poll::Ready(std::pin::pin!(link.turn()).poll(cx).is_pending()));
        assert!(next.await, "nothing is left to be done");
    }

    #[tokio::test]
    async fn a_stream_that_failed_is_closed_at_once() {
        waiting().close(Duration::from_secs(3600)).await;
    }
}
