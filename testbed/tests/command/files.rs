//! Files as other programs write them: with byte order marks, in other encodings, in other formats, with other permissions, astray.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support::{Folder, Side, accounts, code, run, shown, text};

const MARK: &str = "\u{feff}";

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_password() {
    let folder = Folder::default();
    let right = folder.file("right", "secret\n");
    let path = folder.archive("archive", "8KiB", Some(&right));
    let with = |passwords: &[u8]| {
        let file = folder.file("passwords", passwords);
        run(["archive", "inspect", "--password-file", text(&file), text(&path)], b"")
    };
    for good in [format!("{MARK}secret"), format!("{MARK}wrong\r\nsecret\r\n")] {
        let output = with(good.as_bytes());
        assert_eq!(code(output.status), 0, "{}", shown(&output));
    }
    let output = with(&utf16("secret\n"));
    assert_eq!(code(output.status), 1);
    assert!(shown(&output).contains("UTF-16"), "{}", shown(&output));
    // And of one that protects an archive.
    let marked = folder.file("marked", format!("{MARK}secret\r\n"));
    let path = folder.archive("archive", "8KiB", Some(&marked));
    let output = run(["archive", "inspect", "--password-file", text(&right), text(&path)], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
}

#[test]
fn a_byte_order_mark_is_no_part_of_any_other_text() {
    let folder = Folder::default();
    let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    for input in [format!("{MARK}{token}"), format!("{MARK} {token}\r\n")] {
        let output = run(["token", "parse", "-"], input.as_bytes());
        assert_eq!(code(output.status), 0, "{}", shown(&output));
        let archive = folder.archive("archive", "8KiB", None);
        let args = ["export", "--archive", text(&archive), "--peer", "127.0.0.1:9", "--yes", "-"];
        // No one listens there: the token was read.
        assert_eq!(code(run(args, input.as_bytes()).status), 10);
    }
    let output = run(["token", "parse", "-"], &utf16(token));
    assert!(code(output.status) == 1 && shown(&output).contains("UTF-16"), "{}", shown(&output));

    let observed = include_str!("vectors/no-password.ndjson");
    let marked = folder.file("observed", format!("{MARK}{}", observed.replace('\n', "\r\n")));
    let output = run(["validate", "--observed", text(&marked)], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let output = run(["validate", "--observed", text(&folder.file("wide", utf16(observed)))], b"");
    assert!(code(output.status) == 1 && shown(&output).contains("UTF-16"), "{}", shown(&output));
    assert_eq!(code(run(["validate", "--observed", "/nonexistent"], b"").status), 2);
}

/// The trace of a link, and standard input while it runs.
#[test]
fn a_byte_order_mark_is_no_part_of_calls_and_traces() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "8KiB", None);
    let trace = folder.path("import.trace");
    // One that others may read.
    std::fs::write(&trace, "old").unwrap();
    std::fs::set_permissions(&trace, std::fs::Permissions::from_mode(0o644)).unwrap();
    let fresh = folder.path("export.trace");
    let mut importer = Side::import(&folder.path("store"), &["--calls", "--trace", text(&trace)]);
    let exporter = Side::export(&mut importer, &["--yes", "--archive", text(&archive), "--trace", text(&fresh)]);
    importer.state(3);
    importer.say(&format!(
        "{MARK}{}\r",
        r#"{"call":"provideAccountAuthentication","args":{"scheme":"","credentials":""}}"#
    ));
    let (importer, exporter) = (importer.end(), exporter.end());
    assert_eq!((importer.code, exporter.code), (0, 0), "{}", importer.complaints);
    for trace in [&trace, &fresh] {
        assert_eq!(std::fs::metadata(trace).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let written = std::fs::read_to_string(&trace).unwrap();
    let marked = folder.file("marked.trace", format!("{MARK}{}", written.replace('\n', "\r\n")));
    for command in ["replay", "validate", "diagram"] {
        let output = run([command, text(&marked)], b"");
        assert_eq!(code(output.status), 0, "{command}: {}", shown(&output));
    }
    let output = run(["replay", text(&folder.file("wide.trace", utf16(&written)))], b"");
    assert!(code(output.status) == 1 && shown(&output).contains("UTF-16"), "{}", shown(&output));
}

/// The text of an archive without its layers, and files that are no archive.
#[test]
fn a_password_is_asked_only_for_what_can_be_encrypted() {
    let folder = Folder::default();
    let packed = folder.archive("archive", "8KiB", None);
    let mut json = String::new();
    let file = std::fs::File::open(&packed).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut json).unwrap();
    let passwords = folder.file("passwords", "whatever\n");
    let inspect =
        |path: &std::path::Path, more: &[&str]| run([&["archive", "inspect", text(path)], more].concat(), b"");
    for plain in [json.clone(), format!("{MARK}{json}"), format!("\r\n{json}\r\n")] {
        let path = folder.file("plain.json", plain);
        let output = inspect(&path, &["--json"]);
        assert_eq!(code(output.status), 0, "{}", shown(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["protection"], "");
        // It is an account like any other.
        let mut importer = Side::import(&folder.path("store"), &["--yes"]);
        let exporter = Side::export(&mut importer, &["--yes", "--archive", text(&path)]);
        assert_eq!((exporter.end().code, importer.end().code), (0, 0));
    }
    assert_eq!(accounts(&folder.path("store")).len(), 3);
    let zip = [&b"PK\x03\x04"[..], &[9; 200]].concat();
    for (what, content) in [
        ("HTML", b"<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>".to_vec()),
        ("zip", zip),
        ("PNG", [&b"\x89PNG\r\n\x1a\n"[..], &[9; 200]].concat()),
        ("PEM", b"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n".to_vec()),
        ("token", b"jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456\n".to_vec()),
        ("text", b"There is nothing here any more, sorry for that.".to_vec()),
        ("zeros", vec![0; 4096]),
        ("UTF-16", utf16(&json)),
    ] {
        let path = folder.file("other", content);
        for more in [&[][..], &["--password-file", text(&passwords)]] {
            let output = inspect(&path, more);
            let said = shown(&output);
            assert_eq!(code(output.status), 1, "{said}");
            assert!(said.contains(what) && said.contains("not an account archive"), "{what}: {said}");
            assert!(!said.contains("password"), "{said}");
        }
        let args = ["export", "--archive", text(&path), "--peer", "127.0.0.1:9", "--yes", "-"];
        let output = run(args, b"jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456\n");
        assert_eq!(code(output.status), 15, "{}", shown(&output));
        assert!(shown(&output).contains(what), "{}", shown(&output));
    }
}

/// A folder that only looks like an account is passed over and named, and left-overs of a crash are no hindrance.
#[test]
fn a_stray_file_in_a_store_is_no_hindrance() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "8KiB", None);
    let store = folder.path("store");
    let link = || {
        let mut importer = Side::import(&store, &["--yes"]);
        let exporter = Side::export(&mut importer, &["--yes", "--archive", text(&archive)]);
        (exporter.end().code, importer.end().code)
    };
    assert_eq!(link(), (0, 0));
    std::fs::write(store.join("0123456789abcdef"), "no account").unwrap();
    std::fs::create_dir(store.join("fedcba9876543210")).unwrap();
    std::fs::write(store.join(".staging-0123456789abcdef"), "no folder").unwrap();
    std::fs::write(store.join("notes.txt"), "mine").unwrap();
    let export = |more: &[&str]| {
        let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
        run([&["export", "--store", text(&store), "--peer", "127.0.0.1:9", "--yes", token], more].concat(), b"")
    };
    let output = export(&[]);
    // No one listens there.
    assert_eq!(code(output.status), 10, "{}", shown(&output));
    let said = String::from_utf8_lossy(&output.stderr);
    for stray in ["0123456789abcdef", "fedcba9876543210"] {
        assert!(said.contains(stray), "{said}");
    }
    assert!(!said.contains("notes.txt") && store.join("notes.txt").exists());
    assert!(!store.join(".staging-0123456789abcdef").exists());
    let output = export(&["--account", "fedcba9876543210"]);
    assert_eq!(code(output.status), 15, "{}", shown(&output));
    assert!(shown(&output).contains("fedcba9876543210"), "{}", shown(&output));
    assert_eq!(link(), (0, 0));
}

#[test]
fn an_import_on_all_interfaces_shows_addresses() {
    let folder = Folder::default();
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let mut importer = Side::import(&folder.path("store"), &["--yes", "--listen", listen]);
        importer.token();
        let header = importer.wait(|line| line["observed"] == 1);
        assert!(header["listening"].as_str().unwrap().starts_with(listen.trim_end_matches('0')), "{header}");
        for address in header["addresses"].as_array().unwrap() {
            let address: std::net::SocketAddr = address.as_str().unwrap().parse().unwrap();
            assert!(!address.ip().is_unspecified());
        }
    }
}
