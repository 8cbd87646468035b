//! Bytes that are no message, or no frame: which flaw is said, and at which byte, whatever comes before and however they are cut (R-MSG-1,
//! R-MSG-3, R-MUX-1). UTF-8 is judged in every text, also in what is ignored.

use std::str::from_utf8;

use handfast::{
    message::{Decoder, Event},
    mux::FrameDecoder,
};

use super::{Cases, Part, message::VALUE, wire};

/// The longest archive that is taken here.
const MAX_ARCHIVE: u64 = 100;

/// Texts that are UTF-8 and that are not: characters of every length, cut, overlong, beyond the last one, and half of a pair.
const TEXTS: [&[u8]; 26] = [
    b"",
    b"plain",
    "ä".as_bytes(),
    "€uro".as_bytes(),
    "a𝄞b".as_bytes(),
    "\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}".as_bytes(),
    b"\x80",
    b"\xff",
    b"a\xfe",
    b"a\xc3",
    b"\xc3a",
    b"ab\xe2\x82",
    b"ab\xe2\x82c",
    b"ab\xe2",
    b"\xf0\x9d\x84",
    b"\xf0\x9d\x84x",
    b"\xf0\x9d",
    b"\xf0",
    b"\xc0\x80",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xed\xa0\x80",
    b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xf5\x80\x80\x80",
    b"good \xc3\xa4\xc3\xa4\xc3 bad",
];

/// Bytes that are written one after the other, and where the flaw is.
#[derive(Clone, Default)]
struct Stream {
    bytes: Vec<u8>,
    /// Where, and what is said.
    flaw: Option<(usize, String)>,
}

impl Stream {
    fn put(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn map(self, entries: usize) -> Self {
        self.put(&wire::map(entries, 0))
    }

    fn text(self, text: &str) -> Self {
        self.put(&wire::text(text.as_bytes(), 0))
    }

    /// Bytes that are at fault as a whole.
    fn bad(mut self, flaw: &str, bytes: &[u8]) -> Self {
        self.flaw = self.flaw.or(Some((self.bytes.len(), flaw.to_owned())));
        self.put(bytes)
    }

    /// A text, which is at fault at its first byte that is no character.
    fn judged(mut self, text: &[u8]) -> Self {
        let bytes = wire::text(text, 0);
        let start = self.bytes.len() + bytes.len() - text.len();
        let flaw = from_utf8(text).err().map(|error| (start + error.valid_up_to(), "expected UTF-8".to_owned()));
        self.flaw = self.flaw.or(flaw);
        self.put(&bytes)
    }

    /// The flaw, as it is printed.
    fn stated(&self, of: &str) -> Option<String> {
        self.flaw.as_ref().map(|(at, flaw)| format!("{flaw}, at byte {at} of the {of}"))
    }
}

/// The first error of a decoder of messages that gets these pieces; it is the same when more comes.
fn came<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let mut decoder = Decoder::new(MAX_ARCHIVE);
    let mut first = None;
    for mut piece in pieces {
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(_)) if first.is_none() => {}
                Ok(None) if first.is_none() => break,
                Err(error) if first.is_none_or(|first| first == error) => {
                    first = Some(error);
                    break;
                }
                other => return Some(format!("{other:?} after an error")),
            }
        }
    }
    first.map(|error| error.to_string())
}

/// Judges a stream whole, byte by byte, cut once at each place, and after another message.
fn judge(cases: &mut Cases, what: &str, stream: &Stream) {
    let bytes = &stream.bytes;
    let stated = stream.stated("stream");
    cases.expect(format_args!("{what}, whole"), &stated, &came([&bytes[..]].into_iter()));
    cases.expect(format_args!("{what}, byte by byte"), &stated, &came(bytes.chunks(1)));
    if bytes.len() <= 300 {
        for cut in 1..bytes.len() {
            let (one, other) = bytes.split_at(cut);
            cases.expect(format_args!("{what}, cut after {cut}"), &stated, &came([one, other].into_iter()));
        }
    }
    let before = Stream::default().map(1).text("payload").map(1).text("password").text("x").bytes;
    for times in [1, 3] {
        let (before, mut later) = (before.repeat(times), stream.clone());
        if let Some((at, _)) = &mut later.flaw {
            *at += before.len();
        }
        let came = came([&before[..], bytes].into_iter());
        cases.expect(format_args!("{what}, after {times} messages"), later.stated("stream"), came);
    }
}

/// Carries the tables out.
pub(super) fn flaws() -> Part {
    let mut cases = Cases::default();
    texts(&mut cases);
    ignored(&mut cases);
    types(&mut cases);
    values(&mut cases);
    sizes(&mut cases);
    frames(&mut cases);
    cases.part("flaws", "R-MSG-1, R-MSG-3, R-MUX-1")
}

/// Every text at every place of a message.
fn texts(cases: &mut Cases) {
    let start = Stream::default;
    let message = || start().map(2).text("schemeId").put(&[0]).text("payload");
    for text in TEXTS {
        let shown = text.escape_ascii();
        judge(cases, &format!("a key outside, {shown}"), &start().map(1).judged(text).put(&[0xc0]));
        judge(cases, &format!("a key, {shown}"), &message().map(1).judged(text).text("x"));
        judge(cases, &format!("a second key, {shown}"), &message().map(2).text("k").text("").judged(text).text("x"));
        for name in ["password", "features", "canRetry", "passwordCorrect", "importResult", "later", "accData"] {
            judge(cases, &format!("{name}, {shown}"), &message().map(1).text(name).judged(text));
        }
    }
}

/// Every text within what is ignored, in arrays, in maps as a key and as a value, at every depth; bytes and extensions are no texts.
fn ignored(cases: &mut Cases) {
    let open = |kind: usize, stream: Stream| match kind {
        0 => stream.put(&[0x91]),
        1 => stream.put(&[0x81]).put(&[0x07]),
        // As a key; the value follows it.
        2 => stream.put(&[0x81]),
        _ => stream.put(&[0x93, 0xa1, b'x', 0xc0]),
    };
    for text in TEXTS {
        for depth in 0..=4_u32 {
            for at in 0..4_usize.pow(depth) {
                if depth == 4 && at % 5 != 0 {
                    continue;
                }
                let kinds: Vec<_> = (0..depth).map(|level| at / 4_usize.pow(level) % 4).collect();
                let begun = Stream::default().map(2).text("later");
                let mut stream = kinds.iter().fold(begun, |stream, &kind| open(kind, stream)).judged(text);
                for _ in kinds.iter().filter(|&&kind| kind == 2) {
                    stream = stream.put(&[0xc0]);
                }
                let stream = stream.text("payload").map(0);
                let what = format!("ignored in {kinds:?}, {}", text.escape_ascii());
                if depth <= 2 {
                    judge(cases, &what, &stream);
                } else {
                    cases.expect(what, stream.stated("stream"), came([&stream.bytes[..]].into_iter()));
                }
            }
        }
        let length = text.len() as u8;
        for (kind, head) in [("bin", vec![0xc4, length]), ("ext", vec![0xc7, length, 5])] {
            for nested in [false, true] {
                let begun = Stream::default().map(1).text("later").put(if nested { &[0x91] } else { &[] });
                judge(cases, &format!("an ignored {kind}, {}", text.escape_ascii()), &begun.put(&head).put(text));
            }
        }
    }
    // An ignored value stands in the message, the first of eight levels.
    for levels in 1..=9_usize {
        for head in [&[0x91][..], &[0x81, 0x07], &[0xdc, 0, 1], &[0xde, 0, 1, 0x07]] {
            let mut stream = Stream::default().map(1).text("later");
            for level in 1..=levels {
                stream = if level == 8 {
                    stream.bad("expected at most 8 nested maps and arrays", head)
                } else {
                    stream.put(head)
                };
            }
            judge(cases, &format!("{levels} levels of {head:x?}"), &stream.put(&[0xc0]));
        }
    }
}

/// Where another type than the expected one stands.
fn types(cases: &mut Cases) {
    let reserved = "expected a msgpack value, found the reserved byte 0xc1";
    let all = wire::values();
    let is_number = |value: &[u8]| value[0] < 0x80 || (0xcc..=0xd3).contains(&value[0]);
    let start = Stream::default;
    // The stream before the place, what is expected there, and the types that are.
    let places: [(Stream, &str, &[&str]); 6] = [
        (start(), "expected a map: the message", &["map"]),
        (start().map(1), "expected a str: a key", &["text"]),
        (start().map(1).text("schemeId"), "expected an unsigned integer: the schemeId", &["number"]),
        (start().map(1).text("payload"), "expected a map: the payload", &["map"]),
        (start().map(1).text("payload").map(1), "expected a str: a key", &["text"]),
        (start().map(1).text("payload").map(1).text("later"), "expected a str: a value of the payload", &["text"]),
    ];
    for (before, expected, good) in places {
        judge(cases, &format!("{expected}: the reserved byte"), &before.clone().bad(reserved, &[0xc1]));
        for (kind, value) in &all {
            let right = good.iter().any(|good| kind.contains(good)) && *kind != "a negative number";
            if right || is_number(value) && good.contains(&"number") && *kind != "a negative number" {
                continue;
            }
            judge(cases, &format!("{expected}: {kind}"), &before.clone().bad(expected, value));
        }
    }
    for depth in 0..7 {
        let before = start().map(1).text("later").put(&vec![0x91; depth]);
        judge(cases, &format!("the reserved byte, ignored in {depth}"), &before.bad(reserved, &[0xc1]));
    }
    for number in [1, 127, 128, 255, 256, 65_536, 1 << 32].into_iter().flat_map(wire::numbers) {
        let before = start().map(1).text("schemeId");
        judge(cases, "schemeId", &before.bad("expected schemeId 0, the only one there is", &number));
    }
}

/// Texts that cannot stand where they do: at the first byte of the key or value.
fn values(cases: &mut Cases) {
    let begun = |entries| Stream::default().map(1).text("payload").map(entries);
    let again = "expected a key that was not there before";
    let second = "expected no second meaning in one message";
    for width in 0..wire::WIDTHS {
        let text = |text: &str| wire::text(text.as_bytes(), width);
        for others in 0..5 {
            let mut stream = begun(others + 2);
            let mut outside = Stream::default().map(others + 2);
            for number in 0..others {
                stream = stream.text(&format!("u{number}")).text("y");
                outside = outside.text(&format!("u{number}")).put(&[0xc0]);
            }
            for (name, value) in
                [("later", "x"), ("features", "sas"), ("password", "x"), ("canRetry", "true"), ("sasNonce", VALUE)]
            {
                let twice = stream.clone().text(name).text(value).bad(again, &text(name)).text(value);
                judge(cases, &format!("{name} twice, after {others}"), &twice);
                if others > 0 {
                    let stream = begun(others + 2).text(name).text(value);
                    let between =
                        (0..others).fold(stream, |stream, number| stream.text(&format!("u{number}")).text("y"));
                    judge(
                        cases,
                        &format!("{name} twice, {others} between"),
                        &between.bad(again, &text(name)).text(value),
                    );
                }
            }
            for (name, value) in [("later", &[0xc0][..]), ("schemeId", &[0]), ("payload", &[0x80])] {
                let twice = outside.clone().text(name).put(value).bad(again, &text(name)).put(value);
                judge(cases, &format!("{name} twice, outside, after {others}"), &twice);
            }
            for (one, other) in [
                ("password", "stateMsg"),
                ("canRetry", "password"),
                ("importResult", "accData"),
                ("sasNonce", "sasOpening"),
            ] {
                let value = if one == "sasNonce" { VALUE } else { "x" };
                let two = stream.clone().text(one).text(value).bad(second, &text(other)).text("CANCELED");
                judge(cases, &format!("{one} and {other}, after {others}"), &two);
            }
        }
        let scheme = "expected the authScheme `` or `password`";
        let word = "expected the stateMsg `TIMEOUT`, `CANCELED` or `MISMATCH`";
        let digits = "expected 64 lower-case hexadecimal digits";
        let short = &VALUE[1..];
        for (name, flaw, values) in [
            ("authScheme", scheme, ["key", "Password", "None", " "]),
            ("stateMsg", word, ["", "canceled", "TIMEOUT ", "DONE"]),
            ("sasCommitment", digits, ["", short, "x", "ä"]),
            ("sasNonce", digits, ["", short, "X", "0"]),
            ("sasOpening", digits, ["", short, "-", "0x"]),
        ] {
            for value in values {
                judge(cases, &format!("{name}: {value:?}"), &begun(1).text(name).bad(flaw, &text(value)));
            }
        }
        // Each digit is judged, in every place.
        for place in 0..64 {
            for other in [b'g', b'A', b'F', b'/', b':', b'`', b' '] {
                let mut value = VALUE.as_bytes().to_vec();
                value[place] = other;
                let value = wire::text(&value, width);
                let stream = begun(1).text("sasNonce").bad(digits, &value);
                let what = format!("place {place} of a nonce is {}", char::from(other));
                cases.expect(what, stream.stated("stream"), came([&stream.bytes[..]].into_iter()));
            }
        }
    }
}

/// Heads of what is too large.
fn sizes(cases: &mut Cases) {
    let start = Stream::default;
    let (entries, keys) = ("expected at most 16 entries", "expected a key of at most 64 bytes");
    let (values, archive) = ("expected a value of at most 65536 bytes", "expected an archive of at most 100 bytes");
    for width in 1..wire::MAP_WIDTHS {
        judge(cases, "17 entries, outside", &start().bad(entries, &wire::map(17, width)));
        judge(cases, "17 entries", &start().map(1).text("payload").bad(entries, &wire::map(17, width)));
    }
    let (long, longer) = (wire::text(&[b'k'; 65], 0), [&[0xdb][..], &65_537_u32.to_be_bytes()].concat());
    judge(cases, "a key of 65 bytes, outside", &start().map(1).bad(keys, &long));
    let inner = || start().map(1).text("payload").map(1);
    judge(cases, "a key of 65 bytes", &inner().bad(keys, &long));
    for name in ["password", "features", "later", "authScheme", "stateMsg", "sasNonce"] {
        judge(cases, &format!("{name} of 65537 bytes"), &inner().text(name).bad(values, &longer));
    }
    for length in [101_u32, 1 << 16, u32::MAX] {
        let head = [&[0xdb][..], &length.to_be_bytes()].concat();
        judge(cases, &format!("an archive of {length} bytes"), &inner().text("accData").bad(archive, &head));
    }
    // The longest ones are taken.
    let (longest, value) = ("k".repeat(64), "v".repeat(65_536));
    judge(cases, "a key of 64 bytes, outside", &start().map(1).text(&longest).put(&[0xc0]));
    judge(cases, "a key of 64 bytes", &inner().text(&longest).text("x"));
    judge(cases, "an archive of 100 bytes", &inner().text("accData").text(&value[..100]));
    let whole = inner().text("password").text(&value);
    cases.expect("a password of 65536 bytes", None, came([&whole.bytes[..]].into_iter()));
    for first in [0xdb_u8, 0xc6, 0xc9, 0xdd, 0xdf] {
        let head = [&[first][..], &65_537_u32.to_be_bytes()].concat();
        judge(cases, &format!("{first:x}, ignored"), &start().map(1).text("later").bad(values, &head));
        let nested = start().map(1).text("later").put(&[0x92, 0xc0]);
        judge(cases, &format!("{first:x}, ignored in an array"), &nested.bad(values, &head));
    }
}

/// Ignored values of a control message are judged likewise; a frame is at fault where its value is.
fn frames(cases: &mut Cases) {
    let frame = |channel: &[u8], data: &Stream| {
        let head = [&[0x92], channel, &[0xc4, data.bytes.len() as u8]].concat();
        let flaw = data.flaw.clone().map(|(at, flaw)| (at + head.len(), flaw));
        Stream { bytes: [head, data.bytes.clone()].concat(), flaw }
    };
    let expect = |cases: &mut Cases, what: String, stream: &Stream| {
        let came = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let mut decoder = FrameDecoder::new();
            for mut piece in pieces {
                loop {
                    match decoder.next(&mut piece) {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(error) => return Some(error.to_string()),
                    }
                }
            }
            None
        };
        let stated = stream.stated("connection");
        cases.expect(format_args!("{what}, whole"), &stated, &came(&mut [&stream.bytes[..]].into_iter()));
        cases.expect(format_args!("{what}, byte by byte"), &stated, &came(&mut stream.bytes.chunks(1)));
    };
    for text in TEXTS {
        let shown = text.escape_ascii();
        for nested in [&[][..], &[0x91], &[0x81, 0x01], &[0x91, 0x92, 0xc0]] {
            let request = Stream::default().put(&[0x94]).text("name").put(&[7, 0]).put(nested).judged(text);
            expect(cases, format!("a request with more, {nested:x?} {shown}"), &frame(&[0], &request));
            for channel in [&[0][..], &[0xcd, 0xff, 0xff]] {
                let unknown = Stream::default().map(1).text("x").put(nested).judged(text);
                expect(cases, format!("an unknown message, {nested:x?} {shown}"), &frame(channel, &unknown));
                let later = Stream::default().map(2).text("x").put(&[0xc0]).text("y").put(nested).judged(text);
                expect(cases, format!("an unknown message, later, {nested:x?} {shown}"), &frame(channel, &later));
                let version = Stream::default().map(2).text("v").put(&[1]).text("y").put(nested).judged(text);
                expect(cases, format!("a version with more, {nested:x?} {shown}"), &frame(channel, &version));
                let beacon = Stream::default().map(2).text("p").put(&[0xc3]).text("y").put(nested).judged(text);
                expect(cases, format!("a beacon with more, {nested:x?} {shown}"), &frame(channel, &beacon));
            }
        }
        // The name of a channel is any bytes.
        let request = Stream::default().put(&[0x93]).put(&wire::text(text, 0)).put(&[7, 0]);
        expect(cases, format!("a request for {shown}"), &frame(&[0], &request));
    }
    // Data of a channel are any bytes.
    let data = Stream::default().put(b"\xff\xc1");
    expect(cases, "data".into(), &frame(&[0xcd, 0x80, 0], &data));
    let mut decoder = Decoder::new(MAX_ARCHIVE);
    let whole = [&b"\x81\xa7payload\x81\xa7accData\xa2\xc3"[..], b"\xa4"].concat();
    let begun = decoder.next(&mut &whole[..]).is_ok_and(|event| event == Some(Event::ArchiveBegan { length: 2 }));
    cases.expect("a character that is cut in an archive", true, begun);
}
