//! Tokens and their codes (R-TOK-1 to R-TOK-5): what each text is, or where it stops to be a token and what was expected there.
//!
//! A token is typed here as a row of places, each with the bytes that it takes.

use std::fmt::Write as _;

use handfast::token::{Ask, Code, Token, TokenError, parse_channel_name, trim_typed};

use super::{Cases, Part, draws};

const SHORT: &str = "jami-auth://02f92cb034A73275b5a23074abfa84a20a4f340b/123456";
const LONG: &str = "jami-auth://3941fdea8f7fc158fa513bec019bef5b9ba4D76e080e819fd59855dd484e79ed/098765";

/// Bytes that are put at each place.
const BYTES: &[u8] = b"09afAFgG/: j\0\n\x80\xff";

/// The bytes that a place takes, and what is expected there.
type Place = (fn(u8) -> bool, &'static str);

const SLASH: Place = (|byte| byte == b'/', "`/`");
const HEX: Place = (|byte| byte.is_ascii_hexdigit(), "a hexadecimal digit of the device id");
const DIGIT: Place = (|byte| byte.is_ascii_digit(), "a digit of the six-digit code");
const CODE_BYTE: Place = (|byte| byte != b'/', "a byte of the code, which has six");

/// The places after the prefix of a token whose id has so many digits.
fn places(digits: usize, code: Place) -> Vec<Place> {
    [vec![HEX; digits], vec![SLASH], vec![code; 6]].concat()
}

/// How many places of a text are as they should be.
fn good(text: &[u8], places: &[Place]) -> usize {
    text.iter().zip(places).take_while(|(byte, (takes, _))| takes(**byte)).count()
}

/// The document's answer to a text: the id and the code, or the place of the error and the expectation.
fn stated(text: &[u8], lenient: bool) -> String {
    const PREFIX: &[u8] = b"jami-auth://";
    let same = text.iter().zip(PREFIX).take_while(|(a, b)| a == b).count();
    if same < PREFIX.len() {
        return format!("expected `jami-auth://` at byte {same}");
    }
    let rest = &text[PREFIX.len()..];
    // A 41st hexadecimal digit makes it a long id, and so does today's daemon, which takes no other.
    let is_long = lenient || rest.get(40).is_some_and(u8::is_ascii_hexdigit);
    let digits = if is_long { 64 } else { 40 };
    let places = places(digits, if lenient { CODE_BYTE } else { DIGIT });
    let good = good(rest, &places);
    if good >= digits && rest[..digits].iter().all(|&digit| digit == b'0') {
        return "expected a device id that is not all zero at byte 12".into();
    }
    if let Some((_, expected)) = places.get(good) {
        let expected =
            if good == 40 && !is_long { "`/`, or a further hexadecimal digit of the device id" } else { expected };
        return format!("expected {expected} at byte {}", 12 + good);
    }
    match rest.get(good) {
        Some(b'/') if lenient => {}
        Some(_) if lenient => return format!("expected the end, or `/` at byte {}", 12 + good),
        Some(_) => return format!("expected the end at byte {}", 12 + good),
        None => {}
    }
    let id = String::from_utf8_lossy(&rest[..digits]).to_ascii_lowercase();
    format!("{id} {}", String::from_utf8_lossy(&rest[digits + 1..digits + 7]))
}

/// The parser's answer.
fn came(parsed: Result<Token, TokenError>) -> String {
    match parsed {
        Ok(token) => {
            let text = token.text().to_string();
            text.strip_prefix("jami-auth://").map_or(text.clone(), |rest| rest.replacen('/', " ", 1))
        }
        Err(error) => error.to_string(),
    }
}

/// Texts of a token and its neighbours: each beginning, each place with another byte, and more at the end.
fn texts() -> Vec<Vec<u8>> {
    let zeros = |token: &str| {
        let (id, slash) = (12, token.rfind('/').expect("it has one"));
        format!("{}{}{}", &token[..id], "0".repeat(slash - id), &token[slash..])
    };
    let mut all = Vec::new();
    for token in [SHORT.to_owned(), LONG.to_owned(), zeros(SHORT), zeros(LONG)] {
        let token = token.into_bytes();
        for length in 0..=token.len() {
            all.push(token[..length].to_vec());
        }
        for place in 0..=token.len() {
            for &byte in BYTES {
                let mut other = token.clone();
                other.insert(place, byte);
                all.push(other.clone());
                if place < token.len() {
                    other.remove(place + 1);
                    all.push(other);
                }
            }
        }
        for end in ["/", "/more", "//", "7", " ", "\n"] {
            all.push([&token, end.as_bytes()].concat());
        }
    }
    all
}

pub(super) fn tokens() -> Part {
    let mut cases = Cases::default();
    for text in texts() {
        let shown = text.escape_ascii();
        cases.expect(format!("strictly, {shown}"), stated(&text, false), came(Token::parse(&text)));
        cases.expect(format!("leniently, {shown}"), stated(&text, true), came(Token::parse_lenient(&text)));
    }
    codes(&mut cases);
    draws::draws(&mut cases);
    cases.part("tokens", "R-TOK-1, R-TOK-2, R-TOK-3, R-TOK-4, R-TOK-5")
}

fn codes(cases: &mut Cases) {
    let id = &SHORT[12..52];
    // 4 294 800 000 is the largest multiple of 900 000 in 32 bits.
    for (random, stated) in [
        (0, Some(100_000)),
        (1, Some(100_001)),
        (899_999, Some(999_999)),
        (900_000, Some(100_000)),
        (123_456, Some(223_456)),
        (4_294_799_999, Some(999_999)),
        (4_294_800_000, None),
        (u32::MAX, None),
    ] {
        let device = id.parse().expect("it is an id");
        let made = Code::from_random(random).map(|code| Token { device, code }.text().to_string());
        let stated = stated.map(|code: u32| format!("jami-auth://{}/{code}", id.to_ascii_lowercase()));
        cases.expect(format!("the code of {random}"), stated, made);
    }
    for (code, stated) in
        [("000007", Some(7)), ("123456", Some(123_456)), ("12a456", Some(12)), ("a23456", None), (" 23456", None)]
    {
        let text = [&LONG.as_bytes()[..77], code.as_bytes()].concat();
        let number = Token::parse_lenient(&text).map(|token| token.code.number());
        cases.expect(format!("the number of {code:?}"), Ok(stated), number);
    }
    for (name, stated) in [
        ("auth:123456", "a code"),
        ("auth:000000", "a code"),
        ("auth:12345", "no code"),
        ("auth:1234567", "no code"),
        ("auth:12345a", "no code"),
        ("auth: 12345", "no code"),
        ("auth:", "no code"),
        ("auth", "another channel"),
        ("Auth:123456", "another channel"),
        ("sync://123456", "another channel"),
        ("", "another channel"),
    ] {
        let asked = match parse_channel_name(name) {
            Ask::Code(_) => "a code",
            Ask::NoCode => "no code",
            Ask::Other => "another channel",
        };
        cases.expect(format!("a request for the channel {name:?}"), stated, asked);
    }
    let mut typed = String::new();
    for around in [" ", "\t", "\n", "\r", "\x0c", "\u{a0}", "\0", "x"] {
        typed.clear();
        let _ = write!(typed, "{around}{SHORT}{around}");
        let stated = if around.bytes().all(|byte| byte.is_ascii_whitespace()) { SHORT } else { &typed };
        cases.expect(format!("a token between {around:?}"), stated.as_bytes(), trim_typed(typed.as_bytes()));
    }
}
