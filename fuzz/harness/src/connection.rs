//! Laws of a connection under any bytes and any commands (R-MUX-1).
//!
//! An input is a side, the sizes of four cuts, and a program: commands, words of the protocol, and bytes of any kind.

use handfast::{
    connection::{Connection, Event, Phase},
    message::{self, Decoder, Features, Message, archive_header, encode},
    mux::{
        ChannelName, ChannelRequest, Control, FIRST_SERVER_CHANNEL, FrameDecoder, FrameEvent, PROTOCOL_CHANNEL,
        RequestState, VERSION, end_of_channel, frame_header,
    },
    outcome::Side,
    secret::Secret,
};

use crate::pieces::{cuts, pieces};

/// The largest archive that is taken here.
pub const MAX_ARCHIVE: u64 = 4096;

const CHANNEL: u16 = FIRST_SERVER_CHANNEL;
/// Bytes of the archive that is sent.
const ARCHIVE: u64 = 40;

/// A step of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A command, by its number: see [`COMMANDS`].
    Command(u8),
    /// A word that is received, by its number: see [`word`].
    Word(u8),
    /// Any bytes that are received, at most 63.
    Bytes(Vec<u8>),
}

/// How many commands there are.
pub const COMMANDS: u8 = 11;
/// How many words there are.
pub const WORDS: u8 = 20;

/// The bytes that stand for a program.
pub fn write(side: Side, program: &[Step]) -> Vec<u8> {
    let mut bytes = vec![u8::from(side == Side::Export), 0, 6, 63, 19];
    for step in program {
        match step {
            Step::Command(number) => bytes.push(*number),
            Step::Word(number) => bytes.push(COMMANDS + number),
            Step::Bytes(data) => {
                bytes.extend([COMMANDS + WORDS, data.len() as u8]);
                bytes.extend_from_slice(data);
            }
        }
    }
    bytes
}

fn program(mut bytes: &[u8]) -> Vec<Step> {
    let mut program = Vec::new();
    while let Some((&kind, rest)) = bytes.split_first() {
        bytes = rest;
        program.push(match kind % (COMMANDS + WORDS + 1) {
            number if number < COMMANDS => Step::Command(number),
            number if number < COMMANDS + WORDS => Step::Word(number - COMMANDS),
            _ => {
                let length = rest.first().map_or(0, |length| usize::from(length % 64));
                let (data, rest) = rest.get(1..).unwrap_or_default().split_at_checked(length).unwrap_or_default();
                bytes = rest;
                Step::Bytes(data.to_vec())
            }
        });
    }
    program
}

/// The bytes of a word.
pub fn word(number: u8) -> Vec<u8> {
    let frame = |channel, data: &[u8]| [frame_header(channel, data.len() as u16).as_bytes(), data].concat();
    let request = |channel, state| {
        let name = ChannelName::new(b"auth:123456").expect("a short name");
        Control::Request(ChannelRequest { name, channel, state }).to_frame()
    };
    let say = |message: &Message<Secret>| frame(CHANNEL, encode(message).as_bytes());
    let objects = |beacons: usize| {
        let one = Control::Beacon(true).to_frame();
        // A frame of the protocol channel with several objects.
        frame(PROTOCOL_CHANNEL, &one[frame_header(PROTOCOL_CHANNEL, 4).as_bytes().len()..].repeat(beacons))
    };
    match number % WORDS {
        0 => Control::Version(VERSION).to_frame(),
        1 => Control::Beacon(true).to_frame(),
        2 => Control::Beacon(false).to_frame(),
        3 => Control::Unknown.to_frame(),
        4 => request(CHANNEL, RequestState::Request),
        5 => request(CHANNEL + 1, RequestState::Request),
        6 => request(PROTOCOL_CHANNEL, RequestState::Request),
        7 => request(CHANNEL, RequestState::Accept),
        8 => request(CHANNEL, RequestState::Decline),
        9 => request(7, RequestState::Accept),
        10 => say(&Message::Hello(Features::ALL)),
        11 => say(&Message::Password(Secret::from("sesame"))),
        12 => frame(CHANNEL, archive_header(40).as_bytes()),
        13 => frame(CHANNEL, &[b'a'; 17]),
        14 => frame(CHANNEL, &[b'a'; 40]),
        15 => end_of_channel(CHANNEL).as_bytes().to_vec(),
        16 => frame(7, b"x"),
        17 => end_of_channel(7).as_bytes().to_vec(),
        18 => objects(3),
        _ => frame(CHANNEL, b"\xc1"),
    }
}

fn command(connection: &mut Connection, number: u8) -> bool {
    match number {
        0 => connection.accept(),
        1 => connection.decline(),
        2 => ChannelName::new(b"auth:123456").is_some_and(|name| connection.request_channel(name)),
        3 => connection.send(&Message::Hello(Features::ALL)),
        4 => connection.begin_archive(ARCHIVE as u32),
        5 => connection.archive(vec![b'a'; 15].into()),
        6 => connection.archive(vec![b'a'; 25].into()),
        7 => connection.finish_archive(),
        8 => connection.take_archive() || connection.hold_archive(),
        9 => connection.end(),
        _ => {
            connection.close();
            true
        }
    }
}

/// Panics if a connection does what it must not: cuts, whose sizes are in the input, change something; a beacon or a request that was
/// received is not answered, or is answered twice; something is received that cannot be; an archive is not as long as it says; data follows the
/// end.
pub fn check(input: &[u8]) {
    let Some((side, rest)) = input.split_first() else { return };
    let Some((sizes, rest)) = cuts(rest) else { return };
    let side = if side % 2 == 0 { Side::Import } else { Side::Export };
    let program = program(rest);
    let whole = run(side, &program, &[usize::MAX]);
    assert_eq!(run(side, &program, &sizes), whole, "cuts change nothing");
    assert_eq!(run(side, &program, &[1]), whole, "cuts change nothing");
}

/// The reports and transmissions of a connection.
fn run(side: Side, program: &[Step], sizes: &[usize]) -> (Vec<String>, Vec<u8>) {
    let mut run = Run::new(side);
    for step in program {
        match step {
            Step::Command(number) => run.command(*number),
            Step::Word(number) => run.waiting.extend(word(*number)),
            Step::Bytes(bytes) => run.waiting.extend_from_slice(bytes),
        }
        run.settle(sizes);
    }
    (run.log, run.sent)
}

/// A connection, what it did, and what follows from R-MUX-1 of what was received.
struct Run {
    side: Side,
    connection: Connection,
    /// Bytes that arrived and are not taken.
    waiting: Vec<u8>,
    log: Vec<String>,
    sent: Vec<u8>,
    /// Reads what was taken once more.
    frames: FrameDecoder,
    /// Beacons and requests that were taken, and the answers that were transmitted.
    due: [usize; 2],
    answered: [usize; 2],
    /// Reads what was transmitted.
    out: FrameDecoder,
    said: Decoder,
    session: Session,
}

/// The session's two directions.
#[derive(Default)]
struct Session {
    /// Nothing is received on the channel any more but its end.
    skipped: bool,
    /// Nothing at all is received.
    dead: bool,
    ended: bool,
    peer_ended: bool,
    /// Bytes of the archive that come still, once there is one.
    incoming: Option<u64>,
    /// An archive was announced, and its end confirmed; what was transmitted of it.
    announced: bool,
    outgoing: u64,
    end_sent: bool,
}

impl Run {
    fn new(side: Side) -> Self {
        let connection = match side {
            Side::Import => Connection::importer(MAX_ARCHIVE),
            Side::Export => Connection::exporter(),
        };
        Self {
            side,
            connection,
            waiting: Vec::new(),
            log: Vec::new(),
            sent: Vec::new(),
            frames: FrameDecoder::new(),
            due: [0; 2],
            answered: [0; 2],
            out: FrameDecoder::new(),
            said: Decoder::new(MAX_ARCHIVE),
            session: Session::default(),
        }
    }

    fn command(&mut self, number: u8) {
        let done = command(&mut self.connection, number);
        self.log.push(format!("{number} {done}"));
        match number {
            4 if done => assert!(!std::mem::replace(&mut self.session.announced, true), "one archive at a time"),
            7 if done => {
                self.session.announced = false;
                let complete = self.session.outgoing == ARCHIVE && self.said.is_between_messages();
                assert!(complete, "an archive is as long as it says");
            }
            9 if done => {
                assert!(!std::mem::replace(&mut self.session.ended, true), "a channel ends once");
                self.session.skipped = true;
            }
            10 => self.session.dead = true,
            _ => {}
        }
    }

    /// Receives what is there, and transmits what waits, until neither leads to more.
    fn settle(&mut self, sizes: &[usize]) {
        loop {
            let before = (self.waiting.len(), self.sent.len(), self.log.len());
            self.receive(sizes);
            self.transmit();
            if before == (self.waiting.len(), self.sent.len(), self.log.len()) {
                break;
            }
        }
        if self.connection.is_reading() {
            assert!(self.waiting.is_empty(), "all that is needed was taken");
            // On a connection that is dead what was taken last may have no answer; on one that does not read, it has none yet.
            assert!(self.session.dead || self.due == self.answered, "each beacon and each request is answered once");
        }
        assert!(self.due[0] >= self.answered[0] && self.due[1] >= self.answered[1], "nothing else is answered");
    }

    fn receive(&mut self, sizes: &[usize]) {
        let bytes = std::mem::take(&mut self.waiting);
        let mut at = 0;
        let mut ends = Vec::new();
        pieces(&bytes, sizes).iter().fold(0, |start, piece| {
            ends.push(start + piece.len());
            start + piece.len()
        });
        for end in ends.into_iter().chain([bytes.len()]) {
            let mut input = &bytes[at..end];
            loop {
                let (before, dead) = (input, self.session.dead);
                let event = self.connection.receive(&mut input);
                if !dead {
                    self.count(&before[..before.len() - input.len()]);
                }
                let Some(event) = event else { break };
                if let Event::ArchiveSlice(slice) = &event {
                    let borrowed = !slice.is_empty() && before.as_ptr_range().contains(&slice.as_ptr());
                    assert!(borrowed, "an archive's bytes are borrowed from the input");
                }
                self.happened(event);
            }
            at = end - input.len();
        }
        self.waiting = bytes[at..].to_vec();
    }

    /// Counts what is to be answered in bytes that were taken.
    fn count(&mut self, mut bytes: &[u8]) {
        while let Ok(Some(event)) = self.frames.next(&mut bytes) {
            match event {
                FrameEvent::Control(Control::Beacon(true)) => self.due[0] += 1,
                FrameEvent::Control(Control::Request(request)) if request.state == RequestState::Request => {
                    self.due[1] += 1;
                }
                _ => {}
            }
        }
    }

    fn happened(&mut self, event: Event<'_>) {
        let (side, session) = (self.side, &mut self.session);
        assert!(!session.dead, "nothing is received after bytes that are no frame, or after the end of the connection");
        let text = match event {
            Event::ChannelRequested(_) => {
                assert_eq!(side, Side::Import);
                "requested".into()
            }
            Event::ChannelAccepted | Event::ChannelDeclined => {
                assert_eq!(side, Side::Export);
                format!("{event:?}")
            }
            Event::ChannelEnded => {
                assert!(!std::mem::replace(&mut session.peer_ended, true), "a channel ends once");
                format!("{event:?}")
            }
            Event::Message(message) => {
                assert!(
                    session.is_receiving() && session.incoming.is_none(),
                    "no message after the end, nor in an archive"
                );
                format!("{message:?}")
            }
            Event::ArchiveBegan { length } => {
                assert!(session.is_receiving() && session.incoming.is_none() && side == Side::Import);
                assert!(length <= MAX_ARCHIVE);
                session.incoming = Some(length);
                format!("an archive of {length}")
            }
            Event::ArchiveSlice(slice) => {
                let left = session.incoming.and_then(|left| left.checked_sub(slice.len() as u64));
                assert!(
                    session.is_receiving() && left.is_some(),
                    "no more than was announced, and nothing after the end"
                );
                session.incoming = left;
                return;
            }
            Event::ArchiveEnded => {
                assert!(session.is_receiving());
                assert_eq!(session.incoming.take(), Some(0), "as many bytes as were announced");
                "the archive ended".into()
            }
            Event::Malformed => {
                session.skipped = true;
                session.dead = matches!(self.connection.place().phase, Phase::Discarding | Phase::DiscardingEnded);
                "malformed".into()
            }
            Event::Lost => {
                session.dead = true;
                "lost".into()
            }
        };
        self.log.push(text);
    }

    fn transmit(&mut self) {
        while self.connection.is_waiting() {
            let (header, data) = self.connection.transmit();
            let bytes = [header, data].concat();
            self.connection.sent(bytes.len());
            self.sent.extend_from_slice(&bytes);
            let mut rest = &bytes[..];
            while let Some(event) = self.out.next(&mut rest).expect("frames are transmitted") {
                match event {
                    FrameEvent::Control(Control::Beacon(false)) => self.answered[0] += 1,
                    FrameEvent::Control(Control::Request(request)) if request.state != RequestState::Request => {
                        self.answered[1] += 1;
                    }
                    FrameEvent::Control(_) => {}
                    FrameEvent::Data { mut bytes, .. } => {
                        assert!(!self.session.end_sent, "no data follows the end");
                        while let Some(event) = self.said.next(&mut bytes).expect("messages are transmitted") {
                            match event {
                                message::Event::ArchiveBegan { length } => {
                                    assert!(self.session.announced, "an archive is announced first");
                                    assert_eq!(length, ARCHIVE, "an archive says how long it is");
                                    self.session.outgoing = 0;
                                }
                                message::Event::ArchiveSlice(slice) => self.session.outgoing += slice.len() as u64,
                                message::Event::Message(_) | message::Event::ArchiveEnded => {}
                            }
                        }
                    }
                    FrameEvent::End { .. } => {
                        assert!(!std::mem::replace(&mut self.session.end_sent, true), "a channel ends once");
                    }
                }
            }
        }
        self.connection.used_up();
    }
}

impl Session {
    /// Whether messages may be received.
    fn is_receiving(&self) -> bool {
        !self.skipped && !self.peer_ended && !self.ended
    }
}
