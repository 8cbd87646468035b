//! The laws, at the end of a session.

use handfast::{
    limits::Timer,
    outcome::{Outcome, Side},
};
use handfast_model::{
    pairs::{self, Cause, Circumstances},
    side::{ExportSide, ImportSide},
    system::stated::TRIES,
};

use crate::event::{
    session::Session,
    state::{event::Party, law::Law, link::LinkEnd},
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// Looks at a session in which nothing more happens.
    pub(crate) fn judge(&mut self) {
        if self.broken.is_some() {
            return;
        }
        self.judge_race();
        self.judge_party(Party::Import);
        (0..self.links.len()).for_each(|link| self.judge_party(Party::Export(link)));
        if !self.is_legacy(Side::Import) {
            self.judge_device();
        }
        (0..self.links.len()).for_each(|link| self.judge_pair(link));
        self.judge_with_legacy();
        if let Some(strayed) = self.followers.iter().find_map(|follower| follower.examine().err()) {
            self.break_law(Law::of(&strayed), strayed.to_string());
        }
    }

    /// Nothing may be left on the importing device.
    fn judge_device(&mut self) {
        if self.importing.holds_staged() {
            self.break_law(Law::Leak, "what was staged is still there".into());
        }
        if let Some(conn) = self.importing.conns.iter().position(|conn| conn.is_open()) {
            self.break_law(Law::Leak, format!("import: connection {conn} is still open"));
        }
    }

    fn judge_party(&mut self, party: Party) {
        // The left-overs of an old one are known.
        if self.is_legacy(party.side()) {
            return;
        }
        let own = party.index();
        let (armed, closed) = match party {
            Party::Import => (self.import.armed(), self.import.is_closed()),
            Party::Export(link) => {
                let export = &self.links[link].export;
                (export.armed(), export.is_closed())
            }
        };
        if !armed.is_empty() || self.clock.running(party).next().is_some() {
            self.break_law(Law::Leak, format!("{party}: a timer runs for ever"));
        }
        if !self.users.started[own] || self.crashed[own] {
            return;
        }
        if self.done[own].is_none() {
            return self.break_law(Law::Ends, format!("{party}: it does not end"));
        }
        if !closed {
            self.break_law(Law::Leak, format!("{party}: it has ended, and is not closed"));
        }
        let is_left = |end: LinkEnd| !matches!(end, LinkEnd::Away | LinkEnd::Closed);
        let left = match party {
            Party::Import => self.links.iter().any(|link| is_left(link.ends[0])),
            Party::Export(link) => is_left(self.links[link].ends[1]),
        };
        if self.schedule.is_pair() && left {
            self.break_law(Law::Leak, format!("{party}: the connection is still there"));
        }
    }

    /// The excuses for the ends of the importer and of the exporter on a link. None: they are no pair, since one crashed, is
    /// hostile, or talked to somebody else.
    pub(crate) fn around(&self, link: usize) -> Option<Circumstances> {
        let session = self.importing.session;
        // A pair with an old side is classified by the model's view of each.
        let up = !self.crashed[0] && !self.crashed[Party::Export(link).index()] && self.legacy == [false; 2];
        let around = Circumstances { session: session.is_some(), failed: self.links[link].failed, unconfirmed: false };
        (session.is_none_or(|session| session == link) && up && self.schedule.is_pair()).then_some(around)
    }

    fn judge_pair(&mut self, link: usize) {
        let (Some(import), Some(export)) = (self.done[0], self.done[Party::Export(link).index()]) else { return };
        let Some(around) = self.around(link) else { return };
        if pairs::allowed(import, export, around).is_none() {
            self.break_law(Law::Pair, format!("({}, {})", import.outcome, export.outcome));
        }
        let succeed = import.outcome == Outcome::SUCCESS && export.outcome == Outcome::SUCCESS;
        let thrice = import.outcome == Outcome::Authentication && export.outcome == Outcome::Authentication;
        let expected = if self.users.typed_wrong >= TRIES { thrice } else { succeed };
        if self.schedule.is_honest() && !expected && !self.excused {
            self.break_law(Law::Honest, format!("({}, {})", import.outcome, export.outcome));
        }
    }

    /// Where one side is old, an honest pair without fault succeeds too. A late hello may cost two of three tries
    /// with an old exporter; the last one is enough after one wrong password (W-14).
    fn judge_with_legacy(&mut self) {
        let enough = match self.legacy {
            [true, false] => TRIES,
            [false, true] => 2,
            _ => return,
        };
        let (Some(import), Some(export)) = (self.done[0], self.done[1]) else { return };
        let due = self.schedule.is_honest() && self.schedule.faults.is_empty() && self.users.typed_wrong < enough;
        if due && !(import.outcome.is_success() && export.outcome.is_success()) {
            self.break_law(Law::Honest, format!("({}, {})", import.outcome, export.outcome));
        }
    }

    /// Whether the importer was asked for by two exporters.
    pub(crate) fn is_race(&self) -> bool {
        self.links.len() > 1 && self.links.iter().all(|link| link.requested)
    }

    /// Of two exporters that race the importer serves one. The other one is turned away, unless it ended by itself (R-IMP-3); one
    /// account is stored, at most, and only who was served can say so.
    fn judge_race(&mut self) {
        if self.links.len() < 2 {
            return;
        }
        if self.importing.stored > 1 {
            self.break_law(Law::Race, format!("{} accounts are stored", self.importing.stored));
        }
        let served = self.importing.session;
        for party in (0..self.links.len()).filter(|&link| served != Some(link)).map(Party::Export) {
            let Some(end) = self.done[party.index()] else { continue };
            let turned_away = match end.outcome {
                Outcome::Network => true,
                Outcome::Timeout => end.cause == Cause::Timer(Timer::Connect),
                Outcome::CANCELED => end.cause == Cause::Call,
                _ => false,
            };
            if !turned_away {
                self.break_law(Law::Race, format!("{party}: it was not served, and ended with {}", end.outcome));
            }
        }
    }
}
