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
