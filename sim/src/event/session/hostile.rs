//! Visitors of the importer, and a hostile device in place of it: what they send is bytes, made with the codec or not.

use handfast::{
    export,
    import::{Ask, Input},
    message::{Message, Slot, archive_header, encode},
    mux::{ChannelName, ChannelRequest, Control, RequestState, end_of_channel, frame_header},
    outcome::Side,
    reducer::ConnId,
    sas::Comparison,
    secret::Secret,
};
use handfast_model::{
    action::{Action, CallerAct, Chain, DeviceAct},
    side::{ExportSide, ImportSide},
    steps::{TO_EXPORTER, TO_IMPORTER},
    world::{HONEST, INTRUDER},
};

use crate::event::{
    below::{Below, Ledger},
    compare::{Said, comparison, filled},
    schedule::{Act, Archive, Schedule, Story, Visit, What},
    session::Session,
    state::{
        event::Event,
        exporter::CHANNEL,
        importer::{Conn, ConnState, code},
        link::Link,
        model_step::{ModelStep, link_conn},
        pipe::Pipe,
        users::password,
        visitor::Visitor,
    },
};

/// Bytes of a visitor's archive.
const ARCHIVE: u16 = 40;

/// The visits of a schedule, in the model's order: those who know the token first. The place of each in the list of faults.
fn visits(schedule: &Schedule, knows: bool) -> impl Iterator<Item = (usize, &Visit)> {
    schedule.faults.iter().enumerate().filter_map(move |(at, fault)| match &fault.what {
        What::Visit(visit) if visit.knows == knows => Some((at, visit)),
        _ => None,
    })
}

/// One frame of the session's channel.
fn frame(data: &[u8]) -> Vec<u8> {
    [frame_header(CHANNEL, data.len() as u16).as_bytes(), data].concat()
}

fn say(message: Message<Secret>) -> Vec<u8> {
    frame(encode(&message).as_bytes())
}

/// The word of this number of those that belong to a comparison, with the values of this end.
fn of_comparison(own: &Comparison, number: u8) -> Message<Secret> {
    match Said::of(number) {
        Said::Message(message) => filled(Some(own), message, b""),
        // A commitment is a value as well, and opens nothing.
        Said::WrongOpening => {
            let value = filled(Some(own), Message::Commitment(Slot::NONE), b"");
            match value {
                Message::Commitment(value) => Message::Opening(value),
                other => other,
            }
        }
    }
}

/// Bytes that are no message, or announce too much.
fn babble(story: Story) -> Vec<u8> {
    // `{"schemeId": 0, "payload": {"password": <4 GiB`
    const GIANT: &[u8] = b"\x82\xa8schemeId\x00\xa7payload\x81\xa8password\xdb\xff\xff\xff\xff";
    match story {
        Story::Message => frame(b"\xc1 is never used"),
        Story::Giant => frame(GIANT),
        Story::GiantArchive => frame(archive_header(u32::MAX).as_bytes()),
        Story::Frame => b"\xc1\xc1\xc1".to_vec(),
    }
}

impl Ledger {
    /// An act was done, whose bytes end here.
    fn sent(&mut self, act: Act, end: u64) {
        match act {
            Act::Below(below) => self.send(below, end),
            Act::Ask(_) => self.request(end),
            Act::Babble(Story::Frame) => self.spoil(),
            _ => {}
        }
    }
}

impl Act {
    /// How long it takes until what is next.
    fn wait(self, every: u32) -> u32 {
        if let Self::Wait(ms) = self { every.max(ms.into()) } else { every }
    }
}

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// Somebody comes to the importer's port, if it is there.
    pub(crate) fn visit(&mut self, visit: &Visit) -> Result<(), &'static str> {
        if !self.users.started[0] || self.crashed[0] || self.schedule.replaces_importer() {
            return Err("no listener is at the port");
        }
        self.make_visitors();
        // The model's callers of a kind come in their order.
        let intruders = visits(self.schedule, true).count();
        let range = if visit.knows { 0..intruders } else { intruders..self.importing.visitors.len() };
        let fresh = range.clone().find(|&at| self.importing.visitors[at].fault.is_none());
        let Some(at) = fresh else { return Err("no visitor is left") };
        let fault = visits(self.schedule, visit.knows).find(|(_, other)| std::ptr::eq(*other, visit));
        self.importing.visitors[at].fault = fault.map(|(fault, _)| fault);
        let conn = self.visitor_conn(at);
        let _ = self.take_import(Some(ModelStep::Caller(conn, CallerAct::Request)), Input::ConnectionRequested(conn));
        self.queue.after(visit.every, Event::Visitor(at as u8));
        Ok(())
    }

    /// The connection of a visitor: after those of the exporters.
    fn visitor_conn(&self, at: usize) -> ConnId {
        link_conn(self.importing.links + at)
    }

    /// Their connections are after those of the exporters.
    pub(crate) fn make_visitors(&mut self) {
        let all = visits(self.schedule, true).count() + visits(self.schedule, false).count();
        while self.importing.visitors.len() < all {
            let number = self.importing.links + self.importing.visitors.len();
            let visitor = Visitor {
                comparison: comparison(Side::Export, number),
                pipe: Pipe::default(),
                ledger: Ledger::default(),
                fault: None,
                next: 0,
                archive: None,
                ended: false,
                slow: false,
            };
            self.importing.visitors.push(visitor);
            self.importing.conns.push(Conn::new());
        }
    }

    /// A visitor does what is next.
    pub(crate) fn visitor(&mut self, at: usize) {
        let schedule = self.schedule;
        if !self.import.reads(self.visitor_conn(at)) {
            return self.queue.after(1, Event::Visitor(at as u8));
        }
        let visitor = &mut self.importing.visitors[at];
        let Some(What::Visit(visit)) = visitor.fault.map(|fault| &schedule.faults[fault].what) else { return };
        let Some(&act) = visit.acts.get(visitor.next) else { return self.leave(at) };
        visitor.next += 1;
        let conn = self.visitor_conn(at);
        match self.importing.conns[self.importing.links + at].stage() {
            ConnState::Requested => self.visitor_secures(at, conn, act),
            ConnState::Open => self.visitor_sends(at, act, visit.knows),
            ConnState::Away | ConnState::Closed => return,
        }
        self.queue.after(act.wait(visit.every), Event::Visitor(at as u8));
    }

    /// A visitor without further actions goes.
    fn leave(&mut self, at: usize) {
        if self.importing.conns[self.importing.links + at].is_open() {
            let act = match self.importing.conns[self.importing.links + at].stage() {
                ConnState::Requested => CallerAct::Fail,
                ConnState::Away | ConnState::Open | ConnState::Closed => CallerAct::Drop,
            };
            self.visitor_goes(at, act);
        }
    }

    fn visitor_goes(&mut self, at: usize, act: CallerAct) {
        let conn = self.visitor_conn(at);
        self.importing.conns[self.importing.links + at].close();
        let input = match act {
            CallerAct::Fail => Input::ConnectionFailed(conn),
            _ => Input::ConnectionLost(conn),
        };
        let _ = self.take_import(Some(ModelStep::Caller(conn, act)), input);
    }

    fn visitor_secures(&mut self, at: usize, conn: ConnId, act: Act) {
        let knows = at < visits(self.schedule, true).count();
        if matches!(act, Act::Wait(_)) {
            self.importing.visitors[at].slow = true;
            return;
        }
        self.visitor_answers(at, conn);
        let (account, chain) = match act {
            Act::Fail | Act::Drop => return self.visitor_goes(at, CallerAct::Fail),
            // Only a visitor that knows the token is thought to forge a chain, or to have stolen the key of one.
            Act::Secure(false) if knows => (HONEST, Chain::Forged),
            Act::Stolen if knows => (HONEST, Chain::Same),
            _ => (INTRUDER, Chain::Own),
        };
        self.importing.conns[self.importing.links + at].set(ConnState::Open);
        let input = Input::ConnectionOpened { conn, presented: Some(account), verified: chain != Chain::Forged };
        let _ = self.take_import(Some(ModelStep::Caller(conn, CallerAct::Prove(chain))), input);
        if !matches!(act, Act::Secure(_) | Act::Stolen) {
            // It was let in, and goes on with what it wanted to do.
            self.importing.visitors[at].next -= 1;
        }
    }

    /// A slow visitor's first bytes arrive before the connection is secured (R-IMP-15). Of that the model has a step in a crowd only:
    /// here it comes directly before the visitor's next one, which leaves the candidates in the model's order.
    fn visitor_answers(&mut self, at: usize, conn: ConnId) {
        if std::mem::take(&mut self.importing.visitors[at].slow) && !self.is_legacy(Side::Import) {
            let _ = self.take_import(None, Input::ConnectionAnswered(conn));
        }
    }

    fn visitor_sends(&mut self, at: usize, act: Act, knows: bool) {
        let visitor = &mut self.importing.visitors[at];
        // In the middle of an archive, whatever else is sent on the channel would be a part of it.
        let below = matches!(act, Act::Below(_));
        let inside = visitor.archive.is_some() && !matches!(act, Act::Complete | Act::End | Act::Drop);
        // There a flood would be garbage, which the model's callers do not send.
        let flood = act == Act::Below(Below::Flood) && visitor.archive.is_some();
        if !below && (visitor.ended || inside) || flood {
            if act == Act::Drop {
                self.visitor_goes(at, CallerAct::Drop);
            }
            return;
        }
        let bytes = match act {
            Act::Drop | Act::Fail => return self.visitor_goes(at, CallerAct::Drop),
            Act::Ask(ask) => {
                let name = match ask {
                    Ask::Right if knows => code(true).channel_name(),
                    Ask::Right | Ask::Wrong => code(false).channel_name(),
                    Ask::Other => ChannelName::new(b"sync://").unwrap_or_else(|| code(false).channel_name()),
                };
                let channel = CHANNEL + 1 + visitor.next as u16;
                let channel = if ask == Ask::Right { CHANNEL } else { channel };
                Control::Request(ChannelRequest { name, channel, state: RequestState::Request }).to_frame()
            }
            Act::Say(number) => {
                let message = TO_IMPORTER[usize::from(number) % TO_IMPORTER.len()];
                say(message.map_password(|_| Secret::from("a password")))
            }
            Act::Compare(number) => say(of_comparison(&visitor.comparison, number)),
            Act::Babble(story) => babble(story),
            Act::Below(below) => below.bytes(),
            Act::Begin(archive) => {
                let letter = match archive {
                    Archive::Own => b'i',
                    Archive::Honest => b'h',
                    Archive::Nonsense => b'?',
                };
                visitor.archive = Some((ARCHIVE / 2, letter));
                let mut bytes = frame(archive_header(ARCHIVE.into()).as_bytes());
                bytes.extend(frame(&[letter; (ARCHIVE / 2) as usize]));
                bytes
            }
            Act::Complete => match visitor.archive.take() {
                Some((left, letter)) => frame(&vec![letter; usize::from(left)]),
                None => return,
            },
            Act::End => {
                visitor.ended = true;
                end_of_channel(CHANNEL).as_bytes().to_vec()
            }
            Act::Secure(_) | Act::Stolen | Act::Answer(_) | Act::Password(_) | Act::Wait(_) => return,
        };
        visitor.pipe.write(&bytes, false);
        visitor.ledger.sent(act, visitor.pipe.end());
        let arrival = visitor.pipe.arrival(self.queue.now(), self.schedule.latency.0);
        let (end, conn) = (visitor.pipe.end(), self.visitor_conn(at));
        self.queue.at(arrival, Event::Arrive(conn, end));
    }

    /// The hostile device does what is next.
    pub(crate) fn device(&mut self) {
        let Some(device) = &self.schedule.device else { return };
        let Some(&act) = device.acts.get(self.users.device_next) else { return };
        self.users.device_next += 1;
        self.queue.after(act.wait(device.every), Event::Device);
        if self.crashed[1] || !self.users.started[1] || self.users.device_gone {
            return;
        }
        if !self.links[0].exporting.is_open() {
            return match act {
                _ if !self.awaits_device() => {}
                Act::Drop | Act::Fail => self.device_goes(),
                Act::Secure(pinned) => self.device_secures(pinned),
                _ => {
                    self.device_secures(true);
                    self.users.device_next -= 1;
                }
            };
        }
        let bytes = match act {
            Act::Drop | Act::Fail => return self.device_goes(),
            Act::Answer(accepts) if self.links[0].exporting.asks() => {
                let state = if accepts { RequestState::Accept } else { RequestState::Decline };
                Control::Request(ChannelRequest { name: code(true).channel_name(), channel: CHANNEL, state }).to_frame()
            }
            Act::Say(number) => {
                let message = TO_EXPORTER[usize::from(number) % TO_EXPORTER.len()];
                say(message.map_password(|_| Secret::from("")))
            }
            Act::Compare(number) => match &self.users.device_compares {
                Some(own) => say(of_comparison(own, number)),
                None => return,
            },
            Act::Password(right) => say(Message::Password(Secret::from(password(right, self.schedule.scheme)))),
            Act::Babble(story) => babble(story),
            Act::Below(below) => below.bytes(),
            Act::Begin(_) => frame(archive_header(ARCHIVE.into()).as_bytes()),
            Act::End => end_of_channel(CHANNEL).as_bytes().to_vec(),
            Act::Answer(_) | Act::Secure(_) | Act::Stolen | Act::Ask(_) | Act::Complete | Act::Wait(_) => return,
        };
        self.links[0].pipes[1].write(&bytes, false);
        let arrival = self.links[0].pipes[1].arrival(self.queue.now(), self.schedule.latency.1);
        let end = self.links[0].pipes[1].end();
        self.users.ledger.sent(act, end);
        self.queue.at(arrival, Event::ArriveAtExporter(0, end));
    }

    /// Whether the exporter waits for its connection. An old one has no names for its states.
    fn awaits_device(&self) -> bool {
        let Link { export, exporting, .. } = &self.links[0];
        if self.is_legacy(Side::Export) { exporting.connecting } else { export.place() == "connecting" }
    }

    fn device_secures(&mut self, pinned: bool) {
        self.device_opens();
        let action = Action::Device(DeviceAct::Open { pinned });
        let _ = self.take_export(0, Some(action), export::Input::Opened { pinned });
    }

    fn device_goes(&mut self) {
        self.users.device_gone = true;
        let opened = self.links[0].exporting.is_open();
        self.device_drops();
        let input = if opened { export::Input::Lost } else { export::Input::Failed };
        let _ = self.take_export(0, Some(Action::Device(DeviceAct::Drop)), input);
    }
}
