//! The connection between the two: what is sent on it arrives in order, until it breaks or is closed.

use handfast::{export, outcome::Side};
use handfast_model::{
    action::Action,
    follow::Did,
    side::{ExportSide, ImportSide},
    world::PEER,
};

use super::{
    engine::{Event, LinkEnd, Session, index, other},
    pipe::Notice,
};

/// Pieces into which what is written at once is cut, at most.
const MAX_PIECES: u64 = 256;

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// Whether what this side sends now can reach the other.
    pub(super) fn can_send(&self, from: Side) -> bool {
        let (own, peer) = (index(from), index(other(from)));
        !self.link_broken
            && self.ends[own] != LinkEnd::Closed
            && !self.said_end[own]
            && self.ends[peer] != LinkEnd::Closed
    }

    /// Whether something is on its way between the two.
    pub(super) fn link_carries(&self) -> bool {
        let securing = self.ends == [LinkEnd::Trying; 2] && !self.link_broken;
        securing || self.pipes.iter().any(|pipe| pipe.items() > 0)
    }

    /// Sends bytes from one side to the other, cut as the schedule says.
    pub(super) fn send(&mut self, from: Side, pieces: &[&[u8]], item: bool) {
        let to = other(from);
        let latency = self.latency(to);
        let pipe = &mut self.pipes[index(to)];
        let start = pipe.end();
        pipe.write(pieces, item);
        let arrival = pipe.arrival(self.queue.now(), latency);
        let end = pipe.end();
        let mut arrive = |upto| {
            let event = if to == Side::Import { Event::Arrive(PEER, upto) } else { Event::ArriveAtExporter(upto) };
            self.queue.at(arrival, event);
        };
        if self.schedule.cut > 0 {
            let step = u64::from(self.schedule.cut).max((end - start) / MAX_PIECES);
            (start..end).step_by(step as usize).skip(1).for_each(&mut arrive);
        }
        arrive(end);
        self.behind_bytes(to);
    }

    /// Tells the other side something, in order with the bytes.
    pub(super) fn tell(&mut self, to: Side, notice: Notice) -> u32 {
        let latency = self.latency(to);
        let pipe = &mut self.pipes[index(to)];
        let number = pipe.tell();
        let arrival = pipe.arrival(self.queue.now(), latency);
        self.queue.at(arrival, Event::Notice(to, notice, number));
        if notice == Notice::Request {
            self.request = Some(number);
        }
        number
    }

    pub(super) const fn latency(&self, to: Side) -> u32 {
        match to {
            Side::Import => self.schedule.latency.0,
            Side::Export => self.schedule.latency.1,
        }
    }

    /// Tells a side that the connection is gone, behind everything that is on its way to it.
    pub(super) fn lose(&mut self, side: Side) {
        let number = self.tell(side, Notice::Lost);
        self.lost[index(side)] = Some(number);
    }

    /// Whether the last thing that is on its way to a side is the loss.
    pub(super) fn hears_of_loss(&self, side: Side) -> bool {
        let last = self.pipes[index(side)].last_item();
        last.is_some() && last == self.lost[index(side)]
    }

    /// A side closes the connection: what it sent before still arrives.
    pub(super) fn close(&mut self, side: Side) {
        let (own, peer) = (index(side), index(other(side)));
        if self.ends[own] == LinkEnd::Closed {
            return;
        }
        self.pipes[own].clear();
        self.said_end[own] = true;
        self.ends[own] = LinkEnd::Closed;
        if !self.link_broken && self.ends[peer] != LinkEnd::Closed && !self.hears_of_loss(other(side)) {
            self.lose(other(side));
        }
    }

    pub(super) fn notice(&mut self, side: Side, notice: Notice, number: u32) {
        if notice == Notice::Request && (self.importing.lose_request.take() || self.importing.unreachable.is_armed()) {
            return self.request_fails();
        }
        if !self.pipes[index(side)].take_notice(number) {
            return;
        }
        if matches!(notice, Notice::Lost | Notice::Refused) {
            self.ends[index(side)] = LinkEnd::Closed;
        }
        match side {
            Side::Import => self.notice_import(notice),
            Side::Export => self.notice_export(notice),
        }
    }

    /// The request for the connection does not arrive.
    pub(super) fn request_fails(&mut self) {
        let there = self.pipes[0].items() > 0;
        if !there {
            return;
        }
        self.link_broken = true;
        self.link_failed = true;
        self.pipes[0].clear();
        let told = self.importing.unreachable.take() && self.ends[1] == LinkEnd::Trying;
        if told {
            self.ends[1] = LinkEnd::Closed;
            let _ = self.take_export(Some(Action::Unreachable), export::Input::Unreachable);
        } else {
            self.follow(Action::LoseRequest, Did::Nothing);
        }
    }

    /// The link breaks. It has to be there, and to be news to somebody.
    pub(super) fn break_link(&mut self, to_import: u32, to_export: u32) -> Result<(), &'static str> {
        if self.link_broken || self.ends[0] == LinkEnd::Away || self.schedule.device.is_some() {
            return Err("there is no link");
        }
        let learns = [Side::Import, Side::Export]
            .iter()
            .any(|&side| self.ends[index(side)] != LinkEnd::Closed && !self.hears_of_loss(side));
        let mut kept = [0; 2];
        let mut all = true;
        for (side, keep) in [(Side::Import, to_import), (Side::Export, to_export)] {
            let own = index(side);
            let loses = self.hears_of_loss(side);
            let before = self.pipes[own].items() - u8::from(loses);
            if loses && let Some(number) = self.lost[own].take() {
                self.pipes[own].drop_item(number);
            }
            kept[own] = self.pipes[own].cut(keep);
            all &= kept[own] == before;
        }
        if !learns && all {
            // Both learn of the end already, and everything arrives.
            for side in [Side::Import, Side::Export] {
                if self.ends[index(side)] != LinkEnd::Closed {
                    self.lose(side);
                }
            }
            return Err("both have left already");
        }
        self.link_broken = true;
        self.link_failed = true;
        self.follow(Action::Break { to_import: kept[0], to_export: kept[1] }, Did::Nothing);
        for side in [Side::Import, Side::Export] {
            if self.ends[index(side)] != LinkEnd::Closed {
                self.lose(side);
            }
        }
        Ok(())
    }

    /// What is on its way to a side is held, and what is sent to it in the meantime.
    pub(super) fn hold(&mut self, side: Side, ms: u32) -> Result<(), &'static str> {
        let until = self.queue.now() + u64::from(ms);
        let pipe = &mut self.pipes[index(side)];
        pipe.held = pipe.held.max(until);
        if self.ends == [LinkEnd::Closed; 2] { Err("there is no link") } else { Ok(()) }
    }
}
