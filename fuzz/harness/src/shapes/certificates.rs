//! Chains of certificates, made with keys that are always the same.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fastrand::Rng;
use handfast::limits::MAX_CHAIN;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::units::{Kind, Shape, Units, marks, mostly, near, one};

/// Certificates in DER, and chains of them in PEM.
pub const CERTIFICATE_CHAIN: Shape =
    Shape(Kind::Units(Units { whole, unit, starts: |input| marks(input, 0, b"-----BEGIN") }));

/// More certificates than a chain may have, each issued by the next one.
static CHAIN: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| chain(MAX_CHAIN + 2));

/// A key of Ed25519, in PKCS#8: its signatures are always the same, too.
pub(super) fn key(number: usize) -> Vec<u8> {
    [&b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &[number as u8 + 1; 32]].concat()
}

/// A chain of so many certificates in DER, leaf first; the key of each is that of its number.
pub(super) fn chain(length: usize) -> Vec<Vec<u8>> {
    let pair = |number| KeyPair::try_from(key(number)).expect("a key");
    let params = |number| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, format!("{number}"));
        params
    };
    let last = length - 1;
    let issued = |number| match number == last {
        true => params(number).self_signed(&pair(number)),
        false => params(number).signed_by(&pair(number), &Issuer::new(params(number + 1), pair(number + 1))),
    };
    (0..length).map(|number| issued(number).expect("a certificate").der().to_vec()).collect()
}

/// Puts DER between the lines of PEM.
pub(super) fn section(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = (0..body.len()).step_by(64).map(|at| &body[at..body.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn whole(rng: &mut Rng) -> Vec<u8> {
    if !mostly(rng) {
        return altered(rng);
    }
    let length = if rng.bool() { rng.usize(1..=CHAIN.len()) } else { near(rng, &[1, MAX_CHAIN]) };
    // A chain begins anywhere above its leaf, and repeats itself where there is no more.
    let first = rng.usize(..CHAIN.len());
    let first = if mostly(rng) { CHAIN.len().saturating_sub(length) } else { first };
    let ders = CHAIN.iter().skip(first).chain(CHAIN.iter().rev()).take(length);
    ders.map(|der| section("CERTIFICATE", der)).collect::<String>().into_bytes()
}

fn unit(rng: &mut Rng) -> Vec<u8> {
    let label = if mostly(rng) { "CERTIFICATE" } else { one(rng, &["X509 CRL", "PRIVATE KEY", "X509 CERTIFICATE"]) };
    let der = if rng.bool() { CHAIN[rng.usize(..CHAIN.len())].clone() } else { altered(rng) };
    let text = section(label, &der);
    if mostly(rng) { text } else { text.replace('\n', "\r\n") }.into_bytes()
}

/// A certificate in DER, with a few bytes that are others.
fn altered(rng: &mut Rng) -> Vec<u8> {
    let mut der = CHAIN[rng.usize(..CHAIN.len())].clone();
    for _ in 0..rng.usize(..4) {
        let at = rng.usize(..der.len());
        der[at] = if rng.bool() { rng.u8(..) } else { der[at] ^ 1 << rng.u8(..8) };
    }
    der
}
