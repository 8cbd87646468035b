//! `handfast diagram`.

use std::{fs, path::Path};

use crate::support::{Folder, Side, code, run, shown, text};

/// The drawings are those of the pages, which the tests of the model compare with the document.
#[test]
fn every_diagram_is_in_the_documents() {
    let pages = [
        ("sequence", "generated/sequence.md"),
        ("import", "generated/machines.md"),
        ("export", "generated/machines.md"),
        ("import-client", "generated/clients.md"),
        ("export-client", "generated/clients.md"),
    ];
    for (of, page) in pages {
        let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page)).unwrap();
        let [documented, jamid] = ["documented", "jamid"].map(|profile| {
            let drawn = String::from_utf8(run(["diagram", "--of", of, "--profile", profile], b"").stdout).unwrap();
            assert!(page.contains(&format!("```mermaid\n{drawn}```\n")), "--of {of} --profile {profile}: {drawn}");
            drawn
        });
        // Old and new daemons differ in what an import says; the export side looks alike.
        assert_eq!(documented == jamid, of.starts_with("export"), "{of}");
    }
}

/// The tables of the machines are those of the page, and each is drawn as a graph too.
#[test]
fn every_table_is_in_the_documents() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/generated/reducers.md");
    let page = fs::read_to_string(page).unwrap();
    for of in [
        "importer",
        "exporter",
        "importer-connection",
        "exporter-connection",
        "import-client-rows",
        "export-client-rows",
    ] {
        let table = String::from_utf8(run(["diagram", "--of", of, "--table"], b"").stdout).unwrap();
        assert!(table.starts_with("## ") && page.contains(table.trim_end()), "--of {of} --table: {table}");
    }
    let drawn = String::from_utf8(run(["diagram", "--of", "import-client-rows"], b"").stdout).unwrap();
    assert!(drawn.starts_with("stateDiagram-v2\n") && drawn.contains("state \"Authenticating\""), "{drawn}");
    assert_eq!(code(run(["diagram", "--of", "import", "--table"], b"").status), 2);
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
fn what_is_no_trace_is_not_drawn() {
    let folder = Folder::default();
    let output = run(["diagram", text(&folder.file("trace", "hello"))], b"");
    assert_eq!((code(output.status), output.stdout.len()), (1, 0), "{}", shown(&output));
    assert_eq!(code(run(["diagram", "/nonexistent"], b"").status), 2);
    assert_eq!(code(run(["diagram", "--of", "poetry"], b"").status), 2);
    assert_eq!(code(run(["diagram", "--of", "import", "/nonexistent"], b"").status), 2);
}
