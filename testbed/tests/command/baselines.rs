//! The differences after a change, and a check that is interrupted.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Folder, code, handfast, run, shown, text};

const CHECK: [&str; 5] = ["check", "--size", "small", "--config", "HH-documented-honest"];

/// The report of a run, changed.
fn report(change: fn(&mut Value)) -> String {
    let output = run(CHECK.iter().chain(&["--json"]), b"");
    let mut report = serde_json::from_slice(&output.stdout).unwrap();
    change(&mut report);
    report.to_string()
}

#[test]
fn a_report_is_what_the_next_run_is_compared_with() {
    type Case = (fn(&mut Value), &'static str, i32);
    let cases: [Case; 3] = [
        (|_| {}, "other than in the baseline: 0 counts, 0 other things\n", 0),
        (
            |report| report["checked"][0]["graph"]["states"] = 146.into(),
            "other than in the baseline: 1 count, 0 other things\n  HH-documented-honest: states 146 → 147\n",
            0,
        ),
        (
            |report| report["checked"][0]["rows"][0]["verdict"] = "violated".into(),
            "other than in the baseline: 0 counts, 1 other thing\n  HH-documented-honest P-CONSENT: VIOLATED → VERIFIED\n",
            6,
        ),
    ];
    for (change, part, expected) in cases {
        let folder = Folder::default();
        let baseline = folder.file("baseline.json", report(change));
        let output = run(CHECK.iter().chain(&["--baseline", text(&baseline)]), b"");
        assert!(String::from_utf8_lossy(&output.stdout).contains(part), "{}", shown(&output));
        assert_eq!(code(output.status), expected);
    }
}

#[test]
fn what_is_not_as_expected_says_so_first() {
    let folder = Folder::default();
    let baseline = folder.file("baseline.json", report(|_| {}));
    let output = run(CHECK.iter().chain(&["--memory", "1", "--json", "--baseline", text(&baseline)]), b"");
    assert_eq!(code(output.status), 4, "{}", shown(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["changes"]["others"].as_array().is_some_and(|others| !others.is_empty()), "{report}");
}

#[test]
fn what_is_no_report_is_a_usage_error() {
    let folder = Folder::default();
    for file in [folder.file("text", "baseline"), folder.file("other.json", "{\"checked\":[]}"), folder.path("none")] {
        let output = run(CHECK.iter().chain(&["--baseline", text(&file)]), b"");
        assert_eq!(code(output.status), 2, "{}", shown(&output));
    }
}

#[test]
fn an_interrupted_check_says_nothing() {
    let mut child = handfast(["check", "--size", "full", "--config", "HH-documented-everything"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It is at work once it says how far it is.
    let mut complaints = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    complaints.read_line(&mut line).unwrap();
    assert!(line.contains("HH-documented-everything"), "{line}");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(code(output.status), 4, "{table}");
    assert!(table.contains("INCONCLUSIVE (interrupted after ") && !table.contains(" VERIFIED"), "{table}");
    assert!(table.ends_with("1 configuration, 21 verdicts, 0 mutants: INCONCLUSIVE\n"), "{table}");
    complaints.read_to_string(&mut line).unwrap();
    assert!(line.ends_with("handfast: interrupted; again to end at once\n"), "{line}");
}
