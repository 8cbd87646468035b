//! Any bytes as lines of a trace.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::trace::check(bytes));
