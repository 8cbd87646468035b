//! Memory for a stretch of a secret text.

use std::ops::{Deref, DerefMut};

/// Bytes of constant number that are wiped on drop: as a whole, where `zeroize` goes byte by byte.
pub(super) struct Buffer(Box<[u8]>);

impl Buffer {
    /// So many zeros.
    pub(super) fn new(length: usize) -> Self {
        Self(vec![0; length].into_boxed_slice())
    }

    /// Wipes the first bytes.
    pub(super) fn wipe(&mut self, length: usize) {
        self.0[..length].fill(0);
        zeroize::optimization_barrier(&*self.0);
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.wipe(self.len());
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
