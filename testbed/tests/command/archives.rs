//! `handfast archive`.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

use crate::support::{Folder, code, run, shown, text};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_made_up_archive_is_looked_into() {
    let folder = Folder::default();
    let path = folder.archive("archive", "64KiB", None);
    let output = run(["archive", "inspect", "--json", text(&path)], b"");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["text_length"], 65536);
    assert_eq!(report["protection"], "");
    assert_eq!(report["file_length"], std::fs::metadata(&path).unwrap().len());
    assert_eq!(report["chain"].as_array().unwrap().len(), 2);
    assert_eq!(report["chain"][0]["id"], report["account"]);
    assert_eq!(report["applied"]["Account.displayName"], "Sample");
    assert!(report["kept"].as_array().unwrap().contains(&"TURN.server".into()));
    let words = run(["archive", "inspect", text(&path)], b"");
    let words = String::from_utf8(words.stdout).unwrap();
    assert!(words.contains(report["account"].as_str().unwrap()) && words.contains("Account.displayName = \"Sample\""));
    for secret in ["PRIVATE KEY", "BEGIN", "ethKey"] {
        assert!(!words.contains(secret) && !report.to_string().contains(secret), "{secret}");
    }
}

#[test]
fn a_protected_archive_opens_with_its_password_only() {
    let folder = Folder::default();
    let right = folder.file("right", "secret\n");
    let path = folder.archive("archive", "20000", Some(&right));
    let with = |passwords: &str| {
        let file = folder.file("passwords", passwords);
        run(["archive", "inspect", "--password-file", text(&file), text(&path)], b"")
    };
    assert!(String::from_utf8_lossy(&with("wrong\nsecret\n").stdout).contains("protection             password"));
    for (wrong, complaint) in [("wrong\n", "wrong password"), ("", "has no line")] {
        let output = with(wrong);
        assert_eq!(code(output.status), 1);
        assert!(String::from_utf8_lossy(&output.stderr).contains(complaint), "{}", shown(&output));
    }
    // No one can be asked.
    assert_eq!(code(run(["archive", "inspect", text(&path)], b"secret\n").status), 1);
    let mut damaged = std::fs::read(&path).unwrap();
    damaged[5000] ^= 1;
    std::fs::write(&path, damaged).unwrap();
    assert_eq!(code(with("secret\n").status), 1);
}

#[test]
fn damage_is_said_and_not_survived() {
    let folder = Folder::default();
    let path = folder.archive("archive", "64KiB", None);
    let good = std::fs::read(&path).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let deep = gzip("[".repeat(1 << 20).as_bytes());
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("cut short", good[..good.len() / 2].to_vec()),
        ("without its end", good[..good.len() - 1].to_vec()),
        ("flipped in the middle", flipped(good.len() / 2)),
        ("flipped in the checksum", flipped(good.len() - 6)),
        ("no archive", b"hello".to_vec()),
        ("no JSON", gzip(b"hello")),
        ("deep JSON", deep),
        ("no account", gzip(b"{}")),
        ("a bomb", gzip(&vec![b' '; 64 << 20])),
        ("a bomb in a bomb", gzip(&gzip(&vec![b' '; 64 << 20]))),
    ] {
        let path = folder.file("damaged", bytes);
        let output = run(["archive", "inspect", text(&path)], b"");
        assert_eq!((code(output.status), output.stdout.len()), (1, 0), "{what}: {}", shown(&output));
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(complaint.lines().count() == 1 && complaint.contains("damaged: "), "{what}: {complaint}");
    }
    assert_eq!(code(run(["archive", "inspect", text(&folder.path("nothing"))], b"").status), 1);
    assert_eq!(code(run(["archive", "inspect", text(&folder.path(""))], b"").status), 1);
}

#[test]
fn the_limit_can_be_set() {
    let folder = Folder::default();
    let path = folder.archive("archive", "64KiB", None);
    let inspect = |limit: &str| run(["archive", "inspect", text(&path), "--max-archive", limit], b"");
    assert_eq!(code(inspect("65535").status), 1);
    assert_eq!(code(inspect("65536").status), 0);
}

#[test]
fn what_cannot_be_made_leaves_nothing() {
    let folder = Folder::default();
    let path = folder.path("archive");
    for args in [&["--size", "10"][..], &["--size", "64KiB", "--password-file", "/nonexistent"]] {
        let new = ["archive", "new", "--key-type", "p256", "--output", text(&path)];
        assert_eq!(code(run(new.iter().chain(args), b"").status), 1);
        assert!(!path.exists());
    }
    let nowhere = folder.path("no/where");
    let output = run(["archive", "new", "--key-type", "p256", "--size", "64KiB", "--output", text(&nowhere)], b"");
    assert_eq!(code(output.status), 1, "{}", shown(&output));
}
