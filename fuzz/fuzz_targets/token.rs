//! Any bytes as a token. Nothing is allocated (R-TOK-3).

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let counted = allocation_counter::measure(|| handfast_harness::token::check(bytes));
    assert_eq!(counted.count_total, 0, "allocations");
});
