//! Writing an archive's at-rest form as its text arrives (R-ARC-2, R-MSG-2).

use std::io::{self, Write};

use aws_lc_rs::rand;

use super::{
    deflate::Deflate,
    error::{OutOfMemory, SealError},
    form::Form,
    gcm::{Gcm, NONCE},
    inflate::Envelope,
    kdf::{Kdf, Key},
};
use crate::{outcome::Scheme, secret::Secret};

/// Bytes of a salt.
pub(super) const SALT: usize = 16;
/// The first bytes of an encrypted archive: salt and nonce.
pub(super) const HEADER: usize = SALT + NONCE;

/// How an archive is sealed: not at all, or with a key. Serves one archive, since a nonce must not come twice.
#[derive(Debug)]
pub struct Seal(pub(super) Lock);

/// The protection of an open or new archive.
#[derive(Clone, Debug)]
pub(super) enum Lock {
    /// gzip.
    None,
    /// The key, and the salt and nonce at the beginning of the file.
    Key(Key, [u8; HEADER]),
}

impl Seal {
    /// Derives the key of a non-empty password, which takes as long as `kdf` does, with a random salt and nonce (R-ARC-5).
    pub fn new(password: &Secret, kdf: &dyn Kdf) -> Result<Self, SealError> {
        if password.is_empty() {
            return Ok(Self(Lock::None));
        }
        let mut header = [0; HEADER];
        // The first bytes distinguish an encrypted file from others.
        while Form::of(&header) != Form::Sealed || header == [0; HEADER] {
            rand::fill(&mut header).map_err(|_| SealError::Random)?;
        }
        Ok(Self::with_header(password, kdf, header)?)
    }

    /// The same with a salt and a nonce of the caller's. Sealing two texts with equal ones gives both away.
    pub(super) fn with_header(password: &Secret, kdf: &dyn Kdf, header: [u8; HEADER]) -> Result<Self, OutOfMemory> {
        let salt = header.first_chunk().expect("the header begins with the salt");
        Ok(Self(Lock::Key(kdf.derive(password, salt)?, header)))
    }

    /// The protection that it gives.
    pub fn protection(&self) -> Scheme {
        self.0.protection()
    }
}

impl Lock {
    pub(super) fn protection(&self) -> Scheme {
        match self {
            Self::None => Scheme::None,
            Self::Key(..) => Scheme::Password,
        }
    }
}

/// Takes an archive's text in slices, through [`Write`], and writes its at-rest form. Incomplete until [`Sealer::finish`].
pub struct Sealer<W: Write> {
    out: Enciphered<W>,
    deflate: Deflate,
}

/// The output, enciphered if there is a key.
struct Enciphered<W> {
    out: W,
    gcm: Option<Gcm>,
}

impl<W: Write> Enciphered<W> {
    fn write(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        if let Some(gcm) = &mut self.gcm {
            gcm.seal(bytes).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        }
        self.out.write_all(bytes)
    }
}

impl<W: Write> Sealer<W> {
    /// Begins an archive: writes the salt and the nonce, if there are.
    pub fn new(out: W, seal: Seal) -> io::Result<Self> {
        Self::with_lock(out, &seal.0)
    }

    /// Compresses a long text on so many threads of their own, where the calling one does it by default. The output does not depend
    /// on it.
    pub fn on_threads(self, threads: usize) -> Self {
        Self { deflate: self.deflate.on_threads(threads), ..self }
    }

    pub(super) fn with_lock(mut out: W, lock: &Lock) -> io::Result<Self> {
        let (envelope, gcm) = match lock {
            Lock::None => (Envelope::Gzip, None),
            Lock::Key(key, header) => {
                out.write_all(header)?;
                let nonce = header.last_chunk().expect("the header ends with the nonce");
                (Envelope::Zlib, Some(Gcm::new(key, nonce)))
            }
        };
        Ok(Self { out: Enciphered { out, gcm }, deflate: Deflate::new(envelope) })
    }

    #[cfg(test)]
    pub(super) fn threads(&self) -> usize {
        self.deflate.threads().0
    }

    /// Where it writes to.
    pub(super) fn out(&self) -> &W {
        &self.out.out
    }

    /// Writes the end, flushes, and hands the writer back.
    pub fn finish(self) -> io::Result<W> {
        let Self { mut out, deflate } = self;
        deflate.finish(&mut |bytes| out.write(bytes))?;
        let Enciphered { mut out, gcm } = out;
        if let Some(gcm) = gcm {
            out.write_all(&gcm.tag())?;
        }
        out.flush()?;
        Ok(out)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let Self { out, deflate } = self;
        deflate.write(text, &mut |bytes| out.write(bytes))?;
        Ok(text.len())
    }

    /// Does nothing: what is compressed comes out in whole blocks, and at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::InsecureKdf;

    /// A nonce that comes twice with one key would give both texts away.
    #[test]
    fn no_two_seals_have_the_same_salt_or_nonce() {
        let mut seen = std::collections::BTreeSet::from([vec![0; SALT], vec![0; NONCE]]);
        for _ in 0..8 {
            let Lock::Key(_, header) = Seal::new(&Secret::from("secret"), &InsecureKdf).unwrap().0 else {
                panic!("a password seals");
            };
            assert_eq!(Form::of(&header), Form::Sealed);
            assert!(seen.insert(header[..SALT].to_vec()) && seen.insert(header[SALT..].to_vec()));
        }
    }

    #[test]
    fn a_seal_says_what_it_protects_and_a_sealer_has_the_threads_it_is_given() {
        let [open, protected] =
            ["", "secret"].map(|password| Seal::new(&Secret::from(password), &InsecureKdf).unwrap());
        assert_eq!([open.protection(), protected.protection()], [Scheme::None, Scheme::Password]);
        let sealer = Sealer::new(Vec::new(), open).unwrap();
        assert_eq!(sealer.threads(), 0);
        assert_eq!(sealer.on_threads(3).threads(), 3);
    }
}
