//! The form of messages, their meaning, and where a bad one is bad (R-MSG-1, R-MSG-3). The bytes are written by another
//! implementation of msgpack.

use handfast::{
    limits::{MAX_ENTRIES, MAX_KEY, MAX_NESTING, MAX_VALUE},
    message::{
        Decoder, Event, Expected, Features, ImportResult, Message, MessageError, MessageErrorKind as Kind, Verdict,
        Word, archive_header,
    },
    outcome::Scheme,
    secret::Secret,
};
use rmp::encode::{self, ByteBuf};

/// Bytes from a few calls to the other implementation.
fn bytes(write: impl FnOnce(&mut ByteBuf)) -> Vec<u8> {
    let mut buffer = ByteBuf::new();
    write(&mut buffer);
    buffer.into_vec()
}

fn text(text: &str) -> Vec<u8> {
    bytes(|to| encode::write_str(to, text).unwrap())
}

/// A map of keys and encoded values.
fn map(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = bytes(|to| {
        encode::write_map_len(to, entries.len() as u32).unwrap();
    });
    for (key, value) in entries {
        out.extend(text(key));
        out.extend_from_slice(value);
    }
    out
}

fn outer(payload: &[u8]) -> Vec<u8> {
    map(&[("schemeId", b"\0"), ("payload", payload)])
}

/// A message whose payload has these texts.
fn message(entries: &[(&str, &str)]) -> Vec<u8> {
    let encoded: Vec<_> = entries.iter().map(|(key, value)| (*key, text(value))).collect();
    outer(&map(&encoded.iter().map(|(key, value)| (*key, &value[..])).collect::<Vec<_>>()))
}

/// The events of a stream, and the archive's bytes joined.
fn events(stream: &[u8], max_archive: u64) -> (Vec<String>, Vec<u8>, Option<MessageError>) {
    let (mut decoder, mut input) = (Decoder::new(max_archive), stream);
    let (mut events, mut archive) = (Vec::new(), Vec::new());
    loop {
        match decoder.next(&mut input) {
            Ok(None) => {
                assert!(input.is_empty());
                return (events, archive, None);
            }
            Ok(Some(Event::ArchiveSlice(slice))) => archive.extend_from_slice(slice),
            Ok(Some(event)) => events.push(format!("{event:?}")),
            Err(error) => return (events, archive, Some(error)),
        }
    }
}

fn only(stream: &[u8]) -> Message<Secret> {
    let (mut decoder, mut input) = (Decoder::new(0), stream);
    let Ok(Some(Event::Message(message))) = decoder.next(&mut input) else { panic!("no message: {stream:02x?}") };
    assert!(input.is_empty() && decoder.is_between_messages());
    message
}

/// The error of a stream, the same whether it comes as a whole or in bytes.
fn error(stream: &[u8]) -> (u64, Kind) {
    let MessageError { offset, kind } = events(stream, 64).2.unwrap_or_else(|| panic!("no error: {stream:02x?}"));
    let mut decoder = Decoder::new(64);
    let in_bytes = stream.chunks(1).find_map(|mut byte| {
        loop {
            match decoder.next(&mut byte) {
                Ok(None) => return None,
                Ok(Some(_)) => {}
                Err(error) => return Some((error.offset, error.kind)),
            }
        }
    });
    assert_eq!(in_bytes, Some((offset, kind)), "{stream:02x?}");
    (offset, kind)
}

/// A value of a comparison.
const VALUE: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// R-SAS-2: a value has 64 lower-case hexadecimal digits, and nothing else.
#[test]
fn a_value_of_a_comparison_has_one_form() {
    for key in ["sasCommitment", "sasNonce", "sasOpening"] {
        for wrong in ["", "00", &VALUE[1..], &VALUE.to_uppercase(), &VALUE.replace('f', "g"), &format!("{VALUE}0")] {
            assert_eq!(error(&message(&[(key, wrong)])).1, Kind::Comparison, "{key} {wrong}");
        }
    }
}

#[test]
fn each_payload_has_its_meaning() {
    let both = Features::ALL;
    type Entries = &'static [(&'static str, &'static str)];
    let table: &[(Entries, Message<Secret>)] = &[
        (&[], Message::Hello(Features::NONE)),
        (&[("features", "")], Message::Hello(Features::NONE)),
        (&[("features", "cancel,result")], Message::Hello(both)),
        (&[("features", "result,teleport,cancel,")], Message::Hello(both)),
        (&[("features", "Result, cancel")], Message::Hello(Features::NONE)),
        (&[("features", "result"), ("later", "x")], Message::Hello(Features { result: true, ..Features::NONE })),
        (&[("features", "cancel,result,sas")], Message::Hello(Features::WITH_SAS)),
        (&[("features", "sas")], Message::Hello(Features { sas: true, ..Features::NONE })),
        (&[("sasCommitment", VALUE)], Message::Commitment(VALUE.into())),
        (&[("sasNonce", VALUE)], Message::Nonce(VALUE.into())),
        (&[("sasOpening", VALUE), ("x", "y")], Message::Opening(VALUE.into())),
        (&[("stateMsg", "MISMATCH")], Message::State(Word::Mismatch)),
        (&[("later", "x")], Message::Unknown),
        (&[("later", "x"), ("Password", "y")], Message::Unknown),
        (&[("authScheme", "")], Message::AuthScheme(Scheme::None, Features::NONE)),
        (&[("authScheme", "none")], Message::AuthScheme(Scheme::None, Features::NONE)),
        (&[("authScheme", "password")], Message::AuthScheme(Scheme::Password, Features::NONE)),
        (&[("authScheme", ""), ("features", "result,cancel")], Message::AuthScheme(Scheme::None, both)),
        (
            &[("features", "cancel,result"), ("x", ""), ("authScheme", "password")],
            Message::AuthScheme(Scheme::Password, both),
        ),
        (&[("password", "")], Message::Password("".into())),
        (&[("password", "pässw0rd\0")], Message::Password("pässw0rd\0".into())),
        (&[("password", "p"), ("features", "result"), ("x", "y")], Message::Password("p".into())),
        (&[("passwordCorrect", "false")], Message::Verdict(Verdict::Wrong)),
        (&[("passwordCorrect", "false"), ("canRetry", "true")], Message::Verdict(Verdict::Wrong)),
        (&[("canRetry", "true"), ("passwordCorrect", "false")], Message::Verdict(Verdict::Wrong)),
        (&[("canRetry", "false")], Message::Verdict(Verdict::Final)),
        (&[("canRetry", "false"), ("passwordCorrect", "false")], Message::Verdict(Verdict::Final)),
        (&[("canRetry", "false"), ("passwordCorrect", "true")], Message::Verdict(Verdict::Final)),
        (&[("canRetry", "true")], Message::Verdict(Verdict::None)),
        (&[("passwordCorrect", "true")], Message::Verdict(Verdict::None)),
        (&[("passwordCorrect", "true"), ("canRetry", "true")], Message::Verdict(Verdict::None)),
        (&[("passwordCorrect", "FALSE")], Message::Verdict(Verdict::None)),
        (&[("passwordCorrect", "false"), ("canRetry", "")], Message::Verdict(Verdict::None)),
        (&[("stateMsg", "TIMEOUT")], Message::State(Word::Timeout)),
        (&[("stateMsg", "CANCELED")], Message::State(Word::Canceled)),
        (&[("importResult", "stored")], Message::ImportResult(ImportResult::Stored)),
        (&[("importResult", "failed_archive")], Message::ImportResult(ImportResult::FailedArchive)),
        (&[("importResult", "failed_storage")], Message::ImportResult(ImportResult::FailedStorage)),
        (&[("importResult", "Stored")], Message::ImportResult(ImportResult::Other)),
    ];
    for (entries, meaning) in table {
        assert_eq!(only(&message(entries)), *meaning, "{entries:?}");
    }
}

#[test]
fn two_meanings_in_one_message_are_refused_at_the_second_key() {
    let one_each = [
        ("authScheme", ""),
        ("password", ""),
        ("canRetry", "true"),
        ("stateMsg", "TIMEOUT"),
        ("sasCommitment", VALUE),
        ("sasNonce", VALUE),
        ("sasOpening", VALUE),
        ("importResult", "stored"),
    ];
    let payload = outer(b"\x80").len() as u64;
    for first in one_each {
        for second in one_each {
            let stream = message(&[first, second]);
            let second_key = payload + (text(first.0).len() + text(first.1).len()) as u64;
            let kind = if first == second { Kind::Repeated } else { Kind::TwoMeanings };
            assert_eq!(error(&stream), (second_key, kind), "{first:?} {second:?}");
        }
        for (entries, seen) in [([first, ("accData", "{}")], 0), ([("accData", "{}"), first], 2)] {
            let (events, archive, error) = events(&message(&entries), 64);
            assert_eq!((archive.len(), error.unwrap().kind), (seen, Kind::TwoMeanings), "{entries:?}");
            assert!(!events.contains(&"ArchiveEnded".into()), "{entries:?}");
        }
    }
}

#[test]
fn keys_come_in_any_order_with_others_between_and_once() {
    let deep = bytes(|to| {
        encode::write_map_len(to, 2).unwrap();
        encode::write_nil(to).unwrap();
        encode::write_array_len(to, 2).unwrap();
        encode::write_f64(to, 0.5).unwrap();
        encode::write_ext_meta(to, 3, 7).unwrap();
        to.as_mut_vec().extend(b"\xff\xff\xff");
        encode::write_sint(to, -70_000).unwrap();
        encode::write_bin(to, b"\xff").unwrap();
    });
    let word = map(&[("stateMsg", &text("TIMEOUT"))]);
    let timeout = Message::State(Word::Timeout);
    assert_eq!(only(b"\x80"), Message::Hello(Features::NONE));
    assert_eq!(only(&map(&[("payload", b"\x80")])), Message::Hello(Features::NONE));
    assert_eq!(only(&map(&[("schemeId", b"\0")])), Message::Hello(Features::NONE));
    assert_eq!(only(&map(&[("payload", &word)])), timeout);
    assert_eq!(only(&map(&[("payload", &word), ("schemeId", b"\0")])), timeout);
    assert_eq!(
        only(&map(&[("a", &deep), ("payload", &word), ("b", b"\xc0"), ("schemeId", b"\0"), ("c", &deep)])),
        timeout
    );
    assert_eq!(only(&map(&[("stateMsg", &text("TIMEOUT"))])), Message::Hello(Features::NONE));
    for key in ["schemeId", "payload", "later"] {
        let value: &[u8] = if key == "payload" { b"\x80" } else { b"\0" };
        let stream = map(&[(key, value), (key, value)]);
        assert_eq!(error(&stream), ((1 + text(key).len() + 1) as u64, Kind::Repeated), "{key}");
    }
    assert_eq!(error(&message(&[("x", ""), ("y", ""), ("x", "")])).1, Kind::Repeated);
    assert_eq!(error(&message(&[("features", ""), ("features", "")])).1, Kind::Repeated);
}

#[test]
fn every_form_that_libraries_write_is_read() {
    let zero: &[&[u8]] = &[
        b"\x00",
        b"\xcc\x00",
        b"\xcd\x00\x00",
        b"\xce\0\0\0\0",
        b"\xcf\0\0\0\0\0\0\0\0",
        b"\xd0\x00",
        b"\xd3\0\0\0\0\0\0\0\0",
    ];
    let password: &[&[u8]] = &[b"\xa1p", b"\xd9\x01p", b"\xda\x00\x01p", b"\xdb\x00\x00\x00\x01p"];
    let heads: &[&[u8]] = &[b"\x81", b"\xde\x00\x01", b"\xdf\x00\x00\x00\x01"];
    for (&zero, (&value, &head)) in zero.iter().zip(password.iter().cycle().zip(heads.iter().cycle())) {
        let payload = [head, &text("password"), value].concat();
        assert_eq!(only(&map(&[("schemeId", zero), ("payload", &payload)])), Message::Password("p".into()));
    }
}

#[test]
fn wrong_types_are_refused_where_they_stand() {
    let not_a_map: &[&[u8]] = &[b"\x00", b"\x90", b"\xa0", b"\xc0", b"\xc4\x00", b"\xd4", b"\xff"];
    for wrong in not_a_map {
        assert_eq!(error(wrong), (0, Kind::Expected(Expected::Message)));
        assert_eq!(error(&map(&[("payload", wrong)])), (9, Kind::Expected(Expected::Payload)));
    }
    for key in [&b"\x00"[..], b"\xc4\x01p", b"\xc0", b"\x80"] {
        assert_eq!(error(&[b"\x81", key].concat()), (1, Kind::Expected(Expected::Key)));
        assert_eq!(error(&outer(&[b"\x81", key].concat())), (20, Kind::Expected(Expected::Key)));
    }
    for number in [&b"\xa10"[..], b"\xc0", b"\xc2", b"\xca\0\0\0\0", b"\xff", b"\xd1\xff\xff", b"\x80"] {
        assert_eq!(error(&map(&[("schemeId", number)])), (10, Kind::Expected(Expected::SchemeId)));
    }
    for number in [&b"\x01"[..], b"\xcc\xff", b"\xcd\x01\x00", b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"] {
        assert_eq!(error(&map(&[("schemeId", number)])), (10, Kind::SchemeId));
    }
    // Also of a key that no one knows, and bin is not str.
    for key in ["password", "accData", "later"] {
        for value in [&b"\x00"[..], b"\xc0", b"\xc3", b"\xc4\x01p", b"\x80", b"\x90"] {
            let at = 20 + text(key).len() as u64;
            assert_eq!(error(&outer(&map(&[(key, value)]))), (at, Kind::Expected(Expected::Value)), "{key}");
        }
    }
    for stream in [&b"\xc1"[..], b"\x81\xc1", b"\x81\xa1x\xc1", b"\x81\xa1x\x92\x00\xc1"] {
        assert_eq!(error(stream), (stream.len() as u64 - 1, Kind::Reserved));
    }
}

#[test]
fn words_that_do_not_exist_are_refused() {
    for word in ["key", "Password", " ", "passwor"] {
        assert_eq!(error(&message(&[("authScheme", word)])), (31, Kind::AuthScheme), "{word}");
    }
    for word in ["", "DONE", "AUTH_ERROR", "timeout"] {
        assert_eq!(error(&message(&[("stateMsg", word)])), (29, Kind::StateMsg), "{word}");
    }
}

#[test]
fn limits_hold_exactly_and_before_the_bytes_come() {
    // Entries, of both maps.
    let keys: Vec<_> = (0..=MAX_ENTRIES).map(|n| format!("k{n}")).collect();
    let entries: Vec<_> = keys.iter().map(|key| (key.as_str(), "")).collect();
    assert_eq!(only(&message(&entries[..MAX_ENTRIES])), Message::Unknown);
    assert_eq!(error(&message(&entries)), (19, Kind::Entries));
    assert_eq!(error(b"\xdf\xff\xff\xff\xff"), (0, Kind::Entries));
    assert_eq!(error(b"\xde\x00\x11"), (0, Kind::Entries));
    // Keys.
    let (longest, longer) = ("k".repeat(MAX_KEY), "k".repeat(MAX_KEY + 1));
    assert_eq!(only(&map(&[(&longest, b"\0")])), Message::Hello(Features::NONE));
    assert_eq!(only(&message(&[(&longest, "")])), Message::Unknown);
    assert_eq!(error(&map(&[(&longer, b"\0")])), (1, Kind::KeyLength));
    assert_eq!(error(&message(&[(&longer, "")])), (20, Kind::KeyLength));
    // Values.
    let (longest, longer) = ("p".repeat(MAX_VALUE), (MAX_VALUE as u32 + 1).to_be_bytes());
    assert_eq!(only(&message(&[("password", &longest)])), Message::Password(longest.as_str().into()));
    assert_eq!(only(&message(&[("later", &longest)])), Message::Unknown);
    assert_eq!(only(&map(&[("later", &text(&longest))])), Message::Hello(Features::NONE));
    for key in ["password", "later"] {
        let announced = [&b"\xdb"[..], &longer].concat();
        assert_eq!(error(&outer(&map(&[(key, &announced)]))).1, Kind::ValueLength);
        assert_eq!(error(&map(&[("later", &announced)])), (7, Kind::ValueLength));
    }
    // The ignored values, in all.
    for head in [b"\xdd", b"\xdf", b"\xdb", b"\xc6", b"\xc9"] {
        assert_eq!(error(&map(&[("later", &[&head[..], b"\xff\xff\xff\xff"].concat())])), (7, Kind::ValueLength));
    }
    let nils = |count: usize| [&[0xdd][..], &(count as u32).to_be_bytes(), &vec![0xc0; count]].concat();
    assert_eq!(only(&map(&[("later", &nils(MAX_VALUE))])), Message::Hello(Features::NONE));
    let two = [&b"\x92"[..], &nils(MAX_VALUE / 2), &nils(MAX_VALUE / 2)].concat();
    assert_eq!(error(&map(&[("later", &two)])).1, Kind::ValueLength);
    // Depth: the message's own map is one.
    let nested = |depth: usize| [vec![0x91; depth - 1], vec![0xc0]].concat();
    assert_eq!(only(&map(&[("later", &nested(MAX_NESTING))])), Message::Hello(Features::NONE));
    assert_eq!(error(&map(&[("later", &nested(MAX_NESTING + 1))])), (7 + MAX_NESTING as u64 - 1, Kind::Nesting));
    // The archive.
    assert_eq!(events(&message(&[("accData", &"x".repeat(64))]), 64).2, None);
    let (events, _, error) = events(archive_header(65).as_bytes(), 64);
    assert_eq!((events.len(), error.unwrap().kind), (0, Kind::ArchiveLength { limit: 64 }));
}

#[test]
fn text_is_utf8_wherever_it_stands() {
    let cases: &[(&[u8], u64)] = &[
        (b"\x81\xa2a\xff", 3),
        (b"\x81\xa1x\xa3a\xe2\x82", 5),
        (b"\x81\xa1x\x91\xa2\xc0\x80", 5),
        (b"\x81\xa7payload\x81\xa2a\xff", 12),
        (b"\x81\xa7payload\x81\xa8password\xa4abc\xc3", 23),
        (b"\x81\xa7payload\x81\xa1x\xa2\xed\xa0", 13),
        (b"\x81\xa7payload\x81\xa7accData\xa4ab\xe2\x82", 21),
        (b"\x81\xa7payload\x81\xa7accData\xa5\xf0\x9f\x98\x80\x80", 23),
    ];
    for &(stream, offset) in cases {
        assert_eq!(error(stream), (offset, Kind::Utf8), "{stream:02x?}");
    }
    // Bytes that are no text need not be.
    assert_eq!(only(b"\x81\xa1x\xc4\x01\xff"), Message::Hello(Features::NONE));
}

/// A message is complete at its own end, not at the end of `accData` (R-MSG-1); the reader may stop before the first byte (R-IMP-10).
#[test]
fn an_archive_streams_and_ends_with_its_message() {
    let archive = "{\"ringAccountKey\":\"ключ\"}";
    let stream = message(&[("accData", archive), ("features", "result"), ("later", "x")]);
    let after = [&stream[..], b"\x80"].concat();
    let (mut decoder, mut input) = (Decoder::new(64), &after[..]);
    let length = archive.len() as u64;
    assert_eq!(decoder.next(&mut input), Ok(Some(Event::ArchiveBegan { length })));
    assert!(input.starts_with(archive.as_bytes()), "no byte of it has been taken");
    let slice = &mut &input[..3];
    assert_eq!(decoder.next(slice), Ok(Some(Event::ArchiveSlice(&archive.as_bytes()[..3]))));
    assert_eq!(decoder.next(slice), Ok(None));
    input = &input[3..];
    assert_eq!(decoder.next(&mut input), Ok(Some(Event::ArchiveSlice(&archive.as_bytes()[3..]))));
    let (most, last) = input.split_at(input.len() - 2);
    assert_eq!(decoder.next(&mut &most[..]), Ok(None), "the message is not complete");
    assert!(!decoder.is_between_messages());
    input = last;
    assert_eq!(decoder.next(&mut input), Ok(Some(Event::ArchiveEnded)));
    assert_eq!((decoder.offset(), decoder.is_between_messages()), (stream.len() as u64, true));
    assert_eq!(decoder.next(&mut input), Ok(Some(Event::Message(Message::Hello(Features::NONE)))));
    assert_eq!(events(&message(&[("accData", "")]), 0).0, ["ArchiveBegan { length: 0 }", "ArchiveEnded"]);
}

#[test]
fn an_archive_header_is_that_of_the_whole_message() {
    for length in [0, 31, 32, 255, 256, 65535, 65536, 100_000] {
        let archive = "a".repeat(length);
        let whole = message(&[("accData", &archive)]);
        assert_eq!([archive_header(length as u32).as_bytes(), archive.as_bytes()].concat(), whole, "{length}");
    }
    assert!(archive_header(u32::MAX).as_bytes().ends_with(b"accData\xdb\xff\xff\xff\xff"));
}

#[test]
fn after_an_error_the_decoder_stays_at_it() {
    let (mut decoder, mut input) = (Decoder::new(64), &b"\x80\xc1\x80\x80"[..]);
    assert!(decoder.next(&mut input).unwrap().is_some());
    let error = decoder.next(&mut input).unwrap_err();
    assert_eq!((error.offset, error.kind), (1, Kind::Reserved));
    for _ in 0..3 {
        assert_eq!(decoder.next(&mut &b"\x80"[..]), Err(error));
    }
    assert!(!decoder.is_between_messages());
    assert_eq!(error.to_string(), "expected a msgpack value, found the reserved byte 0xc1, at byte 1 of the stream");
}

#[test]
fn nothing_that_is_held_prints() {
    let stream = message(&[("password", "correct horse")]);
    let (mut decoder, mut input) = (Decoder::new(64), &stream[..stream.len() - 2]);
    assert_eq!(decoder.next(&mut input), Ok(None));
    let printed = format!("{decoder:?}");
    assert!(!printed.contains("horse") && printed.starts_with("Decoder { offset: "), "{printed}");
    let event = decoder.next(&mut &stream[stream.len() - 2..]).unwrap().unwrap();
    assert_eq!(format!("{event:?}"), "Message(Password(<secret>))");
    assert_eq!(format!("{:?}", Event::ArchiveSlice(b"{\"ringAccountKey\"")), "ArchiveSlice(<17 bytes>)");
}

/// In a trace, the comparison is named where it is on.
#[test]
fn features_are_data_and_a_legacy_peer_has_none() {
    let texts = [
        (Features::NONE, r#"{"result":false,"cancel":false}"#),
        (Features::ALL, r#"{"result":true,"cancel":true}"#),
        (Features::WITH_SAS, r#"{"result":true,"cancel":true,"sas":true}"#),
    ];
    for (features, text) in texts {
        assert_eq!(serde_json::to_string(&features).unwrap(), text);
        assert_eq!(serde_json::from_str::<Features>(text).unwrap(), features);
    }
    for bits in 0..8 {
        let features = Features { result: bits & 1 != 0, cancel: bits & 2 != 0, sas: bits & 4 != 0 };
        assert_eq!(features.is_legacy(), bits == 0, "{features:?}");
    }
}

/// All features that a message can name arrive.
#[test]
fn features_are_written_and_read() {
    for bits in 0..8 {
        let features = Features { result: bits & 1 != 0, cancel: bits & 2 != 0, sas: bits & 4 != 0 };
        for message in [Message::Hello(features), Message::AuthScheme(Scheme::Password, features)] {
            let written = handfast::message::encode(&message);
            assert_eq!(only(written.as_bytes()), message);
        }
    }
    let header = archive_header(70_000);
    let same: &[u8] = header.as_ref();
    assert_eq!(same, header.as_bytes());
}
