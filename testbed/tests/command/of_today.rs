//! Attacks on today's daemon (`--reducers legacy`) with a hostile exporter over real TLS, or a link that is cut. The reducers that ship
//! withstand each of them.

use std::{fs::File, io::Read as _, net::SocketAddr, path::Path, sync::Arc};

use flate2::read::GzDecoder;
use handfast::{
    archive::{Identity, KeyKind, Sample, Store, UnixTime},
    message::{Features, Message},
    mux::{ChannelName, Control, RequestState},
    outcome::Scheme,
    secret::Secret,
    shell::tls::ExporterTls,
    token::Token,
};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs::default_provider,
        pki_types::{CertificateDer, PrivatePkcs8KeyDer},
        version::TLS13,
    },
};

use crate::{
    script::{CHANNEL, Said, Script, exporter},
    support::{Folder, Relay, Side, Steps, accounts, text},
    swapped::{own_account, run},
};

pub(crate) const TODAY: [&str; 4] = ["--profile", "jamid", "--reducers", "legacy"];
pub(crate) const SHIPPED: [&str; 2] = ["--profile", "jamid"];

/// The end of an exporter that shows its own leaf below the certificates of an account that did not sign it (W-3).
pub(crate) async fn borrowed(target: SocketAddr, device: &Identity, account: &Identity) -> Script {
    let above = account.chain().certificates();
    let shown = [device.certificate()].into_iter().chain(above);
    let shown = shown.map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13])
        .expect("the provider has it")
        .with_no_client_auth()
        .with_single_cert(shown, PrivatePkcs8KeyDer::from(device.key().pkcs8().to_vec()).into())
        .expect("the key is the leaf's");
    let stream = TcpStream::connect(target).await.expect("it listens");
    Script::new(TlsAcceptor::from(Arc::new(config)).accept(stream).await.expect("the importer goes on"))
}

/// Asks for the channel of the token. Whether it is accepted.
pub(crate) async fn asks(script: &mut Script, token: &str) -> bool {
    let token = Token::parse(token.as_bytes()).expect("it is one");
    asks_for(script, token.code.channel_name()).await == Some(RequestState::Accept)
}

/// Asks for a channel. The answer; none if the connection is lost in its place.
async fn asks_for(script: &mut Script, name: ChannelName) -> Option<RequestState> {
    script.request(name.as_bytes(), CHANNEL).await;
    answered(script).await
}

/// Waits for the answer to a request.
pub(crate) async fn answered(script: &mut Script) -> Option<RequestState> {
    loop {
        match script.next().await {
            Said::Control(Control::Request(request)) => return Some(request.state),
            Said::Lost => return None,
            _ => {}
        }
    }
}

/// The accounts that a store has.
pub(crate) fn installed(store: &Path) -> Vec<String> {
    let store = Store::open(store).expect("it is a store");
    store.list().expect("it can be read").into_iter().map(|entry| entry.account.to_string()).collect()
}

/// W-3: the new device's user sees the own account, since the chain names it, and types its password for the intruder. An importer that
/// ships verifies the chain (R-SEC-1), and has no session with it.
#[test]
fn a_borrowed_account_is_shown_by_todays_importer_and_gets_the_password() {
    let (account, _) = Identity::account(KeyKind::P256, UnixTime::now()).expect("there are keys");
    let device = own_account();
    for (options, is_shown) in [(&TODAY[..], true), (&SHIPPED, false)] {
        let folder = Folder::default();
        let mut importer = Side::import(&folder.path("store"), &[&["--calls"][..], options].concat());
        let (target, token) = (importer.listening(), importer.token());
        run(async {
            let mut intruder = borrowed(target, &device, &account).await;
            assert_eq!(asks(&mut intruder, &token).await, is_shown);
            if !is_shown {
                return;
            }
            intruder.send(Message::AuthScheme(Scheme::Password, Features::ALL)).await;
            let peer = importer.state(3)["details"]["peer_id"].clone();
            assert_eq!(peer, account.certificate().short_id().to_string());
            let answer = r#"{"credentials":"correct horse","scheme":"password"}"#;
            assert_eq!(importer.call("provideAccountAuthentication", answer), true);
            let password = loop {
                match intruder.received().await {
                    Said::Message(Message::Password(password)) => break password,
                    Said::Lost => panic!("no password comes"),
                    _ => {}
                }
            };
            assert_eq!(password, Secret::from("correct horse"));
        });
        let signalled = |state: u8| importer.seen.iter().any(|line| line["state"] == state);
        assert_eq!(signalled(3), is_shown);
    }
}

/// W-1: an account is installed to which no user has agreed. One that ships takes no archive before the answer (R-IMP-10).
#[test]
fn an_archive_is_installed_by_todays_importer_without_an_answer() {
    for (options, code, count) in [(&TODAY[..], 0, 1), (&SHIPPED, 14, 0)] {
        let folder = Folder::default();
        let mut text = Vec::new();
        let archive = File::open(folder.archive("archive", "4KiB", None)).expect("it is there");
        GzDecoder::new(archive).read_to_end(&mut text).expect("it is inflated");
        let store = folder.path("store");
        let mut importer = Side::import(&store, &[&["--calls"][..], options].concat());
        let (target, token) = (importer.listening(), importer.token());
        run(async {
            let stream = TcpStream::connect(target).await.expect("it listens");
            let mut intruder = exporter(stream, &own_account()).await;
            assert!(asks(&mut intruder, &token).await);
            intruder.archive(&text).await;
            while intruder.received().await != Said::Lost {}
        });
        let ended = importer.end();
        assert_eq!((ended.code, accounts(&store).len()), (code, count), "{}", ended.complaints);
    }
}

/// The text of an archive of an account of the intruder's own, and the account.
fn own_archive() -> (String, Vec<u8>) {
    let (account, authority) = Identity::account(KeyKind::P256, UnixTime::now()).expect("there are keys");
    let mut text = Vec::new();
    let sample = Sample::of(&account, &authority, Scheme::None, 4096, 1).expect("it is large enough");
    sample.write_to(&mut text).expect("memory can be written");
    (account.certificate().short_id().to_string(), text)
}

/// W-3 and W-4: the new device's user agrees to the own account, which the chain only names, and another one is installed. The importer
/// that ships has no session with such a chain.
#[test]
fn another_account_than_the_borrowed_one_is_installed_by_todays_importer() {
    let (shown, _) = Identity::account(KeyKind::P256, UnixTime::now()).expect("there are keys");
    let (own, archive) = own_archive();
    for (options, is_of_today) in [(&TODAY[..], true), (&SHIPPED, false)] {
        let folder = Folder::default();
        let store = folder.path("store");
        let mut importer = Side::import(&store, &[&["--yes"][..], options].concat());
        let (target, token) = (importer.listening(), importer.token());
        run(async {
            let mut intruder = borrowed(target, &own_account(), &shown).await;
            assert_eq!(asks(&mut intruder, &token).await, is_of_today);
            if !is_of_today {
                return;
            }
            intruder.send(Message::AuthScheme(Scheme::None, Features::ALL)).await;
            while !matches!(intruder.received().await, Said::Message(Message::Password(_))) {}
            intruder.archive(&archive).await;
            while intruder.received().await != Said::Lost {}
        });
        if !is_of_today {
            importer.interrupt();
        }
        let ended = importer.end();
        let asked = ended.lines.iter().find(|line| line["state"] == 3).map(|line| &line["details"]["peer_id"]);
        let shown = is_of_today.then(|| shown.certificate().short_id().to_string().into());
        assert_eq!((asked, ended.code), (shown.as_ref(), if is_of_today { 0 } else { 13 }), "{}", ended.complaints);
        let expected = if is_of_today { vec![own.clone()] } else { vec![] };
        assert_eq!(installed(&store), expected);
    }
}

/// W-4 alone: the chain proves the account that is shown, and the archive is another account's. One that ships compares them
/// (R-IMP-11).
#[test]
fn another_account_than_the_proved_one_is_installed_by_todays_importer_alone() {
    let (own, archive) = own_archive();
    for (options, code, expected) in [(&TODAY[..], 0, vec![own]), (&SHIPPED, 14, vec![])] {
        let folder = Folder::default();
        let store = folder.path("store");
        let mut importer = Side::import(&store, &[&["--yes"][..], options].concat());
        let (target, token) = (importer.listening(), importer.token());
        run(async {
            let stream = TcpStream::connect(target).await.expect("it listens");
            let mut intruder = exporter(stream, &own_account()).await;
            assert!(asks(&mut intruder, &token).await);
            intruder.send(Message::AuthScheme(Scheme::None, Features::ALL)).await;
            while !matches!(intruder.received().await, Said::Message(Message::Password(_))) {}
            intruder.archive(&archive).await;
            while intruder.received().await != Said::Lost {}
        });
        let ended = importer.end();
        assert_eq!(ended.code, code, "{}", ended.complaints);
        assert_eq!(installed(&store), expected);
    }
}

/// Wrong codes that the intruder tries: far more than what ships answers.
const GUESSES: u32 = 50;

/// Asks for channels with wrong codes, on as many connections as it takes. Returns how many were answered as wrong.
async fn guesses(target: SocketAddr, token: &str) -> u32 {
    let device = own_account();
    let mut script: Option<Script> = None;
    let mut answers = 0;
    let right = Token::parse(token.as_bytes()).expect("it is one").code.channel_name();
    let wrong = (200_000..).map(|code: u32| ChannelName::new(format!("auth:{code}").as_bytes()).expect("it is one"));
    for name in wrong.filter(|name| *name != right).take(GUESSES as usize) {
        if script.is_none() {
            // Where the token is dead nothing listens any more.
            let Ok(stream) = TcpStream::connect(target).await else { break };
            let Ok((stream, _)) = ExporterTls::new(&device).handshake(stream).await else { break };
            script = Some(Script::new(stream));
        }
        let Some(open) = &mut script else { break };
        match asks_for(open, name).await {
            Some(RequestState::Decline) => answers += 1,
            Some(state) => panic!("a wrong code is answered by {state:?}"),
            None => script = None,
        }
    }
    answers
}

/// W-29: today's importer answers every guess, and then the right code. The token of one that ships is dead after 16 (R-TOK-5).
#[test]
fn todays_importer_answers_every_wrong_code() {
    for (options, is_of_today) in [(&TODAY[..], true), (&SHIPPED, false)] {
        let folder = Folder::default();
        let mut importer = Side::import(&folder.path("store"), &[&["--calls"][..], options].concat());
        let (target, token) = (importer.listening(), importer.token());
        let answers = run(guesses(target, &token));
        if is_of_today {
            assert_eq!(answers, GUESSES);
            run(async {
                let stream = TcpStream::connect(target).await.expect("it listens");
                let mut last = exporter(stream, &own_account()).await;
                assert!(asks(&mut last, &token).await);
            });
        } else {
            // Three close a connection, and the last answer may be lost with it.
            assert!((10..=16).contains(&answers), "{answers}");
            let ended = importer.end();
            assert_eq!(ended.code, 12, "{}", ended.complaints);
        }
    }
}

/// W-5: today's exporter reports success for an archive of which the new device has the beginning. One that ships waits for the importer's result, and
/// says that it failed (R-EXT-2).
#[test]
fn todays_exporter_reports_success_for_half_an_archive() {
    for (of_import, of_export, code) in
        [(&SHIPPED[..], &TODAY[..], 0), (&TODAY, &TODAY, 0), (&SHIPPED, &SHIPPED, 10), (&TODAY, &SHIPPED, 10)]
    {
        let folder = Folder::default();
        let (store, archive) = (folder.path("store"), folder.archive("archive", "1MiB", None));
        let mut importer = Side::import(&store, &[&["--yes"][..], of_import].concat());
        let token = importer.token();
        let half_way = Relay::cutting(importer.listening(), 512 * 1024).address.to_string();
        let trace = folder.path("trace");
        let mut steps = Steps::at(&trace);
        let args = ["export", "--json", "--calls", "--archive", text(&archive), "--peer", &half_way];
        let mut exporter = Side::start([&args[..], &["--trace", text(&trace), &token], of_export].concat());
        exporter.state(3);
        // Before it, today's exporter would take it for a wrong password (W-14).
        steps.wait("\"Hello\"");
        assert_eq!(exporter.call("confirmAddDevice", "{}"), true);
        let exporter = exporter.end();
        let importer = importer.end();
        assert_eq!((exporter.code, importer.code), (code, 10), "{}\n{}", exporter.complaints, importer.complaints);
        assert!(accounts(&store).is_empty());
        // The archive was on its way.
        assert!(importer.states().contains(&4) && exporter.states().contains(&4));
    }
}
