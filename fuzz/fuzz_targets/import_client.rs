//! Any inputs of the client of an import.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::import_client::check(bytes));
