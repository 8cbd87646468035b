//! Dates at every border: of accounts (R-TIME-7 b), of what a device shows (c), and those that cannot be (a).

use std::time::Duration;

use handfast::archive::{Identity, Role, ShownDates, Terms, UnixTime, plausible};

use super::{Cases, MADE, open, opens, ours, text_with};
use crate::shell::fixture::key;

const DAY: u64 = 86_400;
/// Ten years of 365 days.
const VALIDITY: u64 = 315_360_000;
/// A year, and a day where it is a leap year.
const YEAR: u64 = 31_622_400;
const NOW: u64 = 1_800_000_000;

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

pub(super) fn dates(cases: &mut Cases) {
    // 2026-01-01 and 2100-01-01.
    for (now, stated) in [
        (0, false),
        (1_767_225_599, false),
        (1_767_225_600, true),
        (1_767_225_601, true),
        (4_102_444_799, true),
        (4_102_444_800, false),
        (u64::MAX, false),
    ] {
        let came = match plausible(at(now)) {
            Ok(same) => same == at(now),
            Err(_) => false,
        };
        cases.expect(format!("{now} is a date"), stated, came);
    }
    let begins = [NOW - 40 * DAY, NOW, NOW + 40 * DAY];
    for (own, authority) in begins.into_iter().flat_map(|own| begins.map(|authority| (own, authority))) {
        accounts(cases, own, authority);
        for device in begins {
            shown(cases, device, own, authority);
        }
    }
}

/// The account of an authority, each made at its time.
fn account(own: u64, authority: u64) -> Identity {
    let authority = Identity::authority(key(11), "Jami CA", at(authority)).expect(MADE);
    authority.issue(key(12), "Jami", Role::Authority, at(own)).expect(MADE)
}

/// A second before, at, and after each of these.
fn around(moments: &[u64]) -> Vec<u64> {
    moments.iter().flat_map(|&moment| [moment - 1, moment, moment + 1]).collect()
}

/// An account is valid from the youngest begin, less a day, to the first end.
fn accounts(cases: &mut Cases, own: u64, authority: u64) {
    let account = account(own, authority);
    let text = text_with(&account.key().to_pem(), &account.chain().to_pem());
    let (begins, ended) = (own.max(authority), own.min(authority) + VALIDITY);
    let others = [own - DAY, authority - DAY, own, authority, own + VALIDITY, authority + VALIDITY];
    let moments = around(&[others.as_slice(), &[ended + DAY, begins]].concat());
    for now in moments {
        let doubt = if now + DAY < begins {
            Some(format!("BeforeAccount {{ now: Day({now}), begins: Day({begins}) }}"))
        } else if now > ended {
            Some(format!("AfterAccount {{ now: Day({now}), ended: Day({ended}) }}"))
        } else {
            None
        };
        let what = format!("an account of {own}, an authority of {authority}, at {now}");
        let came = account.chain().check_account_date(at(now)).err().map(|doubt| format!("{doubt:?}"));
        cases.expect(format!("{what}: the doubt"), doubt.clone(), came);
        let stated = doubt.map_or_else(opens, |doubt| ours(format!("Date({doubt})")));
        cases.expect(what, stated, open(&text, "", Terms::at(at(now))));
    }
    cases.expect("an account at any time", opens(), open(&text, "", Terms::any_time()));
}

/// The dates of a device's chain: a warning of the other side, and of its own.
fn shown(cases: &mut Cases, device: u64, own: u64, authority: u64) {
    let identity = account(own, authority).issue_device(key(13), at(device)).expect(MADE);
    let dates = ShownDates::of(identity.chain());
    let (youngest, ended) = (device.max(own).max(authority), device + VALIDITY);
    let borders = [
        youngest - DAY,
        device - DAY,
        device,
        device + DAY,
        youngest,
        youngest + YEAR,
        device + YEAR,
        ended,
        ended + DAY,
        own.min(authority) + VALIDITY,
    ];
    for now in around(&borders) {
        let what = format!("a device of {device}, an account of {own}, an authority of {authority}, at {now}");
        let own_doubt = |whose: &str| {
            if now + DAY < youngest {
                Some(format!("BeforeDevice {{ now: Day({now}), whose: {whose}, begins: Day({youngest}) }}"))
            } else if now > ended {
                Some(format!("AfterDevice {{ now: Day({now}), whose: {whose}, ended: Day({ended}) }}"))
            } else {
                None
            }
        };
        let stale =
            || (now > youngest + YEAR).then(|| format!("LongAfter {{ now: Day({now}), newest: Day({youngest}) }}"));
        let words = |doubt: Option<handfast::archive::DateDoubt>| doubt.map(|doubt| format!("{doubt:?}"));
        let stated = own_doubt("Peer").or_else(stale);
        cases.expect(format!("{what}: an importer doubts"), stated, words(dates.doubt_of_exporter(at(now))));
        cases.expect(format!("{what}: it doubts itself"), own_doubt("Own"), words(dates.doubt_of_own(at(now))));
        let apart = (now.abs_diff(device) > DAY).then(|| format!("Apart {{ now: Day({now}), theirs: Day({device}) }}"));
        cases.expect(format!("{what}: an exporter doubts"), apart, words(dates.doubt_of_importer(at(now))));
    }
}
