//! The decisions in which an old daemon of another day differs from that of 2026-08.
//!
//! A commit of the past is undone by the changes that it made; a weakness of today is switched off by the change that would mend it, so
//! that it does not hide another cause of the same violation. The table of each side asks for a change where it decides.

use std::fmt;

/// One decision that is made otherwise than in the daemon of 2026-08.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Change {
    /// The importer stores every archive in clear, whatever was typed.
    StoresInClear,
    /// The importer refuses an answer of the empty scheme.
    PasswordSchemeOnly,
    /// The importer changes nothing where an incoming connection fails.
    FailureIgnored,
    /// The importer refuses a chain that is not, as a whole, the one that the directory knows.
    WholeChain,
    /// After a wrong password the exporter allows another try, and is in ERR.
    ErrAfterWrong,
    /// The exporter compares the count of tries with the limit before it counts the last one.
    CountsLate,
    /// After a malformed message a side is in ERR, and its channel stays open.
    MalformedWaits,
    /// Mends W-1: an archive is loaded after an answer only.
    ArchiveAfterAnswer,
    /// Mends W-4: an archive of another account than the one that was shown is not installed.
    ArchiveBound,
    /// Mends W-14: a message without a password is no try.
    StraysFree,
    /// Mends the flag of W-26: it comes from the password and not from the scheme's name.
    FlagFromPassword,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::StoresInClear,
        Self::PasswordSchemeOnly,
        Self::FailureIgnored,
        Self::WholeChain,
        Self::ErrAfterWrong,
        Self::CountsLate,
        Self::MalformedWaits,
        Self::ArchiveAfterAnswer,
        Self::ArchiveBound,
        Self::StraysFree,
        Self::FlagFromPassword,
    ];

    /// The weakness of `docs/legacy/weaknesses.md` that it mends; none: it undoes a commit of the past.
    pub const fn mends(self) -> Option<&'static str> {
        match self {
            Self::ArchiveAfterAnswer => Some("W-1"),
            Self::ArchiveBound => Some("W-4"),
            Self::StraysFree => Some("W-14"),
            Self::FlagFromPassword => Some("W-26"),
            Self::StoresInClear
            | Self::PasswordSchemeOnly
            | Self::FailureIgnored
            | Self::WholeChain
            | Self::ErrAfterWrong
            | Self::CountsLate
            | Self::MalformedWaits => None,
        }
    }
}

/// A set of changes. The empty one is the daemon of 2026-08.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Changes(u16);

impl Changes {
    /// The daemon of 2026-08.
    pub const NONE: Self = Self(0);

    /// Returns these changes.
    pub const fn new(changes: &[Change]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < changes.len() {
            bits |= 1 << changes[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Returns the changes of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a change is in the set.
    pub const fn has(self, change: Change) -> bool {
        self.0 & 1 << change as u8 != 0
    }

    /// Returns the changes, in the order of [`Change::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Change> {
        Change::ALL.into_iter().filter(move |&change| self.has(change))
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_in_a_set_by_itself() {
        assert_eq!(Changes::NONE.iter().count(), 0);
        assert_eq!(Changes::new(&Change::ALL).iter().collect::<Vec<_>>(), Change::ALL);
        for change in Change::ALL {
            let one = Changes::new(&[change]);
            assert_eq!(one.iter().collect::<Vec<_>>(), [change]);
            assert_eq!(one.and(Changes::NONE), one);
        }
    }
}
