//! When a step can have happened: between which moments, of which clock.

use handfast::{
    export, import,
    limits::{Durations, Timer},
    outcome::Side,
};

use super::{Act, Cursor, Node, Search};
use crate::{
    report::observed::{
        parse::Clock,
        runs::{Asked, What, index},
    },
    system::{
        Turn,
        action::Action,
        link::Item,
        side::{ExportSide, ImportSide},
    },
};

/// Faults that do not come while a client looks.
const NEVER: u64 = u64::MAX;

impl<I: ImportSide, E: ExportSide> Search<'_, I, E> {
    /// Whether a hidden step can be taken, as far as the system itself does not say.
    pub(super) fn may_happen(&self, node: &Node<I, E>, action: Action) -> bool {
        match action {
            Action::AddDevice(scheme) => scheme == node.guess.scheme,
            Action::Caller(_, act) if self.run.others > 0 && self.terms.budget.intruders == 0 => act.is_honest(),
            Action::Fire(side, timer) if !self.terms.free_timers => {
                let armed = node.at[index(side)].armed[timer as usize];
                armed != NEVER
                    && self.latest(&node.at, self.clock_of(side)).saturating_sub(armed) >= self.lasts(side, timer)
            }
            Action::Deliver(side) if self.waits_for_loss(node, side) => {
                let received = node.at[index(side)].received;
                let latest = self.latest(&node.at, self.clock_of(side));
                received != NEVER && latest.saturating_sub(received) >= self.terms.delays.loss
            }
            _ => true,
        }
    }

    /// Whether nothing that is not yet explained, or not yet done, was over before this could be.
    pub(super) fn is_due(&self, at: &[Cursor; 2], clock: Clock, earliest: u64) -> bool {
        let posted = |side| {
            let late = at[index(side)].posted.iter().any(|latest| *latest != 0 && *latest < earliest);
            late && self.clock_of(side) == Some(clock)
        };
        self.heads(*at).all(|head| head.clock != clock || head.t_ms >= earliest)
            && !posted(Side::Import)
            && !posted(Side::Export)
    }

    /// When a call was taken at the earliest.
    pub(super) fn begun(&self, asked: &Asked) -> u64 {
        let takes = match asked.what {
            // A daemon takes its time to take an account down.
            What::Unplug => u64::MAX,
            What::Remove if self.is_legacy(Side::Import) => u64::MAX,
            _ => self.terms.delays.call,
        };
        asked.earliest.max(asked.noted.t_ms.saturating_sub(takes))
    }

    /// Whether a file can end before a signal is written that a side gives now, since all that is written of it is explained.
    pub(super) fn may_be_unwritten(&self, at: &[Cursor; 2], side: Side) -> bool {
        self.is_beginning(side)
            && self
                .end_of(side)
                .is_none_or(|(clock, end)| self.is_due(at, clock, end.saturating_sub(self.terms.delays.signal)))
    }

    /// Whether a side's client can make a call now that no line shows: no one looked at it, or the file ends before the call returns.
    pub(super) fn may_be_under_way(&self, node: &Node<I, E>, side: Side, action: Action) -> bool {
        let Some(lane) = self.run.lane(side) else { return true };
        let cursor = &node.at[index(side)];
        if !self.is_beginning(side) || self.next_call(node, side).is_some() {
            return false;
        }
        let Some((clock, end)) = self.end_of(side) else { return true };
        // A client waits for a call to return before it makes the next one.
        let last = lane.calls.last().map_or(0, |last| last.noted.t_ms);
        let takes = match action {
            Action::RemoveAccount if self.is_legacy(side) => u64::MAX,
            _ => self.terms.delays.call,
        };
        !(cursor.under_way && self.is_looked_at(&node.at, side))
            && self.is_due(&node.at, clock, last.max(end.saturating_sub(takes)))
    }

    /// Whether something of a side's clock is not explained yet: its file goes on.
    pub(super) fn is_looked_at(&self, at: &[Cursor; 2], side: Side) -> bool {
        let clock = self.clock_of(side);
        self.heads(*at).any(|head| Some(head.clock) == clock)
    }

    /// Whether what is written of a side may be a beginning. Steps that are recorded are all there are.
    fn is_beginning(&self, side: Side) -> bool {
        !self.terms.whole && self.run.lane(side).is_some_and(|lane| lane.turns.is_none())
    }

    /// The clock of a side, and the time of its last line.
    fn end_of(&self, side: Side) -> Option<(Clock, u64)> {
        let clock = self.clock_of(side)?;
        self.ends.iter().copied().find(|(other, _)| *other == clock)
    }

    /// How long a timer runs at least, in milliseconds.
    fn lasts(&self, side: Side, timer: Timer) -> u64 {
        match (self.is_legacy(side), timer) {
            // The answer of the directory is awaited, and then the connection.
            (true, Timer::Connect) => 30_000,
            _ => Durations::default().of(timer, 0).as_millis() as u64,
        }
    }

    /// Whether the next arrival at a side is that its connection broke, without a message that says so.
    fn waits_for_loss(&self, node: &Node<I, E>, side: Side) -> bool {
        let link = &node.state.world.link;
        let broke = link.failed && link.half(side).queue.first() == Some(&Item::Lost);
        broke && self.is_legacy(side) && !self.run.unplugged && !self.terms.free_timers
    }

    /// A moment that is of interest only as long as this much later is before the end.
    fn moment(&self, now: u64, later: u64) -> u64 {
        let over = self.clock.is_some_and(|(_, end)| now.saturating_add(later) > end);
        match self.terms.free_timers {
            true => 0,
            false if over => NEVER,
            false => now,
        }
    }

    /// The clock of a side's lines. A side at which no one looked shares the only one.
    fn clock_of(&self, side: Side) -> Option<Clock> {
        let own = self.run.lane(side).and_then(|lane| lane.noted().next()).map(|noted| noted.clock);
        own.or(self.clock.map(|(clock, _)| clock))
    }

    /// It is not later than this.
    pub(super) fn latest(&self, at: &[Cursor; 2], clock: Option<Clock>) -> u64 {
        self.heads(*at).filter(|head| Some(head.clock) == clock).map(|head| head.t_ms).min().unwrap_or(NEVER)
    }

    /// It is not earlier than this.
    pub(super) fn earliest(&self, at: &[Cursor; 2], clock: Option<Clock>) -> u64 {
        let earlier = self.run.seen().flat_map(|(side, lane)| {
            let cursor = at[index(side)];
            let signal = lane.signals.get(usize::from(cursor.signals).wrapping_sub(1));
            let call = lane.calls.get(usize::from(cursor.calls).wrapping_sub(1));
            let signal =
                signal.map(|seen| (seen.noted.clock, seen.noted.t_ms.saturating_sub(self.terms.delays.signal)));
            let call = call.map(|asked| (asked.noted.clock, self.begun(asked)));
            [signal, call]
        });
        earlier.flatten().filter(|(other, _)| Some(*other) == clock).map(|(_, t_ms)| t_ms).max().unwrap_or(0)
    }

    /// Notes since when the timers run.
    pub(super) fn set_timers(&self, before: &Node<I, E>, next: &mut Node<I, E>, turn: &Turn) {
        let (armed, arms_now) = (next.state.armed(), before.state.armed());
        for (side, before, after) in [(Side::Import, arms_now[0], armed[0]), (Side::Export, arms_now[1], armed[1])] {
            if after.is_empty() && before.is_empty() {
                continue;
            }
            let now = self.earliest(&next.at, self.clock_of(side));
            for timer in Timer::ALL {
                let since = &mut next.at[index(side)].armed[timer as usize];
                if !after.contains(timer) {
                    *since = 0;
                } else if !before.contains(timer) || arms(turn, side, timer) {
                    *since = self.moment(now, self.lasts(side, timer));
                }
            }
        }
    }

    /// Notes until when what was posted is done.
    pub(super) fn set_posted(&self, before: &Node<I, E>, next: &mut Node<I, E>, act: Act) {
        let state = next.state.clone();
        for (side, steps) in [Side::Import, Side::Export].into_iter().zip(state.inner()) {
            let posted = &mut next.at[index(side)].posted;
            if steps.is_empty() {
                *posted = Default::default();
                continue;
            }
            let now = self.latest(&before.at, self.clock_of(side));
            for (number, until) in posted.iter_mut().enumerate() {
                let number = number as u8;
                let (is, did) = (steps.contains(&number), act == Act::Hidden(Action::Inner(side, number)));
                if !is {
                    *until = 0;
                } else if *until == 0 || did {
                    let goes_on = side == Side::Export && state.export.goes_on(number);
                    *until =
                        now.saturating_add(if goes_on { self.terms.delays.thread } else { self.terms.delays.posted });
                    if self.clock.is_some_and(|(_, end)| *until >= end) {
                        *until = NEVER;
                    }
                }
            }
        }
    }

    /// Notes when an old daemon received something from its peer.
    pub(super) fn set_received(&self, next: &mut Node<I, E>, act: Act) {
        let received = match act {
            Act::Hidden(Action::Deliver(side)) => [Some(side), None],
            Act::Hidden(Action::Secured) => [Some(Side::Import), Some(Side::Export)],
            Act::Hidden(_) | Act::Call(..) => [None, None],
        };
        for side in received.into_iter().flatten().filter(|side| self.is_legacy(*side)) {
            let now = self.earliest(&next.at, self.clock_of(side));
            next.at[index(side)].received = self.moment(now, self.terms.delays.loss);
        }
    }
}

fn arms(turn: &Turn, side: Side, timer: Timer) -> bool {
    match turn {
        Turn::Import(_, effects) => side == Side::Import && effects.contains(&import::Effect::Arm(timer)),
        Turn::Export(_, effects) => side == Side::Export && effects.contains(&export::Effect::Arm(timer)),
        Turn::Neither => false,
    }
}
