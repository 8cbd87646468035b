//! The sending half of a connection: whole frames in order, and after them the archive, frame by frame (R-MUX-1).

use alloc::collections::VecDeque;

use crate::{
    buffer::Buffer,
    limits::{ARCHIVE_FRAME, MAX_FRAME},
    message::{Message, archive_header, encode},
    mux::{Control, FrameHeader, end_of_channel, frame_header},
    secret::Secret,
};

/// The bytes that wait to be transmitted.
#[derive(Default)]
pub(super) struct Outbound {
    frames: VecDeque<Secret>,
    /// Bytes of the first frame that are transmitted.
    sent: usize,
    /// Bytes of `frames` that are not.
    queued: usize,
    chunk: Option<Chunk>,
    /// Bytes of archives that are transmitted.
    archived: u64,
    /// The session's channel is ended: no data follows.
    ended: bool,
    /// The transport takes no more bytes.
    cut: bool,
}

/// A buffer of the archive's text.
struct Chunk {
    channel: u16,
    buffer: Buffer,
    /// Bytes that are transmitted.
    at: usize,
    frame: Frame,
    /// Nothing but the frame that has begun is transmitted.
    last: bool,
}

/// The frame of a chunk that is transmitted next.
struct Frame {
    header: FrameHeader,
    /// Bytes of the header that are transmitted.
    sent: usize,
    /// Where its data ends in the buffer.
    end: usize,
}

impl Outbound {
    pub(super) fn control(&mut self, control: &Control) {
        self.push(control.to_frame().into());
    }

    pub(super) fn message(&mut self, channel: u16, message: &Message<Secret>) {
        for piece in encode(message).as_bytes().chunks(MAX_FRAME) {
            self.data(channel, piece);
        }
    }

    pub(super) fn archive_header(&mut self, channel: u16, length: u32) {
        self.data(channel, archive_header(length).as_bytes());
    }

    /// One frame of data.
    fn data(&mut self, channel: u16, data: &[u8]) {
        debug_assert!(!self.ended, "no data follows the end of a channel");
        debug_assert!(self.chunk.is_none(), "no message stands in the middle of an archive");
        let header = frame_header(channel, data.len() as u16);
        let mut frame = Secret::with_capacity(header.as_bytes().len() + data.len());
        frame.extend(header.as_bytes());
        frame.extend(data);
        self.push(frame);
    }

    /// Ends the channel at once: the rest of the archive is dropped.
    pub(super) fn end(&mut self, channel: u16) {
        debug_assert!(!self.ended, "a channel ends once");
        self.drop_archive();
        self.push(end_of_channel(channel).as_bytes().into());
        self.ended = true;
    }

    /// Queues further bytes of the archive, at least one.
    pub(super) fn archive(&mut self, channel: u16, buffer: Buffer) {
        debug_assert!(!self.ended, "no data follows the end of a channel");
        debug_assert!(self.chunk.is_none() && !buffer.is_empty(), "one buffer at a time, and no frame without data");
        if !self.cut {
            let frame = Frame::of(channel, &buffer, 0);
            self.chunk = Some(Chunk { channel, buffer, at: 0, frame, last: false });
        }
    }

    /// The archive's buffer, once it is used up.
    pub(super) fn used_up(&mut self) -> Option<Buffer> {
        self.chunk.take_if(|chunk| chunk.is_used_up()).map(|chunk| chunk.buffer)
    }

    /// Whether a buffer of the archive is here, used up or not.
    pub(super) fn has_buffer(&self) -> bool {
        self.chunk.is_some()
    }

    /// Bytes of archives that are transmitted.
    pub(super) fn archived(&self) -> u64 {
        self.archived
    }

    /// Whether the session's channel is ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Bytes that wait, those of the archive apart.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// Drops the archive. A frame that has begun is finished.
    pub(super) fn drop_archive(&mut self) {
        match &mut self.chunk {
            Some(chunk) if chunk.has_begun() => {
                chunk.buffer.truncate(chunk.frame.end);
                chunk.last = true;
            }
            chunk => *chunk = None,
        }
    }

    /// Drops all that waits, and all that would follow.
    pub(super) fn cut(&mut self) {
        *self = Self { cut: true, ended: self.ended, archived: self.archived, ..Self::default() };
    }

    /// Whether [`Outbound::cut`] was called.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Whether bytes wait.
    pub(super) fn is_waiting(&self) -> bool {
        !self.frames.is_empty() || self.chunk.as_ref().is_some_and(|chunk| !chunk.is_used_up())
    }

    fn push(&mut self, frame: Secret) {
        if !self.cut {
            self.queued += frame.len();
            self.frames.push_back(frame);
        }
    }

    /// The bytes that come next, in two pieces, of which the second can be empty; both are where nothing waits.
    pub(super) fn transmit(&self) -> (&[u8], &[u8]) {
        match (&self.chunk, self.frames.front()) {
            (Some(chunk), _) if chunk.has_begun() => chunk.next(),
            (_, Some(frame)) => (&frame.as_bytes()[self.sent..], &[]),
            (Some(chunk), None) => chunk.next(),
            (None, None) => (&[], &[]),
        }
    }

    /// So many bytes of what [`Outbound::transmit`] gave were transmitted.
    pub(super) fn sent(&mut self, count: usize) {
        let between = self.chunk.as_ref().is_none_or(|chunk| !chunk.has_begun());
        if between && let Some(first) = self.frames.front() {
            let left = first.len() - self.sent;
            debug_assert!(count <= left, "no more is transmitted than was given");
            self.sent += count.min(left);
            self.queued -= count.min(left);
            if self.sent == first.len() {
                self.frames.pop_front();
                self.sent = 0;
            }
        } else if let Some(chunk) = &mut self.chunk {
            self.archived += chunk.sent(count) as u64;
            if chunk.last && chunk.is_used_up() {
                self.chunk = None;
            }
        } else {
            debug_assert_eq!(count, 0, "no more is transmitted than was given");
        }
    }
}

impl Frame {
    /// The frame of the bytes from `at` on.
    fn of(channel: u16, buffer: &Buffer, at: usize) -> Self {
        let end = buffer.len().min(at + ARCHIVE_FRAME);
        Self { header: frame_header(channel, (end - at) as u16), sent: 0, end }
    }
}

impl Chunk {
    fn is_used_up(&self) -> bool {
        self.at == self.buffer.len()
    }

    /// Whether bytes of a frame are transmitted, and not all of them.
    fn has_begun(&self) -> bool {
        self.frame.sent > 0
    }

    fn next(&self) -> (&[u8], &[u8]) {
        if self.is_used_up() {
            return (&[], &[]);
        }
        (&self.frame.header.as_bytes()[self.frame.sent..], &self.buffer[self.at..self.frame.end])
    }

    /// Takes note of so many bytes. How many of them are the archive's.
    fn sent(&mut self, count: usize) -> usize {
        let (header, text) = (self.frame.header.as_bytes().len() - self.frame.sent, self.frame.end - self.at);
        debug_assert!(count <= header + text, "no more is transmitted than was given");
        let of_header = count.min(header);
        let of_text = (count - of_header).min(text);
        self.frame.sent += of_header;
        self.at += of_text;
        if self.at == self.frame.end {
            // After the last one no frame is left: nothing has begun.
            self.frame = Frame::of(self.channel, &self.buffer, self.at);
        }
        of_text
    }
}
