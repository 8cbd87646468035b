//! Bytes that do not print and are wiped (R-SEC-2).

use alloc::{string::String, vec::Vec};
use core::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A string of secret bytes: a password, an encoded message that may hold one. It is wiped when it is dropped, its text form is
/// a tag, and comparing two takes a time that depends on their lengths only.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// An empty one with room for `capacity` bytes: filled no further, it leaves no copy.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, if the bytes are UTF-8. The password of a decoded message always is.
    pub fn as_str(&self) -> Option<&str> {
        core::str::from_utf8(&self.0).ok()
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends `bytes`, wiping what moves.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let length = self.0.len() + bytes.len();
        if length > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(length.max(2 * self.0.capacity())));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    #[test]
    fn it_prints_as_a_tag() {
        let secret = Secret::from("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:#?}", Some(&secret)), "<secret> <secret> Some(\n    <secret>,\n)");
    }

    #[test]
    fn equal_means_equal_bytes() {
        assert_eq!(Secret::from("a"), Secret::from(&b"a"[..]));
        for other in ["", "b", "aa"] {
            assert_ne!(Secret::from("a"), Secret::from(other));
        }
    }

    #[test]
    fn growing_keeps_the_bytes() {
        let mut secret = Secret::with_capacity(1);
        assert!(secret.0.capacity() >= 1);
        for part in [&b"a"[..], b"", b"bcdef", b"g"] {
            secret.extend(part);
        }
        assert_eq!(secret.as_str(), Some("abcdefg"));
    }

    /// R-SEC-2: one that fills its room and no more leaves no copy, and one that grows step by step moves seldom.
    #[test]
    fn it_moves_only_when_its_room_is_used_up() {
        let mut secret = Secret::with_capacity(8);
        let room = secret.0.capacity();
        secret.extend(b"abc");
        secret.extend(&vec![b'd'; room - 3]);
        assert_eq!((secret.len(), secret.0.capacity()), (room, room));
        secret.extend(b"e");
        assert_eq!(secret.len(), room + 1);
        assert!(secret.0.capacity() >= 2 * room);
    }

    #[test]
    fn it_has_a_length_and_bytes() {
        for (text, length) in [("", 0), ("a", 1), ("hunter2", 7)] {
            let secret = Secret::from(text);
            assert_eq!((secret.len(), secret.is_empty()), (length, length == 0));
            assert_eq!(AsRef::<[u8]>::as_ref(&secret), text.as_bytes());
            assert_eq!(Secret::from(String::from(text)).as_str(), Some(text));
            assert_eq!(Secret::from(text.as_bytes().to_vec()).as_bytes(), text.as_bytes());
        }
        assert_eq!(Secret::from(vec![0xff]).as_str(), None);
    }
}
