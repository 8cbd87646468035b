//! The keys of a message and the words of their values, one place for both directions (R-MSG-1).

use super::{Features, ImportResult, Word};

/// A key that this document knows, of either level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    SchemeId,
    Payload,
    AccData,
    AuthScheme,
    CanRetry,
    Features,
    ImportResult,
    Password,
    PasswordCorrect,
    SasCommitment,
    SasNonce,
    SasOpening,
    StateMsg,
}

impl Key {
    /// The keys of the outer map, in the order in which they are written.
    pub(super) const OUTER: [Self; 2] = [Self::SchemeId, Self::Payload];
    /// The keys of the payload.
    pub(super) const INNER: [Self; 11] = [
        Self::AccData,
        Self::AuthScheme,
        Self::CanRetry,
        Self::Features,
        Self::ImportResult,
        Self::Password,
        Self::PasswordCorrect,
        Self::SasCommitment,
        Self::SasNonce,
        Self::SasOpening,
        Self::StateMsg,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SchemeId => "schemeId",
            Self::Payload => "payload",
            Self::AccData => "accData",
            Self::AuthScheme => "authScheme",
            Self::CanRetry => "canRetry",
            Self::Features => "features",
            Self::ImportResult => "importResult",
            Self::Password => "password",
            Self::PasswordCorrect => "passwordCorrect",
            Self::SasCommitment => "sasCommitment",
            Self::SasNonce => "sasNonce",
            Self::SasOpening => "sasOpening",
            Self::StateMsg => "stateMsg",
        }
    }
}

impl Word {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Canceled => "CANCELED",
            Self::Timeout => "TIMEOUT",
            Self::Mismatch => "MISMATCH",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Canceled, Self::Timeout, Self::Mismatch].into_iter().find(|this| this.as_str() == word)
    }
}

impl ImportResult {
    /// The word on the wire; that of [`ImportResult::Other`] is empty.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::FailedArchive => "failed_archive",
            Self::FailedStorage => "failed_storage",
            Self::Other => "",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Self {
        let known = [Self::Stored, Self::FailedArchive, Self::FailedStorage];
        known.into_iter().find(|this| this.as_str() == word).unwrap_or(Self::Other)
    }
}

impl Features {
    /// The names on the wire, separated by commas, in byte order.
    pub const fn as_str(self) -> &'static str {
        match (self.cancel, self.result, self.sas) {
            (false, false, false) => "",
            (true, false, false) => "cancel",
            (false, true, false) => "result",
            (true, true, false) => "cancel,result",
            (false, false, true) => "sas",
            (true, false, true) => "cancel,sas",
            (false, true, true) => "result,sas",
            (true, true, true) => "cancel,result,sas",
        }
    }

    /// Reads the names; unknown ones mean nothing.
    pub fn from_names(names: &str) -> Self {
        names.split(',').fold(Self::NONE, |features, name| match name {
            "cancel" => Self { cancel: true, ..features },
            "result" => Self { result: true, ..features },
            "sas" => Self { sas: true, ..features },
            _ => features,
        })
    }
}
