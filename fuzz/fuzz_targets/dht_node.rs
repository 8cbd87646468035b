//! A life of an OpenDHT node: datagrams, calls and time.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::dht::check_node(bytes));
