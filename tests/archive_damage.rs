//! Damaged, hostile and oversized archives are refused with an error that says why, and nothing of them is let out (R-ARC-3).

#![cfg(feature = "archive")]

use std::{
    fmt::Write as _,
    io::{Cursor, Read, Seek, SeekFrom, Write},
    sync::OnceLock,
    time::Duration,
};

use handfast::{
    archive::{
        Archive, Identity, InsecureKdf, KeyKind, OpenError, Place, PrivateKey, Sample, Seal, Sealer, Terms, UnixTime,
        Unsound,
    },
    limits::{INFLATION_SLACK, MAX_INFLATION},
    outcome::Scheme,
    secret::Secret,
};

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000))
}

fn password() -> Secret {
    Secret::from("pässw0rd")
}

fn account() -> &'static (Identity, PrivateKey) {
    static ACCOUNT: OnceLock<(Identity, PrivateKey)> = OnceLock::new();
    ACCOUNT.get_or_init(|| Identity::account(KeyKind::P256, now()).unwrap())
}

/// The text of a small archive with `members` in front.
fn text(members: &str) -> Vec<u8> {
    let (account, authority) = account();
    let mut text = Vec::new();
    Sample::of(account, authority, Scheme::None, 6000, 1).unwrap().write_to(&mut text).unwrap();
    text.splice(1..1, members.bytes());
    text
}

fn seal(text: &[u8], password: &Secret) -> Vec<u8> {
    let mut sealer = Sealer::new(Vec::new(), Seal::new(password, &InsecureKdf).unwrap()).unwrap();
    sealer.write_all(text).unwrap();
    sealer.finish().unwrap()
}

fn open(file: &[u8], password: &Secret) -> Result<Archive<Cursor<Vec<u8>>>, OpenError> {
    Archive::open(Cursor::new(file.to_vec()), password, &InsecureKdf, Terms::at(now()))
}

fn refused(text: &[u8]) -> OpenError {
    let file = seal(text, &Secret::default());
    let error = open(&file, &Secret::default()).unwrap_err();
    assert!(error.is_about_content(), "{error}");
    error
}

#[test]
fn what_is_sealed_opens_again() {
    let text = text("");
    for password in [Secret::default(), password()] {
        let archive = open(&seal(&text, &password), &password).unwrap();
        assert_eq!(archive.summary().protection, Scheme::of(&password));
        assert_eq!(archive.summary().account, account().0.certificate().short_id());
        let mut read = Vec::new();
        archive.into_text().unwrap().read_to_end(&mut read).unwrap();
        assert!(read == text);
    }
}

#[test]
fn no_byte_of_a_protected_file_can_be_changed() {
    let file = seal(&text(""), &password());
    for place in 0..file.len() {
        let mut changed = file.clone();
        changed[place] ^= 1;
        assert!(matches!(open(&changed, &password()), Err(OpenError::WrongPassword)), "byte {place}");
    }
}

#[test]
fn no_file_can_be_cut() {
    let file = seal(&text(""), &password());
    for length in 0..file.len() {
        match open(&file[..length], &password()).unwrap_err() {
            OpenError::NotAnArchive { length: found, minimum: 44 } if length < 44 => assert_eq!(found, length as u64),
            OpenError::WrongPassword if length >= 44 => {}
            error => panic!("{length} bytes: {error}"),
        }
    }
    let file = seal(&text(""), &Secret::default());
    for length in 3..file.len() {
        match open(&file[..length], &Secret::default()).unwrap_err() {
            OpenError::Corrupt(corrupt) => assert_eq!((corrupt.place, corrupt.offset), (Place::File, length as u64)),
            error => panic!("{length} bytes: {error}"),
        }
    }
}

#[test]
fn nothing_can_be_appended() {
    for password in [Secret::default(), password()] {
        let mut file = seal(&text(""), &password);
        file.push(0);
        open(&file, &password).unwrap_err();
    }
}

/// A file that changes between the two passes, at the given byte.
struct Changing {
    file: Cursor<Vec<u8>>,
    place: usize,
    passes: u32,
}

impl Read for Changing {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(out)
    }
}

impl Seek for Changing {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        if self.passes == 0 {
            let place = self.place;
            self.file.get_mut()[place] ^= 1;
        }
        self.passes = self.passes.wrapping_sub(1);
        self.file.seek(to)
    }
}

#[test]
fn a_file_that_changes_between_the_passes_never_comes_out_whole() {
    let text = text("");
    for password in [Secret::default(), password()] {
        let file = seal(&text, &password);
        // As often as the first pass goes to the start.
        let seeks = {
            let file = Changing { file: Cursor::new(file.clone()), place: 0, passes: u32::MAX };
            let mut archive = Archive::open(file, &password, &InsecureKdf, Terms::at(now())).unwrap();
            archive.text().unwrap();
            u32::MAX - archive_passes(archive) - 1
        };
        // All of the envelope, and a sample of what is in it.
        let within = (32..file.len() - 32).step_by(61);
        for place in (0..32).chain(within).chain(file.len() - 32..file.len()) {
            let file = Changing { file: Cursor::new(file.clone()), place, passes: seeks };
            let archive = Archive::open(file, &password, &InsecureKdf, Terms::at(now())).unwrap();
            let mut read = Vec::new();
            let result = archive.into_text().map(|mut text| text.read_to_end(&mut read));
            match result {
                Ok(Ok(_)) => panic!("byte {place} was changed"),
                Ok(Err(error)) => assert!(matches!(OpenError::from(error), OpenError::Changed), "byte {place}"),
                Err(error) => assert!(matches!(error, OpenError::Changed), "byte {place}: {error}"),
            }
            assert!(read.len() < text.len(), "byte {place}: the last bytes came out");
        }
    }
}

fn archive_passes(archive: Archive<Changing>) -> u32 {
    archive.into_file().passes
}

#[test]
fn passwords_are_asked_for_exactly_where_there_is_one() {
    let (plain, sealed) = (seal(&text(""), &Secret::default()), seal(&text(""), &password()));
    assert!(matches!(open(&plain, &password()), Err(OpenError::WrongPassword)));
    assert!(matches!(open(&sealed, &Secret::default()), Err(OpenError::WrongPassword)));
    assert!(matches!(open(&sealed, &Secret::from("passw0rd")), Err(OpenError::WrongPassword)));
    assert!(matches!(open(b"", &Secret::default()), Err(OpenError::NotAnArchive { length: 0, minimum: 44 })));
}

#[test]
fn one_further_level_of_gzip_is_tolerated() {
    let once = seal(&text(""), &Secret::default());
    let twice = seal(&once, &Secret::default());
    assert_eq!(open(&twice, &Secret::default()).unwrap().summary().length, text("").len() as u64);
    // Inside of the encryption gzip is tolerated too.
    assert_eq!(open(&seal(&once, &password()), &password()).unwrap().summary().length, text("").len() as u64);
    let thrice = seal(&twice, &Secret::default());
    match open(&thrice, &Secret::default()).unwrap_err() {
        OpenError::Corrupt(corrupt) => assert_eq!(corrupt.to_string(), "expected an object at byte 0 of the JSON text"),
        error => panic!("{error}"),
    }
}

/// Compresses as well as gzip does: better than the archives of this project, which are made fast.
fn best_gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(text).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn a_bomb_is_refused_by_its_ratio_and_by_its_length() {
    let filler = format!("\"x\":\"{}\",", "y".repeat(4_000_000));
    for levels in 1..=2 {
        let mut bomb = text(&filler);
        for _ in 0..levels {
            bomb = best_gzip(&bomb);
        }
        match open(&bomb, &Secret::default()).unwrap_err() {
            OpenError::Inflation { limit } => assert_eq!(limit, MAX_INFLATION),
            error => panic!("{error}"),
        }
        let terms = Terms { max_text: 10_000, ..Terms::at(now()) };
        match Archive::open(Cursor::new(bomb), &Secret::default(), &InsecureKdf, terms).unwrap_err() {
            OpenError::TooLarge { limit: 10_000 } => {}
            error => panic!("{error}"),
        }
    }
    // Nothing but an outer level that expands, with hardly any text.
    let mut empty = seal(&vec![0; 4_000_000], &Secret::default());
    assert!(matches!(open(&empty, &Secret::default()), Err(OpenError::Corrupt(_))));
    empty = seal(&seal(&text(""), &Secret::default()), &Secret::default());
    assert!(open(&empty, &Secret::default()).is_ok());
}

/// An inner level that makes next to no text of all that the outer one makes: empty blocks, each of five bytes.
#[test]
fn an_outer_level_that_expands_is_refused_by_its_ratio() {
    let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    let text = text("");
    raw.write_all(&text).unwrap();
    let raw = raw.finish().unwrap();
    let mut crc = flate2::Crc::new();
    crc.update(&text);
    let inner = |empty: usize| {
        let mut inner = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        inner.extend([0, 0, 0, 0xff, 0xff].repeat(empty));
        inner.extend(&raw);
        inner.extend(crc.sum().to_le_bytes());
        inner.extend(crc.amount().to_le_bytes());
        best_gzip(&inner)
    };
    assert!(open(&inner(10), &Secret::default()).is_ok());
    match open(&inner(1_000_000), &Secret::default()).unwrap_err() {
        OpenError::Inflation { limit } => assert_eq!(limit, MAX_INFLATION),
        error => panic!("{error}"),
    }
}

/// All that is beyond the slack of a mebibyte counts, to the byte; and a text of which the file is half passes at any length.
#[test]
fn the_limit_of_the_ratio_is_exact() {
    let (account, authority) = account();
    let sized = |length: u64| {
        let mut text = Vec::new();
        Sample::of(account, authority, Scheme::None, length, 1).unwrap().write_to(&mut text).unwrap();
        seal(&text, &Secret::default())
    };
    let open = |file: Vec<u8>, max_inflation| {
        let terms = Terms { max_inflation, ..Terms::at(now()) };
        Archive::open(Cursor::new(file), &Secret::default(), &InsecureKdf, terms)
    };
    assert!(open(sized(INFLATION_SLACK), 0).is_ok());
    assert!(matches!(open(sized(INFLATION_SLACK + 1), 0), Err(OpenError::Inflation { limit: 0 })));
    assert!(open(sized(4 * INFLATION_SLACK), MAX_INFLATION).is_ok());
}

/// A text that is not compressed, as a person may have it.
#[test]
fn a_plain_text_is_read_with_or_without_its_mark() {
    let (account, authority) = account();
    let mut text = Vec::new();
    Sample::of(account, authority, Scheme::None, 3 * INFLATION_SLACK, 1).unwrap().write_to(&mut text).unwrap();
    for file in [text.clone(), [b"\xef\xbb\xbf", &text[..]].concat()] {
        let archive = open(&file, &Secret::default()).unwrap();
        assert_eq!((archive.summary().length, archive.summary().protection), (text.len() as u64, Scheme::None));
        let mut read = Vec::new();
        archive.into_text().unwrap().read_to_end(&mut read).unwrap();
        assert!(read == text);
        let cut = open(&file[..file.len() - 1], &Secret::default()).unwrap_err();
        assert!(matches!(cut, OpenError::Corrupt(_)), "{cut}");
    }
}

/// A file that is read in several pieces: all of it is authenticated before any of it is looked into.
#[test]
fn a_long_file_is_authenticated_before_it_is_decrypted() {
    let (account, authority) = account();
    let mut text = Vec::new();
    Sample::of(account, authority, Scheme::None, 500_000, 1).unwrap().write_to(&mut text).unwrap();
    let mut file = seal(&text, &password());
    assert!(file.len() > 2 * 64 * 1024, "{}", file.len());
    assert!(matches!(open(&file, &Secret::from("another")), Err(OpenError::WrongPassword)));
    *file.last_mut().unwrap() ^= 1;
    assert!(matches!(open(&file, &password()), Err(OpenError::WrongPassword)));
    *file.last_mut().unwrap() ^= 1;
    // In the first piece, where it would not inflate.
    file[1000] ^= 1;
    assert!(matches!(open(&file, &password()), Err(OpenError::WrongPassword)));
}

#[test]
fn the_limit_of_the_text_is_exact() {
    let text = text("");
    let file = seal(&text, &Secret::default());
    let open = |max_text| {
        let terms = Terms::at(now()).with_max_text(max_text);
        Archive::open(Cursor::new(&file), &Secret::default(), &InsecureKdf, terms)
    };
    assert!(open(text.len() as u64).is_ok());
    assert!(matches!(open(text.len() as u64 - 1), Err(OpenError::TooLarge { .. })));
}

#[test]
fn deep_json_is_refused() {
    match refused(&text(&format!("\"x\":{}1,", "[".repeat(1_000_000)))) {
        OpenError::Corrupt(corrupt) => {
            assert_eq!(corrupt.expected, "a value that is nested less deeply");
            assert_eq!(corrupt.place, Place::Text);
        }
        error => panic!("{error}"),
    }
}

#[test]
fn unknown_members_and_long_strings_are_tolerated() {
    let mut members = format!("\"note\":\"{}\",\"future\":{{\"a\":[1,{{}}]}},\"n\":null,", "-".repeat(900_000));
    for number in 0..1000 {
        write!(members, "\"Account.key{number}\":\"value\",").unwrap();
    }
    write!(members, "\"{}\":\"long\",", "k".repeat(5000)).unwrap();
    let archive = open(&seal(&text(&members), &password()), &password()).unwrap();
    let summary = archive.summary();
    assert_eq!((summary.configuration.names.len(), summary.unknown), (256, 2));
    assert_eq!(summary.configuration.more, 1 + 1000 + 1 + 12 - 256);
}

/// Each of the three is counted by itself, and what is in one of them is not.
#[test]
fn contacts_conversations_and_requests_are_counted() {
    let (account, authority) = account();
    let sample = Sample::of(account, authority, Scheme::None, 6000, 1).unwrap();
    assert!(sample.contacts() > 3);
    let members = "\"conversations\":{\"a\":{\"x\":1,\"y\":2},\"b\":{}},\"conversationsRequests\":{\"c\":{\"z\":3}},";
    let archive = open(&seal(&text(members), &password()), &password()).unwrap();
    let summary = archive.summary();
    assert_eq!(summary.contacts, sample.contacts());
    assert_eq!((summary.conversations, summary.conversation_requests), (2, 1));
    assert!(summary.has_authority_key);
    let without = String::from_utf8(text("")).unwrap().replace("\"ringCaKey\"", "\"another\"");
    assert!(!open(&seal(without.as_bytes(), &password()), &password()).unwrap().summary().has_authority_key);
}

/// Names of configuration are kept up to 64 bytes (R-MSG-3).
#[test]
fn a_name_that_is_too_long_is_counted_alone() {
    let (longest, longer) = ("k".repeat(64), "l".repeat(65));
    let members = format!("\"{longest}\":\"v\",\"{longer}\":\"v\",");
    let archive = open(&seal(&text(&members), &password()), &password()).unwrap();
    let names = &archive.summary().configuration.names;
    assert!(names.contains(&longest) && !names.contains(&longer), "{names:?}");
    assert_eq!(archive.summary().configuration.more, 1);
}

/// Holds R-ARC-1.
#[test]
fn only_the_allowed_configuration_is_applied() {
    let archive = open(&seal(&text(""), &password()), &password()).unwrap();
    let applied: Vec<_> = archive.summary().applied.keys().map(String::as_str).collect();
    assert_eq!(
        applied,
        [
            "Account.activeCallLimit",
            "Account.alias",
            "Account.displayName",
            "Account.sendReadReceipt",
            "Account.videoEnabled"
        ]
    );
    assert_eq!(archive.summary().configuration.names.len(), 12);
}

#[test]
fn members_that_matter_come_once_and_are_text() {
    let mut cases = Vec::new();
    for members in [
        "\"ringAccountKey\":\"\",",
        "\"ringAccount\\u004bey\":\"\",",
        "\"ringAccountCert\":7,",
        "\"ringAccountContacts\":{},",
        "\"Account.displayName\":\"Mallory\",",
        "\"Account.archiveHasPassword\":\"true\",",
    ] {
        match refused(&text(members)) {
            OpenError::Unsound(error @ (Unsound::Duplicate { .. } | Unsound::NotText { .. })) => {
                cases.push(error.to_string())
            }
            error => panic!("{error}"),
        }
    }
    assert_eq!(
        cases,
        [
            "the archive has ringAccountKey twice",
            "the archive has ringAccountKey twice",
            "ringAccountCert is not a string of at most 64 KiB",
            "the archive has ringAccountContacts twice",
            "the archive has Account.displayName twice",
            "the archive has Account.archiveHasPassword twice",
        ]
    );
}

#[test]
fn the_account_has_to_be_sound() {
    let member = |text: &[u8], name: &str, change: &dyn Fn(&str) -> String| {
        let text = std::str::from_utf8(text).unwrap();
        let (before, rest) = text.split_once(&format!("\"{name}\":\"")).unwrap();
        let (value, after) = rest.split_once('"').unwrap();
        format!("{before}\"{name}\":\"{}\"{after}", change(value))
    };
    let unsound = |text: &str| match refused(text.as_bytes()) {
        OpenError::Unsound(error) => error.to_string(),
        error => panic!("{error}"),
    };
    let whole = text("");
    let (other, other_authority) = Identity::account(KeyKind::P256, now()).unwrap();
    let mut foreign = Vec::new();
    Sample::of(&other, &other_authority, Scheme::None, 6000, 1).unwrap().write_to(&mut foreign).unwrap();
    let foreign = String::from_utf8(foreign).unwrap();
    let foreign =
        |name: &str| foreign.split_once(&format!("\"{name}\":\"")).unwrap().1.split_once('"').unwrap().0.to_owned();

    let rename = |name: &str| String::from_utf8(whole.clone()).unwrap().replace(&format!("\"{name}\""), "\"x\"");
    assert_eq!(unsound(&rename("ringAccountKey")), "the archive has no ringAccountKey");
    assert_eq!(unsound(&rename("ringAccountCert")), "the archive has no ringAccountCert");
    assert_eq!(unsound(&member(&whole, "ringAccountKey", &|_| "?".into())), "ringAccountKey is not base64");
    assert_eq!(
        unsound(&member(&whole, "ringAccountKey", &|_| "AAAA".into())),
        "account key: expected a private key as PEM text of PKCS#8"
    );
    assert_eq!(
        unsound(&member(&whole, "ringAccountCert", &|_| "".into())),
        "account certificate: expected at least one certificate"
    );
    assert_eq!(
        unsound(&member(&whole, "ringAccountKey", &|_| foreign("ringAccountKey"))),
        "the account's key and certificate do not belong together"
    );
    assert_eq!(
        unsound(&member(&whole, "ringAccountCert", &|_| foreign("ringAccountCert"))),
        "the account's key and certificate do not belong together"
    );
}

#[test]
fn an_account_that_cannot_issue_certificates_is_refused() {
    let (account, authority) = account();
    let device = account.issue_device(PrivateKey::generate(KeyKind::P256).unwrap(), now()).unwrap();
    let mut text = Vec::new();
    Sample::of(&device, authority, Scheme::None, 8000, 1).unwrap().write_to(&mut text).unwrap();
    assert_eq!(
        refused(&text).to_string(),
        "the account cannot issue the certificate of a device: certificate 1 may not issue the one before it"
    );
}

#[test]
fn an_expired_account_is_refused_where_a_time_is_given() {
    let file = seal(&text(""), &Secret::default());
    let late = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000 + 3651 * 86_400));
    let open = |terms| Archive::open(Cursor::new(&file), &Secret::default(), &InsecureKdf, terms);
    let error = open(Terms::at(late)).unwrap_err();
    // The date of the device that opens it is in doubt as well (R-TIME-7).
    assert!(!error.is_about_content());
    assert!(
        error
            .to_string()
            .starts_with("this device's date is 2037-01-13, but the account's certificate was valid until"),
        "{error}"
    );
    assert!(open(Terms::any_time()).is_ok());
}
