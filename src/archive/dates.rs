//! Dates: a device's own against those of certificates (R-TIME-7).
//!
//! A date alone cannot be wrong, but two facts can contradict each other. A doubt has both facts, says which of them is the
//! likelier one to be wrong, and what to do.

use std::time::{SystemTime, UNIX_EPOCH};

use rustls_pki_types::UnixTime;

use super::{
    certificate::{Chain, Validity},
    doubt::{DateDoubt, Day, Whose},
    error::ChainError,
};
use crate::limits::{CLOCK_TOLERANCE, EARLIEST_DATE, LATEST_DATE, STALE};

/// This device's date.
///
/// # Errors
/// No device that has this program can have it: see [`plausible`].
pub fn today() -> Result<UnixTime, DateDoubt> {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => plausible(UnixTime::since_unix_epoch(since)),
        Err(before) => {
            let seconds = i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX);
            Err(DateDoubt::Impossible { now: Day(-seconds) })
        }
    }
}

/// Gives a date back that a device can have: between [`EARLIEST_DATE`] and [`LATEST_DATE`].
///
/// # Errors
/// It is outside of them.
pub fn plausible(now: UnixTime) -> Result<UnixTime, DateDoubt> {
    match seconds(now) {
        EARLIEST_DATE..LATEST_DATE => Ok(now),
        other => Err(DateDoubt::Impossible { now: Day(other) }),
    }
}

fn seconds(now: UnixTime) -> i64 {
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

impl Chain {
    /// Checks that every certificate of an account is valid at `now`, as [`Chain::check_time`] does, and says which dates contradict
    /// each other.
    ///
    /// # Errors
    /// One is not.
    pub fn check_account_date(&self, now: UnixTime) -> Result<(), DateDoubt> {
        let (all, today) = (self.validity(), Day(seconds(now)));
        match self.check_time(now) {
            Ok(()) => Ok(()),
            Err(ChainError::NotYetValid { .. }) => {
                Err(DateDoubt::BeforeAccount { now: today, begins: Day(all.not_before) })
            }
            Err(_) => Err(DateDoubt::AfterAccount { now: today, ended: Day(all.not_after) }),
        }
    }
}

/// The dates of a chain that a device shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownDates {
    device: Validity,
    /// When the youngest certificate was made.
    newest: i64,
}

impl ShownDates {
    /// Those of a chain.
    pub fn of(chain: &Chain) -> Self {
        let begins = chain.certificates().iter().map(|one| one.validity().not_before);
        Self { device: chain.leaf().validity(), newest: begins.max().unwrap_or(i64::MIN) }
    }

    /// Returns the doubt of an importer, whose date is `now`, about the exporter's chain. It is a reason to warn, and not to refuse: the account
    /// itself is checked when it is there.
    pub fn doubt_of_exporter(&self, now: UnixTime) -> Option<DateDoubt> {
        let stale = || {
            let (now, newest) = (seconds(now), self.newest);
            let long = now.saturating_sub(newest) > STALE.as_secs() as i64;
            long.then_some(DateDoubt::LongAfter { now: Day(now), newest: Day(newest) })
        };
        self.doubt(now, Whose::Peer).or_else(stale)
    }

    /// Returns the doubt of an exporter, whose date is `now`, about the throw-away chain of an importer (R-IMP-1).
    pub fn doubt_of_importer(&self, now: UnixTime) -> Option<DateDoubt> {
        let (now, theirs) = (seconds(now), self.device.not_before);
        let apart = now.abs_diff(theirs) > CLOCK_TOLERANCE.as_secs();
        apart.then_some(DateDoubt::Apart { now: Day(now), theirs: Day(theirs) })
    }

    /// Returns the doubt of a device, whose date is `now`, about its own chain.
    pub fn doubt_of_own(&self, now: UnixTime) -> Option<DateDoubt> {
        self.doubt(now, Whose::Own)
    }

    fn doubt(&self, now: UnixTime, whose: Whose) -> Option<DateDoubt> {
        let (now, begins, ended) = (seconds(now), self.newest, self.device.not_after);
        if begins > now.saturating_add(CLOCK_TOLERANCE.as_secs() as i64) {
            return Some(DateDoubt::BeforeDevice { now: Day(now), whose, begins: Day(begins) });
        }
        (ended < now).then_some(DateDoubt::AfterDevice { now: Day(now), whose, ended: Day(ended) })
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::archive::{Identity, KeyKind, PrivateKey};

    const DAY: u64 = 24 * 60 * 60;
    const YEAR: u64 = 365 * DAY;
    /// 2027-01-15.
    const MADE: u64 = 1_800_000_000;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn key() -> PrivateKey {
        PrivateKey::generate(KeyKind::P256).unwrap()
    }

    /// R-TIME-7.
    #[test]
    fn a_date_that_cannot_be_is_found_before_anything_is_done() {
        for wrong in [0, 10, DAY * 11_000, EARLIEST_DATE as u64 - 1, LATEST_DATE as u64, 4_291_747_200, u64::MAX] {
            let doubt = plausible(at(wrong)).unwrap_err();
            assert!(matches!(doubt, DateDoubt::Impossible { .. }), "{wrong}: {doubt}");
        }
        for right in [EARLIEST_DATE as u64, MADE, LATEST_DATE as u64 - 1] {
            assert_eq!(plausible(at(right)), Ok(at(right)));
        }
        assert_eq!(
            plausible(at(0)).unwrap_err().to_string(),
            "this device's date is 1970-01-01, which cannot be: set its date and time"
        );
    }

    #[test]
    fn an_account_is_valid_from_its_making_until_ten_years_later() {
        let (account, _) = Identity::account(KeyKind::P256, at(MADE)).unwrap();
        let doubt = |now| account.chain().check_account_date(at(now)).map_err(|doubt| doubt.to_string());
        for right in [MADE - DAY, MADE, MADE + 10 * YEAR] {
            assert_eq!(doubt(right), Ok(()));
        }
        insta::assert_snapshot!(doubt(MADE - DAY - 1).unwrap_err(), @"this device's date is 2027-01-14, but the account's certificate is valid from 2027-01-15 on: set this device's date and time. If they are right, the date was wrong where the account was made");
        insta::assert_snapshot!(doubt(MADE + 40 * YEAR).unwrap_err(), @"this device's date is 2067-01-05, but the account's certificate was valid until 2037-01-12: set this device's date and time. If they are right, the account has expired");
    }

    #[test]
    fn an_importer_compares_its_date_with_what_the_exporter_shows() {
        let (account, _) = Identity::account(KeyKind::P256, at(MADE)).unwrap();
        let device = account.issue_device(key(), at(MADE + YEAR)).unwrap();
        let shown = ShownDates::of(device.chain());
        for right in [MADE + YEAR - DAY, MADE + YEAR, MADE + 2 * YEAR] {
            assert_eq!(shown.doubt_of_exporter(at(right)), None);
        }
        let stale = MADE + YEAR + 366 * DAY;
        assert_eq!(shown.doubt_of_exporter(at(stale)), None);
        assert!(matches!(shown.doubt_of_exporter(at(stale + 1)), Some(DateDoubt::LongAfter { .. })));
        let doubt = |now| shown.doubt_of_exporter(at(now)).map(|doubt| doubt.to_string()).unwrap_or_default();
        insta::assert_snapshot!(doubt(MADE), @"this device's date is 2027-01-15, but the certificate of the other device is valid from 2028-01-15 on: the date of one of the two devices is wrong, or was when that certificate was made");
        insta::assert_snapshot!(doubt(MADE + 3 * YEAR), @"this device's date is 2030-01-14, and no certificate that the other device shows is younger than 2028-01-15: if this device's date is ahead, stop here and set it. The certificate that it gets is valid from its date on, and others refuse it until then");
        insta::assert_snapshot!(doubt(MADE + 12 * YEAR), @"this device's date is 2039-01-12, but the certificate of the other device was valid until 2038-01-12: set the date if it is wrong. If it is right, link that device again: others may refuse it");
    }

    #[test]
    fn an_exporter_sees_the_importer_s_date_in_its_throw_away_certificate() {
        let importer = Identity::authority(key(), "throw-away", at(MADE)).unwrap();
        let shown = ShownDates::of(importer.chain());
        for near in [MADE - DAY, MADE, MADE + DAY] {
            assert_eq!(shown.doubt_of_importer(at(near)), None);
        }
        for far in [MADE - DAY - 1, MADE + DAY + 1] {
            assert!(matches!(shown.doubt_of_importer(at(far)), Some(DateDoubt::Apart { .. })), "{far}");
        }
        let doubt = |now| shown.doubt_of_importer(at(now)).map(|doubt| doubt.to_string()).unwrap_or_default();
        insta::assert_snapshot!(doubt(MADE - 2 * YEAR), @"this device's date is 2025-01-15, and that of the new device is 2027-01-15: one of them is wrong. If it is the new device's, stop here and set it: the certificate that it gets is valid from its date on, and others refuse it until then");
        assert!(doubt(MADE + 2 * DAY).contains("2027-01-17"));
    }

    #[test]
    fn a_device_looks_at_its_own_certificate() {
        let device = Identity::authority(key(), "device", at(MADE)).unwrap();
        let shown = ShownDates::of(device.chain());
        assert_eq!(shown.doubt_of_own(at(MADE + YEAR)), None);
        assert_eq!(shown.doubt_of_own(at(MADE + 9 * YEAR)), None, "it may be old");
        let (first, last) = (MADE - DAY, MADE + 10 * YEAR);
        assert_eq!([first, last].map(|now| shown.doubt_of_own(at(now))), [None; 2]);
        for early in [first - 1, MADE - 2 * DAY] {
            let doubt = shown.doubt_of_own(at(early));
            assert!(matches!(doubt, Some(DateDoubt::BeforeDevice { whose: Whose::Own, .. })), "{doubt:?}");
        }
        for late in [last + 1, MADE + 11 * YEAR] {
            let doubt = shown.doubt_of_own(at(late));
            assert!(matches!(doubt, Some(DateDoubt::AfterDevice { whose: Whose::Own, .. })), "{doubt:?}");
        }
    }
}
