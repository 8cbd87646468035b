//! An archive's text, pulled through the layers of its file: unverified inside, verified for everybody else (R-MSG-2).

use std::{
    fmt,
    io::{self, BufRead, Read, Seek, SeekFrom},
};

use aws_lc_rs::digest;

use super::{
    buffered::Buffered,
    error::{OpenError, Place},
    form::{Form, GZIP_MAGIC, form},
    gcm::{Gcm, TAG},
    inflate::{CHUNK, Decrypt, Envelope, Inflate, Mode},
    seal::{HEADER, Lock},
    terms::Terms,
};
use crate::{buffer::Buffer, limits::INFLATION_SLACK};

/// Identifies a file: the digest of a gzip file, salt, nonce and tag of an encrypted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(Vec<u8>);

/// A file on its way, with its digest.
struct Hashing<F> {
    file: Buffered<F>,
    digest: digest::Context,
}

impl<F: Read> Hashing<F> {
    fn new(file: F) -> Self {
        let file = Buffered::new(CHUNK, file);
        Self { file, digest: digest::Context::new(&digest::SHA256) }
    }

    fn fingerprint(self) -> Fingerprint {
        Fingerprint(self.digest.finish().as_ref().to_vec())
    }
}

impl<F: Read> Read for Hashing<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl<F: Read> BufRead for Hashing<F> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.digest.update(&self.file.ahead()[..count]);
        self.file.consume(count);
    }
}

/// The outer layer.
enum Outer<F> {
    Plain(Box<Plain<Hashing<F>>>),
    Gzip(Box<Inflate<Hashing<F>>>),
    Encrypted(Box<Inflate<Decrypt<F>>>),
}

impl<F: Read> Outer<F> {
    /// Bytes that went in and came out.
    fn counts(&self) -> (u64, u64) {
        match self {
            Self::Plain(layer) => (layer.taken, layer.taken),
            Self::Gzip(layer) => (layer.taken(), layer.made()),
            Self::Encrypted(layer) => (layer.taken(), layer.made()),
        }
    }
}

impl<F: Read> Read for Outer<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(layer) => layer.read(out),
            Self::Gzip(layer) => layer.read(out),
            Self::Encrypted(layer) => layer.read(out),
        }
    }
}

/// A text that is not compressed.
struct Plain<R> {
    source: R,
    taken: u64,
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(out)?;
        self.taken += count as u64;
        Ok(count)
    }
}

/// One level of compression, or one more.
enum Layers<F> {
    One(Buffered<Outer<F>>),
    Two(Inflate<Buffered<Outer<F>>>),
}

/// The text as the file gives it, within the limits. It may be forged until the end was reached.
pub(super) struct Unverified<F> {
    layers: Layers<F>,
    terms: Terms,
    /// Salt and nonce, if encrypted.
    header: Option<[u8; HEADER]>,
    made: u64,
}

impl<F: Read> Decrypt<F> {
    /// Once the end was reached.
    fn fingerprint<'a>(self, header: impl IntoIterator<Item = &'a u8>) -> Fingerprint {
        let tag: [u8; TAG] = self.tag();
        Fingerprint(header.into_iter().copied().chain(tag).collect())
    }
}

/// Begins to decrypt a file, which has to begin with the salt and nonce of its lock.
fn decrypt<F: Read + Seek>(mut file: F, lock: &Lock, mode: Mode) -> Result<Decrypt<F>, OpenError> {
    let Lock::Key(key, header) = lock else { return Err(OpenError::Changed) };
    if read_header(&mut file)? != *header {
        return Err(OpenError::Changed);
    }
    let nonce = header.last_chunk().expect("the header ends with the nonce");
    Ok(Decrypt::new(file, Gcm::new(key, nonce), mode))
}

/// Reads salt and nonce; the rest of the file follows.
pub(super) fn read_header<F: Read + Seek>(file: &mut F) -> io::Result<[u8; HEADER]> {
    let mut header = [0; HEADER];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut header)?;
    Ok(header)
}

/// Verifies the tag of an encrypted file without decrypting any of it. Does nothing for another one.
pub(super) fn authenticate<F: Read + Seek>(file: &mut F, lock: &Lock) -> Result<(), OpenError> {
    if let Lock::Key(..) = lock {
        read_back(file, lock)?;
    }
    Ok(())
}

/// Returns the fingerprint of a file, without looking into it. Of an encrypted one the tag is verified.
pub(super) fn read_back<F: Read + Seek>(mut file: F, lock: &Lock) -> Result<Fingerprint, OpenError> {
    match lock {
        Lock::None => {
            file.seek(SeekFrom::Start(0))?;
            let mut source = Hashing::new(file);
            to_the_end(&mut source)?;
            Ok(source.fingerprint())
        }
        Lock::Key(_, header) => {
            let mut ciphertext = decrypt(file, lock, Mode::Authenticate)?;
            to_the_end(&mut ciphertext)?;
            Ok(ciphertext.fingerprint(header))
        }
    }
}

fn to_the_end(source: &mut impl BufRead) -> io::Result<()> {
    loop {
        let count = source.fill_buf()?.len();
        if count == 0 {
            return Ok(());
        }
        source.consume(count);
    }
}

impl<F: Read + Seek> Unverified<F> {
    pub(super) fn new(mut file: F, lock: &Lock, terms: Terms) -> Result<Self, OpenError> {
        let (outer, header) = match lock {
            Lock::None if let Form::Plain(mark) = form(&mut file)? => {
                file.seek(SeekFrom::Start(0))?;
                let mut source = Hashing::new(file);
                // A byte order mark is no part of the text.
                source.read_exact(&mut vec![0; mark])?;
                (Outer::Plain(Box::new(Plain { source, taken: 0 })), None)
            }
            Lock::None => {
                file.seek(SeekFrom::Start(0))?;
                (Outer::Gzip(Box::new(Inflate::new(Hashing::new(file), Envelope::Gzip, Place::File))), None)
            }
            Lock::Key(_, header) => {
                let mut source = decrypt(file, lock, Mode::Open)?;
                let gzip = source.fill_buf()?.starts_with(&GZIP_MAGIC);
                let envelope = if gzip { Envelope::Gzip } else { Envelope::Zlib };
                (Outer::Encrypted(Box::new(Inflate::new(source, envelope, Place::Decrypted))), Some(*header))
            }
        };
        let mut outer = Buffered::new(CHUNK, outer);
        // No JSON text begins with the first byte of gzip.
        let layers = if outer.fill_buf()?.first() == GZIP_MAGIC.first() {
            Layers::Two(Inflate::new(outer, Envelope::Gzip, Place::Inner))
        } else {
            Layers::One(outer)
        };
        Ok(Self { layers, terms, header, made: 0 })
    }

    /// Returns the fingerprint of the file that was read to its end.
    pub(super) fn fingerprint(self) -> Fingerprint {
        let outer = match self.layers {
            Layers::One(outer) => outer.into_source(),
            Layers::Two(inner) => inner.into_source().into_source(),
        };
        match outer {
            Outer::Plain(layer) => layer.source.fingerprint(),
            Outer::Gzip(layer) => layer.into_source().fingerprint(),
            Outer::Encrypted(layer) => layer.into_source().fingerprint(self.header.iter().flatten()),
        }
    }
}

impl<F: Read> Read for Unverified<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.layers {
            Layers::One(outer) => outer.read(out)?,
            Layers::Two(inner) => inner.read(out)?,
        };
        self.made += count as u64;
        let (taken, made) = match &self.layers {
            Layers::One(outer) => outer.source().counts(),
            Layers::Two(inner) => inner.source().source().counts(),
        };
        let Terms { max_text, max_inflation, .. } = self.terms;
        if self.made > max_text {
            return Err(OpenError::TooLarge { limit: max_text }.into());
        }
        if self.made.max(made) > INFLATION_SLACK.saturating_add(max_inflation.saturating_mul(taken)) {
            return Err(OpenError::Inflation { limit: max_inflation }.into());
        }
        Ok(count)
    }
}

/// The JSON text of an archive that was validated: the second pass over its file.
///
/// Its last bytes come only after the whole file was verified again and found to be the same. An error reports that it is not
/// ([`OpenError::Changed`]), or that it could not be read; there is nothing after it.
pub struct Text<F> {
    source: Option<Unverified<F>>,
    expected: Fingerprint,
    left: u64,
    /// The range that may be taken, from `start` to `end`.
    ready: Buffer,
    start: usize,
    end: usize,
    /// The bytes that may be taken once the bytes after them were read.
    held: Buffer,
    holds: usize,
}

impl<F: Read + Seek> Text<F> {
    pub(super) fn new(
        file: F,
        lock: &Lock,
        terms: Terms,
        expected: Fingerprint,
        length: u64,
    ) -> Result<Self, OpenError> {
        let source = Unverified::new(file, lock, terms).map_err(changed)?;
        let chunk = length.min(CHUNK as u64) as usize;
        let (ready, held) = (Buffer::new(chunk), Buffer::new(chunk));
        Ok(Self { source: Some(source), expected, left: length, ready, start: 0, end: 0, held, holds: 0 })
    }

    /// Bytes that are still to come.
    pub fn remaining(&self) -> u64 {
        self.left + (self.end - self.start) as u64 + self.holds as u64
    }

    /// Reads on by a chunk, which sets the one before it free.
    fn advance(&mut self) -> Result<(), OpenError> {
        // Taken, so that nothing follows an error.
        let Some(mut source) = self.source.take() else { return Err(OpenError::Changed) };
        let count = source.read(&mut self.ready)?;
        self.left = self.left.checked_sub(count as u64).ok_or(OpenError::Changed)?;
        if count > 0 {
            self.source = Some(source);
        } else if self.left > 0 || source.fingerprint() != self.expected {
            return Err(OpenError::Changed);
        }
        std::mem::swap(&mut self.ready, &mut self.held);
        (self.start, self.end) = (0, std::mem::replace(&mut self.holds, count));
        Ok(())
    }
}

/// An archive that opened once is not sealed with another password now.
fn changed(error: OpenError) -> OpenError {
    match error {
        OpenError::WrongPassword | OpenError::Corrupt(_) => OpenError::Changed,
        error => error,
    }
}

impl<F: Read + Seek> BufRead for Text<F> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.start == self.end && self.remaining() > 0 {
            self.advance().map_err(changed)?;
        }
        Ok(&self.ready[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }
}

impl<F: Read + Seek> Read for Text<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl<F> fmt::Debug for Text<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text(<secret>, {} more bytes)", self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;
    use crate::{
        archive::{
            kdf::InsecureKdf,
            seal::{Seal, Sealer},
        },
        secret::Secret,
    };

    fn sealed(lock: &Lock, text: &[u8]) -> Cursor<Vec<u8>> {
        let mut sealer = Sealer::with_lock(Vec::new(), lock).unwrap();
        sealer.write_all(text).unwrap();
        Cursor::new(sealer.finish().unwrap())
    }

    /// A file that another one took the place of is noticed, even one of the same key, salt and nonce, and of the same length.
    #[test]
    fn each_file_has_a_fingerprint_of_its_own() {
        let password = Secret::from("secret");
        let key = Seal::with_header(&password, &InsecureKdf, [0xe5; HEADER]).unwrap().0;
        let texts = [&b"{\"a\":1}"[..], b"{\"a\":2}"];
        for lock in [Lock::None, key] {
            let [first, second] = texts.map(|text| sealed(&lock, text));
            let fingerprint = read_back(first.clone(), &lock).unwrap();
            assert_eq!(read_back(first.clone(), &lock).unwrap(), fingerprint);
            assert_ne!(read_back(second.clone(), &lock).unwrap(), fingerprint);
            // A pass over the text comes to the same.
            let mut pass = Unverified::new(first.clone(), &lock, Terms::any_time()).unwrap();
            let mut read = Vec::new();
            pass.read_to_end(&mut read).unwrap();
            assert_eq!((&read[..], pass.fingerprint()), (texts[0], fingerprint.clone()));

            let length = texts[0].len() as u64;
            let mut text = Text::new(first, &lock, Terms::any_time(), fingerprint.clone(), length).unwrap();
            read.clear();
            text.read_to_end(&mut read).unwrap();
            assert_eq!(read, texts[0]);
            let mut text = Text::new(second, &lock, Terms::any_time(), fingerprint, length).unwrap();
            let error = text.read_to_end(&mut read).unwrap_err();
            assert!(matches!(OpenError::from(error), OpenError::Changed));
        }
    }

    /// The length of the rest is exact at every byte, however it is taken.
    #[test]
    fn a_text_knows_how_much_of_it_is_left() {
        let whole: Vec<u8> = (0..3 * CHUNK + 5).map(|at| (at % 251) as u8).collect();
        let file = sealed(&Lock::None, &whole);
        let fingerprint = read_back(file.clone(), &Lock::None).unwrap();
        for step in [1000, CHUNK, whole.len()] {
            let terms = Terms::any_time();
            let mut text =
                Text::new(file.clone(), &Lock::None, terms, fingerprint.clone(), whole.len() as u64).unwrap();
            let mut taken = 0;
            while text.remaining() > 0 {
                assert_eq!(text.remaining(), (whole.len() - taken) as u64);
                let ready = text.fill_buf().unwrap();
                let count = ready.len().min(step);
                assert!(ready.starts_with(&whole[taken..taken + count]) && count > 0, "{taken}");
                text.consume(count);
                taken += count;
            }
            assert_eq!(taken, whole.len());
            assert!(text.fill_buf().unwrap().is_empty());
            assert_eq!(format!("{text:?}"), "Text(<secret>, 0 more bytes)");
            let short = Text::new(file.clone(), &Lock::None, terms, fingerprint.clone(), whole.len() as u64 - 1);
            let error = short.unwrap().read_to_end(&mut Vec::new()).unwrap_err();
            assert!(matches!(OpenError::from(error), OpenError::Changed));
            let long = Text::new(file.clone(), &Lock::None, terms, fingerprint.clone(), whole.len() as u64 + 1);
            let error = long.unwrap().read_to_end(&mut Vec::new()).unwrap_err();
            assert!(matches!(OpenError::from(error), OpenError::Changed));
        }
    }
}
