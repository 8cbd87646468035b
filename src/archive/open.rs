//! Opening an archive: one pass that lets nothing out and validates all of it, then a second one that yields its text
//! (R-MSG-2, R-ARC-3).

use std::{
    fmt,
    io::{self, Read, Seek, SeekFrom},
};

use super::{
    content::{Collector, Summary},
    error::OpenError,
    form::{Form, form},
    gcm::TAG,
    identity::Identity,
    json::Scanner,
    kdf::{Kdf, NoPassword},
    pieces::each_piece,
    seal::{HEADER, Lock},
    terms::Terms,
    text::{Fingerprint, Text, Unverified, authenticate, read_back, read_header},
};
use crate::{limits::max_archive_file, outcome::Scheme, secret::Secret};

/// Returns how a file is protected, by its first bytes: gzip and JSON are not. Bytes that can be encrypted are taken for encrypted. The position
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

/// An open archive: authentic, bounded, well-formed, and of a sound account. It is the same file that a second pass reads.
pub struct Archive<F> {
    file: F,
    lock: Lock,
    terms: Terms,
    seen: Seen,
}

/// The facts from one pass over an archive, to its authentic end.
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

/// The facts from a pass over an unprotected archive: enough to know the file again, and nothing of its content.
#[derive(Clone, Debug)]
pub struct Validated {
    fingerprint: Fingerprint,
    length: u64,
    terms: Terms,
}

impl Validated {
    /// Goes through an archive that has no password, and validates all of it.
    ///
    /// # Errors
    /// As [`Archive::open`]. One that is protected is [`OpenError::WrongPassword`].
    pub fn of<F: Read + Seek + Send>(file: F, terms: Terms) -> Result<Self, OpenError> {
        let Archive { terms, seen, .. } = Archive::open(file, &Secret::default(), &NoPassword, terms)?;
        Ok(Self { fingerprint: seen.fingerprint, length: seen.summary.length, terms })
    }

    /// Bytes of the archive's text.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Returns the text of `file`, if it is still the same to the last byte: reads all of it, and looks into none.
    ///
    /// # Errors
    /// The file cannot be read. [`OpenError::Changed`]: it is another one.
    pub fn text<F: Read + Seek>(&self, mut file: F) -> Result<Text<F>, OpenError> {
        if read_back(&mut file, &Lock::None)? != self.fingerprint {
            return Err(OpenError::Changed);
        }
        Text::new(file, &Lock::None, self.terms, self.fingerprint.clone(), self.length)
    }
}

impl<F: Read + Seek + Send> Archive<F> {
    /// Opens with a password, or with the empty one (R-ARC-5), and validates all of it within a bounded memory.
    ///
    /// The key is derived once, which takes as long as `kdf` does, and kept for the second pass. An encrypted file is
    /// authenticated as a whole before any of it is decrypted.
    pub fn open(mut file: F, password: &Secret, kdf: &dyn Kdf, terms: Terms) -> Result<Self, OpenError> {
        let protection = protection(&mut file)?;
        // A file may be longer than all that was ever written to it: its length counts before it is read on.
        if file.seek(SeekFrom::End(0))? > max_archive_file(terms.max_text) {
            return Err(OpenError::TooLarge { limit: terms.max_text });
        }
        if protection != Scheme::of(password) {
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

    /// The facts about its content.
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

    /// The text, as [`Archive::text`], for a caller that needs the archive no more.
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

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::archive::{InsecureKdf, KeyKind, Sample, Seal, Sealer, UnixTime};

    fn now() -> UnixTime {
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000))
    }

    fn sealed(password: &Secret) -> Cursor<Vec<u8>> {
        let mut sealer = Sealer::new(Vec::new(), Seal::new(password, &InsecureKdf).unwrap()).unwrap();
        let sample = Sample::new(KeyKind::P256, now(), Scheme::of(password), 6000, 1).unwrap();
        sample.write_to(&mut sealer).unwrap();
        Cursor::new(sealer.finish().unwrap())
    }

    /// A file that was validated is known again to its last byte.
    #[test]
    fn only_the_file_that_was_validated_gives_its_text() {
        let [first, second] = [(), ()].map(|()| sealed(&Secret::default()));
        let validated = Validated::of(first.clone(), Terms::at(now())).unwrap();
        assert_eq!(validated.length(), 6000);
        let mut read = Vec::new();
        validated.text(first.clone()).unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read.len(), 6000);
        assert!(matches!(validated.text(second), Err(OpenError::Changed)));
        let mut longer = first.into_inner();
        longer.push(0);
        assert!(matches!(validated.text(Cursor::new(longer)), Err(OpenError::Changed)));
        let protected = Validated::of(sealed(&Secret::from("secret")), Terms::at(now()));
        assert!(matches!(protected, Err(OpenError::WrongPassword)));
    }

    /// A file that is longer than any archive is refused by its length alone.
    #[test]
    fn the_limit_of_the_file_is_exact() {
        let terms = Terms::at(now()).with_max_text(10_000);
        let most = usize::try_from(max_archive_file(terms.max_text)).unwrap();
        let open = |length| {
            let mut file = vec![0; length];
            file[..3].copy_from_slice(&[0x1f, 0x8b, 8]);
            Archive::open(Cursor::new(file), &Secret::default(), &InsecureKdf, terms).unwrap_err()
        };
        assert!(matches!(open(most), OpenError::Corrupt(_)));
        assert!(matches!(open(most + 1), OpenError::TooLarge { limit: 10_000 }));
        assert!(matches!(open(most + 2), OpenError::TooLarge { limit: 10_000 }));
    }

    #[test]
    fn an_archive_prints_its_summary_and_nothing_else() {
        let password = Secret::from("secret");
        let archive = Archive::open(sealed(&password), &password, &InsecureKdf, Terms::at(now())).unwrap();
        let (summary, account) = (archive.summary(), archive.account().certificate().short_id());
        assert_eq!((summary.length, summary.protection, summary.account), (6000, Scheme::Password, account));
        let expected = format!("{summary:?}");
        assert_eq!(format!("{archive:?}"), format!("Archive {{ summary: {expected}, .. }}"));
        assert_eq!(format!("{:?}", archive.seen), format!("Seen {{ summary: {expected}, .. }}"));
    }
}
