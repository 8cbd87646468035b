//! Our token parsers, compared with today's daemon's and with `url`'s view of a URI (R-TOK-3, R-TOK-4).

use handfast::token::{DeviceId, Token};
use url::Url;

use crate::jamid_token;

/// Panics where they disagree.
pub fn check(text: &[u8]) {
    let ours = Token::parse_lenient(text).ok().map(|token| (token.device, token.code.channel_name()));
    let daemons = jamid_token::parse(text);
    assert_eq!(ours.as_ref().map(|(device, _)| *device), daemons.map(|parsed| DeviceId::Long(parsed.device)));
    if let (Some((_, name)), Some(parsed)) = (ours, daemons) {
        assert_eq!(name.as_bytes(), [b"auth:", &parsed.code[..]].concat());
    }

    let Ok(text) = std::str::from_utf8(text) else { return assert!(Token::parse(text).is_err()) };
    match Token::parse(text.as_bytes()) {
        Ok(_) => assert!(is_token(text), "`url` has another view of a token"),
        Err(error) => assert!(!is_token(text), "a URI that has all of a token: {error}"),
    }
}

/// Whether `url` finds the parts of a token, and nothing else.
fn is_token(text: &str) -> bool {
    let Ok(uri) = Url::parse(text) else { return false };
    let host = uri.host_str().unwrap_or_default();
    let code = uri.path().strip_prefix('/').unwrap_or_default();
    // A text that it trims, escapes or completes was not written that way.
    uri.as_str() == text
        && uri.scheme() == "jami-auth"
        && (host.len() == 40 || host.len() == 64)
        && host.bytes().all(|digit| digit.is_ascii_hexdigit())
        && host.bytes().any(|digit| digit != b'0')
        && (code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()))
        && (uri.username().is_empty() && uri.password().is_none() && uri.port().is_none())
        && (uri.query().is_none() && uri.fragment().is_none())
}
