//! Any bytes and any commands on a connection.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::connection::check(bytes));
