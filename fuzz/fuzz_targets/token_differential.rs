//! Any bytes as a token, compared with other parsers.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::token_differential::check(bytes));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    handfast_harness::shapes::TOKEN.mutate(data, size, max, seed, libfuzzer_sys::fuzzer_mutate)
});
