//! What the importing device hears on its connections.

use handfast::{
    import::{Ask, Input},
    inbox::Garbage,
    limits::PROGRESS_STEP,
    message::Slot,
    mux::{CONTROL_CHANNEL, Control, PROTOCOL_CHANNEL, RequestState},
    outcome::Side,
    reducer::ConnId,
    token,
};
use handfast_model::{
    action::{Action, CallerAct},
    follow::Did,
    side::{ExportSide, ImportSide},
};

use super::{
    super::{
        heard::Thing,
        pipe::Pipe,
        schedule::DiskStep,
        session::{Event, Session, index},
        told::Told,
    },
    Peer, Stage, conn_number,
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    fn pipe(&mut self, peer: Peer) -> &mut Pipe {
        match peer {
            Peer::Line(line) => &mut self.lines[line].pipes[0],
            Peer::Visitor(visitor) => &mut self.importing.visitors[visitor].pipe,
        }
    }

    /// Reads what has arrived on a connection.
    pub(in super::super) fn read_import(&mut self, conn: ConnId, upto: u64) {
        if !self.import.reads(conn) {
            return self.queue.after(1, Event::Arrive(conn, upto));
        }
        let (number, peer) = (conn_number(conn), self.importing.peer(conn));
        let (bytes, start) = self.pipe(peer).take_bytes();
        let arrived = usize::try_from(upto.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
        let mut rest = &bytes[..arrived];
        while self.broken.is_none() {
            let own = &mut self.importing.conns[number];
            if own.stage != Stage::Open || own.deaf || !self.import.reads(conn) {
                break;
            }
            let heard = own.inbox.next(&mut rest).map(|heard| heard.map(Thing::from));
            let end = start + (arrived - rest.len()) as u64;
            match heard {
                Ok(None) => break,
                Ok(Some(thing)) => self.hear_import(conn, end, thing),
                Err(garbage) => {
                    own.deaf = garbage == Garbage::Frame;
                    self.hear_garbage(conn);
                }
            }
        }
        let reads = self.import.reads(conn);
        if let Peer::Line(line) = peer
            && self.importing.conns[number].stage == Stage::Open
            && reads
        {
            self.pass_over(line, Side::Import, start + arrived as u64 + 1);
        }
        if !reads {
            self.queue.after(1, Event::Arrive(conn, upto));
        }
        let deaf = self.importing.conns[number].deaf || self.importing.conns[number].stage != Stage::Open;
        let taken = if deaf { arrived } else { arrived - rest.len() };
        self.pipe(peer).put_back(bytes, taken);
    }

    /// What ends before here, and was not handed on, is passed over in the model too.
    pub(in super::super) fn pass_over(&mut self, line: usize, side: Side, before: u64) {
        while self.lines[line].pipes[index(side)].pass_item(before) {
            self.follow(Told::Export(line, Action::Deliver(side)), Did::Nothing);
        }
    }

    fn hear_import(&mut self, conn: ConnId, end: u64, thing: Thing) {
        let peer = self.importing.peer(conn);
        let own = &mut self.importing.conns[conn_number(conn)];
        // What is known of old importers was seen without further channels, and without an end behind their own.
        let beyond = matches!(thing, Thing::Control(_)) && own.session.is_some() || own.over;
        if self.old[0] && beyond {
            return;
        }
        let (act, input) = match thing {
            Thing::Control(Control::Request(request)) => {
                let usable = request.channel != CONTROL_CHANNEL
                    && request.channel != PROTOCOL_CHANNEL
                    && Some(request.channel) != own.session;
                // An answer to what was never asked, and a channel of a number that cannot be opened, are the shell's own business.
                if request.state != RequestState::Request || !usable {
                    return;
                }
                let ask = match request.name.ask() {
                    token::Ask::Code(code) if code == self.importing.code => Ask::Right,
                    token::Ask::Code(_) | token::Ask::NoCode => Ask::Wrong,
                    token::Ask::Other => Ask::Other,
                };
                match ask {
                    Ask::Right => (own.named, own.asked) = (Some(request), None),
                    Ask::Wrong | Ask::Other => own.asked = Some(request),
                }
                (CallerAct::Ask(ask), Input::ChannelRequested(conn, ask))
            }
            Thing::Control(Control::Version(_) | Control::Beacon(_) | Control::Unknown) => return,
            Thing::Message(message) => {
                let message = message.map_password(|_| Slot(0));
                (CallerAct::Say(message), Input::Message(conn, message))
            }
            Thing::Began => (CallerAct::Begin, Input::ArchiveBegan(conn)),
            Thing::Slice { first, length } => return self.stage(conn, first, length),
            Thing::Complete => {
                // An old one has all of it before it does anything with it.
                let old = self.old[0];
                if !std::mem::take(&mut own.sink) && !old {
                    // An archive that was not staged ends unheard.
                    let told = match peer {
                        Peer::Line(line) => Told::Unheard(line, CallerAct::Complete),
                        Peer::Visitor(_) => Told::Caller(conn, CallerAct::Complete),
                    };
                    return self.follow(told, Did::Nothing);
                }
                if !old && self.importing.disk[DiskStep::Stage as usize].take() {
                    return self.unwritable(conn);
                }
                (CallerAct::Complete, Input::ArchiveComplete(conn))
            }
            Thing::End => (CallerAct::End, Input::ChannelEnded(conn)),
        };
        if let Peer::Line(line) = peer {
            self.pass_over(line, Side::Import, end);
            self.lines[line].pipes[0].take_item(end);
        }
        let _ = self.take_import(Some(peer.told(conn, act)), input);
    }

    fn hear_garbage(&mut self, conn: ConnId) {
        let peer = self.importing.peer(conn);
        let own = &mut self.importing.conns[conn_number(conn)];
        let (act, input) = match own.session {
            None => {
                own.close();
                (Some(CallerAct::Drop), Input::ConnectionLost(conn))
            }
            // Behind its own end the importer ignores it, and the model leaves it out.
            Some(_) if own.over => (None, Input::Malformed(conn)),
            Some(_) => (Some(CallerAct::Babble), Input::Malformed(conn)),
        };
        let _ = self.take_import(act.map(|act| peer.told(conn, act)), input);
    }

    /// Bytes of an archive come.
    fn stage(&mut self, conn: ConnId, first: Option<u8>, length: u64) {
        let own = &mut self.importing.conns[conn_number(conn)];
        own.first = first;
        if !own.sink || self.old[0] {
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
