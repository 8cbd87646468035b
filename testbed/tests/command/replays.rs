//! `handfast replay`.

use crate::support::{Folder, Side, code, run, shown, text};

#[test]
fn a_recorded_link_replays_and_a_changed_one_does_not() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let (import, export) = (folder.path("import.trace"), folder.path("export.trace"));
    let mut importer = Side::import(&folder.path("store"), &["--yes", "--trace", text(&import)]);
    let exporter = Side::export(&mut importer, &["--yes", "--archive", text(&archive), "--trace", text(&export)]).end();
    assert_eq!((importer.end().code, exporter.code), (0, 0));
    for (path, outcome) in [(&import, "import 1: success\n"), (&export, "export 1: success\n")] {
        let output = run(["replay", text(path)], b"");
        assert!(output.status.success(), "{}", shown(&output));
        assert!(String::from_utf8_lossy(&output.stdout).ends_with(outcome), "{}", shown(&output));
    }

    let trace = std::fs::read_to_string(&import).unwrap();
    let differs = |trace: String| {
        let output = run(["replay", text(&folder.file("changed.trace", trace))], b"");
        assert_eq!(code(output.status), 1, "{}", shown(&output));
        String::from_utf8(output.stderr).unwrap()
    };
    // Without a step, all that follow are whole, and not what the reducers do.
    let lines: Vec<&str> = trace.lines().collect();
    let without = [&lines[..2], &lines[3..]].concat().join("\n");
    assert!(differs(without).contains("line 3: "));
    let damaged = trace.replacen("TokenAvailable", "TokenUnavailabl", 1);
    assert!(differs(damaged).contains("line 3: the line is damaged"));
    assert!(differs(String::new()).contains("the trace is empty"));
    assert!(differs("hello".into()).contains("line 1: "));
    assert!(!differs("hello".into()).contains("--observed"));
    assert!(differs("{\"observed\":1}\n".into()).contains("validate --observed"));
    assert_eq!(code(run(["replay", "/nonexistent"], b"").status), 2);
}

#[test]
fn a_trace_holds_no_secret() {
    let folder = Folder::default();
    let right = folder.file("right", "hunter2\n");
    let archive = folder.archive("archive", "64KiB", Some(&right));
    let (import, export) = (folder.path("import.trace"), folder.path("export.trace"));
    let password = ["--password-file", text(&right)];
    let traced = |path, more: &[&'static str]| [&["--yes", "--trace", path], &password[..], more].concat();
    let mut importer = Side::import(&folder.path("store"), &traced(text(&import), &[]));
    let more = [&traced(text(&export), &[])[..], &["--archive", text(&archive)]].concat();
    let exporter = Side::export(&mut importer, &more).end();
    let token = importer.token();
    let importer = importer.end();
    assert_eq!((importer.code, exporter.code), (0, 0));
    let traces = std::fs::read_to_string(&import).unwrap() + &std::fs::read_to_string(&export).unwrap();
    assert!(!traces.contains(&token[token.len() - 6..]), "the token's code");
    let printed = format!("{:?}{:?}{}{}", importer.lines, exporter.lines, importer.complaints, exporter.complaints);
    assert!(!(traces + &printed).contains("hunter2"), "the password");
}
