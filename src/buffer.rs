//! Memory for a stretch of a secret text.

use alloc::{vec, vec::Vec};
use core::{
    fmt,
    ops::{Deref, DerefMut},
};

/// Bytes of an archive's text on their way, which do not print. Wiped on drop, spare room included: as a whole, where `zeroize`
/// goes byte by byte.
#[derive(Default)]
pub struct Buffer(Vec<u8>);

impl Buffer {
    /// So many zeros.
    pub fn new(length: usize) -> Self {
        Self(vec![0; length])
    }

    /// Wipes the first bytes.
    pub(crate) fn wipe(&mut self, length: usize) {
        self.0[..length].fill(0);
        zeroize::optimization_barrier(&*self.0);
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.0.resize(self.0.capacity(), 0);
        self.wipe(self.len());
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn it_prints_as_a_tag_and_wipes_on_demand() {
        let mut buffer = Buffer::from(b"hunter2".to_vec());
        assert_eq!(format!("{buffer:?}"), "<secret>");
        buffer.wipe(6);
        assert_eq!(**buffer, *b"\0\0\0\0\0\x002");
        assert_eq!(Buffer::new(3).as_slice(), [0; 3]);
    }
}
