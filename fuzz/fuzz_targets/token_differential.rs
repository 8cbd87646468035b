//! Any bytes as a token, compared with other parsers.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::token_differential::check(bytes));
