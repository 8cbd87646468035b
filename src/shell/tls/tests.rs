//! Two ends that are linked in memory, one of them sometimes not what it should be.

use rcgen::{KeyPair, SignatureAlgorithm};
use tokio::io::{DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::limits::{MAX_CERTIFICATE, MAX_CHAIN};
use crate::shell::identity::{Reach, throw_away};
use crate::{
    archive::{Archive, Argon2i, KeyKind, PrivateKey, Role, Terms},
    secret::Secret,
};

const NOW: UnixTime = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_800_000_000));
const JAMI: &[u8] = include_bytes!("../../../tests/vectors/archive-plain.gz");

/// The results of a handshake for the importer and the exporter.
type Ends = (
    Result<(client::TlsStream<DuplexStream>, PeerFacts), HandshakeError>,
    Result<(server::TlsStream<DuplexStream>, Chain), HandshakeError>,
);

async fn link(importer: &ImporterTls, exporter: &ExporterTls) -> Ends {
    let (near, far) = duplex(64 * 1024);
    tokio::join!(importer.handshake(near), exporter.handshake(far))
}

/// Any device with a chain of three.
fn device() -> Identity {
    throw_away(Reach::Direct, NOW).unwrap()
}

/// device ← account ← authority, all with keys for `algorithm`.
fn device_with(algorithm: &'static SignatureAlgorithm) -> Identity {
    let key = || PrivateKey::from_pkcs8(KeyPair::generate_for(algorithm).unwrap().serialized_der()).unwrap();
    let authority = Identity::authority(key(), "authority", NOW).unwrap();
    authority.issue(key(), "account", Role::Authority, NOW).unwrap().issue_device(key(), NOW).unwrap()
}

fn account_id(identity: &Identity) -> Option<AccountId> {
    Some(identity.chain().certificates()[1].short_id())
}

fn certificates(identity: &Identity) -> Vec<CertificateDer<'static>> {
    certified(identity).cert
}

/// Shows `certificates`, whatever they are, and signs with the key of `signer`.
fn showing(certificates: Vec<CertificateDer<'static>>, signer: &Identity) -> Arc<SingleCertAndKey> {
    Arc::new(SingleCertAndKey::from(CertifiedKey::new(certificates, certified(signer).key)))
}

fn exporter_with(certificates: Vec<CertificateDer<'static>>, signer: &Identity) -> ExporterTls {
    let config = ServerConfig::builder_with_provider(offering(SUITES))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_client_cert_verifier(Arc::new(Possession::new()))
        .with_cert_resolver(showing(certificates, signer));
    ExporterTls { acceptor: TlsAcceptor::from(Arc::new(config)), own: [0; 32], shown: Arc::default() }
}

fn importer_with(certificates: Vec<CertificateDer<'static>>, signer: &Identity) -> ImporterTls {
    importer(|config| config.with_client_cert_resolver(showing(certificates, signer)))
}

fn importer(
    finish: impl FnOnce(rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>) -> ClientConfig,
) -> ImporterTls {
    let config = ClientConfig::builder_with_provider(offering(SUITES))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Possession::new()));
    ImporterTls { connector: TlsConnector::from(Arc::new(finish(config))), own: [0; 32] }
}

async fn check_honest(importer: &Identity, exporter: &Identity) {
    let (import, export) = link(&ImporterTls::new(importer), &ExporterTls::new(exporter)).await;
    let (mut import, facts) = import.unwrap();
    let (mut export, chain) = export.unwrap();
    assert_eq!((facts.presented, facts.verified), (account_id(exporter), true));
    assert_eq!(&chain, importer.chain());

    export.write_all(b"archive").await.unwrap();
    export.shutdown().await.unwrap();
    let mut read = Vec::new();
    import.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"archive");
    assert_eq!(import.get_ref().1.tls13_tickets_received(), 0);
    assert_eq!(export.get_ref().1.server_name(), None);
}

/// The keys of devices, accounts and authorities.
const KEYS: [&SignatureAlgorithm; 4] =
    [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ECDSA_P521_SHA512, &rcgen::PKCS_ED25519, &rcgen::PKCS_RSA_SHA256];

/// device ← account ← authority with RSA keys of 4096 bits, as a Jami daemon has them: its own account, with a device key of the tests.
fn of_a_daemon() -> Identity {
    let archive = Archive::open(io::Cursor::new(JAMI), &Secret::default(), &Argon2i, Terms::any_time()).unwrap();
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../dht/tests/vectors/crypto.json")).unwrap();
    let (_, pem) =
        x509_parser::pem::parse_x509_pem(vectors["private_key_pkcs8_pem"].as_str().unwrap().as_bytes()).unwrap();
    archive.account().issue_device(PrivateKey::from_pkcs8(&pem.contents).unwrap(), NOW).unwrap()
}

/// A device with an RSA key of 2048 bits, whose account and authority have keys for `algorithm`.
fn below(algorithm: &'static SignatureAlgorithm) -> Identity {
    let key = || PrivateKey::from_pkcs8(KeyPair::generate_for(algorithm).unwrap().serialized_der()).unwrap();
    let authority = Identity::authority(key(), "authority", NOW).unwrap();
    let account = authority.issue(key(), "account", Role::Authority, NOW).unwrap();
    account.issue_device(PrivateKey::generate(KeyKind::Rsa2048).unwrap(), NOW).unwrap()
}

/// Chains of which a Jami daemon accepts each one.
fn chains() -> Vec<(String, Identity)> {
    let mut all = vec![
        ("RSA-4096 throughout, as a real exporter".to_owned(), of_a_daemon()),
        (
            "RSA-2048 under P-384, as an importer in the OpenDHT network".to_owned(),
            throw_away(Reach::Directory, NOW).unwrap(),
        ),
    ];
    for algorithm in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ECDSA_P521_SHA512] {
        all.push((format!("{algorithm:?} throughout"), device_with(algorithm)));
        all.push((format!("RSA-2048 under {algorithm:?}"), below(algorithm)));
    }
    all
}

#[tokio::test]
async fn each_side_is_known_whatever_its_keys_are() {
    let other = device();
    for identity in KEYS.map(device_with).into_iter().chain(chains().into_iter().map(|(_, identity)| identity)) {
        check_honest(&identity, &other).await;
        check_honest(&other, &identity).await;
    }
}

/// The algorithms of GnuTLS with a daemon's settings, as far as rustls has them: no P-256, no SHA-256.
fn of_gnutls() -> (CryptoProvider, Possession) {
    use SignatureScheme as S;
    let offered = [
        S::RSA_PKCS1_SHA384,
        S::RSA_PSS_SHA384,
        S::ECDSA_NISTP384_SHA384,
        S::RSA_PKCS1_SHA512,
        S::RSA_PSS_SHA512,
        S::ECDSA_NISTP521_SHA512,
    ];
    let all = aws_lc_rs::default_provider().signature_verification_algorithms;
    let mapping: Vec<_> = all.mapping.iter().filter(|(scheme, _)| offered.contains(scheme)).copied().collect();
    let algorithms = WebPkiSupportedAlgorithms { mapping: mapping.leak(), ..all };
    let provider =
        CryptoProvider { kx_groups: vec![kx_group::SECP384R1, kx_group::X25519], ..aws_lc_rs::default_provider() };
    (provider, Possession { algorithms })
}

/// A peer with the algorithms of a daemon, as either side.
fn gnutls_importer(identity: &Identity) -> ImporterTls {
    let (provider, possession) = of_gnutls();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(possession))
        .with_client_cert_resolver(showing(certificates(identity), identity));
    ImporterTls { connector: TlsConnector::from(Arc::new(config)), own: [0; 32] }
}

fn gnutls_exporter(identity: &Identity) -> ExporterTls {
    let (provider, possession) = of_gnutls();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_client_cert_verifier(Arc::new(possession))
        .with_cert_resolver(showing(certificates(identity), identity));
    ExporterTls { acceptor: TlsAcceptor::from(Arc::new(config)), own: [0; 32], shown: Arc::default() }
}

#[tokio::test]
async fn chains_of_daemons_link_with_the_algorithms_of_daemons() {
    let daemon = of_a_daemon();
    for (name, identity) in chains() {
        let (import, export) = link(&ImporterTls::new(&identity), &gnutls_exporter(&daemon)).await;
        let facts = import.unwrap_or_else(|error| panic!("{name}, ours imports: {error}")).1;
        assert_eq!((facts.presented, facts.verified), (account_id(&daemon), true));
        assert_eq!(&export.unwrap().1, identity.chain(), "{name}");
        let (import, export) = link(&gnutls_importer(&daemon), &ExporterTls::new(&identity)).await;
        let facts = import.unwrap_or_else(|error| panic!("{name}, ours exports: {error}")).1;
        assert_eq!((facts.presented, facts.verified), (account_id(&identity), true), "{name}");
        assert_eq!(&export.unwrap().1, daemon.chain(), "{name}");
    }
}

/// A daemon offers no SHA-256, which P-256 is bound to in TLS 1.3: why no device that meets one has such a key.
#[tokio::test]
async fn a_device_on_p_256_has_no_signature_that_a_daemon_takes() {
    let (import, _) = link(&ImporterTls::new(&device()), &gnutls_exporter(&of_a_daemon())).await;
    // The handshake of the client ends before the server has judged it.
    let refused = match import {
        Err(error) => error,
        Ok((mut stream, _)) => HandshakeError::from_io(stream.read(&mut [0]).await.unwrap_err()),
    };
    assert!(matches!(refused, HandshakeError::Tls(_)), "{refused}");
    let (_, export) = link(&gnutls_importer(&of_a_daemon()), &ExporterTls::new(&device())).await;
    let export = export.map(|_| ()).unwrap_err();
    assert!(matches!(export, HandshakeError::Tls(Error::PeerIncompatible(_))), "{export}");
}

/// R-SEC-3: a daemon's answer to a hello without that sign, an alert in clear. There is no link, and the stream ends.
#[tokio::test]
async fn a_hello_that_is_answered_with_an_end_is_no_link() {
    let (mut peer, stream) = duplex(64 * 1024);
    peer.write_all(&[0x15, 3, 3, 0, 2, 1, 0]).await.unwrap();
    peer.shutdown().await.unwrap();
    let import = ImporterTls::new(&device()).handshake(stream).await.map(|_| ()).unwrap_err();
    assert!(matches!(import, HandshakeError::Link(_)), "{import}");
}

/// Ours asks no importer for that sign.
#[tokio::test]
async fn an_importer_without_the_sign_of_safe_renegotiation_links() {
    let peer = device();
    let (import, export) = link(&importer_with(certificates(&peer), &peer), &ExporterTls::new(&device())).await;
    assert!(import.unwrap().1.verified);
    assert_eq!(&export.unwrap().1, peer.chain());
}

/// R-EXP-11: from a bare archive, whose account has issued a device for the occasion.
#[tokio::test]
async fn a_real_account_is_known_by_a_device_that_it_issued() {
    let archive = Archive::open(io::Cursor::new(JAMI), &Secret::default(), &Argon2i, Terms::any_time()).unwrap();
    let exporter = archive.account().issue_device(PrivateKey::generate(KeyKind::P256).unwrap(), NOW).unwrap();
    check_honest(&device(), &exporter).await;
    assert_eq!(account_id(&exporter), Some(archive.summary().account));
}

/// W-3: the chain "attacker's device, victim's account, victim's authority".
#[tokio::test]
async fn a_device_that_borrows_an_account_is_not_verified() {
    let (attacker, victim) = (device(), device());
    let mut forged = certificates(&victim);
    forged[0] = certificates(&attacker)[0].clone();
    let (_, facts) = link(&ImporterTls::new(&device()), &exporter_with(forged, &attacker)).await.0.unwrap();
    assert_eq!((facts.presented, facts.verified), (account_id(&victim), false));
}

/// The whole chain is the victim's, and its signatures hold.
#[tokio::test]
async fn an_exporter_without_the_key_of_its_certificate_is_refused() {
    let (attacker, victim) = (device(), device());
    let exporter = exporter_with(certificates(&victim), &attacker);
    let import = link(&ImporterTls::new(&device()), &exporter).await.0;
    assert!(matches!(import, Err(HandshakeError::Tls(Error::InvalidCertificate(CertificateError::BadSignature)))));
}

#[tokio::test]
async fn an_exporter_that_shows_too_little_is_not_verified() {
    let whole = device();
    for (count, presented) in [(1, None), (2, account_id(&whole))] {
        let exporter = exporter_with(certificates(&whole)[..count].to_vec(), &whole);
        let (_, facts) = link(&ImporterTls::new(&device()), &exporter).await.0.unwrap();
        assert_eq!((facts.presented, facts.verified), (presented, false));
    }
}

#[tokio::test]
async fn the_exporter_knows_the_device_of_the_token_from_another() {
    let (importer, other) = (device(), device());
    let (_, chain) = link(&ImporterTls::new(&importer), &ExporterTls::new(&device())).await.1.unwrap();
    let ids = |identity: &Identity| {
        let leaf = identity.certificate();
        [DeviceId::Short(leaf.short_id().0), DeviceId::Long(leaf.long_id())]
    };
    assert!(ids(&importer).iter().all(|id| is_device(&chain, id)));
    assert!(!ids(&other).iter().any(|id| is_device(&chain, id)));
}

#[tokio::test]
async fn an_importer_without_a_certificate_is_refused() {
    let nameless = importer(|config| config.with_no_client_auth());
    let (import, export) = link(&nameless, &ExporterTls::new(&device())).await;
    assert!(matches!(export, Err(HandshakeError::Tls(Error::NoCertificatesPresented))));
    // In TLS 1.3 the client has finished before the server has seen its certificate.
    let refusal = import.unwrap().0.read(&mut [0]).await.unwrap_err();
    assert!(matches!(HandshakeError::from_io(refusal), HandshakeError::Tls(Error::AlertReceived(_))));
}

#[tokio::test]
async fn an_importer_without_the_key_of_its_certificate_is_refused() {
    let (honest, thief) = (device(), device());
    let stolen = importer_with(certificates(&honest), &thief);
    let export = link(&stolen, &ExporterTls::new(&device())).await.1;
    assert!(matches!(export, Err(HandshakeError::Tls(Error::InvalidCertificate(CertificateError::BadSignature)))));
}

#[tokio::test]
async fn chains_beyond_the_limits_and_garbage_are_refused() {
    let peer = device();
    let leaf = certificates(&peer)[0].clone();
    let exporter = ExporterTls::new(&device());
    let cases = [
        (vec![leaf.clone(); MAX_CHAIN + 1], ChainError::TooLong),
        (vec![leaf.clone(), vec![0x30; MAX_CERTIFICATE + 1].into()], ChainError::TooLarge { index: 1 }),
        (vec![leaf.clone(), vec![0x30, 0x03, 0x02, 0x01].into()], ChainError::Malformed { index: 1 }),
        (vec![leaf.clone(), leaf, vec![].into()], ChainError::Malformed { index: 2 }),
    ];
    let importer = ImporterTls::new(&device());
    for (certificates, expected) in cases {
        let (import, export) = link(&importer_with(certificates.clone(), &peer), &exporter).await;
        assert_refused(export.map(drop), &expected);
        // The peer learns that it was, in the handshake. In TLS 1.3 the client has finished before.
        let refusal = HandshakeError::from_io(import.unwrap().0.read(&mut [0]).await.unwrap_err());
        assert!(matches!(refusal, HandshakeError::Tls(Error::AlertReceived(_))), "{refusal}");

        let (import, export) = link(&importer, &exporter_with(certificates, &peer)).await;
        assert_refused(import.map(drop), &expected);
        let refusal = export.map(drop).unwrap_err();
        assert!(matches!(refusal, HandshakeError::Tls(Error::AlertReceived(_))), "{refusal}");
    }
}

fn assert_refused(end: Result<(), HandshakeError>, expected: &ChainError) {
    match end {
        Err(HandshakeError::Chain(reason)) => assert_eq!(reason, *expected),
        other => panic!("expected {expected:?}, found {other:?}"),
    }
}

/// A hello of TLS 1.2 as its sender writes it, without the extensions that 1.3 needs.
fn hello_of_tls12(kind: u8, tail: &[u8]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(0);
    body.extend(tail);
    let mut record = vec![0x16, 3, 3, 0, body.len() as u8 + 4, kind, 0, 0, body.len() as u8];
    record.extend(body);
    record
}

#[tokio::test]
async fn tls_1_2_is_refused_on_both_sides() {
    let (mut peer, stream) = duplex(4096);
    peer.write_all(&hello_of_tls12(1, &[0, 2, 0xc0, 0x2b, 1, 0])).await.unwrap();
    let export = ExporterTls::new(&device()).handshake(stream).await;
    assert!(matches!(export, Err(HandshakeError::Tls(Error::PeerIncompatible(_)))));

    let (mut peer, stream) = duplex(4096);
    peer.write_all(&hello_of_tls12(2, &[0xc0, 0x2b, 0])).await.unwrap();
    let import = ImporterTls::new(&device()).handshake(stream).await;
    assert!(matches!(import, Err(HandshakeError::Tls(_))));
}

#[tokio::test]
async fn a_link_that_ends_early_is_the_networks_fault() {
    let (peer, stream) = duplex(4096);
    drop(peer);
    let import = ImporterTls::new(&device()).handshake(stream).await;
    assert!(matches!(import, Err(HandshakeError::Link(_))));
}

/// The importer has sent all that it had to say and closes, while bytes of the exporter that it never read are on their way.
#[tokio::test]
async fn closing_with_bytes_unread_loses_nothing() {
    const LENGTH: usize = 4 * 1024 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (import, export) = (ImporterTls::new(&device()), ExporterTls::new(&device()));
    let importer = async {
        let mut stream = import.handshake(listener.accept().await.unwrap().0).await.unwrap().0;
        stream.write_all(&vec![1; LENGTH]).await.unwrap();
        close(&mut stream).await.unwrap();
    };
    let exporter = async {
        let mut stream = export.handshake(TcpStream::connect(address).await.unwrap()).await.unwrap().0;
        stream.write_all(&[2; 1000]).await.unwrap();
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        close(&mut stream).await.unwrap();
        assert_eq!(read.len(), LENGTH);
    };
    tokio::join!(importer, exporter);
}

/// R-SEC-3: what a Jami daemon looks for in a ClientHello.
#[tokio::test]
async fn the_importers_hello_has_the_sign_of_safe_renegotiation() {
    let (mut peer, stream) = duplex(64 * 1024);
    let importer = ImporterTls::new(&device());
    let hello = async {
        let mut bytes = [0; 100];
        peer.read_exact(&mut bytes).await.unwrap();
        // The record's head, the message's head, a version, 32 random bytes, and a session id.
        let suites = 5 + 4 + 2 + 32 + 1 + usize::from(bytes[43]);
        let length = usize::from(u16::from_be_bytes([bytes[suites], bytes[suites + 1]]));
        bytes[suites + 2..suites + 2 + length].chunks(2).any(|suite| suite == [0, 0xff])
    };
    tokio::select! {
        found = hello => assert!(found),
        _ = importer.handshake(stream) => unreachable!("no one answers"),
    }
}

/// R-SEC-3: 1.2 is offered for that sign alone.
#[tokio::test]
async fn an_exporter_that_chooses_tls_1_2_is_refused() {
    let exporter = device();
    let key = certified(&exporter);
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    let (one, other) = duplex(64 * 1024);
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let importer = ImporterTls::new(&device());
    let (import, _) = tokio::join!(importer.handshake(one), acceptor.accept(other));
    assert!(matches!(import, Err(HandshakeError::Tls(_))));
}

/// The key exchanges that both ends offer, in their order: `docs/choices.md`.
#[test]
fn the_key_exchanges_are_the_chosen_ones() {
    let names: Vec<_> = offering(CLIENT_SUITES).kx_groups.iter().map(|group| format!("{:?}", group.name())).collect();
    assert_eq!(names, ["X25519MLKEM768", "X25519", "secp256r1", "secp384r1"]);
}
