//! From a password to the key that seals an archive (R-ARC-2).

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::digest;
use zeroize::{Zeroize, Zeroizing};

use super::error::OutOfMemory;
use crate::secret::Secret;

/// The key of AES-256-GCM. Does not print, is wiped on drop.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// The bytes.
    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    #[cfg(test)]
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// SHA-256 of what a function derived from the password.
    fn hash(derived: &[u8]) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(digest::digest(&digest::SHA256, derived).as_ref());
        Self(key)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(<secret>)")
    }
}

/// Derives the key from a password. [`Argon2i`] outside of simulations.
pub trait Kdf: fmt::Debug + Send + Sync {
    /// The key of `password` with `salt`.
    fn derive(&self, password: &Secret, salt: &[u8; 16]) -> Result<Key, OutOfMemory>;
}

/// SHA-256 of Argon2i, version 0x13, 16 passes over 64 MiB, one lane: about a second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Argon2i;

impl Argon2i {
    const MEMORY_KIB: u32 = 64 * 1024;
    const PASSES: u32 = 16;
    const LANES: u32 = 1;
}

impl Kdf for Argon2i {
    fn derive(&self, password: &Secret, salt: &[u8; 16]) -> Result<Key, OutOfMemory> {
        let params = Params::new(Self::MEMORY_KIB, Self::PASSES, Self::LANES, Some(32)).expect("constants in range");
        let blocks = params.block_count();
        let mut memory = Vec::new();
        memory.try_reserve_exact(blocks).map_err(|_| OutOfMemory)?;
        memory.resize(blocks, Block::new());
        let mut derived = Zeroizing::new([0; 32]);
        // It fails on lengths alone: of the salt, which is constant, and of passwords of 4 GiB, which no message can hold.
        Argon2::new(Algorithm::Argon2i, Version::V0x13, params)
            .hash_password_into_with_memory(password.as_bytes(), salt, &mut *derived, &mut memory)
            .map_err(|_| OutOfMemory)?;
        memory.iter_mut().for_each(Zeroize::zeroize);
        Ok(Key::hash(&*derived))
    }
}

/// Derives a key that opens no archive: a protected archive is refused as after a wrong password, at no cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoPassword;

impl Kdf for NoPassword {
    fn derive(&self, _: &Secret, salt: &[u8; 16]) -> Result<Key, OutOfMemory> {
        Ok(Key::hash(salt))
    }
}

/// A function that costs nothing and therefore **protects nothing**: for simulations, which open archives by the million.
/// [`Argon2i`] does not open a file that it sealed.
#[cfg(any(test, feature = "testing"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct InsecureKdf;

#[cfg(any(test, feature = "testing"))]
impl Kdf for InsecureKdf {
    fn derive(&self, password: &Secret, salt: &[u8; 16]) -> Result<Key, OutOfMemory> {
        let mut both = Zeroizing::new(Vec::with_capacity(salt.len() + password.as_bytes().len()));
        both.extend_from_slice(salt);
        both.extend_from_slice(password.as_bytes());
        Ok(Key::hash(&both))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_print() {
        let key = InsecureKdf.derive(&Secret::from("hunter2"), &[0; 16]).unwrap();
        assert_eq!(format!("{key:?}"), "Key(<secret>)");
    }

    #[test]
    fn salt_and_password_both_count() {
        let derive = |password: &str, salt| *InsecureKdf.derive(&Secret::from(password), &[salt; 16]).unwrap().expose();
        assert_eq!(derive("a", 1), derive("a", 1));
        assert_ne!(derive("a", 1), derive("a", 2));
        assert_ne!(derive("a", 1), derive("b", 1));
    }
}
