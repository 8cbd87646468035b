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

/// Bytes of the ciphertext that are held while it is not known whether more come.
const HELD: usize = TAG + 1;

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
    /// Deciphered bytes from `start` to `end`, then the bytes that are held: those that may be the tag, and one more before the end, so that the
    /// last of the text waits for it.
    buffer: Buffer,
    start: usize,
    end: usize,
    held: usize,
}

impl<R: Read> Decrypt<R> {
    pub(super) fn new(file: R, gcm: Gcm, mode: Mode) -> Self {
        let buffer = Buffer::new(CHUNK + HELD);
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
        self.held = filled.min(if last { TAG } else { HELD });
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

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor, Write};

    use super::*;
    use crate::archive::kdf::Key;

    /// Gives a few bytes at a time, and is interrupted before each read.
    struct Slow(Cursor<Vec<u8>>, usize, bool);

    impl Read for Slow {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.2 = !self.2;
            if self.2 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let most = out.len().min(self.1);
            self.0.read(&mut out[..most])
        }
    }

    fn gcm() -> Gcm {
        Gcm::new(&Key::from_bytes([7; 32]), &[9; 12])
    }

    /// A text of this length, its ciphertext, and its tag.
    fn sealed(length: usize) -> (Vec<u8>, Vec<u8>, [u8; TAG]) {
        let text: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let (mut data, mut gcm) = (text.clone(), gcm());
        gcm.seal(&mut data).unwrap();
        (text, data, gcm.tag())
    }

    /// Lengths around those of a tag and of what is read at once.
    const LENGTHS: [usize; 12] =
        [0, 1, TAG - 1, TAG, TAG + 1, CHUNK - TAG, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK + TAG, 2 * CHUNK - 1, 3 * CHUNK];

    #[test]
    fn a_text_of_any_length_is_deciphered_however_it_comes() {
        for length in LENGTHS {
            let (text, data, tag) = sealed(length);
            let file = [&data[..], &tag].concat();
            for (mode, expected) in [(Mode::Open, &text), (Mode::Authenticate, &data)] {
                for at_once in [1000, CHUNK, usize::MAX] {
                    let slow = Slow(Cursor::new(file.clone()), at_once, false);
                    let mut decrypt = Decrypt::new(slow, gcm(), mode);
                    let mut read = Vec::new();
                    decrypt.read_to_end(&mut read).unwrap();
                    assert!(read == *expected, "{length} bytes, {at_once} at once");
                    // There is nothing after the end, and the tag is the file's.
                    assert_eq!(decrypt.read(&mut [0; 8]).unwrap(), 0);
                    assert_eq!(decrypt.tag(), tag);
                }
            }
        }
    }

    /// The last bytes come out only after the tag was compared.
    #[test]
    fn a_text_without_its_tag_ends_with_an_error() {
        for length in LENGTHS {
            let (_, data, tag) = sealed(length);
            let whole = [&data[..], &tag].concat();
            let mut changed = whole.clone();
            *changed.last_mut().unwrap() ^= 0x80;
            let longer = [&whole[..], &[0]].concat();
            let shorter = whole[..whole.len() - 1].to_vec();
            for (file, mode) in [changed, longer, shorter].into_iter().zip([Mode::Open, Mode::Authenticate, Mode::Open])
            {
                let (mut read, most) = (Vec::new(), file.len().saturating_sub(TAG).max(1));
                let error = Decrypt::new(Cursor::new(file), gcm(), mode).read_to_end(&mut read).unwrap_err();
                assert!(matches!(OpenError::from(error), OpenError::WrongPassword), "{length} bytes");
                assert!(read.len() < most, "{length} bytes: the last ones came out");
            }
        }
        // Not even where the bytes that are missing would be zeros.
        let empty = |nonce: u32| {
            let mut bytes = [0; 12];
            bytes[..4].copy_from_slice(&nonce.to_be_bytes());
            Gcm::new(&Key::from_bytes([7; 32]), &bytes)
        };
        let nonce = (0..).find(|nonce| empty(*nonce).tag()[TAG - 1] == 0).unwrap();
        let cut = empty(nonce).tag()[..TAG - 1].to_vec();
        let error = Decrypt::new(Cursor::new(cut), empty(nonce), Mode::Authenticate).read(&mut [0]).unwrap_err();
        assert!(matches!(OpenError::from(error), OpenError::WrongPassword));
        for length in 0..TAG {
            let error = Decrypt::new(Cursor::new(vec![0; length]), gcm(), Mode::Open).read(&mut [0]).unwrap_err();
            assert!(matches!(OpenError::from(error), OpenError::WrongPassword), "{length} bytes");
        }
    }

    #[test]
    fn an_error_of_the_file_is_no_interruption() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
        }
        let error = Decrypt::new(Failing, gcm(), Mode::Open).read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    /// Where the compressed bytes come one at a time, most make no text; where the text is taken so, much of it comes after the last of them.
    #[test]
    fn a_compressed_text_comes_however_it_is_cut() {
        let text = b"text ".repeat(500);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&text).unwrap();
        let file = gzip.finish().unwrap();
        for (at_once, out) in [(1, 1), (1, 4096), (4096, 1), (4096, 4096)] {
            let source = BufReader::with_capacity(at_once, Cursor::new(&file));
            let mut inflate = Inflate::new(source, Envelope::Gzip, Place::File);
            let (mut read, mut room) = (Vec::new(), vec![0; out]);
            assert_eq!(inflate.read(&mut []).unwrap(), 0, "no room is no end");
            loop {
                match inflate.read(&mut room).unwrap() {
                    0 => break,
                    count => read.extend_from_slice(&room[..count]),
                }
            }
            assert!(read == text, "{at_once} {out}");
            assert_eq!((inflate.taken(), inflate.made()), (file.len() as u64, text.len() as u64));
            assert_eq!(inflate.read(&mut room).unwrap(), 0);
        }
    }
}
