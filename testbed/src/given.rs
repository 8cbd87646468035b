//! The input in the token's place: the token, or an image of its QR code. Both are typed, pasted or dropped into one
//! field, with the quotes that a shell or a file manager puts around them.

use std::path::PathBuf;

use handfast::token::{Token, TokenError};

use crate::token::read_typed;

/// The first characters of a token.
pub(crate) const PREFIX: &str = "jami-auth://";

/// The kind of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// A token, whatever blanks stand in it.
    Token(Token),
    /// The path of an image.
    Image(PathBuf),
    /// The beginning of a token, or a token with something wrong: an error of the text as [`trimmed`].
    Neither(TokenError),
}

impl Given {
    /// Reads it.
    pub(crate) fn read(text: &str) -> Self {
        let text = trimmed(text);
        let dense: String = text.split_whitespace().collect();
        if let Ok(token) = read_typed(dense.as_bytes()) {
            return Self::Token(token);
        }
        match read_typed(text.as_bytes()) {
            Ok(token) => Self::Token(token),
            Err(error) if PREFIX.starts_with(text) || text.starts_with(PREFIX) || text.contains("://") => {
                Self::Neither(error)
            }
            // A shell escapes blanks.
            Err(_) => Self::Image(text.replace("\\ ", " ").into()),
        }
    }
}

/// The text without blanks and quotes around it.
pub(crate) fn trimmed(text: &str) -> &str {
    const QUOTES: [(char, char); 4] = [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’')];
    let text = text.trim();
    let inside = |(open, close)| text.strip_prefix(open)?.strip_suffix(close);
    QUOTES.into_iter().find_map(inside).map_or(text, str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";

    #[test]
    fn a_token_is_read_whatever_stands_around_it() {
        let token = Given::Token(Token::parse(TOKEN.as_bytes()).unwrap());
        let (one, two) = TOKEN.split_at(40);
        for text in [
            TOKEN.to_owned(),
            format!("  {TOKEN} \r\n"),
            format!("'{TOKEN}'"),
            format!("\" {TOKEN}\""),
            format!("“{TOKEN}”"),
            format!("{one}\n{two}"),
            format!("{one}  {two}"),
        ] {
            assert_eq!(Given::read(&text), token, "{text:?}");
        }
    }

    #[test]
    fn a_path_is_read_whatever_stands_around_it() {
        for (text, path) in [
            ("code.png", "code.png"),
            (" 'my code.png' ", "my code.png"),
            ("/tmp/my\\ code.png", "/tmp/my code.png"),
            ("\"./i\"", "./i"),
        ] {
            assert_eq!(Given::read(text), Given::Image(path.into()), "{text:?}");
        }
    }

    #[test]
    fn what_begins_like_a_token_is_no_path() {
        for text in ["", "j", "jami-auth:", "jami-auth://02x", "jami://02f9/123456", "https://example.org"] {
            assert!(matches!(Given::read(text), Given::Neither(_)), "{text:?}");
        }
    }
}
