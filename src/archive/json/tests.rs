use proptest::{collection::vec, prelude::*};

use super::*;

/// Writes down what it learns. Wants the values of names that begin with `w`.
#[derive(Default)]
struct Notes(Vec<String>);

impl Sink for Notes {
    fn name(&mut self, name: Option<&str>) -> bool {
        self.0.push(name.unwrap_or("(long)").to_owned());
        name.is_some_and(|name| name.starts_with('w'))
    }

    fn string(&mut self, value: Option<&str>) {
        self.0.push(value.map_or("(not given)".to_owned(), |value| format!("={value}")));
    }

    fn other(&mut self, kind: Kind) {
        self.0.push(format!("{kind:?}"));
    }

    fn count(&mut self) {
        self.0.push("+".to_owned());
    }
}

fn scan(text: &[u8], slice: usize) -> Result<Vec<String>, Corrupt> {
    let mut scanner = Scanner::new(Notes::default());
    text.chunks(slice.max(1)).try_for_each(|slice| scanner.feed(slice))?;
    assert_eq!(scanner.offset(), text.len() as u64);
    scanner.finish().map(|notes| notes.0)
}

#[test]
fn the_sink_learns_names_and_wanted_values() {
    let text = r#" { "a" : "x" , "wanted":"\u00e9\"\n\ud83d\ude00é", "w\u0032": 1.5e-3, "o":{"p":{"q":1},"r":[{"s":1}]},
        "e":{}, "n":null, "l":[[],{},true,false,-0], "w": "" } "#;
    let expected = [
        "a",
        "(not given)",
        "wanted",
        "=\u{e9}\"\n\u{1f600}\u{e9}",
        "w2",
        "Scalar",
        "o",
        "Object",
        "+",
        "+",
        "e",
        "Object",
        "n",
        "Scalar",
        "l",
        "Array",
        "w",
        "=",
    ];
    for slice in 1..=text.len() {
        assert_eq!(scan(text.as_bytes(), slice).unwrap(), expected, "slices of {slice}");
    }
}

/// Characters of one to four bytes, as they are and as each escape that JSON has, against another parser.
#[test]
fn every_kind_of_character_is_kept() {
    let value = r#"a\u00e9\u20ac\ud83d\ude00é€😀퟿￿􏿿߿ࠀ𐀀\"\\\/\b\f\n\r\t"#;
    let text = format!("{{\"w\":\"{value}\"}}");
    let other: std::collections::BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
    for slice in 1..=text.len() {
        assert_eq!(scan(text.as_bytes(), slice).unwrap(), ["w".to_owned(), format!("={}", other["w"])]);
    }
}

/// R-SEC-2: of a string that no one asked for, nothing is held.
#[test]
fn what_is_not_wanted_is_not_held() {
    for (text, held) in [("{\"w\":\"secret", 6), ("{\"s\":\"secret", 0), ("{\"w\":[\"secret", 0), ("{\"name", 4)] {
        for slice in [1, text.len()] {
            let mut scanner = Scanner::new(Notes::default());
            text.as_bytes().chunks(slice).for_each(|slice| scanner.feed(slice).unwrap());
            assert_eq!(scanner.length, held, "{text}");
            assert!(scanner.kept[held..].iter().all(|byte| *byte == 0), "{text}");
        }
    }
}

#[test]
fn long_strings_pass_unheld() {
    let text = |name: &str, length| format!("{{\"{name}\":\"{}\"}}", "x".repeat(length)).into_bytes();
    assert_eq!(scan(&text("w", MAX_VALUE), 999).unwrap()[1].len(), MAX_VALUE + 1);
    assert_eq!(scan(&text("w", MAX_VALUE + 1), 999).unwrap(), ["w", "(not given)"]);
    assert_eq!(scan(&text("s", 10 * MAX_VALUE), 999).unwrap(), ["s", "(not given)"]);
    assert_eq!(scan(&text(&"n".repeat(MAX_NAME + 1), 3), 7).unwrap(), ["(long)", "(not given)"]);
    // Bytes that would fit after some that did not.
    let gap = format!("{{\"w\":\"{}\u{e9}a\"}}", "x".repeat(MAX_VALUE - 1));
    assert_eq!(scan(gap.as_bytes(), 64).unwrap(), ["w", "(not given)"]);
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let most = MAX_JSON_DEPTH as usize - 1;
    assert!(scan(nested(most).as_bytes(), 16).is_ok());
    let error = scan(nested(most + 1).as_bytes(), 16).unwrap_err();
    assert_eq!(error.to_string(), "expected a value that is nested less deeply at byte 36 of the JSON text");
}

#[test]
fn errors_say_where_and_what() {
    let cases: [(&[u8], u64, &str); 19] = [
        (b"", 0, "the rest of the JSON text"),
        (b"[]", 0, "an object"),
        (b"\"abc\"", 0, "an object"),
        (b"12 ", 0, "an object"),
        (b"{\"a\":[1,\"b\",x]}", 12, "a value"),
        (b"{\"a\":1", 6, "the rest of the JSON text"),
        (b"{\"a\":1,}", 7, "a member's name"),
        (b"{\"a\" 1}", 5, "a colon"),
        (b"{\"a\":[1 2]}", 8, "a comma or the end of the object or array"),
        (b"{\"a\":[1}", 7, "a comma or the end of the object or array"),
        (b"{\"a\":{\"b\":1]", 11, "a comma or the end of the object or array"),
        (b"{\"a\":01}", 6, "a comma or the end of the object or array"),
        (b"{\"a\":-}", 6, "a digit"),
        (b"{\"a\":nul}", 8, "true, false or null"),
        (b"{\"a\":\"\x01\"}", 6, "no control character in a string"),
        (b"{\"a\":\"\xff\"}", 6, "UTF-8"),
        (b"{\"a\":\"\\ud800x\"}", 12, "the second half of a surrogate pair"),
        (b"{\"a\":\"\\udc00\"}", 11, "the first half of a surrogate pair before the second"),
        (b"{}{}", 2, "the end of the JSON text"),
    ];
    for (text, offset, expected) in cases {
        let error = Corrupt { place: Place::Text, offset, expected };
        for slice in [1, text.len()] {
            assert_eq!(scan(text, slice), Err(error), "{}", text.escape_ascii());
        }
    }
}

/// Most of a large archive is passed over in long stretches: the sink learns the same as where each byte comes alone, and the members of
/// the outermost objects alone are counted.
#[test]
fn what_is_passed_over_counts_as_what_comes_byte_by_byte() {
    let text = r#"{"o":{"p":"q","r":12,"s":[1.5,1e9,2E+1,30,-4,0.5,"t","\u00e9","\"",{"u":1,"v":"w"}],"x":{"y":7}},"l":["a",1,[2,"b"],{"c":3}]}"#;
    let expected = ["o", "Object", "+", "+", "+", "+", "l", "Array"];
    for slice in 1..=text.len() {
        let learned = scan(text.as_bytes(), slice).unwrap();
        assert_eq!(learned, expected, "slices of {slice}");
    }
    for wrong in
        ["[1.]", "[1e]", "[1 2]", "[\"a\" 1]", "[\"a\":1]", "{\"a\",1}", "{1:2}", "{\"a\":1,2}", "[01]", "[1", "[\"a"]
    {
        let text = format!("{{\"m\":[{wrong}]}}");
        let error = scan(text.as_bytes(), 1).unwrap_err();
        for slice in 2..=text.len() {
            assert_eq!(scan(text.as_bytes(), slice), Err(error), "{text}, slices of {slice}");
        }
    }
}

/// Text that is nearly JSON: pieces of it in any order.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 32] = [
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"\"",
        b"\"a\"",
        b"\"b\"",
        b"\"a\":",
        b"\"\xc3\xa9\"",
        b"1",
        b"-0",
        b"0.5",
        b"1e9",
        b"1.e",
        b"true",
        b"null",
        b"fals",
        b" ",
        b"\n",
        b"\\u00e9",
        b"\\ud83d\\ude00",
        b"\\n",
        b"\xe2\x82",
        b"\x80",
        b"{\"k\":",
        b"[[",
        b"]]",
        b"{}",
        b"[]",
        b"\\ud800",
    ];
    vec(proptest::sample::select(&PIECES[..]), 0..14).prop_map(|pieces| [b"{\"x\":", &*pieces.concat(), b"}"].concat())
}

proptest! {
    /// The slices make no difference, and another parser agrees on what is JSON.
    #[test]
    fn another_parser_agrees(text in nearly_json(), slice in 1..20usize) {
        let whole = scan(&text, text.len());
        prop_assert_eq!(&scan(&text, slice), &whole);
        let other = serde_json::from_slice::<serde_json::Value>(&text);
        prop_assert_eq!(whole.is_ok(), other.is_ok(), "{} {:?} {:?}", text.escape_ascii(), whole, other);
    }

    #[test]
    fn no_bytes_make_it_panic(text in vec(any::<u8>(), 0..200), slice in 1..20usize) {
        let _ = scan(&text, slice);
    }
}
