//! Numbers from a seed.

use std::marker::PhantomData;

use handfast::outcome::Side;
use rand::{Rng, SeedableRng, distr::uniform::SampleUniform};
use rand_chacha::ChaCha8Rng;

/// A generator of numbers of one width. The width is a part of what a seed means: a wider number takes more of the generator's bytes.
pub(crate) struct Draw<N>(ChaCha8Rng, PhantomData<N>);

/// A width of numbers.
pub(crate) trait Number: SampleUniform + PartialOrd + Copy {
    /// Returns the number of an index.
    fn of(index: usize) -> Self;
    /// Returns the index of a number that [`Self::of`] returned.
    fn index(self) -> usize;
}

impl Number for u32 {
    fn of(index: usize) -> Self {
        index as Self
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl Number for u64 {
    fn of(index: usize) -> Self {
        index as Self
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl<N: Number> Draw<N> {
    /// Creates the generator of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed), PhantomData)
    }

    /// Creates another generator of the same seed, whose numbers are independent of the first one's.
    pub(crate) fn independent(seed: u64, stream: u64) -> Self {
        let mut draw = Self::new(seed);
        draw.0.set_stream(stream);
        draw
    }

    /// Returns a number within these bounds, both of them included.
    pub(crate) fn between(&mut self, least: N, most: N) -> N {
        self.0.random_range(least..=most)
    }

    /// Returns one of these. There has to be one.
    pub(crate) fn one_of<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.between(N::of(0), N::of(these.len() - 1)).index()]
    }

    /// Returns a side.
    pub(crate) fn side(&mut self) -> Side {
        self.one_of(&[Side::Import, Side::Export])
    }
}
