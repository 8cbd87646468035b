//! `handfast intruder`.

use serde_json::Value;

use crate::support::{code, run, shown};

#[test]
fn the_attacks_of_one_cell_are_narrated_and_drawn() {
    let output = run(["intruder", "--pair", "HH", "--knows", "swapped", "--query", "archive"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "✗ W-12 (6, open)",
        "because the screens have nothing to compare but an address (W-12).",
        "THE INTRUDER HAS THE ARCHIVE",
        "new device                         intruder                         old device",
        "all as expected",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// R-SAS-9: what a comparison closes stands next to what it does not.
#[test]
fn the_attacks_stand_side_by_side_without_and_with_a_comparison() {
    let output = run(["intruder", "--pair", "HH", "--knows", "swapped", "--sas"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<_>> =
        text.lines().map(|line| line.split("  ").filter(|one| !one.is_empty()).map(str::trim).collect()).collect();
    assert!(lines.contains(&vec!["HH", "swapped", "archive", "✗ W-12 (6, open)", "✓", "W-12"]), "{text}");
    assert!(text.contains("the other 3 of 7 cells") && text.ends_with("all as expected\n"), "{text}");
    let output = run(["intruder", "--pair", "LH", "--knows", "password", "--query", "archive", "--sas", "--json"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let contrast = &value["contrasts"][0];
    assert_eq!((&contrast["without"], &contrast["closed"]), (&contrast["with"], &Value::Array(Vec::new())));
}

#[test]
fn a_table_is_a_line_of_json() {
    let output = run(["intruder", "--pair", "HH", "--knows", "token-account", "--json"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cells = value["rows"][0]["cells"].as_array().unwrap();
    let verdicts: Vec<_> = cells.iter().map(|cell| cell["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["verified", "verified", "not_asked", "verified", "verified", "verified", "verified"]);
    assert_eq!(value["exit_code"], 0);
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    for (option, name, nearest) in [("--knows", "tokens", "token"), ("--query", "pasword", "password")] {
        let output = run(["intruder", option, name], b"");
        assert_eq!(code(output.status), 2);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(["is", "are"].iter().any(|verb| text.contains(&format!("the nearest {verb} {nearest}"))), "{text}");
    }
}

#[test]
fn a_run_that_is_cut_short_is_no_pass() {
    let output = run(["intruder", "--pair", "HH", "--knows", "swapped", "--memory", "1KiB"], b"");
    assert_eq!(code(output.status), 4, "{}", shown(&output));
}

#[test]
fn every_mutant_is_found() {
    let output = run(["intruder", "--mutants"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("M-48") && !text.contains("NOT FOUND"), "{text}");
}

#[test]
fn verify_has_it_as_a_group() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("verdicts.xml");
    let output = run(["verify", "--only", "intruder", "--junit", path.to_str().unwrap()], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("intruder: 28 situations, ") && text.ends_with("\nALL AS EXPECTED\n"), "{text}");
    let suite = std::fs::read_to_string(path).unwrap();
    assert!(suite.contains("testsuite name=\"intruder\"") && suite.contains("HH swapped archive"), "{suite}");
}
