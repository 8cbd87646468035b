//! Any run of a pair.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::pair::check(bytes));
