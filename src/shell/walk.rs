//! For the tests of the shell's tasks: ways through an operation by a seed, and how long the document says that its timers run.

use std::collections::BTreeMap;

use tokio::time::Duration;

use crate::limits::Timer;

/// Numbers from a seed (SplitMix64).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % count as u64) as usize
    }
}

/// The timers that have to be armed, each with the time that is left: no time passes on a way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stated(pub(super) BTreeMap<Timer, Duration>);

impl Stated {
    /// Arms a timer of an operation whose archive has so many bytes, and which has tried so often to connect.
    pub(super) fn arm(&mut self, timer: Timer, length: u64, attempts: usize) {
        self.0.insert(timer, stated(timer, length, attempts));
    }
}

/// R-TIME-1 to R-TIME-4, R-TIME-6 and R-EXT-2, in the document's numbers.
fn stated(timer: Timer, length: u64, attempts: usize) -> Duration {
    Duration::from_secs(match timer {
        Timer::Prepare | Timer::Connect => 60,
        Timer::Token | Timer::Authenticate => 5 * 60,
        Timer::Stall => 30,
        Timer::Result => 180,
        // A second for each 64 KiB that have begun.
        Timer::Transfer => 15 * 60 + length / 65_536 + u64::from(!length.is_multiple_of(65_536)),
        Timer::Linger => 5,
        Timer::Retry => return Duration::from_millis([250, 500, 1000, 2000, 4000][attempts.clamp(1, 5) - 1]),
    })
}
