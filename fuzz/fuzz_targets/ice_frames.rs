//! Any bytes as a negotiation of ICE, and as records of TLS.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::ice::check_frames(bytes));
