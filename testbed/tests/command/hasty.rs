//! `--yes` before peers that end the operation in the moment in which they ask: no call that was refused is made again and again
//! (R-CLI-8), and interrupts are received.

use std::{future::Future, path::Path};

use handfast::{
    archive::{Identity, KeyKind, PrivateKey, UnixTime},
    message::{Features, Message, Word, encode},
    mux::{ChannelRequest, Control, RequestState, end_of_channel, frame_header},
    outcome::Scheme,
    secret::Secret,
    shell::identity::{Reach, throw_away},
    token::{Code, DeviceId, Token},
};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    script::{CHANNEL, Said, exporter, importer},
    support::{Folder, Side, text},
};

/// How often each peer is met: which of two events the command takes first is the machine's choice.
const TIMES: usize = 6;
/// Lines that a link prints at the very most.
const MOST: usize = 40;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("there is a runtime").block_on(work)
}

fn frame(data: &[u8]) -> Vec<u8> {
    let mut bytes = frame_header(CHANNEL, data.len() as u16).as_bytes().to_vec();
    bytes.extend_from_slice(data);
    bytes
}

fn said(message: Message<Secret>) -> Vec<u8> {
    frame(encode(&message).as_bytes())
}

/// Ways to end at once, in bytes: garbage, a word and the end of the channel, the end alone.
fn ends() -> [Vec<u8>; 3] {
    let end = end_of_channel(CHANNEL).as_bytes().to_vec();
    [frame(&[0xc1; 9]), [said(Message::State(Word::Canceled)), end.clone()].concat(), end]
}

/// Waits for the end of the command, which has to come by itself.
fn code(mut side: Side) -> i32 {
    while side.next().is_some() {
        assert!(side.seen.len() < MOST, "it goes on and on: {:#?}", &side.seen[MOST - 6..]);
    }
    side.end().code
}

/// An importing device that accepts the channel and ends in the same breath.
async fn importing(device: &Identity, listener: TcpListener, rest: &[u8]) {
    let (stream, _) = listener.accept().await.expect("the exporter connects");
    let mut script = importer(stream, device).await;
    loop {
        if let Said::Control(Control::Request(request)) = script.next().await {
            let state = RequestState::Accept;
            let accept = Control::Request(ChannelRequest { state, ..request }).to_frame();
            let mut bytes = accept;
            bytes.extend_from_slice(rest);
            script.raw(&bytes).await;
            break;
        }
    }
    while script.next().await != Said::Lost {}
}

fn export_meets(archive: &Path, rest: &[u8]) -> i32 {
    run(async {
        let device = throw_away(Reach::Direct, UnixTime::now()).expect("there are keys");
        let code = Code::from_random(123_456).expect("it is one");
        let token = Token { device: DeviceId::Short(device.chain().leaf().short_id().0), code };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let peer = listener.local_addr().expect("it is bound").to_string();
        let token = token.text().to_string();
        let side = Side::start(["export", "--json", "--yes", "--archive", text(archive), "--peer", &peer, &token]);
        let waits = tokio::task::spawn_blocking(move || self::code(side));
        importing(&device, listener, rest).await;
        waits.await.expect("the command ends")
    })
}

/// Prompts the import, and ends in the same breath.
fn import_meets(store: &Path, scheme: Scheme, rest: &[u8], more: &[&str]) -> i32 {
    let mut side = Side::import(store, &[&["--yes"], more].concat());
    let (token, listening) = (side.token(), side.listening());
    run(async {
        let now = UnixTime::now();
        let (account, _) = Identity::account(KeyKind::P256, now).expect("there are keys");
        let key = PrivateKey::generate(KeyKind::P256).expect("there are keys");
        let device = account.issue_device(key, now).expect("it is issued");
        let stream = TcpStream::connect(listening).await.expect("it listens");
        let mut script = exporter(stream, &device).await;
        script.open(&token).await;
        let hello = Message::AuthScheme(scheme, Features::ALL);
        script.raw(&[said(hello), rest.to_vec()].concat()).await;
        let waits = tokio::task::spawn_blocking(move || code(side));
        while script.next().await != Said::Lost {}
        waits.await.expect("the command ends")
    })
}

#[test]
fn an_export_ends_with_its_operation() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    for end in ends() {
        for _ in 0..TIMES {
            let code = export_meets(&archive, &end);
            assert!(matches!(code, 10 | 13 | 14), "exit code {code} after {end:x?}");
        }
    }
}

#[test]
fn an_import_ends_with_its_operation() {
    let folder = Folder::default();
    let passwords = folder.file("passwords", "one\ntwo\nthree\n");
    for end in ends() {
        for (scheme, more) in [(Scheme::None, &[][..]), (Scheme::Password, &["--password-file", text(&passwords)])] {
            for _ in 0..TIMES {
                let code = import_meets(&folder.path("store"), scheme, &end, more);
                assert!(matches!(code, 10 | 13 | 14), "exit code {code} after {end:x?}");
            }
        }
    }
}
