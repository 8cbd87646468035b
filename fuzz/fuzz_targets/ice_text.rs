//! Any bytes as an offer or an answer of ICE.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::ice::check_text(bytes));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    handfast_harness::shapes::ICE_TEXT.mutate(data, size, max, seed, libfuzzer_sys::fuzzer_mutate)
});
