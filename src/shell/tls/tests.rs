//! Two ends that are linked in memory, one of them sometimes not what it should be.

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, SignatureAlgorithm};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::CertifiedKey;
use tokio::io::{DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::limits::{MAX_CERTIFICATE, MAX_CHAIN};
use crate::shell::identity::KeyType;

const NOW: UnixTime = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_800_000_000));

/// What the importer and the exporter got out of a handshake.
type Ends = (
    Result<(client::TlsStream<DuplexStream>, PeerFacts), HandshakeError>,
    Result<(server::TlsStream<DuplexStream>, Chain), HandshakeError>,
);

async fn link(importer: &ImporterTls, exporter: &ExporterTls) -> Ends {
    let (near, far) = duplex(64 * 1024);
    tokio::join!(importer.handshake(near), exporter.handshake(far))
}

fn throw_away() -> Identity {
    Identity::throw_away(KeyType::P256, NOW).unwrap()
}

/// device ← account ← authority, all with keys for `algorithm`.
fn account(algorithm: &'static SignatureAlgorithm) -> Identity {
    let keys = [(); 3].map(|()| KeyPair::generate_for(algorithm).unwrap());
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let top = authority.self_signed(&keys[2]).unwrap();
    let top_issuer = rcgen::Issuer::from_params(&authority, &keys[2]);
    let middle = authority.signed_by(&keys[1], &top_issuer).unwrap();
    let issuer = rcgen::Issuer::from_params(&authority, &keys[1]);
    let leaf = CertificateParams::default().signed_by(&keys[0], &issuer).unwrap();
    let chain = Chain::from_der([leaf, middle, top].map(|certificate| certificate.der().to_vec())).unwrap();
    Identity::new(chain, PrivatePkcs8KeyDer::from(keys[0].serialize_der()).into()).unwrap()
}

/// `device` with the account of `victim` after its leaf.
fn forged(device: &Identity, victim: &Identity) -> Identity {
    let leaf = &device.chain().certificates()[..1];
    let chain = leaf.iter().chain(&victim.chain().certificates()[1..]).map(|certificate| certificate.der().to_vec());
    Identity::new(Chain::from_der(chain).unwrap(), device.private_key().clone_key()).unwrap()
}

fn account_id(identity: &Identity) -> Option<AccountId> {
    Some(identity.chain().certificates()[1].short_id())
}

/// An importer that shows `certificates`, whatever they are, and signs with the key of `signer`.
fn importer_with(certificates: Vec<CertificateDer<'static>>, signer: &Identity) -> ImporterTls {
    let key = any_supported_type(signer.private_key()).unwrap();
    importer(|config| {
        config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(certificates, key))))
    })
}

fn importer(
    finish: impl FnOnce(rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>) -> ClientConfig,
) -> ImporterTls {
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Possession::new()));
    ImporterTls(TlsConnector::from(Arc::new(finish(config))))
}

fn certificates(identity: &Identity) -> Vec<CertificateDer<'static>> {
    identity.chain().certificates().iter().map(|certificate| certificate.der().to_vec().into()).collect()
}

async fn check_honest(importer: &Identity, exporter: &Identity) {
    let (import, export) = link(&ImporterTls::new(importer), &ExporterTls::new(exporter)).await;
    let (mut import, facts) = import.unwrap();
    let (mut export, chain) = export.unwrap();
    assert_eq!(facts, PeerFacts { presented: account_id(exporter), verified: true });
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
    let importer = throw_away();
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
    ] {
        check_honest(&importer, &account(algorithm)).await;
    }
}

/// As today's daemons: RSA with 4096 bits, under an authority on P-521.
#[tokio::test]
async fn the_throw_away_identity_for_a_directory_links() {
    let importer = Identity::throw_away(KeyType::Rsa4096, NOW).unwrap();
    importer.chain().verify().unwrap();
    importer.chain().check_time(NOW).unwrap();
    check_honest(&importer, &throw_away()).await;
}

/// The account of an archive that a Jami daemon wrote, as far as this module needs it.
fn account_of_jami() -> Identity {
    let archive = include_bytes!("../../../tests/vectors/archive-plain.gz");
    let text = io::read_to_string(GzDecoder::new(&archive[..])).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pem = |key: &str| STANDARD.decode(json[key].as_str().unwrap()).unwrap();
    Identity::from_pem(&pem("ringAccountCert"), &pem("ringAccountKey")).unwrap()
}

#[tokio::test]
async fn the_keys_and_certificates_of_a_real_account_are_taken() {
    let account = account_of_jami();
    assert_eq!(account.chain().leaf().short_id().to_string(), "02f92cb034a73275b5a23074abfa84a20a4f340b");
    check_honest(&throw_away(), &account).await;
}

/// W-3: the chain "attacker's device, victim's account, victim's authority".
#[tokio::test]
async fn a_device_that_borrows_an_account_is_not_verified() {
    let (attacker, victim) = (throw_away(), throw_away());
    let exporter = ExporterTls::new(&forged(&attacker, &victim));
    let (_, facts) = link(&ImporterTls::new(&throw_away()), &exporter).await.0.unwrap();
    assert_eq!(facts, PeerFacts { presented: account_id(&victim), verified: false });
}

#[tokio::test]
async fn an_exporter_that_shows_its_leaf_alone_claims_no_account() {
    let whole = throw_away();
    let leaf = Chain::from_der([whole.chain().leaf().der()]).unwrap();
    let exporter = ExporterTls::new(&Identity::new(leaf, whole.private_key().clone_key()).unwrap());
    let (_, facts) = link(&ImporterTls::new(&throw_away()), &exporter).await.0.unwrap();
    assert_eq!(facts, PeerFacts { presented: None, verified: false });
}

#[tokio::test]
async fn the_exporter_tells_the_device_of_the_token_from_another() {
    let (device, other) = (throw_away(), throw_away());
    let (_, chain) = link(&ImporterTls::new(&device), &ExporterTls::new(&throw_away())).await.1.unwrap();
    let (leaf, another) = (device.chain().leaf(), other.chain().leaf());
    assert!(is_device(&chain, &leaf.short_id().0) && is_device(&chain, &leaf.long_id()));
    assert!(!is_device(&chain, &another.short_id().0) && !is_device(&chain, &another.long_id()));
    assert!(!is_device(&chain, &[]) && !is_device(&chain, &leaf.long_id()[..20]));
}

#[tokio::test]
async fn an_importer_without_a_certificate_is_refused() {
    let nameless = importer(|config| config.with_no_client_auth());
    let (import, export) = link(&nameless, &ExporterTls::new(&throw_away())).await;
    assert!(matches!(export, Err(HandshakeError::Tls(Error::NoCertificatesPresented))));
    // In TLS 1.3 the client has finished before the server has seen its certificate.
    let refusal = import.unwrap().0.read(&mut [0]).await.unwrap_err();
    assert!(matches!(HandshakeError::from_io(refusal), HandshakeError::Tls(Error::AlertReceived(_))));
}

/// Somebody who has the certificates of a device, which are public, and not its key.
#[tokio::test]
async fn certificates_without_their_key_are_refused() {
    let (device, thief) = (throw_away(), throw_away());
    let stolen = importer_with(certificates(&device), &thief);
    let export = link(&stolen, &ExporterTls::new(&throw_away())).await.1;
    assert!(matches!(export, Err(HandshakeError::Tls(Error::InvalidCertificate(CertificateError::BadSignature)))));
}

#[tokio::test]
async fn chains_beyond_the_limits_and_garbage_are_refused() {
    let device = throw_away();
    let leaf = certificates(&device)[0].clone();
    let exporter = ExporterTls::new(&throw_away());
    let cases = [
        (vec![leaf.clone(); MAX_CHAIN + 1], ChainError::TooLong),
        (vec![leaf.clone(), vec![0x30; MAX_CERTIFICATE + 1].into()], ChainError::TooLarge { index: 1 }),
        (vec![leaf.clone(), vec![0x30, 0x03, 0x02, 0x01].into()], ChainError::Malformed { index: 1 }),
        (vec![leaf.clone(), leaf, vec![].into()], ChainError::Malformed { index: 2 }),
    ];
    for (certificates, expected) in cases {
        match link(&importer_with(certificates, &device), &exporter).await.1 {
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
    let export = ExporterTls::new(&throw_away()).handshake(stream).await;
    assert!(matches!(export, Err(HandshakeError::Tls(Error::PeerIncompatible(_)))));

    let (mut peer, stream) = duplex(4096);
    peer.write_all(&hello_of_tls12(2, &[0xc0, 0x2b, 0])).await.unwrap();
    let import = ImporterTls::new(&throw_away()).handshake(stream).await;
    assert!(matches!(import, Err(HandshakeError::Tls(Error::PeerIncompatible(_)))));
}

#[tokio::test]
async fn a_link_that_ends_early_is_the_networks_fault() {
    let (peer, stream) = duplex(4096);
    drop(peer);
    let import = ImporterTls::new(&throw_away()).handshake(stream).await;
    assert!(matches!(import, Err(HandshakeError::Link(_))));
}

/// The importer has sent all that it had to say and closes, while bytes of the exporter that it never read are on their way.
#[tokio::test]
async fn closing_with_bytes_unread_loses_nothing() {
    const LENGTH: usize = 4 * 1024 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (import, export) = (ImporterTls::new(&throw_away()), ExporterTls::new(&throw_away()));
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
