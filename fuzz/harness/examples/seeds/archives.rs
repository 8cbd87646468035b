//! Archives, the texts in them, and chains of certificates.

use std::{
    fs,
    io::{Cursor, Read as _},
    time::Duration,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use handfast::{
    archive::{Archive, Identity, InsecureKdf, KeyKind, PrivateKey, Sample, Terms, UnixTime, certificate::Chain},
    outcome::Scheme,
    secret::Secret,
};
use handfast_harness::archive::seal;
use rcgen::{BasicConstraints, CertificateParams, DnType, DnValue, IsCa, KeyPair};

use super::{put, root};

/// Long before the sample's certificates end.
const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_790_000_000));
/// What the check tries.
const PASSWORD: &str = "password";

/// Small archives of this library, and a real one.
pub(super) fn put_all() {
    for (name, protection, password) in
        [("plain", Scheme::None, Secret::default()), ("protected", Scheme::Password, Secret::from(PASSWORD))]
    {
        let text = write(&Sample::new(KeyKind::P256, NOW, protection, 6_000, 1).unwrap());
        put("archive_open", name, &seal(&text, &password));
        put("archive_json", name, &text);
    }
    let file = fs::read(root().join("tests/vectors/archive-plain.gz")).unwrap();
    let archive = Archive::open(Cursor::new(&file), &Secret::default(), &InsecureKdf, Terms::any_time()).unwrap();
    chains(archive.account());
    let mut text = Vec::new();
    archive.into_text().unwrap().read_to_end(&mut text).unwrap();
    put("archive_json", "real", &text);
    put("archive_open", "real", &file);
    texts();
    let small = seal(b"{}", &Secret::default());
    put("archive_open", "twice-compressed", &seal(&small, &Secret::default()));
    put("archive_open", "protected-gzip", &encrypt(&small));
    put("archive_open", "protected-and-not-compressed", &encrypt(b"{}"));
}

fn texts() {
    let (deep, beyond) = ([&b"{\"a\":"[..], &[b'['; 200]].concat(), format!("{:17000}x", ""));
    let texts: [(&str, &[u8]); 11] = [
        ("empty-object", b"{}"),
        ("nested", br#"{"a":[{"b":[[]]}],"c":1.5e-3,"d":"\u00e9\n"}"#),
        ("words", br#"{"a":[false,true,null,-0,-0.5,"\b\f\/"]}"#),
        ("half-a-surrogate-pair", br#"{"a":"\ud800\u0041"}"#),
        ("text-that-is-none", b"{\"a\":\"\xff\"}"),
        ("character-that-is-cut", b"{\"a\":\"\xc3\"}"),
        ("character-that-is-too-long", b"{\"a\":\"\xe0\x80\x80\"}"),
        ("nested-too-deep", &deep),
        ("names-within", br#"{"ringAccountContacts":{"a":1,"\u0062":2}}"#),
        ("key-that-is-no-text", br#"{"ringAccountKey":1}"#),
        // What is wrong with it stands where nothing is looked at any more.
        ("wrong-beyond-the-limit", beyond.as_bytes()),
    ];
    for (name, text) in texts {
        put("archive_json", name, text);
    }
    for (name, text) in &texts[..2] {
        put("archive_open", name, &seal(text, &Secret::default()));
    }
    let (account, authority) = Identity::account(KeyKind::P256, NOW).unwrap();
    let text = |of: &Identity| write(&Sample::of(of, &authority, Scheme::None, 5_000, 1).unwrap());
    let device = account.issue_device(key(), NOW).unwrap();
    put("archive_json", "account-that-is-a-device", &text(&device));
    put("archive_json", "name-that-is-no-issuer", &text(&teletex()));
    // A key of another one, of the same length.
    let (mine, other) = (account.key().to_pem(), key().to_pem());
    let mixed = replace(&text(&account), &base64(mine.as_bytes()), &base64(other.as_bytes()));
    put("archive_json", "key-of-another", &mixed);
    let cut = replace(&text(&account), &base64(mine.as_bytes()), &base64(&mine.as_bytes()[..mine.len() - 30]));
    put("archive_json", "key-without-an-end", &cut);
}

/// The chain of a real account, and what is wrong with others.
fn chains(account: &Identity) {
    let pem = account.chain().to_pem();
    put("certificate_chain", "real", pem.as_bytes());
    for (at, certificate) in account.chain().certificates().iter().enumerate() {
        put("certificate_chain", &format!("real-{at}"), certificate.der());
    }
    let first = pem.split_inclusive("-----END CERTIFICATE-----").next().unwrap();
    put("certificate_chain", "leaf-alone", first.as_bytes());
    put("certificate_chain", "nine-times", format!("{first}\n").repeat(9).as_bytes());
    put("certificate_chain", "leaf-twice", format!("{first}\n{first}\n").as_bytes());
    let [leaf, authority] = account.chain().certificates() else { panic!("an account and its authority") };
    // Of the key usage, which is critical, another extension is made; and of an authority none.
    let unknown = replace(leaf.der(), b"\x55\x1d\x0f\x01\x01\xff", b"\x55\x1d\x63\x01\x01\xff");
    let none = replace(authority.der(), b"\x30\x03\x01\x01\xff", b"\x30\x03\x01\x01\x00");
    put("certificate_chain", "unknown-extension", section(&[&unknown, authority.der()]).as_bytes());
    put("certificate_chain", "not-an-authority", section(&[leaf.der(), &none]).as_bytes());
}

/// An account whose name is written in characters of another time.
fn teletex() -> Identity {
    let pair = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, DnValue::TeletexString("Jami".try_into().unwrap()));
    let certificate = params.self_signed(&pair).unwrap();
    let chain = Chain::from_der([certificate.der().to_vec()]).unwrap();
    Identity::new(PrivateKey::from_pkcs8(&pair.serialize_der()).unwrap(), chain).unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyKind::P256).unwrap()
}

fn write(sample: &Sample) -> Vec<u8> {
    let mut text = Vec::new();
    sample.write_to(&mut text).unwrap();
    text
}

/// The protected file of these bytes, whatever they are.
fn encrypt(data: &[u8]) -> Vec<u8> {
    let (salt, nonce) = ([1; 16], [2; 12]);
    let key = digest(&SHA256, &[&salt, PASSWORD.as_bytes()].concat());
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).unwrap());
    let mut sealed = data.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).unwrap();
    [&salt[..], &nonce, &sealed].concat()
}

/// The bytes with the one place where `old` stands replaced.
fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut places = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(old));
    let at = places.next().expect("it is there");
    assert_eq!(places.next(), None, "it is there once");
    [&bytes[..at], new, &bytes[at + old.len()..]].concat()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    STANDARD.encode(bytes).into_bytes()
}

/// Certificates as PEM.
fn section(ders: &[&[u8]]) -> String {
    let section = |der| format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der));
    ders.iter().map(section).collect()
}
