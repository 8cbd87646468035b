//! The effects of the importing reducer, carried out.

use handfast::{
    connection::{Connection, Kind},
    import::{Effect, Input},
    message::Message,
    outcome::Side,
    reducer::ConnId,
};
use handfast_model::side::{ExportSide, ImportSide};

use crate::event::{
    compare::{comparison, filled},
    schedule::Errand,
    session::Session,
    state::{
        event::{Event, Party, Whose},
        importer::{ConnState, Install, Peer, Staged, conn_number},
        link::LinkEnd,
        pipe::Notice,
        users::password,
        wire::transmit,
    },
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// Carries out one effect of the importer.
    pub(crate) fn carry_out_import(&mut self, input: Option<Input>, effect: Effect) {
        let work = self.schedule.work;
        match effect {
            Effect::Signal(_) => {}
            Effect::Arm(timer) => self.arm(Party::Import, timer),
            Effect::Disarm(timer) => self.clock.stop(Party::Import, timer),
            Effect::Publish => {
                self.importing.publishing = true;
                self.queue.after(work[0], Event::Published);
            }
            Effect::Withdraw => self.importing.publishing = false,
            Effect::Accept(conn) => {
                self.importing.conns[conn_number(conn)].set(ConnState::Requested);
                if let Peer::Link(link) = self.importing.peer(conn) {
                    self.links[link].ends[0] = LinkEnd::Trying;
                    let more = if link == 0 { self.importing.slow[Errand::Answer as usize].take() } else { None };
                    self.queue.after(work[1] + more.unwrap_or_default(), Event::Secured(link));
                }
            }
            Effect::Refuse(conn) => {
                self.importing.conns[conn_number(conn)].close();
                if let Peer::Link(link) = self.importing.peer(conn) {
                    if self.links[link].can_send(Side::Import) {
                        let listens = !self.crashed[0] && self.done[Party::Import.index()].is_none();
                        self.notify(link, Side::Export, if listens { Notice::Refused } else { Notice::Absent });
                    }
                    self.links[link].ends[0] = LinkEnd::Closed;
                    self.links[link].pipes[0].clear();
                }
            }
            Effect::Close(conn) => {
                self.importing.conns[conn_number(conn)].close();
                if let Peer::Link(link) = self.importing.peer(conn) {
                    self.close(link, Side::Import);
                }
            }
            Effect::AcceptChannel(conn) => self.answer_channel(conn, true),
            Effect::DeclineChannel(conn) => self.answer_channel(conn, false),
            Effect::Send(conn, message) => self.say(conn, message),
            Effect::End(conn) => self.end_channel(conn),
            Effect::Stage(_) => {
                if let Some(conn) = input.and_then(|input| input.conn()) {
                    let legacy = self.legacy[0];
                    if legacy {
                        // The client shows that it goes on; a hardened importer refuses what is answered now.
                        self.users.forget_prompt();
                    }
                    let own = &mut self.importing.conns[conn_number(conn)];
                    own.sink = !legacy;
                    self.importing.staged = Some(Staged { first: own.first.filter(|_| legacy), bytes: 0 });
                    self.command(Whose::Import(conn), Kind::TakeArchive, Connection::take_archive);
                }
            }
            Effect::Check => {
                self.importing.checking = true;
                self.queue.after(work[3], Event::Checked);
            }
            Effect::Install => {
                self.importing.install = Install::Running;
                self.queue.after(work[4], Event::Settled);
            }
            Effect::Discard => self.importing.staged = None,
            Effect::Remove => self.importing.install = Install::None,
        }
    }

    /// Transmits what waits on a connection. `item`: it completes one. A visitor only counts its answers.
    pub(crate) fn transmit_import(&mut self, conn: ConnId, item: bool) {
        let peer = self.importing.peer(conn);
        let left = match peer {
            Peer::Link(link) => self.links[link].pipes[0].has_bytes(),
            Peer::Visitor(visitor) => self.importing.visitors[visitor].pipe.has_bytes(),
        };
        let own = &mut self.importing.conns[conn_number(conn)];
        let bytes = transmit(&mut own.connection);
        // An old one has nothing left but what has not been read.
        if own.connection.is_reading()
            && (left || !self.legacy[0])
            && let Some(upto) = own.unread.take()
        {
            self.queue.after(0, Event::Arrive(conn, upto));
        }
        match peer {
            _ if bytes.is_empty() => {}
            Peer::Visitor(visitor) => self.importing.visitors[visitor].ledger.take(&bytes),
            Peer::Link(link) if self.links[link].can_send(Side::Import) => {
                self.send(link, Side::Import, &bytes, item);
            }
            Peer::Link(_) => {}
        }
    }

    fn answer_channel(&mut self, conn: ConnId, accepts: bool) {
        let number = conn_number(conn);
        let whose = Whose::Import(conn);
        if !accepts {
            self.command(whose, Kind::Decline, Connection::decline);
        } else if self.command(whose, Kind::Accept, Connection::accept) {
            self.importing.session = Some(number);
            let compares = self.schedule.compares(Side::Import) && !self.legacy[0];
            self.importing.conns[number].comparison = compares.then(|| comparison(Side::Import, number));
        }
        self.transmit_import(conn, true);
    }

    fn say(&mut self, conn: ConnId, message: Message) {
        let number = conn_number(conn);
        if !self.importing.conns[number].connection.has_session() {
            return;
        }
        if let (Message::Password(slot), Peer::Link(link)) = (message, self.importing.peer(conn)) {
            self.links[link].slots.push_back(slot);
        }
        let (right, scheme) = (self.users.typed.unwrap_or_default(), self.schedule.scheme);
        let own = self.importing.conns[number].comparison.as_ref();
        let message = filled(own, message, password(right, scheme));
        self.command(Whose::Import(conn), Kind::Send, |connection| connection.send(&message));
        self.transmit_import(conn, true);
    }

    fn end_channel(&mut self, conn: ConnId) {
        self.command(Whose::Import(conn), Kind::EndChannel, Connection::end);
        self.importing.conns[conn_number(conn)].sink = false;
        self.transmit_import(conn, true);
        if let Peer::Link(link) = self.importing.peer(conn) {
            self.links[link].said_end[0] = true;
        }
    }
}
