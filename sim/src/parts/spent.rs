//! How much a peer may use a connection for what means nothing (R-MUX-2): each kind of frame, every two of them, before the session, while it
//! opens, in it, and after it.

use handfast::{
    connection::{Connection, Event},
    message::{Features, Message},
    mux::ChannelName,
};

use super::{Cases, Part, wire};

const HELLO: &[u8] = b"\x82\xa8schemeId\x00\xa7payload\x80";

fn frame(channel: u16, data: &[u8]) -> Vec<u8> {
    [&[0x92, 0xcd][..], &channel.to_be_bytes(), &[0xc4, data.len() as u8], data].concat()
}

/// A request for a channel, or the answer to one: `state` 0 asks, 1 accepts, 2 declines.
fn request(name: &[u8], channel: u16, state: u8) -> Vec<u8> {
    frame(0, &[&[0x93], &wire::text(name, 0)[..], &[0xcd], &channel.to_be_bytes(), &[state]].concat())
}

/// The limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Nothing,
    Requests,
    Beacons,
}

impl Counted {
    const fn most(self) -> usize {
        match self {
            Self::Nothing | Self::Requests => 1024,
            Self::Beacons => 16_384,
        }
    }
}

/// Frames, and which limit each counts for, on a connection whose session has the channel 0x8000.
fn kinds() -> Vec<(&'static str, Counted, Vec<u8>)> {
    use Counted::*;
    vec![
        ("data of no channel", Nothing, frame(0x1234, b"x")),
        ("an end of no channel", Nothing, frame(0x1234, b"")),
        ("an empty control frame", Nothing, frame(0, b"")),
        ("an empty protocol frame", Nothing, frame(0xffff, b"")),
        ("a version", Nothing, frame(0xffff, b"\x81\xa1v\x01")),
        ("an answer to a beacon", Nothing, frame(0xffff, b"\x81\xa1p\xc2")),
        ("an unknown message", Nothing, frame(0xffff, b"\x81\xa1x\xc0")),
        ("an answer to no request", Nothing, request(b"x", 7, 1)),
        ("a decline of no request", Nothing, request(b"x", 7, 2)),
        ("a request", Requests, request(b"msg:x", 7, 0)),
        ("a request for a reserved number", Requests, request(b"msg:x", 0, 0)),
        ("a beacon", Beacons, frame(0xffff, b"\x81\xa1p\xc3")),
    ]
}

/// The stages of a connection.
const STAGES: [&str; 5] = ["free", "requested", "open", "the peer ended", "ended"];

/// A connection, and the events on it that are an end.
struct Held {
    connection: Connection,
    exports: bool,
    over: Vec<&'static str>,
    messages: usize,
}

impl Held {
    fn new(exports: bool) -> Self {
        let connection = if exports { Connection::exporter() } else { Connection::importer(64) };
        let mut held = Self { connection, exports, over: Vec::new(), messages: 0 };
        held.drain();
        held
    }

    fn drain(&mut self) {
        while self.connection.is_waiting() {
            let (head, data) = self.connection.transmit();
            let count = head.len() + data.len();
            self.connection.sent(count);
        }
    }

    fn take(&mut self, bytes: &[u8], times: usize) {
        for _ in 0..times {
            let mut input = bytes;
            while let Some(event) = self.connection.receive(&mut input) {
                match event {
                    Event::ChannelRequested(name) if name.as_bytes().starts_with(b"auth:") => {
                        self.connection.accept();
                    }
                    Event::ChannelRequested(_) => {
                        self.connection.decline();
                    }
                    Event::Malformed => self.over.push("malformed"),
                    Event::Lost => self.over.push("lost"),
                    Event::Message(_) => self.messages += 1,
                    _ => {}
                }
            }
            self.drain();
        }
    }

    /// Goes on to the next stage.
    fn advance(&mut self, stage: usize) {
        match (STAGES[stage], self.exports) {
            ("requested", true) => {
                ChannelName::new(b"auth:123456").map(|name| self.connection.request_channel(name));
            }
            ("open", true) => self.take(&request(b"auth:123456", 0x8000, 1), 1),
            ("open", false) => self.take(&request(b"auth:123456", 0x8000, 0), 1),
            ("the peer ended", _) => self.take(&frame(0x8000, b""), 1),
            ("ended", _) => {
                self.connection.end();
            }
            _ => {}
        }
        self.drain();
    }

    fn up_to(exports: bool, stage: usize) -> Self {
        let mut held = Self::new(exports);
        (1..=stage).for_each(|stage| held.advance(stage));
        held
    }
}

/// The event by which a connection ends there.
fn end(stage: usize) -> Vec<&'static str> {
    vec![if stage < 2 { "lost" } else { "malformed" }]
}

/// Carries the table out.
pub(super) fn spent() -> Part {
    let mut cases = Cases::default();
    for exports in [false, true] {
        alone(&mut cases, exports);
        divided(&mut cases, exports);
        mixed(&mut cases, exports);
        together(&mut cases, exports);
    }
    cases.part("spent", "R-MUX-2, R-MUX-1")
}

fn side(exports: bool) -> &'static str {
    if exports { "exporter" } else { "importer" }
}

/// The importer's session has cost a request already.
fn used(counted: Counted, exports: bool, stage: usize) -> usize {
    usize::from(counted == Counted::Requests && !exports && stage >= 2)
}

/// Each kind at each stage, up to its limit and one beyond.
fn alone(cases: &mut Cases, exports: bool) {
    for (stage, name) in STAGES.into_iter().enumerate() {
        for (kind, counted, bytes) in kinds() {
            if counted == Counted::Beacons && stage % 2 == 1 {
                continue;
            }
            let mut held = Held::up_to(exports, stage);
            let what = |more| format!("{}, {name}: {kind}, {more}", side(exports));
            held.take(&bytes, counted.most() - used(counted, exports, stage));
            cases.expect(what("as often as it may"), Vec::<&str>::new(), held.over.clone());
            held.take(&bytes, 1);
            cases.expect(what("once more"), end(stage), held.over.clone());
            held.take(&bytes, 3);
            held.take(&frame(0x8000, HELLO), 1);
            cases.expect(what("and after that"), (end(stage), 0), (held.over.clone(), held.messages));
        }
    }
}

/// The limit is that of the connection: what was used of it at one stage is not there at a later one.
fn divided(cases: &mut Cases, exports: bool) {
    for (kind, counted, bytes) in kinds() {
        let pairs = (0..STAGES.len()).flat_map(|first| (first + 1..STAGES.len()).map(move |second| (first, second)));
        for (first, second) in pairs {
            let most = counted.most() - used(counted, exports, second);
            let all = [1, most / 2, most - 1, most];
            for before in if counted == Counted::Beacons { &all[1..2] } else { &all[..] } {
                let mut held = Held::up_to(exports, first);
                held.take(&bytes, *before);
                (first + 1..=second).for_each(|stage| held.advance(stage));
                held.take(&bytes, most - before);
                let (one, other) = (STAGES[first], STAGES[second]);
                let what = |more| format!("{}, {kind}: {before} while {one}, the rest {other}, {more}", side(exports));
                cases.expect(what("as often as it may"), Vec::<&str>::new(), held.over.clone());
                held.take(&bytes, 1);
                cases.expect(what("once more"), end(second), held.over);
            }
        }
    }
}

/// Kinds that one limit counts are counted together, and no others.
fn mixed(cases: &mut Cases, exports: bool) {
    let kinds = kinds();
    for (first, counted, one) in &kinds {
        for (second, other, two) in kinds.iter().filter(|(_, other, _)| *other != Counted::Beacons) {
            if *counted == Counted::Beacons {
                continue;
            }
            for stage in [0, 2] {
                let mut held = Held::up_to(exports, stage);
                let most = counted.most() - used(*counted, exports, stage);
                let same = counted == other;
                let before = most - 5;
                held.take(one, before);
                held.take(two, 5);
                let what = format!("{}, {}: {before} of {first}, 5 of {second}", side(exports), STAGES[stage]);
                cases.expect(&what, Vec::<&str>::new(), held.over.clone());
                held.take(two, 1);
                let stated = if same { end(stage) } else { Vec::new() };
                cases.expect(format_args!("{what}, one more"), stated, held.over);
            }
        }
    }
}

/// All limits at once, and data of the session, of which there is no limit.
fn together(cases: &mut Cases, exports: bool) {
    let mut held = Held::up_to(exports, 2);
    let (all, hello) = (kinds(), frame(0x8000, HELLO));
    for (at, &(_, counted, ref bytes)) in all.iter().enumerate() {
        let most = counted.most() - used(counted, exports, 2);
        let sharing: Vec<_> = (0..all.len()).filter(|&other| all[other].1 == counted).collect();
        let share = most / sharing.len() + if sharing[0] == at { most % sharing.len() } else { 0 };
        held.take(&hello, 200);
        held.take(bytes, share);
    }
    let what = |more: &str| format!("{}: all limits at once, {more}", side(exports));
    let stated = (Vec::<&str>::new(), 200 * all.len());
    cases.expect(what("and messages"), stated, (held.over.clone(), held.messages));
    held.take(&hello, 3000);
    let sent = held.connection.send(&Message::Hello(Features::NONE));
    cases.expect(what("and more messages"), (Vec::<&str>::new(), true), (held.over.clone(), sent));
    // A frame that is cut counts once, when it is complete; one that never ends does not count.
    held.take(&[0x92, 0xcd, 0x12, 0x34, 0xc4, 9, b'x'], 1);
    cases.expect(what("and a part of a frame"), Vec::<&str>::new(), held.over.clone());
    held.take(b"yyyyyyyy", 1);
    cases.expect(what("and the rest of it"), end(2), held.over);
}
