//! Messages of every form, also those that no shipped encoder writes (R-MSG-1 to R-MSG-3).

use handfast::message::{Decoder, Event, Features};

use super::{Cases, Part, wire};

/// Payloads, and what each means.
const MEANINGS: &[(&[(&str, &str)], &str)] = &[
    (&[], "hello, no features"),
    (&[("features", "")], "hello, no features"),
    (&[("features", "cancel,result")], "hello, cancel, result"),
    (&[("features", "result")], "hello, result"),
    (&[("features", "cancel")], "hello, cancel"),
    (&[("features", "cancel,teleport")], "hello, cancel"),
    (&[("features", "result,teleport,cancel")], "hello, cancel, result"),
    (&[("features", "Result")], "hello, no features"),
    (&[("features", "sas")], "hello, sas"),
    (&[("features", "sas,result,cancel")], "hello, cancel, result, sas"),
    (&[("features", "cancel,sas2")], "hello, cancel"),
    (&[("authScheme", "")], "asks for nothing, no features"),
    (&[("authScheme", "none")], "asks for nothing, no features"),
    (&[("authScheme", "password")], "asks for a password, no features"),
    (&[("authScheme", "password"), ("features", "result")], "asks for a password, result"),
    (&[("authScheme", ""), ("features", "cancel")], "asks for nothing, cancel"),
    (&[("authScheme", "password"), ("features", "cancel,sas")], "asks for a password, cancel, sas"),
    (&[("authScheme", "key")], "refused"),
    (&[("authScheme", "Password")], "refused"),
    (&[("password", "")], "the password \"\""),
    (&[("password", "geheim")], "the password \"geheim\""),
    (&[("password", "x"), ("features", "result")], "the password \"x\""),
    (&[("passwordCorrect", "false")], "wrong"),
    (&[("passwordCorrect", "false"), ("canRetry", "true")], "wrong"),
    (&[("passwordCorrect", "false"), ("canRetry", "false")], "final"),
    (&[("passwordCorrect", "true"), ("canRetry", "false")], "final"),
    (&[("canRetry", "false")], "final"),
    (&[("canRetry", "true")], "no verdict"),
    (&[("passwordCorrect", "true")], "no verdict"),
    (&[("passwordCorrect", "true"), ("canRetry", "true")], "no verdict"),
    (&[("passwordCorrect", "FALSE")], "no verdict"),
    (&[("stateMsg", "CANCELED")], "canceled"),
    (&[("stateMsg", "TIMEOUT")], "timed out"),
    (&[("stateMsg", "MISMATCH")], "different strings"),
    (&[("stateMsg", "canceled")], "refused"),
    (&[("stateMsg", "Mismatch")], "refused"),
    (&[("stateMsg", "")], "refused"),
    (&[("importResult", "stored")], "stored"),
    (&[("importResult", "failed_archive")], "failed: archive"),
    (&[("importResult", "failed_storage")], "failed: storage"),
    (&[("importResult", "Stored")], "another result"),
    (&[("importResult", "")], "another result"),
    (&[("later", "x")], "unknown"),
    (&[("accData", "{}")], "an archive of 2 bytes"),
    (&[("accData", "")], "an archive of 0 bytes"),
    (&[("sasCommitment", VALUE)], "a commitment"),
    (&[("sasNonce", VALUE)], "a nonce"),
    (&[("sasOpening", VALUE)], "an opening"),
    (&[("sasNonce", VALUE), ("features", "sas")], "a nonce"),
    (&[("sasCommitment", "")], "refused"),
    (&[("sasNonce", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde")], "refused"),
    (&[("sasNonce", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0")], "refused"),
    (&[("sasOpening", "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef")], "refused"),
    (&[("sasOpening", "0123456789abcdeg0123456789abcdef0123456789abcdef0123456789abcdef")], "refused"),
];

/// A value of a comparison: 64 digits.
pub(super) const VALUE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Keys of which a message has no two.
pub(super) const TOPICS: [(&str, &str); 9] = [
    ("authScheme", "password"),
    ("password", "x"),
    ("canRetry", "false"),
    ("accData", "{}"),
    ("stateMsg", "CANCELED"),
    ("importResult", "stored"),
    ("sasCommitment", VALUE),
    ("sasNonce", VALUE),
    ("sasOpening", VALUE),
];

/// Features, in words.
fn features(named: Features) -> String {
    let all = [(named.cancel, "cancel"), (named.result, "result"), (named.sas, "sas")];
    let words: Vec<_> = all.into_iter().filter(|(named, _)| *named).map(|(_, word)| word).collect();
    if words.is_empty() { "no features".into() } else { words.join(", ") }
}

/// The meaning of the first message of a stream, in words.
pub(super) fn meaning(bytes: &[u8], piece: usize) -> String {
    use handfast::{
        message::{ImportResult as R, Message as M, Verdict as V, Word as W},
        outcome::Scheme as S,
    };
    let mut decoder = Decoder::new(1 << 20);
    let mut archive = None;
    for mut input in bytes.chunks(piece) {
        while let Some(event) = match decoder.next(&mut input) {
            Ok(event) => event,
            Err(_) => return "refused".into(),
        } {
            return match event {
                Event::ArchiveBegan { length } => {
                    archive = Some((length, 0));
                    continue;
                }
                Event::ArchiveSlice(slice) => {
                    archive = archive.map(|(length, came)| (length, came + slice.len() as u64));
                    continue;
                }
                Event::ArchiveEnded => match archive {
                    Some((length, came)) if length == came => format!("an archive of {length} bytes"),
                    other => format!("an archive that is cut: {other:?}"),
                },
                Event::Message(M::Hello(named)) => format!("hello, {}", features(named)),
                Event::Message(M::AuthScheme(S::None, named)) => format!("asks for nothing, {}", features(named)),
                Event::Message(M::AuthScheme(S::Password, named)) => {
                    format!("asks for a password, {}", features(named))
                }
                Event::Message(M::Password(password)) => {
                    format!("the password {:?}", String::from_utf8_lossy(password.as_bytes()))
                }
                Event::Message(M::Verdict(V::Wrong)) => "wrong".into(),
                Event::Message(M::Verdict(V::Final)) => "final".into(),
                Event::Message(M::Verdict(V::None)) => "no verdict".into(),
                Event::Message(M::State(W::Canceled)) => "canceled".into(),
                Event::Message(M::State(W::Timeout)) => "timed out".into(),
                Event::Message(M::State(W::Mismatch)) => "different strings".into(),
                Event::Message(M::Commitment(value)) if value.as_bytes() == VALUE.as_bytes() => "a commitment".into(),
                Event::Message(M::Nonce(value)) if value.as_bytes() == VALUE.as_bytes() => "a nonce".into(),
                Event::Message(M::Opening(value)) if value.as_bytes() == VALUE.as_bytes() => "an opening".into(),
                Event::Message(M::Commitment(_) | M::Nonce(_) | M::Opening(_)) => "another value".into(),
                Event::Message(M::ImportResult(R::Stored)) => "stored".into(),
                Event::Message(M::ImportResult(R::FailedArchive)) => "failed: archive".into(),
                Event::Message(M::ImportResult(R::FailedStorage)) => "failed: storage".into(),
                Event::Message(M::ImportResult(R::Other)) => "another result".into(),
                Event::Message(M::Unknown) => "unknown".into(),
            };
        }
    }
    "more is needed".into()
}

/// A form of a message: which widths and orders, and what else is in it.
#[derive(Clone, Copy, Default)]
struct Form<'a> {
    texts: wire::Width,
    maps: wire::Width,
    /// The payload comes first, and its keys in the other order.
    turned: bool,
    /// A form of the number 0; the shortest if there is none.
    scheme: Option<&'a [u8]>,
    /// An unknown key before the others, with this value.
    outside: Option<&'a [u8]>,
    /// An unknown key in the payload, with this text.
    inside: Option<&'a str>,
}

impl Form<'_> {
    fn write(&self, payload: &[(&str, &str)]) -> Vec<u8> {
        let key = |key: &str| wire::text(key.as_bytes(), self.texts);
        let mut inner: Vec<_> = payload.iter().map(|(name, value)| [key(name), key(value)].concat()).collect();
        inner.extend(self.inside.map(|value| [key("zzz"), key(value)].concat()));
        let mut outer = vec![
            [key("schemeId"), self.scheme.map_or(vec![0], <[u8]>::to_vec)].concat(),
            [key("payload"), wire::map(inner.len(), self.maps)].concat(),
        ];
        if self.turned {
            inner.reverse();
        }
        outer[1].extend(inner.concat());
        if self.turned {
            outer.reverse();
        }
        if let Some(value) = self.outside {
            outer.insert(0, [key("aaa"), value.to_vec()].concat());
        }
        [wire::map(outer.len(), self.maps), outer.concat()].concat()
    }
}

/// Carries the table out, in every form.
pub(super) fn messages() -> Part {
    let mut cases = Cases::default();
    let plain = Form::default();
    for &(payload, stated) in MEANINGS {
        for texts in 0..wire::WIDTHS {
            for maps in 0..wire::MAP_WIDTHS {
                for turned in [false, true] {
                    let bytes = Form { texts, maps, turned, ..plain }.write(payload);
                    let what = format!("{payload:?}, texts {texts}, maps {maps}, turned {turned}");
                    cases.expect(&what, stated.to_owned(), meaning(&bytes, bytes.len()));
                }
            }
        }
        let bytes = plain.write(payload);
        for piece in 1..bytes.len() {
            cases.expect(format_args!("{payload:?}, by {piece} bytes"), stated, &*meaning(&bytes, piece));
        }
        // A payload of nothing but unknown keys is no hello, unless `features` is there too.
        if !payload.is_empty() {
            let bytes = Form { inside: Some("y"), ..plain }.write(payload);
            cases.expect(format!("{payload:?} and an unknown key"), stated.to_owned(), meaning(&bytes, bytes.len()));
        }
    }
    forms(&mut cases);
    refusals(&mut cases);
    limits(&mut cases);
    cases.part("messages", "R-MSG-1, R-MSG-3, R-SAS-2")
}

/// Unknown keys, which are ignored, and values with several forms.
fn forms(cases: &mut Cases) {
    let payload = [("password", "x")];
    let stated = || "the password \"x\"".to_owned();
    for scheme in wire::numbers(0) {
        let bytes = Form { scheme: Some(&scheme), ..Form::default() }.write(&payload);
        cases.expect(format!("schemeId 0 as {scheme:02x?}"), stated(), meaning(&bytes, bytes.len()));
    }
    for scheme in [1, 2, 255, 65_536].into_iter().flat_map(wire::numbers) {
        let bytes = Form { scheme: Some(&scheme), ..Form::default() }.write(&payload);
        cases.expect(format!("schemeId {scheme:02x?}"), "refused".to_owned(), meaning(&bytes, bytes.len()));
    }
    for (kind, value) in wire::values() {
        let bytes = Form { outside: Some(&value), ..Form::default() }.write(&payload);
        for piece in [1, bytes.len()] {
            cases.expect(format!("an unknown key with {kind}"), stated(), meaning(&bytes, piece));
        }
        let number = value.first().is_some_and(|&first| first < 0x80 || (0xcc..=0xd3).contains(&first));
        let name = |name: &str| wire::text(name.as_bytes(), 0);
        let stands = |head: Vec<u8>| meaning(&[head, value.clone()].concat(), usize::MAX);
        let refused = || "refused".to_owned();
        if !number {
            cases.expect(
                format!("schemeId as {kind}"),
                refused(),
                stands([wire::map(1, 0), name("schemeId")].concat()),
            );
        }
        if !kind.contains("map") {
            cases.expect(
                format!("the payload as {kind}"),
                refused(),
                stands([wire::map(1, 0), name("payload")].concat()),
            );
            cases.expect(format!("a message as {kind}"), refused(), stands(Vec::new()));
        }
        if kind != "a text" {
            let head = [wire::map(1, 0), name("payload"), wire::map(1, 0), name("password")].concat();
            cases.expect(format!("a value as {kind}"), refused(), stands(head));
            let head = [wire::map(1, 0), name("payload"), wire::map(1, 0)].concat();
            cases.expect(format!("a key as {kind}"), refused(), stands(head));
        }
    }
    // A missing key is 0, or empty.
    let hello = || "hello, no features".to_owned();
    cases.expect("an empty message", hello(), meaning(&wire::map(0, 0), 1));
    let alone = [wire::map(1, 0), wire::text(b"schemeId", 0), vec![0]].concat();
    cases.expect("a message without a payload", hello(), meaning(&alone, alone.len()));
}

/// Two meanings, and a key twice.
fn refusals(cases: &mut Cases) {
    let refused = || "refused".to_owned();
    let plain = Form::default();
    for (index, &one) in TOPICS.iter().enumerate() {
        for &other in TOPICS.iter().skip(index + 1) {
            for turned in [false, true] {
                let bytes = Form { turned, ..plain }.write(&[one, other]);
                cases.expect(format!("{} and {}", one.0, other.0), refused(), meaning(&bytes, bytes.len()));
            }
        }
        let bytes = plain.write(&[one, one]);
        cases.expect(format!("{} twice", one.0), refused(), meaning(&bytes, bytes.len()));
    }
    for twice in [("features", "result"), ("passwordCorrect", "false"), ("later", "x")] {
        let bytes = plain.write(&[twice, twice]);
        cases.expect(format!("{} twice", twice.0), refused(), meaning(&bytes, bytes.len()));
    }
    let payload = [wire::text(b"payload", 0), wire::map(0, 0)].concat();
    let scheme = [wire::text(b"schemeId", 0), vec![0]].concat();
    let other = [wire::text(b"later", 0), vec![0xc0]].concat();
    for (name, entry) in [("payload", payload), ("schemeId", scheme), ("an unknown key", other)] {
        let bytes = [wire::map(2, 0), entry.clone(), entry].concat();
        cases.expect(format!("{name} twice, outside"), refused(), meaning(&bytes, bytes.len()));
    }
    for (what, bytes) in [("the reserved byte", vec![0xc1]), ("text that is no UTF-8", vec![0x81, 0xa1, 0xff, 0xc0])] {
        cases.expect(what, refused(), meaning(&bytes, 1));
    }
}

/// The limits, typed: 16 entries, keys of 64 bytes, values of 64 KiB.
fn limits(cases: &mut Cases) {
    let names: Vec<String> = (0..17).map(|number| format!("k{number}")).collect();
    for (entries, stated) in [(16, "unknown"), (17, "refused")] {
        let payload: Vec<_> = names[..entries].iter().map(|name| (name.as_str(), "")).collect();
        let bytes = Form::default().write(&payload);
        cases.expect(format!("{entries} entries"), stated.to_owned(), meaning(&bytes, bytes.len()));
    }
    for (length, stated) in [(64, "unknown"), (65, "refused")] {
        let key = "k".repeat(length);
        let bytes = Form::default().write(&[(&key, "")]);
        cases.expect(format!("a key of {length} bytes"), stated.to_owned(), meaning(&bytes, bytes.len()));
    }
    for (length, stated) in [(65_536, "unknown"), (65_537, "refused")] {
        let value = "v".repeat(length);
        let bytes = Form::default().write(&[("later", &value)]);
        cases.expect(format!("a value of {length} bytes"), stated.to_owned(), meaning(&bytes, bytes.len()));
    }
    for (length, stated) in [(1 << 20, "an archive of 1048576 bytes"), ((1 << 20) + 1, "refused")] {
        let value = "v".repeat(length);
        let bytes = Form::default().write(&[("accData", &value)]);
        let what = format!("an archive of {length} bytes, where 1 MiB is the limit");
        cases.expect(what, stated.to_owned(), meaning(&bytes, bytes.len()));
    }
}
