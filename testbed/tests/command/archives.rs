//! `handfast archive`.

use std::{io::Write as _, process::Command};

use flate2::{Compression, write::GzEncoder};
use rustix::process::Signal;
use serde_json::Value;

use crate::{
    person::Person,
    support::{Folder, Side, code, handfast, run, shown, text},
};

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

/// Random bytes look like an archive that a password protects: the complaint names the file, and both that it may be.
#[test]
fn a_complaint_names_the_archive_and_what_to_do() {
    let folder = Folder::default();
    let random: Vec<u8> = (0..300_u16).map(|number| (number * 7 % 251) as u8).collect();
    let path = folder.file("random", random.as_slice());
    for (file, name, input) in [(text(&path), text(&path), &b""[..]), ("-", "standard input", &random[..])] {
        let output = run(["archive", "inspect", file], input);
        assert_eq!(code(output.status), 1, "{}", shown(&output));
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        let begin = format!("handfast: {name}: it is protected by a password, or it is no archive; ");
        assert!(complaint.starts_with(&begin) && complaint.contains("--password-file"), "{complaint}");
    }
    for (file, what) in [("nothing", "there is no such file or folder; check the path"), ("", "this is a folder")] {
        let output = run(["archive", "inspect", text(&folder.path(file))], b"");
        assert_eq!(code(output.status), 1, "{}", shown(&output));
        assert!(shown(&output).contains(what) && !shown(&output).contains("os error"), "{}", shown(&output));
    }
}

/// A pipe is an archive too, as `-` or by its name; more than the largest archive of it is not read.
#[test]
fn an_archive_comes_from_a_pipe() {
    let folder = Folder::default();
    let path = folder.archive("archive", "64KiB", None);
    let bytes = std::fs::read(&path).unwrap();
    let of_file = run(["archive", "inspect", text(&path)], b"");
    for name in ["-", "/dev/stdin"] {
        let output = run(["archive", "inspect", name], &bytes);
        assert_eq!((code(output.status), &output.stdout), (0, &of_file.stdout), "{name}: {}", shown(&output));
        let small = run(["archive", "inspect", "--max-archive", "4096", name], &bytes);
        assert_eq!(code(small.status), 1, "{name}: {}", shown(&small));
    }
    assert_eq!(code(run(["archive", "inspect", "-"], b"").status), 1);
}

/// A signal in the middle of the work leaves nothing, and the exit code is the one that a shell shows for it.
#[test]
fn an_interrupted_archive_leaves_no_file() {
    let folder = Folder::default();
    let path = folder.path("archive");
    let args = ["archive", "new", "--key-type", "p256", "--size", "4GiB", "--output", text(&path)];
    let files = || std::fs::read_dir(folder.path("")).unwrap().count();
    for (signal, expected) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut side = Side::start(args);
        while files() == 0 && !side.has_ended() {
            std::thread::yield_now();
        }
        side.signal(signal);
        let ended = side.end();
        assert_eq!((ended.code, files()), (expected, 0), "{}", ended.complaints);
    }
}

/// In the background of a shell, which ignores Ctrl-C, another program's Ctrl-C does not end it.
#[test]
fn an_ignored_interrupt_stays_ignored() {
    let folder = Folder::default();
    let path = folder.path("archive");
    let new = handfast(["archive", "new", "--key-type", "p256", "--size", "4GiB", "--output", text(&path)]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' INT; exec \"$@\"", "sh"]).arg(new.get_program()).args(new.get_args());
    let mut side = Side::of(shell);
    let files = || std::fs::read_dir(folder.path("")).unwrap().count();
    while files() == 0 && !side.has_ended() {
        std::thread::yield_now();
    }
    side.signal(Signal::INT);
    side.signal(Signal::TERM);
    let ended = side.end();
    assert_eq!((ended.code, files()), (143, 0), "{}", ended.complaints);
}

/// At a terminal the progress is shown, and a file that is there is not replaced without `--force`. A script replaces it as ever.
#[test]
fn a_person_sees_the_progress_and_loses_no_file() {
    let folder = Folder::default();
    let path = folder.path("archive");
    let args = |size, more: &[&'static str]| {
        let new = ["archive", "new", "--key-type", "p256", "--size", size, "--output", text(&path)];
        new.into_iter().chain(more.iter().copied()).map(str::to_owned).collect::<Vec<_>>()
    };
    let person = |args: &[String]| Person::start((80, 24), args.iter().map(String::as_str));
    let mut working = person(&args("4GiB", &[]));
    working.sees(" of 4097");
    while std::fs::read_dir(folder.path("")).unwrap().count() == 0 && !working.has_ended() {
        std::thread::yield_now();
    }
    working.presses("\x03");
    assert_eq!((working.end().code, path.exists()), (130, false));
    let begun = person(&args("64KiB", &[])).end();
    assert_eq!((begun.code, path.exists()), (0, true), "{}", begun.screen);
    let before = std::fs::read(&path).unwrap();
    let refused = person(&args("64KiB", &[])).end();
    assert_eq!(refused.code, 1, "{}", refused.screen);
    let words = refused.screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("there is a file of this name") && words.contains("--force"), "{words}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(person(&args("64KiB", &["--force"])).end().code, 0);
    let forced = std::fs::read(&path).unwrap();
    assert_ne!(forced, before, "each account has keys of its own");
    assert_eq!(code(run(args("64KiB", &[]), b"").status), 0);
    assert_ne!(std::fs::read(&path).unwrap(), forced);
}
