//! Any file as an archive.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::archive::check_file(bytes));
