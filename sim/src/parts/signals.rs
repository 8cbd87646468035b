//! Signals as strings, both ways: the details that a daemon writes of each in both vocabularies, and what a client reads of every state, every
//! word, and every combination of them (R-STATE-1, R-STATE-3, R-ERR-1, R-ERR-2, R-SAS-5).

use std::net::SocketAddr;

use handfast::{
    client::Received,
    outcome::{AccountId, Details, Outcome, Scheme, Side, Signal, Vocabulary},
};

use super::{Cases, Part};

const PEER: AccountId = AccountId([0xa7; 20]);
const PEER_ID: &str = "a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7";

fn details(entries: &[(&str, &str)]) -> Details {
    entries.iter().map(|&(key, value)| (key.into(), value.into())).collect()
}

fn read(side: Side, state: i32, entries: &[(&str, &str)]) -> Received {
    Received::read(side, state, &details(entries))
}

/// Carries the tables out.
pub(super) fn signals() -> Part {
    let mut cases = Cases::default();
    written(&mut cases);
    states(&mut cases);
    questions(&mut cases);
    addresses(&mut cases);
    ends(&mut cases);
    cases.part("signals", "R-STATE-1, R-STATE-3, R-ERR-1, R-ERR-2, R-CANCEL-1, R-EXT-2, R-SAS-5")
}

/// The number and the details of each signal.
fn written(cases: &mut Cases) {
    // The outcome; its error and its reason in the documented words, its error in those of today's daemon; and what is added in both.
    type Row = (Outcome, (&'static str, Option<&'static str>), &'static str, Option<(&'static str, &'static str)>);
    let table: [Row; 11] = [
        (Outcome::Success { confirmed: true }, ("", None), "", None),
        (Outcome::Success { confirmed: false }, ("", None), "", Some(("confirmed", "false"))),
        (Outcome::Network, ("network", None), "network", None),
        (Outcome::Timeout, ("network", Some("timeout")), "timeout", None),
        (Outcome::Authentication, ("authentication", None), "auth_error", None),
        (Outcome::Canceled { sent: false }, ("network", Some("canceled")), "canceled", None),
        (Outcome::Canceled { sent: true }, ("network", Some("canceled")), "canceled", Some(("sent", "true"))),
        (Outcome::Mismatch, ("authentication", Some("mismatch")), "unknown", None),
        (Outcome::Protocol, ("network", Some("protocol")), "unknown", None),
        (Outcome::Storage, ("network", Some("storage")), "unknown", None),
        (Outcome::Peer, ("network", Some("peer")), "unknown", None),
    ];
    let mut expect = |signal: Signal, vocabulary: Vocabulary, text: &str, state: u8, entries: &[(&str, &str)]| {
        let what = format!("{signal:?}, {vocabulary:?}");
        let came = (signal.state().number(), signal.details(vocabulary, text));
        cases.expect(what, (state, details(entries)), came);
    };
    for vocabulary in [Vocabulary::Documented, Vocabulary::Jamid] {
        let is_documented = vocabulary == Vocabulary::Documented;
        for (outcome, (error, reason), jamid, more) in table {
            let mut entries = vec![("error", if is_documented { error } else { jamid })];
            entries.extend(reason.filter(|_| is_documented).map(|reason| ("reason", reason)));
            entries.extend(more);
            expect(Signal::Done(outcome), vocabulary, "a text", 5, &entries);
        }
        expect(Signal::TokenAvailable, vocabulary, "a text", 1, &[("token", "a text")]);
        expect(Signal::Connecting, vocabulary, "a text", 2, &[]);
        expect(Signal::InProgress, vocabulary, "a text", 4, &[]);
        let wrong = if is_documented { "bad_password" } else { "invalid_credentials" };
        for (scheme, word) in [(Scheme::None, ""), (Scheme::Password, "password")] {
            let asked = [("peer_id", PEER_ID), ("auth_scheme", word)];
            for wrong_password in [false, true] {
                let signal = Signal::Prompt { peer: PEER, scheme, wrong_password };
                let again = wrong_password.then_some(("auth_error", wrong));
                expect(signal, vocabulary, "a text", 3, &asked.into_iter().chain(again).collect::<Vec<_>>());
            }
            let compared = [("sas", "012345"), ("sas_words", "one two three four")];
            let signal = Signal::CompareAccount { peer: PEER, scheme };
            expect(signal, vocabulary, "012345 one two three four", 3, &[asked, compared].concat());
        }
        for (address, shown) in [
            (SocketAddr::from(([192, 0, 2, 7], 4711)), "192.0.2.7:4711"),
            (SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 7], 4711)), "[2001:db8::7]:4711"),
        ] {
            expect(Signal::Confirm { peer_address: address }, vocabulary, "a text", 3, &[("peer_address", shown)]);
            let compared = [("peer_address", shown), ("sas", "012345"), ("sas_words", "one two three four")];
            let signal = Signal::CompareDevice { peer_address: address };
            expect(signal, vocabulary, "012345 one two three four", 3, &compared);
        }
    }
}

/// Every number of a state, with the details of any.
fn states(cases: &mut Cases) {
    let all = [
        ("token", "x"),
        ("peer_id", PEER_ID),
        ("auth_scheme", "password"),
        ("peer_address", "192.0.2.7:4711"),
        ("error", "network"),
        ("later", "x"),
    ];
    let address = SocketAddr::from(([192, 0, 2, 7], 4711));
    for side in [Side::Import, Side::Export] {
        for state in (-3..=9).chain([i32::MIN, i32::MAX, 0x101, 0x1_0003]) {
            let imports = side == Side::Import;
            let stated = match state {
                1 if imports => Some(Signal::TokenAvailable),
                2 => Some(Signal::Connecting),
                3 if imports => Some(Signal::Prompt { peer: PEER, scheme: Scheme::Password, wrong_password: false }),
                3 => Some(Signal::Confirm { peer_address: address }),
                4 => Some(Signal::InProgress),
                5 => Some(Signal::Done(Outcome::Network)),
                _ => None,
            };
            let stated = stated.map_or(Received::Strange, Received::Signal);
            cases.expect(format_args!("{side:?}: state {state}"), stated, read(side, state, &all));
        }
        for state in [1, 3] {
            cases.expect(
                format_args!("{side:?}: state {state}, no details"),
                Received::Strange,
                read(side, state, &[]),
            );
        }
        for (state, signal) in [(2, Signal::Connecting), (4, Signal::InProgress)] {
            let came = read(side, state, &[]);
            cases.expect(format_args!("{side:?}: state {state}, no details"), Received::Signal(signal), came);
        }
        cases.expect(format_args!("{side:?}: an end without an error"), Received::Unheard, read(side, 5, &[]));
    }
}

/// The question of an importer: each account, scheme and error.
fn questions(cases: &mut Cases) {
    let upper = PEER_ID.to_uppercase();
    let ids =
        [PEER_ID, &upper, &PEER_ID[1..], &[PEER_ID, "a"].concat(), "", "g7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7"]
            .map(ToOwned::to_owned);
    let schemes = [
        ("", Some(Scheme::None)),
        ("none", Some(Scheme::None)),
        ("password", Some(Scheme::Password)),
        ("None", None),
        ("Password", None),
        ("key", None),
        (" ", None),
    ];
    let errors = [
        (None, false),
        (Some(""), false),
        (Some("none"), false),
        (Some("bad_password"), true),
        (Some("invalid_credentials"), true),
        (Some("None"), true),
        (Some("NONE"), true),
        (Some(" "), true),
        (Some("none "), true),
        (Some("0"), true),
        (Some("false"), true),
        (Some("success"), true),
        (Some("something new"), true),
    ];
    for (at, id) in ids.iter().enumerate() {
        for (word, scheme) in schemes {
            for (error, wrong_password) in errors {
                for sas in [None, Some(""), Some("012345")] {
                    let mut entries = vec![("peer_id", id.as_str()), ("auth_scheme", word)];
                    entries.extend(error.map(|error| ("auth_error", error)));
                    entries.extend(sas.map(|sas| ("sas", sas)));
                    let stated = scheme.filter(|_| at < 2).map(|scheme| {
                        if sas.is_some() {
                            Signal::CompareAccount { peer: PEER, scheme }
                        } else {
                            Signal::Prompt { peer: PEER, scheme, wrong_password }
                        }
                    });
                    let stated = stated.map_or(Received::Strange, Received::Signal);
                    cases.expect(format_args!("import: {entries:?}"), stated, read(Side::Import, 3, &entries));
                }
            }
        }
    }
}

/// The question of an exporter.
fn addresses(cases: &mut Cases) {
    for (text, is_address) in [
        ("192.0.2.7:4711", true),
        ("[2001:db8::7]:4711", true),
        ("192.0.2.7", false),
        ("2001:db8::7", false),
        ("192.0.2.7:65536", false),
        ("192.0.2.7:", false),
        ("host:4711", false),
        ("", false),
        (" 192.0.2.7:4711", false),
    ] {
        for sas in [None, Some("012345")] {
            let mut entries = vec![("peer_address", text), ("auth_error", "bad_password")];
            entries.extend(sas.map(|sas| ("sas", sas)));
            let stated = match (text.parse(), sas) {
                (Ok(peer_address), None) if is_address => Received::Signal(Signal::Confirm { peer_address }),
                (Ok(peer_address), Some(_)) if is_address => Received::Signal(Signal::CompareDevice { peer_address }),
                _ => Received::Strange,
            };
            cases.expect(format_args!("export: {entries:?}"), stated, read(Side::Export, 3, &entries));
        }
    }
}

/// Each end: every error with every reason, and what is added.
fn ends(cases: &mut Cases) {
    let known = |word: &str, sent: bool| match word {
        "network" => Some(Outcome::Network),
        "timeout" => Some(Outcome::Timeout),
        "authentication" => Some(Outcome::Authentication),
        "canceled" => Some(Outcome::Canceled { sent }),
        "mismatch" => Some(Outcome::Mismatch),
        "protocol" => Some(Outcome::Protocol),
        "storage" => Some(Outcome::Storage),
        "peer" => Some(Outcome::Peer),
        _ => None,
    };
    let words = [
        "network",
        "timeout",
        "authentication",
        "canceled",
        "mismatch",
        "protocol",
        "storage",
        "peer",
        "unknown",
        "success",
        "Network",
        "something new",
        " ",
        "ok",
        "NONE",
        "none ",
    ];
    for side in [Side::Import, Side::Export] {
        for sent in [None, Some("true"), Some("false"), Some("")] {
            for confirmed in [None, Some("true"), Some("false")] {
                let more = || {
                    let sent = sent.map(|sent| ("sent", sent));
                    sent.into_iter().chain(confirmed.map(|confirmed| ("confirmed", confirmed)))
                };
                for reason in [None].into_iter().chain(words.map(Some)).chain([Some(""), Some("none")]) {
                    for error in words.into_iter().chain(["auth_error"]) {
                        let entries: Vec<_> = [("error", error)]
                            .into_iter()
                            .chain(reason.map(|reason| ("reason", reason)))
                            .chain(more())
                            .collect();
                        let said = match reason {
                            Some(reason) => reason,
                            None if error == "auth_error" => "authentication",
                            None => error,
                        };
                        let stated = known(said, sent == Some("true"))
                            .map_or(Received::Unheard, |outcome| Received::Signal(Signal::Done(outcome)));
                        cases.expect(format_args!("{side:?}: {entries:?}"), stated, read(side, 5, &entries));
                    }
                    for error in ["", "none"] {
                        let entries: Vec<_> = [("error", error)]
                            .into_iter()
                            .chain(reason.map(|reason| ("reason", reason)))
                            .chain(more())
                            .collect();
                        let success = Outcome::Success { confirmed: confirmed != Some("false") };
                        let stated = Received::Signal(Signal::Done(success));
                        cases.expect(format_args!("{side:?}: {entries:?}"), stated, read(side, 5, &entries));
                    }
                }
            }
        }
    }
}
