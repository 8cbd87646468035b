//! How many requests of others are answered.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::limits;

/// Counts in windows of a second. Holds one entry for each address whose request was let through in this window, so at most
/// [`limits::REQUESTS`].
#[derive(Debug, Default)]
pub(crate) struct Rate {
    until: Duration,
    all: u32,
    by_address: BTreeMap<IpAddr, u32>,
}

impl Rate {
    /// Counts a request; says whether it is within the limits.
    pub(crate) fn admits(&mut self, now: Duration, from: IpAddr) -> bool {
        if now >= self.until {
            self.until = now + limits::RATE_WINDOW;
            self.all = 0;
            self.by_address.clear();
        }
        if self.all >= limits::REQUESTS {
            return false;
        }
        let count = self.by_address.entry(from).or_default();
        if *count >= limits::REQUESTS_PER_ADDRESS {
            return false;
        }
        *count += 1;
        self.all += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_use_the_share_of_another() {
        let mut rate = Rate::default();
        let now = Duration::from_secs(5);
        let admitted =
            |rate: &mut Rate, now, last| (0..2000).filter(|_| rate.admits(now, [10, 0, 0, last].into())).count();
        assert_eq!(admitted(&mut rate, now, 1), 1024);
        for last in 2..9 {
            assert_eq!(admitted(&mut rate, now, last), 1024);
        }
        assert_eq!(admitted(&mut rate, now, 9), 0);
        assert_eq!(admitted(&mut rate, now + Duration::from_secs(1), 9), 1024);
    }
}
