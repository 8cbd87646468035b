//! `handfast check`, on small configurations.

use serde_json::Value;

use crate::support::{Folder, code, run, shown, text};

#[test]
fn a_configuration_is_checked() {
    let output = run(["check", "--size", "small", "--config", "HH-documented-honest", "--property", "P-STORED"], b"");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("P-STORED  VERIFIED "), "{table}");
    assert!(table.ends_with("1 configurations, 1 verdicts, 0 mutants: all as expected\n"), "{table}");
    let all = run(["check", "--size", "small", "--all", "--mutants", "--jobs", "2"], b"");
    assert_eq!(code(all.status), 0, "{}", shown(&all));
    let again = run(["check", "--size", "small", "--mutants", "--jobs", "1"], b"");
    assert_eq!(all.stdout, again.stdout);
}

#[test]
fn a_mutant_is_found_and_drawn() {
    let output = run(["check", "--size", "small", "--mutant", "M-10"], b"");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("M-10: Nobody has to confirm.\nP-GATE in HH-documented-honest: VIOLATED (in "), "{told}");
    assert!(told.contains("```mermaid\nsequenceDiagram\n"), "{told}");
    let output = run(["check", "--size", "small", "--mutant", "M-10", "--json"], b"");
    let kill: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&kill["mutant"], &kill["property"], &kill["verdict"]),
        (&"M-10".into(), &"P-GATE".into(), &"violated".into())
    );
    // What the checker found replays on the shipped reducers up to where they differ.
    let trace: Vec<_> =
        kill["counterexample"]["trace"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let folder = Folder::default();
    let replayed = run(["replay", text(&folder.file("trace", trace.join("\n")))], b"");
    assert_eq!(code(replayed.status), 1);
    assert!(String::from_utf8_lossy(&replayed.stderr).contains("the reducer gives"), "{}", shown(&replayed));
}

#[test]
fn the_way_to_a_goal_replays() {
    let reach = ["check", "--size", "small", "--config", "HH-documented-honest", "--reach", "both succeed", "--json"];
    let output = run(reach, b"");
    let way: Value = serde_json::from_slice(&output.stdout).unwrap();
    let trace: Vec<_> = way["trace"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let folder = Folder::default();
    let replayed = run(["replay", text(&folder.file("trace", trace.join("\n")))], b"");
    assert!(
        String::from_utf8_lossy(&replayed.stdout).ends_with("import 1: success\nexport 1: success\n"),
        "{}",
        shown(&replayed)
    );
}

#[test]
fn what_says_nothing_is_no_pass() {
    for (why, args) in [
        ("it is cut short", &["--config", "HX-documented-guesses", "--memory", "1MiB"][..]),
        (
            "it is a property of time, which does not pass",
            &["--config", "HH-documented-honest", "--property", "P-ENDS"],
        ),
    ] {
        let output = run(["check", "--size", "small"].iter().chain(args), b"");
        assert_eq!(code(output.status), 4, "{why}: {}", shown(&output));
    }
}

#[test]
fn what_is_not_there_is_a_usage_error() {
    for args in [
        &["--config", "HH"][..],
        &["--property", "P-NONE"],
        &["--mutant", "M"],
        &["--budget", "loss"],
        &["--budget", "bad=1"],
        &["--budget", "loss=256"],
        &["--pair", "AB"],
        &["--pair", "XH", "--config", "HH-documented-honest"],
        &["--reach", "both succeed"],
        &["--config", "HH-documented-honest", "--reach", "nothing"],
        &["--jobs", "0"],
        &["--all", "--pair", "HH"],
    ] {
        let output = run(["check", "--size", "small"].iter().chain(args), b"");
        assert_eq!(code(output.status), 2, "{args:?}: {}", shown(&output));
    }
}
