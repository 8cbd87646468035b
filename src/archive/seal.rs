//! Writing an archive's at-rest form as its text arrives (R-ARC-2, R-MSG-2).

use std::io::{self, Write};

use aws_lc_rs::rand;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::{
    error::{OutOfMemory, SealError},
    form::Form,
    gcm::{Gcm, NONCE},
    kdf::{Kdf, Key, Password},
};
use crate::{buffer::Buffer, outcome::Scheme};

/// Bytes of a salt.
pub(super) const SALT: usize = 16;
/// What an encrypted archive begins with: salt and nonce.
pub(super) const HEADER: usize = SALT + NONCE;

/// Bytes of compressed text that are written at once.
const CHUNK: usize = 32 * 1024;
/// The window of deflate, as a power of two.
const WINDOW: u8 = 15;

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
    pub fn new(password: &Password, kdf: &dyn Kdf) -> Result<Self, SealError> {
        if password.is_empty() {
            return Ok(Self(Lock::None));
        }
        let mut header = [0; HEADER];
        // What it begins with tells an encrypted file from others.
        while Form::of(&header) != Form::Sealed || header == [0; HEADER] {
            rand::fill(&mut header).map_err(|_| SealError::Random)?;
        }
        Ok(Self::with_header(password, kdf, header)?)
    }

    /// The same with a salt and a nonce of the caller's. Sealing two texts with equal ones gives both away.
    pub(super) fn with_header(password: &Password, kdf: &dyn Kdf, header: [u8; HEADER]) -> Result<Self, OutOfMemory> {
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
    out: W,
    compress: Compress,
    gcm: Option<Gcm>,
    chunk: Buffer,
}

impl<W: Write> Sealer<W> {
    /// Begins an archive: writes the salt and the nonce, if there are.
    pub fn new(out: W, seal: Seal) -> io::Result<Self> {
        Self::with_lock(out, &seal.0)
    }

    pub(super) fn with_lock(mut out: W, lock: &Lock) -> io::Result<Self> {
        let level = Compression::default();
        let (compress, gcm) = match lock {
            Lock::None => (Compress::new_gzip(level, WINDOW), None),
            Lock::Key(key, header) => {
                out.write_all(header)?;
                let nonce = header.last_chunk().expect("the header ends with the nonce");
                (Compress::new(level, true), Some(Gcm::new(key, nonce)))
            }
        };
        Ok(Self { out, compress, gcm, chunk: Buffer::new(CHUNK) })
    }

    /// Where it writes to.
    pub(super) fn out(&self) -> &W {
        &self.out
    }

    /// Writes the end, flushes, and hands the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        while self.step(&[], FlushCompress::Finish)?.1 != Status::StreamEnd {}
        if let Some(gcm) = self.gcm.take() {
            self.out.write_all(&gcm.tag())?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    /// Compresses some of `text`, writes what came out, and says how much was taken.
    fn step(&mut self, text: &[u8], flush: FlushCompress) -> io::Result<(usize, Status)> {
        let (taken, made) = (self.compress.total_in(), self.compress.total_out());
        let status = self.compress.compress(text, &mut self.chunk, flush).map_err(io::Error::other)?;
        let (taken, made) = ((self.compress.total_in() - taken) as usize, (self.compress.total_out() - made) as usize);
        let sealed = &mut self.chunk[..made];
        if let Some(gcm) = &mut self.gcm {
            gcm.seal(sealed).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        }
        self.out.write_all(sealed)?;
        Ok((taken, status))
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let mut rest = text;
        while !rest.is_empty() {
            let (taken, _) = self.step(rest, FlushCompress::None)?;
            rest = &rest[taken..];
        }
        Ok(text.len())
    }

    /// Does nothing: what is compressed comes out at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
