//! Who is there who should not be: strangers on the importer's port, and peers in a session who break the rules.
//!
//! An enemy says its piece without listening, and then stays until it is turned away. What it says over TLS is bytes of its own.

use std::{fmt, future::Future, io};

use handfast::{
    message::{Features, Message, archive_header, encode},
    mux::{
        ChannelName, ChannelRequest, Control, FIRST_SERVER_CHANNEL, RequestState, VERSION, end_of_channel, frame_header,
    },
    outcome::{Outcome, Profile, Scheme},
    shell::tls::{ExporterTls, ImporterTls},
    token::{Code, DeviceId, Form, Token},
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    select,
    time::{Duration, sleep},
};

use crate::{board::Scene, fixture::FIXTURE};

/// An enemy, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enemy {
    /// Somebody who knows where the importing device is, beside an honest pair: the pair succeeds.
    Stranger(Mischief),
    /// The exporter, who knows the token.
    Exporter(Mischief),
    /// The importer, whose token was taken.
    Importer(Mischief),
}

/// What an enemy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mischief {
    /// Says nothing.
    Silence,
    /// Leaves at once.
    Leave,
    /// Speaks another protocol.
    Text,
    /// Sends the head of a TLS record that is longer than one may be.
    Record,
    /// Sends a handshake that never comes to its end, a byte a millisecond.
    Drip,
    /// Shakes hands, and says nothing.
    Secured,
    /// Sends what are no frames, secured.
    NoFrames,
    /// Sends a frame of 4 GiB, secured, or what has the head of one.
    GiantFrame,
    /// Asks for a channel whose name is longer than one may be, secured.
    GiantName,
    /// Asks with wrong codes, secured.
    WrongCodes,
    /// Sends what is no message.
    NoMessage,
    /// Sends a message with a value of 4 GiB, or what has the head of one.
    GiantValue,
    /// Sends a message of nothing but the beginnings of arrays.
    Nesting,
    /// Sends the right words, and then garbage, one byte in a frame.
    ByteFrames,
    /// Sends messages that mean nothing, without an end.
    Flood,
    /// Sends an archive to which nobody has consented.
    Unasked,
    /// Sends an archive of 4 GiB, or what has the head of one.
    GiantArchive,
    /// Ends the channel in the middle of the archive.
    CutArchive,
    /// Sends an archive that is none.
    NoArchive,
}

use Mischief as M;

const STRANGERS: [M; 10] = [
    M::Silence,
    M::Leave,
    M::Text,
    M::Record,
    M::Drip,
    M::Secured,
    M::NoFrames,
    M::GiantFrame,
    M::GiantName,
    M::WrongCodes,
];
const EXPORTERS: [M; 11] = [
    M::Secured,
    M::NoFrames,
    M::GiantFrame,
    M::NoMessage,
    M::GiantValue,
    M::Nesting,
    M::ByteFrames,
    M::Unasked,
    M::GiantArchive,
    M::CutArchive,
    M::NoArchive,
];
const IMPORTERS: [M; 11] = [
    M::Silence,
    M::Leave,
    M::Secured,
    M::NoFrames,
    M::GiantFrame,
    M::NoMessage,
    M::GiantValue,
    M::Nesting,
    M::ByteFrames,
    M::Flood,
    M::Unasked,
];

impl Enemy {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let strangers = STRANGERS.into_iter().map(Self::Stranger);
        strangers.chain(EXPORTERS.into_iter().map(Self::Exporter)).chain(IMPORTERS.into_iter().map(Self::Importer))
    }

    /// The name of its family of scenarios.
    pub const fn family(self) -> &'static str {
        match self {
            Self::Stranger(_) => "stranger",
            Self::Exporter(_) => "hostile-exporter",
            Self::Importer(_) => "hostile-importer",
        }
    }

    /// What it does.
    pub const fn mischief(self) -> Mischief {
        match self {
            Self::Stranger(mischief) | Self::Exporter(mischief) | Self::Importer(mischief) => mischief,
        }
    }

    /// Whether it is one of the two sides.
    pub const fn is_a_side(self) -> bool {
        !matches!(self, Self::Stranger(_))
    }
}

impl Mischief {
    /// Whether an honest peer may end so.
    pub(crate) fn leads_to(self, end: Outcome) -> bool {
        match self {
            // Nobody breaks a rule who says nothing, or nothing that means anything.
            M::Silence | M::Leave | M::Secured | M::Flood => matches!(end, Outcome::Timeout | Outcome::Network),
            // A channel may end at any time.
            M::CutArchive => end == Outcome::Network,
            _ => end == Outcome::Protocol,
        }
    }
}

impl fmt::Display for Mischief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A piece of what an enemy says.
enum Piece {
    Say(Vec<u8>),
    /// Waits so many milliseconds.
    Wait(u64),
    /// Leaves.
    Leave,
}

use Piece::{Leave, Say, Wait};

/// In which the other side answers, and its user does what is asked.
const ANSWER: Piece = Wait(120);

/// What needs no handshake; none if it does.
fn plain(mischief: M) -> Option<Vec<Piece>> {
    Some(match mischief {
        M::Silence => Vec::new(),
        M::Leave => vec![Leave],
        M::Text => vec![Say(b"GET / HTTP/1.1\r\nHost: example.invalid\r\n\r\n".to_vec())],
        M::Record => vec![Say([&[22, 3, 1, 0xff, 0xff][..], &[0x5a; 3000]].concat())],
        M::Drip => {
            let head = [22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc];
            head.into_iter().chain([0x5a; 200]).flat_map(|byte| [Say(vec![byte]), Wait(1)]).collect()
        }
        _ => return None,
    })
}

/// What is said over TLS, behind what it takes to have a session.
fn secured(mischief: M) -> Vec<Piece> {
    match mischief {
        M::NoFrames => vec![Say(b"GET / HTTP/1.1\r\n\r\n".repeat(50))],
        M::GiantFrame => vec![Say([&[0x92, 0xcd, 0x80, 0x00, 0xc6, 0xff, 0xff, 0xff, 0xff][..], &[0; 1000]].concat())],
        M::GiantName => {
            // A request, whose name says that it has 4 GiB.
            let head = [0x93, 0xdb, 0xff, 0xff, 0xff, 0xff];
            vec![Say(frame(0, &[&head[..], &[b'x'; 4000]].concat()))]
        }
        M::WrongCodes => ["auth:000000", "auth:", "auth:12345", "auth:000001"]
            .map(|name| Say(request(name.as_bytes(), FIRST_SERVER_CHANNEL)))
            .into(),
        M::NoMessage => vec![Say(data(&[0xc1; 100]))],
        M::GiantValue => vec![Say(data(&[&[0x82, 0xdb, 0xff, 0xff, 0xff, 0xff][..], &[b'x'; 1000]].concat()))],
        M::Nesting => vec![Say(data(&[0x91; 5000]))],
        M::ByteFrames => [0xc1; 100].into_iter().map(|byte| Say(data(&[byte]))).collect(),
        M::Flood => (0..2000).flat_map(|_| [Say(message(&Message::Unknown)), Wait(1)]).collect(),
        M::Unasked => vec![Say(archive(5000, 5000))],
        M::GiantArchive => vec![Say(archive(u32::MAX, 5000))],
        M::CutArchive => vec![Say(archive(5000, 3000)), Say(end_of_channel(FIRST_SERVER_CHANNEL).as_bytes().to_vec())],
        M::NoArchive => vec![Say(archive(5000, 5000))],
        M::Silence | M::Leave | M::Text | M::Record | M::Drip | M::Secured => Vec::new(),
    }
}

fn frame(channel: u16, data: &[u8]) -> Vec<u8> {
    [frame_header(channel, data.len() as u16).as_bytes(), data].concat()
}

fn data(data: &[u8]) -> Vec<u8> {
    frame(FIRST_SERVER_CHANNEL, data)
}

fn message(message: &Message<handfast::secret::Secret>) -> Vec<u8> {
    data(encode(message).as_bytes())
}

/// The head of an archive, and zeros in its place.
fn archive(says: u32, sent: usize) -> Vec<u8> {
    [data(archive_header(says).as_bytes()), data(&vec![0; sent])].concat()
}

fn control(control: &Control) -> Piece {
    Say(control.to_frame())
}

fn channel(name: ChannelName, state: RequestState) -> Control {
    Control::Request(ChannelRequest { name, channel: FIRST_SERVER_CHANNEL, state })
}

fn request(name: &[u8], channel: u16) -> Vec<u8> {
    let Some(name) = ChannelName::new(name) else { return Vec::new() };
    Control::Request(ChannelRequest { name, channel, state: RequestState::Request }).to_frame()
}

/// Says it, and stays until it is turned away. What comes is thrown away.
async fn say(stream: impl AsyncRead + AsyncWrite + Unpin, pieces: Vec<Piece>) {
    let (mut reading, mut writing) = tokio::io::split(stream);
    let speak = async {
        for piece in pieces {
            match piece {
                Say(bytes) => {
                    writing.write_all(&bytes).await?;
                    writing.flush().await?;
                }
                Wait(ms) => sleep(Duration::from_millis(ms)).await,
                Leave => return Ok(()),
            }
        }
        std::future::pending::<io::Result<()>>().await
    };
    let listen = async {
        let mut buffer = [0; 4096];
        while reading.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    };
    select! { biased;
        // Who is turned away leaves.
        _ = speak => {}
        () = listen => {}
    }
}

/// A stranger calls as soon as somebody answers, and does its mischief.
pub(crate) async fn stranger<S, F>(scene: &Scene, mischief: M, dial: impl Fn() -> F)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = io::Result<S>>,
{
    let stream = loop {
        match dial().await {
            Ok(stream) => break stream,
            Err(_) => sleep(Duration::from_millis(1)).await,
        }
    };
    scene.board().met = true;
    match plain(mischief) {
        Some(pieces) => say(stream, pieces).await,
        None => {
            if let Ok((stream, _)) = ExporterTls::new(&FIXTURE.exporter).handshake(stream).await {
                say(stream, std::iter::once(control(&Control::Version(VERSION))).chain(secured(mischief)).collect())
                    .await;
            }
        }
    }
}

/// An exporter that has the token.
pub(crate) async fn exporter(scene: &Scene, mischief: M, token: &str, stream: impl AsyncRead + AsyncWrite + Unpin) {
    scene.board().met = true;
    let Ok(token) = Token::parse(token.as_bytes()) else { return };
    let Ok((stream, _)) = ExporterTls::new(&FIXTURE.exporter).handshake(stream).await else { return };
    let mut pieces = vec![
        control(&Control::Version(VERSION)),
        control(&channel(token.code.channel_name(), RequestState::Request)),
        ANSWER,
    ];
    // An archive comes when it is asked for.
    if let M::GiantArchive | M::CutArchive | M::NoArchive = mischief {
        let scheme = if scene.plan.protected { Scheme::Password } else { Scheme::None };
        pieces.extend([Say(message(&Message::AuthScheme(scheme, Features::ALL))), ANSWER]);
    }
    pieces.extend(secured(mischief));
    say(stream, pieces).await;
}

/// The token of a device that is in the hands of an enemy.
pub(crate) fn token(profile: Profile) -> String {
    let importer = FIXTURE.importer();
    let leaf = importer.chain().leaf();
    let device = match Form::shown_by(profile) {
        Form::Short => DeviceId::Short(leaf.short_id().0),
        Form::Long => DeviceId::Long(leaf.long_id()),
    };
    Token { device, code: code() }.text().to_string()
}

fn code() -> Code {
    Code::parse(b"123456").expect("six digits")
}

/// An importer that was called.
pub(crate) async fn importer(scene: &Scene, mischief: M, stream: impl AsyncRead + AsyncWrite + Unpin) {
    scene.board().met = true;
    if let Some(pieces) = plain(mischief) {
        return say(stream, pieces).await;
    }
    let Ok((stream, _)) = ImporterTls::new(&FIXTURE.importer()).handshake(stream).await else { return };
    let mut pieces = vec![
        control(&Control::Version(VERSION)),
        ANSWER,
        control(&channel(code().channel_name(), RequestState::Accept)),
        Say(message(&Message::Hello(Features::ALL))),
        ANSWER,
    ];
    pieces.extend(secured(mischief));
    say(stream, pieces).await;
}
