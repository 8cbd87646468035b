//! The common parts of several screens.

use std::time::Duration;

use handfast::outcome::{AccountId, LinkState, Side};

use super::frame::{Page, Style};
use crate::link::{comparison::Shown, texts};

/// Hexadecimal digits of an account id that are read aloud in one breath.
const DIGITS: usize = 4;
/// Columns of the bar.
const BAR: usize = 30;

/// The title, and where we are among the documented states. An export has no token to show.
pub(super) fn head(page: &mut Page, side: Side, now: LinkState) {
    page.row(
        match side {
            Side::Import => "Import an account from another device",
            Side::Export => "Give an account to another device",
        },
        Style::Strong,
    );
    let states: Vec<LinkState> = LinkState::ALL
        .into_iter()
        .filter(|state| side == Side::Import || *state != LinkState::TokenAvailable)
        .collect();
    let name = |state: &LinkState| match state {
        state if *state == now => format!("[{}]", words(*state)),
        state => words(*state).to_owned(),
    };
    let all = states.iter().map(name).collect::<Vec<_>>().join(" > ");
    if all.len() <= page.size().columns {
        page.row(&all, Style::Faint);
    } else {
        let step = states.iter().position(|state| *state == now).map_or(0, |index| index + 1);
        page.row(&format!("Step {step} of {}: {}", states.len(), words(now)), Style::Faint);
    }
    page.blank();
}

/// The documented name, for people.
const fn words(state: LinkState) -> &'static str {
    match state {
        LinkState::Init => "Init",
        LinkState::TokenAvailable => "Token available",
        LinkState::Connecting => "Connecting",
        LinkState::Authenticating => "Authenticating",
        LinkState::InProgress => "In progress",
        LinkState::Done => "Done",
    }
}

/// The string that both screens have to show, and the keys (R-SAS-5).
pub(super) fn draw_comparison(page: &mut Page, shown: Option<&Shown>, answered: bool) -> &'static str {
    if answered {
        page.text(texts::COMPARED);
        return "Esc or Ctrl-C: cancel";
    }
    let Some(shown) = shown else { return "Esc or Ctrl-C: cancel" };
    page.text(texts::COMPARE).blank();
    page.row(&format!("    {}", shown.groups()), Style::Strong);
    page.row(&format!("    {}", shown.words), Style::Strong).blank();
    page.text("Look at its screen. Does it show the same?");
    "y: the same   n: something else   Esc or Ctrl-C: cancel"
}

/// The parts in addition to a screen of the client machine, on either side.
#[derive(Default)]
pub(crate) struct Status {
    /// How far the archive is, once it is on its way.
    pub(crate) amount: Option<Amount>,
    /// The last remark.
    pub(crate) note: Option<String>,
    /// The person gave up, and it goes on for now.
    pub(crate) leaving: bool,
}

impl Status {
    /// The last row: the remark, and the keys.
    pub(super) fn foot(&self, page: &mut Page, keys: &str) {
        page.blank();
        if let Some(note) = &self.note {
            page.styled(note, Style::Wrong).blank();
        }
        page.row(if self.leaving { "Ctrl-C: drop the link" } else { keys }, Style::Faint);
    }
}

/// An account id in groups that can be read aloud.
pub(crate) fn groups(account: &AccountId) -> String {
    let digits = account.to_string();
    let groups: Vec<&str> =
        (0..digits.len()).step_by(DIGITS).map(|start| &digits[start..digits.len().min(start + DIGITS)]).collect();
    groups.join(" ")
}

/// Minutes and seconds.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount {
    /// Bytes of the archive's text.
    pub(crate) done: u64,
    /// All of them; 0 as long as that is not known.
    pub(crate) total: u64,
    /// Since it began.
    pub(crate) elapsed: Duration,
}

/// A bar, what is after it in numbers, and what follows the last byte.
pub(super) fn progress(page: &mut Page, side: Side, Amount { done, total, elapsed }: Amount) {
    if total == 0 {
        page.text("It is about to begin.");
        return;
    }
    let done = done.min(total);
    let share = done as f64 / total as f64;
    let filled = (share * BAR as f64) as usize;
    page.row(
        &format!("[{}{}] {:3.0} %", "#".repeat(filled), ".".repeat(BAR - filled), (share * 100.0).floor()),
        Style::Strong,
    );
    let rate = done as f64 / elapsed.as_secs_f64();
    let of = format!("{} of {}", bytes(done as f64), bytes(total as f64));
    if done == total {
        page.text(&of).text(texts::all_there(side));
        return;
    }
    if done == 0 || !rate.is_finite() {
        page.text(&of);
        return;
    }
    let left = Duration::from_secs_f64(((total - done) as f64 / rate).min(86_400.0));
    page.text(&format!("{of}, {}/s, {} left", bytes(rate), clock(left)));
}

/// A number of bytes in the unit that fits.
fn bytes(count: f64) -> String {
    let mut count = count;
    for unit in ["B", "KiB", "MiB"] {
        if count < 1024.0 {
            return if unit == "B" { format!("{count:.0} B") } else { format!("{count:.1} {unit}") };
        }
        count /= 1024.0;
    }
    format!("{count:.1} GiB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::frame::{Frame, Size};

    fn drawn(columns: usize, draw: impl FnOnce(&mut Page)) -> Frame {
        let mut page = Page::new(Size { columns, rows: 40 });
        draw(&mut page);
        page.done()
    }

    #[test]
    fn an_account_id_can_be_read_aloud() {
        let id: AccountId = "02f92cb034a73275b5a23074abfa84a20a4f340b".parse().unwrap();
        assert_eq!(groups(&id), "02f9 2cb0 34a7 3275 b5a2 3074 abfa 84a2 0a4f 340b");
    }

    #[test]
    fn the_position_is_printed_in_full_where_there_is_room() {
        insta::assert_snapshot!(drawn(80, |page| head(page, Side::Import, LinkState::Connecting)), @"
        Import an account from another device
        Init > Token available > [Connecting] > Authenticating > In progress > Done
        ");
        insta::assert_snapshot!(drawn(60, |page| head(page, Side::Import, LinkState::Connecting)), @"
        Import an account from another device
        Step 3 of 6: Connecting
        ");
        insta::assert_snapshot!(drawn(60, |page| head(page, Side::Export, LinkState::Connecting)), @"
        Give an account to another device
        Init > [Connecting] > Authenticating > In progress > Done
        ");
    }

    #[test]
    fn progress_is_printed_with_rate_and_time_left() {
        let at = |done, total, seconds| {
            let amount = Amount { done, total, elapsed: Duration::from_secs(seconds) };
            drawn(80, |page| progress(page, Side::Import, amount)).to_string()
        };
        let all = [
            at(0, 0, 1),
            at(0, 1 << 20, 1),
            at(1 << 19, 1 << 20, 2),
            at(5, 1000, 9),
            at(1000, 1000, 0),
            at(1 << 30, 3 << 30, 60),
        ];
        insta::assert_snapshot!(all.join("\n"), @"
        It is about to begin.

        [..............................]   0 %
        0 B of 1.0 MiB

        [###############...............]  50 %
        512.0 KiB of 1.0 MiB, 256.0 KiB/s, 0:02 left

        [..............................]   0 %
        5 B of 1000 B, 1 B/s, 29:51 left

        [##############################] 100 %
        1000 B of 1000 B
        All of it is here: checking and storing it…

        [##########....................]  33 %
        1.0 GiB of 3.0 GiB, 17.1 MiB/s, 2:00 left
        ");
    }
}
