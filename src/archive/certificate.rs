//! Certificates and chains of them, as Jami makes them: parsed once, verified signature by signature (R-IMP-11, R-SEC-1).
//!
//! Nothing here trusts an authority: a chain is good when each certificate is signed by the next one and the last one by
//! itself. The ids of its keys show whose it is, which a person or a token confirms.

use std::fmt;

use aws_lc_rs::digest;
use rustls_pki_types::{CertificateDer, UnixTime, pem::PemObject};
use x509_parser::{certificate::X509Certificate, extensions::ParsedExtension, prelude::FromDer};

use super::{error::ChainError, signature};
use crate::{
    limits::{CLOCK_TOLERANCE, MAX_CERTIFICATE, MAX_CHAIN},
    outcome::AccountId,
};

/// When a certificate is valid, in seconds since 1970; both ends are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: i64,
    /// The last second.
    pub not_after: i64,
}

/// One certificate: its DER, and what was read from it.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    spki: Vec<u8>,
    validity: Validity,
    /// Whether it may issue others, and with how many between it and the leaf.
    authority: Option<u32>,
    unknown_critical: bool,
}

impl Certificate {
    /// Reads one certificate from exactly its DER. The index in an error is 0.
    pub fn from_der(der: Vec<u8>) -> Result<Self, ChainError> {
        if der.len() > MAX_CERTIFICATE {
            return Err(ChainError::TooLarge { index: 0 });
        }
        let parsed = parse(&der).ok_or(ChainError::Malformed { index: 0 })?;
        let validity = Validity {
            not_before: parsed.validity().not_before.timestamp(),
            not_after: parsed.validity().not_after.timestamp(),
        };
        let (authority, unknown_critical) = constraints(&parsed);
        let spki = parsed.public_key().raw.to_vec();
        Ok(Self { spki, validity, authority, unknown_critical, der })
    }

    /// The whole certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The SubjectPublicKeyInfo in DER: what the ids are computed from.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The short id, SHA-1 of [`Certificate::spki`]: of an account's certificate it is the account id.
    pub fn short_id(&self) -> AccountId {
        let mut id = AccountId([0; 20]);
        id.0.copy_from_slice(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.spki).as_ref());
        id
    }

    /// The long id, SHA-256 of [`Certificate::spki`]: of a device's certificate it is what today's tokens name.
    pub fn long_id(&self) -> [u8; 32] {
        let mut id = [0; 32];
        id.copy_from_slice(digest::digest(&digest::SHA256, &self.spki).as_ref());
        id
    }

    /// Whether it may issue other certificates (basic constraints, and key usage where there is one).
    pub fn is_authority(&self) -> bool {
        self.authority.is_some()
    }

    /// When it is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Verifies that `issuer`'s key signed this certificate, and nothing else. The index in an error is 0.
    ///
    /// Accepted are RSA PKCS#1 v1.5 (2048 to 8192 bits) and ECDSA (P-256, P-384, P-521), each with SHA-256, SHA-384 or
    /// SHA-512, and Ed25519.
    pub fn verify_signature(&self, issuer: &Self) -> Result<(), ChainError> {
        let malformed = ChainError::Malformed { index: 0 };
        let (subject, issuer) = (parse(&self.der).ok_or(malformed.clone())?, parse(&issuer.der).ok_or(malformed)?);
        signature::verify(&subject, &issuer)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.short_id())
    }
}

/// A chain of certificates, leaf first, each issued by the next one. Being a `Chain` it has between one and [`MAX_CHAIN`]
/// well-formed certificates; only [`Chain::verify`] checks whether they belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(Vec<Certificate>);

impl Chain {
    /// Reads a chain from the DER of its certificates, leaf first: what TLS hands over.
    pub fn from_der<I>(certificates: I) -> Result<Self, ChainError>
    where
        I: IntoIterator,
        I::Item: Into<Vec<u8>>,
    {
        let mut chain = Vec::new();
        for (index, der) in certificates.into_iter().enumerate() {
            if index == MAX_CHAIN {
                return Err(ChainError::TooLong);
            }
            chain.push(Certificate::from_der(der.into()).map_err(|error| error.at(index))?);
        }
        if chain.is_empty() { Err(ChainError::Empty) } else { Ok(Self(chain)) }
    }

    /// Reads a chain from PEM text, leaf first.
    pub fn from_pem(text: &[u8]) -> Result<Self, ChainError> {
        let mut chain = Vec::new();
        for (index, section) in CertificateDer::pem_slice_iter(text).enumerate() {
            if index == MAX_CHAIN {
                return Err(ChainError::TooLong);
            }
            chain.push(section.map_err(|_| ChainError::NotPem { index })?.to_vec());
        }
        Self::from_der(chain)
    }

    /// The chain as PEM text, leaf first.
    pub fn to_pem(&self) -> String {
        self.0.iter().map(|certificate| super::pem::encode("CERTIFICATE", certificate.der()).to_string()).collect()
    }

    /// The chain's own certificate, which the others vouch for.
    pub fn leaf(&self) -> &Certificate {
        &self.0[0]
    }

    /// All certificates, leaf first; never empty.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    /// The chain with `leaf` before it.
    ///
    /// # Errors
    /// [`ChainError::TooLong`]: this one has [`MAX_CHAIN`] certificates.
    pub fn with_leaf(&self, leaf: Certificate) -> Result<Self, ChainError> {
        if self.0.len() == MAX_CHAIN { Err(ChainError::TooLong) } else { Ok(self.extended(leaf)) }
    }

    /// The same, of any length.
    pub(super) fn extended(&self, leaf: Certificate) -> Self {
        Self(std::iter::once(leaf).chain(self.0.iter().cloned()).collect())
    }

    /// Verifies the whole chain: each certificate names the next one as its issuer and bears its signature, which may issue
    /// it; the last one signed itself. Says nothing about time: see [`Chain::check_time`].
    pub fn verify(&self) -> Result<(), ChainError> {
        self.verify_before(self.0.len())
    }

    /// The same where the certificates from `known` on are a chain that was verified: their signatures are not verified again.
    pub(super) fn verify_before(&self, known: usize) -> Result<(), ChainError> {
        let mut parsed = Vec::with_capacity(self.0.len());
        for (index, certificate) in self.0.iter().enumerate() {
            parsed.push(parse(&certificate.der).ok_or(ChainError::Malformed { index })?);
        }
        for (index, (certificate, subject)) in self.0.iter().zip(&parsed).enumerate() {
            let above = (index + 1).min(self.0.len() - 1);
            let (issuer, above) = (&self.0[above], &parsed[above]);
            if certificate.unknown_critical {
                return Err(ChainError::UnknownExtension { index });
            }
            if subject.issuer().as_raw() != above.subject().as_raw() {
                return Err(ChainError::WrongIssuer { index });
            }
            // The certificates between an issuer and the leaf are those that its path length counts.
            if index + 1 < self.0.len() && issuer.authority.is_none_or(|length| (length as usize) < index) {
                return Err(ChainError::NotAnAuthority { index: index + 1 });
            }
            if index < known {
                signature::verify(subject, above).map_err(|error| error.at(index))?;
            }
        }
        Ok(())
    }

    /// Checks that every certificate is valid at `now`. The start of validity has a tolerance of [`CLOCK_TOLERANCE`], since an
    /// account may be linked right after it was made, to a device whose clock is slow.
    pub fn check_time(&self, now: UnixTime) -> Result<(), ChainError> {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let tolerance = CLOCK_TOLERANCE.as_secs() as i64;
        for (index, certificate) in self.0.iter().enumerate() {
            if certificate.validity.not_after < now {
                return Err(ChainError::Expired { index });
            }
            if certificate.validity.not_before > now.saturating_add(tolerance) {
                return Err(ChainError::NotYetValid { index });
            }
        }
        Ok(())
    }

    /// When all of the chain is valid; empty (the last second before the first) if it never is.
    pub fn validity(&self) -> Validity {
        self.0.iter().map(Certificate::validity).fold(
            Validity { not_before: i64::MIN, not_after: i64::MAX },
            |all, one| Validity {
                not_before: all.not_before.max(one.not_before),
                not_after: all.not_after.min(one.not_after),
            },
        )
    }
}

fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}

/// The path length if it may issue others (`u32::MAX` where none is given), and whether an unknown extension is critical.
fn constraints(certificate: &X509Certificate<'_>) -> (Option<u32>, bool) {
    let (mut authority, mut may_sign, mut unknown) = (None, true, false);
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(basic) => {
                authority = basic.ca.then_some(basic.path_len_constraint.unwrap_or(u32::MAX));
            }
            ParsedExtension::KeyUsage(usage) => may_sign = usage.key_cert_sign(),
            ParsedExtension::ExtendedKeyUsage(_)
            | ParsedExtension::SubjectAlternativeName(_)
            | ParsedExtension::SubjectKeyIdentifier(_)
            | ParsedExtension::AuthorityKeyIdentifier(_) => {}
            _ => unknown |= extension.critical,
        }
    }
    (authority.filter(|_| may_sign), unknown)
}

#[cfg(test)]
mod tests {
    use std::{io::Read, time::Duration};

    use base64::{Engine, engine::general_purpose::STANDARD};
    use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

    use super::*;

    /// The chain of an account that a real daemon made: RSA-4096, SHA-384.
    fn real() -> Chain {
        let archive = include_bytes!("../../tests/vectors/archive-plain.gz");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&archive[..]).read_to_string(&mut text).unwrap();
        let archive: serde_json::Value = serde_json::from_str(&text).unwrap();
        Chain::from_pem(&STANDARD.decode(archive["ringAccountCert"].as_str().unwrap()).unwrap()).unwrap()
    }

    fn at(seconds: i64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds as u64))
    }

    #[test]
    fn a_real_chain_verifies_and_names_its_account() {
        let chain = real();
        assert_eq!(chain.certificates().len(), 2);
        assert_eq!(chain.verify(), Ok(()));
        assert_eq!(chain.leaf().short_id().to_string(), "02f92cb034a73275b5a23074abfa84a20a4f340b");
        assert!(chain.certificates().iter().all(Certificate::is_authority));
        assert_eq!(Chain::from_pem(chain.to_pem().as_bytes()).unwrap(), chain);
    }

    #[test]
    fn time_is_checked_with_a_tolerance_at_the_start() {
        let (chain, tolerance) = (real(), CLOCK_TOLERANCE.as_secs() as i64);
        let Validity { not_before, not_after } = chain.validity();
        assert_eq!(chain.check_time(at(not_before - tolerance)), Ok(()));
        assert_eq!(chain.check_time(at(not_after)), Ok(()));
        assert_eq!(chain.check_time(at(not_before - tolerance - 1)), Err(ChainError::NotYetValid { index: 0 }));
        assert_eq!(chain.check_time(at(not_after + 3)), Err(ChainError::Expired { index: 0 }));
    }

    #[test]
    fn no_byte_of_a_certificate_can_be_changed() {
        let chain = real();
        let [account, authority] = chain.certificates() else { panic!("two certificates") };
        // All but the 15 bytes between what is signed and the signature: the encoding of the algorithm's name.
        let signature = account.der().len() - 517;
        for place in (0..signature - 15).chain(signature..account.der().len()) {
            let mut der = account.der().to_vec();
            der[place] ^= 1;
            let changed = Chain::from_der([der, authority.der().to_vec()]).and_then(|chain| chain.verify());
            assert!(changed.is_err(), "byte {place}");
        }
    }

    #[test]
    fn a_chain_of_the_wrong_certificates_is_refused() {
        let chain = real();
        let [account, authority] = chain.certificates() else { panic!("two certificates") };
        let verify = |chain: &[&Certificate]| {
            Chain::from_der(chain.iter().map(|certificate| certificate.der())).and_then(|chain| chain.verify())
        };
        assert_eq!(verify(&[]), Err(ChainError::Empty));
        assert_eq!(verify(&[account]), Err(ChainError::WrongIssuer { index: 0 }));
        assert_eq!(verify(&[authority, account]), Err(ChainError::WrongIssuer { index: 0 }));
        assert_eq!(verify(&[account, account]), Err(ChainError::WrongIssuer { index: 0 }));
        assert_eq!(verify(&[account; MAX_CHAIN + 1]), Err(ChainError::TooLong));
        assert_eq!(verify(&[account, authority, authority]), Ok(()), "an authority that repeats itself is harmless");
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        assert_eq!(Chain::from_der([vec![0; MAX_CERTIFICATE + 1]]), Err(ChainError::TooLarge { index: 0 }));
        assert_eq!(Chain::from_der([vec![0; MAX_CERTIFICATE]]), Err(ChainError::Malformed { index: 0 }));
        assert_eq!(Chain::from_der([vec![]]), Err(ChainError::Malformed { index: 0 }));
        assert_eq!(Chain::from_pem(b""), Err(ChainError::Empty));
        let cut = real().to_pem();
        assert_eq!(Chain::from_pem(&cut.as_bytes()[..cut.len() - 40]), Err(ChainError::NotPem { index: 1 }));
        let mut longer = real().leaf().der().to_vec();
        longer.push(0);
        assert_eq!(Chain::from_der([longer]), Err(ChainError::Malformed { index: 0 }));
    }

    /// A chain, leaf first, whose certificates are as each of these changes them.
    fn chain_of(changes: &[&dyn Fn(&mut CertificateParams)]) -> Result<(), ChainError> {
        let mut chain = Vec::new();
        let mut issuer: Option<Issuer<'_, KeyPair>> = None;
        for (above, change) in changes.iter().rev().enumerate() {
            let (key, mut params) = (KeyPair::generate().unwrap(), CertificateParams::default());
            params.distinguished_name.push(DnType::CommonName, above.to_string());
            change(&mut params);
            let certificate = match &issuer {
                Some(issuer) => params.signed_by(&key, issuer).unwrap(),
                None => params.self_signed(&key).unwrap(),
            };
            chain.insert(0, certificate.der().to_vec());
            issuer = Some(Issuer::new(params, key));
        }
        Chain::from_der(chain).unwrap().verify()
    }

    fn authority(params: &mut CertificateParams) {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }

    fn leaf(_: &mut CertificateParams) {}

    /// RFC 5280, 4.2.1.9: the path length is the number of certificates between an issuer and the leaf.
    #[test]
    fn an_issuer_may_issue_no_longer_chain_than_it_says() {
        let up_to = |length| {
            move |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(length))
        };
        assert_eq!(chain_of(&[&leaf]), Ok(()), "who issues none need not be an authority");
        assert_eq!(chain_of(&[&leaf, &up_to(0)]), Ok(()));
        assert_eq!(chain_of(&[&leaf, &up_to(0), &up_to(1)]), Ok(()));
        assert_eq!(chain_of(&[&leaf, &authority, &up_to(2)]), Ok(()));
        assert_eq!(chain_of(&[&leaf, &authority, &up_to(0)]), Err(ChainError::NotAnAuthority { index: 2 }));
        assert_eq!(chain_of(&[&leaf, &leaf]), Err(ChainError::NotAnAuthority { index: 1 }));
        assert_eq!(chain_of(&[&leaf, &authority, &leaf]), Err(ChainError::NotAnAuthority { index: 2 }));
    }

    #[test]
    fn an_authority_whose_key_may_not_sign_issues_nothing() {
        let usage = |usage: KeyUsagePurpose| {
            move |params: &mut CertificateParams| {
                authority(params);
                params.key_usages = vec![usage];
            }
        };
        assert_eq!(chain_of(&[&leaf, &usage(KeyUsagePurpose::KeyCertSign)]), Ok(()));
        let other = chain_of(&[&leaf, &usage(KeyUsagePurpose::DigitalSignature)]);
        assert_eq!(other, Err(ChainError::NotAnAuthority { index: 1 }));
    }

    /// RFC 5280, 4.2: who does not know a critical extension refuses the certificate.
    #[test]
    fn only_an_unknown_extension_that_is_critical_is_refused() {
        let extension = |id: &'static [u64], content: &'static [u8], critical| {
            move |params: &mut CertificateParams| {
                let mut extension = CustomExtension::from_oid_content(id, content.to_vec());
                extension.set_criticality(critical);
                params.custom_extensions.push(extension);
            }
        };
        let unknown = &[1, 3, 6, 1, 4, 1, 99_999, 1][..];
        assert_eq!(chain_of(&[&extension(unknown, &[5, 0], false), &authority]), Ok(()));
        let refused = chain_of(&[&extension(unknown, &[5, 0], true), &authority]);
        assert_eq!(refused, Err(ChainError::UnknownExtension { index: 0 }));
        // Extended key usage, for clients of TLS.
        let known = (&[2, 5, 29, 37][..], &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2][..]);
        assert_eq!(chain_of(&[&extension(known.0, known.1, true), &authority]), Ok(()));
    }

    /// Values computed by another library.
    #[test]
    fn a_certificate_has_the_ids_of_its_key_and_prints_the_short_one() {
        use sha2::Digest;
        let chain = real();
        let [account, authority] = chain.certificates() else { panic!("two certificates") };
        assert_eq!(account.long_id()[..], sha2::Sha256::digest(account.spki())[..]);
        assert_ne!(account.long_id(), authority.long_id());
        assert_eq!(format!("{account:?}"), "Certificate(02f92cb034a73275b5a23074abfa84a20a4f340b)");
    }
}
