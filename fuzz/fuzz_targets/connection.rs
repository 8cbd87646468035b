//! Any bytes and any commands on a connection.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::connection::check(bytes));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    handfast_harness::shapes::CONNECTION.mutate(data, size, max, seed, libfuzzer_sys::fuzzer_mutate)
});
