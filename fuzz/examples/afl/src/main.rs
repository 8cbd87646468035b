//! Another token parser compared with ours, for AFL++: any text that one of them takes and the other does not is a crash.

use handfast::token::Token;

fn main() {
    afl::fuzz!(|text: &[u8]| {
        assert_eq!(other_parser(text), Token::parse(text).is_ok(), "{}", text.escape_ascii());
    });
}

/// Whether it is a token. Put your own here: this one is wrong in more than one way.
fn other_parser(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let Some(rest) = text.trim().strip_prefix("jami-auth://") else { return false };
    let Some((device, code)) = rest.split_once('/') else { return false };
    [40, 64].contains(&device.len())
        && device.chars().all(|digit| digit.is_ascii_hexdigit())
        && code.parse::<u32>().is_ok_and(|code| code < 1_000_000)
}
