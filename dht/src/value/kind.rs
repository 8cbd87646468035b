//! Types of values: how long they live, and what a storing node checks.

use core::time::Duration;

/// The number that a value's body carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueType(pub u16);

/// One row: the number, minutes of life, whether a storing node checks a signature that is there.
const KINDS: [(ValueType, u64, bool); 7] = [
    (ValueType::USER_DATA, 10, true),
    (ValueType::MESSAGE, 5, true),
    (ValueType::SERVICE, 15, false),
    (ValueType::INSTANT_MESSAGE, 5, true),
    (ValueType::TRUST_REQUEST, 7 * 24 * 60, true),
    (ValueType::ICE, 1, true),
    (ValueType::CERTIFICATE, 7 * 24 * 60, false),
];

impl ValueType {
    /// Data without a type of its own. An encrypted value counts as this one.
    pub const USER_DATA: Self = Self(0);
    /// A message of the DHT's own chat.
    pub const MESSAGE: Self = Self(1);
    /// An announced service.
    pub const SERVICE: Self = Self(2);
    /// An instant message.
    pub const INSTANT_MESSAGE: Self = Self(3);
    /// A trust request.
    pub const TRUST_REQUEST: Self = Self(4);
    /// ICE candidates.
    pub const ICE: Self = Self(5);
    /// A certificate chain; storing nodes take it at its own keys only.
    pub const CERTIFICATE: Self = Self(8);

    /// Returns how long a storing node keeps such a value after a put or a refresh.
    #[must_use]
    pub fn lifetime(self) -> Duration {
        let minutes = KINDS.iter().find(|(kind, ..)| *kind == self).map_or(10, |(_, minutes, _)| *minutes);
        Duration::from_secs(minutes * 60)
    }

    /// Says whether a storing node refuses such a value when it has a signature that is wrong.
    #[must_use]
    pub fn checks_signature(self) -> bool {
        KINDS.iter().any(|(kind, _, checked)| *kind == self && *checked)
    }
}
