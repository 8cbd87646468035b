//! Any bytes as a value of OpenDHT.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::dht::check_value(bytes));
