//! The committed inputs of the fuzz targets through their checks, on any toolchain.

use std::{fs, path::Path};

use handfast_harness::{TARGETS, Target};
use proptest::{prelude::*, sample::Index};

/// The committed inputs of a target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| (file.display().to_string(), fs::read(file).unwrap())).collect()
}

/// Each file, and some forty of its beginnings.
#[test]
fn each_input_passes_however_short_it_is_cut() {
    for (target, check) in TARGETS {
        let corpus = corpus(target);
        assert!(corpus.len() >= 5, "{target}: a corpus of {} files", corpus.len());
        for (file, input) in corpus {
            let step = input.len() / 40 + 1;
            for end in (0..input.len()).step_by(step).chain([input.len()]) {
                let passed = std::panic::catch_unwind(|| check(&input[..end]));
                assert!(passed.is_ok(), "{file}, its first {end} bytes");
            }
        }
    }
}

/// Each target has its dictionary, its folder and its binary, and there are no others.
#[test]
fn the_targets_are_those_of_the_folder() {
    let names = |folder: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .filter(|name| name != "empty")
            .collect();
        names.sort();
        names
    };
    let targets: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for folder in ["corpus", "fuzz_targets", "dictionaries"] {
        assert_eq!(names(folder), targets, "{folder}");
    }
}

/// A committed input of some target, changed at some places.
fn changed() -> impl Strategy<Value = (Target, Vec<u8>)> {
    let corpora: Vec<Vec<Vec<u8>>> =
        TARGETS.iter().map(|(name, _)| corpus(name).into_iter().map(|(_, input)| input).collect()).collect();
    let changes = prop::collection::vec((any::<Index>(), any::<u8>(), 0..3_u8), 0..6);
    (any::<Index>(), any::<Index>(), changes).prop_map(move |(target, input, changes)| {
        let target = target.index(TARGETS.len());
        let mut bytes = corpora[target][input.index(corpora[target].len())].clone();
        for (index, byte, kind) in changes {
            let at = index.index(bytes.len() + 1);
            match (kind, bytes.get_mut(at)) {
                (0, Some(there)) => *there = byte,
                (1, Some(_)) => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        (TARGETS[target], bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn changed_inputs_pass(((_, check), bytes) in changed()) {
        check(&bytes);
    }

    #[test]
    fn any_bytes_pass(target in any::<Index>(), bytes in any::<Vec<u8>>()) {
        TARGETS[target.index(TARGETS.len())].1(&bytes);
    }
}
