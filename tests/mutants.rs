//! The list of the mutants that survive (`scripts/mutants.txt`) names code that exists, and only shrinks; and the script reads it as written:
//! a survivor that is not in it fails, and so does a line whose mutant is caught or is none any more.
#![cfg(unix)]

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// As many as are listed. The number may only fall, but for files that are run for the first time.
const LISTED: usize = 42;

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The lines of the list: name and reason.
fn listed() -> Vec<(String, String)> {
    let list = fs::read_to_string(top().join("scripts/mutants.txt")).unwrap();
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines
        .map(|line| {
            let (name, reason) = line.split_once(" -- ").unwrap_or_else(|| panic!("no reason: {line}"));
            (name.to_owned(), reason.to_owned())
        })
        .collect()
}

#[test]
fn every_listed_survivor_is_of_a_function_that_exists_and_has_a_reason() {
    let listed = listed();
    assert_eq!(listed.len(), LISTED, "the list only shrinks");
    let names: BTreeSet<_> = listed.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), listed.len(), "a line twice");
    for (name, reason) in &listed {
        let (file, change) = name.split_once(": ").unwrap_or_else(|| panic!("no file: {name}"));
        let text = fs::read_to_string(top().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        // The function is last in a change within it, and first in one that replaces it.
        let place = match change.rsplit_once(" in ") {
            Some((_, place)) => place,
            None => {
                change.strip_prefix("replace ").unwrap().split(" with ").next().unwrap().split(" -> ").next().unwrap()
            }
        };
        let function = place.split(" #").next().unwrap().rsplit("::").next().unwrap();
        assert!(text.contains(&format!("fn {function}")), "{file} has no function {function}");
        assert!(reason.split(' ').count() > 3, "{name}: {reason:?} is no reason");
    }
}

/// Whether there is Python. Where it has to be, its lack is a failure.
fn python() -> bool {
    let there = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(
        there || env::var_os("HANDFAST_REQUIRE").is_none_or(|value| value != "1"),
        "required, and missing: python3"
    );
    if !there {
        // The harness keeps what `eprintln!` prints.
        let _ = writeln!(io::stderr(), "SKIPPED: there is no python3");
    }
    there
}

/// A folder with a cargo that knows four mutants of `src/utf8.rs`, all of which were run.
struct Stage(PathBuf);

/// The names of mutants in their functions, and their outcomes.
const RAN: [(&str, &str); 4] = [
    ("replace < with <= in one", "survives"),
    ("replace < with <= in one", "hangs in handfast"),
    ("replace two -> bool with true", "survives"),
    ("replace two -> bool with false", "caught by link_over_loopback"),
];

impl Stage {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mutants: Vec<_> = RAN
            .iter()
            .enumerate()
            .map(|(line, (change, _))| {
                let name = format!("src/utf8.rs:{line}:1: {change}");
                serde_json::json!({ "name": name, "file": "src/utf8.rs", "function": {} })
            })
            .collect();
        fs::write(folder.join("list.json"), serde_json::to_string(&mutants).unwrap()).unwrap();
        let cargo = folder.join("cargo");
        fs::write(&cargo, format!("#!/bin/sh\ncat '{}'\n", folder.join("list.json").display())).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    /// Runs the script with this list. It finds nothing left to be done.
    fn run(&self, list: &str) -> Output {
        fs::write(self.0.join("list.txt"), list).unwrap();
        let path = format!("{}:{}", self.0.display(), env::var("PATH").unwrap());
        let run = |more: &[&str]| {
            let mut script = Command::new("python3");
            script.arg(top().join("scripts/mutants")).args(["--survivors", "list.txt", "--outcomes", "outcomes.json"]);
            script.args(more).current_dir(&self.0).env("PATH", &path).output().unwrap()
        };
        let names = run(&["--list"]);
        // A list that cannot be read ends it before.
        if names.status.success() {
            let digest = run(&["--digest", "src/utf8.rs"]).stdout;
            let digest = String::from_utf8(digest).unwrap();
            let names = String::from_utf8(names.stdout).unwrap();
            let names: Vec<_> = names.lines().map(|line| line.rsplit_once(": ").unwrap().0).collect();
            let entries = names.iter().zip(RAN).map(|(name, (_, outcome))| {
                ((*name).to_owned(), serde_json::json!({ "file": digest.trim(), "outcome": outcome }))
            });
            let outcomes: serde_json::Map<_, _> = entries.collect();
            fs::write(self.0.join("outcomes.json"), serde_json::to_string(&outcomes).unwrap()).unwrap();
        }
        run(&[])
    }
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

const BOTH: &str = "// A comment.\n\n\
    src/utf8.rs: replace < with <= in one -- both give the same here\n\
    src/utf8.rs: replace two -> bool with true -- no one asks -- and two dashes\n";

#[test]
fn survivors_that_are_listed_pass() {
    if python() {
        let output = Stage::new("listed").run(BOTH);
        assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
        assert!(printed(&output).contains("4 of 4 mutants: 1 caught, 1 hangs, 2 survives"), "{}", printed(&output));
    }
}

#[test]
fn a_survivor_that_is_not_listed_fails() {
    if python() {
        let output = Stage::new("unlisted").run(BOTH.rsplit_once("src/utf8.rs").unwrap().0);
        assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
        let line = "not in the list: src/utf8.rs: replace two -> bool with true\n";
        assert!(printed(&output).contains(line), "{}", printed(&output));
    }
}

/// The second mutant of a name has a number.
#[test]
fn a_line_whose_mutant_is_caught_or_gone_has_to_go() {
    if python() {
        let more = "src/utf8.rs: replace < with <= in one #2 -- it was said that none notices\n\
            src/utf8.rs: replace three -> bool with true -- it was there before\n";
        let output = Stage::new("caught").run(&format!("{BOTH}{more}"));
        assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
        let caught = "it is caught: src/utf8.rs: replace < with <= in one #2\n";
        let gone = "there is no such mutant: src/utf8.rs: replace three -> bool with true\n";
        assert!(printed(&output).contains(caught) && printed(&output).contains(gone), "{}", printed(&output));
    }
}

#[test]
fn a_line_without_a_reason_or_twice_cannot_be_read() {
    if python() {
        for bad in ["src/utf8.rs: replace < with <= in one\n", "src/utf8.rs: a -- \n", &BOTH.repeat(2)] {
            let output = Stage::new("unread").run(bad);
            assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
        }
    }
}
