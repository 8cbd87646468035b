//! Any inputs of an importer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handfast_harness::importer::check(bytes));
