//! Connections under frames of every form (R-MUX-1, R-MUX-2): what is answered, with which bytes, and how much is borne.

use handfast::{
    connection::{Connection, Event},
    message::{Features, Message},
    mux::ChannelName,
};

use super::{Cases, Part, wire};

/// The frames of the protocol channel that both sides send and answer.
const VERSION: &[u8] = b"\x92\xcd\xff\xff\xc4\x04\x81\xa1v\x01";
const BEACON: &[u8] = b"\x92\xcd\xff\xff\xc4\x04\x81\xa1p\xc3";
const BEACON_ANSWER: &[u8] = b"\x92\xcd\xff\xff\xc4\x04\x81\xa1p\xc2";
/// An empty hello.
const HELLO: &[u8] = b"\x82\xa8schemeId\x00\xa7payload\x80";
/// The beginning of a message with an archive of two bytes, and these.
const ARCHIVE: &[u8] = b"\x82\xa8schemeId\x00\xa7payload\x81\xa7accData\xa2{}";

/// A frame: an array of a channel, in this form, and its data.
fn frame_of(channel: &[u8], data: &[u8]) -> Vec<u8> {
    let length = data.len() as u16;
    let head = if length < 256 { vec![0xc4, length as u8] } else { [&[0xc5], &length.to_be_bytes()[..]].concat() };
    [&[0x92], channel, &head, data].concat()
}

fn frame(channel: u16, data: &[u8]) -> Vec<u8> {
    let number = match channel {
        0..=0x7f => vec![channel as u8],
        0x80..=0xff => vec![0xcc, channel as u8],
        _ => [&[0xcd], &channel.to_be_bytes()[..]].concat(),
    };
    frame_of(&number, data)
}

/// A request for a channel, or the answer to one: `state` 0 asks, 1 accepts, 2 declines.
fn request(name: &[u8], channel: u16, state: u8) -> Vec<u8> {
    let number = match channel {
        0..=0x7f => vec![channel as u8],
        0x80..=0xff => vec![0xcc, channel as u8],
        _ => [&[0xcd], &channel.to_be_bytes()[..]].concat(),
    };
    frame(0, &[&[0x93], &wire::text(name, 0)[..], &number, &[state]].concat())
}

/// The bytes that wait to be sent.
fn sent(connection: &mut Connection) -> Vec<u8> {
    let mut all = Vec::new();
    while connection.is_waiting() {
        let (head, data) = connection.transmit();
        all.extend_from_slice(head);
        all.extend_from_slice(data);
        connection.sent(head.len() + data.len());
    }
    all
}

/// The events of these bytes, in words; the connection's user answers requests and archives as `accepts` says.
fn events(connection: &mut Connection, mut bytes: &[u8], accepts: bool) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(event) = connection.receive(&mut bytes) {
        let (request, archive) =
            (matches!(event, Event::ChannelRequested(_)), matches!(event, Event::ArchiveBegan { .. }));
        all.push(match event {
            Event::ChannelRequested(name) => format!("asked for {}", name.as_bytes().escape_ascii()),
            Event::ChannelAccepted => "accepted".into(),
            Event::ChannelDeclined => "declined".into(),
            Event::ChannelEnded => "ended".into(),
            Event::Message(Message::Hello(Features::NONE)) => "hello".into(),
            Event::Message(_) => "another message".into(),
            Event::ArchiveBegan { length } => format!("an archive of {length} bytes"),
            Event::ArchiveSlice(bytes) => format!("{} bytes", bytes.len()),
            Event::ArchiveEnded => "the archive's end".into(),
            Event::Malformed => "malformed".into(),
            Event::Lost => "lost".into(),
        });
        if request {
            if accepts {
                connection.accept();
            } else {
                connection.decline();
            }
        }
        if archive {
            connection.take_archive();
        }
    }
    all
}

/// A connection of each side, its version sent.
fn fresh() -> [(&'static str, Connection); 2] {
    let mut both = [("importer", Connection::importer(1 << 20)), ("exporter", Connection::exporter())];
    both.iter_mut().for_each(|(_, connection)| drop(sent(connection)));
    both
}

/// An importer with a session on this channel, which it has accepted.
fn session(channel: u16) -> Connection {
    let [(_, mut importer), _] = fresh();
    events(&mut importer, &request(b"auth:123456", channel, 0), true);
    sent(&mut importer);
    importer
}

/// Carries the table out.
pub(super) fn connections() -> Part {
    let mut cases = Cases::default();
    for (side, mut connection) in [("importer", Connection::importer(64)), ("exporter", Connection::exporter())] {
        cases.expect(format!("{side}: the first bytes"), VERSION.to_vec(), sent(&mut connection));
    }
    answers(&mut cases);
    channels(&mut cases);
    sessions(&mut cases);
    limits(&mut cases);
    cases.part("connections", "R-MUX-1, R-MUX-2")
}

/// Signs of life are answered, and answers and versions are not.
fn answers(cases: &mut Cases) {
    for (side, mut connection) in fresh() {
        for (what, bytes, stated) in [
            ("a beacon", BEACON, BEACON_ANSWER),
            ("an answer to a beacon", BEACON_ANSWER, b"".as_slice()),
            ("the version", VERSION, b""),
        ] {
            cases.expect(
                format!("{side}: {what} leads to"),
                Vec::<String>::new(),
                events(&mut connection, bytes, false),
            );
            cases.expect(format!("{side}: {what} is answered with"), stated.to_vec(), sent(&mut connection));
        }
        // Two messages in a frame are two.
        let both = frame(0xffff, b"\x81\xa1p\xc3\x81\xa1p\xc3");
        events(&mut connection, &both, false);
        cases.expect(format!("{side}: two beacons in a frame"), BEACON_ANSWER.repeat(2), sent(&mut connection));
    }
}

/// Requests for channels: each has one answer.
fn channels(cases: &mut Cases) {
    for channel in [1, 0x80, 0x100, 0x8000, 0xfffe] {
        for (accepts, state) in [(true, 1), (false, 2)] {
            let [(_, mut importer), _] = fresh();
            let came = events(&mut importer, &request(b"auth:123456", channel, 0), accepts);
            cases.expect(format!("a request for {channel}"), vec!["asked for auth:123456".to_owned()], came);
            let stated = request(b"auth:123456", channel, state);
            cases.expect(format!("its answer, accepted: {accepts}"), stated, sent(&mut importer));
        }
    }
    // A channel that cannot be opened is declined without a question: the reserved numbers, a number in use, and all of the exporter's.
    for channel in [0, 0xffff] {
        for (side, mut connection) in fresh() {
            let came = events(&mut connection, &request(b"auth:123456", channel, 0), true);
            cases.expect(format!("{side}: a request for {channel}"), Vec::<String>::new(), came);
            cases.expect(format!("{side}: its answer"), request(b"auth:123456", channel, 2), sent(&mut connection));
        }
    }
    let [_, (_, mut exporter)] = fresh();
    events(&mut exporter, &request(b"msg:x", 1, 0), true);
    cases.expect("exporter: a channel of the importer", request(b"msg:x", 1, 2), sent(&mut exporter));
    let mut importer = session(0x8000);
    events(&mut importer, &request(b"auth:123456", 0x8000, 0), true);
    cases.expect("the session's number once more", request(b"auth:123456", 0x8000, 2), sent(&mut importer));
    events(&mut importer, &request(b"auth:123456", 0x8001, 0), true);
    cases.expect("a second channel", request(b"auth:123456", 0x8001, 2), sent(&mut importer));
    // An unknown state is a decline.
    for (state, stated) in [(1, "accepted"), (2, "declined"), (3, "declined"), (127, "declined")] {
        let [_, (_, mut exporter)] = fresh();
        let asked = ChannelName::new(b"auth:123456").is_some_and(|name| exporter.request_channel(name));
        cases.expect(
            "the exporter asks for a channel",
            (true, request(b"auth:123456", 0x8000, 0)),
            (asked, sent(&mut exporter)),
        );
        let came = events(&mut exporter, &request(b"auth:123456", 0x8000, state), false);
        cases.expect(format!("an answer {state}"), vec![stated.to_owned()], came);
    }
    // A request has one answer: a second one is to none.
    for state in [1, 2] {
        let [_, (_, mut exporter)] = fresh();
        ChannelName::new(b"auth:123456").map(|name| exporter.request_channel(name));
        let first = events(&mut exporter, &request(b"auth:123456", 0x8000, 2), false);
        let second = events(&mut exporter, &request(b"auth:123456", 0x8000, state), false);
        cases.expect(
            format!("a decline, then an answer {state}"),
            (vec!["declined".to_owned()], Vec::new()),
            (first, second),
        );
    }
    // An answer for another number is to no request; the request still waits for its own.
    for (channel, state) in [(1, 1), (0x8001, 1), (0x8001, 2), (0xfffe, 1)] {
        let [_, (_, mut exporter)] = fresh();
        ChannelName::new(b"auth:123456").map(|name| exporter.request_channel(name));
        let other = events(&mut exporter, &request(b"auth:123456", channel, state), false);
        let own = events(&mut exporter, &request(b"auth:123456", 0x8000, 1), false);
        let stated = (Vec::new(), vec!["accepted".to_owned()]);
        cases.expect(format!("an answer {state} for {channel}, then its own"), stated, (other, own));
    }
}

/// The messages that a session carries, and the end, after which it carries none.
fn sessions(cases: &mut Cases) {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    for number in wire::numbers(0x8000) {
        let came = events(&mut session(0x8000), &frame_of(&number, HELLO), true);
        cases.expect(format!("a message on the channel {number:02x?}"), words(&["hello"]), came);
    }
    let whole = frame(0x8000, ARCHIVE);
    let came = events(&mut session(0x8000), &whole, true);
    cases.expect("an archive", words(&["an archive of 2 bytes", "2 bytes", "the archive's end"]), came);
    let cut: Vec<u8> = HELLO.iter().flat_map(|byte| frame(0x8000, &[*byte])).collect();
    cases.expect("a message, one byte in a frame", words(&["hello"]), events(&mut session(0x8000), &cut, true));
    let ended = [frame(0x8000, b""), frame(0x8000, HELLO)].concat();
    cases.expect("a message after the end", words(&["ended"]), events(&mut session(0x8000), &ended, true));
    let foreign = frame(0x8001, HELLO);
    cases.expect("a message on another channel", words(&[]), events(&mut session(0x8000), &foreign, true));
    let garbage = [frame(0x8000, b"\xc1"), frame(0x8000, HELLO)].concat();
    cases.expect(
        "a message after what is not a message",
        words(&["malformed"]),
        events(&mut session(0x8000), &garbage, true),
    );
    let mut importer = session(0x8000);
    importer.end();
    cases.expect("the end", frame(0x8000, b""), sent(&mut importer));
    cases.expect("a message after the end of this side", false, importer.send(&Message::Hello(Features::NONE)));

    // The exporter takes no archive, and sends no message in the middle of its own.
    let open = || {
        let [_, (_, mut exporter)] = fresh();
        ChannelName::new(b"auth:123456").map(|name| exporter.request_channel(name));
        events(&mut exporter, &request(b"auth:123456", 0x8000, 1), false);
        sent(&mut exporter);
        exporter
    };
    cases.expect("exporter: a message", words(&["hello"]), events(&mut open(), &frame(0x8000, HELLO), false));
    let empty = frame(0x8000, b"\x82\xa8schemeId\x00\xa7payload\x81\xa7accData\xa0");
    for archive in [&whole, &empty] {
        cases.expect("exporter: an archive", words(&["malformed"]), events(&mut open(), archive, false));
    }
    let mut exporter = open();
    cases.expect("exporter: an archive is announced", true, exporter.begin_archive(2));
    cases.expect("exporter: a message in the middle of it", false, exporter.send(&Message::Hello(Features::NONE)));
}

/// The limits, typed: 1024 frames that mean nothing, 1024 requests, 16384 beacons.
fn limits(cases: &mut Cases) {
    let unknown = frame(0xffff, b"\x81\xa1x\xc0");
    for (what, bytes, most) in [
        ("frames of no channel", frame(0x1234, b"some bytes"), 1024),
        ("ends of no channel", frame(0x1234, b""), 1024),
        ("frames of the control channel without data", b"\x92\x00\xc4\x00".to_vec(), 1024),
        ("frames of the protocol channel without data", b"\x92\xcd\xff\xff\xc4\x00".to_vec(), 1024),
        ("versions", VERSION.to_vec(), 1024),
        ("answers to no beacon", BEACON_ANSWER.to_vec(), 1024),
        ("unknown messages", unknown, 1024),
        ("answers to no request", request(b"x", 7, 1), 1024),
        ("requests", request(b"msg:x", 7, 0), 1024),
        ("requests for a reserved number", request(b"msg:x", 0, 0), 1024),
        ("beacons", BEACON.to_vec(), 16_384),
    ] {
        // Whole, and byte by byte: the number does not depend on how they are cut.
        for piece in [bytes.len(), 1] {
            let [(_, mut importer), _] = fresh();
            let mut borne = 0;
            while borne <= most {
                let came = bytes.chunks(piece).flat_map(|bytes| events(&mut importer, bytes, false));
                if came.collect::<Vec<_>>().iter().any(|event| event == "lost") {
                    break;
                }
                sent(&mut importer);
                borne += 1;
            }
            cases.expect(format!("{what} that are borne, in pieces of {piece}"), most, borne);
        }
    }
}
