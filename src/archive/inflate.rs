//! The layers under an archive's text: decryption and decompression, both unverified until their end (R-ARC-2, R-ARC-3).
//!
//! A layer that finds its input wrong fails with an [`OpenError`] inside of the `io::Error`.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};
use subtle::ConstantTimeEq;

use super::{
    error::{Corrupt, OpenError, Place},
    gcm::{Gcm, TAG},
};
use crate::buffer::Buffer;

/// Bytes that are read from a file at once.
pub(super) const CHUNK: usize = 64 * 1024;

/// The treatment of the ciphertext.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Decipher it.
    Open,
    /// Compute the tag alone.
    Authenticate,
}

/// Deciphers what follows salt and nonce. The last bytes are handed out only after the tag was compared.
pub(super) struct Decrypt<R> {
    file: R,
    /// `None` at the end.
    gcm: Option<Gcm>,
    tag: [u8; TAG],
    mode: Mode,
    /// Deciphered bytes from `start` to `end`, then up to [`TAG`] bytes that may be the tag.
    buffer: Buffer,
    start: usize,
    end: usize,
    held: usize,
}

impl<R: Read> Decrypt<R> {
    pub(super) fn new(file: R, gcm: Gcm, mode: Mode) -> Self {
        let buffer = Buffer::new(CHUNK + TAG);
        Self { file, gcm: Some(gcm), tag: [0; TAG], mode, buffer, start: 0, end: 0, held: 0 }
    }

    /// The tag, once the end was reached.
    pub(super) fn tag(self) -> [u8; TAG] {
        self.tag
    }

    fn fill(&mut self) -> io::Result<()> {
        let Some(gcm) = &mut self.gcm else { return Ok(()) };
        self.buffer.copy_within(self.end..self.end + self.held, 0);
        let mut filled = self.held;
        (self.start, self.end) = (0, 0);
        let mut last = false;
        while filled < self.buffer.len() && !last {
            match self.file.read(&mut self.buffer[filled..]) {
                Ok(0) => last = true,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.held = filled.min(TAG);
        let data = filled - self.held;
        let result = match self.mode {
            Mode::Open => gcm.open(&mut self.buffer[..data]),
            Mode::Authenticate => {
                gcm.absorb(&self.buffer[..data]);
                Ok(())
            }
        };
        result.map_err(|_| OpenError::TooLarge { limit: 1 << 36 })?;
        if last {
            let tag = self.gcm.take().expect("not at the end before").tag();
            self.tag = tag;
            if self.held < TAG || !bool::from(tag.ct_eq(&self.buffer[data..data + TAG])) {
                return Err(OpenError::WrongPassword.into());
            }
        }
        self.end = data;
        Ok(())
    }
}

impl<R: Read> BufRead for Decrypt<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.start == self.end && self.gcm.is_some() {
            self.fill()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }
}

impl<R: Read> Read for Decrypt<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

/// The two envelopes of deflate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Envelope {
    Gzip,
    Zlib,
}

/// Decompresses one stream, after whose end nothing may follow.
pub(super) struct Inflate<R> {
    source: R,
    state: Decompress,
    place: Place,
    ended: bool,
}

impl<R: BufRead> Inflate<R> {
    pub(super) fn new(source: R, envelope: Envelope, place: Place) -> Self {
        let state = match envelope {
            Envelope::Gzip => Decompress::new_gzip(15),
            Envelope::Zlib => Decompress::new(true),
        };
        Self { source, state, place, ended: false }
    }

    pub(super) fn source(&self) -> &R {
        &self.source
    }

    pub(super) fn into_source(self) -> R {
        self.source
    }

    /// Compressed bytes that were taken.
    pub(super) fn taken(&self) -> u64 {
        self.state.total_in()
    }

    /// Bytes that came out.
    pub(super) fn made(&self) -> u64 {
        self.state.total_out()
    }

    fn corrupt(&self, expected: &'static str) -> io::Error {
        OpenError::Corrupt(Corrupt { place: self.place, offset: self.taken(), expected }).into()
    }
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while !self.ended {
            let (taken, made) = (self.taken(), self.made());
            let input = self.source.fill_buf()?;
            let at_end = input.is_empty();
            let status = self.state.decompress(input, out, FlushDecompress::None);
            let (taken, made) = ((self.taken() - taken) as usize, (self.made() - made) as usize);
            self.source.consume(taken);
            match status {
                Ok(Status::StreamEnd) => {
                    self.ended = true;
                    if !self.source.fill_buf()?.is_empty() {
                        return Err(self.corrupt("the end after the compressed data"));
                    }
                }
                Ok(Status::Ok | Status::BufError) if at_end && made == 0 => {
                    return Err(self.corrupt("more compressed data"));
                }
                Ok(Status::Ok | Status::BufError) => {}
                Err(_) => return Err(self.corrupt("compressed data")),
            }
            if made > 0 {
                return Ok(made);
            }
        }
        Ok(0)
    }
}
