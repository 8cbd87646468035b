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

#[tokio::test]
async fn an_exporter_with_any_kind_of_key_is_known_by_its_account() {
    let importer = device();
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
    ] {
        check_honest(&importer, &device_with(algorithm)).await;
    }
}

/// As today's daemons: RSA with 4096 bits, under an authority on P-521.
#[tokio::test]
async fn an_importer_that_is_found_in_a_directory_links() {
    check_honest(&throw_away(Reach::Directory, NOW).unwrap(), &device()).await;
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
async fn the_exporter_tells_the_device_of_the_token_from_another() {
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
    for (certificates, expected) in cases {
        match link(&importer_with(certificates, &peer), &exporter).await.1 {
            Err(HandshakeError::Chain(reason)) => assert_eq!(reason, expected),
            other => panic!("expected {expected:?}, found {:?}", other.map(|_| ())),
        }
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
