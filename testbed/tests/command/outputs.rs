//! Lost standard output, standard error and files: a link goes on without them, and a check then has no verdict.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Stdio},
    thread,
};

use serde_json::Value;

use crate::support::{Folder, Side, accounts, code, handfast, run, shown, text};

fn full() -> Stdio {
    Stdio::from(File::options().write(true).open("/dev/full").expect("there is a disk that is full"))
}

/// Reads so many lines of an import's, and leaves. Gives the address, the token, and what is printed to standard error.
fn leaves(child: &mut Child, lines: usize) -> (String, String, thread::JoinHandle<String>) {
    let mut stderr = child.stderr.take().expect("it is piped");
    let complaints = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).expect("complaints are text");
        text
    });
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let (mut address, mut token) = (String::new(), String::new());
    for _ in 0..lines {
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line comes");
        let line: Value = serde_json::from_str(&line).expect("it is JSON");
        if let Some(listening) = line["listening"].as_str() {
            address = listening.into();
        }
        if let Some(shown) = line["details"]["token"].as_str() {
            token = shown.into();
        }
    }
    (address, token, complaints)
}

/// The case of a script that reads what it needs and leaves: the header, the call and the token are three lines.
#[test]
fn a_reader_that_leaves_is_no_part_of_the_link() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let store = folder.path("store");
    let args = ["import", "--json", "--yes", "--key-type", "p256", "--store", text(&store)];
    let mut import = handfast(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (address, token, complaints) = leaves(&mut import, 3);
    let export = run(["export", "--yes", "--archive", text(&archive), "--peer", &address, &token], b"");
    let codes = (code(import.wait().unwrap()), code(export.status));
    let complaints = complaints.join().unwrap();
    assert_eq!(codes, (0, 0), "{complaints}{}", shown(&export));
    assert_eq!(accounts(&store).len(), 1);
    assert_eq!(complaints.matches("standard output is lost, and the link goes on").count(), 1, "{complaints}");
}

/// Wherever both sides print and record, with lines of JSON or text for people.
#[test]
fn a_full_disk_is_no_part_of_the_link() {
    for json in [true, false] {
        let folder = Folder::default();
        let archive = folder.archive("archive", "64KiB", None);
        let store = folder.path("store");
        let mut import = Side::import(&store, &["--yes", "--trace", "/dev/full"]);
        let (token, address) = (import.token(), import.listening().to_string());
        let args = ["export", "--yes", "--trace", "/dev/full", "--archive", text(&archive), "--peer", &address, &token];
        let export = handfast(args.into_iter().chain(json.then_some("--json"))).stdout(full()).output().unwrap();
        let import = import.end();
        assert_eq!((import.code, code(export.status)), (0, 0), "{}{}", import.complaints, shown(&export));
        for complaints in [&import.complaints, &shown(&export)] {
            assert!(complaints.contains("--trace /dev/full: the trace is incomplete"), "{complaints}");
        }
        assert_eq!(shown(&export).contains("standard output is lost"), json, "{}", shown(&export));
        assert_eq!(accounts(&store).len(), 1);
    }
}

#[test]
fn lost_complaints_change_nothing() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let mut import = Side::import(&folder.path("store"), &["--yes"]);
    let (token, address) = (import.token(), import.listening().to_string());
    let args = ["export", "--yes", "--archive", text(&archive), "--peer", &address, &token];
    let export = handfast(args).stderr(full()).status().unwrap();
    assert_eq!((import.end().code, code(export)), (0, 0));
    let check = handfast(["check", "--config", "HH-documented-honest"]).stderr(full()).stdout(Stdio::null()).status();
    assert_eq!(code(check.unwrap()), 0);
    let wrong = handfast(["token", "parse", "x"]).stderr(full()).stdout(Stdio::null()).status();
    assert_eq!(code(wrong.unwrap()), 1);
}

/// A script that no one reads any more may print more than a pipe holds.
#[test]
fn a_link_ends_though_no_one_reads_what_it_prints() {
    let folder = Folder::default();
    let store = folder.path("store");
    let args = ["import", "--json", "--calls", "--key-type", "p256", "--store", text(&store)];
    let mut import = handfast(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = import.stdin.take().unwrap();
    // Far more than a pipe holds is printed for these, and not read.
    let calls = "{\"call\":\"removeAccount\",\"args\":{\"account_id\":\"0000000000000000\"}}\n".repeat(4000);
    std::io::Write::write_all(&mut stdin, calls.as_bytes()).expect("it goes on reading");
    std::io::Write::write_all(&mut stdin, b"{\"call\":\"removeAccount\"}\n").expect("it goes on reading");
    // It was taken, and the link has ended; what is printed comes whole when it is read.
    let mut lines = BufReader::new(import.stdout.take().unwrap()).lines();
    let last = lines.by_ref().map(|line| line.unwrap()).last().unwrap();
    assert!(last.contains("\"state\":5"), "{last}");
    assert_eq!(code(import.wait().unwrap()), 13);
}

/// The commands of checkers, each with its inputs.
fn checkers(folder: &Folder) -> Vec<Vec<String>> {
    let (one, results) = (folder.path("import.trace"), folder.path("results"));
    let trace = {
        let archive = folder.archive("archive", "64KiB", None);
        let mut import = Side::import(&folder.path("store"), &["--yes", "--trace", text(&one)]);
        let export = Side::export(&mut import, &["--yes", "--archive", text(&archive)]);
        assert_eq!((import.end().code, export.end().code), (0, 0));
        text(&one).to_owned()
    };
    let sweep = ["sim", "--engine", "event", "--seeds", "0..8", "--scenario", "break"];
    let kept = run(sweep.into_iter().chain(["--out", text(&results)]), b"");
    assert!(kept.status.success(), "{}", shown(&kept));
    let regression = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sim/regressions/M-07.json");
    let words = |args: &[&str]| args.iter().map(|&arg| arg.to_owned()).collect();
    vec![
        words(&["check", "--config", "HH-documented-honest"]),
        words(&["check", "--config", "HH-documented-honest", "--json"]),
        words(&["check", "--mutant", "M-10"]),
        words(&sweep),
        words(&["sim", "--schedule", text(&regression)]),
        words(&["merge", text(&results)]),
        words(&["shrink", text(&regression)]),
        words(&["diagram", &trace]),
        words(&["replay", &trace]),
        words(&["validate", &trace]),
        words(&["bench", "--quick", "--only", "steps"]),
        words(&["verify", "--quick"]),
    ]
}

/// Nothing that is known of it is a violation.
#[test]
fn a_checker_whose_output_is_lost_is_inconclusive() {
    let folder = Folder::default();
    for args in checkers(&folder) {
        let lost = handfast(&args).stdout(full()).output().unwrap();
        assert_eq!(code(lost.status), 4, "{args:?}: {}", shown(&lost));
        assert!(shown(&lost).contains("handfast: standard output is lost: "), "{args:?}: {}", shown(&lost));
        // A reader that is gone before anything is printed.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = handfast(&args).stdout(writer).stderr(Stdio::null()).status().unwrap();
        assert_eq!(code(status), 4, "{args:?}");
    }
}

/// Their exit code 1 means that they were not done.
#[test]
fn a_command_without_a_verdict_fails() {
    for args in [&["token", "new"][..], &["completions", "bash"]] {
        let lost = handfast(args).stdout(full()).output().unwrap();
        assert_eq!(code(lost.status), 1, "{args:?}: {}", shown(&lost));
        assert!(shown(&lost).contains("handfast: standard output is lost: "), "{args:?}: {}", shown(&lost));
    }
}

#[test]
fn a_report_that_cannot_be_written_is_no_violation() {
    let folder = Folder::default();
    let results = folder.path("results");
    let sweep = ["sim", "--engine", "event", "--seeds", "0..8", "--scenario", "break", "--out"];
    assert_eq!(code(run(sweep.into_iter().chain([text(&results)]), b"").status), 0);
    let merged = run(["merge", "--junit", "/dev/full", text(&results)], b"");
    assert_eq!(code(merged.status), 2, "{}", shown(&merged));
    // The verdict is printed all the same.
    assert!(!merged.stdout.is_empty());
    // A violation stays one.
    for junit in ["/dev/full", "/dev/null"] {
        let verified = run(["verify", "--small", "--mutant", "M-10", "--junit", junit], b"");
        assert_eq!(code(verified.status), 1, "{}", shown(&verified));
        let complained = String::from_utf8_lossy(&verified.stderr).contains("--junit /dev/full: ");
        assert_eq!(complained, junit == "/dev/full", "{}", shown(&verified));
        // Each property is drawn once.
        let said = String::from_utf8_lossy(&verified.stdout).into_owned();
        let properties: BTreeSet<_> = said
            .lines()
            .filter(|line| line.contains(": VIOLATED"))
            .filter_map(|line| line.strip_prefix("NOT AS EXPECTED: ")?.split(" in ").next())
            .collect();
        assert_eq!(said.matches("```mermaid").count(), properties.len(), "{said}");
        assert!(said.contains("not drawn: "), "{said}");
    }
    let swept = run(sweep.into_iter().chain(["/dev/null"]), b"");
    assert_eq!(code(swept.status), 2, "{}", shown(&swept));
}
