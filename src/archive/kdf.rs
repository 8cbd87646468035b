//! From a password to the key that seals an archive (R-ARC-2).

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::digest;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::error::OutOfMemory;
use crate::outcome::Scheme;

/// A password as it was typed: UTF-8, and empty where there is none. Does not print, is wiped on drop.
#[derive(Clone, Default)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// No password.
    pub fn none() -> Self {
        Self::default()
    }

    /// A password from its bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The protection of what is sealed with it: none for an empty one (R-ARC-5).
    pub fn protection(&self) -> Scheme {
        if self.is_empty() { Scheme::None } else { Scheme::Password }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(<secret>)")
    }
}

impl PartialEq for Password {
    /// In a time that tells at most the length.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Password {}

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
    fn derive(&self, password: &Password, salt: &[u8; 16]) -> Result<Key, OutOfMemory>;
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
    fn derive(&self, password: &Password, salt: &[u8; 16]) -> Result<Key, OutOfMemory> {
        let params = Params::new(Self::MEMORY_KIB, Self::PASSES, Self::LANES, Some(32)).expect("constants in range");
        let blocks = params.block_count();
        let mut memory = Vec::new();
        memory.try_reserve_exact(blocks).map_err(|_| OutOfMemory)?;
        memory.resize(blocks, Block::new());
        let mut derived = Zeroizing::new([0; 32]);
        // It fails on lengths alone: of the salt, which is constant, and of passwords of 4 GiB, which no message can hold.
        Argon2::new(Algorithm::Argon2i, Version::V0x13, params)
            .hash_password_into_with_memory(password.expose(), salt, &mut *derived, &mut memory)
            .map_err(|_| OutOfMemory)?;
        memory.iter_mut().for_each(Zeroize::zeroize);
        Ok(Key::hash(&*derived))
    }
}

/// A function that costs nothing and therefore **protects nothing**: for simulations, which open archives by the million.
/// What it sealed, [`Argon2i`] does not open.
#[derive(Clone, Copy, Debug, Default)]
pub struct InsecureKdf;

impl Kdf for InsecureKdf {
    fn derive(&self, password: &Password, salt: &[u8; 16]) -> Result<Key, OutOfMemory> {
        let mut both = Zeroizing::new(Vec::with_capacity(salt.len() + password.expose().len()));
        both.extend_from_slice(salt);
        both.extend_from_slice(password.expose());
        Ok(Key::hash(&both))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_print() {
        let password = Password::new("hunter2");
        assert_eq!(format!("{password:?}"), "Password(<secret>)");
        assert_eq!(format!("{:?}", InsecureKdf.derive(&password, &[0; 16]).unwrap()), "Key(<secret>)");
        assert!(password == Password::new("hunter2") && password != Password::new("hunter3"));
    }

    #[test]
    fn salt_and_password_both_count() {
        let derive =
            |password: &str, salt| *InsecureKdf.derive(&Password::new(password), &[salt; 16]).unwrap().expose();
        assert_eq!(derive("a", 1), derive("a", 1));
        assert_ne!(derive("a", 1), derive("a", 2));
        assert_ne!(derive("a", 1), derive("b", 1));
    }
}
