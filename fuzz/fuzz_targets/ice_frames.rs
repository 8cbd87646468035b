//! Any bytes as a negotiation of ICE, and as records of TLS.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::ice::check_frames(bytes));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    handfast_harness::shapes::ICE_FRAMES.mutate(data, size, max, seed, libfuzzer_sys::fuzzer_mutate)
});
