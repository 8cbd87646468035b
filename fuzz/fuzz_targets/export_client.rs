//! Any inputs of the client of an export.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::export_client::check(bytes));
