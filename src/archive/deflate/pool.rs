//! Blocks that several threads compress, and that come back in their order.

use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Builder, JoinHandle},
};

use super::{BLOCK, Compressor};
use crate::buffer::Buffer;

/// Blocks that each thread has at once: one that it compresses, and one that waits.
const EACH: usize = 2;

/// A stretch of text, and its compressed form once it was compressed.
pub(super) struct Block {
    text: Buffer,
    compressed: Buffer,
}

impl Block {
    pub(super) fn new() -> Self {
        let (mut text, mut compressed) = (Buffer::default(), Buffer::default());
        text.reserve_exact(BLOCK);
        // Text of one byte in each of its values becomes a little longer.
        compressed.reserve_exact(BLOCK + BLOCK / 8);
        Self { text, compressed }
    }

    pub(super) fn is_full(&self) -> bool {
        self.text.len() == BLOCK
    }

    /// Takes as much of `text` as there is room for, and returns how much that is.
    pub(super) fn fill(&mut self, text: &[u8]) -> usize {
        let taken = text.len().min(BLOCK - self.text.len());
        self.text.extend_from_slice(&text[..taken]);
        taken
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn compressed(&mut self) -> &mut [u8] {
        &mut self.compressed
    }

    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.compressed.capacity()
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.compressed.clear();
    }

    pub(super) fn compress(&mut self, compressor: &mut Compressor) {
        compressor.compress(&self.text, &mut self.compressed);
    }
}

/// Threads that compress blocks in turn, or none: each block is compressed where it is handed in then.
pub(super) struct Pool {
    workers: Vec<Worker>,
    /// Without threads: who compresses, and what is compressed.
    here: Option<(Compressor, Option<Block>)>,
    /// How many blocks came in, and how many went out.
    came: usize,
    went: usize,
}

impl Pool {
    pub(super) fn new(threads: usize) -> io::Result<Self> {
        let workers = (0..threads).map(|_| Worker::new()).collect::<io::Result<Vec<_>>>()?;
        let here = workers.is_empty().then(|| (Compressor::new(), None));
        Ok(Self { workers, here, came: 0, went: 0 })
    }

    #[cfg(test)]
    pub(super) fn threads(&self) -> usize {
        self.workers.len()
    }

    /// Whether a block has to be taken out before one is handed in.
    pub(super) fn is_full(&self) -> bool {
        self.came - self.went == (EACH * self.workers.len()).max(1)
    }

    /// Compresses a block, now or in its turn. Not for a pool that is full.
    pub(super) fn hand_in(&mut self, mut block: Block) -> io::Result<()> {
        match &mut self.here {
            Some((compressor, compressed)) => {
                block.compress(compressor);
                *compressed = Some(block);
            }
            None => {
                let worker = &self.workers[self.came % self.workers.len()];
                worker.work.as_ref().and_then(|work| work.send(block).ok()).ok_or_else(panicked)?;
            }
        }
        self.came += 1;
        Ok(())
    }

    /// The oldest block, compressed. None if all were taken out.
    pub(super) fn oldest(&mut self) -> io::Result<Option<Block>> {
        if self.went == self.came {
            return Ok(None);
        }
        let block = match &mut self.here {
            Some((_, compressed)) => compressed.take(),
            None => Some(self.workers[self.went % self.workers.len()].done.recv().map_err(|_| panicked())?),
        };
        self.went += 1;
        Ok(block)
    }
}

/// A thread that compresses.
struct Worker {
    work: Option<SyncSender<Block>>,
    done: Receiver<Block>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn new() -> io::Result<Self> {
        let (work, blocks) = sync_channel::<Block>(EACH);
        let (compressed, done) = sync_channel(EACH);
        let thread = Builder::new().name("deflate".into()).spawn(move || {
            let mut compressor = Compressor::new();
            for mut block in blocks {
                block.compress(&mut compressor);
                if compressed.send(block).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { work: Some(work), done, thread: Some(thread) })
    }
}

impl Drop for Worker {
    /// Waits for the thread, so that no text is left in its hands. It never waits for room: no more blocks are on their way than there
    /// is room for.
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            // A panic of it has been printed.
            drop(thread.join());
        }
    }
}

fn panicked() -> io::Error {
    io::Error::other("a thread that compresses has panicked")
}
