//! The cause of a failure on this device is printed, where the outcome's own word is only `network`.

use std::io::{Read, Write};

use serde_json::Value;

use crate::support::{Ended, Folder, Side, text};

/// The end that was printed.
fn done(ended: &Ended) -> &Value {
    ended.lines.iter().find(|line| line["state"] == 5).expect("DONE was signalled")
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
    assert!(importer.complaints.contains(&format!("handfast: {cause}\n")), "{}", importer.complaints);
    // It is not the other device's.
    assert_eq!(done(&exporter).get("cause"), None);
    assert!(!exporter.complaints.contains(text(&store)), "{}", exporter.complaints);
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
        assert!(exporter.complaints.ends_with(&format!("handfast: {cause}\n")), "{}", exporter.complaints);
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
