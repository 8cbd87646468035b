//! Attacks on today's daemon (`--reducers legacy`) with a hostile exporter over real TLS.

use std::{fs::File, io::Read as _, net::SocketAddr, sync::Arc};

use flate2::read::GzDecoder;
use handfast::{
    archive::{Identity, KeyKind, UnixTime},
    message::{Features, Message},
    mux::{Control, RequestState},
    outcome::Scheme,
    secret::Secret,
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
    support::{Folder, Side, accounts},
    swapped::{own_account, run},
};

const TODAY: [&str; 4] = ["--profile", "jamid", "--reducers", "legacy"];
const SHIPPED: [&str; 2] = ["--profile", "jamid"];

/// The end of an exporter that shows its own leaf below the certificates of an account that did not sign it (W-3).
async fn borrowed(target: SocketAddr, device: &Identity, account: &Identity) -> Script {
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
async fn asks(script: &mut Script, token: &str) -> bool {
    let token = Token::parse(token.as_bytes()).expect("it is one");
    script.request(token.code.channel_name().as_bytes(), CHANNEL).await;
    loop {
        match script.next().await {
            Said::Control(Control::Request(request)) => return request.state == RequestState::Accept,
            Said::Lost => return false,
            _ => {}
        }
    }
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

/// W-1: an account is installed to which no user has agreed.
#[test]
fn an_archive_is_installed_by_todays_importer_without_an_answer() {
    let folder = Folder::default();
    let mut text = Vec::new();
    let archive = File::open(folder.archive("archive", "4KiB", None)).expect("it is there");
    GzDecoder::new(archive).read_to_end(&mut text).expect("it is inflated");
    let store = folder.path("store");
    let mut importer = Side::import(&store, &[&["--calls"][..], &TODAY].concat());
    let (target, token) = (importer.listening(), importer.token());
    run(async {
        let stream = TcpStream::connect(target).await.expect("it listens");
        let mut intruder = exporter(stream, &own_account()).await;
        assert!(asks(&mut intruder, &token).await);
        intruder.archive(&text).await;
        while intruder.received().await != Said::Lost {}
    });
    let ended = importer.end();
    assert_eq!((ended.code, accounts(&store).len()), (0, 1), "{}", ended.complaints);
}
