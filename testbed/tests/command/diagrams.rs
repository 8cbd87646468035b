//! `handfast diagram`.

use crate::support::{Folder, Side, code, run, shown, text};

#[test]
fn the_plainest_link_is_drawn_in_either_profile() {
    let draw =
        |profile| String::from_utf8(run(["diagram", "--of", "sequence", "--profile", profile], b"").stdout).unwrap();
    let (documented, jamid) = (draw("documented"), draw("jamid"));
    for drawn in [&documented, &jamid] {
        assert!(drawn.starts_with("sequenceDiagram\n    participant "), "{drawn}");
        assert!(drawn.contains("ED-->>EC: addDeviceStateChanged(state=DONE, error=\"\")"), "{drawn}");
    }
    assert_ne!(documented, jamid);
}

#[test]
fn a_recorded_link_is_drawn() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let trace = folder.path("export.trace");
    let mut importer = Side::import(&folder.path("store"), &["--yes"]);
    let exporter = Side::export(&mut importer, &["--yes", "--archive", text(&archive), "--trace", text(&trace)]).end();
    assert_eq!((importer.end().code, exporter.code), (0, 0));
    let drawn = String::from_utf8(run(["diagram", text(&trace)], b"").stdout).unwrap();
    for part in ["EC->>ED: addDevice(token)", "ID->>ED: password \"(secret)\"", "ID->>ED: importResult \"stored\""] {
        assert!(drawn.contains(part), "{part}: {drawn}");
    }
}

#[test]
fn a_daemon_s_machine_is_drawn() {
    let draw = |of, profile| String::from_utf8(run(["diagram", "--of", of, "--profile", profile], b"").stdout).unwrap();
    let (import, export) = (draw("import", "jamid"), draw("export", "jamid"));
    assert!(import.starts_with("stateDiagram-v2\n    [*] --> Import_Init\n"), "{import}");
    assert!(import.contains("    Import_Authenticating --> Import_InProgress: Answer sent\n"), "{import}");
    assert!(export.ends_with("    Export_InProgress --> Export_Done: Transfer complete\n"), "{export}");
    assert!(!export.contains("Import"), "{export}");
}

#[test]
fn what_is_no_trace_is_not_drawn() {
    let folder = Folder::default();
    let output = run(["diagram", text(&folder.file("trace", "hello"))], b"");
    assert_eq!((code(output.status), output.stdout.len()), (1, 0), "{}", shown(&output));
    assert_eq!(code(run(["diagram", "/nonexistent"], b"").status), 2);
    assert_eq!(code(run(["diagram", "--of", "poetry"], b"").status), 2);
    assert_eq!(code(run(["diagram", "--of", "import", "/nonexistent"], b"").status), 2);
}
