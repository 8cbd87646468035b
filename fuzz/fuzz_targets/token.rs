//! Any bytes as a token.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::token::check(bytes));
