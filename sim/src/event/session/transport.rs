//! The connection between the two: what is sent on it arrives in order, until it breaks or is closed.

use handfast::{export, outcome::Side};
use handfast_model::{
    action::Action,
    follow::Did,
    side::{ExportSide, ImportSide},
};

use crate::event::{
    session::Session,
    state::{
        event::{Event, index, other},
        link::LinkEnd,
        model_step::{ModelStep, link_conn},
        pipe::Notice,
    },
};

/// Pieces into which what is written at once is cut, at most.
const MAX_PIECES: u64 = 256;

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// Sends bytes from one side to the other, cut as the schedule says.
    pub(crate) fn send(&mut self, link: usize, from: Side, bytes: &[u8], item: bool) {
        let to = other(from);
        let latency = self.latency(link, to);
        let pipe = &mut self.links[link].pipes[index(to)];
        let start = pipe.end();
        pipe.write(bytes, item);
        let arrival = pipe.arrival(self.queue.now(), latency);
        let end = pipe.end();
        let mut arrive = |upto| {
            let event = match to {
                Side::Import => Event::Arrive(link_conn(link), upto),
                Side::Export => Event::ArriveAtExporter(link, upto),
            };
            self.queue.at(arrival, event);
        };
        if self.schedule.cut > 0 {
            let step = u64::from(self.schedule.cut).max((end - start) / MAX_PIECES);
            (start..end).step_by(step as usize).skip(1).for_each(&mut arrive);
        }
        arrive(end);
        self.after_bytes(link, to);
    }

    /// Sends the other side a notice, in order with the bytes.
    pub(crate) fn notify(&mut self, link: usize, to: Side, notice: Notice) -> u32 {
        let latency = self.latency(link, to);
        let own = &mut self.links[link];
        let pipe = &mut own.pipes[index(to)];
        let number = pipe.notify();
        let arrival = pipe.arrival(self.queue.now(), latency);
        self.queue.at(arrival, Event::Notice(link, to, notice, number));
        if notice == Notice::Request {
            own.request = Some(number);
        }
        number
    }

    pub(crate) fn latency(&self, link: usize, to: Side) -> u32 {
        let (to_import, to_export) = match &self.schedule.rival {
            Some(rival) if link > 0 => rival.latency,
            _ => self.schedule.latency,
        };
        match to {
            Side::Import => to_import,
            Side::Export => to_export,
        }
    }

    /// Notifies a side that the connection is gone, after everything that is on its way to it.
    pub(crate) fn lose(&mut self, link: usize, side: Side) {
        let number = self.notify(link, side, Notice::Lost);
        self.links[link].lost[index(side)] = Some(number);
    }

    /// A side closes the connection: what it sent before still arrives.
    pub(crate) fn close(&mut self, link: usize, side: Side) {
        let (own, peer) = (index(side), index(other(side)));
        let at = &mut self.links[link];
        if at.ends[own] == LinkEnd::Closed {
            return;
        }
        at.pipes[own].clear();
        at.said_end[own] = true;
        at.ends[own] = LinkEnd::Closed;
        if !at.broken && at.ends[peer] != LinkEnd::Closed && !at.learns_of_loss(other(side)) {
            self.lose(link, other(side));
        }
    }

    pub(crate) fn notice(&mut self, link: usize, side: Side, notice: Notice, number: u32) {
        let caught = link == 0
            && notice == Notice::Request
            && (self.importing.lose_request.take() || self.importing.unreachable.is_armed());
        if caught {
            return self.request_fails();
        }
        if !self.reads(link, side) {
            return self.queue.after(1, Event::Notice(link, side, notice, number));
        }
        let own = &mut self.links[link];
        if !own.pipes[index(side)].take_notice(number) {
            return;
        }
        if matches!(notice, Notice::Lost | Notice::Refused | Notice::Absent) {
            own.ends[index(side)] = LinkEnd::Closed;
        }
        match side {
            Side::Import => self.notice_import(link, notice),
            Side::Export => self.notice_export(link, notice),
        }
    }

    /// The request for the connection does not arrive.
    fn request_fails(&mut self) {
        let own = &mut self.links[0];
        if own.pipes[0].items() == 0 {
            return;
        }
        own.fail();
        own.pipes[0].clear();
        let step = self.importing.unreachable.take() && own.ends[1] == LinkEnd::Trying;
        if step {
            own.ends[1] = LinkEnd::Closed;
            let _ = self.take_export(0, Some(Action::Unreachable), export::Input::Unreachable);
        } else {
            self.follow(ModelStep::Export(0, Action::LoseRequest), Did::Nothing);
        }
    }

    /// The link breaks. It has to be there, and to be news to somebody.
    pub(crate) fn break_link(&mut self, to_import: u32, to_export: u32) -> Result<(), &'static str> {
        let at = &mut self.links[0];
        if at.broken || at.ends[0] == LinkEnd::Away || self.schedule.device.is_some() {
            return Err("there is no link");
        }
        let both = [Side::Import, Side::Export];
        let learns = both.iter().any(|&side| at.ends[index(side)] != LinkEnd::Closed && !at.learns_of_loss(side));
        let mut kept = [0; 2];
        let mut all = true;
        for (side, keep) in [(Side::Import, to_import), (Side::Export, to_export)] {
            let own = index(side);
            let loses = at.learns_of_loss(side);
            let before = at.pipes[own].items() - u8::from(loses);
            if loses && let Some(number) = at.lost[own].take() {
                at.pipes[own].drop_item(number);
            }
            kept[own] = at.pipes[own].cut(keep);
            all &= kept[own] == before;
        }
        let news = learns || !all;
        if news {
            at.fail();
            let action = Action::Break { to_import: kept[0], to_export: kept[1] };
            self.follow(ModelStep::Export(0, action), Did::Nothing);
        }
        for side in both {
            if self.links[0].ends[index(side)] != LinkEnd::Closed {
                self.lose(0, side);
            }
        }
        // Both learn of the end already, and everything arrives.
        if news { Ok(()) } else { Err("both have left already") }
    }

    /// Messages on their way to a side are held, and later ones in the meantime.
    pub(crate) fn hold(&mut self, side: Side, ms: u32) -> Result<(), &'static str> {
        let until = self.queue.now() + u64::from(ms);
        let own = &mut self.links[0];
        let pipe = &mut own.pipes[index(side)];
        pipe.held = pipe.held.max(until);
        if own.ends == [LinkEnd::Closed; 2] { Err("there is no link") } else { Ok(()) }
    }
}
