//! The entries of a message together (R-MSG-1, R-EXT-1): each key at every two places, two meanings with others between them, each value of a
//! verdict with each of the other one's, lists of features in every order, and the bytes that the shipped encoder writes.

use handfast::{
    message::{Features, ImportResult, Message, Verdict, Word, encode},
    outcome::Scheme,
    secret::Secret,
};

use super::{
    Cases, Part,
    message::{TOPICS, VALUE, meaning},
    wire,
};

/// Every key of a payload that the document has, with a value.
const KNOWN: [(&str, &str); 11] = [
    ("accData", "{}"),
    ("authScheme", "password"),
    ("canRetry", "false"),
    ("features", "result"),
    ("importResult", "stored"),
    ("password", "x"),
    ("passwordCorrect", "false"),
    ("sasCommitment", VALUE),
    ("sasNonce", VALUE),
    ("sasOpening", VALUE),
    ("stateMsg", "CANCELED"),
];

/// Names that are no key of a payload: also such as are almost one, and those of the outer map.
const UNKNOWN: [&str; 12] = [
    "",
    "later",
    "Later",
    "late",
    "laterx",
    "AccData",
    "features ",
    "passwordcorrect",
    "canRetry\0",
    "sas",
    "schemeId",
    "payload",
];

/// The most entries of one map.
const MOST: usize = 16;

fn key(name: &str) -> Vec<u8> {
    wire::text(name.as_bytes(), 0)
}

/// A map of these entries, keys and values as they are written.
fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let head = wire::map(entries.len(), 0);
    entries.iter().fold(head, |all, (name, value)| [all, key(name), value.clone()].concat())
}

/// A message with this payload.
fn message(payload: &[(&str, &str)]) -> Vec<u8> {
    let entries: Vec<_> = payload.iter().map(|&(name, value)| (name, key(value))).collect();
    map(&[("schemeId", vec![0]), ("payload", map(&entries))])
}

fn expect(cases: &mut Cases, what: &str, stated: &str, bytes: &[u8]) {
    cases.expect(what, stated, &*meaning(bytes, bytes.len()));
}

/// Carries the tables out.
pub(super) fn payloads() -> Part {
    let mut cases = Cases::default();
    repeated(&mut cases);
    outside(&mut cases);
    meanings(&mut cases);
    verdicts(&mut cases);
    lists(&mut cases);
    heads(&mut cases);
    written(&mut cases);
    cases.part("payloads", "R-MSG-1, R-MSG-3, R-EXT-1")
}

/// Fillers: unknown keys, no two of them the same.
fn fillers() -> Vec<String> {
    (0..MOST).map(|number| format!("u{number}")).collect()
}

/// A key that comes twice, at every two places of every number of entries, is refused; so it is with another value, and with a key that is
/// known between.
fn repeated(cases: &mut Cases) {
    let fillers = fillers();
    let unknown = UNKNOWN.map(|name| (name, "y"));
    for (name, value) in KNOWN.into_iter().chain(unknown) {
        let others = if name == "features" { ("later", "z") } else { ("features", "cancel") };
        for count in 2..=MOST {
            for first in 0..count {
                for second in first + 1..count {
                    let mut entries: Vec<_> = fillers[..count].iter().map(|name| (name.as_str(), "")).collect();
                    entries[first] = (name, value);
                    entries[second] = (name, value);
                    let what = || format!("{name:?} at {first} and {second} of {count}");
                    expect(cases, &what(), "refused", &message(&entries));
                    if count <= 4 {
                        for between in (0..count).filter(|&at| at != first && at != second) {
                            let mut entries = entries.clone();
                            entries[between] = others;
                            expect(cases, &format!("{}, known: {between}", what()), "refused", &message(&entries));
                        }
                        let other = if name.starts_with("sas") && name.len() > 3 { VALUE } else { "" };
                        entries[second].1 = if name == "stateMsg" { "TIMEOUT" } else { other };
                        expect(cases, &format!("{}, another value", what()), "refused", &message(&entries));
                    }
                }
            }
        }
    }
    // Names that are not the same are not repeated.
    for (at, one) in UNKNOWN.into_iter().enumerate() {
        for other in UNKNOWN.into_iter().skip(at + 1) {
            let entries = [(one, "y"), (other, "y")];
            expect(cases, &format!("{entries:?}"), "unknown", &message(&entries));
        }
        for (name, value) in KNOWN {
            let stated = meaning(&message(&[(name, value)]), usize::MAX);
            for entries in [[(one, "y"), (name, value)], [(name, value), (one, "y")]] {
                expect(cases, &format!("{entries:?}"), &stated, &message(&entries));
            }
        }
    }
    // The entries of one message are not there in the next.
    let bytes: Vec<_> = KNOWN.iter().map(|&entry| message(&[entry])).chain([message(&[])]).collect();
    for (one, first) in bytes.iter().enumerate() {
        for (other, second) in bytes.iter().enumerate() {
            let mut decoder = handfast::message::Decoder::new(64);
            let mut input = &[&first[..], second].concat()[..];
            let mut events = Vec::new();
            while let Ok(Some(event)) = decoder.next(&mut input) {
                events.push(format!("{event:?}"));
            }
            let alone = [first, second].map(|bytes| {
                let (mut decoder, mut input) = (handfast::message::Decoder::new(64), &bytes[..]);
                std::iter::from_fn(|| decoder.next(&mut input).ok().flatten().map(|event| format!("{event:?}")))
                    .collect::<Vec<_>>()
            });
            cases.expect(format_args!("message {one}, then {other}"), alone.concat(), events);
            let stated = (true, (first.len() + second.len()) as u64);
            cases.expect("its end", stated, (decoder.is_between_messages(), decoder.offset()));
        }
    }
}

/// The outer map: each key at every two places, and keys of the payload there, which are unknown ones.
fn outside(cases: &mut Cases) {
    let fillers = fillers();
    let names = ["schemeId", "payload", "later", "", "password", "schemeid"];
    for name in names {
        for count in 2..=MOST {
            for first in 0..count {
                for second in first + 1..count {
                    let mut entries: Vec<_> = fillers[..count].iter().map(|name| (name.as_str(), vec![0xc0])).collect();
                    let value = if name == "payload" { vec![0x80] } else { vec![0] };
                    entries[first] = (name, value.clone());
                    entries[second] = (name, value);
                    let what = format!("{name:?} at {first} and {second} of {count}, outside");
                    expect(cases, &what, "refused", &map(&entries));
                }
            }
        }
    }
    for (name, value) in KNOWN {
        for at in 0..3 {
            let mut entries = vec![("schemeId", vec![0]), ("payload", map(&[("password", key("x"))]))];
            entries.insert(at, (name, key(value)));
            expect(cases, &format!("{name} outside, at {at}"), "the password \"x\"", &map(&entries));
        }
    }
    for count in [MOST, MOST + 1] {
        let names: Vec<_> = (0..count).map(|number| format!("k{number}")).collect();
        let entries: Vec<_> = names.iter().map(|name| (name.as_str(), vec![0xc0])).collect();
        let stated = if count == MOST { "hello, no features" } else { "refused" };
        let bytes = [wire::map(count, 1), map(&entries)[if count < 16 { 1 } else { 3 }..].to_vec()].concat();
        expect(cases, &format!("{count} entries, outside"), stated, &bytes);
    }
}

/// Two meanings at every two places, with unknown keys and features elsewhere; and one meaning, which those change nothing of.
fn meanings(cases: &mut Cases) {
    let fillers = fillers();
    let topics = TOPICS.into_iter().chain([("passwordCorrect", "false")]).collect::<Vec<_>>();
    let is_verdict = |name: &str| matches!(name, "passwordCorrect" | "canRetry");
    for &one in &topics {
        for &other in topics.iter().filter(|other| other.0 != one.0) {
            for count in 2..=5 {
                for (first, second) in
                    (0..count).flat_map(|first| (first + 1..count).map(move |second| (first, second)))
                {
                    for features in [None, Some(0), Some(count - 1), Some(count)] {
                        let mut entries: Vec<_> = fillers[..count].iter().map(|name| (name.as_str(), "")).collect();
                        (entries[first], entries[second]) = (one, other);
                        if let Some(at) = features {
                            entries.insert(at, ("features", "sas"));
                        }
                        let stated = if is_verdict(one.0) && is_verdict(other.0) { "final" } else { "refused" };
                        expect(cases, &format!("{entries:?}"), stated, &message(&entries));
                    }
                }
            }
        }
        let stated = meaning(&message(&[one]), usize::MAX);
        for count in 1..=MOST {
            for at in 0..count {
                let mut entries: Vec<_> = fillers[..count].iter().map(|name| (name.as_str(), "")).collect();
                entries[at] = one;
                expect(cases, &format!("{one:?} at {at} of {count}"), &stated, &message(&entries));
            }
        }
    }
    for count in 1..=MOST {
        for at in 0..count {
            let mut entries: Vec<_> = fillers[..count].iter().map(|name| (name.as_str(), "")).collect();
            entries[at] = ("features", "sas");
            expect(cases, &format!("features at {at} of {count}"), "hello, sas", &message(&entries));
            if count < MOST {
                entries.push(("authScheme", ""));
                expect(cases, &format!("{entries:?}"), "asks for nothing, sas", &message(&entries));
            }
        }
    }
}

/// Each value of one key of a verdict, with each of the other; and values that are no text, of every key.
fn verdicts(cases: &mut Cases) {
    let values =
        ["true", "false", "", "yes", "no", "True", "FALSE", "false ", " false", "fals", "falsee", "0", "1", "ä"];
    let values: Vec<Option<&str>> = [None].into_iter().chain(values.map(Some)).collect();
    for &correct in &values {
        for &retry in &values {
            let stated = match (correct, retry) {
                (None, None) => "hello, no features",
                (_, Some("false")) => "final",
                (Some("false"), None | Some("true")) => "wrong",
                _ => "no verdict",
            };
            let entries: Vec<_> = correct
                .map(|value| ("passwordCorrect", value))
                .into_iter()
                .chain(retry.map(|value| ("canRetry", value)))
                .collect();
            for turned in [false, true] {
                let mut entries = entries.clone();
                if turned {
                    entries.reverse();
                }
                expect(cases, &format!("{entries:?}"), stated, &message(&entries));
                if !entries.is_empty() {
                    entries.insert(1, ("features", "cancel"));
                    entries.insert(1, ("later", "false"));
                    expect(cases, &format!("{entries:?}"), stated, &message(&entries));
                }
            }
        }
    }
    for (name, _) in KNOWN.into_iter().chain([("later", "")]) {
        for (kind, value) in wire::values().into_iter().filter(|(kind, _)| *kind != "a text") {
            for other in [None, Some("passwordCorrect"), Some("canRetry"), Some("features")] {
                let other = other.filter(|other| *other != name).map(|other| (other, key("false")));
                let entries: Vec<_> = other.into_iter().chain([(name, value.clone())]).collect();
                let bytes = map(&[("payload", map(&entries))]);
                expect(cases, &format!("{name} as {kind}"), "refused", &bytes);
            }
        }
    }
}

/// Lists of up to six names of features, in every order.
fn lists(cases: &mut Cases) {
    let names = ["cancel", "result", "sas", "backup", "", "Result"];
    let has = |list: &[&str], name: &str| list.contains(&name).then(|| name.to_owned());
    let stated = |list: &[&str]| {
        let named: Vec<_> = ["cancel", "result", "sas"].into_iter().filter_map(|name| has(list, name)).collect();
        if named.is_empty() { "no features".to_owned() } else { named.join(", ") }
    };
    let mut expect_list = |list: &[&str]| {
        let text = list.join(",");
        let stated = stated(list);
        expect(cases, &text, &format!("hello, {stated}"), &message(&[("features", &text)]));
        let asks = message(&[("authScheme", ""), ("features", &text)]);
        expect(cases, &text, &format!("asks for nothing, {stated}"), &asks);
    };
    for length in 0..=4_u32 {
        for at in 0..names.len().pow(length) {
            let list: Vec<_> = (0..length).map(|place| names[at / names.len().pow(place) % names.len()]).collect();
            expect_list(&list);
        }
    }
    for order in orders(&names) {
        expect_list(&order);
        expect_list(&order[..5]);
    }
    // Names that are almost one of them; and a list that is as long as a value may be.
    for other in
        ["cancel2", "cance", "results", "esult", "SAS", "sas\0", "cancel;result", "cancel result", "cancel\tresult"]
    {
        expect_list(&[other]);
        expect_list(&[other, "sas"]);
    }
    for count in [7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257, 1000, 9361] {
        for place in [0, count / 2, count - 1] {
            let mut list = vec!["backup"; count];
            list[place] = "sas";
            expect_list(&list);
        }
    }
}

/// Every order of these names.
fn orders<'a>(names: &[&'a str]) -> Vec<Vec<&'a str>> {
    let Some((first, rest)) = names.split_first() else { return vec![Vec::new()] };
    let put = |order: Vec<&'a str>| {
        (0..=order.len()).map(move |place| [&order[..place], &[*first], &order[place..]].concat()).collect::<Vec<_>>()
    };
    orders(rest).into_iter().flat_map(put).collect()
}

/// Numbers and lengths that are too large: the head says so, whatever its low bytes are, and nothing after it is waited for.
fn heads(cases: &mut Cases) {
    for bits in [8_u32, 9, 16, 17, 31, 32, 33, 48, 63] {
        for more in [0, 1, 2] {
            for scheme in wire::numbers((1 << bits) + more) {
                expect(cases, &format!("schemeId {scheme:02x?}"), "refused", &map(&[("schemeId", scheme.clone())]));
            }
        }
    }
    let lengths = [1_u32 << 16, 1 << 17, 1 << 20, 1 << 24, 1 << 31].into_iter();
    for length in lengths.flat_map(|length| (1..=3).map(move |more| length + more)).chain([u32::MAX]) {
        let of = |first: u8| [&[first][..], &length.to_be_bytes()].concat();
        let payload = |rest: Vec<u8>| [wire::map(1, 0), key("payload"), rest].concat();
        let one = |rest: Vec<u8>| payload([wire::map(1, 0), rest].concat());
        let in_name = |name: &str| one([key(name), of(0xdb)].concat());
        // Room for a text of so many bytes is not asked for where the limit is not held.
        let texts = if length < 1 << 25 {
            vec![
                ("a password", in_name("password")),
                ("features", in_name("features")),
                ("an unknown value", in_name("later")),
                ("a key outside", [wire::map(1, 0), of(0xdb)].concat()),
                ("a key", one(of(0xdb))),
            ]
        } else {
            Vec::new()
        };
        for (what, bytes) in texts.into_iter().chain([
            ("entries outside", of(0xdf)),
            ("entries", payload(of(0xdf))),
            ("an ignored text", [wire::map(1, 0), key("later"), of(0xdb)].concat()),
            ("ignored bytes", [wire::map(1, 0), key("later"), of(0xc6)].concat()),
            ("an ignored extension", [wire::map(1, 0), key("later"), of(0xc9)].concat()),
            ("an ignored array", [wire::map(1, 0), key("later"), of(0xdd)].concat()),
            ("an ignored map", [wire::map(1, 0), key("later"), of(0xdf)].concat()),
        ]) {
            expect(cases, &format!("{what} of {length}"), "refused", &bytes);
        }
        if length > 1 << 20 {
            expect(cases, &format!("an archive of {length}"), "refused", &in_name("accData"));
        }
    }
    // 64 KiB is the most that is ignored, in all, after its first head.
    for (first, head) in [(0xda_u8, 3_usize), (0xdb, 5), (0xc5, 3), (0xc6, 5), (0xc8, 4), (0xc9, 6)] {
        for size in [65_535_usize, 65_536, 65_537] {
            let counted = size - usize::from(matches!(first, 0xc8 | 0xc9));
            let Some(length) = (if matches!(first, 0xda | 0xc5 | 0xc8) {
                u16::try_from(counted).ok().map(|length| length.to_be_bytes().to_vec())
            } else {
                Some((counted as u32).to_be_bytes().to_vec())
            }) else {
                continue;
            };
            let rest = head - 1 - length.len() + counted;
            let value = [&[first][..], &length, &vec![b'v'; rest]].concat();
            let stated = if size <= 65_536 { "hello, no features" } else { "refused" };
            expect(cases, &format!("{first:x} of {size} bytes, ignored"), stated, &map(&[("later", value)]));
        }
    }
    for count in [65_535_usize, 65_536, 65_537] {
        let value = [&[0xdd][..], &(count as u32).to_be_bytes(), &vec![0xc0; count]].concat();
        let stated = if count <= 65_536 { "hello, no features" } else { "refused" };
        expect(cases, &format!("an array of {count}, ignored"), stated, &map(&[("later", value)]));
    }
}

/// The bytes of each message that is sent: the keys in the order of the document, those of the payload in byte order, each head as short as it
/// can be.
fn written(cases: &mut Cases) {
    let mut expect_bytes = |sent: Message<Secret>, payload: &[(&str, &str)]| {
        let what = format!("{sent:?} is written");
        cases.expect(what, message(payload), encode(&sent).as_bytes().to_vec());
    };
    let lists = ["", "cancel", "result", "cancel,result", "sas", "cancel,sas", "result,sas", "cancel,result,sas"];
    for (at, list) in lists.into_iter().enumerate() {
        let features = Features { cancel: at & 1 != 0, result: at & 2 != 0, sas: at & 4 != 0 };
        let named = (!list.is_empty()).then_some(("features", list));
        expect_bytes(Message::Hello(features), named.as_slice());
        for (scheme, word) in [(Scheme::None, ""), (Scheme::Password, "password")] {
            let entries: Vec<_> = [("authScheme", word)].into_iter().chain(named).collect();
            expect_bytes(Message::AuthScheme(scheme, features), &entries);
        }
    }
    for length in [0, 1, 31, 32, 33, 255, 256, 257, 65_535, 65_536] {
        let password = "p".repeat(length);
        expect_bytes(Message::Password(Secret::from(&*password)), &[("password", &password)]);
    }
    expect_bytes(Message::Verdict(Verdict::Wrong), &[("canRetry", "true"), ("passwordCorrect", "false")]);
    expect_bytes(Message::Verdict(Verdict::Final), &[("canRetry", "false")]);
    for (word, text) in [(Word::Canceled, "CANCELED"), (Word::Timeout, "TIMEOUT"), (Word::Mismatch, "MISMATCH")] {
        expect_bytes(Message::State(word), &[("stateMsg", text)]);
    }
    for (result, text) in [
        (ImportResult::Stored, "stored"),
        (ImportResult::FailedArchive, "failed_archive"),
        (ImportResult::FailedStorage, "failed_storage"),
    ] {
        expect_bytes(Message::ImportResult(result), &[("importResult", text)]);
    }
    let value = || Secret::from(VALUE);
    expect_bytes(Message::Commitment(value()), &[("sasCommitment", VALUE)]);
    expect_bytes(Message::Nonce(value()), &[("sasNonce", VALUE)]);
    expect_bytes(Message::Opening(value()), &[("sasOpening", VALUE)]);
}
