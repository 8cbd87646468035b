//! What a link cannot begin with: said in words, with the exit code of the reason, and before anybody is called.

use std::net::TcpListener;

use crate::support::{Folder, code, run, text};

const TOKEN: &str = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";

/// The exit code and the complaint, without what is different each time.
fn refused(folder: &Folder, args: &[&str]) -> String {
    let path = |arg: &&str| match arg.strip_prefix("DIR/") {
        Some(name) => text(&folder.path(name)).to_owned(),
        None => (*arg).to_owned(),
    };
    let output = run(args.iter().map(path), b"");
    assert!(output.stdout.is_empty(), "{args:?}");
    let complaint = String::from_utf8(output.stderr).unwrap().replace(text(&folder.path("")), "DIR/");
    format!("{}\n{} {complaint}", args.join(" "), code(output.status))
}

#[test]
fn an_import() {
    let folder = Folder::default();
    folder.file("file", "");
    folder.file("latin", b"\xe4\n");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let still_taken = TcpListener::bind(taken).unwrap();
    let address = still_taken.local_addr().unwrap().to_string();
    let store = ["import", "--key-type", "p256", "--store"];
    let table: Vec<_> = [
        &["DIR/no/where"][..],
        &["DIR/file"],
        &["DIR/store", "--listen", "nonsense"],
        &["DIR/store", "--listen", "127.0.0.1:65536"],
        &["DIR/store", "--listen", &address],
        &["DIR/store", "--password-file", "DIR/nothing"],
        &["DIR/store", "--password-file", "DIR/latin"],
        &["DIR/store", "--trace", "DIR/no/where"],
        &["DIR/store", "--max-archive", "much"],
    ]
    .iter()
    .map(|args| refused(&folder, &[&store, *args].concat()))
    .collect();
    insta::assert_snapshot!(table.join("\n").replace(&address, "ADDR"));
}

#[test]
fn an_export() {
    let folder = Folder::default();
    folder.file("empty", "");
    folder.file("text", "hello");
    folder.file("wrong", "a\nb\n");
    let right = folder.file("right", "secret\n");
    let plain = folder.archive("plain", "64KiB", None);
    let start = std::fs::read(&plain).unwrap();
    folder.file("half", &start[..1000]);
    folder.archive("protected", "64KiB", Some(&right));
    std::fs::create_dir(folder.path("store")).unwrap();
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = peer.local_addr().unwrap().to_string();
    let table: Vec<_> = [
        &["--archive", "DIR/plain", "jami-auth://nonsense"][..],
        &["--archive", "DIR/plain", "-"],
        &["--archive", "DIR/nothing", TOKEN],
        &["--archive", "DIR/store", TOKEN],
        &["--archive", "DIR/empty", TOKEN],
        &["--archive", "DIR/text", TOKEN],
        &["--archive", "DIR/half", TOKEN],
        &["--archive", "DIR/plain", "--max-archive", "4096", TOKEN],
        &["--archive", "DIR/protected", TOKEN],
        &["--archive", "DIR/protected", "--calls", TOKEN],
        &["--archive", "DIR/protected", "--password-file", "DIR/nothing", TOKEN],
        &["--archive", "DIR/protected", "--password-file", "DIR/empty", TOKEN],
        &["--archive", "DIR/protected", "--password-file", "DIR/wrong", TOKEN],
        &["--archive", "DIR/plain", "--trace", "DIR/no/where", TOKEN],
        &["--store", "DIR/nothing", TOKEN],
        &["--store", "DIR/text", TOKEN],
        &["--store", "DIR/store", TOKEN],
    ]
    .iter()
    .map(|args| refused(&folder, &[&["export", "--peer", &address], *args].concat()))
    .collect();
    insta::assert_snapshot!(table.join("\n").replace(&address, "ADDR"));
    for peer in ["nonsense", "127.0.0.1", "127.0.0.1:65536"] {
        let refusal = refused(&folder, &["export", "--peer", peer, "--archive", "DIR/plain", TOKEN]);
        assert!(refusal.contains("\n2 ") && refusal.contains("expected HOST:PORT"), "{refusal}");
    }
    // Nobody was called.
    peer.set_nonblocking(true).unwrap();
    assert_eq!(peer.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
