mod commands;
mod joined;

use alloc::{string::String, vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::{
    limits::ARCHIVE_FRAME,
    message::{Features, archive_header, encode},
    mux::{FrameDecoder, FrameEvent, end_of_channel, frame_header},
};

const CHANNEL: u16 = FIRST_SERVER_CHANNEL;

fn frame(channel: u16, data: &[u8]) -> Vec<u8> {
    [frame_header(channel, data.len() as u16).as_bytes(), data].concat()
}

fn name(text: &str) -> ChannelName {
    ChannelName::new(text.as_bytes()).unwrap()
}

fn request(channel: u16, state: RequestState) -> Vec<u8> {
    Control::Request(ChannelRequest { name: name("auth:123456"), channel, state }).to_frame()
}

/// An exporter in a session.
fn exporter() -> Connection {
    let mut connection = Connection::exporter();
    assert!(connection.request_channel(name("auth:123456")));
    let accept = request(CHANNEL, RequestState::Accept);
    assert_eq!(connection.receive(&mut &accept[..]), Some(Event::ChannelAccepted));
    transmit(&mut connection, usize::MAX);
    connection
}

/// An importer in a session.
fn importer() -> Connection {
    let mut connection = Connection::importer(1 << 20);
    let bytes = request(CHANNEL, RequestState::Request);
    assert_eq!(connection.receive(&mut &bytes[..]), Some(Event::ChannelRequested(name("auth:123456"))));
    assert!(connection.accept());
    transmit(&mut connection, usize::MAX);
    connection
}

/// Transmits up to so many bytes.
fn transmit(connection: &mut Connection, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while connection.is_waiting() && bytes.len() < most {
        let (header, data) = connection.transmit();
        let both = [header, data].concat();
        let count = both.len().min(most - bytes.len());
        assert!(count > 0, "what waits can be transmitted");
        bytes.extend_from_slice(&both[..count]);
        connection.sent(count);
    }
    bytes
}

/// The session's bytes, and whether its channel is ended, which has to be the last of it.
fn read(bytes: &[u8]) -> (Vec<u8>, bool) {
    let (mut frames, mut input, mut session, mut ended) = (FrameDecoder::new(), bytes, Vec::new(), false);
    while let Some(event) = frames.next(&mut input).unwrap() {
        match event {
            FrameEvent::Data { channel: CHANNEL, bytes } if !ended => session.extend_from_slice(bytes),
            FrameEvent::End { channel: CHANNEL } if !ended => ended = true,
            other => assert_eq!(other, FrameEvent::Control(Control::Beacon(false))),
        }
    }
    assert!(frames.is_between_frames(), "whole frames");
    (session, ended)
}

fn beacon(connection: &mut Connection) {
    assert_eq!(connection.receive(&mut &Control::Beacon(true).to_frame()[..]), None);
}

proptest! {
    #[test]
    fn an_archive_goes_out_as_it_is(most in 500_usize..40_000, length in 1_usize..200_000) {
        let text: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let (mut connection, mut out) = (exporter(), Vec::new());
        prop_assert!(connection.begin_archive(length as u32));
        for piece in text.chunks(90_000) {
            prop_assert!(connection.archive(piece.to_vec().into()));
            out.extend(transmit(&mut connection, most));
            beacon(&mut connection);
            while connection.is_waiting() {
                prop_assert!(!connection.finish_archive(), "bytes wait");
                out.extend(transmit(&mut connection, most));
            }
            let buffer = connection.used_up();
            prop_assert_eq!(buffer.as_ref().map(|buffer| buffer.as_slice()), Some(piece), "the buffer comes back");
        }
        prop_assert_eq!(connection.archived(), length as u64);
        prop_assert!(!connection.is_reading() && connection.finish_archive() && connection.is_reading());
        prop_assert!(connection.end());
        out.extend(transmit(&mut connection, usize::MAX));
        let expected = [archive_header(length as u32).as_bytes(), &text].concat();
        prop_assert_eq!(read(&out), (expected, true));
    }

    #[test]
    fn an_end_in_the_middle_finishes_the_frame_and_no_more(most in 1_usize..400_000) {
        let mut connection = exporter();
        prop_assert!(connection.begin_archive(300_000));
        let mut out = transmit(&mut connection, usize::MAX);
        let header = out.len();
        prop_assert!(connection.archive(vec![0; 300_000].into()));
        out.extend(transmit(&mut connection, most));
        beacon(&mut connection);
        prop_assert!(connection.end() && !connection.end());
        let before = out.len();
        out.extend(transmit(&mut connection, usize::MAX));
        let (session, ended) = read(&out);
        prop_assert!(ended && !connection.is_waiting());
        prop_assert!(out.len() - before < ARCHIVE_FRAME + 30);
        let text = session.len() - archive_header(300_000).as_bytes().len();
        prop_assert_eq!(text % ARCHIVE_FRAME, if text == 300_000 { 300_000 % ARCHIVE_FRAME } else { 0 });
        prop_assert!(text + header <= before + ARCHIVE_FRAME);
    }

    #[test]
    fn how_the_bytes_are_cut_changes_nothing(
        length in 0_usize..3000,
        size in 1_usize..800,
        sizes in proptest::collection::vec(1_usize..900, 1..20),
    ) {
        let bytes = everything(length, size);
        let whole = events(&bytes, &[bytes.len()]);
        prop_assert_eq!(&whole, &events(&bytes, &sizes));
        prop_assert_eq!(&whole[2], &alloc::format!("an archive of {length}"));
        prop_assert_eq!(whole.len(), 6);
    }
}

/// The bytes of a session to an importer: everything that can come, with an archive that is cut into frames of `size`.
/// Strays follow the first frames only: more than [`MAX_STRAYS`] would end the session.
fn everything(length: usize, size: usize) -> Vec<u8> {
    let hello = encode(&Message::Hello(Features::ALL));
    let text = vec![b'x'; length];
    let mut session = [hello.as_bytes(), archive_header(length as u32).as_bytes(), &text].concat();
    session.extend_from_slice(hello.as_bytes());
    let mut bytes = Control::Version(VERSION).to_frame();
    for (at, piece) in session.chunks(size).enumerate() {
        bytes.extend(frame(CHANNEL, piece));
        if at < 1000 {
            bytes.extend(frame(7, b"of no channel"));
        }
    }
    bytes.extend(Control::Beacon(true).to_frame());
    bytes.extend_from_slice(end_of_channel(7).as_bytes());
    bytes.extend(request(9, RequestState::Request));
    bytes.extend_from_slice(end_of_channel(CHANNEL).as_bytes());
    bytes.extend(frame(CHANNEL, hello.as_bytes()));
    bytes
}

/// The events of an importer in a session when the bytes come in pieces of these sizes; of an archive, how many bytes it had.
fn events(bytes: &[u8], sizes: &[usize]) -> Vec<String> {
    let mut connection = importer();
    let (mut all, mut archive, mut sizes) = (Vec::new(), 0, sizes.iter().cycle());
    let mut rest = bytes;
    while !rest.is_empty() {
        let (mut piece, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
        rest = later;
        while let Some(event) = connection.receive(&mut piece) {
            match event {
                Event::ArchiveSlice(slice) => archive += slice.len(),
                Event::ArchiveEnded => all.push(alloc::format!("an archive of {archive}")),
                event => all.push(alloc::format!("{event:?}")),
            }
            connection.take_archive();
            connection.decline();
        }
        assert!(piece.is_empty());
    }
    let session = transmit(&mut connection, usize::MAX);
    let expected = [Control::Beacon(false).to_frame(), request(9, RequestState::Decline)].concat();
    assert_eq!(session, expected, "the beacon is answered, and the channel declined");
    all
}

#[test]
fn what_is_no_message_is_reported_once_and_the_end_after_it() {
    let mut connection = importer();
    let bytes =
        [frame(CHANNEL, &[0xc1; 9]), frame(CHANNEL, b"more"), end_of_channel(CHANNEL).as_bytes().to_vec()].concat();
    let mut input = &bytes[..];
    assert_eq!(connection.receive(&mut input), Some(Event::Malformed));
    assert_eq!(connection.receive(&mut input), Some(Event::ChannelEnded));
    assert_eq!(connection.receive(&mut input), None);
}

#[test]
fn an_archive_without_bytes_is_complete_at_once() {
    let mut connection = importer();
    let bytes = frame(CHANNEL, archive_header(0).as_bytes());
    let mut input = &bytes[..];
    assert_eq!(connection.receive(&mut input), Some(Event::ArchiveBegan { length: 0 }));
    assert!(input.is_empty() && connection.receive(&mut input).is_none(), "it has no place yet");
    assert!(connection.take_archive());
    assert_eq!(connection.receive(&mut input), Some(Event::ArchiveEnded));
}

#[test]
fn a_long_password_takes_two_frames() {
    let mut connection = importer();
    let password = Secret::from(vec![b'x'; 64 * 1024]);
    assert!(connection.send(&Message::Password(password)) && connection.send(&Message::Hello(Features::ALL)));
    assert!(read(&transmit(&mut connection, usize::MAX)).0.len() > 64 * 1024);
    assert!(!connection.is_waiting());
}

#[test]
fn nothing_is_read_while_much_waits_and_it_goes_on_after_it() {
    let mut connection = importer();
    let beacons = Control::Beacon(true).to_frame().repeat(MAX_BEACONS as usize);
    let (mut rest, mut answers) = (&beacons[..], 0);
    while !rest.is_empty() {
        assert_eq!(connection.receive(&mut rest), None);
        assert_eq!(connection.is_reading(), rest.is_empty());
        let bytes = transmit(&mut connection, usize::MAX);
        assert!(bytes.len() < MAX_UNSENT + 100);
        answers += bytes.len() / Control::Beacon(false).to_frame().len();
    }
    assert_eq!(answers, MAX_BEACONS as usize);
}

/// R-MUX-1: numbers that are reserved or in use are declined without a question to the operation, and so is what an importer requests of an
/// exporter.
#[test]
fn a_request_that_cannot_be_granted_is_declined_at_once() {
    let useless = [
        (Connection::importer(0), 0, Kind::UselessRequest),
        (Connection::importer(0), 0xffff, Kind::UselessRequest),
        (importer(), CHANNEL, Kind::UselessRequest),
        (Connection::exporter(), 9, Kind::UselessRequest),
        (exporter(), 9, Kind::UselessRequest),
        (Connection::importer(0), 1, Kind::Request),
        (Connection::importer(0), 0xfffe, Kind::Request),
        (importer(), CHANNEL + 1, Kind::Request),
    ];
    for (mut connection, number, expected) in useless {
        transmit(&mut connection, usize::MAX);
        let (bytes, mut kinds) = (request(number, RequestState::Request), Vec::new());
        let asked = connection.receive_noting(&mut &bytes[..], |_, kind| kinds.push(kind)).is_some();
        assert_eq!((asked, kinds), (expected == Kind::Request, vec![expected]), "{number} {connection:?}");
        let answer = if asked { vec![] } else { request(number, RequestState::Decline) };
        assert_eq!(transmit(&mut connection, usize::MAX), answer, "{number} {connection:?}");
        assert_eq!(connection.is_reading(), !asked);
    }
}

/// R-MUX-1: an answer is one to the request that was made, once.
#[test]
fn what_answers_no_request_means_nothing() {
    let asking = || {
        let mut connection = Connection::exporter();
        assert!(connection.request_channel(name("auth:123456")));
        connection
    };
    let (yes, no) = (RequestState::Accept, RequestState::Decline);
    let answers = [
        (asking(), CHANNEL, yes, Kind::Acceptance, Some(Event::ChannelAccepted)),
        (asking(), CHANNEL, no, Kind::Refusal, Some(Event::ChannelDeclined)),
        (asking(), CHANNEL + 1, yes, Kind::StrayAnswer, None),
        (asking(), CHANNEL + 1, no, Kind::StrayAnswer, None),
        (Connection::exporter(), CHANNEL, yes, Kind::StrayAnswer, None),
        (exporter(), CHANNEL, no, Kind::StrayAnswer, None),
        (importer(), CHANNEL, yes, Kind::StrayAnswer, None),
    ];
    for (mut connection, number, state, kind, event) in answers {
        let (bytes, mut kinds) = (request(number, state), Vec::new());
        let before = connection.place();
        let given = connection.receive_noting(&mut &bytes[..], |_, kind| kinds.push(kind));
        assert_eq!(given, event, "{number} {state:?}");
        assert_eq!(kinds, [kind], "{number} {state:?}");
        assert_eq!(connection.place() == before, event.is_none());
    }
}

/// R-MUX-2, on connections without a session, with one, and after its end.
#[test]
fn what_only_keeps_the_connection_busy_is_borne_up_to_a_limit() {
    let request = |number| request(number, RequestState::Request);
    let stray_answer = self::request(7, RequestState::Accept);
    let busy = [
        (frame(7, b"x"), MAX_STRAYS, false),
        (end_of_channel(7).as_bytes().to_vec(), MAX_STRAYS, false),
        (Control::Unknown.to_frame(), MAX_STRAYS, false),
        (end_of_channel(CONTROL_CHANNEL).as_bytes().to_vec(), MAX_STRAYS, false),
        (end_of_channel(PROTOCOL_CHANNEL).as_bytes().to_vec(), MAX_STRAYS, false),
        (Control::Version(VERSION).to_frame(), MAX_STRAYS, false),
        (Control::Beacon(false).to_frame(), MAX_STRAYS, false),
        (stray_answer, MAX_STRAYS, false),
        (request(9), MAX_REQUESTS, true),
        (request(0), MAX_REQUESTS, true),
        (Control::Beacon(true).to_frame(), MAX_BEACONS, false),
    ];
    for (bytes, most, is_request) in busy {
        // A session has taken a request.
        let before = u32::from(is_request);
        for ended in [false, true] {
            let mut connection = importer();
            if ended {
                connection.end();
            }
            let lost = keep_busy(&mut connection, &bytes, most - before);
            assert_eq!((lost, connection.has_ended()), (Some("Malformed".into()), ended));
            let mut more = &bytes[..];
            assert!(connection.receive(&mut more).is_none() && more.is_empty(), "nothing is received any more");
        }
        assert_eq!(keep_busy(&mut Connection::importer(0), &bytes, most), Some("Lost".into()));
    }
}

/// Receives these bytes so often, and once more: what happens then.
fn keep_busy(connection: &mut Connection, bytes: &[u8], times: u32) -> Option<String> {
    for _ in 0..times {
        let event = connection.receive(&mut &bytes[..]);
        assert!(matches!(event, None | Some(Event::ChannelRequested(_))), "{event:?}");
        connection.decline();
        transmit(connection, usize::MAX);
    }
    connection.receive(&mut &bytes[..]).map(|event| alloc::format!("{event:?}"))
}

/// R-MUX-2: a frame that means nothing counts once, in however many pieces it comes.
#[test]
fn a_stray_frame_counts_once() {
    let (mut connection, stray) = (importer(), frame(7, b"of no channel"));
    for _ in 0..1024 {
        for byte in &stray {
            assert_eq!(connection.receive(&mut core::slice::from_ref(byte)), None);
        }
    }
    assert_eq!(connection.receive(&mut &stray[..]), Some(Event::Malformed));
}

#[test]
fn a_transport_that_takes_nothing_is_read_still() {
    let mut connection = exporter();
    assert!(connection.begin_archive(5) && connection.archive(vec![b'x'; 5].into()));
    connection.cut();
    assert!(connection.is_cut() && !connection.is_waiting() && connection.is_reading());
    connection.send(&Message::Unknown);
    assert!(!connection.is_waiting());
    let end = end_of_channel(CHANNEL);
    assert_eq!(connection.receive(&mut end.as_bytes()), Some(Event::ChannelEnded));
}

#[test]
fn neither_names_nor_messages_print() {
    let mut connection = importer();
    let secret = encode(&Message::Password(Secret::from("sesame")));
    let bytes = frame(CHANNEL, secret.as_bytes());
    let event = alloc::format!("{:?}", connection.receive(&mut &bytes[..]));
    let asked = alloc::format!("{:?}", Event::ChannelRequested(name("auth:123456")));
    let slice = alloc::format!("{:?}", Event::ArchiveSlice(b"sesame"));
    let all = alloc::format!("{event} {asked} {slice} {connection:?}");
    assert!(!all.contains("sesame") && !all.contains("123456"), "{all}");
    let shown = alloc::format!("{connection:?}");
    assert!(shown.starts_with("Connection { side: Import, place: ") && shown.contains("phase: Open"), "{shown}");
}

/// Each line of the invariant is found where it does not hold.
#[test]
fn a_connection_that_does_not_fit_its_phase_is_found() {
    let requested = || {
        let mut connection = Connection::exporter();
        assert!(connection.request_channel(name("auth:123456")));
        connection
    };
    fn ask(one: &mut Connection) {
        one.waits = Waits::Answer(ChannelRequest { name: name("x"), channel: 7, state: RequestState::Request });
    }
    type Change = fn(&mut Connection);
    let wrong: [(&str, Connection, Change); 12] = [
        ("a session has a channel", importer(), |one| one.channel = None),
        ("an importer's channel is a session's", Connection::importer(1), |one| one.channel = Some(7)),
        ("the exporter requests the channel", requested(), |one| (one.side, one.channel) = (Side::Import, None)),
        ("an archive comes in an open session of the importer", exporter(), |one| one.receiving = true),
        ("an archive comes in an open session of the importer", Connection::importer(1), |one| one.receiving = true),
        ("an archive comes in an open session of the importer", importer(), |one| {
            assert!(one.end());
            one.waits = Waits::Place;
        }),
        ("an archive goes out in a session of the exporter that is not ended", importer(), |one| one.sending = Some(1)),
        ("an archive goes out in a session of the exporter that is not ended", exporter(), |one| {
            assert!(one.end());
            one.sending = Some(1);
        }),
        ("nothing is under way on a closed connection", Connection::importer(1), |one| {
            one.close();
            ask(one);
        }),
        ("the channel's end is sent once, and nothing after it", exporter(), |one| one.phase = Phase::Ended),
        ("the channel's end is sent once, and nothing after it", importer(), |one| {
            assert!(one.end());
            one.phase = Phase::Open;
        }),
        ("the importer is asked", exporter(), ask),
    ];
    for (why, mut connection, change) in wrong {
        assert_eq!(connection.invariant(), Ok(()));
        change(&mut connection);
        assert_eq!(connection.invariant(), Err(why));
    }
}

/// A real exporter sends the whole message in one frame, which is all there before the archive has a place, and then the end.
#[test]
fn an_archive_that_waited_for_its_place_is_complete_with_its_last_byte() {
    let mut connection = importer();
    let message = [archive_header(3).as_bytes(), b"abc"].concat();
    let bytes = [frame(CHANNEL, &message), end_of_channel(CHANNEL).as_bytes().to_vec()].concat();
    let mut input = &bytes[..];
    assert_eq!(connection.receive(&mut input), Some(Event::ArchiveBegan { length: 3 }));
    assert_eq!(connection.receive(&mut input), None);
    assert!(connection.take_archive() && connection.has_resumed());
    assert_eq!(connection.receive(&mut &[][..]), None);
    assert_eq!(connection.receive(&mut input), Some(Event::ArchiveSlice(b"abc")));
    assert_eq!(connection.receive(&mut input), Some(Event::ArchiveEnded));
    assert_eq!(connection.receive(&mut input), Some(Event::ChannelEnded));
}

/// Coverage counts how far the archive is.
#[test]
fn a_place_says_how_far_an_archive_is() {
    let mut connection = exporter();
    assert_eq!(connection.place().doing, Doing::Nothing);
    assert!(connection.begin_archive(3));
    assert_eq!(connection.place().doing, Doing::Sending);
    assert!(connection.archive(b"abc".to_vec().into()));
    transmit(&mut connection, usize::MAX);
    assert_eq!(connection.place().doing, Doing::Sending, "the buffer is not given back");
    assert!(connection.used_up().is_some());
    assert_eq!(connection.place().doing, Doing::Finishing);
    assert!(connection.finish_archive());
    assert_eq!(connection.place().doing, Doing::Nothing);
}

#[test]
fn it_reads_while_less_than_the_limit_waits() {
    let password = |length: usize| Message::Password(Secret::from(vec![b'x'; length]));
    let size = |length| frame(CHANNEL, encode(&password(length)).as_bytes()).len();
    for (waits, reads) in [(MAX_UNSENT - 1, true), (MAX_UNSENT, false)] {
        let mut connection = importer();
        let rest = waits - size(60_000);
        let length = (1..rest).find(|&length| size(length) == rest).unwrap();
        for length in [60_000, length] {
            assert!(connection.send(&password(length)));
        }
        assert_eq!((connection.outbound.queued(), connection.is_reading()), (waits, reads));
    }
}
