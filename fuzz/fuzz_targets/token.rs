//! Any bytes as a token.

#![no_main]

#[path = "../harness/token.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|text: &[u8]| harness::check(text));
