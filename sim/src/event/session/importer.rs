//! The steps of the importing device: its connections, its disk, the directory.

mod effects;
mod receive;

use handfast::{
    connection::{Connection, Kind},
    import::{Check, Input},
    outcome::Side,
    reducer::ConnId,
};
use handfast_model::{
    action::{Action, CallerAct, Chain},
    follow::Did,
    side::{ExportSide, ImportSide},
    world::{HONEST, INTRUDER},
};

use crate::event::{
    schedule::DiskStep,
    session::Session,
    state::{
        event::{Event, Whose},
        importer::{Conn, ConnState, Install, conn_number},
        link::LinkEnd,
        model_step::{ModelStep, link_conn},
        pipe::Notice,
    },
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    pub(crate) fn published(&mut self) {
        if !std::mem::take(&mut self.importing.publishing) {
            return;
        }
        // An old one does not look whether it can be reached.
        let _ = if !self.is_legacy(Side::Import) && self.importing.unpublishable.take() {
            self.take_import(Some(ModelStep::Import(Action::Unpublishable)), Input::Unpublishable)
        } else {
            self.take_import(Some(ModelStep::Import(Action::Published)), Input::Published)
        };
    }

    pub(crate) fn notice_import(&mut self, link: usize, notice: Notice) {
        let conn = link_conn(link);
        let _ = match notice {
            Notice::Request => {
                self.links[link].requested = true;
                if self.importing.conns[link].stage() == ConnState::Closed {
                    self.importing.conns[link] = Conn::new();
                }
                // An importer that has restarted refuses it: to the other exporter's model, no importer is there any more.
                let step = if self.crashed[0] {
                    ModelStep::Export(link, Action::Deliver(Side::Import))
                } else {
                    ModelStep::Received(link, CallerAct::Request)
                };
                self.take_import(Some(step), Input::ConnectionRequested(conn))
            }
            Notice::Lost => {
                self.importing.conns[link].close();
                self.take_import(Some(ModelStep::Received(link, CallerAct::Drop)), Input::ConnectionLost(conn))
            }
            // An importer has no input for that.
            Notice::Opened | Notice::Refused | Notice::Absent => Ok(()),
        };
    }

    /// An exporter's connection is secured, unless somebody has given it up.
    pub(crate) fn secured(&mut self, link: usize) {
        if !self.links[link].is_securing() {
            return;
        }
        let conn = link_conn(link);
        if link == 0 && self.importing.unsecured.take() {
            self.notify(link, Side::Export, Notice::Refused);
            self.links[link].fail();
            self.links[link].ends[0] = LinkEnd::Closed;
            self.importing.conns[link].close();
            let step = ModelStep::Between(link, Action::Unsecured, CallerAct::Fail);
            let _ = self.take_import(Some(step), Input::ConnectionFailed(conn));
            return;
        }
        self.links[link].ends = [LinkEnd::Open; 2];
        self.notify(link, Side::Export, Notice::Opened);
        self.importing.conns[link].set(ConnState::Open);
        let input = Input::ConnectionOpened { conn, presented: Some(HONEST), verified: true };
        let step = ModelStep::Between(link, Action::Secured, CallerAct::Prove(Chain::Same));
        let _ = self.take_import(Some(step), input);
    }

    fn unwritable(&mut self, conn: ConnId) {
        let own = &mut self.importing.conns[conn_number(conn)];
        own.sink = false;
        self.command(Whose::Import(conn), Kind::HoldArchive, Connection::hold_archive);
        let _ = self.take_import(Some(ModelStep::Import(Action::Unwritable)), Input::ArchiveUnwritable(conn));
    }

    pub(crate) fn checked(&mut self) {
        if !std::mem::take(&mut self.importing.checking) {
            return;
        }
        let first = self.importing.staged.as_ref().and_then(|staged| staged.first);
        let check = match first {
            // An old one checks what it has in memory.
            _ if !self.is_legacy(Side::Import) && self.importing.disk[DiskStep::Check as usize].take() => {
                Check::Unreadable
            }
            Some(b'h') => Check::Sound(HONEST),
            Some(b'i') => Check::Sound(INTRUDER),
            Some(_) | None => Check::Unsound,
        };
        let _ = self.take_import(Some(ModelStep::Import(Action::Checked(check))), Input::Checked(check));
    }

    /// The install is through, and the importer does not know yet.
    pub(crate) fn settled(&mut self) {
        if self.importing.install != Install::Running {
            return;
        }
        let durable = !self.importing.disk[DiskStep::Install as usize].take();
        self.importing.install = Install::Settled(durable);
        if durable {
            self.importing.staged = None;
            self.importing.stored += 1;
        }
        self.follow(ModelStep::Import(Action::Settle { durable }), Did::Nothing);
        self.queue.after(1, Event::Reported);
    }

    pub(crate) fn reported(&mut self) {
        if let Install::Settled(durable) = self.importing.install {
            self.importing.install = Install::Reported(durable);
            let _ = self.take_import(Some(ModelStep::Import(Action::Report)), Input::Installed(durable));
        }
    }
}
