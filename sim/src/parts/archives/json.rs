//! The grammar of a text at its borders (RFC 8259, R-IMP-11): all short sequences of the characters of numbers and of the signs of JSON, each
//! byte in each place, and all borders of UTF-8, held against another reader of JSON.

use std::io::Cursor;

use handfast::archive::{Archive, InsecureKdf, Terms};
use serde_json::Value;

use super::{Cases, Verdict, gzip, open, opens, text_of, theirs};
use crate::shell::fixture::NOW;

/// Where a value may stand: the characters before it, and after it.
const PLACES: [(&str, &str); 4] =
    [("\"x\":", ","), ("\"x\":[0,", "],"), ("\"x\":{\"y\":", "},"), ("\"x\":[{\"y\":[", ",0]}],")];

/// A text whose first bytes show nothing of what is in it.
fn padded(before: &[u8], value: &[u8], after: &[u8]) -> Vec<u8> {
    let text = text_of(&format!("\"-\":\"{}\",@", "-".repeat(600)));
    let at = text.iter().position(|byte| *byte == b'@').unwrap_or_default();
    [&text[..at], before, value, after, &text[at + 1..]].concat()
}

fn corrupt() -> Verdict {
    theirs("Corrupt(Text)")
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<Value>(text).is_ok()
}

/// Values, with each verdict by another reader: those that are none one by one, the others all in one text, in each of these places.
fn values(cases: &mut Cases, values: &[Vec<u8>], places: &[(&str, &str)]) {
    let terms = Terms::at(NOW);
    for (before, after) in places {
        let mut sound = Vec::new();
        for value in values {
            let whole = [b"{", before.as_bytes(), value, after.as_bytes(), b"\"z\":0}"].concat();
            if is_json(&whole) {
                sound.extend([before.as_bytes(), value, after.as_bytes()].concat());
                continue;
            }
            let came = open(&padded(before.as_bytes(), value, after.as_bytes()), "", terms);
            cases.expect(format!("JSON: {before}{}{after}", value.escape_ascii()), corrupt(), came);
        }
        let came = open(&padded(b"", &sound, b""), "", terms);
        cases.expect(format!("JSON: all that are values, {before}{after}"), opens(), came);
    }
}

/// All sequences of so many of these parts, at most.
fn sequences(parts: &[&str], most: u32) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for length in 1..=most {
        for number in 0..parts.len().pow(length) {
            let mut rest = number;
            let mut sequence = Vec::new();
            for _ in 0..length {
                sequence.extend_from_slice(parts[rest % parts.len()].as_bytes());
                rest /= parts.len();
            }
            all.push(sequence);
        }
    }
    all
}

pub(super) fn json(cases: &mut Cases) {
    values(cases, &sequences(&["-", "0", "1", ".", "e", "+"], 4), &PLACES[..2]);
    let numbers = [
        "007",
        "-00",
        "00.5",
        "01e1",
        "0.0e-0",
        "-0.10E+01",
        "1.e1",
        "1.5.5",
        "1e5.5",
        "1e+-5",
        "1e5e5",
        "0x1",
        "1_0",
        "1f",
        "NaN",
        "-NaN",
        "Infinity",
        "-Infinity",
        ".5",
        "+1",
        "--1",
        "1-",
        "1+",
        "-e1",
        "1E05",
        "123456789012345678901234567890",
        "-.5",
        "- 1",
        "1 2",
        "0 .5",
        "\u{661}",
    ];
    values(cases, &numbers.map(|number| number.as_bytes().to_vec()), &PLACES);
    let signs = ["{", "}", "[", "]", ",", "\"a\":", "1", "\"a\""];
    values(cases, &sequences(&signs, 3), &PLACES[..1]);
    values(cases, &sequences(&signs, 4), &PLACES[1..2]);
    let words = [
        "true",
        "false",
        "null",
        "True",
        "TRUE",
        "tru",
        "truee",
        "t",
        "fals",
        "falsee",
        "f",
        "nul",
        "nulll",
        "n",
        "nil",
        "undefined",
        "'a'",
        "a",
        "\"a",
        "a\"",
        "\"a\"\"b\"",
        "\"a\" \"b\"",
        "\"a\"b",
        "// a\n1",
        "/**/1",
        "#1",
        "{\"a\"}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1,,\"b\":1}",
        "{\"a\":1 \"b\":1}",
        "{a:1}",
        "{1:1}",
        "{null:1}",
        "{'a':1}",
        "{\"a\"::1}",
        "{\"a\":1:1}",
        "{\"a\":1;\"b\":1}",
        "{\"a\":1,\"b\"}",
        "[1,]",
        "[,1]",
        "[1,,1]",
        "[1 1]",
        "[\"a\":1]",
        "[1:1]",
        "{\"a\":[1}",
        "[{\"a\":1]",
        "[1}",
        "{\"a\":1]",
        "[[]",
        "[]]",
        "{}}",
        "{{}}",
        "[{}",
        "{\"a\":{}",
        "",
        ",",
        ":",
        "\"a\":1",
    ];
    values(cases, &words.map(|word| word.as_bytes().to_vec()), &PLACES);
    strings(cases);
    bytes(cases);
    depth(cases);
    ends(cases);
    kept(cases);
}

/// The escapes, the halves of pairs, and the characters of several bytes.
fn strings(cases: &mut Cases) {
    let quoted = |bytes: &[u8]| [b"\"", bytes, b"\""].concat();
    let mut all: Vec<Vec<u8>> = (0..=255).map(|byte| quoted(&[b'\\', byte])).collect();
    all.extend((0..=255).map(|byte| quoted(&[b'a', byte])));
    for place in 0..4 {
        for byte in 0..=127 {
            let mut digits = *b"\\u0041";
            digits[2 + place] = byte;
            all.push(quoted(&digits));
        }
    }
    let halves = [
        "", "a", "\\n", "\\", "\\u", "\\ud800", "\\udbff", "\\udc00", "\\udfff", "\\uD83D", "\\uDE00", "\\ud7ff",
        "\\ue000", "\\u0000",
    ];
    for (first, second) in halves.iter().flat_map(|first| halves.iter().map(move |second| (first, second))) {
        all.push(quoted(format!("{first}{second}").as_bytes()));
        all.push(quoted(format!("{first}{second}a").as_bytes()));
    }
    let after = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
    for lead in
        [0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff]
    {
        all.push(quoted(&[lead]));
        all.extend(after.map(|one| quoted(&[lead, one])));
        for (one, two) in after.into_iter().flat_map(|one| [0x7f, 0x80, 0xbf, 0xc0].map(|two| (one, two))) {
            if lead >= 0xe0 {
                all.push(quoted(&[lead, one, two]));
            }
            if lead >= 0xf0 {
                all.extend([0x7f, 0x80, 0xbf, 0xc0].map(|three| quoted(&[lead, one, two, three])));
            }
        }
    }
    // As a value that is not wanted, a name, and a value that is.
    let places = [("\"x\":[", "],"), ("\"x\":{", ":0},")];
    values(cases, &all, &places);
    for value in &all {
        let whole = [b"{\"v\":", &value[..], b"}"].concat();
        let stated = serde_json::from_slice::<Value>(&whole).ok().and_then(|all| Some(all["v"].as_str()?.to_owned()));
        let file = padded(b"\"Account.alias\":", value, b",");
        let came = Archive::open(Cursor::new(file), &"".into(), &InsecureKdf, Terms::at(NOW));
        let came = came.ok().and_then(|archive| archive.summary().applied.get("Account.alias").cloned());
        cases.expect(format!("JSON: the alias {}", value.escape_ascii()), stated, came);
    }
}

/// Each byte between any two signs.
fn bytes(cases: &mut Cases) {
    let places =
        [("", "\"x\":0,"), ("\"x\"", ":0,"), ("\"x\":", "0,"), ("\"x\":0", ","), ("\"x\":[", "],"), ("\"x\":[0", "],")];
    for (before, after) in
        places.into_iter().chain([("\"x\":{", "},"), ("\"x\":{\"y\"", ":0},"), ("\"x\":{\"y\":0", "},")])
    {
        let all: Vec<_> = (0..=255).map(|byte| vec![byte]).collect();
        values(cases, &all, &[(before, after)]);
    }
}

/// 32 levels, the outermost object among them.
fn depth(cases: &mut Cases) {
    let kinds = [("[", "0", "]"), ("{\"a\":", "0", "}"), ("[{\"a\":", "", "}]"), ("[", "", "]")];
    for (open_kind, inside, close) in kinds {
        let each = if open_kind.len() > 5 { 2 } else { 1 };
        let inside = if each == 2 { "[]" } else { inside };
        for levels in [0, 1, 15, 29, 30, 31, 32, 33, 62, 63, 64, 65, 1000] {
            let times = levels / each;
            let inner = usize::from(inside == "[]");
            if times == 0 && inside.is_empty() {
                continue;
            }
            let value = format!("{}{inside}{}", open_kind.repeat(times), close.repeat(times));
            let text = text_of(&format!("\"-\":\"{}\",\"x\":{value},", "-".repeat(600)));
            let stated = if 1 + times * each + inner <= 32 { opens() } else { corrupt() };
            let what = format!("JSON: {open_kind}{close}, {} levels", 1 + times * each + inner);
            cases.expect(what, stated, open(&text, "", Terms::at(NOW)));
            // Not of all that came, but of what is open.
            let again = text_of(&format!("\"x\":{value},\"y\":{value},"));
            let stated = if 1 + times * each + inner <= 32 { opens() } else { corrupt() };
            cases.expect("JSON: the same twice", stated, open(&again, "", Terms::at(NOW)));
        }
    }
}

/// Bytes before the text and after it, and its end.
fn ends(cases: &mut Cases) {
    let terms = Terms::at(NOW);
    let text = text_of("");
    for byte in 0..=255_u8 {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let stated = || if is_blank { opens() } else { corrupt() };
        let before = open(&gzip(&[&[byte], &text[..]].concat()), "", terms);
        if byte != 0x1f {
            cases.expect(format!("JSON: before it is {byte:02x}"), stated(), before);
        }
        let padded = padded(b"", b"", b"");
        let after = open(&[&padded[..], &[byte]].concat(), "", terms);
        cases.expect(format!("JSON: after it is {byte:02x}"), stated(), after);
    }
    for (what, whole) in [
        ("an array of it", [b"[", &text[..], b"]"].concat()),
        ("two of it", [&text[..], &text].concat()),
        ("a string", b"\"ringAccountKey\"".to_vec()),
        ("a number", b"12345".to_vec()),
        ("a word", b"true".to_vec()),
        ("a mark before it", [b"\xef\xbb\xbf", &text[..]].concat()),
    ] {
        cases.expect(format!("JSON: {what}"), corrupt(), open(&gzip(&whole), "", terms));
    }
    let padded = padded(b"\"x\":[{\"y\":[1.5e3,true,\"\\u00e4\\ud83d\\ude00\"]}],", b"", b"");
    for at in (600..720).chain((720..padded.len()).step_by(97)).chain(padded.len() - 9..padded.len()) {
        cases.expect(format!("JSON: cut at byte {at}"), corrupt(), open(&padded[..at], "", terms));
    }
}

/// A text is the same however its bytes come: one by one, and with each of its parts on a border of what is read at once.
fn kept(cases: &mut Cases) {
    let value = "{\"a\":[1.5e3,true,\"\\u00e4\\ud83d\\ude00\u{e4}\u{20ac}\u{1f600}\"]},\"Account.alias\":\"\\ud83d\\ude00\u{1f600}\",";
    for shift in 0..value.len() + 20 {
        let text = text_of(&format!("\"-\":\"{}\",\"x\":{value}", "-".repeat(65_520 - shift)));
        let came = Archive::open(Cursor::new(text), &"".into(), &InsecureKdf, Terms::at(NOW));
        let came = came.ok().and_then(|archive| archive.summary().applied.get("Account.alias").cloned());
        cases.expect(format!("JSON: a border {shift} bytes on"), Some("\u{1f600}\u{1f600}".to_owned()), came);
    }
}
