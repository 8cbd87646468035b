//! Any bytes on a session's channel.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::message::check(bytes));
