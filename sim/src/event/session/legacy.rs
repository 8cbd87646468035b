//! Today's daemon on a side: what it has posted to itself, and what it does not read for a while.

use handfast::{
    export, import,
    outcome::{Side, Signal},
};
use handfast_model::{
    action::Action,
    follow::Did,
    pairs::Cause,
    side::{ExportSide, ImportSide},
    world::PEER,
};

use crate::event::{
    schedule::What,
    session::Session,
    state::{
        event::{Event, Party, index},
        model_step::{ModelStep, link_conn},
        wire::Received,
    },
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// Plans each step of its own that a side can take and that is not planned.
    pub(crate) fn post(&mut self, side: Side) {
        let own = index(side);
        if !self.legacy[own] {
            return;
        }
        let can = self.steps_of(side).len();
        while self.posts[own] < can {
            self.posts[own] += 1;
            // Soon, or so late that much else comes before.
            let work = self.schedule.work[2];
            let ms = [1, work / 4, work, 2 * work][self.events as usize % 4];
            self.queue.after(ms, Event::Posted(side));
        }
    }

    fn steps_of(&self, side: Side) -> Vec<u8> {
        match side {
            Side::Import => self.import.inner(),
            Side::Export => self.links[0].export.inner(),
        }
    }

    /// A side takes a step of its own.
    pub(crate) fn posted(&mut self, side: Side) {
        self.posts[index(side)] -= 1;
        let steps = self.steps_of(side);
        let Some(&step) = steps.get(self.events as usize % steps.len().max(1)) else { return };
        let action = Action::Inner(side, step);
        match side {
            Side::Import => {
                let effects = self.import.advance(step);
                if self.watch.trace {
                    self.posted.import.extend(&effects);
                }
                self.follow(ModelStep::Import(action), Did::Import(None, &effects));
                for &effect in &effects {
                    if let import::Effect::Signal(signal) = effect {
                        self.signal_posted(Party::Import, signal);
                    }
                    self.carry_out_import(None, effect);
                }
            }
            Side::Export => {
                let effects = self.links[0].export.advance(step);
                if self.watch.trace {
                    self.posted.export.extend(&effects);
                }
                self.follow(ModelStep::Export(0, action), Did::Export(None, &effects));
                for &effect in &effects {
                    if let export::Effect::Signal(signal) = effect {
                        self.signal_posted(Party::Export(0), signal);
                    }
                    self.carry_out_export(0, effect);
                }
            }
        }
        self.post(side);
    }

    fn signal_posted(&mut self, party: Party, signal: Signal) {
        self.signal(party, signal, Cause::Local);
    }

    /// Whether a side of a link reads what arrives.
    pub(crate) fn reads(&self, link: usize, side: Side) -> bool {
        match side {
            Side::Import => self.import.reads(link_conn(link)),
            Side::Export => self.links[link].export.reads(PEER),
        }
    }

    /// Returns what a side takes a thing for that ends here, in a read that began at `start`: an old one that ignores what its unpacker
    /// says takes a message for none of which a part came in another read (H-4).
    pub(crate) fn unpacked(&mut self, side: Side, start: u64, end: u64, thing: Received) -> Received {
        let begun_before = std::mem::replace(&mut self.received_upto[index(side)], end) < start;
        let is_lost = self.unpacks_once && self.is_legacy(side) && begun_before;
        if is_lost && matches!(thing, Received::Message(_)) { Received::Malformed } else { thing }
    }

    /// Whether a side is today's daemon.
    pub(crate) const fn is_legacy(&self, side: Side) -> bool {
        self.legacy[index(side)]
    }

    /// Why an old side cannot be asked for this. The model knows what was seen of them.
    pub(crate) fn is_beyond_legacy(&self, what: &What) -> Option<&'static str> {
        match what {
            What::Repeat if self.is_legacy(Side::Import) => Some("its directory keeps what it has seen"),
            What::RepeatAnswer if self.is_legacy(Side::Export) => Some("its directory keeps what it has seen"),
            _ => None,
        }
    }
}
