//! AES-256-GCM as a stream, with a nonce of 12 bytes and no additional data.
//!
//! Composed of the counter mode and the hash, because the usual interfaces take the whole message at once. Opened bytes are
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
    /// The mask of the tag: the first block of the key stream.
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

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::{
        archive::kdf::{Argon2i, Kdf},
        secret::Secret,
    };

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|place| u8::from_str_radix(&hex[place..place + 2], 16).unwrap()).collect()
    }

    fn seal(key: &Key, nonce: &[u8; NONCE], text: &[u8]) -> (Vec<u8>, [u8; TAG]) {
        let mut gcm = Gcm::new(key, nonce);
        let mut data = text.to_vec();
        gcm.seal(&mut data).unwrap();
        (data, gcm.tag())
    }

    /// Test cases 13, 14 and 15 of the paper that defines GCM: those of 256 bits without additional data.
    #[test]
    fn the_published_vectors_hold() {
        let zero = (Key::from_bytes([0; 32]), [0; NONCE]);
        assert_eq!(
            seal(&zero.0, &zero.1, b""),
            (vec![], bytes("530f8afbc74536b9a963b4f1c4cb738b").try_into().unwrap())
        );
        assert_eq!(
            seal(&zero.0, &zero.1, &[0; 16]),
            (bytes("cea7403d4d606b6e074ec5d3baf39d18"), bytes("d0d1c8a799996bf0265b98b5d48ab919").try_into().unwrap())
        );
        let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let text = bytes(concat!(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
        ));
        let sealed = bytes(concat!(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
        ));
        assert_eq!(
            seal(
                &Key::from_bytes(key.try_into().unwrap()),
                &bytes("cafebabefacedbaddecaf888").try_into().unwrap(),
                &text
            ),
            (sealed, bytes("b094dac5d93471bdec1a502270e3cc6c").try_into().unwrap())
        );
    }

    /// Vectors made by the library that Jami uses: the key derivation's check values, and one container.
    #[test]
    fn the_real_library_agrees() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../tests/vectors/bytes.json")).unwrap();
        let salt = bytes(vectors["archive_key"]["salt_hex"].as_str().unwrap()).try_into().unwrap();
        let derive = |password: &str, salt| Argon2i.derive(&Secret::from(password), salt).unwrap();
        for key in vectors["archive_key"]["keys"].as_array().unwrap() {
            let expected = bytes(key["key_hex"].as_str().unwrap());
            assert_eq!(derive(key["password"].as_str().unwrap(), &salt).expose()[..], expected);
        }

        let container = &vectors["container"];
        let file = bytes(container["hex"].as_str().unwrap());
        let key = derive(container["password"].as_str().unwrap(), file.first_chunk().unwrap());
        let (header, sealed) = file.split_at(28);
        let (tag, nonce) = (sealed.last_chunk::<TAG>().unwrap(), header.last_chunk().unwrap());
        let mut data = sealed[..sealed.len() - TAG].to_vec();
        let mut gcm = Gcm::new(&key, nonce);
        gcm.open(&mut data).unwrap();
        assert_eq!((&*data, gcm.tag()), (container["plaintext"].as_str().unwrap().as_bytes(), *tag));
        assert_eq!(seal(&key, nonce, &data), (sealed[..sealed.len() - TAG].to_vec(), *tag));
    }

    proptest! {
        /// However the text is cut into slices, ciphertext and tag are those of another implementation.
        #[test]
        fn slices_make_no_difference(
            key: [u8; 32],
            nonce: [u8; NONCE],
            slices in vec(vec(any::<u8>(), 0..80), 0..12),
        ) {
            let text = slices.concat();
            let other = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
            let mut expected = text.clone();
            let nonce_of_other = Nonce::assume_unique_for_key(nonce);
            let tag = other.seal_in_place_separate_tag(nonce_of_other, Aad::empty(), &mut expected).unwrap();

            let key = Key::from_bytes(key);
            let (mut seal, mut open, mut absorb) =
                (Gcm::new(&key, &nonce), Gcm::new(&key, &nonce), Gcm::new(&key, &nonce));
            let mut sealed = Vec::new();
            let mut opened = Vec::new();
            for slice in &slices {
                let mut data = slice.clone();
                seal.seal(&mut data).unwrap();
                sealed.extend_from_slice(&data);
                absorb.absorb(&data);
                open.open(&mut data).unwrap();
                opened.extend_from_slice(&data);
            }
            prop_assert_eq!(sealed, expected);
            prop_assert_eq!(opened, text);
            let tag: [u8; TAG] = tag.as_ref().try_into().unwrap();
            prop_assert_eq!([seal.tag(), open.tag(), absorb.tag()], [tag; 3]);
        }
    }
}
