//! The states of today's message protocol, and the rows of its tables that a step takes.

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

/// Numbers of rows. A reducer notes those that a step takes in a set that its caller holds: they are no part of its state.
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
