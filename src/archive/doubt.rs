//! Doubts in dates (R-TIME-7): each has both facts that contradict each other.

use core::fmt;

use time::OffsetDateTime;

/// A moment in seconds since 1970, which prints as its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

impl fmt::Display for Day {
    /// The day, or the seconds since 1970 where the calendar does not reach.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match OffsetDateTime::from_unix_timestamp(self.0) {
            Ok(time) => write!(f, "{}", time.date()),
            Err(_) => write!(f, "{} s since 1970", self.0),
        }
    }
}

/// Why a date is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateDoubt {
    /// No device that has this program can have the date of this one. The fault is this device's.
    #[error("this device's date is {now}, which cannot be: set its date and time")]
    Impossible {
        /// This device's date.
        now: Day,
    },
    /// The account begins later than now. The fault is most likely this device's.
    #[error(
        "this device's date is {now}, but the account's certificate is valid from {begins} on: set this device's date and time. \
         If they are right, the date was wrong where the account was made"
    )]
    BeforeAccount {
        /// This device's date.
        now: Day,
        /// When the account's certificates begin to be valid.
        begins: Day,
    },
    /// The account has ended. The fault is most likely this device's: a device whose date is right does not export such an account.
    #[error(
        "this device's date is {now}, but the account's certificate was valid until {ended}: set this device's date and time. \
         If they are right, the account has expired"
    )]
    AfterAccount {
        /// This device's date.
        now: Day,
        /// When the first of the account's certificates ended to be valid.
        ended: Day,
    },
    /// The certificate of a device begins later than now. Whose date is wrong is not known.
    #[error(
        "this device's date is {now}, but the certificate of {whose} is valid from {begins} on: the date of one of the two devices is \
         wrong, or was when that certificate was made"
    )]
    BeforeDevice {
        /// This device's date.
        now: Day,
        /// Whose certificate it is.
        whose: Whose,
        /// When it begins to be valid.
        begins: Day,
    },
    /// The certificate of a device has ended.
    #[error(
        "this device's date is {now}, but the certificate of {whose} was valid until {ended}: set the date if it is wrong. If it is \
         right, link that device again: others may refuse it"
    )]
    AfterDevice {
        /// This device's date.
        now: Day,
        /// Whose certificate it is.
        whose: Whose,
        /// When it ended to be valid.
        ended: Day,
    },
    /// Nothing that the exporter shows is nearly as young as this device believes to be.
    #[error(
        "this device's date is {now}, and no certificate that the other device shows is younger than {newest}: if this device's date is \
         ahead, stop here and set it. The certificate that it gets is valid from its date on, and others refuse it until then"
    )]
    LongAfter {
        /// This device's date.
        now: Day,
        /// When the youngest of the peer's certificates was made.
        newest: Day,
    },
    /// A throw-away certificate is made for one link: its date is the peer's. Whose date is wrong is not known.
    #[error(
        "this device's date is {now}, and that of the new device is {theirs}: one of them is wrong. If it is the new device's, stop here \
         and set it: the certificate that it gets is valid from its date on, and others refuse it until then"
    )]
    Apart {
        /// This device's date.
        now: Day,
        /// The peer's date.
        theirs: Day,
    },
}

/// Whose certificate it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This device's own.
    Own,
    /// The peer's.
    Peer,
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "this device",
            Self::Peer => "the other device",
        })
    }
}
