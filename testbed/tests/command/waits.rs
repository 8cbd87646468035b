//! Ctrl-C, SIGTERM and SIGHUP while a command waits for a file, a FIFO or its standard input.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Folder, Side, code, handfast, text};

const SIGNALS: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::HUP];
const TOKEN: &str = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";

fn fifo(folder: &Folder, name: &str) -> std::path::PathBuf {
    let path = folder.path(name);
    assert!(Command::new("mkfifo").arg(&path).status().expect("there is mkfifo").success());
    path
}

fn started(args: &[&str]) -> Child {
    handfast(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

/// Whether a process has a handler for this signal.
fn catches(child: &Child, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("it is there");
    let caught = u64::from_str_radix(caught.trim(), 16).expect("it is a mask");
    caught & 1 << (signal.as_raw() - 1) != 0
}

/// Sends a signal once the command catches it, and gives how it ends.
fn interrupted(mut child: Child, signal: Signal) -> i32 {
    // To wait would close it, and be the end of what is waited for.
    let stdin = child.stdin.take();
    while !catches(&child, signal) && child.try_wait().expect("it was started").is_none() {
        thread::yield_now();
    }
    kill_process(Pid::from_child(&child), signal).expect("it runs");
    let status = child.wait().expect("it ends");
    drop(stdin);
    code(status)
}

/// No byte and no file comes: each wait ends at once, as a cancel of which there is no peer yet.
#[test]
fn a_link_that_was_not_begun_is_canceled() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let protected = folder.archive("protected", "64KiB", Some(&folder.file("password", "secret")));
    let waits = fifo(&folder, "fifo");
    let locked = folder.path("locked");
    fs::create_dir(&locked).unwrap();
    fifo(&folder, "locked/.lock");
    let (archive, protected, fifo) = (text(&archive), text(&protected), text(&waits));
    let (store, locked) = (folder.path("store"), text(&locked).to_owned());
    let store = text(&store);
    let peer = ["--peer", "127.0.0.1:9"];
    for args in [
        &["export", "--archive", archive, "-"][..],
        &["export", "--archive", archive, "--qr", fifo],
        &["export", "--archive", archive, "--trace", fifo, TOKEN],
        &["export", "--archive", fifo, TOKEN],
        &["export", "--archive", protected, "--password-file", fifo, TOKEN],
        &["export", "--store", &locked, TOKEN],
        &["import", "--store", store, "--password-file", fifo],
        &["import", "--store", store, "--trace", fifo],
        &["import", "--store", &locked],
    ] {
        for signal in SIGNALS {
            let args = if args[0] == "export" { [args, &peer].concat() } else { args.to_vec() };
            assert_eq!(interrupted(started(&args), signal), 13, "{args:?} {signal:?}");
        }
    }
}

/// Every other command leaves signals to the system, which ends it whatever it waits for.
#[test]
fn any_other_command_ends_by_the_signal() {
    let folder = Folder::default();
    let waits = fifo(&folder, "fifo");
    let fifo = text(&waits);
    for args in [
        &["token", "parse", "-"][..],
        &["token", "qr"],
        &["message", "decode"],
        &["archive", "inspect", fifo],
        &["archive", "new", "--size", "64KiB", "--output", "/dev/null", "--password-file", fifo],
        &["replay", fifo],
        &["diagram", fifo],
        &["validate", fifo],
        &["validate", "--observed", fifo],
        &["shrink", fifo],
        &["merge", fifo],
        &["sim", "--schedule", fifo],
        &["check", "--config", "HH-documented-honest", "--baseline", fifo],
    ] {
        for signal in SIGNALS {
            let mut child = started(args);
            let stdin = child.stdin.take();
            kill_process(Pid::from_child(&child), signal).expect("it runs");
            assert_eq!(code(child.wait().expect("it ends")), -signal.as_raw(), "{args:?}");
            drop(stdin);
        }
    }
}

/// The peer learns of a hang-up as of any other cancel, and a second one does not count.
#[test]
fn a_hang_up_is_a_cancel_that_the_peer_learns_of() {
    for import_side in [true, false] {
        let folder = Folder::default();
        let archive = folder.archive("archive", "64KiB", None);
        let mut importer = Side::import(&folder.path("store"), &[]);
        let mut exporter = Side::export(&mut importer, &["--archive", text(&archive)]);
        importer.state(3);
        exporter.state(3);
        let side = if import_side { &importer } else { &exporter };
        side.signal(Signal::HUP);
        side.signal(Signal::HUP);
        let (importer, exporter) = (importer.end(), exporter.end());
        assert_eq!((importer.code, exporter.code), (13, 13), "{}{}", importer.complaints, exporter.complaints);
    }
}

/// A process that was started to outlive its terminal does.
#[test]
fn a_hang_up_that_is_ignored_stays_ignored() {
    let folder = Folder::default();
    let mut importer = ignoring("HUP", &folder.path("store"));
    while !catches(&importer, Signal::INT) && importer.try_wait().expect("it was started").is_none() {
        thread::yield_now();
    }
    assert!(!catches(&importer, Signal::HUP));
    kill_process(Pid::from_child(&importer), Signal::HUP).expect("it runs");
    assert_eq!(importer.try_wait().expect("it runs"), None);
    assert_eq!(interrupted(importer, Signal::INT), 13);
}

/// A script cancels a link that it began in the background, where its shell ignores Ctrl-C.
#[test]
fn an_interrupt_cancels_a_link_of_the_background() {
    for signal in [Signal::INT, Signal::TERM] {
        let folder = Folder::default();
        assert_eq!(interrupted(ignoring("INT TERM", &folder.path("store")), signal), 13);
    }
}

/// Starts an import with these signals ignored.
fn ignoring(signals: &str, store: &Path) -> Child {
    let command = handfast(["import", "--key-type", "p256", "--store", text(store)]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("trap '' {signals}; exec \"$@\""), "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    let child = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    // The shell catches signals too, until it is replaced.
    let name = format!("/proc/{}/comm", child.id());
    while std::fs::read_to_string(&name).expect("it runs").trim() != "handfast" {
        thread::yield_now();
    }
    child
}
