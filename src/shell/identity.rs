//! The identity of a device on a connection.
//!
//! An exporter is an [`Identity`] that its account issued: its own, read from its store, or one for the occasion
//! ([`Identity::issue_device`], R-EXP-11). An importer has no account yet: it throws its identity away after the link.

use crate::archive::{Identity, IdentityError, KeyKind, PrivateKey, Role, UnixTime};

/// Where the importer is to be found, which decides what its keys have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// By its address, given by hand or seen on the local network. P-256, made in less than a millisecond.
    Direct,
    /// In a directory, OpenDHT, where connection requests are encrypted to the device's RSA key. 2048 bits are enough for an identity that
    /// lives for minutes; two such keys are made in some tenths of a second, on the calling thread.
    Directory,
}

impl Reach {
    /// The keys of the authority, and of those below it.
    const fn kinds(self) -> (KeyKind, KeyKind) {
        match self {
            Self::Direct => (KeyKind::P256, KeyKind::P256),
            Self::Directory => (KeyKind::P384, KeyKind::Rsa2048),
        }
    }
}

/// A new identity for one import (R-IMP-1): device ← user ← authority, of new keys and with the names that Jami gives them.
///
/// The keys of the user and the authority are gone when it returns.
pub fn throw_away(reach: Reach, now: UnixTime) -> Result<Identity, IdentityError> {
    let (top, below) = reach.kinds();
    let authority = Identity::authority(PrivateKey::generate(top)?, "Jami Temporary CA", now)?;
    let user = authority.issue(PrivateKey::generate(below)?, "Jami Temporary User", Role::Authority, now)?;
    user.issue(PrivateKey::generate(below)?, "Jami Temporary device", Role::Device, now)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));

    #[test]
    fn a_throw_away_identity_is_a_good_chain_of_three() {
        let identity = throw_away(Reach::Direct, NOW).unwrap();
        identity.chain().verify().unwrap();
        identity.chain().check_time(NOW).unwrap();
        let authorities: Vec<_> = identity.chain().certificates().iter().map(|one| one.is_authority()).collect();
        assert_eq!(authorities, [false, true, true]);
    }

    #[test]
    fn no_two_throw_away_identities_have_a_key_in_common() {
        let [one, other] = [(); 2].map(|()| throw_away(Reach::Direct, NOW).unwrap());
        for (one, other) in one.chain().certificates().iter().zip(other.chain().certificates()) {
            assert_ne!(one.short_id(), other.short_id());
        }
    }
}
