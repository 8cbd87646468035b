//! The short comparison string: what both users compare before a password or an archive moves (R-SAS-1 to R-SAS-9).
//!
//! A [`Comparison`] has the values of one side: what TLS exports of the channel, both leaf keys, the own nonce, and what the peer sent
//! of the exchange. The reducers decide the order of the messages and never see a value. The shell hands the values in.

mod words;

use alloc::{format, string::String};
use core::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    limits::{SAS_DIGITS, SAS_VALUE, SAS_WORDS},
    message::{Message, Slot},
    outcome::Side,
    secret::Secret,
};

/// The label with which TLS exports a value of the channel (RFC 8446, 7.5; RFC 5705), without a context. A label that begins like this
/// needs no registration.
pub const EXPORTER_LABEL: &[u8] = b"EXPERIMENTAL-handfast-sas";

/// The domains of the two hashes.
const COMMITMENT: &[u8] = b"handfast sas commitment";
const STRING: &[u8] = b"handfast sas string";

/// A value of the exchange.
type Value = [u8; SAS_VALUE];

/// The values that both ends know of a channel before the exchange (R-SAS-3). It does not print, and is wiped.
#[derive(Clone)]
pub struct Channel {
    /// The value that TLS exports of the session under [`EXPORTER_LABEL`].
    pub exported: Zeroizing<[u8; SAS_VALUE]>,
    /// SHA-256 of the importing device's public key (SubjectPublicKeyInfo).
    pub importer: [u8; SAS_VALUE],
    /// SHA-256 of the exporting device's public key.
    pub exporter: [u8; SAS_VALUE],
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<channel>")
    }
}

/// The values of one side's comparison. They do not print, and are wiped.
pub struct Comparison {
    side: Side,
    channel: Channel,
    nonce: Zeroizing<Value>,
    /// Whether the peer names the feature, once it has named any.
    in_force: Option<bool>,
    /// Import: the exporter's commitment.
    commitment: Option<Value>,
    string: Option<ComparisonString>,
}

impl fmt::Debug for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<comparison>")
    }
}

impl Comparison {
    /// Returns the comparison of one side of a channel. `nonce` is uniform, from a cryptographic generator, and used for this channel
    /// only (R-SAS-3).
    pub fn new(side: Side, channel: Channel, nonce: [u8; SAS_VALUE]) -> Self {
        Self { side, channel, nonce: Zeroizing::new(nonce), in_force: None, commitment: None, string: None }
    }

    /// Returns a message of the reducer with the bytes of which it has the handle: this side's values, or a password.
    pub fn fill(&self, message: Message, password: impl FnOnce(Slot) -> Secret) -> Message<Secret> {
        match message {
            Message::Commitment(_) => Message::Commitment(written(&self.commit(&self.nonce))),
            Message::Nonce(_) => Message::Nonce(written(&self.nonce)),
            Message::Opening(_) => Message::Opening(written(&self.nonce)),
            other => other.map_password(password),
        }
    }

    /// Takes what a message that arrived has of the comparison; all are handed in, in their order. Returns whether it is a message: an
    /// opening has to open the commitment (R-SAS-3). Where the peer does not name the feature, and before it has named any, nothing
    /// is taken and all are messages, which the reducers ignore (R-SAS-1).
    pub fn take(&mut self, message: &Message<Secret>) -> bool {
        match (self.side, message) {
            (Side::Import, Message::AuthScheme(_, features)) | (Side::Export, Message::Hello(features)) => {
                // As to the reducers, a repeated one means nothing.
                self.in_force.get_or_insert(features.sas);
                true
            }
            _ if self.in_force != Some(true) => true,
            (Side::Import, Message::Commitment(value)) => {
                self.commitment = read(value);
                self.commitment.is_some()
            }
            (Side::Import, Message::Opening(value)) => self.open(value),
            (Side::Export, Message::Nonce(value)) => {
                let Some(importer) = read(value).map(Zeroizing::new) else { return false };
                self.string = Some(self.derive(&importer, &self.nonce));
                true
            }
            _ => true,
        }
    }

    /// The string, once both nonces are known.
    pub const fn string(&self) -> Option<&ComparisonString> {
        self.string.as_ref()
    }

    /// Compares the opening with the commitment, in constant time, and derives the string if it opens it.
    fn open(&mut self, value: &Secret) -> bool {
        let (Some(commitment), Some(exporter)) = (self.commitment, read(value).map(Zeroizing::new)) else {
            return false;
        };
        let opens = bool::from(self.commit(&exporter).ct_eq(&commitment));
        if opens {
            self.string = Some(self.derive(&self.nonce, &exporter));
        }
        opens
    }

    /// The commitment to a nonce of the exporter. It holds for this channel only.
    fn commit(&self, exporter: &Value) -> Value {
        let Channel { exported, importer, exporter: key } = &self.channel;
        let hash = Sha256::new().chain_update(COMMITMENT).chain_update(exported.as_slice()).chain_update(importer);
        hash.chain_update(key).chain_update(exporter).finalize().into()
    }

    /// The string of two nonces. All inputs have a fixed length, so that no two sets of them are the same bytes.
    fn derive(&self, importer: &Value, exporter: &Value) -> ComparisonString {
        let Channel { exported, importer: importing, exporter: exporting } = &self.channel;
        let hash = Sha256::new().chain_update(STRING).chain_update(exported.as_slice()).chain_update(importing);
        let hash = hash.chain_update(exporting).chain_update(importer).chain_update(exporter);
        let hash: Zeroizing<Value> = Zeroizing::new(hash.finalize().into());
        ComparisonString::of(&hash)
    }
}

/// The string: six digits and four words. Each is the whole string by itself: users compare either (R-SAS-4).
///
/// It is shown only where the API shows it, so its debug form leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct ComparisonString {
    digits: u32,
    words: [u16; SAS_WORDS],
}

impl ComparisonString {
    /// The digits are the first 8 bytes, a big-endian number, modulo 1 000 000; the words are 10 bits each of the 5 bytes after them.
    fn of(hash: &Value) -> Self {
        let number = hash[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let bits = hash[8..13].iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let words = core::array::from_fn(|at| (bits >> (10 * (SAS_WORDS - 1 - at)) & (words::COUNT as u64 - 1)) as u16);
        Self { digits: (number % 10_u64.pow(SAS_DIGITS)) as u32, words }
    }

    /// The six digits.
    pub fn digits(&self) -> String {
        format!("{:0width$}", self.digits, width = SAS_DIGITS as usize)
    }

    /// The four words, separated by spaces.
    pub fn words(&self) -> String {
        let [a, b, c, d] = self.words.map(|place| words::word(place.into()));
        format!("{a} {b} {c} {d}")
    }

    /// The digits and the words, as [`Signal::details`](crate::outcome::Signal::details) takes them.
    pub fn text(&self) -> String {
        format!("{} {}", self.digits(), self.words())
    }
}

impl fmt::Debug for ComparisonString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<comparison string>")
    }
}

/// Whether digits that a user expects are those that a daemon shows, compared in constant time. Spaces do not count.
pub fn is_expected(expected: &str, shown: &str) -> bool {
    let digits = |text: &str| text.chars().filter(|char| !char.is_ascii_whitespace()).collect::<String>();
    let (mut expected, mut shown) = (digits(expected), digits(shown));
    let equal = !shown.is_empty() && bool::from(expected.as_bytes().ct_eq(shown.as_bytes()));
    expected.zeroize();
    shown.zeroize();
    equal
}

/// A value as a message carries it: lower-case hexadecimal digits.
fn written(value: &Value) -> Secret {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = Secret::with_capacity(2 * SAS_VALUE);
    for byte in value {
        text.extend(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    text
}

/// Reads a value. The message's decoder takes no other text.
fn read(text: &Secret) -> Option<Value> {
    let nibble = |digit: u8| (digit as char).to_digit(16).map(|nibble| nibble as u8);
    let digits = text.as_bytes();
    if digits.len() != 2 * SAS_VALUE {
        return None;
    }
    let mut value = [0; SAS_VALUE];
    for (byte, pair) in value.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(value)
}

#[cfg(test)]
mod tests;
