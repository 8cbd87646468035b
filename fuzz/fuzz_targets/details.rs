//! Any bytes as the record of what a client saw.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::details::check(bytes));
