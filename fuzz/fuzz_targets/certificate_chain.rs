//! Any bytes as a certificate, and as a chain of them.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::certificate_chain::check(bytes));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    handfast_harness::shapes::CERTIFICATE_CHAIN.mutate(data, size, max, seed, libfuzzer_sys::fuzzer_mutate)
});
