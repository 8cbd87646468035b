//! The events that are planned, in order.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Things that will happen, by time, and in the order in which they were planned where the time is the same.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    now: u64,
    planned: u32,
}

#[derive(Debug)]
struct Entry<T> {
    at: u64,
    number: u32,
    what: T,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new(), now: 0, planned: 0 }
    }

    /// Virtual milliseconds since the beginning.
    pub(crate) const fn now(&self) -> u64 {
        self.now
    }

    /// When the next thing is planned for.
    pub(crate) fn next(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// Plans something for a time that is not past.
    pub(crate) fn at(&mut self, at: u64, what: T) {
        self.planned += 1;
        self.heap.push(Reverse(Entry { at: at.max(self.now), number: self.planned, what }));
    }

    /// Plans something for later.
    pub(crate) fn after(&mut self, ms: u32, what: T) {
        self.at(self.now + u64::from(ms), what);
    }

    /// Takes what comes next. It is then.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let Reverse(entry) = self.heap.pop()?;
        self.now = entry.at;
        Some(entry.what)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
