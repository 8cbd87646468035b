//! A key with the chain that vouches for it, and the certificates that it issues (R-ARC-6, R-EXP-11).

use std::fmt::Write;

use aws_lc_rs::{digest, rand};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, Issuer, KeyIdMethod,
    KeyUsagePurpose, PublicKeyData, SerialNumber, SignatureAlgorithm,
};
use rustls_pki_types::UnixTime;
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, der_parser::asn1_rs::Tag, prelude::FromDer};

use super::{
    certificate::{Certificate, Chain},
    error::{ChainError, IdentityError},
    key::{KeyKind, PrivateKey},
};

/// How long a certificate is valid: ten years of 365 days, as Jami's are.
const VALIDITY: time::Duration = time::Duration::days(3650);
/// The name in a device's certificate.
const DEVICE: &str = "Jami device";
/// A time whose form in a certificate is the longer one, as the end of its validity has it: of 2050 or later.
const LATE: UnixTime = UnixTime::since_unix_epoch(std::time::Duration::from_secs(2_600_000_000));
/// The attribute that holds the short id in a certificate's name.
const USER_ID: &[u64] = &[0, 9, 2342, 19200300, 100, 1, 1];

/// The purpose of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It issues others: an account, or its authority.
    Authority,
    /// A device, which shows it in TLS.
    Device,
}

/// A private key and the verified chain whose leaf is about it.
#[derive(Debug)]
pub struct Identity {
    key: PrivateKey,
    chain: Chain,
}

impl Identity {
    /// Joins a key and a chain: the chain verifies, and its leaf is about the key. Says nothing about time.
    pub fn new(key: PrivateKey, chain: Chain) -> Result<Self, IdentityError> {
        if !key.belongs_to(chain.leaf()) {
            return Err(IdentityError::Mismatch);
        }
        chain.verify()?;
        Ok(Self { key, chain })
    }

    /// A new authority that signs itself, valid from `now` for ten years.
    pub fn authority(key: PrivateKey, name: &str, now: UnixTime) -> Result<Self, IdentityError> {
        let params = params(&key, name, Role::Authority, serial()?, now)?;
        let certificate = params.self_signed(key.pair()).map_err(|_| IdentityError::Issue)?;
        let chain = Chain::from_der([certificate.der().to_vec()])?;
        Self::new(key, chain)
    }

    /// A new account with a new authority, named as Jami names them; also the authority's key.
    pub fn account(kind: KeyKind, now: UnixTime) -> Result<(Self, PrivateKey), IdentityError> {
        let authority = Self::authority(PrivateKey::generate(kind)?, "Jami CA", now)?;
        let account = authority.issue(PrivateKey::generate(kind)?, "Jami", Role::Authority, now)?;
        Ok((account, authority.key))
    }

    /// Issues a certificate for `key`, valid from `now` for ten years; the new identity has this one's chain.
    pub fn issue(&self, key: PrivateKey, name: &str, role: Role, now: UnixTime) -> Result<Self, IdentityError> {
        self.issue_in(Chain::with_leaf, key, name, role, now)
    }

    /// As [`Identity::issue`], also where the chain becomes longer than one may be: what a peer that is not honest shows.
    #[cfg(any(test, feature = "testing"))]
    pub fn issue_beyond(&self, key: PrivateKey, name: &str, role: Role, now: UnixTime) -> Result<Self, IdentityError> {
        self.issue_in(|chain, leaf| Ok(chain.extended(leaf)), key, name, role, now)
    }

    fn issue_in(
        &self,
        chain: impl FnOnce(&Chain, Certificate) -> Result<Chain, ChainError>,
        key: PrivateKey,
        name: &str,
        role: Role,
        now: UnixTime,
    ) -> Result<Self, IdentityError> {
        let params = params(&key, name, role, serial()?, now)?;
        let chain = chain(&self.chain, self.certify(key.pair(), &params)?)?;
        // An identity's chain vouches for the leaf.
        chain.verify_before(1)?;
        Ok(Self { key, chain })
    }

    /// Signs the certificate of a key.
    fn certify(&self, key: &impl PublicKeyData, params: &CertificateParams) -> Result<Certificate, IdentityError> {
        let mut own = CertificateParams::default();
        own.distinguished_name = issuer_name(self.certificate())?;
        let issuer = Issuer::from_params(&own, self.key.pair());
        let certificate = params.signed_by(key, &issuer).map_err(|_| IdentityError::Issue)?;
        Ok(Certificate::from_der(certificate.der().to_vec())?)
    }

    /// Issues the certificate of a device of this account.
    pub fn issue_device(&self, key: PrivateKey, now: UnixTime) -> Result<Self, IdentityError> {
        self.issue(key, DEVICE, Role::Device, now)
    }

    /// Whether [`Identity::issue_device`] succeeds for any key at any time, as an account's has to: issues a certificate of the largest
    /// kind, and looks at the chain that it would lead. An index in the error counts from this certificate.
    pub fn can_issue(&self) -> Result<(), IdentityError> {
        let params = params(&self.key, DEVICE, Role::Device, [0x7f; 8], LATE)?;
        self.chain.with_leaf(self.certify(&Largest, &params)?)?.verify_before(1)?;
        Ok(())
    }

    /// The private key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The certificate about the key, and those that vouch for it.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The certificate about the key.
    pub fn certificate(&self) -> &Certificate {
        self.chain.leaf()
    }
}

/// In the place of a public key as large as any that is accepted: RSA of 8192 bits.
struct Largest;

impl PublicKeyData for Largest {
    fn der_bytes(&self) -> &[u8] {
        // The number and its exponent, with the heads that they have in DER.
        &[0; 1024 + 32]
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA384
    }
}

/// A new serial number: positive, and of constant length.
fn serial() -> Result<[u8; 8], IdentityError> {
    let mut serial = [0; 8];
    rand::fill(&mut serial).map_err(|_| IdentityError::Issue)?;
    serial[0] = serial[0] & 0x3f | 0x40;
    Ok(serial)
}

/// A certificate as Jami makes them: the name has the short id, which is the key identifier too.
fn params(
    key: &PrivateKey,
    name: &str,
    role: Role,
    serial: [u8; 8],
    now: UnixTime,
) -> Result<CertificateParams, IdentityError> {
    let id = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &key.spki());
    let mut hex = String::new();
    for byte in id.as_ref() {
        write!(hex, "{byte:02x}").expect("writing to a string");
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::from_oid(USER_ID), hex);
    params.key_identifier_method = KeyIdMethod::PreSpecified(id.as_ref().to_vec());
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let seconds = i64::try_from(now.as_secs()).map_err(|_| IdentityError::Time)?;
    params.not_before = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| IdentityError::Time)?;
    params.not_after = params.not_before.checked_add(VALIDITY).ok_or(IdentityError::Time)?;
    match role {
        Role::Authority => {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        }
        Role::Device => {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::DataEncipherment];
        }
    }
    Ok(params)
}

/// The subject of a certificate, to be written as an issuer's name with the very same bytes.
fn issuer_name(certificate: &Certificate) -> Result<DistinguishedName, IdentityError> {
    let (_, parsed) = X509Certificate::from_der(certificate.der()).map_err(|_| IdentityError::Name)?;
    let mut name = DistinguishedName::new();
    for relative in parsed.subject().iter() {
        let mut attributes = relative.iter();
        let (Some(attribute), None) = (attributes.next(), attributes.next()) else { return Err(IdentityError::Name) };
        let kind: Vec<u64> = attribute.attr_type().iter().ok_or(IdentityError::Name)?.collect();
        let kind = DnType::from_oid(&kind);
        let value = attribute.attr_value();
        let text = std::str::from_utf8(value.data).map_err(|_| IdentityError::Name)?;
        let value = match value.header.tag() {
            Tag::Utf8String => DnValue::Utf8String(text.to_owned()),
            Tag::PrintableString => DnValue::PrintableString(text.try_into().map_err(|_| IdentityError::Name)?),
            Tag::Ia5String => DnValue::Ia5String(text.try_into().map_err(|_| IdentityError::Name)?),
            _ => return Err(IdentityError::Name),
        };
        // A kind that comes twice would replace the first one.
        if name.get(&kind).is_some() {
            return Err(IdentityError::Name);
        }
        name.push(kind, value);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::{io::Cursor, time::Duration};

    use super::*;
    use crate::{
        archive::{Archive, Argon2i, KeyError, Terms},
        secret::Secret,
    };

    fn now() -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000))
    }

    fn key(kind: KeyKind) -> PrivateKey {
        PrivateKey::generate(kind).unwrap()
    }

    #[test]
    fn an_account_issues_devices_and_devices_issue_nothing() {
        let (account, authority) = Identity::account(KeyKind::P256, now()).unwrap();
        assert_eq!(account.can_issue(), Ok(()));
        assert!(authority.belongs_to(&account.chain().certificates()[1]));
        let device = account.issue_device(key(KeyKind::P256), now()).unwrap();
        assert_eq!(device.chain().certificates()[1..], *account.chain().certificates());
        assert_eq!(device.chain().check_time(now()), Ok(()));
        assert_eq!(device.can_issue(), Err(ChainError::NotAnAuthority { index: 1 }.into()));
        let issued = device.issue_device(key(KeyKind::P256), now()).map(drop);
        assert_eq!(issued, Err(ChainError::NotAnAuthority { index: 1 }.into()));
    }

    /// The stand-in for a public key has room for RSA of 8192 bits: a sequence of the modulus, with a zero before it, and of an exponent of up
    /// to five bytes.
    #[test]
    fn the_largest_key_is_not_thought_smaller_than_it_is() {
        let (modulus, exponent) = (4 + 1 + 1024, 2 + 5);
        let room = Largest.der_bytes().len();
        assert!((4 + modulus + exponent..1100).contains(&room), "{room} bytes");
    }

    /// A chain that is issued has eight certificates at most; that of an enemy may have more.
    #[test]
    fn no_chain_becomes_too_long() {
        let authority = Identity::authority(key(KeyKind::P256), "authority", now()).unwrap();
        let below = |above: &Identity| above.issue(key(KeyKind::P256), "below", Role::Authority, now());
        let longest = (1..8).fold(authority, |above, _| below(&above).unwrap());
        assert_eq!(longest.chain().certificates().len(), 8);
        assert_eq!(below(&longest).map(drop), Err(ChainError::TooLong.into()));
        assert_eq!(longest.can_issue(), Err(ChainError::TooLong.into()));
        let beyond = longest.issue_beyond(key(KeyKind::P256), "below", Role::Authority, now()).unwrap();
        assert_eq!((beyond.chain().certificates().len(), beyond.chain().verify()), (9, Ok(())));
        assert_eq!(Chain::from_pem(beyond.chain().to_pem().as_bytes()), Err(ChainError::TooLong));
    }

    /// As the temporary identities of today's daemon have it.
    #[test]
    fn an_authority_may_have_a_key_of_another_kind() {
        let authority = Identity::authority(key(KeyKind::P384), "Jami Temporary CA", now()).unwrap();
        let user = authority.issue(key(KeyKind::P256), "Jami Temporary User", Role::Authority, now()).unwrap();
        let device = user.issue(key(KeyKind::P521), "Jami Temporary device", Role::Device, now()).unwrap();
        assert_eq!(device.chain().verify(), Ok(()));
    }

    /// The names in certificates of the real library are repeated byte by byte, and its key signs.
    #[test]
    fn a_real_account_issues_a_device() {
        let file = Cursor::new(include_bytes!("../../tests/vectors/archive-plain.gz"));
        let archive = Archive::open(file, &Secret::default(), &Argon2i, Terms::any_time()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(archive.summary().chain.validity().not_before as u64));
        let device = archive.account().issue_device(key(KeyKind::P256), now).unwrap();
        assert_eq!(device.chain().check_time(now), Ok(()));
        assert_eq!(device.chain().certificates()[1].short_id(), archive.summary().account);
    }

    #[test]
    fn a_key_and_a_chain_of_another_do_not_join() {
        let identity = Identity::authority(key(KeyKind::P256), "one", now()).unwrap();
        let joined = Identity::new(key(KeyKind::P256), identity.chain().clone()).map(drop);
        assert_eq!(joined, Err(IdentityError::Mismatch));
    }

    #[test]
    fn a_name_of_any_characters_is_repeated() {
        let authority = Identity::authority(key(KeyKind::P256), "Käse, = + \"名前\"", now()).unwrap();
        let device = authority.issue_device(key(KeyKind::P256), now()).unwrap();
        assert_eq!(device.chain().verify(), Ok(()));
    }

    #[test]
    fn a_time_out_of_range_is_an_error() {
        let late = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
        let identity = Identity::authority(key(KeyKind::P256), "late", late).map(drop);
        assert_eq!(identity, Err(IdentityError::Time));
    }

    #[test]
    fn keys_round_trip_and_do_not_print() {
        for kind in [KeyKind::P256, KeyKind::P521] {
            let key = key(kind);
            let again = PrivateKey::from_pem(key.to_pem().as_bytes()).unwrap();
            assert_eq!((again.spki(), again.pkcs8()), (key.spki(), key.pkcs8()));
            assert_eq!(format!("{key:?}"), "PrivateKey(<secret>)");
        }
        assert!(matches!(PrivateKey::from_pem(b""), Err(KeyError::NotAKey)));
        assert!(matches!(PrivateKey::from_pkcs8(b"\x30\0"), Err(KeyError::Unaccepted)));
    }

    /// RFC 5280, 4.1.2.2: positive. All are equally long, so that certificates are too.
    #[test]
    fn serial_numbers_are_positive_equally_long_and_random() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..24 {
            let identity = Identity::authority(key(KeyKind::P256), "authority", now()).unwrap();
            let (_, parsed) = X509Certificate::from_der(identity.certificate().der()).unwrap();
            let serial = parsed.raw_serial().to_vec();
            assert_eq!(serial.len(), 8);
            assert!((0x40..0x80).contains(&serial[0]), "{serial:02x?}");
            assert!(seen.insert(serial));
        }
        let begins: std::collections::BTreeSet<_> = seen.iter().map(|serial| serial[0]).collect();
        assert!(begins.len() > 1, "the first byte is random too");
    }

    /// The name of an issuer is repeated in the kind of text that it has. Of one that cannot be repeated, none is issued.
    #[test]
    fn a_name_in_any_kind_of_text_is_repeated() {
        let authority_named = |name: DnValue| {
            let (key, mut params) = (key(KeyKind::P256), CertificateParams::default());
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let certificate = params.self_signed(key.pair()).unwrap();
            Identity::new(key, Chain::from_der([certificate.der().to_vec()]).unwrap()).unwrap()
        };
        for name in [
            DnValue::Utf8String("Jami".into()),
            DnValue::PrintableString("Jami".try_into().unwrap()),
            DnValue::Ia5String("Jami".try_into().unwrap()),
        ] {
            let device = authority_named(name).issue_device(key(KeyKind::P256), now()).unwrap();
            assert_eq!(device.chain().verify(), Ok(()));
        }
        let other = authority_named(DnValue::BmpString("Jami".try_into().unwrap()));
        assert_eq!(other.can_issue(), Err(IdentityError::Name));
        assert_eq!(other.issue_device(key(KeyKind::P256), now()).map(drop), Err(IdentityError::Name));
    }
}
