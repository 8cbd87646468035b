//! Any inputs of the client of an export.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::export_client::check(bytes));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    handfast_harness::shapes::EXPORT_CLIENT.mutate(data, size, max, seed, libfuzzer_sys::fuzzer_mutate)
});
