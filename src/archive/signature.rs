//! Which signature algorithms are accepted on certificates, and their verification.

use aws_lc_rs::signature::{self as algorithms, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::{
    certificate::X509Certificate,
    oid_registry::{
        OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
        OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256,
        OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512, OID_SIG_ED25519, Oid,
    },
    x509::SubjectPublicKeyInfo,
};

use super::error::ChainError;

/// Verifies the signature on `subject` with the key of `issuer`. The index in an error is 0.
pub(super) fn verify(subject: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Result<(), ChainError> {
    let algorithm = &subject.signature_algorithm;
    // The algorithm is written twice, and only one of the two is signed; a signature is whole bytes.
    if subject.tbs_certificate.signature != *algorithm || subject.signature_value.unused_bits != 0 {
        return Err(ChainError::Malformed { index: 0 });
    }
    let key = issuer.public_key();
    let accepted = accepted(&algorithm.algorithm, key)
        .ok_or_else(|| ChainError::UnacceptedAlgorithm { index: 0, algorithm: algorithm.algorithm.to_id_string() })?;
    UnparsedPublicKey::new(accepted, &*key.subject_public_key.data)
        .verify(subject.tbs_certificate.as_ref(), &subject.signature_value.data)
        .map_err(|_| ChainError::BadSignature { index: 0 })
}

/// How a signature of kind `signature` is verified with `key`, if both are accepted and fit together.
fn accepted(signature: &Oid<'_>, key: &SubjectPublicKeyInfo<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let kind = &key.algorithm.algorithm;
    if *kind == OID_PKCS1_RSAENCRYPTION {
        return pick(
            signature,
            [
                (&OID_PKCS1_SHA256WITHRSA, &algorithms::RSA_PKCS1_2048_8192_SHA256),
                (&OID_PKCS1_SHA384WITHRSA, &algorithms::RSA_PKCS1_2048_8192_SHA384),
                (&OID_PKCS1_SHA512WITHRSA, &algorithms::RSA_PKCS1_2048_8192_SHA512),
            ],
        );
    }
    if *kind == OID_SIG_ED25519 {
        return pick(signature, [(&OID_SIG_ED25519, &algorithms::ED25519)]);
    }
    if *kind != OID_KEY_TYPE_EC_PUBLIC_KEY {
        return None;
    }
    let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?;
    let hashes = [&OID_SIG_ECDSA_WITH_SHA256, &OID_SIG_ECDSA_WITH_SHA384, &OID_SIG_ECDSA_WITH_SHA512];
    let verifiers: [&'static dyn VerificationAlgorithm; 3] = if curve == OID_EC_P256 {
        [&algorithms::ECDSA_P256_SHA256_ASN1, &algorithms::ECDSA_P256_SHA384_ASN1, &algorithms::ECDSA_P256_SHA512_ASN1]
    } else if curve == OID_NIST_EC_P384 {
        [&algorithms::ECDSA_P384_SHA256_ASN1, &algorithms::ECDSA_P384_SHA384_ASN1, &algorithms::ECDSA_P384_SHA512_ASN1]
    } else if curve == OID_NIST_EC_P521 {
        [&algorithms::ECDSA_P521_SHA256_ASN1, &algorithms::ECDSA_P521_SHA384_ASN1, &algorithms::ECDSA_P521_SHA512_ASN1]
    } else {
        return None;
    };
    let place = hashes.iter().position(|hash| *hash == signature)?;
    Some(verifiers[place])
}

fn pick<const N: usize>(
    signature: &Oid<'_>,
    table: [(&Oid<'_>, &'static dyn VerificationAlgorithm); N],
) -> Option<&'static dyn VerificationAlgorithm> {
    table.into_iter().find(|(oid, _)| *oid == signature).map(|(_, algorithm)| algorithm)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};

    use crate::archive::{certificate::Certificate, error::ChainError};

    const ACCEPTED: [&SignatureAlgorithm; 9] = [
        &rcgen::PKCS_RSA_SHA256,
        &rcgen::PKCS_RSA_SHA384,
        &rcgen::PKCS_RSA_SHA512,
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA256,
        &rcgen::PKCS_ECDSA_P521_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_ED25519,
    ];

    fn self_signed(algorithm: &'static SignatureAlgorithm) -> Certificate {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        Certificate::from_der(certificate.der().to_vec()).unwrap()
    }

    /// Holds R-SEC-1: with the algorithms of [`Certificate::verify_signature`], of the key of the issuer and of no other.
    #[test]
    fn a_signature_is_verified_with_the_key_of_the_issuer() {
        let all = ACCEPTED.map(self_signed);
        for (number, own) in all.iter().enumerate() {
            for (issuer, other) in all.iter().enumerate() {
                let verified = own.verify_signature(other);
                match issuer == number {
                    true => assert_eq!(verified, Ok(()), "{:?}", ACCEPTED[number]),
                    // Another key, or one for which there is no such signature.
                    false => assert!(
                        matches!(
                            verified,
                            Err(ChainError::BadSignature { index: 0 }
                                | ChainError::UnacceptedAlgorithm { index: 0, .. })
                        ),
                        "{number} {issuer} {verified:?}"
                    ),
                }
            }
        }
        let ecdsa = "1.2.840.10045.4.3.2".to_owned();
        let unaccepted = ChainError::UnacceptedAlgorithm { index: 0, algorithm: ecdsa };
        assert_eq!(all[3].verify_signature(&all[0]), Err(unaccepted.clone()), "an RSA key has no ECDSA");
        assert_eq!(all[3].verify_signature(&all[8]), Err(unaccepted), "Ed25519 has none either");
    }

    /// The name of the algorithm is not signed where it stands a second time, and is the same there (RFC 5280, 4.1.1.2).
    #[test]
    fn the_algorithm_is_the_one_that_was_signed() {
        let whole = self_signed(&rcgen::PKCS_RSA_SHA384);
        let sha384 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0c];
        let places: Vec<_> =
            (0..whole.der().len() - sha384.len()).filter(|&at| whole.der()[at..].starts_with(&sha384)).collect();
        assert_eq!(places.len(), 2);
        let mut der = whole.der().to_vec();
        // SHA-256 in its place.
        der[places[1] + 8] = 0x0b;
        let changed = Certificate::from_der(der).unwrap();
        assert_eq!(changed.verify_signature(&whole), Err(ChainError::Malformed { index: 0 }));
        assert_eq!(whole.verify_signature(&whole), Ok(()));
    }
}
