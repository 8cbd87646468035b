//! The core has no standard library and no unlisted dependency, and the script that shows it can fail.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn purity(list: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/purity");
    Command::new("bash").arg(script).arg(list).output().expect("bash runs")
}

#[test]
fn the_core_is_pure() {
    let output = purity(Path::new("docs/generated/core-dependencies.txt"));
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn an_unlisted_dependency_is_shown() {
    let list =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/generated/core-dependencies.txt")).unwrap();
    let (first, rest) = list.split_once('\n').unwrap();
    let shorter = Path::new(env!("CARGO_TARGET_TMPDIR")).join("core-dependencies.txt");
    fs::write(&shorter, rest).unwrap();

    let output = purity(&shorter);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains(&format!("\n+{first}\n")));
}
