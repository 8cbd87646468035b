//! Any run of a pair. The fuzzer counts the rows that a run has come through as it counts code.

#![no_main]

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Where libFuzzer looks for counters of a target's own, and clears them before each run.
#[cfg_attr(target_os = "linux", unsafe(link_section = "__libfuzzer_extra_counters"))]
static ROWS: [AtomicU8; 1 << 14] = [const { AtomicU8::new(0) }; 1 << 14];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::pair::check_noting(bytes, |row| {
    ROWS[row as usize % ROWS.len()].fetch_add(1, Relaxed);
}));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    handfast_harness::shapes::PAIR.mutate(data, size, max, seed, libfuzzer_sys::fuzzer_mutate)
});
