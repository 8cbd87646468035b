//! An observed trace: what clients saw of a link, a line of JSON for each signal and each call that returned.
//!
//! The input may come from anywhere: it is bounded, and a refusal names its line and nothing that the line holds, since that
//! may be a password (R-SEC-2).

mod flaw;

use std::{collections::BTreeMap, fmt};

use handfast::{
    outcome::{Details, LinkState, Profile, Side},
    secret::Secret,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, IgnoredAny},
};

pub use self::flaw::{Flaw, TraceError, expected};

/// The version of the format.
pub const VERSION: u32 = 1;
/// Bytes of a line.
pub const MAX_LINE: usize = 64 * 1024;
/// Lines of all files of a trace.
pub const MAX_LINES: usize = 4096;
/// Files of a trace.
pub const MAX_FILES: usize = 16;

/// The trace, as it was read.
#[derive(Debug, Default)]
pub struct Trace {
    /// The pair that the header names.
    pub pair: Option<String>,
    /// The profile that the header names.
    pub profile: Option<Profile>,
    /// Calls and signals, in the order of the files.
    pub lines: Vec<Line>,
    /// How many ends were this device's own fault, and say what failed on it.
    pub causes: usize,
    pub(crate) credentials: Vec<Secret>,
    files: usize,
}

/// A line of a trace that says something.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it stands.
    pub place: Place,
    /// When it was noted, in milliseconds of its clock.
    pub t_ms: u64,
    /// Whose clock that is. Times of different clocks say nothing of each other.
    pub clock: Clock,
    /// On which side.
    pub side: Side,
    /// On which device of that side, where there are several.
    pub device: String,
    /// Whether it begins an operation of another link, of which this trace has no more: it only says what its device answered.
    pub(super) elsewhere: bool,
    pub(crate) event: Event,
}

/// A line of a file, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The file, in the order in which they were given.
    pub file: usize,
    /// The line of it.
    pub line: usize,
}

/// A clock: that of a file, or of one side in it where each side noted its own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clock(usize, Option<Side>);

impl Clock {
    /// That of all lines after the header of this number, or of one side's.
    pub(super) const fn since(header: usize, side: Option<Side>) -> Self {
        Self(header, side)
    }

    /// That of one side in a file.
    pub(crate) const fn own(file: usize, side: Side) -> Self {
        Self(file, Some(side))
    }
}

/// A call or a signal.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Signal { state: u8, details: BTreeMap<String, String>, op: Option<i64>, account: Option<String> },
    Call(Call, Returned),
}

/// A call, as far as a link is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Whether it begins a link: `Account.archiveURL` is `jami-auth`.
    AddAccount {
        link: bool,
    },
    Provide {
        account: Option<String>,
        credentials: Credentials,
        scheme: String,
    },
    RemoveAccount {
        account: Option<String>,
    },
    /// Whether the user says that both screens show the same string (R-SAS-5).
    CompareAccount {
        account: Option<String>,
        equal: bool,
    },
    AddDevice {
        uri: String,
    },
    Confirm {
        op: i64,
    },
    CompareAddDevice {
        op: i64,
        equal: bool,
    },
    Cancel {
        op: i64,
    },
}

/// The typed credentials, without their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// They were not written down.
    Hidden,
    Empty,
    /// The same number, the same text.
    Text(u16),
}

/// The return of a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Returned {
    Accepted(bool),
    Number(i64),
    Text(String),
    /// Some calls return nothing.
    Nothing(Option<()>),
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Raw {
    observed: Option<u32>,
    pair: Option<String>,
    profile: Option<Profile>,
    listening: Option<IgnoredAny>,
    t_ms: Option<u64>,
    side: Option<Device>,
    signal: Option<String>,
    state: Option<u8>,
    details: Option<BTreeMap<String, String>>,
    cause: Option<IgnoredAny>,
    op_id: Option<i64>,
    #[serde(alias = "accountId", alias = "account")]
    account_id: Option<String>,
    call: Option<String>,
    #[serde(default)]
    args: Args,
    #[serde(default = "nothing")]
    ret: Returned,
}

impl Raw {
    fn read(line: &[u8]) -> Result<Self, Flaw> {
        let mut reader = serde_json::Deserializer::from_slice(line);
        let raw = serde_path_to_error::deserialize(&mut reader).map_err(|refused| Flaw::of_member(&refused))?;
        reader.end().map_err(|refused| Flaw::Json {
            byte: refused.column().max(1),
            expected: "expected the end of the line: an object stands alone in it".into(),
        })?;
        Ok(raw)
    }
}

const fn nothing() -> Returned {
    Returned::Nothing(None)
}

/// A side, and which of several devices on it: `export`, `export2`.
#[derive(Clone)]
struct Device(Side, String);

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let side = |side, name: &str| Some(Self(side, text.strip_prefix(name)?.to_owned()));
        let device = side(Side::Import, "import").or_else(|| side(Side::Export, "export"));
        device.ok_or_else(|| de::Error::custom("no side"))
    }
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object: the arguments of the call")]
struct Args {
    #[serde(rename = "Account.archiveURL")]
    archive_url: Option<String>,
    #[serde(alias = "accountId", alias = "account")]
    account_id: Option<String>,
    #[serde(alias = "opId")]
    op_id: Option<i64>,
    uri: Option<String>,
    credentials: Option<Typed>,
    scheme: Option<String>,
    equal: Option<bool>,
}

/// A password, taken over without a copy that is not wiped.
pub struct Typed(pub Secret);

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Typed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text: the credentials")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Typed, E> {
                Ok(Typed(Secret::from(text)))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl Trace {
    /// Reads one more file.
    ///
    /// # Errors
    /// The first line that is not of a trace.
    pub fn read(&mut self, text: &[u8]) -> Result<(), TraceError> {
        self.files += 1;
        let file = self.files;
        let begin = self.lines.len();
        // The sides that a header of their own has set their clocks.
        let mut clocks = Vec::new();
        let lines = text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n');
        for (number, line) in lines.enumerate() {
            let place = Place { file, line: number + 1 };
            let error = |what| TraceError { place, what };
            if file > MAX_FILES {
                return Err(error(Flaw::Files));
            }
            if line.len() > MAX_LINE {
                return Err(error(Flaw::Long));
            }
            if number >= MAX_LINES || self.lines.len() >= MAX_LINES {
                return Err(error(Flaw::Many));
            }
            if !line.trim_ascii().is_empty() {
                self.read_line(place, line, &mut clocks).map_err(error)?;
            }
        }
        let lines = &mut self.lines[begin..];
        for line in &mut *lines {
            line.clock.1 = Some(line.side).filter(|side| clocks.contains(side));
        }
        Self::check_time(lines)
    }

    /// Takes the times of all files for those of one clock.
    pub fn join_clocks(&mut self) {
        for line in &mut self.lines {
            line.clock = Clock(0, None);
        }
        self.lines.sort_by_key(|line| line.t_ms);
    }

    /// Reads one line of a file, and which sides a header has set their clocks.
    pub(super) fn read_line(&mut self, place: Place, line: &[u8], clocks: &mut Vec<Side>) -> Result<(), Flaw> {
        let raw = Raw::read(line)?;
        if raw.call.is_none() && raw.signal.is_none() {
            return self.read_header(raw, clocks);
        }
        let Device(side, device) = raw.side.ok_or(Flaw::Missing { member: "side" })?;
        let t_ms = raw.t_ms.ok_or(Flaw::Missing { member: "t_ms" })?;
        let event = match (raw.call, raw.signal) {
            (Some(name), None) => Event::Call(self.call(side, &name, raw.args)?, raw.ret),
            (None, Some(name)) => {
                if name != signal_of(side) {
                    return Err(Flaw::Signal { side });
                }
                let state = raw.state.ok_or(Flaw::Missing { member: "state" })?;
                let details = raw.details.ok_or(Flaw::Missing { member: "details" })?;
                self.causes += usize::from(raw.cause.is_some());
                if side == Side::Export && raw.op_id.is_none() {
                    return Err(Flaw::Missing { member: "op_id" });
                }
                Event::Signal { state, details, op: raw.op_id, account: raw.account_id }
            }
            (Some(_), Some(_)) | (None, None) => return Err(Flaw::Nothing),
        };
        let clock = Clock(place.file, None);
        self.lines.push(Line { place, t_ms, clock, side, device, elsewhere: false, event });
        Ok(())
    }

    fn read_header(&mut self, raw: Raw, clocks: &mut Vec<Side>) -> Result<(), Flaw> {
        match raw.observed {
            Some(VERSION) => {}
            Some(version) => return Err(Flaw::Version(version)),
            // Where an import listens may be said by itself.
            None if raw.listening.is_some() => {}
            None => return Err(Flaw::Nothing),
        }
        if raw.pair.is_some() && self.pair.as_ref().is_some_and(|pair| raw.pair.as_ref() != Some(pair)) {
            return Err(Flaw::Headers("the pair"));
        }
        if raw.profile.is_some() && self.profile.is_some_and(|profile| raw.profile != Some(profile)) {
            return Err(Flaw::Headers("the profile"));
        }
        self.pair = self.pair.take().or(raw.pair);
        self.profile = self.profile.or(raw.profile);
        if let (Some(_), Some(Device(side, _))) = (raw.observed, raw.side) {
            clocks.push(side);
        }
        Ok(())
    }

    fn call(&mut self, side: Side, name: &str, args: Args) -> Result<Call, Flaw> {
        Ok(match (side, name) {
            (Side::Import, "addAccount") => Call::AddAccount { link: args.archive_url.as_deref() == Some("jami-auth") },
            (Side::Import, "provideAccountAuthentication") => Call::Provide {
                account: args.account_id,
                credentials: self.credentials(args.credentials.ok_or(Flaw::Missing { member: "credentials" })?),
                scheme: args.scheme.ok_or(Flaw::Missing { member: "scheme" })?,
            },
            // On the export side it is no call of the link, and ends it all the same.
            (_, "removeAccount") => Call::RemoveAccount { account: args.account_id },
            (Side::Export, "addDevice") => Call::AddDevice { uri: args.uri.ok_or(Flaw::Missing { member: "uri" })? },
            (Side::Export, "confirmAddDevice") => {
                Call::Confirm { op: args.op_id.ok_or(Flaw::Missing { member: "op_id" })? }
            }
            (Side::Import, "compareAccount") => Call::CompareAccount {
                account: args.account_id,
                equal: args.equal.ok_or(Flaw::Missing { member: "equal" })?,
            },
            (Side::Export, "compareAddDevice") => Call::CompareAddDevice {
                op: args.op_id.ok_or(Flaw::Missing { member: "op_id" })?,
                equal: args.equal.ok_or(Flaw::Missing { member: "equal" })?,
            },
            (Side::Export, "cancelAddDevice") => {
                Call::Cancel { op: args.op_id.ok_or(Flaw::Missing { member: "op_id" })? }
            }
            _ => return Err(Flaw::Call { side }),
        })
    }

    /// Which of the texts so far it is.
    fn credentials(&mut self, Typed(typed): Typed) -> Credentials {
        if typed.is_empty() {
            return Credentials::Empty;
        }
        if typed.as_bytes() == b"<secret>" {
            return Credentials::Hidden;
        }
        let known = self.credentials.iter().position(|known| *known == typed);
        let number = known.unwrap_or_else(|| {
            self.credentials.push(typed);
            self.credentials.len() - 1
        });
        // There are at most MAX_LINES of them.
        Credentials::Text(number as u16)
    }

    /// A clock does not go back.
    fn check_time(lines: &[Line]) -> Result<(), TraceError> {
        let mut now = BTreeMap::new();
        for line in lines {
            let last = now.insert(line.clock, line.t_ms).unwrap_or(0);
            if line.t_ms < last {
                return Err(TraceError { place: line.place, what: Flaw::Time(last, line.t_ms) });
            }
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { side, event, .. } = self;
        match event {
            Event::Signal { state, details, .. } => {
                let known = LinkState::ALL.iter().find(|known| known.number() == *state);
                let state = known.map_or_else(|| state.to_string(), LinkState::to_string);
                write!(f, "{side}: {}", signal_words(*side, &state, details))
            }
            Event::Call(call, returned) => write!(f, "{side}: {} → {returned}", call.name()),
        }
    }
}

impl Call {
    /// The requirement that says what it answers.
    pub(super) const fn requirement(&self) -> &'static str {
        match self {
            Self::AddAccount { .. } => "R-API-1",
            Self::Provide { .. } => "R-API-2",
            Self::RemoveAccount { .. } => "R-API-3",
            Self::AddDevice { .. } => "R-API-4",
            Self::Confirm { .. } => "R-API-5",
            Self::Cancel { .. } => "R-API-6",
            Self::CompareAccount { .. } | Self::CompareAddDevice { .. } => "R-SAS-5",
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::AddAccount { .. } => "addAccount",
            Self::Provide { .. } => "provideAccountAuthentication",
            Self::RemoveAccount { .. } => "removeAccount",
            Self::AddDevice { .. } => "addDevice",
            Self::Confirm { .. } => "confirmAddDevice",
            Self::Cancel { .. } => "cancelAddDevice",
            Self::CompareAccount { .. } => "compareAccount",
            Self::CompareAddDevice { .. } => "compareAddDevice",
        }
    }
}

impl fmt::Display for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(accepted) => accepted.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Nothing(_) => f.write_str("nothing"),
        }
    }
}

/// The name of a side's signal.
pub const fn signal_of(side: Side) -> &'static str {
    match side {
        Side::Import => "deviceAuthStateChanged",
        Side::Export => "addDeviceStateChanged",
    }
}

/// A signal in words, without the token (R-SEC-2).
pub(super) fn signal_words(side: Side, state: &str, details: &Details) -> String {
    let mut details = details.clone();
    if let Some(token) = details.get_mut("token") {
        *token = "…".into();
    }
    let details = serde_json::to_string(&details).unwrap_or_default();
    format!("{} {state} {details}", signal_of(side))
}

#[cfg(test)]
mod tests;
