//! Laws of any file that may be an archive, and of any text in it.

use std::io::{self, Cursor, Read as _, Write as _};

use handfast::{
    archive::{Archive, Corrupt, InsecureKdf, OpenError, Place, Seal, Sealer, Terms},
    outcome::Scheme,
    secret::Secret,
};

/// The largest text that is taken here.
pub(crate) const MAX_TEXT: u64 = 16 * 1024;

/// Panics if opening this file goes wrong: there is an error where there has to be one, and no more is read than the limits say.
pub fn check_file(file: &[u8]) {
    for password in [Secret::default(), Secret::from("password")] {
        let _ = open(file, &password);
    }
}

/// The same of a file that has this text in it. Whether it is protected does not matter to the text.
pub fn check_text(text: &[u8]) {
    let plain = open(&seal(text, &Secret::default()), &Secret::default());
    let password = Secret::from("password");
    let protected = open(&seal(text, &password), &password);
    assert_eq!(plain, protected, "one text, two answers");
}

/// The file of a text, protected if there is a password, with a key that costs nothing.
pub fn seal(text: &[u8], password: &Secret) -> Vec<u8> {
    let seal = Seal::new(password, &InsecureKdf).expect("a function that costs nothing");
    let write = |seal| -> io::Result<_> {
        let mut sealer = Sealer::new(Vec::new(), seal)?;
        sealer.write_all(text)?;
        sealer.finish()
    };
    write(seal).expect("memory takes everything")
}

/// Opens a file, and says what came of it.
fn open(file: &[u8], password: &Secret) -> Result<String, String> {
    let terms = Terms::any_time().with_max_text(MAX_TEXT);
    let archive = match Archive::open(Cursor::new(file), password, &InsecureKdf, terms) {
        Ok(archive) => archive,
        Err(OpenError::Io(error)) => panic!("memory is read without errors: {error}"),
        Err(error) => {
            if let OpenError::Corrupt(Corrupt { place: Place::Text, offset, .. }) = error {
                assert!(offset <= MAX_TEXT, "no more is looked at than the limit says");
            }
            return Err(error.to_string());
        }
    };
    let summary = archive.summary();
    assert!(summary.length <= MAX_TEXT);
    assert_eq!(summary.account, archive.account().certificate().short_id(), "the account is what its certificate says");
    assert_eq!(summary.protection == Scheme::None, password.is_empty());
    assert!(archive.account().key().belongs_to(archive.account().certificate()));
    let (account, length) = (summary.account, summary.length);
    let mut text = archive.into_text().expect("what was validated opens again");
    let mut read = Vec::new();
    text.read_to_end(&mut read).expect("what was validated is read again");
    assert_eq!(read.len() as u64, length);
    serde_json::from_slice::<serde_json::Value>(&read).expect("what was validated is JSON");
    Ok(format!("{account} {length}"))
}
