//! Nothing.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    core::hint::black_box(text);
});
