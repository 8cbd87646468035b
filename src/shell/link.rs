//! One secured connection: what is sent on it, in order, and what is heard (R-MUX-1).

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncBufRead, AsyncWrite},
    time::{Duration, timeout},
};

use super::{storage::Buffer, tls};
use crate::{
    limits::{ARCHIVE_FRAME, MAX_FRAME, MAX_UNSENT},
    message::{Message, encode},
    mux::{Control, FrameHeader, end_of_channel, frame_header},
    secret::Secret,
};

/// A secured stream, and what waits to be sent on it.
pub(super) struct Link<T> {
    pub(super) stream: T,
    pub(super) outgoing: Outgoing,
}

/// What a turn of a link brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Nothing,
    /// There is something to read.
    Input,
    /// The connection is gone.
    Lost,
}

impl<T: AsyncBufRead + AsyncWrite + Unpin> Link<T> {
    pub(super) fn new(stream: T) -> Self {
        Self { stream, outgoing: Outgoing::default() }
    }

    /// Sends what waits, and listens if `listen`. Done when something was heard, when all that waited is out, or when some of the archive
    /// is. A future that is dropped loses nothing.
    ///
    /// What can no longer be sent is dropped, but not what is still to be heard: a peer says why it leaves before it leaves. A link on
    /// which much waits to be sent hears nothing.
    pub(super) async fn turn(&mut self, listen: bool) -> Heard {
        poll_fn(|cx| {
            let mut done = false;
            if self.outgoing.is_waiting() {
                match self.outgoing.poll_write(Pin::new(&mut self.stream), cx) {
                    Poll::Ready(Ok(())) => done = true,
                    Poll::Ready(Err(_)) => {
                        self.outgoing.cut();
                        done = true;
                    }
                    Poll::Pending => {}
                }
            }
            if listen && self.outgoing.queued < MAX_UNSENT {
                match Pin::new(&mut self.stream).poll_fill_buf(cx) {
                    Poll::Ready(Ok(input)) if !input.is_empty() => return Poll::Ready(Heard::Input),
                    Poll::Ready(Ok(_) | Err(_)) => return Poll::Ready(Heard::Lost),
                    Poll::Pending => {}
                }
            }
            if done { Poll::Ready(Heard::Nothing) } else { Poll::Pending }
        })
        .await
    }

    /// Closes the connection so that the peer gets what was sent, if it takes it within `limit`.
    pub(super) async fn close(mut self, limit: Duration) {
        let graceful = async {
            self.outgoing.drop_archive();
            while self.outgoing.is_waiting() && self.turn(false).await == Heard::Nothing {}
            tls::close(&mut self.stream).await
        };
        // Whatever goes wrong now, there is nobody left to tell.
        drop(timeout(limit, graceful).await);
    }
}

/// What waits to be sent: whole frames, and behind them the archive, frame by frame.
#[derive(Default)]
pub(super) struct Outgoing {
    frames: VecDeque<Secret>,
    /// Bytes of the first frame that are out.
    sent: usize,
    /// Bytes in `frames`.
    queued: usize,
    archive: Option<Chunk>,
    /// Bytes of the archive that are out.
    archived: u64,
    /// Whether something was written that may not be out yet.
    unflushed: bool,
    /// Nothing can be sent any more.
    cut: bool,
}

/// A buffer of the archive's text on its way.
struct Chunk {
    channel: u16,
    buffer: Buffer,
    /// Bytes that are out.
    at: usize,
    frame: Option<Frame>,
    /// No buffer follows.
    last: bool,
}

/// A frame that has begun and has to be finished.
struct Frame {
    header: FrameHeader,
    sent: usize,
    end: usize,
}

impl Outgoing {
    pub(super) fn control(&mut self, control: &Control) {
        self.push(control.to_frame().into());
    }

    pub(super) fn message(&mut self, channel: u16, message: &Message<Secret>) {
        for piece in encode(message).as_bytes().chunks(MAX_FRAME) {
            self.data(channel, piece);
        }
    }

    /// One frame of data.
    pub(super) fn data(&mut self, channel: u16, data: &[u8]) {
        let header = frame_header(channel, data.len() as u16);
        let mut frame = Secret::with_capacity(header.as_bytes().len() + data.len());
        frame.extend(header.as_bytes());
        frame.extend(data);
        self.push(frame);
    }

    /// The end of the channel, at once: what is left of the archive is dropped.
    pub(super) fn end(&mut self, channel: u16) {
        self.drop_archive();
        self.push(end_of_channel(channel).as_bytes().into());
    }

    /// Further bytes of the archive. The last ones have to be used up.
    pub(super) fn archive(&mut self, channel: u16, buffer: Buffer) {
        if !self.cut {
            self.archive = Some(Chunk { channel, buffer, at: 0, frame: None, last: false });
        }
    }

    /// The archive's buffer, once it is used up.
    pub(super) fn used_up(&mut self) -> Option<Buffer> {
        self.archive.take_if(|chunk| chunk.is_used_up()).map(|chunk| chunk.buffer)
    }

    /// Bytes of the archive that are out.
    pub(super) fn archived(&self) -> u64 {
        self.archived
    }

    /// Drops the archive. A frame that has begun is finished.
    fn drop_archive(&mut self) {
        match &mut self.archive {
            Some(Chunk { buffer, frame: Some(frame), last, .. }) => {
                buffer.truncate(frame.end);
                *last = true;
            }
            archive => *archive = None,
        }
    }

    /// Whether anything is not yet out.
    pub(super) fn is_waiting(&self) -> bool {
        !self.frames.is_empty() || self.archive.is_some() || self.unflushed
    }

    /// Whether nothing can be sent any more.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    fn push(&mut self, frame: Secret) {
        if !self.cut {
            self.queued += frame.len();
            self.frames.push_back(frame);
        }
    }

    fn cut(&mut self) {
        *self = Self { cut: true, ..Self::default() };
    }

    /// Writes. Ready when all is out, or some bytes of the archive.
    fn poll_write(&mut self, mut stream: Pin<&mut impl AsyncWrite>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let between = self.archive.as_ref().is_none_or(|chunk| chunk.frame.is_none());
            if between && let Some(first) = self.frames.front() {
                let rest = &first.as_bytes()[self.sent..];
                let count = written(ready!(stream.as_mut().poll_write(cx, rest))?)?;
                self.unflushed = true;
                self.sent += count;
                self.queued -= count;
                if count == rest.len() {
                    self.frames.pop_front();
                    self.sent = 0;
                }
            } else if let Some(chunk) = &mut self.archive {
                if !chunk.is_used_up() {
                    self.archived += ready!(chunk.poll_write(stream.as_mut(), cx))? as u64;
                    self.unflushed = true;
                } else if chunk.last {
                    self.archive = None;
                    continue;
                }
                return Poll::Ready(Ok(()));
            } else {
                ready!(stream.as_mut().poll_flush(cx))?;
                self.unflushed = false;
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl Chunk {
    fn is_used_up(&self) -> bool {
        self.frame.is_none() && self.at == self.buffer.len()
    }

    /// Writes, and says how many bytes of the archive.
    fn poll_write(&mut self, stream: Pin<&mut impl AsyncWrite>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let frame = self.frame.get_or_insert_with(|| {
            let end = self.buffer.len().min(self.at + ARCHIVE_FRAME);
            Frame { header: frame_header(self.channel, (end - self.at) as u16), sent: 0, end }
        });
        let header = &frame.header.as_bytes()[frame.sent..];
        let pieces = [IoSlice::new(header), IoSlice::new(&self.buffer[self.at..frame.end])];
        let count = written(ready!(stream.poll_write_vectored(cx, &pieces))?)?;
        let of_header = count.min(header.len());
        frame.sent += of_header;
        self.at += count - of_header;
        if self.at == frame.end {
            self.frame = None;
        }
        Poll::Ready(Ok(count - of_header))
    }
}

fn written(count: usize) -> io::Result<usize> {
    if count == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(count) }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        message::{Features, archive_header},
        mux::{FrameDecoder, FrameEvent},
    };

    const CHANNEL: u16 = 0x8000;

    /// Takes as many bytes at a time as it is told, and then waits once.
    struct Slow {
        taken: Vec<u8>,
        most: usize,
        waits: bool,
    }

    impl AsyncWrite for Slow {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.waits = !self.waits;
            if self.waits {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let count = bytes.len().min(self.most);
            self.taken.extend_from_slice(&bytes[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// Lets `turns` writes happen, or all there are.
    fn write(outgoing: &mut Outgoing, slow: &mut Slow, turns: usize) {
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..turns {
            if !outgoing.is_waiting() {
                break;
            }
            let _ = outgoing.poll_write(Pin::new(slow), &mut cx);
        }
    }

    /// The bytes of each channel, and whether the session's is ended.
    fn read(bytes: &[u8]) -> (Vec<u8>, bool) {
        let (mut frames, mut input, mut session, mut ended) = (FrameDecoder::new(), bytes, Vec::new(), false);
        while let Some(event) = frames.next(&mut input).unwrap() {
            assert!(!ended, "the end is the last");
            match event {
                FrameEvent::Data { channel: CHANNEL, bytes } => session.extend_from_slice(bytes),
                FrameEvent::End { channel: CHANNEL } => ended = true,
                other => assert_eq!(other, FrameEvent::Control(Control::Beacon(false))),
            }
        }
        assert!(frames.is_between_frames(), "whole frames");
        (session, ended)
    }

    proptest! {
        #[test]
        fn an_archive_goes_out_as_it_is(most in 500_usize..40_000, length in 1_usize..200_000) {
            let text: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let mut outgoing = Outgoing::default();
            let mut slow = Slow { taken: Vec::new(), most, waits: false };
            outgoing.data(CHANNEL, archive_header(length as u32).as_bytes());
            for piece in text.chunks(90_000) {
                outgoing.archive(CHANNEL, piece.to_vec().into());
                write(&mut outgoing, &mut slow, 3);
                outgoing.control(&Control::Beacon(false));
                while outgoing.used_up().is_none() {
                    write(&mut outgoing, &mut slow, 1);
                }
            }
            prop_assert_eq!(outgoing.archived(), length as u64);
            outgoing.end(CHANNEL);
            write(&mut outgoing, &mut slow, usize::MAX);
            let expected = [archive_header(length as u32).as_bytes(), &text].concat();
            prop_assert_eq!(read(&slow.taken), (expected, true));
        }

        #[test]
        fn an_end_in_the_middle_finishes_the_frame_and_no_more(most in 500_usize..40_000, turns in 0_usize..30) {
            let mut outgoing = Outgoing::default();
            let mut slow = Slow { taken: Vec::new(), most, waits: false };
            outgoing.archive(CHANNEL, vec![0; 300_000].into());
            write(&mut outgoing, &mut slow, turns);
            let before = slow.taken.len();
            outgoing.end(CHANNEL);
            write(&mut outgoing, &mut slow, usize::MAX);
            let (session, ended) = read(&slow.taken);
            prop_assert!(ended && !outgoing.is_waiting());
            prop_assert!(slow.taken.len() - before < ARCHIVE_FRAME + 20);
            prop_assert_eq!(session.len() % ARCHIVE_FRAME, if session.len() == 300_000 { 300_000 % ARCHIVE_FRAME } else { 0 });
        }
    }

    #[test]
    fn a_long_password_takes_two_frames() {
        let mut outgoing = Outgoing::default();
        let mut slow = Slow { taken: Vec::new(), most: 1000, waits: false };
        let password = Secret::from(vec![b'x'; 64 * 1024]);
        outgoing.message(CHANNEL, &Message::Password(password));
        outgoing.message(CHANNEL, &Message::Hello(Features::ALL));
        write(&mut outgoing, &mut slow, usize::MAX);
        assert!(read(&slow.taken).0.len() > 64 * 1024);
        assert_eq!(outgoing.queued, 0);
    }
}
