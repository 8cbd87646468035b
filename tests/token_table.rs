//! Tokens, good and bad, by name: what the strict parser says of each, and what the lenient one says (R-TOK-1, R-TOK-3, R-TOK-4).

use handfast::token::{
    Ask, Code, DeviceId, Form, LONG_LENGTH, PREFIX, SHORT_LENGTH, Token, TokenError, TokenErrorKind as Kind,
    parse_channel_name, trim_typed,
};

const SHORT: &str = "02f92cb034a73275b5a23074abfa84a20a4f340b";
const LONG: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// The form of the id, or what was expected at which byte.
type Verdict = Result<String, (usize, String)>;

/// A token by name: its bytes, what the strict parser says of it, and what the lenient one says.
struct Case {
    name: String,
    text: Vec<u8>,
    strict: Verdict,
    lenient: Verdict,
}

/// `vectors/tokens.json`, which other implementations can read too. `vectors/tokens.py` writes it, by rules of its own.
fn cases() -> Vec<Case> {
    let file: serde_json::Value = serde_json::from_str(include_str!("vectors/tokens.json")).unwrap();
    let unhex =
        |hex: &str| (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    let verdict = |said: &serde_json::Value| match said["form"].as_str() {
        Some(form) => Ok(form.to_owned()),
        None => Err((said["offset"].as_u64().unwrap() as usize, said["expected"].as_str().unwrap().to_owned())),
    };
    let case = |case: &serde_json::Value| Case {
        name: case["name"].as_str().unwrap().to_owned(),
        text: unhex(case["hex"].as_str().unwrap()),
        strict: verdict(&case["strict"]),
        lenient: verdict(&case["lenient"]),
    };
    file["cases"].as_array().unwrap().iter().map(case).collect()
}

fn verdict(result: Result<Token, TokenError>) -> Verdict {
    match result {
        Ok(token) if token.device.form() == Form::Short => Ok("short".into()),
        Ok(_) => Ok("long".into()),
        Err(error) => Err((error.offset, error.kind.to_string())),
    }
}

#[test]
fn each_token_is_judged_as_the_table_says() {
    let cases = cases();
    assert!(cases.len() >= 150, "{}", cases.len());
    for Case { name, text, strict, lenient } in cases {
        assert_eq!(verdict(Token::parse(&text)), strict, "{name}, strict");
        assert_eq!(verdict(Token::parse_lenient(&text)), lenient, "{name}, lenient");
    }
}

#[test]
fn what_the_strict_parser_takes_is_written_in_lower_case_and_taken_again() {
    for Case { name, text, strict, .. } in cases() {
        let Ok(form) = strict else { continue };
        let token = Token::parse(&text).unwrap();
        let written = token.text().to_string();
        assert_eq!(written.as_bytes(), text.to_ascii_lowercase(), "{name}");
        assert_eq!(written.len(), if form == "short" { SHORT_LENGTH } else { LONG_LENGTH }, "{name}");
        assert_eq!(Token::parse(written.as_bytes()), Ok(token), "{name}");
    }
}

/// The number that a jamid importer reads from a lenient code, which its exporter asks for as it stands.
#[test]
fn a_lenient_code_is_worth_its_leading_digits() {
    let table: [(&[u8], Option<u32>); 8] = [
        (b"123456", Some(123_456)),
        (b"000042", Some(42)),
        (b"12345x", Some(12_345)),
        (b"1\xff2345", Some(1)),
        (b"abcdef", None),
        (b"-12345", None),
        (b" 12345", None),
        (b"\0\0\0\0\0\0", None),
    ];
    for (code, number) in table {
        let text = [PREFIX.as_bytes(), LONG.as_bytes(), b"/", code].concat();
        let parsed = Token::parse_lenient(&text).unwrap().code;
        assert_eq!(parsed.number(), number, "{code:?}");
        assert_eq!(parsed.channel_name().as_bytes(), [b"auth:", code].concat());
    }
}

#[test]
fn what_a_person_typed_is_trimmed_and_nothing_within() {
    let typed = format!("\t\r\n {PREFIX}{SHORT}/123456 \n");
    assert!(Token::parse(trim_typed(typed.as_bytes())).is_ok());
    for inside in [format!("{PREFIX} {SHORT}/123456"), format!("\u{a0}{PREFIX}{SHORT}/123456")] {
        assert!(Token::parse(trim_typed(inside.as_bytes())).is_err(), "{inside:?}");
    }
}

#[test]
fn errors_say_what_was_expected_and_where() {
    let said = |text: &str| Token::parse(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(said("jami-outh://"), "expected `jami-auth://` at byte 5");
    assert_eq!(said("jami-auth://0z"), "expected a hexadecimal digit of the device id at byte 13");
    assert_eq!(said(&format!("{PREFIX}{SHORT}/12x")), "expected a digit of the six-digit code at byte 55");
}

#[test]
fn the_code_never_prints() {
    let token = Token::parse(format!("{PREFIX}{SHORT}/135790").as_bytes()).unwrap();
    let name = token.code.channel_name();
    for printed in [
        format!("{token:?} {token:#?}"),
        format!("{} {:?}", token.code, token.code),
        format!("{name} {name:?} {:?}", name.ask()),
    ] {
        assert!(!printed.contains("135790") && printed.contains("<code>"), "{printed}");
    }
    assert_eq!(token.code.to_string(), "<code>");
    assert_eq!(format!("{token:?}"), format!("Token {{ device: DeviceId({SHORT}), code: <code> }}"));
}

#[test]
fn a_channel_name_asks_for_a_session_or_for_something_else() {
    let code = Code::parse(b"123456").unwrap();
    assert_eq!(parse_channel_name("auth:123456"), Ask::Code(code));
    assert_eq!(parse_channel_name(code.channel_name()), Ask::Code(code));
    assert_ne!(parse_channel_name("auth:123457"), Ask::Code(code));
    for wrong in [
        "auth:",
        "auth:12345",
        "auth:1234567",
        "auth:123456/",
        "auth: 12345",
        "auth:abcdef",
        "auth:\u{661}\u{662}\u{663}",
    ] {
        assert_eq!(parse_channel_name(wrong), Ask::NoCode, "{wrong:?}");
    }
    for other in ["", "auth", "AUTH:123456", " auth:123456", "msg:123456", "svcdisc://query", "123456"] {
        assert_eq!(parse_channel_name(other), Ask::Other, "{other:?}");
    }
    assert_eq!(parse_channel_name(b"auth:\xff\xff\xff\xff\xff\xff"), Ask::NoCode);
}

/// R-TOK-2: each code is hit by as many random values as any other, the ends of the range included.
#[test]
fn codes_are_uniform() {
    const CODES: u32 = 900_000;
    let number = |random| Code::from_random(random).map(|code| code.number().unwrap());
    assert_eq!(number(0), Some(100_000));
    assert_eq!(number(CODES - 1), Some(999_999));
    let usable = u32::MAX / CODES * CODES;
    assert_eq!(number(usable - 1), Some(999_999));
    assert_eq!((number(usable), number(u32::MAX)), (None, None));
    assert!((0..CODES).step_by(997).all(|n| number(n) == Some(100_000 + n) && number(usable - CODES + n) == number(n)));
}

#[test]
fn device_ids_are_text_in_data() {
    for text in [SHORT, LONG] {
        let id: DeviceId = text.parse().unwrap();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<DeviceId>(&json).unwrap(), id);
    }
    for (wrong, offset, kind) in
        [("", 0, Kind::HexDigit), ("02f9", 4, Kind::HexDigit), (&format!("{SHORT}/"), 40, Kind::End)]
    {
        assert_eq!(wrong.parse::<DeviceId>(), Err(TokenError { offset, kind }), "{wrong}");
    }
    assert_eq!("0".repeat(40).parse::<DeviceId>(), Err(TokenError { offset: 0, kind: Kind::AllZero }));
}
