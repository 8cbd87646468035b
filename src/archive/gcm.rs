//! AES-256-GCM as a stream, with a nonce of 12 bytes and no additional data.
//!
//! Composed of the counter mode and the hash, because the usual interfaces take the whole message at once. What it opens is
//! *not verified* before [`Gcm::tag`] was compared: its callers see to that.

use aes::{
    Aes256,
    cipher::{KeyIvInit, StreamCipher, StreamCipherError},
};
use ctr::Ctr32BE;
use ghash::{GHash, universal_hash::UniversalHash};
use zeroize::Zeroizing;

use super::kdf::Key;

/// Bytes of a nonce.
pub(super) const NONCE: usize = 12;
/// Bytes of a tag.
pub(super) const TAG: usize = 16;

const BLOCK: usize = 16;

/// One message on its way.
pub(super) struct Gcm {
    stream: Ctr32BE<Aes256>,
    hash: GHash,
    /// Ciphertext that does not fill a block yet.
    partial: [u8; BLOCK],
    filled: usize,
    length: u64,
    /// What the tag is masked with: the first block of the key stream.
    mask: Zeroizing<[u8; TAG]>,
}

impl Gcm {
    pub(super) fn new(key: &Key, nonce: &[u8; NONCE]) -> Self {
        let stream_at = |counter: u32| {
            let mut block = [0; BLOCK];
            block[..NONCE].copy_from_slice(nonce);
            block[NONCE..].copy_from_slice(&counter.to_be_bytes());
            Ctr32BE::<Aes256>::new(key.expose().into(), &block.into())
        };
        // The hash key is the zero block enciphered: the first bytes of a key stream that begins at the zero block.
        let mut hash_key = Zeroizing::new([0; BLOCK]);
        Ctr32BE::<Aes256>::new(key.expose().into(), &[0; BLOCK].into()).apply_keystream(&mut *hash_key);
        let mut mask = Zeroizing::new([0; TAG]);
        stream_at(1).apply_keystream(&mut *mask);
        Self {
            stream: stream_at(2),
            hash: GHash::new(&(*hash_key).into()),
            partial: [0; BLOCK],
            filled: 0,
            length: 0,
            mask,
        }
    }

    /// Enciphers the next bytes. Fails after 64 GiB, where the counter would begin anew.
    pub(super) fn seal(&mut self, data: &mut [u8]) -> Result<(), StreamCipherError> {
        self.stream.try_apply_keystream(data)?;
        self.absorb(data);
        Ok(())
    }

    /// Deciphers the next bytes.
    pub(super) fn open(&mut self, data: &mut [u8]) -> Result<(), StreamCipherError> {
        self.absorb(data);
        self.stream.try_apply_keystream(data)
    }

    /// Takes the next bytes of the ciphertext into account and leaves them as they are.
    pub(super) fn absorb(&mut self, mut data: &[u8]) {
        self.length += data.len() as u64;
        if self.filled > 0 {
            let taken = data.len().min(BLOCK - self.filled);
            self.partial[self.filled..self.filled + taken].copy_from_slice(&data[..taken]);
            self.filled += taken;
            data = &data[taken..];
            if self.filled < BLOCK {
                return;
            }
            self.hash.update(&[self.partial.into()]);
        }
        let (whole, rest) = data.split_at(data.len() - data.len() % BLOCK);
        self.hash.update_padded(whole);
        self.partial[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    /// The tag of all that was taken.
    pub(super) fn tag(mut self) -> [u8; TAG] {
        self.hash.update_padded(&self.partial[..self.filled]);
        let mut lengths = [0; BLOCK];
        lengths[8..].copy_from_slice(&(8 * self.length).to_be_bytes());
        self.hash.update(&[lengths.into()]);
        let mut tag: [u8; TAG] = self.hash.finalize().into();
        tag.iter_mut().zip(*self.mask).for_each(|(byte, mask)| *byte ^= mask);
        tag
    }
}
