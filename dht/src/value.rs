//! Values: what is stored under a key.

mod codec;
#[cfg(feature = "crypto")]
mod crypto;
mod kind;
mod query;

use std::borrow::Cow;

#[cfg(feature = "crypto")]
pub use crypto::{
    CannotEncrypt, CannotSign, Identity, NotAPublicKey, NotAnIdentity, Opened, PublicKey, Unreadable, certificate_keys,
    certificate_text, encrypted_len,
};
pub use kind::ValueType;
pub use query::{Field, Filter, Query, Row, Rows, Summary};

use crate::id::InfoHash;

/// A value with its id. Borrows from a datagram, or owns its bytes (`Value<'static>`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value<'a> {
    /// Its number under the key, not zero. The same id with the same content is the same value.
    pub id: u64,
    /// A hint for push notifications: outside signature and encryption.
    pub priority: u32,
    /// Another hint for push notifications, empty when there is none.
    pub push: Cow<'a, str>,
    /// The content.
    pub content: Content<'a>,
}

/// The three forms of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'a> {
    /// Anyone may have written it.
    Plain(Body<'a>),
    /// Its owner's key has signed it; whether that is true, [`Value::verify`] says.
    Signed(Signed<'a>),
    /// Only the owner of a key can read it.
    Encrypted(Cow<'a, [u8]>),
}

/// The writer's part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body<'a> {
    /// Governs lifetime and checks at storing nodes.
    pub kind: ValueType,
    /// The bytes.
    pub data: Cow<'a, [u8]>,
    /// The application's own type, empty when there is none.
    pub user_type: Cow<'a, str>,
}

/// A body with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The signed body.
    pub body: Body<'a>,
    /// Grows with each edit.
    pub seq: u16,
    /// The signer's key: DER `SubjectPublicKeyInfo`.
    pub owner: Cow<'a, [u8]>,
    /// The short id of the recipient's key, when there is one.
    pub to: Option<InfoHash>,
    /// RSASSA-PKCS1-v1_5 with SHA-512 over [`Value::signed_bytes`].
    pub signature: Cow<'a, [u8]>,
}

impl Value<'static> {
    /// Makes a plain value.
    #[must_use]
    pub fn plain(id: u64, kind: ValueType, data: impl Into<Vec<u8>>) -> Self {
        Self::of_body(id, Body { kind, data: Cow::Owned(data.into()), user_type: Cow::Borrowed("") })
    }

    /// Makes a plain value with a user type.
    #[must_use]
    pub fn typed(id: u64, kind: ValueType, user_type: impl Into<String>, data: impl Into<Vec<u8>>) -> Self {
        let user_type = Cow::Owned(user_type.into());
        Self::of_body(id, Body { kind, data: Cow::Owned(data.into()), user_type })
    }

    /// Makes the value of a certificate chain: PEM text, leaf first. Its key is [`certificate_keys`]'s first.
    #[must_use]
    pub fn certificate(pem: impl Into<Vec<u8>>) -> Self {
        Self::plain(1, ValueType::CERTIFICATE, pem)
    }
}

impl<'a> Value<'a> {
    /// Makes a plain value of a body.
    #[must_use]
    pub const fn of_body(id: u64, body: Body<'a>) -> Self {
        Self { id, priority: 0, push: Cow::Borrowed(""), content: Content::Plain(body) }
    }

    /// Returns the body, unless the value is encrypted.
    #[must_use]
    pub const fn body(&self) -> Option<&Body<'a>> {
        match &self.content {
            Content::Plain(body) | Content::Signed(Signed { body, .. }) => Some(body),
            Content::Encrypted(_) => None,
        }
    }

    /// Returns how many bytes count against the limit of a value: cypher, data, signature and user type.
    #[must_use]
    pub fn weight(&self) -> usize {
        let of = |body: &Body<'_>| body.data.len() + body.user_type.len();
        match &self.content {
            Content::Plain(body) => of(body),
            Content::Signed(signed) => of(&signed.body) + signed.signature.len(),
            Content::Encrypted(cypher) => cypher.len(),
        }
    }

    /// Returns what queries select and filter by. An encrypted value shows its id only.
    #[must_use]
    pub fn summary(&self) -> Summary<'_> {
        let (owner, seq) = match &self.content {
            Content::Signed(signed) => (InfoHash::of(&signed.owner), signed.seq),
            _ => (InfoHash::ZERO, 0),
        };
        let (kind, user_type) =
            self.body().map_or((ValueType::USER_DATA, ""), |body| (body.kind, body.user_type.as_ref()));
        Summary { id: self.id, kind, owner, seq, user_type }
    }

    /// Copies what is borrowed.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        let content = match self.content {
            Content::Plain(body) => Content::Plain(body.into_owned()),
            Content::Signed(signed) => Content::Signed(Signed {
                body: signed.body.into_owned(),
                seq: signed.seq,
                owner: Cow::Owned(signed.owner.into_owned()),
                to: signed.to,
                signature: Cow::Owned(signed.signature.into_owned()),
            }),
            Content::Encrypted(cypher) => Content::Encrypted(Cow::Owned(cypher.into_owned())),
        };
        Value { id: self.id, priority: self.priority, push: Cow::Owned(self.push.into_owned()), content }
    }
}

impl Body<'_> {
    fn into_owned(self) -> Body<'static> {
        Body {
            kind: self.kind,
            data: Cow::Owned(self.data.into_owned()),
            user_type: Cow::Owned(self.user_type.into_owned()),
        }
    }
}
