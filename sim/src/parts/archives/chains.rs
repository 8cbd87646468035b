//! Chains of certificates, sound and forged, at each of their places (R-SEC-1, R-IMP-11, R-ARC-6). The index in an error counts from the leaf.

use std::sync::LazyLock;

use handfast::archive::{
    Identity, KeyKind, PrivateKey, Role, Terms,
    certificate::{Certificate, Chain},
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::{Cases, MADE, Verdict, base64, open, opens, text_with, theirs};
use crate::shell::fixture::{FIXTURE, NOW, STRANGE, key};

/// The key of each place of a chain, and one that is in none.
static KEYS: LazyLock<Vec<KeyPair>> =
    LazyLock::new(|| (1..=10).map(|number| KeyPair::try_from(key(number).pkcs8()).expect(MADE)).collect());
const STRANGER: usize = 9;

/// The peculiarity of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Special {
    Authority,
    UpTo(u8),
    Bare,
    NoAuthority,
    /// An authority whose key may not sign certificates.
    MayNotSign,
    /// Its issuer has another name.
    OtherName,
    /// Its issuer has another key.
    OtherKey,
    /// An extension that is not known.
    Unknown {
        critical: bool,
    },
    /// An extension that makes it so many bytes longer.
    Longer(usize),
}
use Special as S;

fn name(place: usize) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, format!("place {place}"));
    name
}

/// A chain, leaf first.
fn chain(specials: &[Special]) -> Vec<Vec<u8>> {
    let made = |(place, special): (usize, &Special)| {
        let mut params = CertificateParams::default();
        params.distinguished_name = name(place);
        params.is_ca = match special {
            S::Bare => IsCa::NoCa,
            S::NoAuthority => IsCa::ExplicitNoCa,
            S::UpTo(length) => IsCa::Ca(BasicConstraints::Constrained(*length)),
            _ => IsCa::Ca(BasicConstraints::Unconstrained),
        };
        params.key_usages = match special {
            S::MayNotSign => vec![KeyUsagePurpose::DigitalSignature],
            _ => vec![KeyUsagePurpose::KeyCertSign],
        };
        let (length, critical) = match special {
            S::Unknown { critical } => (2, *critical),
            S::Longer(length) => (*length, false),
            _ => (0, false),
        };
        if length > 0 {
            let id = &[1, 3, 6, 1, 4, 1, 99_999, 1];
            let mut extension = CustomExtension::from_oid_content(id, vec![5; length]);
            extension.set_criticality(critical);
            params.custom_extensions.push(extension);
        }
        let above = (place + 1).min(specials.len() - 1);
        let mut own = CertificateParams::default();
        own.distinguished_name = name(if *special == S::OtherName { 99 } else { above });
        let issuer = Issuer::from_params(&own, &KEYS[if *special == S::OtherKey { STRANGER } else { above }]);
        params.signed_by(&KEYS[place], &issuer).expect(MADE).der().to_vec()
    };
    specials.iter().enumerate().map(made).collect()
}

fn verified(chain: &[Vec<u8>]) -> String {
    match Chain::from_der(chain.iter().cloned()).and_then(|chain| chain.verify()) {
        Ok(()) => "verifies".into(),
        Err(error) => format!("{error:?}"),
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", base64(der))
}

/// The archive of an account whose chain this is.
fn archived(chain: &[Vec<u8>]) -> Verdict {
    let certificates: String = chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
    let text = text_with(&pem("PRIVATE KEY", KEYS[0].serialized_der()), &certificates);
    open(&text, "", Terms::at(NOW))
}

/// A chain that verifies, or does not, for the same reason in an archive.
fn both(cases: &mut Cases, what: &str, chain: &[Vec<u8>], stated: &str) {
    cases.expect(format!("a chain, {what}"), stated, &*verified(chain));
    let in_archive = if stated == "verifies" { opens() } else { theirs(format!("Unsound(Certificate({stated}))")) };
    cases.expect(format!("an account's chain, {what}"), in_archive, archived(chain));
}

/// A chain that verifies, of an account that can issue no device.
fn barren(cases: &mut Cases, what: &str, chain: &[Vec<u8>], stated: &str) {
    cases.expect(format!("a chain, {what}"), "verifies", &*verified(chain));
    let stated = theirs(format!("Unsound(Device(Chain({stated})))"));
    cases.expect(format!("an account's chain, {what}"), stated, archived(chain));
}

pub(super) fn chains(cases: &mut Cases) {
    cases.expect("a chain of none", "Empty", &*verified(&[]));
    for length in 1..=7 {
        both(cases, &format!("{length} authorities"), &chain(&vec![S::Authority; length]), "verifies");
    }
    barren(cases, "8 authorities", &chain(&[S::Authority; 8]), "TooLong");
    both(cases, "9 authorities", &chain(&[S::Authority; 9]), "TooLong");
    for (length, place) in (1..=5).flat_map(|length| (0..length).map(move |place| (length, place))) {
        let with = |special| {
            let mut specials = vec![S::Authority; length];
            specials[place] = special;
            chain(&specials)
        };
        let what = |special: &str| format!("{special} at {place} of {length}");
        for special in [S::Bare, S::NoAuthority, S::MayNotSign] {
            let what = what(&format!("{special:?}"));
            match place {
                0 => barren(cases, &what, &with(special), "NotAnAuthority { index: 1 }"),
                _ => both(cases, &what, &with(special), &format!("NotAnAuthority {{ index: {place} }}")),
            }
        }
        // Between an issuer and the leaf are as many as its place less one, and in the chain of a device one more.
        for most in (0..=6).chain([127, 128, 255]) {
            let what = what(&format!("a path of {most}"));
            let chain = with(S::UpTo(most));
            match usize::from(most) {
                most if most >= place => both(cases, &what, &chain, "verifies"),
                most if most + 1 == place => {
                    barren(cases, &what, &chain, &format!("NotAnAuthority {{ index: {} }}", place + 1));
                }
                _ => both(cases, &what, &chain, &format!("NotAnAuthority {{ index: {place} }}")),
            }
        }
        both(cases, &what("another name"), &with(S::OtherName), &format!("WrongIssuer {{ index: {place} }}"));
        both(cases, &what("another key"), &with(S::OtherKey), &format!("BadSignature {{ index: {place} }}"));
        let unknown = with(S::Unknown { critical: true });
        both(cases, &what("something critical"), &unknown, &format!("UnknownExtension {{ index: {place} }}"));
        both(cases, &what("something that is not critical"), &with(S::Unknown { critical: false }), "verifies");
        // Exactly 16 KiB, and one byte more.
        let bare = with(S::Longer(15_000))[place].len();
        for (size, stated) in [(16_384, "verifies".to_owned()), (16_385, format!("TooLarge {{ index: {place} }}"))] {
            let chain = with(S::Longer(15_000 + size - bare));
            cases.expect("the size of a certificate", size, chain[place].len());
            both(cases, &what(&format!("{size} bytes")), &chain, &stated);
        }
        let sound = vec![S::Authority; length];
        let mut longer = chain(&sound);
        longer[place].push(0);
        both(cases, &what("a byte after it"), &longer, &format!("Malformed {{ index: {place} }}"));
        for byte in 1..=64 {
            let mut other = chain(&sound);
            let end = other[place].len();
            other[place][end - byte] ^= 1;
            let stated = format!("BadSignature {{ index: {place} }}");
            cases.expect(what(&format!("another signature, byte {byte}")), stated, verified(&other));
        }
        if length > 1 {
            let mut without = chain(&sound);
            without.remove(place);
            let stated =
                if place == 0 { "verifies".to_owned() } else { format!("WrongIssuer {{ index: {} }}", place - 1) };
            cases.expect(what("missing"), stated, verified(&without));
        }
    }
    algorithms(cases);
    identities(cases);
}

/// The kinds of keys and signatures that are accepted.
fn algorithms(cases: &mut Cases) {
    let kinds = [
        ("P-256", &rcgen::PKCS_ECDSA_P256_SHA256),
        ("P-384", &rcgen::PKCS_ECDSA_P384_SHA384),
        ("P-521 with SHA-256", &rcgen::PKCS_ECDSA_P521_SHA256),
        ("P-521 with SHA-384", &rcgen::PKCS_ECDSA_P521_SHA384),
        ("P-521", &rcgen::PKCS_ECDSA_P521_SHA512),
        ("Ed25519", &rcgen::PKCS_ED25519),
    ];
    let all = kinds.map(|(name, kind)| {
        let key = KeyPair::generate_for(kind).expect(MADE);
        let certificate = CertificateParams::default().self_signed(&key).expect(MADE);
        (name, Certificate::from_der(certificate.der().to_vec()).expect(MADE))
    });
    let rsa = FIXTURE.exporter.chain().certificates()[2].clone();
    let all: Vec<_> = all.into_iter().chain([("RSA", rsa)]).collect();
    for ((name, own), (issuer, other)) in all.iter().flat_map(|own| all.iter().map(move |other| (own, other))) {
        let came = own.verify_signature(other).is_ok();
        cases.expect(format!("{name}, verified with a key of {issuer}"), name == issuer, came);
    }
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521] {
        let made = PrivateKey::generate(kind).ok().and_then(|key| {
            let authority = Identity::authority(key, "Jami CA", NOW).ok()?;
            let account = authority.issue(PrivateKey::generate(kind).ok()?, "Jami", Role::Authority, NOW).ok()?;
            Some(open(&text_with(&account.key().to_pem(), &account.chain().to_pem()), "", Terms::at(NOW)))
        });
        cases.expect(format!("an account of {kind:?}"), Some(opens()), made);
    }
}

/// A key and a chain are joined where they belong together, and the chain verifies (R-IMP-11).
fn identities(cases: &mut Cases) {
    let joined = |key: PrivateKey, chain: &Chain| match Identity::new(key, chain.clone()) {
        Ok(_) => "joined".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    let read = |specials: &[Special]| Chain::from_der(chain(specials)).expect(MADE);
    cases.expect("a key and its chain", "joined", &*joined(key(1), &read(&[S::Bare, S::Authority])));
    cases.expect("the key of the issuer", "Mismatch", &*joined(key(2), &read(&[S::Bare, S::Authority])));
    for (place, stated) in ["Chain(BadSignature { index: 0 })", "Chain(BadSignature { index: 1 })"].iter().enumerate() {
        let mut specials = [S::Authority; 2];
        specials[place] = S::OtherKey;
        cases.expect(format!("a chain that is forged at {place}"), *stated, &*joined(key(1), &read(&specials)));
    }
    let strange = [("long", &STRANGE.long), ("alone", &STRANGE.alone)].map(|(name, identity)| {
        let der: Vec<_> = identity.chain().certificates().iter().map(|one| one.der().to_vec()).collect();
        (name, verified(&der))
    });
    cases.expect("strange chains", [("long", "TooLong".to_owned()), ("alone", "verifies".to_owned())], strange);
}
