//! Any inputs of an importer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::importer::check(bytes));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    handfast_harness::shapes::IMPORTER.mutate(data, size, max, seed, libfuzzer_sys::fuzzer_mutate)
});
