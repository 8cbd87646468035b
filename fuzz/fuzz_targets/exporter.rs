//! Any inputs of an exporter.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::exporter::check(bytes));
