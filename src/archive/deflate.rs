//! An archive's text to its compressed form (R-ARC-2): a short text in one piece, by the level that Jami's zlib has; a long one in
//! blocks that do not refer to each other, so that several threads compress them. The result is one deflate stream in one envelope, and
//! does not depend on the number of threads. Each block has so many bytes that the stream is within the ratio that is accepted where it is
//! read (R-ARC-3).

mod pool;

use std::io;

use flate2::{Compress, Compression, FlushCompress, Status};
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params};

use self::pool::{Block, Pool};
use super::inflate::Envelope;
use crate::{buffer::Buffer, limits::MAX_INFLATION};

/// Bytes of text in a block, and of the longest text that is compressed in one piece.
pub(super) const BLOCK: usize = 128 * 1024;
/// Bytes of a short text's compressed form that are handed out at once.
const CHUNK: usize = 32 * 1024;
/// The level of a block: by measurement (docs/choices.md), the only one that is faster by much.
const LEVEL: i32 = 1;
/// An empty last block: what ends a stream whose other blocks are all flushed to whole bytes.
const LAST: [u8; 2] = [3, 0];

/// A block of no text: three bits and the rest of their byte, then its length.
const EMPTY: [u8; 5] = [0, 0, 0, 0xff, 0xff];

/// Takes compressed bytes, which it may change.
pub(super) type Out<'a> = &'a mut dyn FnMut(&mut [u8]) -> io::Result<()>;

/// A text that is being compressed.
pub(super) struct Deflate {
    checksum: Checksum,
    length: u64,
    /// The block that is being filled.
    block: Block,
    /// Compresses blocks, once there are two of them.
    pool: Option<Pool>,
    threads: usize,
}

impl Deflate {
    /// Begins a text.
    pub(super) fn new(envelope: Envelope) -> Self {
        Self { checksum: Checksum::new(envelope), length: 0, block: Block::new(), pool: None, threads: 0 }
    }

    /// Compresses on so many threads, which are started at the second block; on the calling one for 0.
    pub(super) fn on_threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// How many it was asked for, and how many were started.
    #[cfg(test)]
    pub(super) fn threads(&self) -> (usize, Option<usize>) {
        (self.threads, self.pool.as_ref().map(Pool::threads))
    }

    /// Takes further text.
    pub(super) fn write(&mut self, mut text: &[u8], out: Out<'_>) -> io::Result<()> {
        while !text.is_empty() {
            if self.block.is_full() {
                self.compress_block(out)?;
            }
            let taken = self.block.fill(text);
            self.checksum.update(&text[..taken]);
            self.length += taken as u64;
            text = &text[taken..];
        }
        Ok(())
    }

    /// Ends the text.
    pub(super) fn finish(mut self, out: Out<'_>) -> io::Result<()> {
        if self.pool.is_none() {
            return compress_whole(self.block.text(), self.checksum.envelope(), out);
        }
        self.compress_block(out)?;
        if let Some(mut pool) = self.pool.take() {
            while let Some(mut block) = pool.oldest()? {
                out(block.compressed())?;
            }
        }
        out(&mut LAST.clone())?;
        match self.checksum {
            Checksum::Gzip(crc) => {
                out(&mut crc.finalize().to_le_bytes())?;
                // Modulo 2^32, by definition.
                out(&mut (self.length as u32).to_le_bytes())
            }
            Checksum::Zlib(adler) => out(&mut adler.finish().to_be_bytes()),
        }
    }

    /// Hands the block that was filled to the pool, and hands out one that is compressed if the pool is full.
    fn compress_block(&mut self, out: Out<'_>) -> io::Result<()> {
        let pool = match &mut self.pool {
            Some(pool) => pool,
            None => {
                out(&mut self.checksum.header())?;
                self.pool.insert(Pool::new(self.threads)?)
            }
        };
        let mut empty = match pool.is_full() {
            true => pool.oldest()?.expect("a pool that is full has blocks"),
            false => Block::new(),
        };
        out(empty.compressed())?;
        empty.clear();
        pool.hand_in(std::mem::replace(&mut self.block, empty))
    }
}

/// Compresses a text at once, as zlib does by default.
fn compress_whole(mut text: &[u8], envelope: Envelope, out: Out<'_>) -> io::Result<()> {
    let mut state = match envelope {
        Envelope::Gzip => Compress::new_gzip(Compression::default(), 15),
        Envelope::Zlib => Compress::new(Compression::default(), true),
    };
    let mut chunk = Buffer::new(CHUNK);
    loop {
        let (taken, made) = (state.total_in(), state.total_out());
        let status = state.compress(text, &mut chunk, FlushCompress::Finish).map_err(io::Error::other)?;
        text = &text[(state.total_in() - taken) as usize..];
        out(&mut chunk[..(state.total_out() - made) as usize])?;
        if status == Status::StreamEnd {
            return Ok(());
        }
    }
}

/// Compresses blocks one after the other, none of which refers to another.
struct Compressor(Box<CompressorOxide>);

impl Compressor {
    fn new() -> Self {
        Self(Box::new(CompressorOxide::new(create_comp_flags_from_zip_params(LEVEL, 0, 0))))
    }

    /// Appends a block to `out`, to whole bytes: at least one of them for [`MAX_INFLATION`] bytes of text.
    fn compress(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let least = out.len() + text.len().div_ceil(MAX_INFLATION as usize);
        let take = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            true
        };
        let (_, taken) = compress_to_output(&mut self.0, text, TDEFLFlush::Full, take);
        assert_eq!(taken, text.len(), "a vector takes everything");
        let missing = least.saturating_sub(out.len()).div_ceil(EMPTY.len());
        (0..missing).for_each(|_| out.extend_from_slice(&EMPTY));
    }
}

/// The envelope's facts about the whole text.
enum Checksum {
    Gzip(crc32fast::Hasher),
    Zlib(simd_adler32::Adler32),
}

impl Checksum {
    fn new(envelope: Envelope) -> Self {
        match envelope {
            Envelope::Gzip => Self::Gzip(crc32fast::Hasher::new()),
            Envelope::Zlib => Self::Zlib(simd_adler32::Adler32::new()),
        }
    }

    fn envelope(&self) -> Envelope {
        match self {
            Self::Gzip(_) => Envelope::Gzip,
            Self::Zlib(_) => Envelope::Zlib,
        }
    }

    /// The bytes before the blocks: of a file of no name and no time, made on Unix, and of a window of 32 KiB; both by the fastest
    /// algorithm.
    fn header(&self) -> Vec<u8> {
        match self {
            Self::Gzip(_) => vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3],
            Self::Zlib(_) => vec![0x78, 1],
        }
    }

    fn update(&mut self, text: &[u8]) {
        match self {
            Self::Gzip(crc) => crc.update(text),
            Self::Zlib(adler) => adler.write(text),
        }
    }
}

#[cfg(test)]
mod tests;
