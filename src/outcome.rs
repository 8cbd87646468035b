//! States, outcomes, details, and the two vocabularies in which a client sees them.

use alloc::{collections::BTreeMap, string::String};
use core::{fmt, net::SocketAddr};

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// The state of an operation for a client (R-STATE-1). The numbers are those of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum LinkState {
    /// Before the first signal; never signalled.
    Init = 0,
    /// The token can be shown. Import side only.
    TokenAvailable = 1,
    /// A connection is being established.
    Connecting = 2,
    /// The users confirm each other's device; the password is asked for.
    Authenticating = 3,
    /// The archive is on its way.
    InProgress = 4,
    /// The end: success or failure.
    Done = 5,
}

impl LinkState {
    /// All six, in order.
    pub const ALL: [Self; 6] =
        [Self::Init, Self::TokenAvailable, Self::Connecting, Self::Authenticating, Self::InProgress, Self::Done];

    /// The number used in signals.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The documented name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::TokenAvailable => "TOKEN_AVAILABLE",
            Self::Connecting => "CONNECTING",
            Self::Authenticating => "AUTHENTICATING",
            Self::InProgress => "IN_PROGRESS",
            Self::Done => "DONE",
        }
    }
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which side of a link a device is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The new device, which receives the account.
    Import,
    /// The device that has the account.
    Export,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Import => "import",
            Self::Export => "export",
        })
    }
}

/// How an operation ended (R-ERR-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The account is linked.
    Success {
        /// Whether the importer said that it stored the account. An import's own success always is.
        confirmed: bool,
    },
    /// The other device could not be reached, or the link to it was lost.
    Network,
    /// A timer of R-TIME fired, here or at the peer.
    Timeout,
    /// No right password was given in three tries, or the token was guessed at too often.
    Authentication,
    /// A user ended the operation, here or at the peer.
    Canceled {
        /// Whether archive bytes had been queued when the peer's cancel arrived (R-CANCEL-1).
        sent: bool,
    },
    /// A user saw two different comparison strings, here or at the peer: another device is between the two (R-SAS-7).
    Mismatch,
    /// The peer broke a rule, or what it sent is not the account's archive.
    Protocol,
    /// This device could not read or write.
    Storage,
    /// The other device said that it failed.
    Peer,
}

/// The party that can do something about a failed operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// No one: it worked.
    None,
    /// The network between the devices.
    Network,
    /// A person: a wrong password, a cancel.
    User,
    /// The other device.
    Peer,
    /// This device.
    ThisDevice,
}

impl Outcome {
    /// The importer's only success, and the exporter's with a peer that reports its result.
    pub const SUCCESS: Self = Self::Success { confirmed: true };
    /// A cancel before any archive byte was out.
    pub const CANCELED: Self = Self::Canceled { sent: false };
    /// Each outcome, once.
    pub const ALL: [Self; 11] = [
        Self::SUCCESS,
        Self::Success { confirmed: false },
        Self::Network,
        Self::Timeout,
        Self::Authentication,
        Self::CANCELED,
        Self::Canceled { sent: true },
        Self::Mismatch,
        Self::Protocol,
        Self::Storage,
        Self::Peer,
    ];

    /// Whether the account was linked, as far as this side can know.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success { .. })
    }

    /// Returns the party at fault.
    pub const fn fault(self) -> Fault {
        match self {
            Self::Success { .. } => Fault::None,
            Self::Network | Self::Timeout => Fault::Network,
            Self::Authentication | Self::Canceled { .. } => Fault::User,
            Self::Mismatch | Self::Protocol | Self::Peer => Fault::Peer,
            Self::Storage => Fault::ThisDevice,
        }
    }

    /// The exit code of `handfast import` and `handfast export`.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Success { .. } => 0,
            Self::Network => 10,
            Self::Timeout => 11,
            Self::Authentication => 12,
            Self::Canceled { .. } => 13,
            Self::Protocol => 14,
            Self::Storage => 15,
            Self::Peer => 17,
            Self::Mismatch => 18,
        }
    }

    /// The exact outcome in one word: the value of the extra key `reason` (R-ERR-2).
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Success { .. } => "success",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::Canceled { .. } => "canceled",
            Self::Mismatch => "mismatch",
            Self::Protocol => "protocol",
            Self::Storage => "storage",
            Self::Peer => "peer",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())?;
        match self {
            Self::Success { confirmed: false } => f.write_str(" (unconfirmed)"),
            Self::Canceled { sent: true } => f.write_str(" (sent)"),
            _ => Ok(()),
        }
    }
}

/// The strings of the API's edge (R-ERR-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vocabulary {
    /// The words of the documentation; an exact outcome goes into the extra key `reason`.
    #[default]
    Documented,
    /// The words of today's Jami daemon.
    Jamid,
}

impl Vocabulary {
    /// The value of `error` for an outcome.
    pub const fn error(self, outcome: Outcome) -> &'static str {
        match (self, outcome) {
            (_, Outcome::Success { .. }) => "",
            (_, Outcome::Network) => "network",
            (Self::Documented, Outcome::Authentication | Outcome::Mismatch) => "authentication",
            (Self::Documented, _) => "network",
            (Self::Jamid, Outcome::Timeout) => "timeout",
            (Self::Jamid, Outcome::Authentication) => "auth_error",
            (Self::Jamid, Outcome::Canceled { .. }) => "canceled",
            (Self::Jamid, Outcome::Mismatch | Outcome::Protocol | Outcome::Storage | Outcome::Peer) => "unknown",
        }
    }

    /// The value of `auth_error` after a wrong password.
    pub const fn wrong_password(self) -> &'static str {
        match self {
            Self::Documented => "bad_password",
            Self::Jamid => "invalid_credentials",
        }
    }

    /// Whether an `error` means success. Any other string is a failure, also an unknown one (R-ERR-2).
    pub fn is_success(error: &str) -> bool {
        matches!(error, "" | "none")
    }
}

/// Where the documentation and today's daemon disagree, a profile chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// As the documentation says.
    #[default]
    Documented,
    /// As today's Jami daemon does.
    Jamid,
}

impl Profile {
    /// The words in which this profile speaks to a client.
    pub const fn vocabulary(self) -> Vocabulary {
        match self {
            Self::Documented => Vocabulary::Documented,
            Self::Jamid => Vocabulary::Jamid,
        }
    }
}

/// How the archive is protected: the `authScheme` of the wire, the `auth_scheme` of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scheme {
    /// No password.
    None,
    /// A password.
    Password,
}

impl Scheme {
    /// The word on the wire and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Password => "password",
        }
    }

    /// Reads the word; `none` equals the empty one (R-ERR-2).
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "" | "none" => Some(Self::None),
            "password" => Some(Self::Password),
            _ => None,
        }
    }

    /// Returns the protection of an archive that is sealed with `password`: none for the empty one (R-ARC-5).
    pub fn of(password: &Secret) -> Self {
        if password.is_empty() { Self::None } else { Self::Password }
    }
}

/// The short id of an account: SHA-1 of its certificate's SubjectPublicKeyInfo. Printed as 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub [u8; 20]);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({self})")
    }
}

/// Not 40 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account id is 40 hexadecimal digits")]
pub struct NotAnAccountId;

impl core::str::FromStr for AccountId {
    type Err = NotAnAccountId;

    fn from_str(text: &str) -> Result<Self, NotAnAccountId> {
        let digits = text.as_bytes();
        let mut id = [0; 20];
        if digits.len() != 2 * id.len() {
            return Err(NotAnAccountId);
        }
        for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            let nibble = |digit: u8| (digit as char).to_digit(16).ok_or(NotAnAccountId);
            *byte = (nibble(pair[0])? << 4 | nibble(pair[1])?) as u8;
        }
        Ok(Self(id))
    }
}

impl Serialize for AccountId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A change of state as its client learns it: typed here, strings only through [`Signal::details`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Signal {
    /// The token can be shown. Its text stays in the shell, which adds it (R-SEC-2).
    TokenAvailable,
    /// A connection is being established.
    Connecting,
    /// Import side: the user is asked to confirm `peer`, and for a password.
    Prompt {
        /// The account that the peer's verified chain names: `peer_id`.
        peer: AccountId,
        /// The scheme that the answer has to have.
        scheme: Scheme,
        /// Whether the last answer was a wrong password.
        wrong_password: bool,
    },
    /// Export side: the user is asked to confirm the importing device's address.
    Confirm {
        /// The importing device as seen from here (R-STATE-3).
        peer_address: SocketAddr,
    },
    /// Import side: the user compares the strings of both screens (R-SAS-5). The string stays in the shell, which adds it.
    CompareAccount {
        /// The account that the peer's verified chain names.
        peer: AccountId,
        /// The scheme of the prompt that follows.
        scheme: Scheme,
    },
    /// Export side: the user compares the strings of both screens, and with that confirms the device (R-SAS-5).
    CompareDevice {
        /// The importing device as seen from here (R-STATE-3).
        peer_address: SocketAddr,
    },
    /// The archive is on its way.
    InProgress,
    /// The end.
    Done(Outcome),
}

/// The details of a signal: a `map<String, String>` (R-STATE-3).
pub type Details = BTreeMap<String, String>;

impl Signal {
    /// The documented state that this signal announces.
    pub const fn state(&self) -> LinkState {
        match self {
            Self::TokenAvailable => LinkState::TokenAvailable,
            Self::Connecting => LinkState::Connecting,
            Self::Prompt { .. } | Self::Confirm { .. } | Self::CompareAccount { .. } | Self::CompareDevice { .. } => {
                LinkState::Authenticating
            }
            Self::InProgress => LinkState::InProgress,
            Self::Done(_) => LinkState::Done,
        }
    }

    /// Whether it asks the user to compare (R-SAS-5).
    pub const fn compares(&self) -> bool {
        matches!(self, Self::CompareAccount { .. } | Self::CompareDevice { .. })
    }

    /// The details as the API shows them. `text` is what the shell adds: the token to [`Signal::TokenAvailable`], the digits and words,
    /// separated by spaces, to a signal that [compares](Self::compares).
    pub fn details(&self, vocabulary: Vocabulary, text: &str) -> Details {
        let mut details = Details::new();
        let mut add = |key: &str, value: String| details.insert(key.into(), value);
        match self {
            Self::TokenAvailable => {
                add("token", text.into());
            }
            Self::Connecting | Self::InProgress => {}
            Self::Prompt { peer, scheme, .. } | Self::CompareAccount { peer, scheme } => {
                add("peer_id", alloc::format!("{peer}"));
                add("auth_scheme", scheme.as_str().into());
                if matches!(self, Self::Prompt { wrong_password: true, .. }) {
                    add("auth_error", vocabulary.wrong_password().into());
                }
            }
            Self::Confirm { peer_address } | Self::CompareDevice { peer_address } => {
                add("peer_address", alloc::format!("{peer_address}"));
            }
            Self::Done(outcome) => {
                let error = vocabulary.error(*outcome);
                add("error", error.into());
                if vocabulary == Vocabulary::Documented && !error.is_empty() && error != outcome.reason() {
                    add("reason", outcome.reason().into());
                }
                match outcome {
                    Outcome::Success { confirmed: false } => add("confirmed", "false".into()),
                    Outcome::Canceled { sent: true } => add("sent", "true".into()),
                    _ => None,
                };
            }
        }
        if self.compares() {
            let (digits, words) = text.split_once(' ').unwrap_or((text, ""));
            details.insert("sas".into(), digits.into());
            details.insert("sas_words".into(), words.into());
        }
        details
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec::Vec};

    /// Each profile speaks in its own words.
    #[test]
    fn a_profile_has_its_vocabulary() {
        let both = [Profile::Documented, Profile::Jamid].map(Profile::vocabulary);
        assert_eq!(both, [Vocabulary::Documented, Vocabulary::Jamid]);
    }

    /// The table of R-ERR-1, typed from the specification.
    #[test]
    fn vocabularies_and_exit_codes_are_those_of_the_table() {
        let table: Vec<_> = Outcome::ALL
            .iter()
            .map(|&outcome| {
                (Vocabulary::Documented.error(outcome), Vocabulary::Jamid.error(outcome), outcome.exit_code())
            })
            .collect();
        assert_eq!(
            table,
            [
                ("", "", 0),
                ("", "", 0),
                ("network", "network", 10),
                ("network", "timeout", 11),
                ("authentication", "auth_error", 12),
                ("network", "canceled", 13),
                ("network", "canceled", 13),
                ("authentication", "unknown", 18),
                ("network", "unknown", 14),
                ("network", "unknown", 15),
                ("network", "unknown", 17),
            ]
        );
    }

    /// R-STATE-1, R-ERR-1: what is printed, word by word.
    #[test]
    fn everything_has_its_name() {
        let states = LinkState::ALL.map(|state| state.to_string());
        assert_eq!(states, ["INIT", "TOKEN_AVAILABLE", "CONNECTING", "AUTHENTICATING", "IN_PROGRESS", "DONE"]);
        assert_eq!([Side::Import, Side::Export].map(|side| side.to_string()), ["import", "export"]);
        let outcomes = [
            (Outcome::SUCCESS, "success"),
            (Outcome::Success { confirmed: false }, "success (unconfirmed)"),
            (Outcome::CANCELED, "canceled"),
            (Outcome::Canceled { sent: true }, "canceled (sent)"),
        ];
        for (outcome, name) in outcomes {
            assert_eq!(outcome.to_string(), name);
        }
        let words = [Vocabulary::Documented, Vocabulary::Jamid].map(Vocabulary::wrong_password);
        assert_eq!(words, ["bad_password", "invalid_credentials"]);
        let account = AccountId([0xab; 20]);
        assert_eq!(alloc::format!("{account:?}"), alloc::format!("AccountId({account})"));
    }

    #[test]
    fn the_documented_vocabulary_loses_no_outcome() {
        let mut seen = Vec::new();
        for outcome in Outcome::ALL {
            let details = Signal::Done(outcome).details(Vocabulary::Documented, "");
            assert_eq!(Vocabulary::is_success(&details["error"]), outcome.is_success());
            assert!(!seen.contains(&details), "{outcome} has its own details");
            seen.push(details);
        }
    }

    #[test]
    fn unknown_errors_are_failures() {
        assert!(Vocabulary::is_success("") && Vocabulary::is_success("none"));
        for word in ["network", "None", "success", " ", "\0"] {
            assert!(!Vocabulary::is_success(word), "{word:?}");
        }
    }

    #[test]
    fn account_ids_round_trip_and_refuse_what_they_are_not() {
        let text = "02f92cb034a73275b5a23074abfa84a20a4f340b";
        assert_eq!(text.parse::<AccountId>().unwrap().to_string(), text);
        for wrong in ["", "02", "g2f92cb034a73275b5a23074abfa84a20a4f340b", "02f92cb034a73275b5a23074abfa84a20a4f340b0"]
        {
            assert_eq!(wrong.parse::<AccountId>(), Err(NotAnAccountId));
        }
    }

    #[test]
    fn an_ipv6_address_is_shown_in_brackets() {
        let signal = Signal::Confirm { peer_address: "[::1]:4711".parse().unwrap() };
        assert_eq!(signal.details(Vocabulary::Jamid, "")["peer_address"], "[::1]:4711");
    }
}
