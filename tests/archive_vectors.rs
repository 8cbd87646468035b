//! Archives that a real Jami daemon wrote are read (R-ARC-2), and their facts are printed without a secret (R-SEC-2).

#![cfg(feature = "archive")]

use std::io::{Cursor, Read};

use handfast::{
    archive::{Archive, Argon2i, OpenError, Terms},
    outcome::Scheme,
    secret::Secret,
};

const PLAIN: &[u8] = include_bytes!("vectors/archive-plain.gz");
const PROTECTED: &[u8] = include_bytes!("vectors/archive-password.gz");
const PASSWORD: &str = "c2cvc3jmbafsw";

#[test]
fn an_unprotected_archive_is_read() {
    let archive = Archive::open(Cursor::new(PLAIN), &Secret::default(), &Argon2i, Terms::any_time()).unwrap();
    let summary = archive.summary();
    assert_eq!(summary.protection, Scheme::None);
    assert_eq!(summary.account.to_string(), "02f92cb034a73275b5a23074abfa84a20a4f340b");
    assert_eq!(summary.length, 13986);
    assert!(summary.has_authority_key);
    assert_eq!((summary.contacts, summary.conversations, summary.conversation_requests), (0, 0, 0));
    assert_eq!(summary.configuration.names, ["Account.archiveHasPassword"]);
    assert_eq!(summary.has_password, Some(false));

    let mut text = String::new();
    archive.into_text().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text.len(), 13986);
    assert!(text.starts_with(r#"{"Account.archiveHasPassword":"false","ethKey":""#));
}

#[test]
fn a_protected_archive_is_read_with_its_password_alone() {
    let open = |password| Archive::open(Cursor::new(PROTECTED), &password, &Argon2i, Terms::any_time());
    let mut archive = open(Secret::from(PASSWORD)).unwrap();
    assert_eq!(archive.summary().protection, Scheme::Password);
    assert_eq!(archive.summary().account.to_string(), "21f7f5c74bc6917760a827d65d91cb47c7f46e50");
    assert_eq!(archive.summary().has_password, Some(true));
    for _ in 0..2 {
        let mut text = Vec::new();
        archive.text().unwrap().read_to_end(&mut text).unwrap();
        assert_eq!(text.len() as u64, archive.summary().length);
    }
    assert!(matches!(open(Secret::from("wrong")), Err(OpenError::WrongPassword)));
    assert!(matches!(open(Secret::default()), Err(OpenError::WrongPassword)));
}

#[test]
fn what_is_printed_of_an_archive_holds_no_secret() {
    let mut archive = Archive::open(Cursor::new(PLAIN), &Secret::default(), &Argon2i, Terms::any_time()).unwrap();
    let mut text = String::new();
    archive.text().unwrap().read_to_string(&mut text).unwrap();
    let printed = format!("{archive:?}");
    for name in ["ethKey", "ringAccountKey", "ringCaKey"] {
        let value = text.split_once(&format!("\"{name}\":\"")).unwrap().1;
        assert!(!printed.contains(&value[..20]), "{name}");
    }
}
