//! What goes wrong in a session, when its place has come.

use handfast::{limits::Timer, outcome::Side};
use handfast_model::{
    action::{Action, Remains},
    follow::Did,
    side::{ExportSide, ImportSide},
};

use super::{
    engine::{LinkEnd, Session, index, other},
    export::Exporting,
    import::Conn,
    schedule::What,
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// A fault begins, if it can.
    pub(super) fn fault(&mut self, number: usize) {
        let schedule = self.schedule;
        self.fired[number] = match &schedule.faults[number].what {
            What::Break(to_import, to_export) => self.break_link(*to_import, *to_export),
            What::Hold(side, ms) => self.hold(*side, *ms),
            What::LoseRequest => self.importing.lose_request.arm(),
            What::Unreachable => self.importing.unreachable.arm(),
            What::Unpublishable => self.importing.unpublishable.arm(),
            What::Unsecured => self.importing.unsecured.arm(),
            What::Disk(step) => self.importing.disk[*step as usize].arm(),
            What::Crash(side, whole) => self.crash(*side, *whole),
            What::Cancel(side) => self.cancel(*side),
            What::Click(click) => self.click(*click),
            What::Early(side, timer) => self.fire_early(*side, *timer),
            What::Late(side, timer, ms) => {
                self.clock.delay(*side, *timer, *ms);
                Ok(())
            }
            What::Visit(visit) => self.visit(visit),
        };
    }

    pub(super) fn fire_early(&mut self, side: Side, timer: Timer) -> Result<(), &'static str> {
        let armed = match side {
            Side::Import => self.import.armed(),
            Side::Export => self.export.armed(),
        };
        if !armed.contains(timer) {
            return Err("the timer does not run");
        }
        self.fire(side, timer, None);
        Ok(())
    }

    /// A device crashes and starts again. Of an install that ran, the account is there or not.
    pub(super) fn crash(&mut self, side: Side, whole: bool) -> Result<(), &'static str> {
        let own = index(side);
        let up = match side {
            Side::Import => self.people.started[0] && !self.crashed[0],
            Side::Export => self.people.started[1] && !self.crashed[1] && self.done[1].is_none(),
        };
        if !up {
            return Err("there is no operation");
        }
        let remains =
            if side == Side::Import && self.importing.crash(whole) { Remains::Whole } else { Remains::Nothing };
        self.follow(Action::Crash(side, remains), Did::Nothing);
        match side {
            Side::Import => {
                self.import = self.fresh.0.clone();
                self.importing.conns.iter_mut().for_each(Conn::close);
            }
            Side::Export => {
                self.export = self.fresh.1.clone();
                self.exporting = Exporting::new();
            }
        }
        self.crashed[own] = true;
        self.people.crash(side);
        self.clock.stop_all(side);
        self.link_broken = true;
        self.link_failed = true;
        self.pipes[own].clear();
        self.ends[own] = LinkEnd::Closed;
        let peer = other(side);
        if let (Side::Import, Some(request)) = (peer, self.request) {
            self.pipes[0].drop_item(request);
        }
        let linked = matches!(self.ends[index(peer)], LinkEnd::Trying | LinkEnd::Open);
        if linked && !self.hears_of_loss(peer) {
            self.lose(peer);
        }
        Ok(())
    }

    /// A fault that was to happen when it can has not happened if it never could.
    pub(super) fn look_at_traps(&mut self) {
        let importing = &self.importing;
        for (fault, fired) in self.schedule.faults.iter().zip(&mut self.fired) {
            let waits = match fault.what {
                What::LoseRequest => importing.lose_request.is_armed(),
                What::Unreachable => importing.unreachable.is_armed(),
                What::Unpublishable => importing.unpublishable.is_armed(),
                What::Unsecured => importing.unsecured.is_armed(),
                What::Disk(step) => importing.disk[step as usize].is_armed(),
                _ => false,
            };
            if waits && fired.is_ok() {
                *fired = Err("it never comes to that");
            }
        }
    }
}
