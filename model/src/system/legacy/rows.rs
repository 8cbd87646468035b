//! The states of today's message protocol, and the rows of its tables that a step takes.

use std::hash::{Hash, Hasher};

/// The states of the message protocol, one list for both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum AuthState {
    Handshake,
    Est,
    Auth,
    Data,
    Err,
    AuthError,
    Timeout,
    Canceled,
}

impl AuthState {
    /// Whether the operation is over in this state.
    pub(crate) const fn is_completed(self) -> bool {
        matches!(self, Self::Err | Self::AuthError | Self::Timeout | Self::Canceled)
    }
}

/// The numbers of the rows that the last step took. They are no part of the state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows(u32);

impl Rows {
    pub(super) fn take(&mut self, row: u8) {
        self.0 |= 1 << row;
    }

    /// Those of both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The numbers, in order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..32).filter(move |&row| self.0 & 1 << row != 0)
    }
}

impl PartialEq for Rows {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Rows {}

impl Hash for Rows {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
