//! Any bytes as an offer or an answer of ICE.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::ice::check_text(bytes));
