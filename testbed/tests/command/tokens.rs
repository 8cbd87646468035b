//! `handfast token`.

use crate::support::{Folder, code, run, shown, text};

const SHORT: &str = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
const LONG: &str = "jami-auth://4ccf2262b8772888db1eeb20c3eed0825fa53518fb0df1ba1990b9710f533095/192691";

#[test]
fn a_token_is_taken_apart() {
    insta::assert_snapshot!(shown(&run(["token", "parse", SHORT], b"")), @r#"
    device   02f92cb034a73275b5a23074abfa84a20a4f340b
    form     short
    code     123456
    channel  auth:123456
    --
    -- 0
    "#);
    insta::assert_snapshot!(shown(&run(["token", "parse", "--json", "-"], format!(" {LONG}\n").as_bytes())), @r#"
    {"device":"4ccf2262b8772888db1eeb20c3eed0825fa53518fb0df1ba1990b9710f533095","form":"long","code":"192691","channel":"auth:192691"}
    --
    -- 0
    "#);
}

#[test]
fn a_refusal_points_at_the_byte() {
    insta::assert_snapshot!(shown(&run(["token", "parse", "--json", "  jami-auth://02f9 /123456"], b"")), @r#"
    {"error":"expected a hexadecimal digit of the device id at byte 18","offset":18}
    --
    handfast: this is no token: expected a hexadecimal digit of the device id at byte 18
        jami-auth://02f9 /123456
                        ^
    -- 1
    "#);
    for wrong in
        ["", "jami-auth:/", &SHORT[..58], &format!("{SHORT}7"), &SHORT.to_uppercase(), &SHORT.replace('2', "é")]
    {
        let output = run(["token", "parse", wrong], b"");
        assert_eq!((code(output.status), output.stdout.len()), (1, 0), "{wrong}");
    }
    let not_text = run(["token", "parse"], b"jami-auth://\xff\x1b[31m");
    assert!(!not_text.stderr.contains(&0x1b), "{}", shown(&not_text));
    assert_eq!(code(run(["token", "parse"], &[b'x'; 10_000]).status), 1);
}

#[test]
fn lenient_takes_what_the_daemon_takes() {
    let odd = LONG.replace("192691", "1 x\\y\"/anything");
    assert_eq!(code(run(["token", "parse", &odd], b"").status), 1);
    let output = run(["token", "parse", "--lenient", "--json", &odd], b"");
    insta::assert_snapshot!(shown(&output), @r#"
    {"device":"4ccf2262b8772888db1eeb20c3eed0825fa53518fb0df1ba1990b9710f533095","form":"long","code":"1 x\\y\"","channel":"auth:1 x\\y\""}
    --
    -- 0
    "#);
    assert_eq!(code(run(["token", "parse", "--lenient", SHORT], b"").status), 1);
}

#[test]
fn a_fuzzer_is_answered_line_by_line() {
    let file: serde_json::Value = serde_json::from_str(include_str!("../../../tests/vectors/tokens.json")).unwrap();
    let cases = || file["cases"].as_array().unwrap().iter().filter(|case| case["text"].is_string());
    let input: Vec<u8> = cases().flat_map(|case| [case["text"].as_str().unwrap().as_bytes(), b"\0"].concat()).collect();
    for (verdict, flags) in
        [("strict", &["token", "parse", "--stdin0"][..]), ("lenient", &["token", "parse", "--lenient", "--stdin0"])]
    {
        let output = run(flags, &input);
        assert_eq!(code(output.status), 0);
        let answers: Vec<serde_json::Value> =
            String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), cases().count());
        for (case, answer) in cases().zip(answers) {
            let said = &case[verdict];
            assert_eq!(
                (&answer["form"], &answer["offset"]),
                (&said["form"], &said["offset"]),
                "{}, {verdict}",
                case["name"]
            );
        }
    }
}

#[test]
fn what_has_no_zero_byte_at_its_end_is_not_taken_for_whole() {
    for (input, answers) in [(&b"jami-auth://"[..], 0), (b"x\0jami-auth://", 1), (&[b'x'; 10_000], 0)] {
        let output = run(["token", "parse", "--stdin0"], input);
        assert_eq!((code(output.status), output.stdout.split(|byte| *byte == b'\n').count() - 1), (1, answers));
    }
}

#[test]
fn made_tokens_are_tokens() {
    let made = |args: &[&str]| String::from_utf8(run(["token", "new"].iter().chain(args), b"").stdout).unwrap();
    for (args, length) in [(&["--short"][..], 59), (&["--long"], 83), (&[], 59)] {
        let token = made(args);
        assert_eq!(token.trim_end().len(), length);
        assert!(run(["token", "parse"], token.as_bytes()).status.success());
        assert_ne!(token, made(args));
    }
    assert_eq!(made(&["--seed", "7"]), made(&["--seed", "7"]));
    assert_ne!(made(&["--seed", "7"]), made(&["--seed", "8"]));
}

#[test]
fn a_qr_code_is_drawn_of_tokens_only() {
    let drawn = run(["token", "qr", SHORT], b"");
    assert!(drawn.status.success());
    // A QR code of version 4 with its quiet zone, two modules a line.
    let lines = String::from_utf8(drawn.stdout).unwrap();
    assert!(lines.lines().all(|line| line.chars().count() == 41) && lines.lines().count() == 21, "{lines}");
    assert_eq!(code(run(["token", "qr", "http://example.org"], b"").status), 1);
}

#[test]
fn a_qr_code_can_be_an_image() {
    let folder = Folder::default();
    let image = folder.path("code.png");
    let written = run(["token", "qr", "--output", text(&image), LONG], b"");
    assert_eq!((code(written.status), written.stdout.len()), (0, 0), "{}", shown(&written));
    // It is a token that any reader can use.
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!(std::fs::metadata(&image).unwrap().mode() & 0o77, 0);
    let nowhere = run(["token", "qr", "--output", text(&folder.path("no/where.png")), LONG], b"");
    assert_eq!(code(nowhere.status), 1);
}

#[test]
fn a_reader_that_goes_is_no_panic() {
    let mut child =
        crate::support::handfast(["token", "qr", SHORT]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_ne!(code(child.wait().unwrap()), 101);
}

/// An empty text has no place to point at: the complaint says what to do.
#[test]
fn an_empty_text_is_no_token() {
    for args in [&["token", "parse"][..], &["token", "qr"], &["token", "parse", ""]] {
        let output = run(args, b"");
        assert_eq!(code(output.status), 1, "{}", shown(&output));
        assert!(shown(&output).contains("the text is empty; give the token as an argument"), "{}", shown(&output));
    }
}
