//! The cause of a failure on this device is printed, where the outcome's own word is only `network`.

use std::{
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::support::{Ended, Folder, Side, handfast, skipped, text};

/// The end that was printed.
fn done(ended: &Ended) -> &Value {
    ended.lines.iter().find(|line| line["state"] == 5).expect("DONE was signalled")
}

/// The words for a file that is gone.
const GONE: &str = "there is no such file or folder; check the path";

/// The line for a person: the same cause, with plain words in the place of the system's text.
fn said(cause: &str, system: &str, plain: &str) -> String {
    let place = cause.strip_suffix(system).and_then(|rest| rest.strip_suffix(": ")).expect("a place and a text");
    format!("handfast: {place}: {plain}\n")
}

#[test]
fn a_store_that_is_gone_is_named() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let store = folder.path("store");
    let mut importer = Side::import(&store, &["--calls"]);
    let exporter = Side::export(&mut importer, &["--yes", "--archive", text(&archive)]);
    importer.state(3);
    std::fs::remove_dir_all(&store).unwrap();
    importer.call("provideAccountAuthentication", r#"{"credentials":"","scheme":""}"#);
    let (importer, exporter) = (importer.end(), exporter.end());
    assert_eq!((importer.code, exporter.code), (15, 10), "{}", importer.complaints);
    assert_eq!(importer.details()["reason"], "storage");
    let cause = done(&importer)["cause"].as_str().expect("a cause");
    assert!(cause.contains(text(&store)) && cause.ends_with("No such file or directory (os error 2)"), "{cause}");
    let words = said(cause, "No such file or directory (os error 2)", GONE);
    assert!(importer.complaints.contains(&words), "{}", importer.complaints);
    // It is not the other device's.
    assert_eq!(done(&exporter).get("cause"), None);
    assert!(!exporter.complaints.contains(text(&store)), "{}", exporter.complaints);
}

/// An import whose store is a disk of its own, of so many bytes. The names of the files that stay are in the file `left` when it ends.
/// `None`, with a line that says so, where the machine does not let the test mount one.
#[cfg(target_os = "linux")]
fn import_on_a_disk(bytes: u64, store: &Path, left: &Path) -> Option<Side> {
    let namespace = [&["--mount"][..], &["--map-root-user", "--mount"]].into_iter().find(|how| {
        let mut mount = Command::new("unshare");
        mount.args(*how).args(["mount", "-t", "tmpfs", "tmpfs"]).arg(store).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success())
    });
    let Some(namespace) = namespace else {
        let required = std::env::var_os("HANDFAST_REQUIRE").is_some_and(|value| value == "1");
        assert!(!required, "required, and not allowed here: a mount namespace (unshare --mount)");
        skipped("no disk can be mounted (unshare --mount, as root or with --map-root-user)");
        return None;
    };
    let script = r#"mount -t tmpfs -o "size=$1" tmpfs "$2" || exit 99
        store=$2 left=$3; shift 3; "$@"; code=$?
        find "$store" -type f -not -name .lock > "$left"; exit "$code""#;
    let import = handfast(["import", "--json", "--yes", "--key-type", "p256", "--store", text(store)]);
    let mut command = Command::new("unshare");
    command.args(namespace).args(["sh", "-c", script, "sh", &bytes.to_string(), text(store), text(left)]);
    command.arg(import.get_program()).args(import.get_args());
    Some(Side::of(command))
}

/// A disk that is full within the archive, for which the protocol has no word; one that is full when the archive is whole, which the old
/// device learns; and one that is large enough.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_leaves_nothing() {
    let page = Command::new("getconf").arg("PAGESIZE").output().expect("POSIX has it").stdout;
    let page: u64 = String::from_utf8(page).unwrap().trim().parse().unwrap();
    let folder = Folder::default();
    let archive = folder.archive("archive", "1MiB", None);
    let whole = std::fs::metadata(&archive).unwrap().len().next_multiple_of(page);
    assert!(whole > 2 * page, "half of the archive is a disk");
    // A file takes whole pages: the lock of the store one at most, and an account has two more files.
    let cases =
        [(whole / 2, 15, 10, "archive.gz"), (whole + 2 * page, 15, 17, "account.json"), (whole + (1 << 20), 0, 0, "")];
    for (bytes, imported, exported, file) in cases {
        let (store, left) = (folder.path("store"), folder.path("left"));
        std::fs::create_dir_all(&store).unwrap();
        let Some(mut importer) = import_on_a_disk(bytes, &store, &left) else { return };
        let exporter = Side::export(&mut importer, &["--yes", "--archive", text(&archive)]);
        let (importer, exporter) = (importer.end(), exporter.end());
        assert_eq!((importer.code, exporter.code), (imported, exported), "{bytes}: {}", importer.complaints);
        let left = std::fs::read_to_string(&left).unwrap();
        if imported == 0 {
            assert!(left.contains("archive.gz"), "{left}");
            continue;
        }
        assert_eq!(left, "", "nothing stays on a full disk");
        assert_eq!(importer.details()["reason"], "storage");
        let cause = done(&importer)["cause"].as_str().expect("a cause");
        assert!(cause.contains(file) && cause.ends_with("No space left on device (os error 28)"), "{cause}");
        let words = said(
            cause,
            "No space left on device (os error 28)",
            "the disk is full; make room, or choose another place",
        );
        assert!(importer.complaints.contains(&words), "{}", importer.complaints);
        // The old device knows that the other one failed only where the protocol has a word for it.
        let peer = exporter.details().get("reason").is_some_and(|reason| reason == "peer");
        assert_eq!((peer, done(&exporter).get("cause")), (exported == 17, None), "{:?}", exporter.lines);
    }
}

#[test]
fn an_archive_that_is_gone_is_named() {
    for json in [true, false] {
        let folder = Folder::default();
        let archive = folder.archive("archive", "64KiB", None);
        let mut importer = Side::import(&folder.path("store"), &["--calls"]);
        let (token, listening) = (importer.token(), importer.listening().to_string());
        let args = ["export", "--yes", "--archive", text(&archive), "--peer", &listening, &token];
        let exporter = Side::start(args.into_iter().chain(json.then_some("--json")));
        importer.state(3);
        std::fs::remove_file(&archive).unwrap();
        importer.call("provideAccountAuthentication", r#"{"credentials":"","scheme":""}"#);
        let (importer, exporter) = (importer.end(), exporter.end());
        assert_eq!((importer.code, exporter.code), (10, 15), "{}", exporter.complaints);
        let cause = format!("{}: No such file or directory (os error 2)", text(&archive));
        let words = format!("handfast: cannot use {}: {GONE}\n", text(&archive));
        assert!(exporter.complaints.ends_with(&words), "{}", exporter.complaints);
        if json {
            assert_eq!(done(&exporter)["cause"], *cause);
        } else {
            assert!(exporter.complaints.contains("could not read the account's archive"), "{}", exporter.complaints);
        }
    }
}

#[test]
fn an_address_where_no_one_listens_is_named_too() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    let exporter = Side::start(["export", "--json", "--archive", text(&archive), "--peer", &unused, token]).end();
    assert_eq!(exporter.code, 10);
    let cause = done(&exporter)["cause"].as_str().expect("a cause");
    assert!(cause.contains("Connection refused"), "{cause}");
}

/// Another program listens there: it greets in a protocol of its own. The exporter ends at once, and says so.
#[test]
fn an_address_of_another_program_is_named_too() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let program = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = program.local_addr().unwrap().to_string();
    let greets = std::thread::spawn(move || {
        let (mut stream, _) = program.accept().unwrap();
        stream.write_all(b"SSH-2.0-another\r\n").unwrap();
        stream.read_to_end(&mut Vec::new())
    });
    let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    let exporter = Side::start(["export", "--archive", text(&archive), "--peer", &address, token]).end();
    assert_eq!(exporter.code, 10);
    assert!(exporter.complaints.contains("Another program answers"), "{}", exporter.complaints);
    assert!(exporter.complaints.contains("does not speak TLS"), "{}", exporter.complaints);
    drop(greets.join().unwrap());
}
