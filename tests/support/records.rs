//! Records of TLS 1.3 with AES-256-GCM and SHA-384, opened with a key log (RFC 8446, 5.2 and 7.1).

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA384, KeyType, Prk},
    hmac,
};
use sha2::{Digest as _, Sha384};

/// The kind of a record: what it was before it was encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ChangeCipherSpec,
    Alert,
    Handshake,
    Application,
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label, without a context.
fn expand(secret: &[u8], label: &str, length: usize) -> Vec<u8> {
    let label = format!("tls13 {label}");
    let info = [&(length as u16).to_be_bytes()[..], &[label.len() as u8], label.as_bytes(), &[0]].concat();
    let prk = Prk::new_less_safe(HKDF_SHA384, secret);
    let mut out = vec![0; length];
    prk.expand(&[&info], Length(length)).unwrap().fill(&mut out).unwrap();
    out
}

/// One direction of a connection, from one secret of the key log.
pub(crate) struct Opener {
    key: LessSafeKey,
    nonce: [u8; 12],
    records: u64,
    secret: Vec<u8>,
}

impl Opener {
    pub(crate) fn new(secret: &[u8]) -> Self {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &expand(secret, "key", 32)).unwrap());
        let nonce = expand(secret, "iv", 12).try_into().unwrap();
        Self { key, nonce, records: 0, secret: secret.to_vec() }
    }

    /// Opens the next record. None: it is not the next one, or was changed.
    pub(crate) fn open(&mut self, record: &[u8]) -> Option<(Kind, Vec<u8>)> {
        let (head, body) = record.split_at(5);
        let mut nonce = self.nonce;
        nonce[4..].iter_mut().zip(self.records.to_be_bytes()).for_each(|(byte, count)| *byte ^= count);
        let mut body = body.to_vec();
        let clear = self.key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(head), &mut body).ok()?;
        self.records += 1;
        let end = clear.iter().rposition(|byte| *byte != 0)?;
        Some((kind(clear[end])?, clear[..end].to_vec()))
    }

    /// The content of a Finished message after these messages.
    pub(crate) fn finished(&self, transcript: &Sha384) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA384, &expand(&self.secret, "finished", 48));
        hmac::sign(&key, &transcript.clone().finalize()).as_ref().to_vec()
    }
}

/// The kind of a content type.
pub(crate) fn kind(of: u8) -> Option<Kind> {
    match of {
        20 => Some(Kind::ChangeCipherSpec),
        21 => Some(Kind::Alert),
        22 => Some(Kind::Handshake),
        23 => Some(Kind::Application),
        _ => None,
    }
}

/// Returns the bytes that a CertificateVerify signs after these messages (RFC 8446, 4.4.3).
pub(crate) fn signed(side: &str, transcript: &Sha384) -> Vec<u8> {
    let context = format!("TLS 1.3, {side} CertificateVerify");
    [&[0x20; 64][..], context.as_bytes(), &[0], &transcript.clone().finalize()].concat()
}

/// The certificates of a Certificate message.
pub(crate) fn certificates(message: &[u8]) -> Vec<Vec<u8>> {
    fn take<'a>(rest: &mut &'a [u8], size: usize) -> &'a [u8] {
        let length = rest[..size].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        let (taken, left) = rest[size..].split_at(length);
        *rest = left;
        taken
    }
    let mut rest = &message[4..];
    assert!(take(&mut rest, 1).is_empty(), "the context of a request");
    let mut list = take(&mut rest, 3);
    assert!(rest.is_empty());
    let mut found = Vec::new();
    while !list.is_empty() {
        found.push(take(&mut list, 3).to_vec());
        take(&mut list, 2);
    }
    found
}
