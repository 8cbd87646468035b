//! Randomness from a seed: the same seed gives the same node.

use core::time::Duration;

use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};

use crate::id::InfoHash;

/// A generator that others cannot predict as long as its seed is secret: tokens and transaction ids depend on it.
#[derive(Debug, Clone)]
pub(crate) struct Random(ChaCha12Rng);

impl Random {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    pub(crate) fn u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    pub(crate) fn id(&mut self) -> InfoHash {
        let mut id = InfoHash::ZERO;
        self.0.fill_bytes(&mut id.0);
        id
    }

    pub(crate) fn secret(&mut self) -> [u8; 32] {
        let mut secret = [0; 32];
        self.0.fill_bytes(&mut secret);
        secret
    }

    /// Returns a number below `end`; 0 when there is none. The bias is far below what matters here.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u64::from(self.u32()) * end as u64) >> 32) as usize
    }

    /// Returns a time from `least` to `least + spread`.
    pub(crate) fn between(&mut self, (least, spread): (Duration, Duration)) -> Duration {
        least + spread.mul_f64(f64::from(self.u32()) / f64::from(u32::MAX))
    }
}
