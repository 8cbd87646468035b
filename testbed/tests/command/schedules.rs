//! `handfast sim --engine event`, and what its schedules and traces are taken by.

use serde_json::Value;

use crate::support::{Folder, code, run, shown, text};

const CANCELED: &str = r#"{"faults":[{"at":{"point":"import.scheme"},"what":"cancel","with":"export"}]}"#;

#[test]
fn sessions_of_the_event_engine_are_swept() {
    let args = ["sim", "--engine", "event", "--scenario", "break", "--scenario", "cancel", "--seeds", "7..400"];
    let output = run(args, b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("event engine, seeds 7..400\n"), "{table}");
    assert!(table.ends_with("393 sessions: NO VIOLATION (bounded: 393 sessions)\n"), "{table}");
    assert_eq!(run(args.iter().chain(&["--jobs", "1"]), b"").stdout, output.stdout);

    let json = run(args.iter().chain(&["--json"]), b"");
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["sessions"], 393);
}

/// Where a side is old, sessions are those of the pair, and what is not there is said.
#[test]
fn an_old_side_is_swept_too() {
    for (pair, ends) in [("HL", "x (success, success)"), ("LH", "x (success, success (unconfirmed))")] {
        let args = ["sim", "--engine", "event", "--pair", pair, "--scenario", "cancel", "--seeds", "0..200"];
        let output = run(args, b"");
        assert_eq!(code(output.status), 0, "{}", shown(&output));
        let table = String::from_utf8_lossy(&output.stdout);
        assert!(table.starts_with(&format!("event engine, {pair}, seeds 0..200\n")) && table.contains(ends), "{table}");
    }
    let rival = run(["sim", "--engine", "event", "--pair", "HL", "--scenario", "rival"], b"");
    let turmoil = run(["sim", "--pair", "HL"], b"");
    assert_eq!((code(rival.status), code(turmoil.status)), (2, 2));
}

#[test]
fn a_class_that_never_happens_is_inconclusive() {
    let output = run(["sim", "--engine", "event", "--scenario", "early", "--seeds", "0..1"], b"");
    assert_eq!(code(output.status), 4, "{}", shown(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("INCONCLUSIVE (never happened: early)"));
}

#[test]
fn a_schedule_gives_a_trace_that_replays_validates_and_is_drawn() {
    let folder = Folder::default();
    let (file, out) = (folder.path("canceled.schedule.json"), folder.path("out"));
    std::fs::write(&file, CANCELED).unwrap();
    let output = run(["sim", "--schedule", text(&file), "--out", text(&out)], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 x (canceled, canceled)"), "{}", shown(&output));

    let trace = out.join("canceled.trace");
    for command in ["replay", "validate", "diagram"] {
        let output = run([command, text(&trace)], b"");
        assert_eq!(code(output.status), 0, "{command}: {}", shown(&output));
    }
    let drawn = run(["diagram", text(&trace)], b"").stdout;
    assert!(String::from_utf8_lossy(&drawn).starts_with("sequenceDiagram"));

    let damaged = std::fs::read_to_string(&trace).unwrap().replacen("AddAccount", "AddAccoumt", 1);
    std::fs::write(&trace, damaged).unwrap();
    assert_eq!(code(run(["replay", text(&trace)], b"").status), 1);
}

#[test]
fn what_breaks_a_law_is_shrunk() {
    let folder = Folder::default();
    let file = folder.path("schedule.json");
    std::fs::write(&file, CANCELED).unwrap();
    let shrink = |mutant: &[&str]| run(["shrink", text(&file)].iter().chain(mutant), b"");
    let output = shrink(&["--mutant", "M-08"]);
    assert_eq!(code(output.status), 1, "canceled, it installs nothing: {}", shown(&output));
    let output = shrink(&["--mutant", "M-10"]);
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("P-RETURN\n") && text.contains("\"faults\":[]"), "{text}");
    assert_eq!(code(shrink(&[]).status), 1);
    assert_eq!(code(shrink(&["--mutant", "M-32"]).status), 2);
    std::fs::write(&file, "{\"fault\":[]}").unwrap();
    assert_eq!(code(shrink(&[]).status), 2);
}

/// A kept schedule names its pair.
#[test]
fn what_is_kept_is_taken_as_it_is() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../sim/regressions/M-10.json");
    let output = run(["shrink", kept], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    assert!(output.stdout.starts_with(b"P-"), "{}", shown(&output));
    assert_eq!(code(run(["sim", "--schedule", kept], b"").status), 0, "the shipped reducers break no law");
}

#[test]
fn the_matrix_is_printed() {
    let output = run(["sim", "--matrix"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("after export.sent\n") && table.contains("cannot be: "), "{table}");
    assert_eq!(code(run(["sim", "--engine", "event", "--scenario", "no-fault"], b"").status), 2);
    assert_eq!(code(run(["sim", "--pairs"], b"").status), 2);
}
