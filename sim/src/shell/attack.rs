//! The bytes that the enemies of a session send.
//!
//! An enemy sends its bytes without reading, and then stays until it is turned away. Over TLS it sends bytes of its own.

use std::{cell::Cell, future::Future, io, sync::Arc};

use handfast::{
    archive::Identity,
    limits::MAX_FRAME,
    message::{Features, ImportResult, Message, archive_header, encode},
    mux::{
        ChannelName, ChannelRequest, Control, FIRST_SERVER_CHANNEL, FrameDecoder, FrameEvent, RequestState, VERSION,
        end_of_channel, frame_header,
    },
    outcome::{Profile, Scheme},
    shell::tls::{ExporterTls, ImporterTls},
    token::{Code, DeviceId, Form, Token},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    select,
    task::spawn_local,
    time::{Duration, sleep},
};

use super::{
    enemy::Mischief as M,
    fixture::{FIXTURE, STRANGE, password},
    plan::Plan,
    scene::Scene,
};

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
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// The part without a handshake; none if it needs one.
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

/// The part over TLS, after the messages that a session needs.
fn secured(scene: &Scene, mischief: M) -> Vec<Piece> {
    let Plan { protected, text, .. } = scene.plan;
    match mischief {
        M::Chatter => {
            let other = |state| {
                let name = ChannelName::new(b"git").expect("a short name");
                control(&Control::Request(ChannelRequest { name, channel: FIRST_SERVER_CHANNEL + 1, state }))
            };
            let again = channel(code().channel_name(), RequestState::Request);
            vec![
                control(&Control::Beacon(true)),
                control(&Control::Beacon(false)),
                control(&Control::Unknown),
                control(&Control::Version(VERSION)),
                other(RequestState::Request),
                other(RequestState::Accept),
                other(RequestState::Decline),
                Say(frame(FIRST_SERVER_CHANNEL + 1, b"of no one")),
                control(&again),
            ]
        }
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
        M::Unasked => vec![Say(archive(text as u32, &scene.archive.text))],
        // In one piece: no one answers in between.
        M::Hasty => vec![Say([ask(protected), archive(text as u32, &scene.archive.text)].concat())],
        M::OtherArchive => vec![Say(archive(text as u32, &FIXTURE.of_another(protected, text)))],
        M::GiantArchive => vec![Say(archive(u32::MAX, &[0; 5000]))],
        M::CutArchive => vec![Say(archive(5000, &[0; 3000])), the_end()],
        M::NoArchive => vec![Say(archive(5000, &[0; 5000]))],
        M::Guesses => (0..5).flat_map(|_| [Say(message(&Message::Password("wrong".into()))), ANSWER]).collect(),
        M::Imposter | M::NoResult => {
            let answer = Say(message(&Message::Password(password(protected).into())));
            let result = Say(message(&Message::ImportResult(ImportResult::Stored)));
            vec![answer, ANSWER, if mischief == M::NoResult { the_end() } else { result }]
        }
        M::Silence | M::Leave | M::Text | M::Record | M::Drip | M::LongChain | M::Nameless | M::Secured => Vec::new(),
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

/// Asks for consent, or a password.
fn ask(protected: bool) -> Vec<u8> {
    let scheme = if protected { Scheme::Password } else { Scheme::None };
    message(&Message::AuthScheme(scheme, Features::ALL))
}

/// The head of an archive, and what is sent in its place.
fn archive(says: u32, sent: &[u8]) -> Vec<u8> {
    std::iter::once(data(archive_header(says).as_bytes())).chain(sent.chunks(MAX_FRAME).map(data)).flatten().collect()
}

fn the_end() -> Piece {
    Say(end_of_channel(FIRST_SERVER_CHANNEL).as_bytes().to_vec())
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

/// Beacons and requests, or answers to them.
type Counts = [usize; 2];

/// Counts beacons and requests in frames; or, `answers`, what answers them.
fn count(frames: &mut FrameDecoder, mut bytes: &[u8], answers: bool, counts: &mut Counts) {
    while let Ok(Some(event)) = frames.next(&mut bytes) {
        match event {
            FrameEvent::Control(Control::Beacon(asks)) => counts[0] += usize::from(asks != answers),
            FrameEvent::Control(Control::Request(request)) => {
                counts[1] += usize::from((request.state == RequestState::Request) != answers);
            }
            _ => {}
        }
    }
}

/// Says it, and stays until it is turned away. Of what comes, only the answers are counted that are due to a chatterer: each beacon and each
/// request has one, unless it is turned away before (R-MUX-1).
async fn say(scene: &Scene, mischief: M, stream: impl AsyncRead + AsyncWrite + Unpin, pieces: Vec<Piece>) {
    let (mut reading, mut writing) = tokio::io::split(stream);
    let answered = Cell::new(Counts::default());
    let speak = async {
        let (mut frames, mut due) = (FrameDecoder::new(), Counts::default());
        for piece in pieces {
            match piece {
                Say(bytes) => {
                    count(&mut frames, &bytes, false, &mut due);
                    writing.write_all(&bytes).await?;
                    writing.flush().await?;
                }
                Wait(ms) => sleep(Duration::from_millis(ms)).await,
                Leave => return Ok(()),
            }
        }
        if mischief == M::Chatter {
            sleep(PATIENCE).await;
            if answered.get() != due {
                let text = format!("of {due:?} beacons and requests {:?} were answered", answered.get());
                scene.record().unanswered.push(text);
            }
        }
        std::future::pending::<io::Result<()>>().await
    };
    let listen = async {
        let (mut frames, mut buffer) = (FrameDecoder::new(), [0; 4096]);
        while let Ok(length @ 1..) = reading.read(&mut buffer).await {
            let mut counts = answered.get();
            count(&mut frames, &buffer[..length], true, &mut counts);
            answered.set(counts);
        }
    };
    select! { biased;
        // A rejected enemy leaves.
        _ = speak => {}
        () = listen => {}
    }
}

/// Strangers of a crowd at once, and how often each of them comes.
const CROWD: (usize, usize) = (40, 6);

/// A crowd of strangers. They leave with the host on which they are.
pub(crate) fn crowd<S, F>(scene: &Arc<Scene>, mischief: M, dial: impl Fn() -> F + Clone + 'static)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = io::Result<S>>,
{
    for _ in 0..CROWD.0 {
        let (scene, dial) = (scene.clone(), dial.clone());
        spawn_local(async move {
            for _ in 0..CROWD.1 {
                stranger(&scene, mischief, &dial).await;
            }
        });
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
    scene.record().met = true;
    match plain(mischief) {
        Some(pieces) => say(scene, mischief, stream, pieces).await,
        None => {
            if let Ok((stream, _)) = ExporterTls::new(shown(mischief, &FIXTURE.exporter)).handshake(stream).await {
                let mut pieces = vec![control(&Control::Version(VERSION))];
                pieces.extend(secured(scene, mischief));
                say(scene, mischief, stream, pieces).await;
            }
        }
    }
}

/// An exporter that has the token.
pub(crate) async fn exporter(scene: &Scene, mischief: M, token: &str, stream: impl AsyncRead + AsyncWrite + Unpin) {
    scene.record().met = true;
    let Ok(token) = Token::parse(token.as_bytes()) else { return };
    let Ok((stream, _)) = ExporterTls::new(shown(mischief, &FIXTURE.exporter)).handshake(stream).await else { return };
    let mut pieces = vec![
        control(&Control::Version(VERSION)),
        control(&channel(token.code.channel_name(), RequestState::Request)),
        ANSWER,
    ];
    // An archive comes when it is asked for.
    if let M::OtherArchive | M::GiantArchive | M::CutArchive | M::NoArchive = mischief {
        pieces.extend([Say(ask(scene.plan.protected)), ANSWER]);
    }
    pieces.extend(secured(scene, mischief));
    say(scene, mischief, stream, pieces).await;
}

/// The token of a device that is in the hands of an enemy.
pub(crate) fn token(profile: Profile) -> String {
    let leaf = FIXTURE.importer.chain().leaf();
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
    scene.record().met = true;
    if let Some(pieces) = plain(mischief) {
        return say(scene, mischief, stream, pieces).await;
    }
    let Ok((stream, _)) = ImporterTls::new(shown(mischief, &FIXTURE.importer)).handshake(stream).await else { return };
    let mut pieces = vec![
        control(&Control::Version(VERSION)),
        ANSWER,
        control(&channel(code().channel_name(), RequestState::Accept)),
        Say(message(&Message::Hello(Features::ALL))),
        ANSWER,
    ];
    pieces.extend(secured(scene, mischief));
    say(scene, mischief, stream, pieces).await;
}

/// The identity of an enemy, which is `own` unless another one is its mischief.
fn shown(mischief: M, own: &Identity) -> &Identity {
    match mischief {
        M::LongChain => &STRANGE.long,
        M::Nameless => &STRANGE.alone,
        M::Imposter => &FIXTURE.exporter,
        _ => own,
    }
}
