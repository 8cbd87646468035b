//! Any bytes as a certificate, and as a chain of them.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::certificate_chain::check(bytes));
