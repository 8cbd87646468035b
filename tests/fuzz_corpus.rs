//! The committed inputs of the fuzz targets, through the same checks, on any toolchain.

use std::{fs, path::Path};

#[path = "../fuzz/harness/token.rs"]
mod token;

/// Runs `check` on each file of a target's corpus, and on each of its beginnings.
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 8, "a corpus of {} files: {}", files.len(), folder.display());
    for file in files {
        let input = fs::read(&file).unwrap();
        for end in 0..=input.len() {
            let passed = std::panic::catch_unwind(|| check(&input[..end]));
            assert!(passed.is_ok(), "{}, its first {end} bytes", file.display());
        }
    }
}

#[test]
fn the_token_corpus_passes() {
    replay("token", token::check);
}
