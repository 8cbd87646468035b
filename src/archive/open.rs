//! Opening an archive: one pass that lets nothing out and validates all of it, then a second one that yields its text
//! (R-MSG-2, R-ARC-3).

use std::{
    fmt,
    io::{self, Read, Seek, SeekFrom},
};

use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use super::{
    content::{Collector, Summary, Unsound},
    dates::DateDoubt,
    form::{Form, HEAD},
    gcm::TAG,
    identity::Identity,
    json::Scanner,
    kdf::{Kdf, OutOfMemory, Password},
    pieces::each_piece,
    seal::{HEADER, Lock},
    text::{Fingerprint, Text, Unverified, authenticate, read_header},
};
use crate::{
    limits::{DEFAULT_MAX_ARCHIVE, MAX_INFLATION},
    outcome::Scheme,
};

/// What is refused, apart from what is always wrong.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Bytes of the JSON text. [`DEFAULT_MAX_ARCHIVE`] by default.
    pub max_text: u64,
    /// How many times larger than its compressed form the text may be, beyond
    /// [`INFLATION_SLACK`](crate::limits::INFLATION_SLACK). [`MAX_INFLATION`] by default.
    pub max_inflation: u64,
    /// The time at which the certificates have to be valid; `None` accepts expired ones, to look at them.
    pub now: Option<UnixTime>,
}

impl Terms {
    /// The default limits, and certificates that are valid at `now`.
    pub const fn at(now: UnixTime) -> Self {
        Self { max_text: DEFAULT_MAX_ARCHIVE, max_inflation: MAX_INFLATION, now: Some(now) }
    }

    /// The default limits, and certificates of any time.
    pub const fn any_time() -> Self {
        Self { max_text: DEFAULT_MAX_ARCHIVE, max_inflation: MAX_INFLATION, now: None }
    }

    /// The same with another limit of the text.
    pub const fn with_max_text(self, max_text: u64) -> Self {
        Self { max_text, ..self }
    }
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

/// Where an archive is not what it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {offset} of {place}")]
pub struct Corrupt {
    /// What `offset` counts.
    pub place: Place,
    /// The byte.
    pub offset: u64,
    /// What should have been there.
    pub expected: &'static str,
}

/// Why an archive does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be read.
    #[error("could not read the archive: {0}")]
    Io(io::Error),
    /// The key could not be derived.
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
    /// Wrong password; or an encrypted file was cut or changed, which cannot be told from it. Also a password for an archive
    /// that has none, and none for one that has.
    #[error("wrong password, or the encrypted file is damaged: nothing can tell the two apart")]
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
        /// What it is, and what to do with it.
        what: &'static str,
    },
    /// The compressed data or the JSON text is malformed.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The text is longer than [`Terms::max_text`].
    #[error("the archive has more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The text is more than [`Terms::max_inflation`] times larger than its compressed form.
    #[error("the archive is more than {limit} times larger than its compressed form")]
    Inflation {
        /// The limit.
        limit: u64,
    },
    /// Well-formed JSON, but not of a sound account.
    #[error(transparent)]
    Unsound(#[from] Unsound),
    /// The account's certificates are not valid at this device's date, which is in doubt.
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
            Self::Corrupt(corrupt) => corrupt.place == Place::Text,
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

/// How a file is protected, as its first bytes say: gzip and JSON are not. What can be encrypted is taken for encrypted. The position
/// moves.
///
/// # Errors
/// It cannot be read, or is of another format: an [`OpenError::Foreign`] is inside then.
pub fn protection<F: Read + Seek>(file: &mut F) -> io::Result<Scheme> {
    match form(file)? {
        Form::Gzip | Form::Plain(_) => Ok(Scheme::None),
        Form::Sealed => Ok(Scheme::Password),
        Form::Foreign(what) => Err(OpenError::Foreign { what }.into()),
    }
}

/// What a file is, as its first bytes say. The position moves.
pub(super) fn form<F: Read + Seek>(file: &mut F) -> io::Result<Form> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Zeroizing::new(Vec::with_capacity(HEAD));
    file.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(Form::of(&head))
}

/// An open archive: authentic, bounded, well-formed, and of a sound account. It is the same file that a second pass reads.
pub struct Archive<F> {
    file: F,
    lock: Lock,
    terms: Terms,
    seen: Seen,
}

/// What one pass over an archive saw, to its authentic end.
pub struct Seen {
    pub(super) fingerprint: Fingerprint,
    pub(super) summary: Summary,
    pub(super) account: Identity,
}

/// Goes through an archive once and validates all of it. Nothing of it is let out before its end was reached, where an encrypted one
/// is authenticated.
pub(super) fn see<F: Read + Seek + Send>(file: &mut F, lock: &Lock, terms: Terms) -> Result<Seen, OpenError> {
    let mut scanner = Scanner::new(Collector::default());
    let text = Unverified::new(file, lock, terms)?;
    let fingerprint = each_piece(text, |piece| scanner.feed(piece))?.fingerprint();
    let length = scanner.offset();
    let content = scanner.finish()?.finish()?;
    let summary = Summary { length, protection: lock.protection(), ..content.summary };
    if let Some(now) = terms.now {
        summary.chain.check_account_date(now)?;
    }
    Ok(Seen { fingerprint, summary, account: content.account })
}

impl<F: Read + Seek + Send> Archive<F> {
    /// Opens with a password, or with the empty one (R-ARC-5), and validates all of it within a bounded memory.
    ///
    /// The key is derived once, which takes as long as `kdf` does, and kept for the second pass. An encrypted file is
    /// authenticated as a whole before any of it is decrypted.
    pub fn open(mut file: F, password: &Password, kdf: &dyn Kdf, terms: Terms) -> Result<Self, OpenError> {
        let protection = protection(&mut file)?;
        if protection != password.protection() {
            let length = file.seek(SeekFrom::End(0))?;
            check_length(protection, length)?;
            return Err(OpenError::WrongPassword);
        }
        let lock = match protection {
            Scheme::None => Lock::None,
            Scheme::Password => {
                check_length(protection, file.seek(SeekFrom::End(0))?)?;
                let header = read_header(&mut file)?;
                let salt = header.first_chunk().expect("the header begins with the salt");
                Lock::Key(kdf.derive(password, salt)?, header)
            }
        };
        Self::open_with(file, lock, terms)
    }

    /// Opens what was sealed with `lock`.
    fn open_with(mut file: F, lock: Lock, terms: Terms) -> Result<Self, OpenError> {
        authenticate(&mut file, &lock)?;
        let seen = see(&mut file, &lock, terms)?;
        Ok(Self { file, lock, terms, seen })
    }

    /// What is in it.
    pub fn summary(&self) -> &Summary {
        &self.seen.summary
    }

    /// The account: its private key, and the certificates that vouch for it.
    pub fn account(&self) -> &Identity {
        &self.seen.account
    }

    /// The file itself, at whatever position.
    pub fn into_file(self) -> F {
        self.file
    }

    /// The text, in a second pass over the open file.
    pub fn text(&mut self) -> Result<Text<&mut F>, OpenError> {
        Text::new(&mut self.file, &self.lock, self.terms, self.seen.fingerprint.clone(), self.seen.summary.length)
    }

    /// The text, as [`Archive::text`], for whoever goes on alone.
    pub fn into_text(self) -> Result<Text<F>, OpenError> {
        Text::new(self.file, &self.lock, self.terms, self.seen.fingerprint, self.seen.summary.length)
    }
}

impl<F> fmt::Debug for Archive<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("summary", &self.seen.summary).finish_non_exhaustive()
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").field("summary", &self.summary).finish_non_exhaustive()
    }
}

/// Refuses what is too short for its form.
fn check_length(protection: Scheme, length: u64) -> Result<(), OpenError> {
    let minimum = (HEADER + TAG) as u64;
    match protection {
        Scheme::Password if length < minimum => Err(OpenError::NotAnArchive { length, minimum }),
        _ => Ok(()),
    }
}
