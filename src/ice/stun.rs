//! The part of STUN (RFC 8489) that checks have: Binding messages with eight attributes.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY};

use super::role::Role;
use crate::limits::MAX_STUN;

/// Bytes of a header.
const HEADER: usize = 20;
/// The constant in a header.
const COOKIE: u32 = 0x2112_a442;
/// Makes a fingerprint differ from any other CRC-32.
const FINGERPRINT_MASK: u32 = 0x5354_554e;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
const ICE_CONTROLLING: u16 = 0x802a;

/// Bytes of the two attributes at the end, with their heads.
const INTEGRITY_SIZE: usize = 24;
const FINGERPRINT_SIZE: usize = 8;

/// The number of a request, which its response repeats.
pub type Transaction = [u8; 12];

/// The class of a Binding message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Asks for a response.
    Request,
    /// Asks for none: keeps a connection alive.
    Indication,
    /// The response of a request that was taken.
    Success,
    /// The response of one that was not.
    Error,
}

impl Class {
    const ALL: [(u16, Self); 4] =
        [(0x0001, Self::Request), (0x0011, Self::Indication), (0x0101, Self::Success), (0x0111, Self::Error)];
}

/// A key of short-term credentials: the password's bytes.
pub fn key(password: &[u8]) -> hmac::Key {
    hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, password)
}

/// Whether a frame is taken for STUN, as real peers decide it: a first byte of 0 or 1, and a length that fits. All else is the application's.
pub fn is_stun(frame: &[u8]) -> bool {
    match frame {
        [0 | 1, _, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])) + HEADER == frame.len(),
        _ => false,
    }
}

/// A Binding message. Attributes after its integrity, except the fingerprint, are not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The class.
    pub class: Class,
    /// Its number.
    pub transaction: Transaction,
    /// `<receiver's name>:<sender's name>`.
    pub username: Option<&'a [u8]>,
    /// The priority that the sender gives the address from which this comes.
    pub priority: Option<u32>,
    /// The sender chooses this connection.
    pub use_candidate: bool,
    /// The role that the sender has, with its tie-breaker.
    pub role: Option<(Role, u64)>,
    /// Where the sender of a response saw the request come from.
    pub mapped: Option<SocketAddr>,
    bytes: &'a [u8],
    /// Where the integrity stands, and its value.
    integrity: Option<(usize, &'a [u8])>,
}

impl<'a> Message<'a> {
    /// Reads a message; none if it is no Binding message, is cut, too long, or has a wrong fingerprint. Its integrity is not yet checked.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() > MAX_STUN || !is_stun(bytes) {
            return None;
        }
        let (header, mut rest) = bytes.split_first_chunk::<HEADER>()?;
        let kind = u16::from_be_bytes([header[0], header[1]]);
        let class = Class::ALL.into_iter().find(|(number, _)| *number == kind)?.1;
        if header[4..8] != COOKIE.to_be_bytes() {
            return None;
        }
        let transaction = header[8..].try_into().ok()?;
        let mut message = Self {
            class,
            transaction,
            username: None,
            priority: None,
            use_candidate: false,
            role: None,
            mapped: None,
            bytes,
            integrity: None,
        };
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            let (head, tail) = rest.split_first_chunk::<4>()?;
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let value = tail.get(..length)?;
            rest = tail.get(length.next_multiple_of(4)..)?;
            let kind = u16::from_be_bytes([head[0], head[1]]);
            if kind == FINGERPRINT {
                let value = u32::from_be_bytes(value.try_into().ok()?);
                return (value == fingerprint(bytes, at)).then_some(message);
            }
            if message.integrity.is_some() {
                continue;
            }
            match kind {
                USERNAME => message.username = Some(value),
                PRIORITY => message.priority = Some(u32::from_be_bytes(value.try_into().ok()?)),
                USE_CANDIDATE => message.use_candidate = true,
                ICE_CONTROLLED => message.role = Some((Role::Controlled, u64::from_be_bytes(value.try_into().ok()?))),
                ICE_CONTROLLING => message.role = Some((Role::Controlling, u64::from_be_bytes(value.try_into().ok()?))),
                XOR_MAPPED_ADDRESS => message.mapped = Some(unmapped(value, &transaction)?),
                MESSAGE_INTEGRITY => message.integrity = Some((at, value)),
                _ => {}
            }
        }
        Some(message)
    }

    /// Whether it was signed with this key. Takes the same time for all signatures.
    pub fn is_signed(&self, key: &hmac::Key) -> bool {
        let Some((at, value)) = self.integrity else { return false };
        hmac::verify(key, &covered(self.bytes, at, INTEGRITY_SIZE), value).is_ok()
    }
}

/// Returns the first bytes of a message as if it ended with an attribute of so many bytes that stands there: what is signed.
fn covered(bytes: &[u8], at: usize, attribute: usize) -> Vec<u8> {
    let mut covered = bytes[..at].to_vec();
    let length = (at + attribute - HEADER) as u16;
    covered[2..4].copy_from_slice(&length.to_be_bytes());
    covered
}

fn fingerprint(bytes: &[u8], at: usize) -> u32 {
    crc32fast::hash(&covered(bytes, at, FINGERPRINT_SIZE)) ^ FINGERPRINT_MASK
}

/// The mask with which the bytes of an address are combined.
fn mask(transaction: &Transaction) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&COOKIE.to_be_bytes());
    mask[4..].copy_from_slice(transaction);
    mask
}

fn unmapped(value: &[u8], transaction: &Transaction) -> Option<SocketAddr> {
    let (head, ip) = value.split_first_chunk::<4>()?;
    let port = u16::from_be_bytes([head[2], head[3]]) ^ (COOKIE >> 16) as u16;
    let bytes: Vec<u8> = ip.iter().zip(mask(transaction)).map(|(byte, mask)| byte ^ mask).collect();
    let ip = match (head[1], ip.len()) {
        (1, 4) => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        (2, 16) => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// A message that is being written.
struct Writer(Vec<u8>);

impl Writer {
    fn new(kind: u16, transaction: &Transaction) -> Self {
        let mut bytes = Vec::with_capacity(160);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0; 2]);
        bytes.extend(COOKIE.to_be_bytes());
        bytes.extend(transaction);
        Self(bytes)
    }

    fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        self.0.extend(kind.to_be_bytes());
        self.0.extend((value.len() as u16).to_be_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        let length = (self.0.len() - HEADER) as u16;
        self.0[2..4].copy_from_slice(&length.to_be_bytes());
        self
    }

    /// Signs it, and gives its bytes.
    fn signed(self, key: &hmac::Key) -> Vec<u8> {
        let tag = hmac::sign(key, &covered(&self.0, self.0.len(), INTEGRITY_SIZE));
        let signed = self.attribute(MESSAGE_INTEGRITY, tag.as_ref());
        let print = fingerprint(&signed.0, signed.0.len());
        signed.attribute(FINGERPRINT, &print.to_be_bytes()).0
    }
}

/// The content of a check.
#[derive(Clone, Debug)]
pub struct Check<'a> {
    /// The names, the receiver's first.
    pub names: [&'a str; 2],
    /// The priority of the address from which it comes.
    pub priority: u32,
    /// Whether it chooses the connection.
    pub use_candidate: bool,
    /// The sender's role and tie-breaker.
    pub role: (Role, u64),
}

/// Writes a check, signed with the receiver's key, with its attributes in the order of real peers.
pub fn request(transaction: &Transaction, check: &Check<'_>, key: &hmac::Key) -> Vec<u8> {
    let mut writer = Writer::new(0x0001, transaction).attribute(PRIORITY, &check.priority.to_be_bytes());
    if check.use_candidate {
        writer = writer.attribute(USE_CANDIDATE, &[]);
    }
    let role = match check.role.0 {
        Role::Controlling => ICE_CONTROLLING,
        Role::Controlled => ICE_CONTROLLED,
    };
    writer
        .attribute(role, &check.role.1.to_be_bytes())
        .attribute(USERNAME, check.names.join(":").as_bytes())
        .signed(key)
}

/// Writes the response of a check that came from this address, signed with the same key as the check.
pub fn success(transaction: &Transaction, from: SocketAddr, key: &hmac::Key) -> Vec<u8> {
    let mut value = vec![0, if from.is_ipv4() { 1 } else { 2 }];
    value.extend((from.port() ^ (COOKIE >> 16) as u16).to_be_bytes());
    let ip = match from.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    value.extend(ip.iter().zip(mask(transaction)).map(|(byte, mask)| byte ^ mask));
    Writer::new(0x0101, transaction).attribute(XOR_MAPPED_ADDRESS, &value).signed(key)
}

/// A check that leaves its priority out.
#[cfg(test)]
pub(super) fn without_priority(transaction: &Transaction, username: &str, key: &hmac::Key) -> Vec<u8> {
    Writer::new(0x0001, transaction).attribute(USERNAME, username.as_bytes()).signed(key)
}

/// A message of this kind, with no attributes of its own.
#[cfg(test)]
pub(super) fn other(kind: u16, transaction: &Transaction, key: &hmac::Key) -> Vec<u8> {
    Writer::new(kind, transaction).signed(key)
}

#[cfg(test)]
mod tests;
