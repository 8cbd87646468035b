//! Archives: files and texts, sound and not, each with its verdict, and whose fault it is (R-ARC-1 to R-ARC-3, R-ARC-5, R-ARC-6, R-MSG-2,
//! R-MSG-3, R-IMP-11, R-TIME-7, R-SEC-1). Files are made here, byte by byte: a file in each form, encrypted where it is, is written by no code
//! that ships.

mod chains;
mod content;
mod dates;
mod json;
mod limits;
mod passes;
mod stores;

use std::{
    io::{Cursor, Read as _, Write as _},
    sync::LazyLock,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
};
use flate2::{
    Compression, GzBuilder,
    write::{GzEncoder, ZlibEncoder},
};
use handfast::{
    archive::{Archive, Corrupt, InsecureKdf, OpenError, Place, Seal, Sealer, Terms, protection},
    outcome::Scheme,
    secret::Secret,
};
use serde_json::{Map, Value};

use super::{Cases, Part};
use crate::shell::fixture::{FIXTURE, NOW, PASSWORD};

const MADE: &str = "it is made of constants";

/// The fate of an archive, in words, and whether its content is at fault.
type Verdict = (String, bool);

fn opens() -> Verdict {
    ("opens".into(), false)
}

/// The archive is at fault: its sender, where it was received.
fn theirs(word: impl Into<String>) -> Verdict {
    (word.into(), true)
}

/// The file, the password, or this device is.
fn ours(word: impl Into<String>) -> Verdict {
    (word.into(), false)
}

fn refusal(error: &OpenError) -> Verdict {
    let word = match error {
        OpenError::Corrupt(Corrupt { place, .. }) => format!("Corrupt({place:?})"),
        OpenError::Foreign { .. } => "Foreign".into(),
        OpenError::Io(_) => "Io".into(),
        error => format!("{error:?}"),
    };
    (word, error.is_about_content())
}

/// Opens a file.
fn open(file: &[u8], password: &str, terms: Terms) -> Verdict {
    match Archive::open(Cursor::new(file), &password.into(), &InsecureKdf, terms) {
        Ok(_) => opens(),
        Err(error) => refusal(&error),
    }
}

/// Opens a file, and reads its text, which has to be this one.
fn open_as(text: &[u8], file: &[u8], password: &str, terms: Terms) -> Verdict {
    let archive = match Archive::open(Cursor::new(file), &password.into(), &InsecureKdf, terms) {
        Ok(archive) => archive,
        Err(error) => return refusal(&error),
    };
    let (length, scheme) = (archive.summary().length, archive.summary().protection);
    let mut read = Vec::new();
    let whole = archive.into_text().map(|mut text| text.read_to_end(&mut read).is_ok());
    let is_stated = matches!(whole, Ok(true)) && read == text && length == text.len() as u64;
    let stated = if password.is_empty() { Scheme::None } else { Scheme::Password };
    if is_stated && scheme == stated { opens() } else { ours(format!("opens as another, {length} {scheme:?}")) }
}

/// The members of an account's archive that have to be there: its key and its chain.
static ACCOUNT: LazyLock<[String; 2]> = LazyLock::new(|| {
    let members: Map<String, Value> = serde_json::from_slice(&FIXTURE.text(false, 9_000)).expect(MADE);
    ["ringAccountKey", "ringAccountCert"].map(|name| members[name].as_str().expect(MADE).to_owned())
});

/// A text whose members are these, which end with a comma or are none, and then the account.
fn text_of(members: &str) -> Vec<u8> {
    let [key, chain] = &*ACCOUNT;
    format!("{{{members}\"ringAccountKey\":\"{key}\",\"ringAccountCert\":\"{chain}\"}}").into_bytes()
}

/// The text of an account with this key and this chain, both as PEM.
fn text_with(key: &str, chain: &str) -> Vec<u8> {
    let [key, chain] = [key, chain].map(|pem| base64(pem.as_bytes()));
    format!("{{\"ringAccountKey\":\"{key}\",\"ringAccountCert\":\"{chain}\"}}").into_bytes()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect(MADE);
    encoder.finish().expect(MADE)
}

/// A gzip file whose header has a name of so many letters.
fn gzip_named(text: &[u8], letters: usize) -> Vec<u8> {
    let mut encoder = GzBuilder::new().filename(vec![b'a'; letters]).write(Vec::new(), Compression::best());
    encoder.write_all(text).expect(MADE);
    encoder.finish().expect(MADE)
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect(MADE);
    encoder.finish().expect(MADE)
}

/// An encrypted file (R-ARC-2): salt, nonce, ciphertext, tag. The key is what [`InsecureKdf`] says it is: SHA-256 of salt and password.
fn sealed(password: &str, compressed: &[u8]) -> Vec<u8> {
    let (salt, nonce) = ([0xc1; 16], [0x5a; 12]);
    let key = digest(&SHA256, &[&salt[..], password.as_bytes()].concat());
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).expect(MADE));
    let mut bytes = compressed.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes).expect(MADE);
    [&salt[..], &nonce, &bytes].concat()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let three = |chunk: &[u8]| {
        let word = (0..3).fold(0_u32, |word, at| word << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        (0..4).map(move |at| (word >> (18 - 6 * at) & 63) as usize).map(|digit| char::from(DIGITS[digit])).collect()
    };
    let mut encoded: String = bytes.chunks(3).map(|chunk| -> String { three(chunk) }).collect();
    let padding = (3 - bytes.len() % 3) % 3;
    encoded.truncate(encoded.len() - padding);
    encoded + &"=".repeat(padding)
}

/// Carries the tables out.
pub(super) fn archives() -> Part {
    let mut cases = Cases::default();
    forms(&mut cases);
    foreign(&mut cases);
    passwords(&mut cases);
    faults(&mut cases);
    content::content(&mut cases);
    json::json(&mut cases);
    limits::limits(&mut cases);
    chains::chains(&mut cases);
    dates::dates(&mut cases);
    passes::passes(&mut cases);
    stores::stores(&mut cases);
    cases.part("archives", "R-ARC-1 to R-ARC-6, R-MSG-2, R-MSG-3, R-IMP-11, R-TIME-7, R-SEC-1, R-SEC-2, R-CANCEL-1")
}

/// Each form of a file, whole, with something after it, and cut (R-ARC-2, R-ARC-3).
fn forms(cases: &mut Cases) {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let text = text_of("");
    let blanks = [&b" \t\r\n"[..], &text, b" \t\r\n"].concat();
    let terms = Terms::at(NOW);
    let mut opens_as = |what: &str, text: &[u8], file: &[u8], password: &str| {
        cases.expect(format!("a file: {what}"), opens(), open_as(text, file, password, terms));
    };
    opens_as("its text", &text, &text, "");
    opens_as("its text with blanks around it", &blanks, &blanks, "");
    opens_as("its text after a mark", &text, &[MARK, &text].concat(), "");
    opens_as("its text after a mark, with blanks", &blanks, &[MARK, &blanks].concat(), "");
    opens_as("gzip", &text, &gzip(&text), "");
    opens_as("gzip, with a name in its header", &text, &gzip_named(&text, 9), "");
    opens_as("gzip of gzip", &text, &gzip(&gzip(&text)), "");
    opens_as("encrypted zlib", &text, &sealed("x", &zlib(&text)), "x");
    opens_as("encrypted gzip", &text, &sealed("x", &gzip(&text)), "x");
    opens_as("encrypted zlib of gzip", &text, &sealed("x", &zlib(&gzip(&text))), "x");
    opens_as("encrypted gzip of gzip", &text, &sealed("x", &gzip(&gzip(&text))), "x");
    let mut refused = |what: &str, stated: Verdict, file: &[u8], password: &str| {
        cases.expect(format!("a file: {what}"), stated, open(file, password, terms));
    };
    refused("gzip thrice", theirs("Corrupt(Text)"), &gzip(&gzip(&gzip(&text))), "");
    refused("gzip of zlib", theirs("Corrupt(Text)"), &gzip(&zlib(&text)), "");
    refused("gzip of nothing", theirs("Corrupt(Text)"), &gzip(b""), "");
    refused("encrypted text", ours("Corrupt(Decrypted)"), &sealed("x", &text), "x");
    refused("encrypted nothing", ours("Corrupt(Decrypted)"), &sealed("x", b""), "x");
    for after in [&b"\0"[..], b"\n", b"a", &gzip(&text), &[0; 600]] {
        let more = |bytes: Vec<u8>| [&bytes, after].concat();
        let after = &after[..after.len().min(4)];
        let after = format!("and after it {}", after.escape_ascii());
        refused(&format!("gzip {after}"), ours("Corrupt(File)"), &more(gzip(&text)), "");
        refused(&format!("gzip of gzip {after}"), theirs("Corrupt(Inner)"), &gzip(&more(gzip(&text))), "");
        refused(&format!("gzip of gzip, both {after}"), ours("Corrupt(File)"), &more(gzip(&gzip(&text))), "");
        for (name, compressed) in [("zlib", zlib(&text)), ("gzip", gzip(&text))] {
            let stated = ours("Corrupt(Decrypted)");
            refused(&format!("encrypted {name} {after}"), stated, &sealed("x", &more(compressed.clone())), "x");
            refused(&format!("encrypted {name}, {after}"), ours("WrongPassword"), &more(sealed("x", &compressed)), "x");
            let inner = sealed("x", &zlib(&more(gzip(&text))));
            refused(&format!("encrypted zlib of gzip {after}"), theirs("Corrupt(Inner)"), &inner, "x");
        }
    }
    // Cut at the end, where everything but the check of it is there.
    for cut in 1..=9 {
        let less = |bytes: Vec<u8>| bytes[..bytes.len() - cut].to_vec();
        refused(&format!("gzip, {cut} less"), ours("Corrupt(File)"), &less(gzip(&text)), "");
        refused(&format!("gzip of gzip, {cut} less"), theirs("Corrupt(Inner)"), &gzip(&less(gzip(&text))), "");
        refused(&format!("encrypted, {cut} less"), ours("WrongPassword"), &less(sealed("x", &zlib(&text))), "x");
    }
    // The sum and the length at its end, bit by bit, and each byte of what is authenticated.
    let file = gzip(&text);
    for at in 0..8 * 8 {
        let mut other = file.clone();
        let place = file.len() - 1 - at / 8;
        other[place] ^= 1 << (at % 8);
        refused(&format!("gzip, another bit {at} from its end"), ours("Corrupt(File)"), &other, "");
    }
    let file = sealed("x", &zlib(&text));
    for at in (0..64).chain(file.len() - 64..file.len()).chain((0..file.len()).step_by(61)) {
        let mut other = file.clone();
        other[at] ^= 1;
        refused(&format!("encrypted, another bit in byte {at}"), ours("WrongPassword"), &other, "x");
    }
    // A text of a peer that begins as gzip does, in characters.
    refused("gzip of a control character", theirs("Corrupt(Inner)"), &gzip(b"\x1f{\"ringAccountKey\":\"\"}"), "");
}

/// Files that are too short, or begin as another format does (R-ARC-3).
fn foreign(cases: &mut Cases) {
    let terms = Terms::at(NOW);
    for (length, password) in (0..50).flat_map(|length| [(length, ""), (length, "x")]) {
        let stated = match length {
            0..44 => ours(format!("NotAnArchive {{ length: {length}, minimum: 44 }}")),
            _ => ours("WrongPassword"),
        };
        let file = vec![0xc1; length];
        cases.expect(format!("{length} bytes, password {password:?}"), stated, open(&file, password, terms));
    }
    let tar = [&[b'a'; 100][..], &[0; 157], b"ustar", &[0; 250]].concat();
    let files: [(&[u8], &str); 43] = [
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"\x28\xb5\x2f\xfd", "Zstandard"),
        (b"\x04\x22\x4d\x18", "LZ4"),
        (b"BZh91AY&SY", "bzip2"),
        (b"\x89PNG", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\xff\xd8\xff\xe1", "JPEG"),
        (b"\xff\xd8\xff\xdb", "JPEG"),
        (b"GIF8", "GIF"),
        (b"RIFF", "RIFF"),
        (b"II*\x00", "TIFF"),
        (b"MM\x00*", "TIFF"),
        (b"%PDF", "PDF"),
        (b"\x7fELF", "program"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"Salted__", "openssl"),
        (b"OggS", "Ogg"),
        (b"\x1aE\xdf\xa3", "Matroska"),
        (b"fLaC", "FLAC"),
        (b"wOFF", "font"),
        (b"\xd0\xcf\x11\xe0", "Office"),
        (&[0; 44], "zeros"),
        (&tar, "tar"),
        (b"\xff\xfe{\0\"\0a\0b\0", "UTF-16"),
        (b"\xfe\xff\0{\0\"\0a\0b", "UTF-16"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\xef\xbb\xbf \r\n<HTML><head></head>", "HTML"),
        (b"<?xml version=\"1.0\"?>", "XML"),
        (b"jami-auth://0123456789", "TOKEN"),
        (b"-----BEGIN PGP MESSAGE-----", "OpenPGP"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----", "age"),
        (b"age-encryption.org/v1", "age"),
        (b"-----BEGIN PRIVATE KEY-----", "PEM"),
        (b"version https://git-lfs.github.com", "Git LFS"),
        (b"H4sIAAAAAAAAA+3TMQrC", "Base64"),
        (b"[1, 2, 3, 4, 5, 6, 7]", "JSON"),
        (b"\xef\xbb\xbfsome text of sixteen", "a text"),
        (b"sixteen letters!", "a text"),
        (b"\"ringAccountKey\":\"\"", "a text"),
    ];
    for (file, name) in files {
        let named = |came: &str| if came.contains(name) { name.to_owned() } else { came.to_owned() };
        for password in ["", "x"] {
            let came = match Archive::open(Cursor::new(file), &password.into(), &InsecureKdf, terms) {
                Err(OpenError::Foreign { what }) => named(what),
                Err(error) => refusal(&error).0,
                Ok(_) => "opens".into(),
            };
            cases.expect(format!("a file that begins {}", file.escape_ascii()), name, &*came);
        }
        let asked = protection(&mut Cursor::new(file)).map_err(|error| named(&error.to_string()));
        cases.expect(format!("is asked for a password: {name}"), Err(name.to_owned()), asked);
    }
    let text = text_of("");
    let kinds = [
        (Scheme::None, text.clone()),
        (Scheme::None, [b"\xef\xbb\xbf", &*text].concat()),
        (Scheme::None, gzip(&text)),
        (Scheme::Password, sealed("x", &zlib(&text))),
        (Scheme::Password, b"fifteen letters".to_vec()),
        (Scheme::Password, [&b"\xff\xfe"[..], &[0x81; 60]].concat()),
        (Scheme::Password, vec![0; 43]),
    ];
    for (scheme, file) in kinds {
        let came = protection(&mut Cursor::new(&file)).map_err(|error| error.to_string());
        cases.expect(format!("the scheme of {}", file[..4].escape_ascii()), Ok(scheme), came);
    }
}

/// Passwords that differ in as little as there is.
const PASSWORDS: [&str; 17] = [
    "x", "X", "x ", " x", "xx", " ", "  ", "\t", "\n", "\0", "\0\0", "x\0", "0", "none", "false", "\u{e4}", "a\u{308}",
];

/// The empty password opens what has none, and a password what it sealed, to the last byte (R-ARC-5, R-EXP-6).
fn passwords(cases: &mut Cases) {
    let text = text_of("");
    let terms = Terms::at(NOW);
    let others: Vec<_> = PASSWORDS.into_iter().chain(["", PASSWORD]).collect();
    let plain = [text.clone(), gzip(&text), gzip(&gzip(&text))];
    for (password, file) in others.iter().flat_map(|password| plain.iter().map(move |file| (*password, file))) {
        let stated = if password.is_empty() { opens() } else { ours("WrongPassword") };
        cases.expect(format!("no password, and {password:?} is tried"), stated, open(file, password, terms));
    }
    for right in PASSWORDS {
        let seal = Seal::new(&Secret::from(right), &InsecureKdf).expect(MADE);
        cases.expect(format!("what {right:?} gives"), Scheme::Password, seal.protection());
        let mut sealer = Sealer::new(Vec::new(), seal).expect(MADE);
        sealer.write_all(&text).expect(MADE);
        let written = sealer.finish().expect(MADE);
        let asked = protection(&mut Cursor::new(&written)).map_err(|error| error.to_string());
        cases.expect(format!("the scheme of what {right:?} sealed"), Ok(Scheme::Password), asked);
        cases.expect(format!("{right:?} opens what it sealed"), opens(), open_as(&text, &written, right, terms));
        let file = sealed(right, &zlib(&text));
        for password in &others {
            let stated = if *password == right { opens() } else { ours("WrongPassword") };
            let what = format!("the password is {right:?}, and {password:?} is tried");
            cases.expect(what, stated, open(&file, password, terms));
        }
    }
    let seal = Seal::new(&Secret::from(""), &InsecureKdf).expect(MADE);
    cases.expect("what the empty password gives", Scheme::None, seal.protection());
}

/// Whose fault each error is (R-IMP-11): of what was received, or of this device.
fn faults(cases: &mut Cases) {
    use handfast::archive::{DateDoubt, Day, OutOfMemory, Unsound};
    let corrupt = |place| OpenError::Corrupt(Corrupt { place, offset: 0, expected: "" });
    let errors = [
        (false, OpenError::Io(std::io::ErrorKind::StorageFull.into())),
        (false, OpenError::OutOfMemory(OutOfMemory)),
        (false, OpenError::WrongPassword),
        (false, OpenError::NotAnArchive { length: 1, minimum: 44 }),
        (false, OpenError::Foreign { what: "" }),
        (false, corrupt(Place::File)),
        (false, corrupt(Place::Decrypted)),
        (true, corrupt(Place::Inner)),
        (true, corrupt(Place::Text)),
        (true, OpenError::TooLarge { limit: 1 }),
        (true, OpenError::Inflation { limit: 1 }),
        (true, OpenError::Unsound(Unsound::Mismatch)),
        (false, OpenError::Date(DateDoubt::Impossible { now: Day(0) })),
        (false, OpenError::Changed),
    ];
    for (stated, error) in errors {
        cases.expect(format!("the content is at fault: {error:?}"), stated, error.is_about_content());
        // On its way through a reader it stays what it is.
        let stated = refusal(&error);
        let through = OpenError::from(std::io::Error::from(error));
        cases.expect("the same after it went through a reader", stated, refusal(&through));
    }
}
