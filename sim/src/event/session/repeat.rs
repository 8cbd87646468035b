//! A directory that says again what it has said.

use handfast::{export, import::Input, reducer::ConnId};
use handfast_model::{
    action::{Action, CallerAct},
    side::{ExportSide, ImportSide},
    world::PEER,
};

use crate::event::{
    session::Session,
    state::{
        event::Event,
        importer::{Conn, ConnState, conn_number},
        link::LinkEnd,
        model_step::{ModelStep, link_conn},
    },
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// Delivers the request for the connection a second time. A shell that has the connection recognizes the request. Any other shell
    /// begins a new connection, which then gets no TLS handshake.
    pub(crate) fn repeat_request(&mut self) -> Result<(), &'static str> {
        if !self.schedule.is_pair() || self.links[0].ends[1] == LinkEnd::Away {
            return Err("there is no request");
        }
        if self.links.len() > 1 {
            return Err("there is another exporter");
        }
        if self.importing.conns[0].is_open() {
            let _ = self.take_import(Some(ModelStep::Import(Action::Repeat)), Input::ConnectionRequested(PEER));
            return Ok(());
        }
        let conn = self.make_repeated();
        // After a restart there is no one whom it is for.
        let step = (!self.crashed[0]).then_some(ModelStep::Caller(conn, CallerAct::Request));
        let _ = self.take_import(step, Input::ConnectionRequested(conn));
        if self.importing.conns[conn_number(conn)].is_open() {
            self.queue.after(self.schedule.work[1], Event::Unanswered(conn));
        }
        Ok(())
    }

    /// A connection after those of the visitors.
    fn make_repeated(&mut self) -> ConnId {
        self.make_visitors();
        let first = self.importing.links + self.importing.visitors.len();
        // Of the model's connections for requests the lowest is taken first.
        let spent = self.importing.conns.len() - first;
        self.importing.conns.push(Conn::new());
        link_conn(first + spent)
    }

    /// The exporter does not answer for a request that came again.
    pub(crate) fn unanswered(&mut self, conn: ConnId) {
        let own = &mut self.importing.conns[conn_number(conn)];
        if own.stage() == ConnState::Requested {
            own.close();
            let _ = self.take_import(Some(ModelStep::Caller(conn, CallerAct::Fail)), Input::ConnectionFailed(conn));
        }
    }

    /// The answer comes again: the exporter has it, or has restarted since. The model has no step for what changes nothing.
    pub(crate) fn repeat_answer(&mut self) -> Result<(), &'static str> {
        let there = self.links[0].ends[1] == LinkEnd::Open || self.crashed[1];
        if !self.schedule.is_pair() || !there || self.export_waits() {
            return Err("there is no answer");
        }
        let _ = self.take_export(0, None, export::Input::Opened { pinned: true });
        Ok(())
    }

    /// Whether the exporter waits for the answer.
    fn export_waits(&self) -> bool {
        self.links[0].export.place() == "connecting"
    }
}
