//! Things that a command cannot use: files, addresses, numbers, and texts that are not what they should be. The exit code is one for all of them
//! (docs/commands.md), and what is wrong is said in words of our own.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    person::Person,
    support::{Folder, code, handfast, run, shown, text},
};

const TOKEN: &str = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";

/// A file, a folder or an address that cannot be used is wrong usage, but where a command has a documented code of its own.
#[test]
fn what_is_named_and_cannot_be_used_has_one_code() {
    let folder = Folder::default();
    let (missing, within) = (folder.path("no-such-file"), folder.path("no/such"));
    let (missing, within) = (text(&missing), text(&within));
    let dot = folder.path("no/such.dot");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let wrong = folder.file("wrong", "{\"fault\":[]}");
    let (store, out) = (folder.path("store"), folder.path("out"));
    let config = "HH-documented-honest";
    let explored: &[&str] = &["check", "--config", config, "--explore"];
    for (expected, args) in [
        (2, &["diagram", missing][..]),
        (2, &["explore", "--trace", missing, "--output", text(&out)]),
        (2, &["explore", "--schedule", missing, "--output", text(&out)]),
        (2, &["explore", "--schedule", text(&wrong), "--output", text(&out)]),
        (2, &["explore", "--output", within]),
        (2, &["kit", "--output", "/proc/no"]),
        (2, &["man", "/proc/no"]),
        (2, &["validate", missing]),
        (2, &["validate", "--observed", missing]),
        (2, &["replay", missing]),
        (2, &["merge", missing]),
        (2, &["watch", missing]),
        (2, &["interop", missing]),
        (2, &["sim", "--schedule", missing]),
        (2, &["sim", "--schedule", text(&wrong)]),
        (2, &["sim", "--out", "/proc/no"]),
        (2, &["shrink", missing]),
        (2, &["shrink", text(&wrong)]),
        (2, &["verify", "--junit", "/proc/no/file"]),
        (2, &["verify", "--report", "/proc/no"]),
        (2, &["check", "--baseline", missing]),
        (2, &["check", "--bless", within]),
        (2, &["check", "--config", config, "--export", text(&dot)]),
        (2, &[explored, &[&taken]].concat()),
        // An address that no machine has (RFC 5737).
        (2, &[explored, &["192.0.2.1:4000"]].concat()),
        (2, &[explored, &["localhost"]].concat()),
        // These are asked about one file, or write one: the reason is theirs.
        (1, &["archive", "inspect", missing]),
        (1, &["archive", "new", "--size", "64KiB", "--key-type", "p256", "--output", within]),
        (1, &["token", "qr", "--output", within, TOKEN]),
        // The codes of a link are a contract with its clients.
        (15, &["export", "--archive", missing, "--peer", "127.0.0.1:9", TOKEN]),
        (15, &["import", "--store", within]),
        (10, &["import", "--store", text(&store), "--listen", &taken]),
    ] {
        let output = run(args, b"");
        assert_eq!(code(output.status), expected, "{args:?}: {}", shown(&output));
    }
    assert!(!out.exists(), "what fails leaves no empty file");
}

/// A size of nothing, and a port at which nothing is reached, are found on the command line.
#[test]
fn numbers_that_can_never_work_are_refused() {
    for (args, expected) in [
        (&["check", "--memory", "0"][..], "expected at least one byte"),
        (&["verify", "--memory", "0GiB"], "expected at least one byte"),
        (&["intruder", "--time", "0"], "expected a whole number from 1 on"),
        (&["import", "--store", "store", "--max-archive", "0"], "expected at least one byte"),
        (&["export", "--archive", "file", "--max-archive", "0", TOKEN], "expected at least one byte"),
        (&["archive", "inspect", "--max-archive", "0", "file"], "expected at least one byte"),
        (&["message", "decode", "--max-archive", "0"], "expected at least one byte"),
        (&["export", "--archive", "file", "--peer", "192.0.2.1:0", TOKEN], "a port from 1 to 65535"),
        (&["import", "--store", "store", "--rendezvous", "opendht", "--bootstrap", "name:0"], "a port from 1 to 65535"),
    ] {
        let output = run(args, b"");
        assert_eq!(code(output.status), 2, "{args:?}: {}", shown(&output));
        assert!(shown(&output).contains(expected), "{args:?}: {}", shown(&output));
    }
}

/// The words of libraries, and names of types of this program.
const FOREIGN: [&str; 8] =
    ["TOML parse error", "unknown field", "unknown variant", "invalid type", "missing field", "EOF", "u64", "struct "];

#[test]
fn a_wrong_schedule_is_refused_with_its_place() {
    let folder = Folder::default();
    for (wrong, said) in [
        ("{\"fault\":[]}", "line 1, column 2: there is no key `fault` here; the nearest is `faults`; the keys are "),
        ("{\n \"profile\": \"jamd\"}", "line 2, column 13: `jamd` is not known here; the nearest is `jamid`"),
        ("{\"pace\":\"x\"}", "line 1, column 9: expected a whole number from 0 to 4294967295, not the text \"x\""),
        ("{\"work\":[1,2]}", "expected a list in [ ] of 5 values, and it has 2"),
        (
            "{\"faults\":[{\"at\":\"start\",\"what\":\"cancle\"}]}",
            ": `cancle` is not known here; the nearest is `cancel`",
        ),
        ("{\"pace\":1", "line 1, column 9: expected more: the text ends within a value"),
        ("pace = 1", "line 1, column 1: expected a value"),
        ("", "line 1, column 1: expected more"),
    ] {
        let file = folder.file("wrong.json", wrong);
        for command in [&["sim", "--schedule"][..], &["shrink"], &["explore", "--schedule"]] {
            let output = run(command.iter().chain(&[text(&file)]), b"");
            let complaint = String::from_utf8(output.stderr).unwrap();
            let place = format!("handfast: {}: ", file.display());
            assert_eq!(code(output.status), 2, "{wrong}: {complaint}");
            assert!(complaint.starts_with(&place) && complaint.contains(said), "{wrong}: {complaint}");
            assert!(complaint.ends_with("it is not a schedule of the event engine; give one that sim --out wrote\n"));
            assert!(!FOREIGN.iter().any(|word| complaint.contains(word)), "{complaint}");
        }
    }
}

#[test]
fn a_wrong_matrix_is_refused_with_its_place() {
    let folder = Folder::default();
    let good = "[[implementation]]\nname = \"one\"\nimport = [\"{handfast}\"]\n";
    for (from, to, said) in [
        ("name", "nmae", "line 2, column 1: there is no key `nmae` here; the nearest is `name`; the keys are "),
        (
            "[[implementation]]",
            "[[implementations]]",
            "line 1, column 3: there is no key `implementations` here; the nearest is `implementation`",
        ),
        ("\"one\"", "1", "line 2, column 8: expected a text in quotes, not the number 1"),
        ("\"one\"", "one", "line 2, column 8: expected a value"),
        ("name = \"one\"\n", "", "the key `name` is missing"),
        ("[\"{handfast}\"]", "\"{handfast}\"", "line 3, column 10: expected a list in [ ], not the text"),
        ("[\"{handfast}\"]", "[\"{handfast}\"", "expected a list"),
    ] {
        let file = folder.file("matrix.toml", good.replacen(from, to, 1));
        let output = run(["interop", text(&file)], b"");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(code(output.status), 2, "{to}: {complaint}");
        assert!(complaint.starts_with(&format!("handfast: {}: line ", file.display())), "{to}: {complaint}");
        assert!(complaint.contains(said), "{to}: {complaint}");
        assert!(!FOREIGN.iter().any(|word| complaint.contains(word)), "{complaint}");
    }
}

/// Ctrl-C early in a run of everything: a line for each kind of checks, not for each check.
#[test]
fn an_interrupted_verify_is_short() {
    let mut child = handfast(["verify", "--only", "configurations", "--only", "mutants", "--only", "intruder"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It catches signals before it says how far it is.
    let mut complaints = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    complaints.read_line(&mut line).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    complaints.read_to_string(&mut line).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(code(output.status), 4, "{printed}");
    for kind in ["verdicts in ", "mutants", "intruder queries", "intruder mutants"] {
        let lines = printed.lines().filter(|line| line.starts_with("NOT CARRIED OUT: ") && line.contains(kind));
        assert_eq!(lines.count(), if kind == "mutants" { 2 } else { 1 }, "{kind}: {printed}");
    }
    assert!(printed.lines().count() < 60 && !printed.contains("NOT AS EXPECTED"), "{printed}");
    assert!(printed.ends_with("\nINCONCLUSIVE\n"), "{printed}");
}

/// The width of a table is that of `COLUMNS`, as that of the help is.
#[test]
fn tables_are_as_narrow_as_columns_says() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "8KiB", None);
    let inspect = ["archive", "inspect", text(&archive)];
    let check = ["check", "--size", "small", "--config", "HH-documented-honest", "--property", "P-GATE"];
    let narrow = |args: &[&str], columns: &str| {
        let output = handfast(args).env("COLUMNS", columns).output().unwrap();
        assert_eq!(code(output.status), 0, "{}", shown(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let wide = String::from_utf8(run(inspect, b"").stdout).unwrap();
    assert!(wide.starts_with("account                ") && wide.lines().any(|line| line.len() > 60), "{wide}");
    // A width of nothing, or what is not one, says nothing.
    for same in ["200", "0", "wide", ""] {
        assert_eq!(narrow(&inspect, same), wide, "{same}");
    }
    let facts = narrow(&inspect, "50");
    assert!(facts.starts_with("account: ") && facts.lines().all(|line| line.len() <= 50), "{facts}");
    let table = narrow(&check, "50");
    assert!(table.starts_with("configuration HH-documented-honest\n  property: P-GATE"), "{table}");
}

/// A QR code that does not fit is not left out without a word. The token is shown all the same.
#[test]
fn a_window_that_is_too_small_for_a_qr_code_is_named() {
    let folder = Folder::default();
    let small = (70, 15);
    let said = "this window is too small for the QR code of the token: it has 70 columns and 15 rows, and ";
    let importer = Person::start(small, ["import", "--key-type", "p256", "--store", text(&folder.path("store"))]);
    let screen = importer.sees("On the device");
    assert!(
        screen.contains("token      jami-auth://") && screen.contains("columns and 30 rows are needed"),
        "{screen}"
    );
    importer.signals(Signal::INT);
    let left = importer.end();
    assert_eq!(left.result().0, 13);
    assert!(left.has_shown(said));
    for (size, is_small) in [(small, true), ((70, 40), false)] {
        let left = Person::start(size, ["token", "qr", TOKEN]).end();
        assert_eq!((left.result().0, left.has_shown(said)), (0, is_small), "{size:?}");
        assert!(left.has_shown("▀") || left.has_shown("▄"), "it is drawn");
    }
}
