//! Laws of any bytes that may be a token (R-TOK-3, R-TOK-4).

use std::io::Write as _;

use handfast::token::{
    Form, LONG_LENGTH, SHORT_LENGTH, Token, TokenError, TokenErrorKind, parse_channel_name, trim_typed,
};

/// Panics if the parsers do to `text` what they must not.
pub fn check(text: &[u8]) {
    check_parsers(text, Token::parse, Token::parse_lenient);
    assert!(trim_typed(text).len() <= text.len());
    parse_channel_name(text);
}

/// The same of any two parsers: one that does what R-TOK-3 says, one that does what R-TOK-4 says.
pub fn check_parsers(
    text: &[u8],
    parse: impl Fn(&[u8]) -> Result<Token, TokenError>,
    parse_lenient: impl Fn(&[u8]) -> Result<Token, TokenError>,
) {
    let (strict, lenient) = (parse(text), parse_lenient(text));
    assert_eq!(strict.is_ok(), is_token(text));
    match strict {
        Ok(token) => {
            let length = match token.device.form() {
                Form::Short => SHORT_LENGTH,
                Form::Long => LONG_LENGTH,
            };
            assert_eq!(text.len(), length);
            let mut written = [0; LONG_LENGTH];
            write!(&mut written[..length], "{}", token.text()).expect("a token is as long as its form says");
            assert!(written[..length].eq_ignore_ascii_case(text));
            assert_eq!(parse(&written[..length]), Ok(token));
            assert_eq!(lenient.ok(), (length == LONG_LENGTH).then_some(token));
        }
        Err(error) => check_error(text, error, parse),
    }
    match lenient {
        Ok(token) => assert_eq!((token.device.form(), &text[76..77]), (Form::Long, &b"/"[..])),
        Err(error) => check_error(text, error, parse_lenient),
    }
}

/// R-TOK-3, in as many words.
fn is_token(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"jami-auth://") else { return false };
    let Some((id, code)) = rest.split_at_checked(if rest.len() == 47 { 40 } else { 64 }) else { return false };
    id.iter().all(u8::is_ascii_hexdigit)
        && id.iter().any(|&digit| digit != b'0')
        && code.strip_prefix(b"/").is_some_and(|code| code.len() == 6 && code.iter().all(u8::is_ascii_digit))
}

/// An error is true: what stands before it is a token, or lacks the same thing at its end.
fn check_error(text: &[u8], error: TokenError, parse: impl Fn(&[u8]) -> Result<Token, TokenError>) {
    assert!(error.offset <= text.len());
    let before = parse(&text[..error.offset]);
    match error.kind {
        TokenErrorKind::End | TokenErrorKind::EndOrSlash => assert!(before.is_ok()),
        TokenErrorKind::AllZero => assert!(text[error.offset..].starts_with(&[b'0'; 40])),
        _ => assert_eq!(before, Err(error)),
    }
}
