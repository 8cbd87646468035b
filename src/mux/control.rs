//! The messages of the control channel and of the protocol channel.

use alloc::{borrow::ToOwned as _, vec::Vec};
use core::fmt;

use crate::{
    limits::MAX_CHANNEL_NAME,
    msgpack::{FaultKind, Head, HeadReader, Sink, Skip},
    token::{Ask, CHANNEL_PREFIX, Code, parse_channel_name},
};

use super::{
    CONTROL_CHANNEL, PROTOCOL_CHANNEL,
    error::{Expected, MuxErrorKind as Kind},
    frame_header,
};

/// The name of a channel: any bytes, at most [`MAX_CHANNEL_NAME`] of them. That of a session holds the token's code, so the name of any
/// such channel prints as a tag (R-SEC-2).
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelName(Vec<u8>);

impl ChannelName {
    /// The name of these bytes, unless they are too many.
    pub fn new(name: &[u8]) -> Option<Self> {
        (name.len() <= MAX_CHANNEL_NAME).then(|| Self(name.to_owned()))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name in a request for a channel.
    pub fn ask(&self) -> Ask {
        parse_channel_name(self)
    }
}

impl Code {
    /// Returns the name of the session's channel: `auth:` and the code (R-MUX-1).
    pub fn channel_name(&self) -> ChannelName {
        ChannelName([CHANNEL_PREFIX, self.as_bytes()].concat())
    }
}

impl AsRef<[u8]> for ChannelName {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ask() {
            Ask::Code(_) | Ask::NoCode => f.write_str("auth:<code>"),
            Ask::Other => write!(f, "{}", self.0.escape_ascii()),
        }
    }
}

impl fmt::Debug for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The kind of a channel request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RequestState {
    /// Asks for the channel.
    Request = 0,
    /// The answer: it is open.
    Accept = 1,
    /// The answer: it is not. Any unknown state means this.
    Decline = 2,
}

/// Asks for a channel, or answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRequest {
    /// The channel's name.
    pub name: ChannelName,
    /// The number that the requester picked; any, also one that has to be declined.
    pub channel: u16,
    /// Whether this asks or answers.
    pub state: RequestState,
}

/// A message of the control or protocol channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// On the control channel.
    Request(ChannelRequest),
    /// The protocol's version, said once when the connection begins.
    Version(u32),
    /// A sign of life: `true` asks for one, `false` answers.
    Beacon(bool),
    /// A map that begins with an unknown key, or an empty one, or a frame without data: means nothing.
    Unknown,
}

impl Control {
    /// The whole frame, on the channel where it belongs. [`Control::Unknown`] is written as an empty map.
    pub fn to_frame(&self) -> Vec<u8> {
        // A request has three short heads besides its name; all else is shorter.
        let name = if let Self::Request(request) = self { request.name.as_bytes().len() } else { 0 };
        let mut data = Vec::with_capacity(name + 16);
        let channel = match self {
            Self::Request(request) => {
                data.array(3);
                data.str(request.name.as_bytes());
                data.unsigned(request.channel.into());
                data.unsigned(request.state as u32);
                CONTROL_CHANNEL
            }
            Self::Version(version) => {
                data.map(1);
                data.str(b"v");
                data.unsigned(*version);
                PROTOCOL_CHANNEL
            }
            Self::Beacon(request) => {
                data.map(1);
                data.str(b"p");
                data.boolean(*request);
                PROTOCOL_CHANNEL
            }
            Self::Unknown => {
                data.map(0);
                PROTOCOL_CHANNEL
            }
        };
        // A name is bounded, so the data is too.
        let header = frame_header(channel, data.len() as u16);
        let mut frame = Vec::with_capacity(header.as_bytes().len() + data.len());
        frame.extend_from_slice(header.as_bytes());
        frame.extend_from_slice(&data);
        frame
    }
}

impl Control {
    /// Reads one message of a frame's data, from `at` on, and says where the next one begins. `requests`: whether channel requests
    /// belong here. An error says where in the data it is.
    pub(super) fn decode(requests: bool, data: &[u8], at: usize) -> Result<(Self, usize), (usize, Kind)> {
        let mut reader = Reader { data, at };
        let message = match reader.head()? {
            Head::Array(values) if requests && values >= 3 => {
                let request = Self::Request(reader.request()?);
                reader.skip(values - 3)?;
                request
            }
            Head::Map(0) => Self::Unknown,
            // Only the first key says what a map is.
            Head::Map(entries) => {
                let message = match reader.bytes(Expected::Key)? {
                    b"v" => reader.version()?,
                    b"p" => reader.beacon()?,
                    _ => {
                        reader.skip(1)?;
                        Self::Unknown
                    }
                };
                reader.skip((entries - 1).saturating_mul(2))?;
                message
            }
            _ if requests => return Err((at, Kind::Expected(Expected::Control))),
            _ => return Err((at, Kind::Expected(Expected::Protocol))),
        };
        Ok((message, reader.at))
    }
}

/// Reads the data of one frame, which is all there.
struct Reader<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn head(&mut self) -> Result<Head, (usize, Kind)> {
        let mut rest = &self.data[self.at..];
        let head = HeadReader::new().next(&mut rest).map_err(|_| (self.at, Kind::Reserved))?;
        let head = head.ok_or((self.data.len(), Kind::Cut))?;
        self.at = self.data.len() - rest.len();
        Ok(head)
    }

    /// The bytes of a text.
    fn bytes(&mut self, expected: Expected) -> Result<&'a [u8], (usize, Kind)> {
        let start = self.at;
        let Head::Str(length) = self.head()? else { return Err((start, Kind::Expected(expected))) };
        let bytes = self.data[self.at..].get(..length as usize).ok_or((self.data.len(), Kind::Cut))?;
        self.at += bytes.len();
        Ok(bytes)
    }

    fn request(&mut self) -> Result<ChannelRequest, (usize, Kind)> {
        let start = self.at;
        let name = ChannelName::new(self.bytes(Expected::Name)?).ok_or((start, Kind::NameLength))?;
        let start = self.at;
        let channel = match self.head()? {
            Head::Unsigned(number) => number.try_into().ok(),
            _ => None,
        };
        let channel = channel.ok_or((start, Kind::Expected(Expected::Channel)))?;
        let start = self.at;
        let state = match self.head()? {
            Head::Unsigned(0) => RequestState::Request,
            Head::Unsigned(1) => RequestState::Accept,
            Head::Unsigned(_) | Head::Negative => RequestState::Decline,
            _ => return Err((start, Kind::Expected(Expected::State))),
        };
        Ok(ChannelRequest { name, channel, state })
    }

    fn version(&mut self) -> Result<Control, (usize, Kind)> {
        let start = self.at;
        let version = match self.head()? {
            Head::Unsigned(number) => number.try_into().ok(),
            _ => None,
        };
        version.map(Control::Version).ok_or((start, Kind::Expected(Expected::Version)))
    }

    fn beacon(&mut self) -> Result<Control, (usize, Kind)> {
        let start = self.at;
        match self.head()? {
            Head::Bool(request) => Ok(Control::Beacon(request)),
            _ => Err((start, Kind::Expected(Expected::Beacon))),
        }
    }

    /// Reads past `values` values.
    fn skip(&mut self, values: u32) -> Result<(), (usize, Kind)> {
        for _ in 0..values {
            let (mut rest, mut at) = (&self.data[self.at..], self.at as u64);
            match Skip::new().take(&mut rest, &mut at) {
                Ok(true) => self.at = at as usize,
                Ok(false) => return Err((self.data.len(), Kind::Cut)),
                Err(fault) => {
                    let kind = match fault.kind {
                        FaultKind::Reserved => Kind::Reserved,
                        FaultKind::Nesting => Kind::Nesting,
                        FaultKind::Utf8 => Kind::Utf8,
                        // More than any frame holds.
                        FaultKind::Length => Kind::Cut,
                    };
                    return Err((fault.offset as usize, kind));
                }
            }
        }
        Ok(())
    }
}
