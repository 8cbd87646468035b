use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    archive::{KeyKind, Sample, UnixTime},
    outcome::Scheme,
};

fn compress(envelope: Envelope, threads: usize, slices: &[&[u8]]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut out = |bytes: &mut [u8]| {
        file.extend_from_slice(bytes);
        Ok(())
    };
    let mut deflate = Deflate::new(envelope).on_threads(threads);
    slices.iter().for_each(|slice| deflate.write(slice, &mut out).unwrap());
    deflate.finish(&mut out).unwrap();
    file
}

fn inflate(envelope: Envelope, file: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    match envelope {
        Envelope::Gzip => GzDecoder::new(file).read_to_end(&mut text).unwrap(),
        Envelope::Zlib => ZlibDecoder::new(file).read_to_end(&mut text).unwrap(),
    };
    text
}

/// Text that repeats itself a little.
fn text(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u32).wrapping_mul(2_654_435_761).leading_zeros() as u8 ^ (at >> 9) as u8).collect()
}

fn sample(length: u64) -> Vec<u8> {
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
    let mut text = Vec::new();
    Sample::new(KeyKind::P256, now, Scheme::None, length, 1).unwrap().write_to(&mut text).unwrap();
    text
}

/// As many bytes as zlib makes of a text by default.
fn zlib(text: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut out = |bytes: &mut [u8]| {
        file.extend_from_slice(bytes);
        Ok(())
    };
    compress_whole(text, Envelope::Gzip, &mut out).unwrap();
    file
}

#[test]
fn a_short_text_is_what_zlib_makes_of_it() {
    for length in [0, 1, BLOCK - 1, BLOCK] {
        let text = text(length);
        let mut expected = Vec::with_capacity(2 * BLOCK);
        let mut state = Compress::new_gzip(Compression::new(6), 15);
        state.compress_vec(&text, &mut expected, FlushCompress::Finish).unwrap();
        assert!(compress(Envelope::Gzip, 2, &[&text]) == expected, "{length}");
    }
}

#[test]
fn neither_threads_nor_slices_make_a_difference() {
    for length in [BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 7, 11 * BLOCK - 1] {
        let text = text(length);
        for envelope in [Envelope::Gzip, Envelope::Zlib] {
            let file = compress(envelope, 0, &[&text]);
            assert!(inflate(envelope, &file) == text, "{length}");
            for threads in 1..4 {
                let slices: Vec<&[u8]> = text.chunks(BLOCK / threads + 1).collect();
                assert!(compress(envelope, threads, &slices) == file, "{length} bytes, {threads} threads");
            }
        }
    }
}

#[test]
fn threads_start_at_the_second_block() {
    let mut deflate = Deflate::new(Envelope::Gzip).on_threads(2);
    let mut out = |_: &mut [u8]| Ok(());
    deflate.write(&text(BLOCK), &mut out).unwrap();
    assert_eq!(deflate.threads(), (2, None));
    deflate.write(&[1], &mut out).unwrap();
    assert_eq!(deflate.threads(), (2, Some(2)));
}

#[test]
fn a_block_does_not_depend_on_the_one_before() {
    let text = text(2 * BLOCK);
    let (one, other) = text.split_at(BLOCK);
    let (mut used, mut first, mut alone) = (Compressor::new(), Vec::new(), Vec::new());
    used.compress(one, &mut first);
    let before = first.len();
    used.compress(other, &mut first);
    Compressor::new().compress(other, &mut alone);
    assert!(first[before..] == alone);
}

/// 128 KiB of one letter take 656 bytes, and less than an empty block beyond them.
#[test]
fn a_block_is_within_the_ratio() {
    for (length, least) in [(BLOCK, 656), (100_000, 500), (100_001, 501), (80_000, 400)] {
        let mut out = vec![1];
        Compressor::new().compress(&vec![b'y'; length], &mut out);
        assert!((least + 1..least + 1 + 5).contains(&out.len()), "{length} bytes: {}", out.len());
    }
    for envelope in [Envelope::Gzip, Envelope::Zlib] {
        let text = vec![b'y'; 5 * BLOCK + 7];
        let file = compress(envelope, 2, &[&text]);
        assert!(file.len() * 200 > text.len(), "{} bytes", file.len());
        assert!(inflate(envelope, &file) == text);
    }
}

#[test]
fn an_archive_is_hardly_larger_than_zlib_makes_it() {
    let text = sample(1 << 20);
    let (ours, zlibs) = (compress(Envelope::Gzip, 0, &[&text]).len(), zlib(&text).len());
    assert!(ours * 100 <= zlibs * 106, "{ours} bytes, where zlib has {zlibs}");
}

#[test]
fn a_block_that_does_not_compress_has_room() {
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(BLOCK)
    .collect();
    let mut block = Block::new();
    let room = block.room();
    assert_eq!(block.fill(&noise), BLOCK);
    block.compress(&mut Compressor::new());
    assert!(block.compressed().len() > BLOCK / 2);
    assert_eq!(block.room(), room, "it has not moved");
}

#[test]
fn an_error_of_the_writer_ends_it() {
    let text = text(9 * BLOCK);
    for threads in [0, 2] {
        let mut deflate = Deflate::new(Envelope::Gzip).on_threads(threads);
        let mut left = 3;
        let mut out = |_: &mut [u8]| {
            left -= 1;
            if left > 0 { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
        };
        let error = deflate.write(&text, &mut out).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_text_comes_back(pieces in vec((any::<u8>(), 1..60_000_usize, any::<bool>()), 0..12), threads in 0..3_usize) {
        let pieces: Vec<Vec<u8>> = pieces
            .into_iter()
            .map(|(byte, length, varied)| if varied { text(length) } else { vec![byte; length] })
            .collect();
        let slices: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        for envelope in [Envelope::Gzip, Envelope::Zlib] {
            let file = compress(envelope, threads, &slices);
            prop_assert!(inflate(envelope, &file) == pieces.concat());
        }
    }
}
