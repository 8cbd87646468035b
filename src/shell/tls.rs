//! TLS between two devices (R-SEC-1): version 1.3 only, certificates on both sides, the importer is the client.
//!
//! No authority is trusted, so there is nothing to verify a peer against during the handshake. The handshake proves that the peer
//! has the private key of its leaf, and bounds what it may send; the facts of its chain are reported afterwards, for the
//! reducers to judge.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::aws_lc_rs::sign::{RsaSigningKey, any_ecdsa_type, any_eddsa_type};
use rustls::crypto::aws_lc_rs::{self, cipher_suite, kx_group};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ServerConfig};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, CommonState, DigitallySignedStruct, DistinguishedName, Error, OtherError, PeerIncompatible,
    ProtocolVersion, SignatureScheme, SupportedCipherSuite,
};
use subtle::ConstantTimeEq;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::archive::{
    ChainError,
    certificate::{Certificate, Chain},
};
use crate::archive::{Family, Identity, ShownDates};
use crate::limits::SAS_VALUE;
use crate::outcome::AccountId;
use crate::sas::{Channel, EXPORTER_LABEL};
use crate::token::DeviceId;

/// Why a handshake failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The link was lost, or ended before the handshake did. The fault is the network's.
    #[error("the link failed during the handshake: {0}")]
    Link(#[source] io::Error),
    /// The peer's certificates are no chain, or too many. The fault is the peer's.
    #[error("the other device's certificates were refused: {0}")]
    Chain(#[source] ChainError),
    /// The peer broke TLS, offered nothing that is accepted here, or refused us. The fault is the peer's.
    #[error("the handshake failed: {0}")]
    Tls(#[source] Error),
}

/// The facts of the exporter's chain, for the importer to judge (R-SEC-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerFacts {
    /// The short id of the first issuer in the chain: the account that the peer claims to be a device of. None if it presented its
    /// leaf alone.
    pub presented: Option<AccountId>,
    /// Whether the claim holds: device ← account ← …, verified signature by signature up to a certificate that signed itself.
    pub verified: bool,
    /// The dates of the chain. They are compared with this device's date to warn, and bind no one: no authority is trusted (R-TIME-7).
    pub dates: ShownDates,
}

impl PeerFacts {
    /// The facts of a chain.
    pub fn of(chain: &Chain) -> Self {
        let presented = chain.certificates().get(1).map(|account| account.short_id());
        Self { presented, verified: presented.is_some() && chain.verify().is_ok(), dates: ShownDates::of(chain) }
    }

    /// These facts, of the device with the long id `leaf`, where a signed request of the device `asker` led to the connection: what was
    /// verified of the one holds for no other (R-SEC-4).
    #[must_use]
    pub fn asked_by(self, asker: Option<[u8; SAS_VALUE]>, leaf: [u8; SAS_VALUE]) -> Self {
        Self { verified: self.verified && asker.is_none_or(|asker| asker == leaf), ..self }
    }
}

/// The importer's end of TLS: the client.
#[derive(Clone)]
pub struct ImporterTls {
    connector: TlsConnector,
    /// This device's long id.
    own: [u8; SAS_VALUE],
}

impl ImporterTls {
    /// The end of the device with this identity.
    pub fn new(identity: &Identity) -> Self {
        let mut config = ClientConfig::builder_with_provider(offering(CLIENT_SUITES))
            // A Jami daemon answers no hello without the sign of safe renegotiation, which only one that offers version 1.2 has (R-SEC-3).
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("the provider has cipher suites of both versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Possession::new()))
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified(identity))));
        config.resumption = Resumption::disabled();
        config.enable_sni = false;
        Self { connector: TlsConnector::from(Arc::new(config)), own: identity.chain().leaf().long_id() }
    }

    /// Shakes hands with the exporter at the other end of `stream`.
    pub async fn handshake<S>(&self, stream: S) -> Result<(client::TlsStream<S>, PeerFacts), HandshakeError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from("exporter.invalid").expect("a valid name, which is never sent");
        let stream = self.connector.connect(name, stream).await.map_err(HandshakeError::from_io)?;
        if stream.get_ref().1.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
            return Err(HandshakeError::Tls(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into()));
        }
        let facts = PeerFacts::of(&chain_of(stream.get_ref().1)?);
        Ok((stream, facts))
    }

    /// Returns what this end knows of a channel for a comparison (R-SAS-3).
    ///
    /// # Errors
    /// TLS exports nothing of the connection, or the peer's certificates are no chain: not after [`ImporterTls::handshake`].
    pub fn channel<S>(&self, stream: &client::TlsStream<S>) -> Result<Channel, HandshakeError> {
        let connection = stream.get_ref().1;
        let exported = connection.export_keying_material([0; SAS_VALUE], EXPORTER_LABEL, None);
        let exported = exported.map_err(HandshakeError::Tls)?.into();
        Ok(Channel { exported, importer: self.own, exporter: chain_of(connection)?.leaf().long_id() })
    }
}

/// The exporter's end of TLS: the server, which asks for a certificate and goes on with none but one.
#[derive(Clone)]
pub struct ExporterTls {
    acceptor: TlsAcceptor,
    /// This device's long id.
    own: [u8; SAS_VALUE],
    /// The dates of the chain that was presented last.
    shown: Arc<Mutex<Option<ShownDates>>>,
}

impl ExporterTls {
    /// The end of the device with this identity.
    pub fn new(identity: &Identity) -> Self {
        let mut config = ServerConfig::builder_with_provider(offering(SUITES))
            .with_protocol_versions(&[&TLS13])
            .expect("the provider has TLS 1.3 cipher suites")
            .with_client_cert_verifier(Arc::new(Possession::new()))
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified(identity))));
        // An importer that closes with a ticket unread would reset the link, and with it lose what it has sent.
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        let own = identity.chain().leaf().long_id();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), own, shown: Arc::default() }
    }

    /// The same end for one operation, which has peers of its own.
    pub fn for_one(&self) -> Self {
        Self { acceptor: self.acceptor.clone(), own: self.own, shown: Arc::default() }
    }

    /// The dates of the chain that was presented last, if one was.
    pub fn shown(&self) -> Option<ShownDates> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shakes hands with the importer at the other end of `stream`, and gives the chain that it presented: see [`is_device`].
    pub async fn handshake<S>(&self, stream: S) -> Result<(server::TlsStream<S>, Chain), HandshakeError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = self.acceptor.accept(stream).await.map_err(HandshakeError::from_io)?;
        let chain = chain_of(stream.get_ref().1)?;
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(ShownDates::of(&chain));
        Ok((stream, chain))
    }

    /// Returns what this end knows of a channel for a comparison (R-SAS-3).
    ///
    /// # Errors
    /// TLS exports nothing of the connection, or the peer's certificates are no chain: not after [`ExporterTls::handshake`].
    pub fn channel<S>(&self, stream: &server::TlsStream<S>) -> Result<Channel, HandshakeError> {
        let connection = stream.get_ref().1;
        let exported = connection.export_keying_material([0; SAS_VALUE], EXPORTER_LABEL, None);
        let exported = exported.map_err(HandshakeError::Tls)?.into();
        Ok(Channel { exported, importer: chain_of(connection)?.leaf().long_id(), exporter: self.own })
    }
}

/// Whether the leaf of `chain` is the device that a token names. Takes the same time for all ids of one form.
pub fn is_device(chain: &Chain, id: &DeviceId) -> bool {
    match id {
        DeviceId::Short(id) => chain.leaf().short_id().0.ct_eq(id).into(),
        DeviceId::Long(id) => chain.leaf().long_id().ct_eq(id).into(),
    }
}

/// Ends both directions of `stream` so that the peer gets all that was sent: says that no more follows, then discards what still
/// arrives until the peer has ended too. Closing with bytes unread would reset the link and destroy what the peer has not yet read.
/// How long this may take is the caller's to bound. An error says no more than that the peer did not end in good order.
pub async fn close<S>(stream: &mut S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.shutdown().await?;
    let mut discarded = [0; 4096];
    while stream.read(&mut discarded).await? != 0 {}
    Ok(())
}

impl HandshakeError {
    fn from_io(error: io::Error) -> Self {
        let tls = match error.downcast::<Error>() {
            Ok(tls) => tls,
            Err(link) => return Self::Link(link),
        };
        match &tls {
            Error::InvalidCertificate(CertificateError::Other(OtherError(reason))) => {
                match reason.downcast_ref::<ChainError>() {
                    Some(reason) => Self::Chain(reason.clone()),
                    None => Self::Tls(tls),
                }
            }
            _ => Self::Tls(tls),
        }
    }
}

/// The cipher suites, in the order of preference; why these and in this order is in `docs/choices.md`.
const SUITES: &[SupportedCipherSuite] = &[
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
];

/// Those of the importer: with one of version 1.2, without which that version, and with it the sign of safe renegotiation, is not offered.
const CLIENT_SUITES: &[SupportedCipherSuite] =
    &[SUITES[0], SUITES[1], SUITES[2], cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384];

/// The algorithms, with these cipher suites.
fn offering(suites: &[SupportedCipherSuite]) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: suites.to_vec(),
        kx_groups: vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
        ..aws_lc_rs::default_provider()
    })
}

/// The identity as rustls takes it.
fn certified(identity: &Identity) -> CertifiedKey {
    let certificates = identity.chain().certificates().iter().map(|certificate| certificate.der().to_vec().into());
    let der = PrivatePkcs8KeyDer::from(identity.key().pkcs8());
    // By its kind: to try the others costs as much as to read it.
    let key = match identity.key().family() {
        Family::Rsa => RsaSigningKey::new(&der.into()).map(|key| Arc::new(key) as Arc<dyn SigningKey>),
        Family::Ecdsa => any_ecdsa_type(&der.into()),
        Family::Eddsa => any_eddsa_type(&der),
    };
    CertifiedKey::new(certificates.collect(), key.expect("an identity's key is of a kind that TLS has"))
}

/// The chain that the peer presented.
fn chain_of(connection: &CommonState) -> Result<Chain, HandshakeError> {
    let certificates = connection.peer_certificates().unwrap_or_default();
    parse(certificates).map_err(HandshakeError::Chain)
}

fn parse(certificates: &[CertificateDer<'_>]) -> Result<Chain, ChainError> {
    Chain::from_der(certificates.iter().map(|certificate| certificate.to_vec()))
}

/// Verifies that the peer has the private key of its leaf, and that its certificates are well formed and within the limits.
#[derive(Debug)]
struct Possession {
    algorithms: WebPkiSupportedAlgorithms,
}

impl Possession {
    fn new() -> Self {
        Self { algorithms: aws_lc_rs::default_provider().signature_verification_algorithms }
    }

    fn check(&self, leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Result<(), Error> {
        let all = core::iter::once(leaf).chain(others).map(|certificate| certificate.to_vec());
        Chain::from_der(all).map(drop).map_err(refused)
    }

    /// The key is taken from where the ids are computed: two parsers that disagree about a certificate would see two devices.
    fn proven(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let leaf = Certificate::from_der(leaf.to_vec()).map_err(refused)?;
        let key = SubjectPublicKeyInfoDer::from(leaf.spki());
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
    }
}

fn refused(reason: ChainError) -> Error {
    CertificateError::Other(OtherError(Arc::new(reason))).into()
}

impl ServerCertVerifier for Possession {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(leaf, others).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proven(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Possession {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(leaf, others).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proven(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
