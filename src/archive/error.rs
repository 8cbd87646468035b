//! All errors of the archive: why one does not open, is not sound, cannot be sealed, or cannot be stored.

use std::{fmt, io, path::PathBuf};

use super::doubt::DateDoubt;
use crate::{
    limits::{MAX_CERTIFICATE, MAX_CHAIN},
    operations::LocalId,
};

/// Why an archive does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file could not be read.
    #[error("could not read the archive: {0}")]
    Io(io::Error),
    /// The key could not be derived.
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
    /// Wrong password; or an encrypted file was cut or changed, which looks the same. Also a password for an archive
    /// that has none, and none for one that has.
    #[error("wrong password, or the encrypted file is damaged: the two cannot be distinguished")]
    WrongPassword,
    /// Neither gzip nor long enough to be encrypted.
    #[error(
        "not an account archive: expected gzip, or at least {minimum} bytes of encrypted data, found {length} bytes"
    )]
    NotAnArchive {
        /// The file's length.
        length: u64,
        /// The least that it would have to be.
        minimum: u64,
    },
    /// It is of another format, which cannot be an archive, encrypted or not.
    #[error("not an account archive: it is {what}")]
    Foreign {
        /// Its kind, and the advice.
        what: &'static str,
    },
    /// The compressed data or the JSON text is malformed.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The text is longer than [`Terms::max_text`](super::Terms::max_text).
    #[error("the archive has more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The text is more than [`Terms::max_inflation`](super::Terms::max_inflation) times larger than its compressed form.
    #[error("the archive is more than {limit} times larger than its compressed form")]
    Inflation {
        /// The limit.
        limit: u64,
    },
    /// Well-formed JSON, but not of a sound account.
    #[error(transparent)]
    Unsound(#[from] Unsound),
    /// The account's certificates are not valid at this device's date, which is in doubt (R-TIME-7).
    #[error(transparent)]
    Date(#[from] DateDoubt),
    /// The file is not the one that was validated.
    #[error("the archive changed while it was read")]
    Changed,
}

impl OpenError {
    /// Whether the archive's content is at fault, not the file that holds it nor this device: what was received is no sound
    /// archive (R-IMP-11).
    pub fn is_about_content(&self) -> bool {
        match self {
            // A further level came with the text.
            Self::Corrupt(corrupt) => matches!(corrupt.place, Place::Text | Place::Inner),
            Self::TooLarge { .. } | Self::Inflation { .. } | Self::Unsound(_) => true,
            Self::Io(_)
            | Self::OutOfMemory(_)
            | Self::WrongPassword
            | Self::NotAnArchive { .. }
            | Self::Foreign { .. }
            | Self::Date(_)
            | Self::Changed => false,
        }
    }
}

impl From<io::Error> for OpenError {
    /// Finds the error that a layer put inside.
    fn from(error: io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(Self::Io)
    }
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => error,
            error => Self::other(error),
        }
    }
}

/// Where an archive is not what it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {offset} of {place}")]
pub struct Corrupt {
    /// The unit of `offset`.
    pub place: Place,
    /// The byte.
    pub offset: u64,
    /// The expectation.
    pub expected: &'static str,
}

/// Which bytes an offset counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file's, from its beginning.
    File,
    /// Those of the decrypted data.
    Decrypted,
    /// Those of the gzip file in the gzip file.
    Inner,
    /// The JSON text's.
    Text,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "the file",
            Self::Decrypted => "the decrypted data",
            Self::Inner => "the inner gzip file",
            Self::Text => "the JSON text",
        })
    }
}

/// Why well-formed JSON is not a sound account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsound {
    /// A member that has to be there is not.
    #[error("the archive has no {name}")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A member is there twice.
    #[error("the archive has {name} twice")]
    Duplicate {
        /// Its name.
        name: &'static str,
    },
    /// A member is not a string, or one of more than 64 KiB.
    #[error("{name} is not a string of at most 64 KiB")]
    NotText {
        /// Its name.
        name: &'static str,
    },
    /// A member is not base64.
    #[error("{name} is not base64")]
    NotBase64 {
        /// Its name.
        name: &'static str,
    },
    /// The account's private key.
    #[error("account key: {0}")]
    Key(#[from] KeyError),
    /// The account's certificate, or its chain.
    #[error("account certificate: {0}")]
    Certificate(#[from] ChainError),
    /// Key and certificate are not each other's.
    #[error("the account's key and certificate do not belong together")]
    Mismatch,
    /// The account can issue no certificate of a device. An index inside counts from that certificate, which is 0.
    #[error("the account cannot issue the certificate of a device: {0}")]
    Device(IdentityError),
}

impl From<IdentityError> for Unsound {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Key(error) => Self::Key(error),
            IdentityError::Chain(error) => Self::Certificate(error),
            IdentityError::Mismatch => Self::Mismatch,
            error @ (IdentityError::Name | IdentityError::Time | IdentityError::Issue) => Self::Device(error),
        }
    }
}

/// The reason why an identity, or a certificate signed by it, cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The private key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The certificate is about another key.
    #[error("the private key and the certificate do not belong together")]
    Mismatch,
    /// The certificate's name cannot be written as an issuer's.
    #[error("the certificate's name is of a form that cannot be an issuer's")]
    Name,
    /// The time is not one that a certificate can hold.
    #[error("the time is out of the range of certificates")]
    Time,
    /// The library failed.
    #[error("could not make a certificate")]
    Issue,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not PEM text of an unencrypted PKCS#8 private key.
    #[error("expected a private key as PEM text of PKCS#8")]
    NotAKey,
    /// A key of another algorithm than RSA (2048 to 8192 bits), ECDSA (P-256, P-384, P-521) or Ed25519, or a broken one.
    #[error("expected an RSA, ECDSA or Ed25519 key")]
    Unaccepted,
    /// The generator failed.
    #[error("could not make a private key")]
    Generation,
}

/// Why a certificate, or a chain of them, is refused. `index` counts from the leaf, which is 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// There is no certificate.
    #[error("expected at least one certificate")]
    Empty,
    /// More than [`MAX_CHAIN`] certificates.
    #[error("expected at most {MAX_CHAIN} certificates")]
    TooLong,
    /// One takes more than [`MAX_CERTIFICATE`] bytes.
    #[error("certificate {index} has more than {MAX_CERTIFICATE} bytes")]
    TooLarge {
        /// Which one.
        index: usize,
    },
    /// Not PEM text.
    #[error("expected certificates as PEM text, found something else after {index} of them")]
    NotPem {
        /// How many were read before.
        index: usize,
    },
    /// Not X.509 in DER, or with something after it.
    #[error("certificate {index} is not X.509 in DER")]
    Malformed {
        /// Which one.
        index: usize,
    },
    /// Its issuer's name is not the subject of the next one; for the last: not its own.
    #[error("certificate {index} names another issuer than the one that follows it")]
    WrongIssuer {
        /// Which one.
        index: usize,
    },
    /// It issued another, but is not allowed to.
    #[error("certificate {index} may not issue the one before it")]
    NotAnAuthority {
        /// Which one.
        index: usize,
    },
    /// A critical extension that is not understood.
    #[error("certificate {index} has a critical extension that is not understood")]
    UnknownExtension {
        /// Which one.
        index: usize,
    },
    /// Signed with an algorithm that is not accepted: see [`Certificate::verify_signature`](super::certificate::Certificate::verify_signature).
    #[error("certificate {index} is signed with an algorithm that is not accepted ({algorithm})")]
    UnacceptedAlgorithm {
        /// Which one.
        index: usize,
        /// Its object identifier.
        algorithm: String,
    },
    /// The signature is not the issuer's.
    #[error("the signature of certificate {index} is not its issuer's")]
    BadSignature {
        /// Which one.
        index: usize,
    },
    /// Expired.
    #[error("certificate {index} has expired")]
    Expired {
        /// Which one.
        index: usize,
    },
    /// It begins to be valid later than [`CLOCK_TOLERANCE`](crate::limits::CLOCK_TOLERANCE) from now.
    #[error("certificate {index} is not valid yet")]
    NotYetValid {
        /// Which one.
        index: usize,
    },
}

impl ChainError {
    /// The same error about certificate `place`.
    pub(super) fn at(mut self, place: usize) -> Self {
        match &mut self {
            Self::Empty | Self::TooLong => {}
            Self::TooLarge { index }
            | Self::NotPem { index }
            | Self::Malformed { index }
            | Self::WrongIssuer { index }
            | Self::NotAnAuthority { index }
            | Self::UnknownExtension { index }
            | Self::UnacceptedAlgorithm { index, .. }
            | Self::BadSignature { index }
            | Self::Expired { index }
            | Self::NotYetValid { index } => *index = place,
        }
        self
    }
}

/// There was not enough memory to derive the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not enough memory to derive the archive's key")]
pub struct OutOfMemory;

/// Why nothing can be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The key could not be derived.
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
}

/// Why there is no sample.
#[cfg(any(test, feature = "testing"))]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// The account could not be made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// An archive with these keys and no contacts is longer.
    #[error("an archive with these keys has at least {minimum} bytes")]
    TooShort {
        /// The least length in bytes.
        minimum: u64,
    },
}

/// Why a store could not do something. All of them are this device's fault: outcome Storage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file operation failed.
    #[error("could not {what} {}: {error}", path.display())]
    Io {
        /// The attempted operation.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
    /// There is no such account.
    #[error("there is no account {0} in the store")]
    NoSuchAccount(LocalId),
    /// The device's key or certificate is damaged, or could not be made.
    #[error("the device's identity: {0}")]
    Identity(#[from] IdentityError),
}

impl From<StoreError> for io::Error {
    /// Of the kind that the file operation failed with.
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Io { error, .. } => error.kind(),
            StoreError::NoSuchAccount(_) => io::ErrorKind::NotFound,
            StoreError::Identity(_) => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
