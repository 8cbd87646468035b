//! Ids of nodes and keys of values: 160 bits, compared by XOR.

use core::fmt;
use core::str::FromStr;

use sha1::{Digest, Sha1};

/// The length of an [`InfoHash`] in bytes.
pub const ID_BYTES: usize = 20;

/// A node id, or the key under which values are stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct InfoHash(pub [u8; ID_BYTES]);

/// How far two ids are apart: their XOR, as a big-endian number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Distance([u8; ID_BYTES]);

impl InfoHash {
    /// The id that names nothing.
    pub const ZERO: Self = Self([0; ID_BYTES]);

    /// Returns the SHA-1 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha1::digest(bytes).into())
    }

    /// Returns the id of a node that has an identity, from the short id of its key: SHA-1 of `node:` and 40 digits.
    #[must_use]
    pub fn of_node(key: Self) -> Self {
        Self::of(format!("node:{key}").as_bytes())
    }

    /// Reads exactly 20 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Says whether all bits are zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// Returns the distance to `other`.
    #[must_use]
    pub fn distance(&self, other: &Self) -> Distance {
        let mut xor = self.0;
        for (a, b) in xor.iter_mut().zip(other.0) {
            *a ^= b;
        }
        Distance(xor)
    }

    /// Returns how many leading bits both ids have in common: 0 to 160.
    #[must_use]
    pub fn common_bits(&self, other: &Self) -> usize {
        let mut bits = 0;
        for byte in self.distance(other).0 {
            bits += byte.leading_zeros() as usize;
            if byte != 0 {
                break;
            }
        }
        bits
    }

    /// Returns an id that shares exactly `bits` leading bits with this one; `filler` gives the rest. From 160 on: this one.
    #[must_use]
    pub fn sibling(&self, bits: usize, filler: Self) -> Self {
        let mut out = filler;
        for at in 0..ID_BYTES * 8 {
            let mask = 0x80 >> (at % 8);
            let own = self.0[at / 8] & mask;
            match at.cmp(&bits) {
                core::cmp::Ordering::Less => out.0[at / 8] = out.0[at / 8] & !mask | own,
                core::cmp::Ordering::Equal => out.0[at / 8] = out.0[at / 8] & !mask | (own ^ mask),
                core::cmp::Ordering::Greater => break,
            }
        }
        out
    }
}

impl fmt::Display for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id has 40 hexadecimal digits")]
pub struct NotAnId;

impl FromStr for InfoHash {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let digits = text.as_bytes();
        if digits.len() != ID_BYTES * 2 {
            return Err(NotAnId);
        }
        let mut out = [0; ID_BYTES];
        for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |digit: u8| (digit as char).to_digit(16).ok_or(NotAnId);
            *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
        }
        Ok(Self(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bits() {
        let id: InfoHash = "a76bb71d613cfd20f54a4fa3de38405c338db89a".parse().unwrap();
        assert_eq!(id.to_string(), "a76bb71d613cfd20f54a4fa3de38405c338db89a");
        for text in ["", "a7", "a76bb71d613cfd20f54a4fa3de38405c338db89", "g76bb71d613cfd20f54a4fa3de38405c338db89a"] {
            assert_eq!(text.parse::<InfoHash>(), Err(NotAnId), "{text}");
        }
        assert_eq!(id.common_bits(&id), 160);
        for bits in [0, 1, 7, 8, 9, 80, 159] {
            for filler in [InfoHash::ZERO, InfoHash([255; 20])] {
                assert_eq!(id.common_bits(&id.sibling(bits, filler)), bits);
            }
        }
        assert_eq!(id.sibling(160, InfoHash::ZERO), id);
    }

    #[test]
    fn nearer_shares_more_bits() {
        let (id, far, near) = (InfoHash([0; 20]), InfoHash([0x80; 20]), InfoHash([1; 20]));
        assert!(id.distance(&near) < id.distance(&far));
    }
}
