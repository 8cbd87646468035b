//! Which command makes sense where: each on a connection at each place.

use alloc::{collections::BTreeSet, string::ToString as _};

use super::*;

const NO_FRAME: [u8; 9] = [0xc1; 9];

type Command = fn(&mut Connection) -> bool;

const COMMANDS: [(&str, Command); 12] = [
    ("accept", Connection::accept),
    ("decline", Connection::decline),
    ("request", |one| one.request_channel(name("auth:123456"))),
    ("send", |one| one.send(&Message::Unknown)),
    ("begin", |one| one.begin_archive(3)),
    ("archive", |one| one.archive(b"a".to_vec().into())),
    ("too much", |one| one.archive(b"abcd".to_vec().into())),
    ("nothing", |one| one.archive(Buffer::default())),
    ("finish", Connection::finish_archive),
    ("take", Connection::take_archive),
    ("hold", Connection::hold_archive),
    ("end", Connection::end),
];

fn asked(mut connection: Connection, number: u16) -> Connection {
    let bytes = request(number, RequestState::Request);
    assert!(connection.receive(&mut &bytes[..]).is_some());
    connection
}

fn placing() -> Connection {
    let mut connection = importer();
    let bytes = frame(CHANNEL, archive_header(3).as_bytes());
    assert_eq!(connection.receive(&mut &bytes[..]), Some(Event::ArchiveBegan { length: 3 }));
    connection
}

fn receiving() -> Connection {
    let mut connection = placing();
    assert!(connection.take_archive());
    connection
}

fn sending(bytes: &[u8]) -> Connection {
    let mut connection = exporter();
    assert!(connection.begin_archive(3));
    if !bytes.is_empty() {
        assert!(connection.archive(bytes.to_vec().into()));
    }
    connection
}

fn transmitted(mut connection: Connection) -> Connection {
    transmit(&mut connection, usize::MAX);
    connection
}

fn used_up(mut connection: Connection) -> Connection {
    assert!(connection.used_up().is_some());
    connection
}

/// The phase of a session after bytes that are no frame, and that after this side's end.
fn unreadable() -> [Phase; 2] {
    let mut connection = importer();
    assert_eq!(connection.receive(&mut &NO_FRAME[..]), Some(Event::Malformed));
    let phase = connection.place().phase;
    assert!(connection.end());
    [phase, connection.place().phase]
}

fn ended(mut connection: Connection) -> Connection {
    assert!(connection.end());
    connection
}

fn closed(mut connection: Connection) -> Connection {
    connection.close();
    connection
}

/// R-MUX-1, R-MSG-1: a command that makes no sense where the connection is changes nothing and returns `false`.
#[test]
fn a_command_is_carried_out_where_it_makes_sense() {
    type Place = (&'static str, fn() -> Connection, &'static [&'static str]);
    let places: [Place; 18] = [
        ("importer: nothing is asked", || Connection::importer(9), &[]),
        ("importer: asked", || asked(Connection::importer(9), 1), &["accept", "decline"]),
        ("importer: in a session", importer, &["send", "end"]),
        ("importer: asked for another channel", || asked(importer(), 9), &["decline", "send", "end"]),
        ("importer: an archive has no place", placing, &["send", "take", "end"]),
        ("importer: an archive comes", receiving, &["send", "hold", "end"]),
        ("importer: asked amid an archive", || asked(receiving(), 9), &["decline", "send", "end"]),
        ("importer: ended", || ended(importer()), &[]),
        ("importer: closed", || closed(receiving()), &[]),
        ("exporter: nothing is asked", Connection::exporter, &["request"]),
        ("exporter: in a session", exporter, &["send", "begin", "end"]),
        ("exporter: announced", || sending(b""), &["archive", "end"]),
        ("exporter: with a buffer", || sending(b"ab"), &["end"]),
        ("exporter: whose buffer is not taken back", || transmitted(sending(b"ab")), &["end"]),
        ("exporter: with a part", || used_up(transmitted(sending(b"ab"))), &["archive", "end"]),
        ("exporter: with all of it", || used_up(transmitted(sending(b"abc"))), &["finish", "end"]),
        ("exporter: ended", || ended(sending(b"abc")), &[]),
        ("exporter: closed", || closed(sending(b"abc")), &[]),
    ];
    for (at, connection, makes_sense) in places {
        for (name, command) in COMMANDS {
            let mut connection = connection();
            let before = (connection.place(), connection.outbound.queued());
            let done = command(&mut connection);
            assert_eq!(done, makes_sense.contains(&name), "{at}: {name}");
            // A further channel is declined where it is accepted.
            let declines = name == "accept" && matches!(before.0.doing, Doing::Answering | Doing::AnsweringAmidArchive);
            if !done && !declines {
                assert_eq!((connection.place(), connection.outbound.queued()), before, "{at}: {name}");
            }
        }
    }
}

/// R-MSG-2: an exporter takes no archive, not even an empty one, and no further data either.
#[test]
fn an_archive_to_an_exporter_is_no_message() {
    for length in [0, 3] {
        let mut connection = exporter();
        let bytes = [frame(CHANNEL, archive_header(length).as_bytes()), frame(CHANNEL, b"abc")].concat();
        let mut input = &bytes[..];
        assert_eq!(connection.receive(&mut input), Some(Event::Malformed));
        assert_eq!(connection.receive(&mut input), None);
        assert!(input.is_empty());
    }
}

/// R-MUX-1: an end is the last of a direction: after both nothing is left of the session, and after bytes that are no frame nothing is read.
#[test]
fn an_end_of_this_side_keeps_what_the_peer_has_come_to() {
    let end = end_of_channel(CHANNEL).as_bytes().to_vec();
    let no_frame = NO_FRAME.to_vec();
    let [unread, unread_ended] = unreadable();
    let ways = [
        (vec![], Phase::Open, Phase::Ended),
        (vec![frame(CHANNEL, &[0xc1; 9])], Phase::Garbled, Phase::Ended),
        (vec![end.clone()], Phase::PeerEnded, Phase::Over),
        (vec![frame(CHANNEL, &[0xc1; 9]), end.clone()], Phase::PeerEnded, Phase::Over),
        (vec![no_frame.clone()], unread, unread_ended),
        (vec![end.clone(), no_frame.clone()], unread, unread_ended),
    ];
    for (bytes, before, after) in ways {
        for mut connection in [importer(), exporter()] {
            for piece in &bytes {
                let mut input = &piece[..];
                assert!(connection.receive(&mut input).is_some(), "{before:?}");
                assert!(connection.receive(&mut input).is_none() && input.is_empty());
            }
            assert_eq!((connection.place().phase, connection.has_ended()), (before, false));
            assert!(connection.end());
            assert_eq!((connection.place().phase, connection.has_ended()), (after, true));
            assert_eq!(transmit(&mut connection, usize::MAX), end);
            let event = connection.receive(&mut &end[..]);
            assert_eq!(event, (after == Phase::Ended).then_some(Event::ChannelEnded), "{before:?}");
            let event = connection.receive(&mut &no_frame[..]);
            assert_eq!(event, (after != unread_ended).then_some(Event::Malformed), "{before:?}");
            assert_eq!(connection.place().phase, unread_ended);
            assert_eq!(connection.receive(&mut &end[..]), None);
        }
    }
}

/// R-CANCEL-1: an end in the middle of an archive drops a frame that has not begun, and finishes one that has.
#[test]
fn an_end_finishes_only_a_frame_that_has_begun() {
    let end = end_of_channel(CHANNEL).as_bytes().to_vec();
    let whole = [frame(CHANNEL, b"abc"), end.clone()].concat();
    for (most, rest) in [(0, &end[..]), (1, &whole[1..]), (whole.len() - end.len(), &end[..])] {
        let mut connection = transmitted(sending(b""));
        assert!(connection.archive(b"abc".to_vec().into()));
        assert_eq!(transmit(&mut connection, most), whole[..most]);
        assert!(connection.end());
        assert_eq!(transmit(&mut connection, usize::MAX), rest, "after {most}");
    }
}

/// R-MUX-1: a transport that takes no more bytes makes nothing undone that went out.
#[test]
fn a_cut_keeps_what_went_out() {
    let mut connection = transmitted(sending(b"ab"));
    connection.cut();
    assert_eq!((connection.archived(), connection.is_cut(), connection.is_waiting()), (2, true, false));
    assert!(connection.end() && connection.has_ended() && !connection.is_waiting());
    let mut connection = ended(exporter());
    connection.cut();
    assert_eq!((connection.invariant(), connection.has_ended()), (Ok(()), true));
    assert!(!connection.is_waiting() && !connection.end());
}

/// A driver that reports more bytes than it was given breaks the rule of `sent`, whatever of the frame went out before.
#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "no more is transmitted than was given")]
fn no_more_is_sent_than_was_given() {
    let mut connection = exporter();
    assert!(connection.send(&Message::Unknown));
    connection.sent(1);
    let (rest, _) = connection.transmit();
    let more = rest.len() + 1;
    connection.sent(more);
}

/// So is one that reports more bytes of an archive.
#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "no more is transmitted than was given")]
fn no_more_of_an_archive_is_sent_than_was_given() {
    let mut connection = transmitted(sending(b""));
    assert!(connection.archive(b"abc".to_vec().into()));
    let (header, _) = connection.transmit();
    let one_byte = header.len() + 1;
    connection.sent(one_byte);
    connection.sent(3);
}

/// Coverage counts by name: no two rows, and no two columns, have the same one.
#[test]
fn each_place_and_each_kind_has_a_name_of_its_own() {
    let [unread, unread_ended] = unreadable();
    let phases = [
        Phase::Free,
        Phase::Requested,
        Phase::Open,
        Phase::Garbled,
        Phase::PeerEnded,
        Phase::Ended,
        Phase::Over,
        unread,
        unread_ended,
        Phase::Closed,
    ];
    let doings = [
        Doing::Nothing,
        Doing::Answering,
        Doing::AnsweringAmidArchive,
        Doing::Placing,
        Doing::Receiving,
        Doing::Sending,
        Doing::Finishing,
    ];
    let places = phases.into_iter().flat_map(|phase| doings.map(|doing| Place { phase, doing }));
    let names: BTreeSet<_> = places.map(|place| place.to_string()).collect();
    assert_eq!(names.len(), 70);
    assert!(names.iter().all(|name| name.starts_with("connection ")));
    let place = Place { phase: Phase::PeerEnded, doing: Doing::Sending };
    assert_eq!(place.to_string(), "connection ended by the peer, sending an archive");
    let kinds: BTreeSet<_> = Kind::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(kinds.len(), 28);
    assert!(kinds.contains("useless request") && kinds.contains("hold_archive()"));
}
