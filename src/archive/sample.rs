//! Made-up archives of any length, for tests and benchmarks: like real ones, sound, and written as a stream.

use std::io::{self, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use super::{
    content::{ACCOUNT_CERTIFICATE, ACCOUNT_KEY, AUTHORITY_KEY, CONTACTS, ETHEREUM_KEY, HAS_PASSWORD},
    error::SampleError,
    identity::Identity,
    key::{KeyKind, PrivateKey},
};
use crate::outcome::Scheme;

/// A contact as a real daemon writes it, with its name and the comma after it. All are equally long.
const CONTACT: &str = concat!(
    r#""0000000000000000000000000000000000000000":{"added":1700000000,"addedMs":1700000000000,"#,
    r#""conversationId":"0000000000000000000000000000000000000000"},"#
);
/// Digits of an id.
const ID: usize = 40;
/// Where in it the two ids begin.
const IDS: [usize; 2] = [1, CONTACT.len() - ID - "\"},".len()];
/// Contacts that are written at once.
const BATCH: u64 = 256;

/// A made-up archive: an account, some configuration, and as many contacts as fill the length. Equal accounts, lengths and seeds
/// make equal texts. It compresses to about half.
pub struct Sample {
    /// The text before the contacts, and after them.
    head: Zeroizing<Vec<u8>>,
    tail: Zeroizing<Vec<u8>>,
    contacts: u64,
    seed: u64,
}

impl Sample {
    /// An archive of a new account whose JSON text has exactly `length` bytes.
    pub fn new(kind: KeyKind, now: UnixTime, protection: Scheme, length: u64, seed: u64) -> Result<Self, SampleError> {
        let (account, authority) = Identity::account(kind, now)?;
        Self::of(&account, &authority, protection, length, seed)
    }

    /// The same of a given account, with the key of its authority.
    pub fn of(
        account: &Identity,
        authority: &PrivateKey,
        protection: Scheme,
        length: u64,
        seed: u64,
    ) -> Result<Self, SampleError> {
        let fixed = members(account, authority, protection, seed, 0);
        let minimum = (fixed.0.len() + fixed.1.len()) as u64;
        let room = length.checked_sub(minimum).ok_or(SampleError::TooShort { minimum })?;
        // The last contact has no comma. A longer name of the account fills the rest in which no contact fits.
        let contact = CONTACT.len() as u64;
        let contacts = (room + 1) / contact;
        let padding = if contacts == 0 { room } else { room + 1 - contacts * contact };
        let (head, tail) = members(account, authority, protection, seed, padding as usize);
        Ok(Self { head, tail, contacts, seed })
    }

    /// How many contacts there are.
    pub fn contacts(&self) -> u64 {
        self.contacts
    }

    /// Writes the JSON text in slices: to a [`Sealer`](super::Sealer), say.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.head)?;
        let mut random = self.seed;
        let mut batch = Vec::with_capacity(BATCH as usize * CONTACT.len());
        let mut written = 0;
        while written < self.contacts {
            batch.clear();
            for number in written..self.contacts.min(written + BATCH) {
                let start = batch.len();
                batch.extend_from_slice(CONTACT.as_bytes());
                // In order, as a writer with sorted keys has them.
                let first = number * (u64::MAX / self.contacts);
                for (place, first) in IDS.into_iter().zip([first, next(&mut random)]) {
                    let words = [first, next(&mut random), next(&mut random)];
                    hex(&words, &mut batch[start + place..start + place + ID]);
                }
            }
            written = self.contacts.min(written + BATCH);
            if written == self.contacts {
                batch.pop();
            }
            out.write_all(&batch)?;
        }
        out.write_all(&self.tail)
    }
}

/// The text before and after the contacts, keys sorted. `padding` more characters are in it.
fn members(
    account: &Identity,
    authority: &PrivateKey,
    protection: Scheme,
    seed: u64,
    padding: usize,
) -> (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>) {
    let encode = |text: &str| Zeroizing::new(STANDARD.encode(text));
    let mut ethereum = Zeroizing::new([0; 32]);
    let mut random = !seed;
    for word in ethereum.chunks_exact_mut(8) {
        word.copy_from_slice(&next(&mut random).to_be_bytes());
    }
    let alias = "-".repeat(padding);
    let has_password = if protection == Scheme::Password { "true" } else { "false" };
    let id = account.certificate().short_id().to_string();
    let ethereum = Zeroizing::new(STANDARD.encode(*ethereum));
    let chain = encode(&account.chain().to_pem());
    let (key, authority) = (encode(&account.key().to_pem()), encode(&authority.to_pem()));
    let join = |members: &[(&str, &str)], (before, after): (&str, &str)| {
        let length: usize = members.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
        // Room for all of it: growing would leave copies.
        let mut text = Zeroizing::new(Vec::with_capacity(length + before.len() + after.len()));
        text.extend_from_slice(before.as_bytes());
        for (number, (name, value)) in members.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            for part in [comma, "\"", name, "\":\"", value, "\""] {
                text.extend_from_slice(part.as_bytes());
            }
        }
        text.extend_from_slice(after.as_bytes());
        text
    };
    let head = [
        ("Account.activeCallLimit", "-1"),
        ("Account.alias", &alias),
        (HAS_PASSWORD, has_password),
        ("Account.displayName", "Sample"),
        ("Account.sendReadReceipt", "true"),
        ("Account.type", "RING"),
        ("Account.username", &id),
        ("Account.videoEnabled", "true"),
        ("DHT.PublicInCalls", "true"),
        ("RingNS.uri", "https://names.example"),
        ("TURN.enable", "true"),
        ("TURN.server", "turn.example"),
        (ETHEREUM_KEY, &ethereum),
        (ACCOUNT_CERTIFICATE, &chain),
    ];
    let contacts = format!(",\"{CONTACTS}\":{{");
    (join(&head, ("{", &contacts)), join(&[(ACCOUNT_KEY, &key), (AUTHORITY_KEY, &authority)], ("},", "}")))
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Fills `out` with the digits of the words, from the highest of the first one on.
fn hex(words: &[u64], out: &mut [u8]) {
    for (word, digits) in words.iter().zip(out.chunks_mut(16)) {
        for (place, digit) in digits.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(word >> (60 - 4 * place) & 0xf) as usize];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_sample_has_the_asked_length_and_as_many_contacts_as_it_says() {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let (account, authority) = Identity::account(KeyKind::P256, now).unwrap();
        let sample = |length| Sample::of(&account, &authority, Scheme::None, length, 3);
        let Err(SampleError::TooShort { minimum }) = sample(0) else { panic!("too short") };
        for length in (minimum..minimum + 400).chain([100_000]) {
            let sample = sample(length).unwrap();
            let mut text = Vec::new();
            sample.write_to(&mut text).unwrap();
            assert_eq!(text.len() as u64, length);
            let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(value[CONTACTS].as_object().unwrap().len() as u64, sample.contacts());
            let names: Vec<_> = text.split(|&byte| byte == b'"').collect();
            assert_eq!(names[1], b"Account.activeCallLimit");
        }
        assert!(matches!(sample(minimum - 1), Err(SampleError::TooShort { .. })));
    }
}
