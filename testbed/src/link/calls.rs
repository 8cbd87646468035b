//! The calls of `--calls`: lines of JSON on standard input, as an observed trace has them.

use handfast::{
    operations::{LocalId, OpId},
    outcome::{Scheme, Side},
    secret::Secret,
};
use handfast_model::observed::{Typed, expected};
use serde::{Deserialize, Deserializer, de};

/// The calls of one side.
pub(crate) trait Calls: Sized {
    /// Which side.
    const SIDE: Side;

    /// The call of this name, unless it is the other side's.
    fn new(name: Name, args: Args) -> Result<Option<Self>, Missing>;
}

/// A call of the import side, as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ImportCall {
    /// `provideAccountAuthentication`: answers the prompt.
    Provide { account: Option<LocalId>, credentials: Secret, scheme: Scheme },
    /// `compareAccount`: says whether both screens show the same string.
    Compare { account: Option<LocalId>, equal: bool },
    /// `removeAccount`: cancels.
    Remove { account: Option<LocalId> },
}

/// A call of the export side, as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ExportCall {
    /// `addDevice`: begins another operation.
    Add { uri: String },
    /// `confirmAddDevice`.
    Confirm { op_id: Option<OpId> },
    /// `compareAddDevice`: says whether both screens show the same string.
    Compare { op_id: Option<OpId>, equal: bool },
    /// `cancelAddDevice`.
    Cancel { op_id: Option<OpId> },
}

impl Calls for ImportCall {
    const SIDE: Side = Side::Import;

    fn new(name: Name, args: Args) -> Result<Option<Self>, Missing> {
        let account = args.account_id.map(|Account(id)| id);
        Ok(Some(match name {
            Name::ProvideAccountAuthentication => {
                let Typed(credentials) = args.credentials.ok_or(Missing("credentials"))?;
                let Word(scheme) = args.scheme.ok_or(Missing("scheme"))?;
                Self::Provide { account, credentials, scheme }
            }
            Name::CompareAccount => Self::Compare { account, equal: args.equal.ok_or(Missing("equal"))? },
            Name::RemoveAccount => Self::Remove { account },
            Name::AddDevice | Name::ConfirmAddDevice | Name::CompareAddDevice | Name::CancelAddDevice => {
                return Ok(None);
            }
        }))
    }
}

impl Calls for ExportCall {
    const SIDE: Side = Side::Export;

    fn new(name: Name, args: Args) -> Result<Option<Self>, Missing> {
        let op_id = args.op_id;
        Ok(Some(match name {
            Name::AddDevice => Self::Add { uri: args.uri.ok_or(Missing("uri"))? },
            Name::ConfirmAddDevice => Self::Confirm { op_id },
            Name::CompareAddDevice => Self::Compare { op_id, equal: args.equal.ok_or(Missing("equal"))? },
            Name::CancelAddDevice => Self::Cancel { op_id },
            Name::ProvideAccountAuthentication | Name::CompareAccount | Name::RemoveAccount => return Ok(None),
        }))
    }
}

/// The name of an argument that is not there.
#[derive(Debug)]
pub(crate) struct Missing(&'static str);

/// Why a line is no call. It says nothing of what the line holds, which may be a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, byte {byte}: {what}")]
pub(crate) struct CallError {
    /// Counted from 1.
    pub(crate) line: u64,
    /// Counted from 1, within the line.
    pub(crate) byte: usize,
    /// The expectation.
    pub(crate) what: String,
}

#[derive(Deserialize)]
#[serde(expecting = "an object: {\"call\":…,\"args\":{…}}")]
struct Line {
    side: Option<Side>,
    call: Name,
    #[serde(default)]
    args: Args,
}

/// The names of the calls.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Name {
    ProvideAccountAuthentication,
    CompareAccount,
    RemoveAccount,
    AddDevice,
    ConfirmAddDevice,
    CompareAddDevice,
    CancelAddDevice,
}

/// The arguments of all calls.
#[derive(Default, Deserialize)]
#[serde(expecting = "an object: the arguments of the call")]
pub(crate) struct Args {
    account_id: Option<Account>,
    op_id: Option<OpId>,
    uri: Option<String>,
    credentials: Option<Typed>,
    scheme: Option<Word>,
    equal: Option<bool>,
}

pub(crate) struct Account(LocalId);

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_| de::Error::custom("expected an account id: 16 lower-case hexadecimal digits"))
    }
}

pub(crate) struct Word(Scheme);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Scheme::from_word(&text).map(Self).ok_or_else(|| de::Error::custom("expected the scheme `` or `password`"))
    }
}

/// Reads line `number`. An empty one gives nothing. Members that a recorded line has besides, `t_ms` and `ret`, mean nothing.
pub(crate) fn read<C: Calls>(number: u64, line: &[u8]) -> Result<Option<C>, CallError> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let error = |byte: usize, what: String| CallError { line: number, byte, what };
    let parsed: Line = serde_json::from_slice(line)
        .map_err(|refused| error(refused.column().max(1), expected(&refused, "a call, with `call` and `args`")))?;
    let foreign = || error(1, format!("expected a call of the {} side", C::SIDE));
    if parsed.side.is_some_and(|side| side != C::SIDE) {
        return Err(foreign());
    }
    match C::new(parsed.call, parsed.args) {
        Ok(Some(call)) => Ok(Some(call)),
        Ok(None) => Err(foreign()),
        Err(Missing(what)) => Err(error(line.len(), format!("expected `{what}` among the arguments"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(line: &str) -> Result<Option<ImportCall>, CallError> {
        read(7, line.as_bytes())
    }

    #[test]
    fn recorded_lines_are_read() {
        let line = r#"{"t_ms": 11712, "side": "import", "call": "provideAccountAuthentication", "args": {"scheme": "", "credentials": "p\u00e4ss"}, "ret": true}"#;
        let credentials = Secret::from("päss");
        assert_eq!(import(line), Ok(Some(ImportCall::Provide { account: None, credentials, scheme: Scheme::None })));
        let line = br#"{"t_ms": 9010, "side": "export", "call": "confirmAddDevice", "args": {"op_id": 805750293}, "ret": true}"#;
        assert_eq!(read(1, line), Ok(Some(ExportCall::Confirm { op_id: Some(OpId(805_750_293)) })));
        let line = br#"{"call": "cancelAddDevice"}"#;
        assert_eq!(read(1, line), Ok(Some(ExportCall::Cancel { op_id: None })));
        let line = r#"{"call": "removeAccount", "args": {"account_id": "bc802604fb03bdc3"}}"#;
        assert_eq!(import(line), Ok(Some(ImportCall::Remove { account: Some(LocalId(0xbc80_2604_fb03_bdc3)) })));
        assert_eq!(import("  \r"), Ok(None));
    }

    #[test]
    fn what_is_no_call_is_refused_with_its_place() {
        let refused = |line: &str| import(line).unwrap_err().to_string();
        let lines = [
            "x",
            "[]",
            "7",
            "{}",
            r#"{"call": "removeAccount""#,
            r#"{"call": "expected nothing"}"#,
            r#"{"call": "confirmAddDevice"}"#,
            r#"{"call": "removeAccount", "side": "export"}"#,
            r#"{"call": "removeAccount", "args": {"account_id": "zz"}}"#,
            r#"{"call": "removeAccount", "args": 7}"#,
            r#"{"call": "provideAccountAuthentication", "args": {"scheme": "key", "credentials": "hunter2"}}"#,
            r#"{"call": "provideAccountAuthentication", "args": {"scheme": "password"}}"#,
            r#"{"call": "provideAccountAuthentication", "args": {"scheme": "", "credentials": 42}}"#,
        ];
        let table: Vec<String> = lines.iter().map(|line| format!("{line}\n  {}", refused(line))).collect();
        insta::assert_snapshot!(table.join("\n"));
    }

    /// R-SEC-2: whatever is wrong with a line, the error says nothing of the password in it.
    #[test]
    fn an_error_has_no_password() {
        let good =
            r#"{"call": "provideAccountAuthentication", "args": {"credentials": "hunter2", "scheme": "password"}}"#;
        for cut in 0..good.len() {
            let damaged = [&good[..cut], "\u{1}", &good[cut + 1..]].concat();
            for line in [&good[..cut], damaged.as_str()] {
                if let Err(error) = import(line) {
                    assert!(!format!("{error} {error:?}").contains("hunter2"), "{line}");
                }
            }
        }
    }
}
