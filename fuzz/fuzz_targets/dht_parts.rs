//! A value of OpenDHT in parts, in any order.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::dht::check_parts(bytes));
