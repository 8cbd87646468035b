//! Which values a node stores.

use crate::id::InfoHash;
use crate::limits;
use crate::value::{Content, Summary, Value, ValueType};

/// Why a value was not stored. The node that put it is not informed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its creation time is so long ago that it has expired.
    Expired,
    /// It is larger than [`limits::VALUE`].
    TooLarge,
    /// It is a certificate, and the key is not its own.
    ForeignKey,
    /// Its signature is wrong, or cannot be checked here.
    BadSignature,
    /// Another value has its id, and it is no newer edition by the same owner.
    NotAnEdit,
}

/// The value that has the id already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Existing {
    pub(super) owner: InfoHash,
    pub(super) seq: u16,
    pub(super) kind: ValueType,
}

pub(super) fn judge(
    key: &InfoHash,
    value: &Value<'_>,
    new: &Summary<'_>,
    existing: Option<Existing>,
) -> Result<(), Refusal> {
    if value.weight() > limits::VALUE {
        return Err(Refusal::TooLarge);
    }
    if new.kind == ValueType::CERTIFICATE {
        // Whatever lies there has the same leaf key, or it would not lie there.
        return if is_certificate_of(value, key) { Ok(()) } else { Err(Refusal::ForeignKey) };
    }
    let signed = matches!(value.content, Content::Signed(_));
    if let Some(old) = existing {
        let edit = signed && old.owner == new.owner && old.kind == new.kind && new.seq > old.seq;
        if !edit {
            return Err(Refusal::NotAnEdit);
        }
    }
    // An edit is one only if its owner has made it, whatever the type.
    if signed && (new.kind.checks_signature() || existing.is_some()) && !is_verified(value) {
        return Err(Refusal::BadSignature);
    }
    Ok(())
}

#[cfg(feature = "crypto")]
fn is_verified(value: &Value<'_>) -> bool {
    value.verify().is_some()
}

#[cfg(feature = "crypto")]
fn is_certificate_of(value: &Value<'_>, key: &InfoHash) -> bool {
    value.is_certificate_of(key)
}

/// Without cryptography nothing can be verified, and what is not verified is not stored.
#[cfg(not(feature = "crypto"))]
fn is_verified(_: &Value<'_>) -> bool {
    false
}

#[cfg(not(feature = "crypto"))]
fn is_certificate_of(_: &Value<'_>, _: &InfoHash) -> bool {
    false
}
