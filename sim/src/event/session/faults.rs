//! The faults of a session, each at its place.

use handfast::{limits::Timer, outcome::Side};
use handfast_model::{
    action::{Action, Remains},
    follow::Did,
    side::{ExportSide, ImportSide},
};

use crate::event::{
    schedule::What,
    session::Session,
    state::{
        event::{Party, index, other},
        exporter::Exporting,
        importer::Conn,
        link::LinkEnd,
        model_step::ModelStep,
    },
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// A fault begins, if it can.
    pub(crate) fn fault(&mut self, number: usize) {
        let schedule = self.schedule;
        if let Some(why) = self.is_beyond_legacy(&schedule.faults[number].what) {
            self.fired[number] = Err(why);
            return;
        }
        self.fired[number] = match &schedule.faults[number].what {
            What::Break(to_import, to_export) => self.break_link(*to_import, *to_export),
            What::Hold(side, ms) => self.hold(*side, *ms),
            What::LoseRequest => self.importing.lose_request.arm(),
            What::Unreachable => self.importing.unreachable.arm(),
            What::Unpublishable => self.importing.unpublishable.arm(),
            What::Unsecured => self.importing.unsecured.arm(),
            What::Disk(step) => self.importing.disk[*step as usize].arm(),
            What::Crash(side, whole) => self.crash(*side, *whole),
            What::Cancel(side) => self.cancel(Party::of(*side)),
            What::Click(click) => self.click(*click),
            What::Early(side, timer) => self.fire_early(*side, *timer),
            What::Late(side, timer, ms) => {
                self.clock.delay(Party::of(*side), *timer, *ms);
                Ok(())
            }
            What::Visit(visit) => self.visit(visit),
            What::Repeat => self.repeat_request(),
            What::RepeatAnswer => self.repeat_answer(),
            What::Slow(errand, ms) => {
                self.importing.slow[*errand as usize] = Some(*ms);
                Ok(())
            }
        };
    }

    pub(crate) fn fire_early(&mut self, side: Side, timer: Timer) -> Result<(), &'static str> {
        let armed = match side {
            Side::Import => self.import.armed(),
            Side::Export => self.links[0].export.armed(),
        };
        if !armed.contains(timer) {
            return Err("the timer does not run");
        }
        self.fire(Party::of(side), timer, None);
        Ok(())
    }

    /// A device crashes and starts again. Of an install that ran, the account is there or not.
    pub(crate) fn crash(&mut self, side: Side, whole: bool) -> Result<(), &'static str> {
        let party = Party::of(side);
        let up = self.users.started[party.index()]
            && !self.crashed[party.index()]
            && (side == Side::Import || self.done[party.index()].is_none());
        if !up {
            return Err("there is no operation");
        }
        if self.sealed {
            return Err("the device has another operation");
        }
        let remains = match side {
            Side::Import => self.importing.crash(whole, self.is_legacy(side)),
            Side::Export => Remains::Nothing,
        };
        let action = Action::Crash(side, remains);
        match side {
            Side::Import => {
                self.follow(ModelStep::Import(action), Did::Nothing);
                self.import = self.fresh.0.clone();
                self.importing.conns.iter_mut().for_each(Conn::close);
                self.users.forget_prompt();
            }
            Side::Export => {
                self.follow(ModelStep::Export(0, action), Did::Nothing);
                self.links[0].export = self.fresh.1.clone();
                self.links[0].exporting = Exporting::new();
            }
        }
        self.crashed[party.index()] = true;
        self.clock.stop_all(party);
        let links = match party {
            Party::Import => 0..self.links.len(),
            Party::Export(link) => link..link + 1,
        };
        links.for_each(|link| self.tear(link, side));
        Ok(())
    }

    /// A side of a link crashes: the peer learns that the connection is gone, if there is one.
    fn tear(&mut self, link: usize, side: Side) {
        let at = &mut self.links[link];
        let (own, peer) = (index(side), other(side));
        at.fail();
        at.pipes[own].clear();
        at.ends[own] = LinkEnd::Closed;
        if let (Side::Import, Some(request)) = (peer, at.request) {
            at.pipes[0].drop_item(request);
        }
        let linked = matches!(at.ends[index(peer)], LinkEnd::Trying | LinkEnd::Open);
        if linked && !at.learns_of_loss(peer) {
            self.lose(link, peer);
        }
    }

    /// A fault that was to happen when it can has not happened if it never could.
    pub(crate) fn look_at_traps(&mut self) {
        let importing = &self.importing;
        for (fault, fired) in self.schedule.faults.iter().zip(&mut self.fired) {
            let waits = match fault.what {
                What::LoseRequest => importing.lose_request.is_armed(),
                What::Unreachable => importing.unreachable.is_armed(),
                What::Unpublishable => importing.unpublishable.is_armed(),
                What::Unsecured => importing.unsecured.is_armed(),
                What::Disk(step) => importing.disk[step as usize].is_armed(),
                What::Slow(errand, _) => importing.slow[errand as usize].is_some(),
                _ => false,
            };
            if waits && fired.is_ok() {
                *fired = Err("it never comes to that");
            }
        }
    }
}
