//! Any bytes as a datagram of OpenDHT.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::dht::check_datagram(bytes));
