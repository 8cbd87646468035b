//! Private keys: of accounts, their authorities, and devices.

use std::fmt;

use rcgen::{KeyPair, PublicKeyData, RsaKeySize, SignatureAlgorithm};
use rustls_pki_types::PrivatePkcs8KeyDer;
use zeroize::{Zeroize, Zeroizing};

use super::{certificate::Certificate, error::KeyError, pem};

const LABEL: &str = "PRIVATE KEY";

/// The kind of a new key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// The kind of Jami's accounts and devices, which its DHT needs. Takes a second or so to make, up to several.
    #[default]
    Rsa4096,
    /// The key of an importer's throw-away identity in the OpenDHT network. Made in a fifth of a second or so.
    Rsa2048,
    /// Made at once: for tests, simulations and benchmarks.
    P256,
    /// The kind of Jami's temporary authorities.
    P384,
    /// The longest of its kind.
    P521,
}

/// The kinds of signatures that keys make.
#[cfg(feature = "net")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Rsa,
    Ecdsa,
    Eddsa,
}

/// A private key. Does not print; its encoded form is wiped on drop.
pub struct PrivateKey(KeyPair);

impl PrivateKey {
    /// Makes a new key from the system's randomness.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        match kind {
            KeyKind::Rsa4096 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA384, RsaKeySize::_4096),
            KeyKind::Rsa2048 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA384, RsaKeySize::_2048),
            KeyKind::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
            KeyKind::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            KeyKind::P521 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512),
        }
        .map(Self)
        .map_err(|_| KeyError::Generation)
    }

    /// Reads the first private key of a PEM text.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        Self::from_pkcs8(&pem::decode(LABEL, text).ok_or(KeyError::NotAKey)?)
    }

    /// Reads a key from PKCS#8 in DER.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        /// With the identifier of each in DER.
        const KINDS: [(&SignatureAlgorithm, &[u8]); 5] = [
            (&rcgen::PKCS_RSA_SHA384, &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]),
            (&rcgen::PKCS_ECDSA_P256_SHA256, &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]),
            (&rcgen::PKCS_ECDSA_P384_SHA384, &[6, 5, 0x2b, 0x81, 4, 0, 34]),
            (&rcgen::PKCS_ECDSA_P521_SHA512, &[6, 5, 0x2b, 0x81, 4, 0, 35]),
            (&rcgen::PKCS_ED25519, &[6, 3, 0x2b, 0x65, 0x70]),
        ];
        // To try a kind costs as much as to read the key: the one that the head names comes first.
        let head = &der[..der.len().min(40)];
        let mut kinds = KINDS;
        kinds.sort_by_key(|(_, id)| !head.windows(id.len()).any(|window| window == *id));
        let der = PrivatePkcs8KeyDer::from(der);
        kinds
            .into_iter()
            .find_map(|(kind, _)| KeyPair::from_pkcs8_der_and_sign_algo(&der, kind).ok())
            .map(Self)
            .ok_or(KeyError::Unaccepted)
    }

    /// The kind of its signatures.
    #[cfg(feature = "net")]
    pub(crate) fn family(&self) -> Family {
        let algorithm = self.0.algorithm();
        if *algorithm == rcgen::PKCS_ED25519 {
            Family::Eddsa
        } else if *algorithm == rcgen::PKCS_RSA_SHA384 {
            Family::Rsa
        } else {
            Family::Ecdsa
        }
    }

    /// The key in PKCS#8 DER: what TLS libraries take.
    pub fn pkcs8(&self) -> &[u8] {
        self.0.serialized_der()
    }

    /// The key as PEM text.
    pub fn to_pem(&self) -> Zeroizing<String> {
        pem::encode(LABEL, self.pkcs8())
    }

    /// Its public part: SubjectPublicKeyInfo in DER.
    pub fn spki(&self) -> Vec<u8> {
        self.0.subject_public_key_info()
    }

    /// Whether `certificate` is about this key.
    pub fn belongs_to(&self, certificate: &Certificate) -> bool {
        self.spki() == certificate.spki()
    }

    pub(super) fn pair(&self) -> &KeyPair {
        &self.0
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(<secret>)")
    }
}

#[cfg(test)]
mod tests {
    /// A key that is read makes signatures of its own kind.
    #[cfg(feature = "net")]
    #[test]
    fn a_key_knows_the_family_of_its_signatures() {
        use super::*;
        for (algorithm, family) in [
            (&rcgen::PKCS_RSA_SHA384, Family::Rsa),
            (&rcgen::PKCS_ECDSA_P256_SHA256, Family::Ecdsa),
            (&rcgen::PKCS_ECDSA_P384_SHA384, Family::Ecdsa),
            (&rcgen::PKCS_ECDSA_P521_SHA512, Family::Ecdsa),
            (&rcgen::PKCS_ED25519, Family::Eddsa),
        ] {
            let der = KeyPair::generate_for(algorithm).unwrap().serialize_der();
            assert_eq!(PrivateKey::from_pkcs8(&der).unwrap().family(), family, "{algorithm:?}");
        }
    }
}
