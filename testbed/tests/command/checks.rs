//! `handfast check` and `handfast verify`, on small configurations.

use serde_json::Value;

use crate::support::{Folder, code, run, shown, text};

#[test]
fn a_configuration_is_checked() {
    let output = run(["check", "--size", "small", "--config", "HH-documented-honest", "--property", "P-STORED"], b"");
    insta::assert_snapshot!(shown(&output));
    let all = run(["check", "--size", "small", "--all", "--mutants", "--jobs", "2"], b"");
    assert_eq!(code(all.status), 0, "{}", shown(&all));
    let again = run(["check", "--size", "small", "--mutants", "--jobs", "1"], b"");
    assert_eq!(all.stdout, again.stdout);
}

#[test]
fn a_mutant_is_found_and_drawn() {
    let output = run(["check", "--size", "small", "--mutant", "M-10"], b"");
    insta::assert_snapshot!(shown(&output));
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
        &["--mutant", "M-0"],
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

#[test]
fn everything_is_verified_and_written_as_junit() {
    let folder = Folder::default();
    let junit = folder.path("verdicts.xml");
    let output = run(["verify", "--quick", "--json", "--junit", text(&junit)], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["outcome"], "as_expected");
    let rows: usize =
        report["checked"].as_array().unwrap().iter().map(|one| one["rows"].as_array().unwrap().len()).sum();
    let cases = rows + report["mutants"].as_array().unwrap().len() + 1;
    let xml = std::fs::read_to_string(junit).unwrap();
    assert!(xml.contains(&format!(r#"tests="{cases}" skipped="0" failures="0" errors="0""#)), "{xml}");
}
