//! The conditions under which an archive is opened.

use rustls_pki_types::UnixTime;

use crate::limits::{DEFAULT_MAX_ARCHIVE, MAX_INFLATION};

/// The refused archives, apart from those that are always wrong.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Bytes of the JSON text. [`DEFAULT_MAX_ARCHIVE`] by default.
    pub max_text: u64,
    /// How many times larger than its compressed form the text may be, beyond
    /// [`INFLATION_SLACK`](crate::limits::INFLATION_SLACK). [`MAX_INFLATION`] by default: a [`Sealer`](super::Sealer) keeps to that,
    /// and may exceed a lower one.
    pub max_inflation: u64,
    /// The time at which the certificates have to be valid; `None` accepts expired ones, to look at them.
    pub now: Option<UnixTime>,
}

impl Terms {
    /// The default limits, and certificates that are valid at `now`.
    pub const fn at(now: UnixTime) -> Self {
        Self { max_text: DEFAULT_MAX_ARCHIVE, max_inflation: MAX_INFLATION, now: Some(now) }
    }

    /// The default limits, and certificates of any time.
    pub const fn any_time() -> Self {
        Self { max_text: DEFAULT_MAX_ARCHIVE, max_inflation: MAX_INFLATION, now: None }
    }

    /// The same with another limit of the text.
    pub const fn with_max_text(self, max_text: u64) -> Self {
        Self { max_text, ..self }
    }
}
