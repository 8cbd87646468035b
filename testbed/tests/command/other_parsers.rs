//! Another token parser, compared with `handfast token parse --stdin0`: `fuzz/examples/other_parser.py`.

use std::{
    env, io,
    process::{Command, Output, Stdio},
};

use crate::support::{code, skipped, text};

/// As the rules are, in another language.
const RIGHT: &str = r#"
import re, sys
token = re.compile(rb"jami-auth://(?!0+/)(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})/[0-9]{6}\Z")
text = bytearray()
while byte := sys.stdin.buffer.read(1):
    if byte != b"\0":
        text += byte
        continue
    print("yes" if token.match(text) else "no", flush=True)
    text.clear()
"#;

/// Returns the output of the script, if there is a Python. Where there has to be one, its lack is a failure.
fn fuzz(args: &[&str]) -> Option<Output> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/examples/other_parser.py");
    let mut command = Command::new("python3");
    command.args([script, "--handfast", env!("CARGO_BIN_EXE_handfast")]).args(args).stdin(Stdio::null());
    match command.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            assert!(env::var_os("HANDFAST_REQUIRE").is_none_or(|value| value != "1"), "required, and missing: python3");
            skipped("there is no python3");
            None
        }
        output => Some(output.unwrap()),
    }
}

#[test]
fn one_that_is_wrong_is_shown() {
    let Some(output) = fuzz(&["--tries", "60000"]) else { return };
    let said = String::from_utf8(output.stdout).unwrap();
    let ways: Vec<_> = said.lines().filter(|line| !line.starts_with(' ')).collect();
    insta::assert_snapshot!(ways.join("\n"), @r"
    taken, and is none: expected `jami-auth://`
    taken, and is none: expected a device id that is not all zero
    taken, and is none: expected a digit of the six-digit code
    taken, and is none: expected the end
    ");
    assert_eq!(code(output.status), 1);
}

#[test]
fn one_that_is_right_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let parser = folder.path().join("right.py");
    std::fs::write(&parser, RIGHT).unwrap();
    let command = format!("python3 '{}'", text(&parser));
    let Some(output) = fuzz(&["--tries", "5000", "--parser", &command]) else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!((&*said, code(output.status)), ("", 0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn one_that_ends_is_no_success() {
    let Some(output) = fuzz(&["--tries", "1", "--parser", "true"]) else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((code(output.status), &*output.stdout, &*said), (2, &b""[..], "true: has ended\n"));
}
