//! Ctrl-C in every state that waits, and a crash.

use std::path::Path;

use crate::support::{Folder, Relay, Side, accounts, text};

#[test]
fn while_the_token_is_shown() {
    let folder = Folder::default();
    let mut importer = Side::import(&folder.path("store"), &[]);
    importer.token();
    importer.interrupt();
    let importer = importer.end();
    assert_eq!((importer.code, importer.states()), (13, vec![1, 5]));
    assert_eq!(importer.details()["reason"], "canceled");
}

/// Both sides wait for their users.
fn asked(folder: &Folder) -> (Side, Side) {
    let archive = folder.archive("archive", "64KiB", None);
    let mut importer = Side::import(&folder.path("store"), &[]);
    let mut exporter = Side::export(&mut importer, &["--archive", text(&archive)]);
    importer.state(3);
    exporter.state(3);
    (importer, exporter)
}

#[test]
fn while_the_users_are_asked() {
    for import_side in [true, false] {
        let folder = Folder::default();
        let (importer, exporter) = asked(&folder);
        if import_side {
            importer.interrupt()
        } else {
            exporter.interrupt()
        }
        let (importer, exporter) = (importer.end(), exporter.end());
        assert_eq!((importer.code, exporter.code), (13, 13), "{}{}", importer.complaints, exporter.complaints);
        assert!(accounts(&folder.path("store")).is_empty());
    }
}

/// No one listens: the connection is made, and nothing is ever answered.
#[test]
fn while_connecting() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    let mut exporter = Side::start(["export", "--json", "--archive", text(&archive), "--peer", &address, token]);
    exporter.state(2);
    exporter.interrupt();
    let exporter = exporter.end();
    assert_eq!((exporter.code, exporter.states()), (13, vec![2, 5]));
}

/// Both sides transfer an archive, of which the second half does not arrive.
fn transferring(folder: &Folder, store: &Path) -> (Side, Side) {
    let archive = folder.archive("archive", "1MiB", None);
    let mut importer = Side::import(store, &["--yes"]);
    let token = importer.token();
    let half_way = Relay::new(importer.listening(), 512 * 1024).address.to_string();
    let archive = text(&archive);
    let mut exporter = Side::start(["export", "--json", "--yes", "--archive", archive, "--peer", &half_way, &token]);
    importer.state(4);
    exporter.state(4);
    (importer, exporter)
}

#[test]
fn while_the_archive_is_received() {
    let folder = Folder::default();
    let store = folder.path("store");
    let (importer, exporter) = transferring(&folder, &store);
    importer.interrupt();
    let (importer, exporter) = (importer.end(), exporter.end());
    assert_eq!((importer.code, exporter.code), (13, 13), "{}{}", importer.complaints, exporter.complaints);
    assert_eq!(exporter.details()["sent"], "true");
    assert!(accounts(&store).is_empty());
}

#[test]
fn while_the_archive_is_sent_only_the_second_drops_the_link() {
    let folder = Folder::default();
    let store = folder.path("store");
    let (importer, mut exporter) = transferring(&folder, &store);
    exporter.interrupt();
    assert_eq!(exporter.called("cancelAddDevice")["ret"], false);
    exporter.interrupt();
    let (importer, exporter) = (importer.end(), exporter.end());
    assert_eq!((importer.code, exporter.code), (10, 10), "{}{}", importer.complaints, exporter.complaints);
    assert!(accounts(&store).is_empty());
}

#[test]
fn a_crash_leaves_no_half_account() {
    let folder = Folder::default();
    let store = folder.path("store");
    let (mut importer, exporter) = transferring(&folder, &store);
    importer.kill();
    assert_eq!(exporter.end().code, 10);
    assert_eq!(importer.end().code, -9);
    assert!(accounts(&store).iter().all(|name| name.starts_with(".staging-")), "{:?}", accounts(&store));
    // The next start removes what is left.
    let mut next = Side::import(&store, &[]);
    next.token();
    assert!(accounts(&store).is_empty());
    next.interrupt();
    assert_eq!(next.end().code, 13);
}

#[test]
fn a_crashed_exporter_leaves_nothing_on_the_new_device() {
    let folder = Folder::default();
    let store = folder.path("store");
    let (importer, mut exporter) = transferring(&folder, &store);
    exporter.kill();
    assert_eq!(importer.end().code, 10);
    assert!(accounts(&store).is_empty());
}
