//! Refusals of a line: the member that is wrong, and its possible values. They hold nothing of the line itself, since that may be a
//! password (R-SEC-2).

use handfast::outcome::Side;

use super::{MAX_FILES, MAX_LINE, MAX_LINES, Place, VERSION, signal_of};

/// Why a line is no line of a trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {what}", .place.line)]
pub struct TraceError {
    /// Where.
    pub place: Place,
    /// The flaw.
    pub what: Flaw,
}

/// The flaw of a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum Flaw {
    #[error("there are more than {MAX_FILES} files")]
    Files,
    #[error("the line has more than {MAX_LINE} bytes")]
    Long,
    #[error("there are more than {MAX_LINES} lines")]
    Many,
    #[error("byte {byte}: {expected}")]
    Json { byte: usize, expected: String },
    #[error("byte {byte}: `{member}`: expected {}", value_of(.member))]
    Member { byte: usize, member: &'static str },
    #[error("the trace is of version {0}, this program reads {VERSION}")]
    Version(u32),
    #[error("the headers do not agree on {0}")]
    Headers(&'static str),
    #[error("expected a header, a call or a signal: a member `observed`, or one of `call` and `signal`")]
    Nothing,
    #[error("there is no `{member}`: expected {}", value_of(.member))]
    Missing { member: &'static str },
    #[error("`call`: expected a call of the {side} side: {}", calls_of(*.side).join(", "))]
    Call { side: Side },
    #[error("`signal`: expected the signal of the {side} side: {}", signal_of(*.side))]
    Signal { side: Side },
    #[error("time goes back, from {0} ms to {1} ms")]
    Time(u64, u64),
}

/// The members of a line, and of a call's `args`, with their possible values.
const MEMBERS: [(&str, &str); 18] = [
    ("observed", "the version of the format: 1"),
    ("pair", "a text: HH, HL, LH or LL"),
    ("profile", "`documented` or `jamid`"),
    ("side", "a side: `import` or `export`, with a suffix where it has several devices"),
    ("t_ms", "milliseconds: a number from 0"),
    ("signal", "a text: the name of the signal"),
    ("state", "a number from 1 (TOKEN_AVAILABLE) to 5 (DONE)"),
    ("details", "an object of texts"),
    ("op_id", "a number: the operation id"),
    ("accountId", "a text: the account id"),
    ("call", "a text: the name of the call"),
    ("args", "an object: the arguments of the call"),
    ("ret", "true or false, a number, a text, or null"),
    ("Account.archiveURL", "a text: `jami-auth` for a link"),
    ("uri", "a text: the token"),
    ("credentials", "a text: the password, another text in its place, or `<secret>`"),
    ("scheme", "a text: empty or `password`"),
    ("equal", "true or false"),
];

/// The possible values of a member.
fn value_of(member: &str) -> &'static str {
    MEMBERS.iter().find(|(name, _)| *name == member).map_or("a value", |(_, value)| value)
}

/// The calls that a side has.
const fn calls_of(side: Side) -> &'static [&'static str] {
    match side {
        Side::Import => &["addAccount", "provideAccountAuthentication", "compareAccount", "removeAccount"],
        Side::Export => &["addDevice", "confirmAddDevice", "compareAddDevice", "cancelAddDevice", "removeAccount"],
    }
}

impl Flaw {
    /// Names the member that a parser refused: only names that the format has, since others may be anything.
    pub(super) fn of_member(refused: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let json = refused.inner();
        let byte = json.column().max(1);
        let path = refused.path().to_string();
        // Of `details` the name of the key may be anything.
        let name = match path.strip_prefix("args.") {
            Some(argument) => argument,
            None => path.split('.').next().unwrap_or_default(),
        };
        let name = match name {
            "account" | "account_id" => "accountId",
            "opId" => "op_id",
            name => name,
        };
        let member = MEMBERS.iter().map(|(known, _)| *known).find(|known| *known == name);
        let twice = json.to_string().starts_with("duplicate field");
        match (json.classify(), member) {
            (serde_json::error::Category::Data, Some(member)) if !twice => Self::Member { byte, member },
            _ => Self::Json { byte, expected: expected(json, "an object that has each member once") },
        }
    }
}

/// Returns the expectation of a parser of JSON, without its own words for the place and without the text, which may be a password.
pub fn expected(error: &serde_json::Error, otherwise: &str) -> String {
    match error.classify() {
        serde_json::error::Category::Data => {
            let text = error.to_string();
            let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
            match text.rsplit_once("expected ") {
                Some((_, what)) => format!("expected {what}"),
                None => format!("expected {otherwise}"),
            }
        }
        serde_json::error::Category::Eof => "expected more: the line ends within a value".into(),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "expected JSON".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_and_the_calls_are_those_that_are_read() {
        assert!(value_of("observed").ends_with(&format!(": {VERSION}")));
        for side in [Side::Import, Side::Export] {
            for call in calls_of(side) {
                let args = r#"{"credentials":"","scheme":"","uri":"","op_id":1,"equal":true}"#;
                let line = format!(r#"{{"t_ms":0,"side":"{side}","call":"{call}","args":{args}}}"#);
                super::super::Trace::default().read(line.as_bytes()).expect(call);
            }
        }
    }
}
