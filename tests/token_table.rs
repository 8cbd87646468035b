//! Tokens, good and bad, by name: what the strict parser says of each, and what the lenient one says (R-TOK-1, R-TOK-3, R-TOK-4).

use handfast::token::{
    Ask, Code, DeviceId, Form, LONG_LENGTH, PREFIX, SHORT_LENGTH, Token, TokenError, TokenErrorKind as Kind,
    parse_channel_name, trim_typed,
};

const SHORT: &str = "02f92cb034a73275b5a23074abfa84a20a4f340b";
const LONG: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

type Verdict = Result<Form, (usize, Kind)>;

const fn at(offset: usize, kind: Kind) -> Verdict {
    Err((offset, kind))
}

/// Offsets: the id begins at 12, a short id ends at 52, a long one at 76, codes begin at 53 and 77 and end at 59 and 83.
fn table() -> Vec<(&'static str, Vec<u8>, Verdict, Verdict)> {
    use Form::{Long, Short};
    use Kind::{AllZero, CodeByte, Digit, End, EndOrSlash, HexDigit, HexDigitOrSlash, Prefix, Slash};
    let text = |parts: &[&str]| parts.concat().into_bytes();
    let bytes = |before: &[&str], bytes: &[u8]| [&text(before)[..], bytes].concat();
    let short_refused = at(52, HexDigit);
    vec![
        ("short id", text(&[PREFIX, SHORT, "/123456"]), Ok(Short), short_refused),
        ("long id", text(&[PREFIX, LONG, "/123456"]), Ok(Long), Ok(Long)),
        ("short id in upper case", text(&[PREFIX, &SHORT.to_uppercase(), "/123456"]), Ok(Short), short_refused),
        ("long id in upper case", text(&[PREFIX, &LONG.to_uppercase(), "/123456"]), Ok(Long), Ok(Long)),
        ("long id in mixed case", text(&[PREFIX, &LONG.replace('d', "D"), "/123456"]), Ok(Long), Ok(Long)),
        ("least code", text(&[PREFIX, LONG, "/100000"]), Ok(Long), Ok(Long)),
        ("greatest code", text(&[PREFIX, LONG, "/999999"]), Ok(Long), Ok(Long)),
        ("code with leading zeros", text(&[PREFIX, LONG, "/000042"]), Ok(Long), Ok(Long)),
        ("code of zeros", text(&[PREFIX, SHORT, "/000000"]), Ok(Short), short_refused),
        ("short id, one digit set", text(&[PREFIX, &"0".repeat(39), "1/123456"]), Ok(Short), short_refused),
        ("long id, one digit set", text(&[PREFIX, "8", &"0".repeat(63), "/123456"]), Ok(Long), Ok(Long)),
        // The prefix.
        ("nothing", text(&[]), at(0, Prefix), at(0, Prefix)),
        ("white space", text(&[" "]), at(0, Prefix), at(0, Prefix)),
        ("half a prefix", text(&["jami-a"]), at(6, Prefix), at(6, Prefix)),
        ("prefix without its last slash", text(&["jami-auth:/"]), at(11, Prefix), at(11, Prefix)),
        ("prefix alone", text(&[PREFIX]), at(12, HexDigit), at(12, HexDigit)),
        ("prefix in upper case", text(&["JAMI-AUTH://", SHORT, "/123456"]), at(0, Prefix), at(0, Prefix)),
        ("prefix with one capital", text(&["jami-Auth://", LONG, "/123456"]), at(5, Prefix), at(5, Prefix)),
        ("another scheme", text(&["jami://", SHORT, "/123456"]), at(4, Prefix), at(4, Prefix)),
        ("underscore for hyphen", text(&["jami_auth://", LONG, "/123456"]), at(4, Prefix), at(4, Prefix)),
        ("one slash of the prefix missing", text(&["jami-auth:/", LONG, "/123456"]), at(11, Prefix), at(11, Prefix)),
        ("three slashes", text(&["jami-auth:///", LONG, "/123456"]), at(12, HexDigit), at(12, HexDigit)),
        ("no prefix", text(&[SHORT, "/123456"]), at(0, Prefix), at(0, Prefix)),
        ("white space before", text(&[" ", PREFIX, LONG, "/123456"]), at(0, Prefix), at(0, Prefix)),
        ("byte order mark before", text(&["\u{feff}", PREFIX, LONG, "/123456"]), at(0, Prefix), at(0, Prefix)),
        ("prefix twice", text(&[PREFIX, PREFIX, LONG, "/123456"]), at(12, HexDigit), at(12, HexDigit)),
        ("a zero byte in the prefix", bytes(&["jami"], b"\0-auth://"), at(4, Prefix), at(4, Prefix)),
        // The id.
        ("no id", text(&[PREFIX, "/123456"]), at(12, HexDigit), at(12, HexDigit)),
        ("one digit", text(&[PREFIX, "a"]), at(13, HexDigit), at(13, HexDigit)),
        ("39 digits", text(&[PREFIX, &SHORT[..39], "/123456"]), at(51, HexDigit), at(51, HexDigit)),
        ("40 digits and no more", text(&[PREFIX, SHORT]), at(52, HexDigitOrSlash), at(52, HexDigit)),
        ("41 digits", text(&[PREFIX, SHORT, "a/123456"]), at(53, HexDigit), at(53, HexDigit)),
        ("63 digits", text(&[PREFIX, &LONG[..63], "/123456"]), at(75, HexDigit), at(75, HexDigit)),
        ("64 digits and no more", text(&[PREFIX, LONG]), at(76, Slash), at(76, Slash)),
        ("65 digits", text(&[PREFIX, LONG, "0/123456"]), at(76, Slash), at(76, Slash)),
        ("g among the digits", text(&[PREFIX, "0g", &SHORT[2..], "/123456"]), at(13, HexDigit), at(13, HexDigit)),
        ("last digit no hex", text(&[PREFIX, &LONG[..63], "x/123456"]), at(75, HexDigit), at(75, HexDigit)),
        (
            "last digit of a short id no hex",
            text(&[PREFIX, &SHORT[..39], "x/123456"]),
            at(51, HexDigit),
            at(51, HexDigit),
        ),
        ("0x before the id", text(&[PREFIX, "0x", SHORT, "/123456"]), at(13, HexDigit), at(13, HexDigit)),
        (
            "white space after the short id",
            text(&[PREFIX, SHORT, " /123456"]),
            at(52, HexDigitOrSlash),
            at(52, HexDigit),
        ),
        ("white space after the long id", text(&[PREFIX, LONG, " /123456"]), at(76, Slash), at(76, Slash)),
        ("hyphens in the id", text(&[PREFIX, "02f9-2cb0", &SHORT[8..], "/123456"]), at(16, HexDigit), at(16, HexDigit)),
        (
            "full-width digit in the id",
            text(&[PREFIX, "\u{ff10}", &SHORT[1..], "/123456"]),
            at(12, HexDigit),
            at(12, HexDigit),
        ),
        ("byte 0xff in the id", bytes(&[PREFIX, &SHORT[..10]], b"\xff"), at(22, HexDigit), at(22, HexDigit)),
        ("zero short id", text(&[PREFIX, &"0".repeat(40), "/123456"]), at(12, AllZero), at(52, HexDigit)),
        ("zero long id", text(&[PREFIX, &"0".repeat(64), "/123456"]), at(12, AllZero), at(12, AllZero)),
        ("zero id without a code", text(&[PREFIX, &"0".repeat(64)]), at(12, AllZero), at(12, AllZero)),
        // What separates.
        ("no slash before the code", text(&[PREFIX, SHORT, "123456"]), at(58, HexDigit), at(58, HexDigit)),
        ("colon for slash, short", text(&[PREFIX, SHORT, ":123456"]), at(52, HexDigitOrSlash), at(52, HexDigit)),
        ("colon for slash, long", text(&[PREFIX, LONG, ":123456"]), at(76, Slash), at(76, Slash)),
        ("backslash for slash", text(&[PREFIX, LONG, "\\123456"]), at(76, Slash), at(76, Slash)),
        ("two slashes", text(&[PREFIX, LONG, "//123456"]), at(77, Digit), at(77, CodeByte)),
        ("escaped slash", text(&[PREFIX, LONG, "%2F123456"]), at(76, Slash), at(76, Slash)),
        // The code.
        ("empty code, short", text(&[PREFIX, SHORT, "/"]), at(53, Digit), short_refused),
        ("empty code, long", text(&[PREFIX, LONG, "/"]), at(77, Digit), at(77, CodeByte)),
        ("five digits", text(&[PREFIX, LONG, "/12345"]), at(82, Digit), at(82, CodeByte)),
        ("five digits, short", text(&[PREFIX, SHORT, "/12345"]), at(58, Digit), short_refused),
        ("five digits and a slash", text(&[PREFIX, LONG, "/12345/"]), at(82, Digit), at(82, CodeByte)),
        ("seven digits", text(&[PREFIX, LONG, "/1234567"]), at(83, End), at(83, EndOrSlash)),
        ("seven digits, short", text(&[PREFIX, SHORT, "/1234567"]), at(59, End), short_refused),
        ("letters", text(&[PREFIX, LONG, "/abcdef"]), at(77, Digit), Ok(Long)),
        ("five digits and a letter", text(&[PREFIX, LONG, "/12345x"]), at(82, Digit), Ok(Long)),
        ("digits after white space", text(&[PREFIX, LONG, "/ 12345"]), at(77, Digit), Ok(Long)),
        ("a sign", text(&[PREFIX, LONG, "/-12345"]), at(77, Digit), Ok(Long)),
        ("a plus", text(&[PREFIX, SHORT, "/+12345"]), at(53, Digit), short_refused),
        ("Arabic-Indic digits", text(&[PREFIX, LONG, "/\u{661}\u{662}\u{663}"]), at(77, Digit), Ok(Long)),
        ("bytes that are no text", bytes(&[PREFIX, LONG, "/"], b"\xff\xfe\0\x80\xc1\xf5"), at(77, Digit), Ok(Long)),
        ("six zero bytes", bytes(&[PREFIX, LONG, "/"], &[0; 6]), at(77, Digit), Ok(Long)),
        // The end.
        ("white space after", text(&[PREFIX, LONG, "/123456 "]), at(83, End), at(83, EndOrSlash)),
        ("line end after", text(&[PREFIX, SHORT, "/123456\n"]), at(59, End), short_refused),
        ("a zero byte after", text(&[PREFIX, LONG, "/123456\0"]), at(83, End), at(83, EndOrSlash)),
        ("slash after", text(&[PREFIX, LONG, "/123456/"]), at(83, End), Ok(Long)),
        ("slash and more after", text(&[PREFIX, LONG, "/123456/any/thing"]), at(83, End), Ok(Long)),
        ("slash and bytes after", bytes(&[PREFIX, LONG, "/123456/"], b"\xff\0"), at(83, End), Ok(Long)),
        ("query after", text(&[PREFIX, LONG, "/123456?x=1"]), at(83, End), at(83, EndOrSlash)),
        ("two tokens", text(&[PREFIX, LONG, "/123456", PREFIX]), at(83, End), at(83, EndOrSlash)),
        ("letters, slash and more", text(&[PREFIX, LONG, "/abcdef/123456"]), at(77, Digit), Ok(Long)),
    ]
}

fn verdict(result: Result<Token, TokenError>) -> Verdict {
    result.map(|token| token.device.form()).map_err(|error| (error.offset, error.kind))
}

#[test]
fn each_token_is_judged_as_the_table_says() {
    let table = table();
    assert!(table.len() >= 60, "{}", table.len());
    for (name, text, strict, lenient) in table {
        assert_eq!(verdict(Token::parse(&text)), strict, "{name}, strict");
        assert_eq!(verdict(Token::parse_lenient(&text)), lenient, "{name}, lenient");
    }
}

#[test]
fn what_the_strict_parser_takes_is_written_in_lower_case_and_taken_again() {
    for (name, text, strict, _) in table() {
        let Ok(form) = strict else { continue };
        let token = Token::parse(&text).unwrap();
        let written = token.text().to_string();
        assert_eq!(written.as_bytes(), text.to_ascii_lowercase(), "{name}");
        assert_eq!(written.len(), if form == Form::Short { SHORT_LENGTH } else { LONG_LENGTH }, "{name}");
        assert_eq!(Token::parse(written.as_bytes()), Ok(token), "{name}");
    }
}

/// What a jamid importer reads of a lenient code, which its exporter asks for as it stands.
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
