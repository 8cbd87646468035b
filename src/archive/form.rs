//! The form of a file, as far as its beginning shows it (R-ARC-3).
//!
//! An encrypted archive begins with random bytes, so anything can be one that is long enough. A file that begins as another format does, with at
//! least four bytes that no chance gives, or is text from its first byte on, is not an archive: no password is asked for it.

use std::io::{self, Read, Seek, SeekFrom};

use zeroize::Zeroizing;

/// The first bytes of a gzip file.
pub(super) const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
/// Bytes of the shortest encrypted archive: salt, nonce and tag.
const SHORTEST: usize = 16 + 12 + 16;

/// Bytes of the beginning that are looked at.
const HEAD: usize = 512;
/// The mark with which some editors begin a text in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Fewer bytes of text can be the beginning of an encrypted archive that was cut.
const SHORTEST_TEXT: usize = 16;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An archive without a password, as Jami writes it.
    Gzip,
    /// The text of an archive, after so many bytes.
    Plain(usize),
    /// Bytes that can be encrypted.
    Sealed,
    /// Something else, in words.
    Foreign(&'static str),
}

/// The first bytes of other formats.
const MAGICS: [(&[u8], &str); 25] = [
    (b"PK\x03\x04", "a zip file: take the archive out of it"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file: take the archive out of it"),
    (b"Rar!\x1a\x07", "a RAR file: take the archive out of it"),
    (b"\xfd7zXZ\x00", "an xz file: decompress it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file: decompress it first"),
    (b"\x04\x22\x4d\x18", "an LZ4 file: decompress it first"),
    (b"BZh91AY&SY", "a bzip2 file: decompress it first"),
    (b"\x89PNG", "a PNG image: the token in a QR code is read with `handfast export --qr`"),
    (b"\xff\xd8\xff\xe0", "a JPEG image"),
    (b"\xff\xd8\xff\xe1", "a JPEG image"),
    (b"\xff\xd8\xff\xdb", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a RIFF file, such as a WebP image or a sound"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"Salted__", "a file that openssl encrypted: decrypt it first"),
    (b"OggS", "an Ogg file"),
    (b"\x1aE\xdf\xa3", "a Matroska film"),
    (b"fLaC", "a FLAC sound"),
    (b"wOFF", "a font"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
];

/// The first characters of texts, in lower case.
const TEXTS: [(&str, &str); 11] = [
    ("<!doctype html", "an HTML page, such as a server sends in place of a file"),
    ("<html", "an HTML page, such as a server sends in place of a file"),
    ("<?xml", "an XML text"),
    ("jami-auth://", "the token of a new device, which is given to `handfast export` as TOKEN"),
    ("-----begin pgp", "a file that OpenPGP encrypted or signed: decrypt it first"),
    ("-----begin age", "a file that age encrypted: decrypt it first"),
    ("age-encryption.org/", "a file that age encrypted: decrypt it first"),
    ("-----begin ", "a key or a certificate as PEM text, which is a part of an account only"),
    ("version https://git-lfs", "a pointer of Git LFS: fetch the file itself"),
    ("h4si", "an archive as Base64 text: decode it first"),
    ("[", "a JSON text, but not an object as an account is"),
];

/// Returns the form of a file by its first bytes. The position moves.
pub(super) fn form<F: Read + Seek>(file: &mut F) -> io::Result<Form> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Zeroizing::new(Vec::with_capacity(HEAD));
    file.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(Form::of(&head))
}

impl Form {
    /// Of a file that begins with `head`, which has [`HEAD`] bytes or is all of it.
    pub(super) fn of(head: &[u8]) -> Self {
        if head.starts_with(&GZIP_MAGIC) {
            return Self::Gzip;
        }
        if let Some((_, what)) = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Self::Foreign(what);
        }
        if head.len() >= SHORTEST && head.iter().all(|byte| *byte == 0) {
            return Self::Foreign("a file of zeros: what was in it is lost");
        }
        if head.get(257..262) == Some(b"ustar") {
            return Self::Foreign("a tar file: take the archive out of it");
        }
        if is_utf16(head) {
            return Self::Foreign("a text in UTF-16: save it as UTF-8");
        }
        Self::of_text(head)
    }

    fn of_text(head: &[u8]) -> Self {
        let marked = if head.starts_with(MARK) { MARK.len() } else { 0 };
        let text = match core::str::from_utf8(&head[marked..]) {
            Ok(text) => text,
            // The last character may be cut.
            Err(error) if error.error_len().is_none() => {
                core::str::from_utf8(&head[marked..marked + error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => return Self::Sealed,
        };
        if text.len() < SHORTEST_TEXT
            || text.chars().any(|one| one.is_control() && !matches!(one, '\t' | '\n' | '\r' | '\x0c'))
        {
            return Self::Sealed;
        }
        let begin = text.trim_start();
        if begin.starts_with('{') {
            return Self::Plain(marked);
        }
        let begins = |with: &str| begin.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
        let known = TEXTS.iter().find(|(with, _)| begins(with));
        Self::Foreign(known.map_or("a text", |(_, what)| what))
    }
}

/// Whether it begins with the mark of UTF-16 and four characters of ASCII.
fn is_utf16(head: &[u8]) -> bool {
    let zeros = |from: usize| (0..4).all(|at| head.get(from + 2 * at) == Some(&0));
    (head.starts_with(b"\xff\xfe") && zeros(3)) || (head.starts_with(b"\xfe\xff") && zeros(2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn foreign(head: &[u8]) -> &'static str {
        match Form::of(head) {
            Form::Foreign(what) => what,
            other => panic!("{:?} is {other:?}", String::from_utf8_lossy(head)),
        }
    }

    #[test]
    fn what_other_programs_write_is_named() {
        for (magic, what) in MAGICS {
            let file = [magic, &[7; 100]].concat();
            assert_eq!(foreign(&file), what);
        }
        let mut tar = vec![b'a'; 512];
        tar[100..257].fill(0);
        tar[257..262].copy_from_slice(b"ustar");
        assert!(foreign(&tar).contains("tar"));
        assert!(foreign(&[0; 44]).contains("zeros"));
        assert!(foreign(b"\xff\xfe{\0\"\0a\0b\0").contains("UTF-16"));
        assert!(foreign(b"\xfe\xff\0{\0\"\0a\0b").contains("UTF-16"));
    }

    #[test]
    fn texts_are_named() {
        for (begin, part) in [
            ("<!DOCTYPE html><html><head>", "HTML"),
            ("\u{feff}\r\n  <HTML><body>nothing", "HTML"),
            ("<?xml version=\"1.0\"?><a/>", "XML"),
            ("jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456", "TOKEN"),
            ("-----BEGIN PRIVATE KEY-----", "PEM"),
            ("-----BEGIN PGP MESSAGE-----", "OpenPGP"),
            ("H4sIAAAAAAAAA+3TMQrCMBQG", "Base64"),
            ("[1, 2, 3, 4, 5, 6, 7]", "JSON"),
            ("Zutritt nur für Befugte", "a text"),
        ] {
            assert!(foreign(begin.as_bytes()).contains(part), "{begin}: {}", foreign(begin.as_bytes()));
        }
    }

    #[test]
    fn the_text_of_an_archive_is_taken_for_one() {
        assert_eq!(Form::of(b"{\"ringAccountKey\": \"\"}"), Form::Plain(0));
        assert_eq!(Form::of(b"\xef\xbb\xbf {\"ringAccountKey\": 1}"), Form::Plain(3));
        // A character that is cut at the end of the head.
        let mut long = vec![b'{'; HEAD - 1];
        long.push(0xc3);
        assert_eq!(Form::of(&long), Form::Plain(0));
        assert_eq!(Form::of(b"\x1f\x8b\x08\0"), Form::Gzip);
    }

    /// The beginning of another format is none where the rest does not follow.
    #[test]
    fn what_only_begins_as_a_text_can_be_encrypted() {
        let rest = [0x81; 100];
        for mark in [b"\xff\xfe", b"\xfe\xff"] {
            assert_eq!(Form::of(&[&mark[..], &rest].concat()), Form::Sealed);
        }
        let mut zeros = rest;
        (2..10).for_each(|at| zeros[at] = 0);
        assert_eq!(Form::of(&zeros), Form::Sealed);
        assert_eq!(Form::of(&[&b"{\"these are characters\":1}"[..], &[0xff], &rest].concat()), Form::Sealed);
        assert_eq!(Form::of(b"fifteen letters"), Form::Sealed);
        assert_eq!(Form::of(b"sixteen  letters"), Form::Foreign("a text"));
    }

    proptest! {
        /// Encrypted files begin with random bytes, and are taken for encrypted whatever these are.
        #[test]
        fn random_bytes_can_be_encrypted(head in proptest::collection::vec(any::<u8>(), SHORTEST..HEAD)) {
            prop_assert_eq!(Form::of(&head), Form::Sealed);
        }

        /// A file that was cut short is not taken for another format.
        #[test]
        fn no_beginning_of_random_bytes_is_named(head in proptest::collection::vec(128_u8.., 0..SHORTEST_TEXT)) {
            prop_assume!(!head.starts_with(b"\xff\xd8\xff"));
            prop_assert_eq!(Form::of(&head), Form::Sealed);
        }
    }
}
