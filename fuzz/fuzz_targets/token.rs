//! Any bytes as a token. Nothing is allocated (R-TOK-3).

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let counted = allocation_counter::measure(|| handfast_harness::token::check(bytes));
    assert_eq!(counted.count_total, 0, "allocations");
});

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    handfast_harness::shapes::TOKEN.mutate(data, size, max, seed, libfuzzer_sys::fuzzer_mutate)
});
