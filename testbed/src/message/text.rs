//! Messages and frames as lines, for people and for scripts. A secret is a tag before it gets here.

use std::fmt;

use handfast::message::{Features, Message, Verdict};
use handfast_model::counted;
use serde::Serialize;

/// The item, and where it began.
#[derive(Serialize)]
pub(super) struct Entry {
    pub(super) offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<u16>,
    #[serde(flatten)]
    pub(super) record: Record,
}

/// A message or a frame.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Record {
    /// A message, by its one meaning.
    Message {
        message: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        features: Option<Vec<&'static str>>,
    },
    /// A message with an archive.
    #[serde(serialize_with = "acc_data")]
    AccData { length: u64 },
    /// A message about a channel, or data of one that is no session's.
    Frame {
        frame: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        length: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<u32>,
    },
}

fn acc_data<S: serde::Serializer>(length: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct as _;
    let mut fields = serializer.serialize_struct("AccData", 2)?;
    fields.serialize_field("message", "accData")?;
    fields.serialize_field("length", length)?;
    fields.end()
}

impl<P> From<&Message<P>> for Record {
    fn from(message: &Message<P>) -> Self {
        let (message, value, features): (_, _, Option<&Features>) = match message {
            Message::Hello(features) => ("hello", None, Some(features)),
            Message::AuthScheme(scheme, features) => ("authScheme", Some(scheme.as_str()), Some(features)),
            Message::Password(_) => ("password", Some("<secret>"), None),
            Message::Verdict(verdict) => ("verdict", Some(word(*verdict)), None),
            Message::Commitment(_) => ("sasCommitment", Some("<secret>"), None),
            Message::Nonce(_) => ("sasNonce", Some("<secret>"), None),
            Message::Opening(_) => ("sasOpening", Some("<secret>"), None),
            Message::State(state) => ("stateMsg", Some(state.as_str()), None),
            Message::ImportResult(result) => ("importResult", Some(result.as_str()), None),
            Message::Unknown => ("unknown", None, None),
        };
        let names = |features: &Features| features.as_str().split(',').filter(|name| !name.is_empty()).collect();
        Self::Message { message, value, features: features.map(names) }
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Wrong => "wrong",
        Verdict::Final => "final",
        Verdict::None => "none",
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8}  ", self.offset)?;
        if let Some(channel) = self.channel {
            write!(f, "channel {channel:#06x}  ")?;
        }
        self.record.fmt(f)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { message, value, features } => {
                f.write_str(message)?;
                if let Some(value) = value {
                    write!(f, " \"{value}\"")?;
                }
                match features {
                    Some(features) if !features.is_empty() => write!(f, " features={}", features.join(",")),
                    _ => Ok(()),
                }
            }
            Self::AccData { length } => write!(f, "accData, {}", counted(*length, "byte")),
            Self::Frame { frame, name, length, version } => {
                f.write_str(frame)?;
                if let Some(name) = name {
                    write!(f, " {name}")?;
                }
                if let Some(length) = length {
                    write!(f, ", {}", counted(*length, "byte"))?;
                }
                version.map_or(Ok(()), |version| write!(f, " {version}"))
            }
        }
    }
}
