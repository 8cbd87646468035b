//! `handfast message decode`.

use crate::support::{code, run, shown};

/// A message with one payload entry.
fn message(key: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| match text.len() {
        length @ 0..32 => [&[0xa0 | length as u8], text.as_bytes()].concat(),
        length => [&[0xda], &(length as u16).to_be_bytes()[..], text.as_bytes()].concat(),
    };
    [&b"\x82\xa8schemeId\x00\xa7payload\x81"[..], &text(key), &text(value)].concat()
}

/// A frame.
fn frame(channel: u16, data: &[u8]) -> Vec<u8> {
    [&b"\x92\xcd"[..], &channel.to_be_bytes(), &[0xc4, data.len() as u8], data].concat()
}

const HELLO: &[u8] = b"\x82\xa8schemeId\x00\xa7payload\x80";

#[test]
fn messages_are_printed_without_their_secrets() {
    let bytes = [
        HELLO.to_vec(),
        message("features", "cancel,result"),
        message("authScheme", "password"),
        message("password", "hunter2"),
        message("canRetry", "false"),
        message("accData", &"{\"ringAccountKey\":\"hunter2\"}".repeat(9)),
        message("importResult", "stored"),
        message("stateMsg", "CANCELED"),
        message("later", "hunter2"),
    ]
    .concat();
    insta::assert_snapshot!(shown(&run(["message", "decode"], &bytes)));
    let lines = run(["message", "decode", "--json"], &bytes);
    insta::assert_snapshot!(shown(&lines));
}

#[test]
fn frames_are_followed_into_their_channels() {
    let request = |state| [&b"\x93\xabauth:123456\xcd\x80\x00"[..], &[state]].concat();
    let other = |state| [&b"\x93\xafsvcdisc://query\xcd\x80\x01"[..], &[state]].concat();
    let answer = message("password", "hunter2");
    let bytes = [
        frame(0xffff, b"\x81\xa1v\x01"),
        frame(0, &request(0)),
        frame(0, &other(0)),
        frame(0x8000, HELLO),
        frame(0x8001, b"hunter2"),
        frame(0x8000, &answer[..20]),
        frame(0x8001, b"!"),
        frame(0x8000, &answer[20..]),
        frame(0x8001, b""),
        frame(0x8000, b""),
    ]
    .concat();
    insta::assert_snapshot!(shown(&run(["message", "decode", "--frames", "--json"], &bytes)));
    insta::assert_snapshot!(shown(&run(["message", "decode", "--frames"], &bytes)));
}

#[test]
fn what_is_no_message_is_refused_with_its_place() {
    let bytes = [HELLO, &message("password", "hunter2"), b"\x93"].concat();
    insta::assert_snapshot!(shown(&run(["message", "decode", "--json"], &bytes)));
    let long = [&b"\x82\xa8schemeId\x00\xa7payload\x81\xa7accData\xdb"[..], &u32::MAX.to_be_bytes()].concat();
    for (what, bytes) in [
        ("cut short", &HELLO[..7]),
        ("another scheme", b"\x82\xa8schemeId\x01\xa7payload\x80"),
        ("no UTF-8", b"\x82\xa8schemeId\x00\xa7payload\x81\xa8password\xa1\xff"),
        ("two meanings", b"\x82\xa8schemeId\x00\xa7payload\x82\xa8password\xa0\xaaauthScheme\xa0"),
        ("an archive over the limit", &long),
        ("nothing like it", b"GET / HTTP/1.1\r\n\r\n"),
        ("deep", &[0x91; 100_000]),
    ] {
        for mode in [&["message", "decode"][..], &["message", "decode", "--frames"]] {
            let output = run(mode, bytes);
            assert_eq!(code(output.status), 1, "{what}: {}", shown(&output));
            assert!(String::from_utf8_lossy(&output.stderr).contains(" byte "), "{what}: {}", shown(&output));
        }
    }
}

/// Nothing is no error, as a channel may have been empty; who forgot the input reads it.
#[test]
fn nothing_to_decode_is_said() {
    for more in [&[][..], &["--json"], &["--frames"]] {
        let output = run([&["message", "decode"], more].concat(), b"");
        assert_eq!((code(output.status), output.stdout.len()), (0, 0), "{}", shown(&output));
        let note = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(note.starts_with("handfast: there is nothing to decode on standard input; "), "{note}");
        let hello = run([&["message", "decode"], more].concat(), if more == ["--frames"] { b"" } else { HELLO });
        assert!(more == ["--frames"] || hello.stderr.is_empty(), "{}", shown(&hello));
    }
}
