//! Parsers of tokens of other days, and the table of tokens that they are held against.

use handfast::token::{self, Token};
use serde::Deserialize;

use crate::report::check::Verdict;

/// The tokens that other implementations can run too.
const TABLE: &str = include_str!("../../../pages/tokens.json");

/// The last seven bytes: a separator and the code.
const CODE_AND_SEPARATOR: usize = 7;

/// A parser of tokens: whether it takes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parser {
    /// Of the desktop client, `400be8a` of 2025-12-09: the length is not that of one form, or it is not that of the other.
    OneLengthOrTheOther,
    /// Of the desktop client, `385c1ce` of 2025-12-22: the length is that of a form.
    EitherLength,
    /// Of the daemon, `7b38d3a` of 2025-12-09: the parts are cut out by their places, whatever is between them.
    ByPlaces,
    /// Of the daemon, `d0498a2` of 2026-05-22, which is that of 2026-08: the long form alone.
    LongAlone,
}

impl Parser {
    fn takes(self, text: &[u8]) -> bool {
        let (short, long) = (token::SHORT_LENGTH, token::LONG_LENGTH);
        let length = text.len();
        match self {
            Self::OneLengthOrTheOther => !(length != short || length != long),
            Self::EitherLength => length == short || length == long,
            Self::ByPlaces => {
                let id = |length: usize| text.get(token::PREFIX.len()..length - CODE_AND_SEPARATOR);
                let hex = |length| id(length).is_some_and(|id| id.iter().all(u8::is_ascii_hexdigit));
                text.starts_with(token::PREFIX.as_bytes())
                    && [short, long].into_iter().any(|one| one == length && hex(one))
            }
            Self::LongAlone => Token::parse_lenient(text).is_ok(),
        }
    }

    /// Returns whether it takes a token of the table exactly if the token is one (R-TOK-1): a violation has one step.
    pub(super) fn judge(self, name: &str) -> Verdict {
        let Some(case) = cases().into_iter().find(|case| case.name == name) else {
            return Verdict::unknown(format!("the table has no token {name:?}"));
        };
        let Some(text) = case.bytes() else {
            return Verdict::unknown(format!("the token {name:?} is no hexadecimal text"));
        };
        if self.takes(&text) == case.strict.form.is_some() {
            Verdict::Verified { states: 1, edges: 0, depth: 0 }
        } else {
            Verdict::Violated { steps: 1, cycle: 0 }
        }
    }
}

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    hex: String,
    strict: Said,
}

#[derive(Deserialize)]
struct Said {
    /// The form of the device id; none: it is no token.
    form: Option<String>,
}

impl Case {
    fn bytes(&self) -> Option<Vec<u8>> {
        let digits = self.hex.as_bytes().chunks(2);
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str::<Table>(TABLE).map(|table| table.cases).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the tokens in the table each parser takes some, but for the one that takes none.
    #[test]
    fn one_parser_takes_nothing() {
        let taken = |parser: Parser| cases().iter().filter(|case| parser.takes(&case.bytes().unwrap())).count();
        assert_eq!(taken(Parser::OneLengthOrTheOther), 0);
        for parser in [Parser::EitherLength, Parser::ByPlaces, Parser::LongAlone] {
            assert!(taken(parser) > 10 && taken(parser) < cases().len(), "{parser:?}");
        }
        let judged = Parser::LongAlone.judge("no such token");
        assert!(matches!(judged, Verdict::Inconclusive { .. }), "{judged}");
    }
}
