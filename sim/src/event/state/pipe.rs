//! One direction of a connection: bytes in order, what they stand for, and what travels with them.

use std::{collections::VecDeque, ops::Deref};

/// A notice that travels in order with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The exporter asks for a connection.
    Request,
    /// It is secured.
    Opened,
    /// It is turned away, or could not be secured.
    Refused,
    /// Nothing listens where it was asked for.
    Absent,
    /// It is gone.
    Lost,
}

/// Bytes in order. Bytes that were read go only when they are half of all: each byte is moved once, however small the pieces are.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    bytes: Vec<u8>,
    /// The first that was not read.
    at: usize,
}

impl Deref for Unread {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.at..]
    }
}

impl Unread {
    fn read(&mut self, count: usize) {
        self.at += count;
        if self.at == self.bytes.len() {
            self.clear();
        } else if self.at > self.bytes.len() / 2 {
            self.bytes.drain(..std::mem::take(&mut self.at));
        }
    }

    fn truncate(&mut self, count: usize) {
        self.bytes.truncate(self.at + count);
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.at = 0;
    }
}

/// Bytes that were written and not read, and the items that they stand for.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    bytes: Unread,
    /// How many were read before them.
    read: u64,
    items: VecDeque<Item>,
    numbered: u32,
    /// When the last of them arrives: nothing overtakes.
    last: u64,
    /// Nothing arrives before.
    pub(crate) held: u64,
    /// Bytes that were written in all, whatever came of them.
    pub(crate) written: u64,
}

/// An item: a message, the beginning or the end of an archive, a channel's end, a notice. The model knows these.
#[derive(Clone, Copy, Debug)]
struct Item {
    number: u32,
    /// After which byte.
    end: u64,
    notice: bool,
}

impl Pipe {
    /// Writes bytes. `item`: they complete one.
    pub(crate) fn write(&mut self, bytes: &[u8], item: bool) {
        self.bytes.bytes.extend_from_slice(bytes);
        self.written += bytes.len() as u64;
        if item {
            self.push(false);
        }
    }

    /// Sends a notice in order. Returns its number.
    pub(crate) fn notify(&mut self) -> u32 {
        self.push(true)
    }

    fn push(&mut self, notice: bool) -> u32 {
        self.numbered += 1;
        self.items.push_back(Item { number: self.numbered, end: self.end(), notice });
        self.numbered
    }

    /// Whether bytes are there that were not read.
    pub(crate) fn has_bytes(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// How many bytes were read.
    pub(crate) const fn read(&self) -> u64 {
        self.read
    }

    /// Where the bytes end.
    pub(crate) fn end(&self) -> u64 {
        self.read + self.bytes.len() as u64
    }

    /// Whether this notice is still on its way. It no longer is.
    pub(crate) fn take_notice(&mut self, number: u32) -> bool {
        let there = self.items.front().is_some_and(|item| item.number == number);
        if there {
            self.items.pop_front();
        }
        there
    }

    /// Takes the item that ends exactly here, if there is one.
    pub(crate) fn take_item(&mut self, end: u64) -> bool {
        let there = self.items.front().is_some_and(|item| !item.notice && item.end == end);
        if there {
            self.items.pop_front();
        }
        there
    }

    /// Passes over an item that ends before here, if there is one.
    pub(crate) fn pass_item(&mut self, before: u64) -> bool {
        let there = self.items.front().is_some_and(|item| !item.notice && item.end < before);
        if there {
            self.items.pop_front();
        }
        there
    }

    /// Takes the bytes up to here out, for them to be read. [`Pipe::put_back`] what is left.
    pub(crate) fn take_bytes(&mut self) -> (Unread, u64) {
        (std::mem::take(&mut self.bytes), self.read)
    }

    /// Puts the bytes back of which so many were read.
    pub(crate) fn put_back(&mut self, mut bytes: Unread, taken: usize) {
        self.read += taken as u64;
        bytes.read(taken);
        // The reader may have written here, or cleared the bytes on their way.
        bytes.bytes.extend_from_slice(&self.bytes);
        self.bytes = bytes;
    }

    /// When what is written now arrives.
    pub(crate) fn arrival(&mut self, now: u64, latency: u32) -> u64 {
        self.last = self.last.max(now + u64::from(latency)).max(self.held);
        self.last
    }

    /// Cuts all off but so many bytes: how many items stay, and whether all did.
    pub(crate) fn cut(&mut self, keep: u32) -> u8 {
        let keep = (keep as usize).min(self.bytes.len());
        self.bytes.truncate(keep);
        let end = self.end();
        self.items.retain(|item| item.end <= end);
        u8::try_from(self.items.len()).unwrap_or(u8::MAX)
    }

    /// Drops what is on its way.
    pub(crate) fn clear(&mut self) {
        self.read = self.end();
        self.bytes.clear();
        self.items.clear();
    }

    /// How many items are on their way.
    pub(crate) fn items(&self) -> u8 {
        u8::try_from(self.items.len()).unwrap_or(u8::MAX)
    }

    /// The number of the last item that is on its way.
    pub(crate) fn last_item(&self) -> Option<u32> {
        self.items.back().map(|item| item.number)
    }

    /// Drops the notice of this number.
    pub(crate) fn drop_item(&mut self, number: u32) {
        self.items.retain(|item| item.number != number);
    }
}
