//! Keys of people: signatures and encryption of values, and the keys under which certificates lie.

use core::fmt;
use std::borrow::Cow;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA512, RsaKeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use crate::id::InfoHash;
use crate::limits;
use crate::msgpack::{Reader, Writer};
use crate::value::{Body, Content, Signed, Value, ValueType};

/// Bytes of the AES key in the hybrid form.
const AES_KEY: usize = 32;
/// Bytes of the tag of AES-GCM.
const TAG: usize = 16;
/// Bytes of an RSA block that are padding, at least.
const PADDING: usize = 11;

/// The bytes are no RSA key of 2048 to 8192 bits, as DER `SubjectPublicKeyInfo`. Their sender is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no RSA public key of 2048 to 8192 bits")]
pub struct NotAPublicKey;

/// The bytes are no RSA private key as PKCS#8. The caller is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no RSA private key of 2048 to 8192 bits in PKCS#8")]
pub struct NotAnIdentity;

/// The value cannot be signed: it is encrypted, or the key refuses. The caller is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be signed: it is encrypted already, or the key is not usable")]
pub struct CannotSign;

/// The value cannot be encrypted: it is not signed with this recipient, or it is too large. The caller is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be encrypted: sign it for this recipient first, and keep it below 64 KiB")]
pub struct CannotEncrypt;

/// The value is not for this identity, or not from its owner. All reasons look alike, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be read with this identity")]
pub struct Unreadable;

/// The public key of a person or a device: signs values, and values are encrypted to it.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    spki: Vec<u8>,
}

impl PublicKey {
    /// Takes DER `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`NotAPublicKey`] when it is no RSA key of 2048 to 8192 bits.
    pub fn from_der(spki: &[u8]) -> Result<Self, NotAPublicKey> {
        if spki.len() > limits::PUBLIC_KEY {
            return Err(NotAPublicKey);
        }
        PublicEncryptingKey::from_der(spki).map_err(|_| NotAPublicKey)?;
        Ok(Self { spki: spki.to_vec() })
    }

    /// Takes the key of the first certificate of a PEM text or DER.
    ///
    /// # Errors
    /// [`NotAPublicKey`] when there is no certificate, or its key is no such key.
    pub fn of_certificate(certificate: &[u8]) -> Result<Self, NotAPublicKey> {
        Self::from_der(&leaf_key(certificate).ok_or(NotAPublicKey)?)
    }

    /// Returns DER `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.spki
    }

    /// Returns the SHA-1 of the key: what `to` names.
    #[must_use]
    pub fn short_id(&self) -> InfoHash {
        InfoHash::of(&self.spki)
    }

    /// Returns the SHA-256 of the key: a device id.
    #[must_use]
    pub fn long_id(&self) -> [u8; 32] {
        Sha256::digest(&self.spki).into()
    }

    /// Encrypts bytes: one RSA block, or an AES key in an RSA block and AES-GCM.
    ///
    /// # Errors
    /// [`CannotEncrypt`] when the result would be larger than a value may be.
    pub fn encrypt(&self, clear: &[u8]) -> Result<Vec<u8>, CannotEncrypt> {
        let key = PublicEncryptingKey::from_der(&self.spki).map_err(|_| CannotEncrypt)?;
        let key = Pkcs1PublicEncryptingKey::new(key).map_err(|_| CannotEncrypt)?;
        let block = key.key_size_bytes();
        if encrypted_len(block, clear.len()) > limits::VALUE {
            return Err(CannotEncrypt);
        }
        let mut out = vec![0; block];
        if clear.len() + PADDING <= block {
            key.encrypt(clear, &mut out).map_err(|_| CannotEncrypt)?;
            return Ok(out);
        }
        let mut secret = Zeroizing::new([0; AES_KEY]);
        let mut nonce = [0; NONCE_LEN];
        rand::fill(secret.as_mut()).map_err(|_| CannotEncrypt)?;
        rand::fill(&mut nonce).map_err(|_| CannotEncrypt)?;
        key.encrypt(secret.as_ref(), &mut out).map_err(|_| CannotEncrypt)?;
        out.extend_from_slice(&nonce);
        let mut sealed = clear.to_vec();
        aes(&secret)
            .ok_or(CannotEncrypt)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .map_err(|_| CannotEncrypt)?;
        out.extend_from_slice(&sealed);
        Ok(out)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.short_id()).finish()
    }
}

/// Returns how long a clear text of `clear` bytes becomes under a key whose modulus has `block` bytes.
#[must_use]
pub const fn encrypted_len(block: usize, clear: usize) -> usize {
    if clear + PADDING <= block { block } else { block + NONCE_LEN + clear + TAG }
}

fn aes(secret: &[u8; AES_KEY]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, secret).ok().map(LessSafeKey::new)
}

/// A private key: signs, and reads what was encrypted to it. Never prints; the library wipes the key on drop.
pub struct Identity {
    signing: RsaKeyPair,
    reading: Pkcs1PrivateDecryptingKey,
    public: PublicKey,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.public.short_id()).finish()
    }
}

impl Identity {
    /// Takes an RSA private key as PKCS#8 DER.
    ///
    /// # Errors
    /// [`NotAnIdentity`] when it is not an identity.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, NotAnIdentity> {
        let signing = RsaKeyPair::from_pkcs8(der).map_err(|_| NotAnIdentity)?;
        let reading = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| NotAnIdentity)?;
        let reading = Pkcs1PrivateDecryptingKey::new(reading).map_err(|_| NotAnIdentity)?;
        let spki = signing.public_key().as_der().map_err(|_| NotAnIdentity)?;
        let public = PublicKey::from_der(spki.as_ref()).map_err(|_| NotAnIdentity)?;
        Ok(Self { signing, reading, public })
    }

    /// Returns the public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Returns the id of a node that runs under this identity.
    #[must_use]
    pub fn node_id(&self) -> InfoHash {
        InfoHash::of_node(self.public.short_id())
    }

    /// Signs a value, for everyone or for one recipient. A value that is signed already is signed anew.
    ///
    /// # Errors
    /// [`CannotSign`] when it is encrypted.
    pub fn sign<'a>(&self, value: Value<'a>, seq: u16, to: Option<&PublicKey>) -> Result<Value<'a>, CannotSign> {
        let body = match value.content {
            Content::Plain(body) | Content::Signed(Signed { body, .. }) => body,
            Content::Encrypted(_) => return Err(CannotSign),
        };
        let owner = Cow::Owned(self.public.spki.clone());
        let to = to.map(PublicKey::short_id);
        let unsigned = Signed { body, seq, owner, to, signature: Cow::Borrowed(&[]) };
        let mut value = Value { content: Content::Signed(unsigned), ..value };
        let bytes = value.signed_bytes().ok_or(CannotSign)?;
        let mut signature = vec![0; self.signing.public_modulus_len()];
        self.signing.sign(&RSA_PKCS1_SHA512, &SystemRandom::new(), &bytes, &mut signature).map_err(|_| CannotSign)?;
        if let Content::Signed(signed) = &mut value.content {
            signed.signature = Cow::Owned(signature);
        }
        Ok(value)
    }

    /// Decrypts bytes. A wrong RSA block of the hybrid form is treated as a random AES key, so that it fails as a wrong tag does.
    ///
    /// # Errors
    /// [`Unreadable`], for every reason.
    pub fn decrypt(&self, cypher: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let (block, rest) = cypher.split_at_checked(self.reading.key_size_bytes()).ok_or(Unreadable)?;
        let mut room = Zeroizing::new(vec![0; self.reading.min_output_size()]);
        if rest.is_empty() {
            let clear = self.reading.decrypt(block, &mut room).map_err(|_| Unreadable)?;
            return Ok(Zeroizing::new(clear.to_vec()));
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Unreadable)?;
        let mut secret = Zeroizing::new([0; AES_KEY]);
        rand::fill(secret.as_mut()).map_err(|_| Unreadable)?;
        if let Ok(key) = self.reading.decrypt(block, &mut room)
            && key.len() == AES_KEY
        {
            secret.copy_from_slice(key);
        }
        let mut clear = Zeroizing::new(sealed.to_vec());
        let len = aes(&secret)
            .ok_or(Unreadable)?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut clear)
            .map_err(|_| Unreadable)?
            .len();
        clear.truncate(len);
        Ok(clear)
    }

    /// Reads a value that was encrypted to this identity: decrypts it, and checks recipient and signature.
    ///
    /// # Errors
    /// [`Unreadable`], for every reason.
    pub fn open(&self, value: &Value<'_>) -> Result<Opened, Unreadable> {
        let Content::Encrypted(cypher) = &value.content else { return Err(Unreadable) };
        let clear = self.decrypt(cypher)?;
        let mut reader = Reader::new(&clear);
        let content = Content::decode(&mut reader).map_err(|_| Unreadable)?;
        let inner = Value { id: value.id, priority: 0, push: Cow::Borrowed(""), content };
        let author = inner.verify().ok_or(Unreadable)?;
        let Content::Signed(signed) = &inner.content else { return Err(Unreadable) };
        if signed.to != Some(self.public.short_id()) {
            return Err(Unreadable);
        }
        Ok(Opened {
            id: value.id,
            author,
            seq: signed.seq,
            kind: signed.body.kind,
            user_type: signed.body.user_type.clone().into_owned(),
            data: Zeroizing::new(signed.body.data.to_vec()),
        })
    }
}

/// An encrypted value, read. Its data is wiped on drop and does not print.
pub struct Opened {
    /// The value's id.
    pub id: u64,
    /// The signer.
    pub author: PublicKey,
    /// The sequence number.
    pub seq: u16,
    /// The type.
    pub kind: ValueType,
    /// The application's own type.
    pub user_type: String,
    /// The bytes.
    pub data: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("id", &self.id).field("author", &self.author).finish_non_exhaustive()
    }
}

impl<'a> Value<'a> {
    /// Returns the signer of a signed value whose signature is right; none in all other cases.
    #[must_use]
    pub fn verify(&self) -> Option<PublicKey> {
        let Content::Signed(signed) = &self.content else { return None };
        let key = PublicKey::from_der(&signed.owner).ok()?;
        let bytes = self.signed_bytes()?;
        let verifier = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, &key.spki);
        verifier.verify(&bytes, &signed.signature).ok()?;
        Some(key)
    }

    /// Encrypts a value that was signed for `to`.
    ///
    /// # Errors
    /// [`CannotEncrypt`] when it was not, or is too large.
    pub fn encrypt(&self, to: &PublicKey) -> Result<Value<'static>, CannotEncrypt> {
        match &self.content {
            Content::Signed(Signed { to: Some(recipient), .. }) if *recipient == to.short_id() => {}
            _ => return Err(CannotEncrypt),
        }
        let mut out = Writer::with_capacity(self.weight() + 1024);
        self.content.encode(&mut out);
        let clear = Zeroizing::new(out.into_bytes());
        let content = Content::Encrypted(Cow::Owned(to.encrypt(&clear)?));
        Ok(Value { id: self.id, priority: self.priority, push: Cow::Owned(self.push.clone().into_owned()), content })
    }

    /// Says whether a storing node takes this certificate value under `key`.
    pub(crate) fn is_certificate_of(&self, key: &InfoHash) -> bool {
        self.body().and_then(|body| certificate_keys(&body.data)).is_some_and(|keys| keys.contains(key))
    }

    /// Makes a plain value, still borrowed.
    #[must_use]
    pub fn borrowed(id: u64, kind: ValueType, data: &'a [u8]) -> Self {
        Self::of_body(id, Body { kind, data: Cow::Borrowed(data), user_type: Cow::Borrowed("") })
    }
}

/// Returns the two keys under which a certificate chain may lie: SHA-1 of the leaf's long id, and its short id.
///
/// `certificate` is PEM text as in [`certificate_text`], of which only the first certificate counts, or DER.
#[must_use]
pub fn certificate_keys(certificate: &[u8]) -> Option<[InfoHash; 2]> {
    let spki = leaf_key(certificate)?;
    Some([InfoHash::of(&Sha256::digest(&spki)), InfoHash::of(&spki)])
}

fn leaf_key(certificate: &[u8]) -> Option<Vec<u8>> {
    if certificate.len() > limits::VALUE {
        return None;
    }
    let of_der = |der: &[u8]| Some(X509Certificate::from_der(der).ok()?.1.public_key().raw.to_vec());
    if certificate.first() == Some(&0x30) {
        return of_der(certificate);
    }
    let (_, pem) = x509_parser::pem::parse_x509_pem(certificate_text(certificate)).ok()?;
    of_der(&pem.contents)
}

/// Returns the PEM text in the data of a certificate value, from its first line on; nothing where there is none.
///
/// The library writes the head of a msgpack byte string before the text, and reads certificates with it and without.
#[must_use]
pub fn certificate_text(data: &[u8]) -> &[u8] {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let begin = data.windows(BEGIN.len()).position(|bytes| bytes == BEGIN);
    begin.map_or(&[], |begin| &data[begin..])
}

#[cfg(test)]
mod tests;
