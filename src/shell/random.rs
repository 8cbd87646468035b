//! Where codes and ids come from.

use crate::{limits::SAS_VALUE, token::Code};

/// A source of randomness. In simulation it comes from the seed.
pub trait Random: Send + 'static {
    /// Fills `bytes` with uniform ones.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// The operating system's cryptographic generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// Where the operating system has no randomness, nothing here is safe.
    fn fill(&mut self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the operating system has randomness");
    }
}

/// A nonce of a comparison (R-SAS-3).
pub(super) fn nonce(random: &mut impl Random) -> [u8; SAS_VALUE] {
    let mut nonce = [0; SAS_VALUE];
    random.fill(&mut nonce);
    nonce
}

/// A token's code (R-TOK-2).
pub(super) fn code(random: &mut impl Random) -> Code {
    loop {
        let mut bytes = [0; 4];
        random.fill(&mut bytes);
        if let Some(code) = Code::from_random(u32::from_le_bytes(bytes)) {
            return code;
        }
    }
}

/// An account's id on this device.
pub(super) fn id(random: &mut impl Random) -> u64 {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that count up, so that what is drawn shows how many were taken, and in which order.
    #[derive(Default)]
    struct Counting(u8);

    impl Random for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    /// R-SAS-3, R-TOK-2: nonces, codes and ids are the bytes of the source, and no byte is used twice.
    #[test]
    fn what_is_drawn_are_bytes_of_the_source() {
        let mut source = Counting::default();
        assert_eq!(nonce(&mut source), core::array::from_fn(|at| at as u8));
        assert_eq!(nonce(&mut source), core::array::from_fn(|at| 32 + at as u8));
        assert_eq!(id(&mut source), u64::from_le_bytes([64, 65, 66, 67, 68, 69, 70, 71]));
        assert_eq!(Some(code(&mut source)), Code::from_random(u32::from_le_bytes([72, 73, 74, 75])));
    }

    /// R-TOK-2: a value that would make some codes more likely is drawn again.
    #[test]
    fn a_value_of_no_use_is_drawn_again() {
        let mut source = Counting(252);
        assert_eq!(Code::from_random(u32::from_le_bytes([252, 253, 254, 255])), None);
        assert_eq!(Some(code(&mut source)), Code::from_random(u32::from_le_bytes([0, 1, 2, 3])));
    }

    #[test]
    fn two_nonces_of_the_system_differ() {
        assert_ne!(nonce(&mut SystemRandom), nonce(&mut SystemRandom));
    }
}
