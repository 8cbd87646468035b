//! Who a device is on a connection: a certificate chain, and the private key of its leaf.
//!
//! The importer makes one for the occasion ([`Identity::throw_away`]); the exporter shows its own, or one that its account issued
//! (R-EXP-11).

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use aws_lc_rs::digest;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, PublicKeyData, RsaKeySize,
};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;
use zeroize::{Zeroize, Zeroizing};

use crate::archive::certificate::{Chain, ChainError};
use crate::limits::CLOCK_TOLERANCE;
use crate::outcome::AccountId;

/// How long a certificate that is made here is valid: ten years, as Jami's.
const VALIDITY: Duration = Duration::from_secs(3650 * 24 * 60 * 60);
/// The attribute type `UID`, in which Jami's names repeat the short id of the key.
const UID: &[u64] = &[0, 9, 2342, 19_200_300, 100, 1, 1];

/// The kind of keys that a throw-away identity is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// ECDSA on P-256, made in less than a millisecond: for devices that meet directly.
    P256,
    /// RSA with 4096 bits under an authority on P-521, as Jami's: for devices that are found over OpenDHT, where requests are
    /// encrypted to the device's key. Takes seconds to make, all of them on the calling thread.
    Rsa4096,
}

/// Why there is no identity. The fault is this device's.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The certificates are no chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The private key could not be read.
    #[error("expected a private key as PEM text")]
    NoKey,
    /// The private key is of a kind that TLS does not use here, or damaged.
    #[error("the private key cannot be used")]
    UnusableKey,
    /// The private key is another one than the leaf's.
    #[error("the private key is not the one that the first certificate is for")]
    KeyMismatch,
    /// A key or a certificate could not be made.
    #[error("no new identity could be made: {0}")]
    Generation(#[from] rcgen::Error),
}

/// A certificate chain, leaf first, and the leaf's private key. The key never prints and is wiped on drop (R-SEC-2).
pub struct Identity {
    chain: Chain,
    key: PrivateKeyDer<'static>,
    certified: Arc<CertifiedKey>,
}

impl Identity {
    /// The identity that `key` proves. The chain must be well formed and its leaf be for `key`; whether its signatures hold is
    /// the peer's to judge.
    pub fn new(chain: Chain, mut key: PrivateKeyDer<'static>) -> Result<Self, IdentityError> {
        let certified = certify(&chain, &key).inspect_err(|_| key.zeroize())?;
        Ok(Self { chain, key, certified: Arc::new(certified) })
    }

    /// The identity in two PEM texts: a chain of certificates, leaf first, and the private key (PKCS#8, PKCS#1 or SEC1).
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let chain = Chain::from_pem(chain)?;
        Self::new(chain, PrivateKeyDer::from_pem_slice(key).map_err(|_| IdentityError::NoKey)?)
    }

    /// A new identity for one import (R-IMP-1): device ← user ← authority, made of new keys and named as Jami names them.
    pub fn throw_away(keys: KeyType, now: UnixTime) -> Result<Self, IdentityError> {
        let authority = Made::authority("Jami Temporary CA", keys.generate_authority()?, None, now)?;
        let user = Made::authority("Jami Temporary User", keys.generate()?, Some(&authority), now)?;
        let device = Made::device("Jami Temporary device", keys.generate()?, &user, now)?;
        let key = PrivatePkcs8KeyDer::from(device.key.serialize_der());
        Self::new(Chain::from_der([device, user, authority].map(|made| made.certificate.to_vec()))?, key.into())
    }

    /// The certificates, leaf first.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The leaf's private key. It is as secret as ever: not to be printed, and to be wiped where it is copied.
    pub fn private_key(&self) -> &PrivateKeyDer<'static> {
        &self.key
    }

    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        self.certified.clone()
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.chain.leaf().short_id())
    }
}

impl KeyType {
    fn generate(self) -> Result<Zeroizing<KeyPair>, rcgen::Error> {
        Ok(Zeroizing::new(match self {
            Self::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?,
            Self::Rsa4096 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA384, RsaKeySize::_4096)?,
        }))
    }

    fn generate_authority(self) -> Result<Zeroizing<KeyPair>, rcgen::Error> {
        match self {
            Self::P256 => self.generate(),
            Self::Rsa4096 => Ok(Zeroizing::new(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512)?)),
        }
    }
}

/// A key with its certificate, and what the certificates that it issues say of it.
struct Made {
    key: Zeroizing<KeyPair>,
    parameters: CertificateParams,
    certificate: CertificateDer<'static>,
}

impl Made {
    fn authority(
        name: &str,
        key: Zeroizing<KeyPair>,
        issuer: Option<&Self>,
        now: UnixTime,
    ) -> Result<Self, rcgen::Error> {
        let mut parameters = parameters(name, &key, now);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self::sign(parameters, key, issuer)
    }

    fn device(name: &str, key: Zeroizing<KeyPair>, issuer: &Self, now: UnixTime) -> Result<Self, rcgen::Error> {
        let mut parameters = parameters(name, &key, now);
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        Self::sign(parameters, key, Some(issuer))
    }

    fn sign(
        parameters: CertificateParams,
        key: Zeroizing<KeyPair>,
        issuer: Option<&Self>,
    ) -> Result<Self, rcgen::Error> {
        let certificate = match issuer {
            Some(issuer) => parameters.signed_by(&*key, &Issuer::from_params(&issuer.parameters, &*issuer.key))?,
            None => parameters.self_signed(&*key)?,
        };
        Ok(Self { certificate: certificate.der().clone(), parameters, key })
    }
}

fn parameters(name: &str, key: &KeyPair, now: UnixTime) -> CertificateParams {
    let mut id = AccountId([0; 20]);
    id.0.copy_from_slice(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &key.subject_public_key_info()).as_ref());
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject.push(DnType::CustomDnType(UID.to_vec()), id.to_string());
    let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(now.as_secs());
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = subject;
    parameters.key_identifier_method = KeyIdMethod::PreSpecified(id.0.to_vec());
    // The peer's clock may be behind.
    parameters.not_before = now - CLOCK_TOLERANCE;
    parameters.not_after = now + VALIDITY;
    parameters
}

fn certify(chain: &Chain, key: &PrivateKeyDer<'static>) -> Result<CertifiedKey, IdentityError> {
    let key = any_supported_type(key).map_err(|_| IdentityError::UnusableKey)?;
    let matches = key.public_key().is_some_and(|public| public.as_ref() == chain.leaf().spki());
    if !matches {
        return Err(IdentityError::KeyMismatch);
    }
    let certificates = chain.certificates().iter().map(|certificate| certificate.der().to_vec().into()).collect();
    Ok(CertifiedKey::new(certificates, key))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));

    fn key_as_pem(identity: &Identity) -> String {
        let body = STANDARD.encode(identity.private_key().secret_der());
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
    }

    #[test]
    fn a_throw_away_identity_is_a_good_chain_of_three() {
        let identity = Identity::throw_away(KeyType::P256, NOW).unwrap();
        assert_eq!(identity.chain().certificates().len(), 3);
        identity.chain().verify().unwrap();
        identity.chain().check_time(NOW).unwrap();
        let authorities: Vec<_> = identity.chain().certificates().iter().map(|one| one.is_authority()).collect();
        assert_eq!(authorities, [false, true, true]);
    }

    #[test]
    fn no_two_throw_away_identities_are_alike() {
        let [one, other] = [(); 2].map(|()| Identity::throw_away(KeyType::P256, NOW).unwrap());
        for (one, other) in one.chain().certificates().iter().zip(other.chain().certificates()) {
            assert_ne!(one.short_id(), other.short_id());
        }
    }

    #[test]
    fn an_identity_is_read_from_pem() {
        let identity = Identity::throw_away(KeyType::P256, NOW).unwrap();
        let (chain, key) = (identity.chain().to_pem(), key_as_pem(&identity));
        let read = Identity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        assert_eq!(read.chain(), identity.chain());
        assert!(matches!(Identity::from_pem(chain.as_bytes(), b"key"), Err(IdentityError::NoKey)));
        assert!(matches!(Identity::from_pem(b"", key.as_bytes()), Err(IdentityError::Chain(ChainError::Empty))));
    }

    #[test]
    fn a_key_of_another_device_is_refused() {
        let [one, other] = [(); 2].map(|()| Identity::throw_away(KeyType::P256, NOW).unwrap());
        let mixed = Identity::new(one.chain().clone(), other.private_key().clone_key());
        assert!(matches!(mixed, Err(IdentityError::KeyMismatch)));
        let damaged = PrivatePkcs8KeyDer::from(vec![0x30, 0]);
        assert!(matches!(Identity::new(one.chain().clone(), damaged.into()), Err(IdentityError::UnusableKey)));
    }

    /// R-SEC-2.
    #[test]
    fn an_identity_prints_its_id_and_nothing_else() {
        let identity = Identity::throw_away(KeyType::P256, NOW).unwrap();
        assert_eq!(format!("{identity:?}"), format!("Identity({})", identity.chain().leaf().short_id()));
    }
}
