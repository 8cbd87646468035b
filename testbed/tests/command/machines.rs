//! Machines unlike ours: with another date, without locks, with names of several addresses. A small C library stands in for each, put
//! before the system's own.

#![cfg(target_os = "linux")]

use std::{path::PathBuf, process::Output};

use serde_json::Value;

use crate::support::{Folder, Side, accounts, code, handfast, shown, text};

/// The clock that people set is `OFFSET` seconds off.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *t) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, t);
    if (!result && id == CLOCK_REALTIME) t->tv_sec += atol(getenv("OFFSET"));
    return result;
}
"#;

/// A file system without locks.
const NO_LOCKS: &str = r#"
#include <errno.h>
#include <stdlib.h>
int flock(int fd, int how) { (void)fd; (void)how; errno = atoi(getenv("FLOCK")); return -1; }
"#;

/// The name `two.test` has the addresses of `ADDRESSES`.
const TWO: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    if (!real) real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || strcmp(name, "two.test")) return real(name, service, hints, found);
    struct addrinfo own, *last = 0;
    if (hints) own = *hints; else memset(&own, 0, sizeof own);
    own.ai_family = AF_UNSPEC;
    own.ai_flags = AI_NUMERICHOST;
    char *addresses = strdup(getenv("ADDRESSES"));
    *found = 0;
    for (char *one = strtok(addresses, " "); one; one = strtok(0, " ")) {
        struct addrinfo *next;
        int error = real(one, service, &own, &next);
        if (error) return error;
        if (last) last->ai_next = next; else *found = next;
        for (last = next; last->ai_next; last = last->ai_next) {}
    }
    return 0;
}
void freeaddrinfo(struct addrinfo *found) { (void)found; }
"#;

/// A library that stands before the system's.
fn library(folder: &Folder, source: &str) -> PathBuf {
    let (c, library) = (folder.file("library.c", source), folder.path("library.so"));
    let made = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-o", text(&library), text(&c), "-ldl"])
        .output()
        .expect("there is a C compiler: the cryptography was built with one");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    library
}

/// Runs the command with a preloaded library.
fn run_with(library: &std::path::Path, variable: (&str, &str), args: &[&str]) -> Output {
    let mut command = handfast(args);
    command.env("LD_PRELOAD", library).env(variable.0, variable.1);
    command.output().expect("the command runs")
}

/// R-TIME-7: found before anything is sent, shown or written.
#[test]
fn a_date_that_cannot_be_is_named_at_once() {
    let folder = Folder::default();
    let library = library(&folder, CLOCK);
    let archive = folder.archive("archive", "8KiB", None);
    let (store, made) = (folder.path("store"), folder.path("made"));
    const YEAR: i64 = 365 * 24 * 60 * 60;
    // Also before 1970, which the clock of Unix cannot count.
    for offset in [-40 * YEAR, -100 * YEAR, 400 * YEAR] {
        let offset = offset.to_string();
        let with = |args: &[&str]| run_with(&library, ("OFFSET", &offset), args);
        let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
        for (expected, args) in [
            (15, &["import", "--store", text(&store), "--yes", "--json"][..]),
            (15, &["export", "--archive", text(&archive), "--peer", "127.0.0.1:9", "--yes", "--json", token]),
            (1, &["archive", "new", "--key-type", "p256", "--size", "8KiB", "--output", text(&made)]),
        ] {
            let output = with(args);
            assert_eq!((code(output.status), output.stdout.len()), (expected, 0), "{offset}: {}", shown(&output));
            assert!(String::from_utf8_lossy(&output.stderr).contains("this device's date is"), "{}", shown(&output));
        }
        assert!(!store.exists() && !made.exists());
    }
}

#[test]
fn stores_and_sweeps_go_on_without_locks() {
    let folder = Folder::default();
    let library = library(&folder, NO_LOCKS);
    let archive = folder.archive("archive", "8KiB", None);
    let store = folder.path("store");
    let mut importer = Side::import(&store, &["--yes"]);
    let exporter = Side::export(&mut importer, &["--yes", "--archive", text(&archive)]);
    assert_eq!((exporter.end().code, importer.end().code), (0, 0));
    // ENOSYS of Lustre, EOPNOTSUPP, ENOLCK of NFS, EINVAL.
    for errno in ["38", "95", "37", "22"] {
        let out = folder.path(&format!("out{errno}"));
        let output = run_with(
            &library,
            ("FLOCK", errno),
            &["sim", "--engine", "event", "--seeds", "0..20", "--scenario", "stranger", "--out", text(&out)],
        );
        assert_eq!(code(output.status), 0, "{}", shown(&output));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.matches("no locks").count(), 1, "{said}");
        let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
        let args = ["export", "--store", text(&store), "--peer", "127.0.0.1:9", "--yes", token];
        let output = run_with(&library, ("FLOCK", errno), &args);
        // No one listens there.
        assert_eq!(code(output.status), 10, "{}", shown(&output));
        assert_eq!(String::from_utf8_lossy(&output.stderr).matches("no locks").count(), 1, "{}", shown(&output));
    }
    assert_eq!(accounts(&store).len(), 1);
}

#[test]
fn every_address_of_a_name_is_tried() {
    let folder = Folder::default();
    let library = library(&folder, TWO);
    let archive = folder.archive("archive", "8KiB", None);
    let mut importer = Side::import(&folder.path("store"), &["--yes"]);
    let (token, port) = (importer.token(), importer.listening().port());
    let peer = format!("two.test:{port}");
    let args = ["export", "--archive", text(&archive), "--peer", &peer, "--yes", "--json", &token];
    // No one listens at the first two.
    let addresses = ("ADDRESSES", "127.0.0.2 127.0.0.3 127.0.0.1");
    let output = run_with(&library, addresses, &args);
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    assert_eq!(importer.end().code, 0);
    // Now at none: each is named.
    let output = run_with(&library, addresses, &args);
    assert_eq!(code(output.status), 10, "{}", shown(&output));
    for address in ["127.0.0.1", "127.0.0.2", "127.0.0.3"] {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(&format!("{address}:{port}: ")), "{said}");
    }
}

#[test]
fn every_address_of_a_name_is_listened_on() {
    let folder = Folder::default();
    let library = library(&folder, TWO);
    let output = {
        let mut command =
            handfast(["import", "--store", text(&folder.path("store")), "--json", "--listen", "two.test:0"]);
        command.args(["--yes", "--key-type", "p256", "--calls"]);
        command.env("LD_PRELOAD", &library).env("ADDRESSES", "127.0.0.2 127.0.0.1");
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("it is piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("it says where");
        let header: Value = serde_json::from_str(&line).expect("it is a line of JSON");
        for address in header["addresses"].as_array().expect("they are said") {
            let address = address.as_str().expect("it is text");
            std::net::TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        }
        child.kill().and_then(|()| child.wait()).expect("it runs");
        header
    };
    let addresses: Vec<&str> = output["addresses"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(addresses.len(), 2, "{output}");
    let ports: Vec<_> = addresses.iter().map(|address| address.rsplit(':').next()).collect();
    assert_eq!(ports[0], ports[1]);
    assert_eq!(output["listening"], addresses[0]);
}
