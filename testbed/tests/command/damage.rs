//! An archive with a wrong last byte: no byte of it leaves its device (R-MSG-2).

use std::{io::ErrorKind, net::TcpListener, path::Path};

use crate::support::{Ended, Folder, Relay, Side, accounts, code, run, shown, text};

/// Bytes of the archive's text: far more than all else that is said on a link.
const TEXT: u64 = 1 << 20;
/// More than all else.
const ALL_ELSE: u64 = 64 << 10;

fn flip_last_byte(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    assert!(bytes.len() as u64 > 2 * ALL_ELSE, "what is sent of it would be seen");
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn no_one_is_called() {
    let folder = Folder::default();
    let right = folder.file("right", "secret\n");
    let token = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    for (password, expected) in [(None, 15), (Some(&*right), 12)] {
        let archive = folder.archive("archive", "1MiB", password);
        flip_last_byte(&archive);
        let peer = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = peer.local_addr().unwrap().to_string();
        let args =
            ["export", "--yes", "--archive", text(&archive), "--password-file", text(&right), "--peer", &address];
        let output = run(args.into_iter().chain([token]), b"");
        assert_eq!(code(output.status), expected, "{}", shown(&output));
        peer.set_nonblocking(true).unwrap();
        assert_eq!(peer.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}

/// A link whose archive is damaged, or not, while the exporter's user is asked.
struct Link {
    importer: Ended,
    exporter: Ended,
    /// Bytes that the exporter sent.
    sent: u64,
    /// The steps of the importer, and of the exporter.
    traces: [String; 2],
}

fn link(protected: bool, damaged: bool) -> Link {
    let folder = Folder::default();
    let passwords = folder.file("passwords", "secret\nsecret\nsecret\n");
    let archive = folder.archive("archive", &TEXT.to_string(), protected.then_some(&passwords));
    let traces = ["import.trace", "export.trace"].map(|name| folder.path(name));
    let both = ["--password-file", text(&passwords), "--trace"];

    let import = [&both[..], &[text(&traces[0]), "--yes"]].concat();
    let mut importer = Side::import(&folder.path("store"), &import);
    let token = importer.token();
    let relay = Relay::new(importer.listening(), u64::MAX);
    let address = relay.address.to_string();
    let export = ["export", "--json", "--calls", "--archive", text(&archive), "--peer", &address, &token];
    let mut exporter = Side::start(export.into_iter().chain(both).chain([text(&traces[1])]));
    exporter.state(3);
    if damaged {
        flip_last_byte(&archive);
    }
    exporter.call("confirmAddDevice", "{}");

    let (importer, exporter) = (importer.end(), exporter.end());
    assert_eq!(accounts(&folder.path("store")).len(), usize::from(!damaged));
    let traces = traces.map(|trace| std::fs::read_to_string(trace).unwrap());
    Link { importer, exporter, sent: relay.carried(), traces }
}

#[test]
fn no_byte_is_on_the_wire() {
    for (protected, codes) in [(false, (10, 15)), (true, (12, 12))] {
        let Link { importer, exporter, sent, traces: [import, export] } = link(protected, true);
        assert_eq!((importer.code, exporter.code), codes, "{}{}", importer.complaints, exporter.complaints);
        assert!(!importer.states().contains(&4) && !exporter.states().contains(&4));
        assert!(!export.contains("SendArchive") && !import.contains("ArchiveBegan"));
        assert!((1..ALL_ELSE).contains(&sent), "{sent} bytes");
    }
}

/// The output that the test above looks for is there when all is well.
#[test]
fn a_sound_one_is_on_the_wire() {
    let Link { importer, exporter, sent, traces: [import, export] } = link(false, false);
    assert_eq!((importer.code, exporter.code), (0, 0), "{}{}", importer.complaints, exporter.complaints);
    assert!(importer.states().contains(&4) && exporter.states().contains(&4));
    assert!(export.contains("SendArchive") && import.contains("ArchiveBegan"));
    assert!(sent > TEXT, "{sent} bytes");
}
