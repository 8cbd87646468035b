//! Links that cannot begin: refused in words, with the exit code of the reason, and before any connection.

use std::net::TcpListener;

use crate::support::{Folder, code, image, run, text};

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
    run(["token", "qr", "--output", text(&folder.path("code.png")), TOKEN], b"");
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = peer.local_addr().unwrap().to_string();
    let table: Vec<_> = [
        &["--archive", "DIR/plain", "jami-auth://nonsense"][..],
        &["--archive", "DIR/plain", "-"],
        &["--archive", "DIR/plain"],
        &["--archive", "DIR/plain", "--json"],
        &["--archive", "DIR/plain", "--qr", "DIR/nothing"],
        &["--archive", "DIR/plain", "--qr", "DIR/text"],
        &["--archive", "DIR/nothing", "--qr", "DIR/code.png"],
        &["--archive", "DIR/plain", "--qr", "DIR/code.png", TOKEN],
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
        &["--archive", "DIR/plain", "--sas-match", "12345", TOKEN],
        &["--archive", "DIR/plain", "--sas-match", "abcdef", TOKEN],
    ]
    .iter()
    .map(|args| refused(&folder, &[&["export", "--peer", &address], *args].concat()))
    .collect();
    insta::assert_snapshot!(table.join("\n").replace(&address, "ADDR"));
    for peer in ["nonsense", "127.0.0.1", "127.0.0.1:65536"] {
        let refusal = refused(&folder, &["export", "--peer", peer, "--archive", "DIR/plain", TOKEN]);
        assert!(refusal.contains("\n2 ") && refusal.contains("expected HOST:PORT"), "{refusal}");
    }
    // No one was called.
    peer.set_nonblocking(true).unwrap();
    assert_eq!(peer.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

/// R-SEC-2: what is typed in the token's place may be the password. It is not printed, whichever way it came.
#[test]
fn a_password_in_the_token_s_place_is_not_shown() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let args = ["export", "--json", "--peer", "127.0.0.1:9", "--archive", text(&archive)];
    for (token, input) in [("-", &b"hunter2\n"[..]), ("hunter2", b"")] {
        let refused = run(args.into_iter().chain([token]), input);
        assert_eq!(code(refused.status), 2);
        let lines = String::from_utf8(refused.stdout).unwrap();
        assert!(lines.contains("\"uri\":\"<no token>\"") && !lines.contains("hunter2"), "{lines}");
        let complaint = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(complaint.contains("hunter2"), token != "-", "{complaint}");
    }
}

/// The QR code of this text, with four pixels to a module, and its width.
fn code_of(text: &str) -> (usize, Vec<u8>) {
    let code = qrcode::QrCode::new(text).unwrap();
    let side = (code.width() + 8) * 4;
    let inside = |at: usize| (at / 4).checked_sub(4).filter(|at| *at < code.width());
    let is_dark = |at: usize| matches!((inside(at % side), inside(at / side)), (Some(x), Some(y)) if code[(x, y)] == qrcode::Color::Dark);
    (side, (0..side * side).map(|at| if is_dark(at) { 0 } else { 255 }).collect())
}

/// A QR code that is no token is refused as `addDevice` would (R-API-4).
#[test]
fn an_image_of_something_else() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let other = folder.path("other.png");
    let (side, pixels) = code_of("https://example.org");
    image(&other, side, &pixels);
    let args = ["export", "--json", "--peer", "127.0.0.1:9", "--archive", text(&archive), "--qr", text(&other)];
    let refused = run(args, b"");
    assert_eq!(code(refused.status), 2);
    let lines = String::from_utf8(refused.stdout).unwrap();
    let call: serde_json::Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    assert_eq!(
        (&call["call"], &call["args"]["uri"], &call["ret"]),
        (&"addDevice".into(), &"https://example.org".into(), &(-1).into())
    );
    let complaint = String::from_utf8(refused.stderr).unwrap();
    insta::assert_snapshot!(complaint.replace(text(&folder.path("")), "DIR/"), @r"
    handfast: --qr DIR/other.png shows a QR code, and this is no token: expected `jami-auth://` at byte 0
      https://example.org
      ^
    ");
}
