//! The connections of the importing device, read.

use handfast::{
    connection::Doing,
    import::{Ask, Input},
    limits::PROGRESS_STEP,
    message::Slot,
    outcome::Side,
    reducer::ConnId,
    token,
};
use handfast_model::{
    action::{Action, CallerAct},
    counted,
    follow::Did,
    side::{ExportSide, ImportSide},
};

use crate::event::{
    compare::handled,
    schedule::DiskStep,
    session::Session,
    state::{
        event::{Event, index},
        importer::{ConnState, Peer, conn_number},
        law::Law,
        model_step::ModelStep,
        pipe::Pipe,
        wire::{Received, receive},
    },
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    fn pipe(&mut self, peer: Peer) -> &mut Pipe {
        match peer {
            Peer::Link(link) => &mut self.links[link].pipes[0],
            Peer::Visitor(visitor) => &mut self.importing.visitors[visitor].pipe,
        }
    }

    /// Reads what has arrived on a connection.
    pub(crate) fn read_import(&mut self, conn: ConnId, upto: u64) {
        if !self.import.reads(conn) {
            return self.queue.after(1, Event::Arrive(conn, upto));
        }
        let (number, peer) = (conn_number(conn), self.importing.peer(conn));
        let (bytes, start) = self.pipe(peer).take_bytes();
        let arrived = usize::try_from(upto.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
        let mut rest = &bytes[..arrived];
        while self.broken.is_none() {
            let rows = self.rows_of(Side::Import);
            let own = &mut self.importing.conns[number];
            if own.stage != ConnState::Open || !self.import.reads(conn) {
                break;
            }
            let rows = rows.then_some(&mut self.received);
            let Some(thing) = receive(&mut own.connection, &mut rest, Side::Import, rows) else { break };
            let end = start + (arrived - rest.len()) as u64;
            let thing = if peer == Peer::Link(0) { self.unpacked(Side::Import, start, end, thing) } else { thing };
            self.receive_import(conn, end, thing);
        }
        let own = &mut self.importing.conns[number];
        let (open, waits) = (own.stage == ConnState::Open, !own.connection.is_reading());
        own.unread = (open && waits).then_some(upto);
        let reads = self.import.reads(conn);
        if let Peer::Link(link) = peer
            && open
            && reads
            && !waits
        {
            self.pass_over(link, Side::Import, start + arrived as u64 + 1);
        }
        if !reads {
            self.queue.after(1, Event::Arrive(conn, upto));
        }
        let taken = if open { arrived - rest.len() } else { arrived };
        self.pipe(peer).put_back(bytes, taken);
        self.transmit_import(conn, false);
        if let Peer::Visitor(visitor) = peer {
            self.look_at_answers(number, visitor);
        }
    }

    /// A visitor's bytes have been answered, on a connection that is still there.
    fn look_at_answers(&mut self, number: usize, visitor: usize) {
        let (own, visitor) = (&self.importing.conns[number], &mut self.importing.visitors[visitor]);
        if own.stage != ConnState::Open || self.legacy[0] {
            return;
        }
        if let Some(text) = visitor.ledger.wrong(&own.connection, visitor.pipe.read()) {
            self.break_law(Law::Answered, format!("import, connection {number}: {text}"));
        }
    }

    /// Connections that end before here, and were not handed on, are passed over in the model too.
    pub(crate) fn pass_over(&mut self, link: usize, side: Side, before: u64) {
        while self.links[link].pipes[index(side)].pass_item(before) {
            self.follow(ModelStep::Export(link, Action::Deliver(side)), Did::Nothing);
        }
    }

    fn receive_import(&mut self, conn: ConnId, end: u64, thing: Received) {
        let peer = self.importing.peer(conn);
        let own = &mut self.importing.conns[conn_number(conn)];
        // Old importers were observed without further channels, and without an end after their own.
        let beyond = match thing {
            Received::Asked(_) => own.connection.has_session(),
            Received::Malformed | Received::Lost => false,
            _ => own.connection.has_ended(),
        };
        if self.legacy[0] && beyond {
            own.connection.decline();
            return;
        }
        if own.connection.has_ended() && thing.is_data() {
            return self.break_law(Law::Model, "import: data is received after its own end of the channel".into());
        }
        let (act, input) = match thing {
            Received::Asked(name) => {
                let ask = match name.ask() {
                    token::Ask::Code(code) if code == self.importing.code => Ask::Right,
                    token::Ask::Code(_) | token::Ask::NoCode => Ask::Wrong,
                    token::Ask::Other => Ask::Other,
                };
                (CallerAct::Ask(ask), Input::ChannelRequested(conn, ask))
            }
            // An importer requests no channel.
            Received::Accepted | Received::Declined => return,
            Received::Message(message) => {
                // An opening that does not open the commitment is no message (R-SAS-3).
                if own.comparison.as_mut().is_some_and(|own| !own.take(&message)) {
                    return self.receive_garbage(conn, false);
                }
                let message = handled(message, Slot(0));
                (CallerAct::Say(message), Input::Message(conn, message))
            }
            Received::Began(length) => {
                let (frames, bytes) = self.schedule.archive;
                if let Peer::Link(_) = peer
                    && length != u64::from(frames) * u64::from(bytes)
                {
                    let text = format!(
                        "import: an archive of {frames} times {} is announced as {length}",
                        counted(bytes, "byte")
                    );
                    return self.break_law(Law::Model, text);
                }
                // An old one has all of it before it does anything with it.
                if self.legacy[0] {
                    own.connection.take_archive();
                }
                (CallerAct::Begin, Input::ArchiveBegan(conn))
            }
            Received::Slice { first, length } => return self.stage(conn, first, length),
            Received::Complete => {
                let legacy = self.legacy[0];
                if !std::mem::take(&mut own.sink) && !legacy {
                    // An archive that was not staged ends unheard.
                    let step = match peer {
                        Peer::Link(link) => ModelStep::Unseen(link, CallerAct::Complete),
                        Peer::Visitor(_) => ModelStep::Caller(conn, CallerAct::Complete),
                    };
                    return self.follow(step, Did::Nothing);
                }
                if !legacy && self.importing.disk[DiskStep::Stage as usize].take() {
                    return self.unwritable(conn);
                }
                (CallerAct::Complete, Input::ArchiveComplete(conn))
            }
            Received::End => (CallerAct::End, Input::ChannelEnded(conn)),
            Received::Malformed | Received::Lost => return self.receive_garbage(conn, matches!(thing, Received::Lost)),
        };
        if let Peer::Link(link) = peer {
            self.pass_over(link, Side::Import, end);
            self.links[link].pipes[0].take_item(end);
        }
        // In the middle of an archive, and after their end, the model's callers request no channel.
        let own = &mut self.importing.conns[conn_number(conn)];
        let amid = act == CallerAct::Ask(Ask::Other)
            && (own.peer_ended || own.connection.place().doing == Doing::AnsweringAmidArchive);
        own.peer_ended |= act == CallerAct::End;
        let _ = self.take_import((!amid).then_some(peer.model_step(conn, act)), input);
        // An old one reads on, whatever it is asked; what it accepts, it accepts later.
        if self.legacy[0] && matches!(act, CallerAct::Ask(Ask::Wrong | Ask::Other)) {
            self.importing.conns[conn_number(conn)].connection.decline();
        }
    }

    fn receive_garbage(&mut self, conn: ConnId, lost: bool) {
        let peer = self.importing.peer(conn);
        let own = &mut self.importing.conns[conn_number(conn)];
        let (act, input) = if lost {
            own.close();
            (Some(CallerAct::Drop), Input::ConnectionLost(conn))
        } else {
            // After an end of the channel the importer ignores it, and the model leaves it out.
            let over = own.connection.has_ended() || own.peer_ended;
            let act = (!over).then_some(CallerAct::Babble);
            (act, Input::Malformed(conn))
        };
        let _ = self.take_import(act.map(|act| peer.model_step(conn, act)), input);
    }

    /// Bytes of an archive come.
    fn stage(&mut self, conn: ConnId, first: Option<u8>, length: u64) {
        let own = &mut self.importing.conns[conn_number(conn)];
        own.first = first;
        if !own.sink || self.legacy[0] {
            return;
        }
        if self.importing.disk[DiskStep::Stage as usize].take() {
            return self.unwritable(conn);
        }
        let Some(staged) = &mut self.importing.staged else { return };
        staged.first = staged.first.or(first);
        let before = staged.bytes / PROGRESS_STEP;
        staged.bytes += length;
        if staged.bytes / PROGRESS_STEP > before {
            let _ = self.take_import(None, Input::ArchiveProgressed(conn));
        }
    }
}
