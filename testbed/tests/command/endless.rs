//! Files and input without an end: each command refuses them at a limit that it names, and takes no more memory than that.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    process::{Command, Output, Stdio},
};

use crate::support::{Folder, code, handfast, shown, text};

/// Kibibytes of address space: what is read without a limit ends the command.
const MOST: u64 = 4 << 20;

/// Runs the command with little memory, and this file as its standard input.
fn run(args: &[&str], input: &str) -> Output {
    let command = handfast(args);
    let mut bounded = Command::new("sh");
    bounded.args(["-c", &format!("ulimit -v {MOST}; exec \"$@\""), "sh"]).arg(command.get_program());
    bounded.args(command.get_args()).stdin(Stdio::from(File::open(input).expect("it is there")));
    for (name, value) in command.get_envs().filter(|(_, value)| value.is_none()) {
        assert!(value.is_none());
        bounded.env_remove(name);
    }
    bounded.output().expect("the command starts")
}

#[test]
fn a_file_without_an_end_is_refused() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let store = folder.path("store");
    let report = folder.path("report");
    let (archive, store, report) = (text(&archive), text(&store), text(&report));
    let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    for endless in ["/dev/zero", "/dev/urandom"] {
        for args in [
            &["shrink", endless][..],
            &["sim", "--schedule", endless],
            &["interop", endless],
            &["verify", "--report", report, "--interop", endless],
            &["verify", "--report", report, "--history", endless],
            &["check", "--config", "HH-documented-honest", "--baseline", endless],
            &["replay", endless],
            &["diagram", endless],
            &["validate", endless],
            &["validate", "--observed", endless],
            &["merge", endless],
            &["archive", "inspect", endless],
            &["archive", "new", "--size", "64KiB", "--output", "/dev/null", "--password-file", endless],
            &["import", "--store", store, "--password-file", endless],
            &["export", "--archive", archive, "--peer", "127.0.0.1:9", "--qr", endless],
            &["export", "--archive", endless, "--peer", "127.0.0.1:9", token],
            &["export", "--store", endless, "--peer", "127.0.0.1:9", token],
        ] {
            let output = run(args, "/dev/null");
            assert!(matches!(code(output.status), 1 | 2 | 15), "{args:?}: {}", shown(&output));
            assert!(output.stderr.starts_with(b"handfast: "), "{args:?}: {}", shown(&output));
        }
    }
}

#[test]
fn the_limit_and_the_file_are_named() {
    let folder = Folder::default();
    let report = folder.path("report");
    let report = ["verify", "--report", text(&report)];
    for (args, limit) in [
        (&["shrink", "/dev/zero"][..], "/dev/zero: it is larger than it can be: a schedule has at most 1MiB"),
        (&["sim", "--schedule", "/dev/zero"], "/dev/zero: it is larger than it can be: a schedule has at most 1MiB"),
        (&["interop", "/dev/zero"], "/dev/zero: it is larger than it can be: a matrix has at most 1MiB"),
        (&[&report[..], &["--interop", "/dev/zero"]].concat(), "a matrix's results.json has at most 16MiB"),
        (&[&report[..], &["--history", "/dev/zero"]].concat(), "an output of history --json has at most 16MiB"),
        (
            &["check", "--config", "HH-documented-honest", "--baseline", "/dev/zero"],
            "/dev/zero: it is larger than it can be: a report of check --json has at most 64MiB",
        ),
    ] {
        let output = run(args, "/dev/null");
        assert_eq!(code(output.status), 2, "{args:?}: {}", shown(&output));
        assert!(shown(&output).contains(limit), "{args:?}: {}", shown(&output));
    }
}

/// A line without an end is no line.
#[test]
fn input_without_an_end_is_refused() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    for args in [
        &["export", "--archive", text(&archive), "--peer", "127.0.0.1:9", "-"][..],
        &["token", "parse", "-"],
        &["token", "qr", "-"],
        &["message", "decode"],
        &["message", "decode", "--frames"],
    ] {
        let output = run(args, "/dev/urandom");
        assert!(matches!(code(output.status), 1 | 2), "{args:?}: {}", shown(&output));
    }
    let args = ["export", "--archive", text(&archive), "--peer", "127.0.0.1:9", "-"];
    let output = run(&args, "/dev/zero");
    assert!(shown(&output).contains("the token on standard input has more than"), "{}", shown(&output));
}

/// The length of a file counts before anything of it is read.
#[test]
fn a_sparse_archive_is_refused_by_its_length() {
    let folder = Folder::default();
    for (name, passwords) in [("plain", None), ("protected", Some(folder.file("password", "secret")))] {
        let archive = folder.archive(name, "64KiB", passwords.as_deref());
        let mut file = File::options().write(true).open(&archive).unwrap();
        file.set_len(1 << 40).unwrap();
        file.seek(SeekFrom::End(-1)).and_then(|_| file.write_all(b"x")).unwrap();
        let mut args = vec!["archive", "inspect", text(&archive)];
        args.extend(passwords.iter().flat_map(|file| ["--password-file", text(file)]));
        let output = run(&args, "/dev/null");
        assert_eq!(code(output.status), 1, "{}", shown(&output));
        assert!(shown(&output).contains("the archive has more than 67108864 bytes"), "{}", shown(&output));
    }
}
