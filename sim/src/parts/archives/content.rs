//! The members of a text: those that have to be there, those that may be there once, and those that are kept (R-ARC-1, R-IMP-11).

use std::{collections::BTreeMap, io::Cursor};

use handfast::archive::{Archive, InsecureKdf, Terms};
use serde_json::Value;

use super::{ACCOUNT, Cases, MADE, base64, open, opens, text_of, theirs};
use crate::{
    parts::stored::APPLIED,
    shell::fixture::{FIXTURE, NOW, STRANGE},
};

/// The members that are not configuration.
const MEMBERS: [&str; 8] = [
    "conversations",
    "conversationsRequests",
    "ethKey",
    "ringAccountCRL",
    "ringAccountCert",
    "ringAccountContacts",
    "ringAccountKey",
    "ringCaKey",
];
const FLAG: &str = "Account.archiveHasPassword";
/// A value of each kind.
const VALUES: [&str; 8] = ["\"\"", "\"AA==\"", "0", "-1.5e3", "true", "null", "[]", "{}"];

pub(super) fn content(cases: &mut Cases) {
    required(cases);
    twice(cases);
    summaries(cases);
}

fn with(members: &str) -> super::Verdict {
    open(members.as_bytes(), "", Terms::at(NOW))
}

/// The key and the chain of the account (R-IMP-11).
fn required(cases: &mut Cases) {
    let [key, chain] = &*ACCOUNT;
    let two = |key: &str, chain: &str| with(&format!("{{\"ringAccountKey\":{key},\"ringAccountCert\":{chain}}}"));
    let quoted = |text: &str| format!("\"{text}\"");
    let (right_key, right_chain) = (quoted(key), quoted(chain));
    cases.expect("a key and a chain", opens(), two(&right_key, &right_chain));
    let unsound = |what: &str| theirs(format!("Unsound({what})"));
    let missing = |name: &str| unsound(&format!("Missing {{ name: \"{name}\" }}"));
    cases.expect("no member of sixteen bytes", missing("ringAccountKey"), with("{              }"));
    cases.expect("no key", missing("ringAccountKey"), with(&format!("{{\"ringAccountCert\":{right_chain}}}")));
    cases.expect("no chain", missing("ringAccountCert"), with(&format!("{{\"ringAccountKey\":{right_key}}}")));
    cases.expect(
        "key and chain under names that begin or end otherwise",
        missing("ringAccountKey"),
        with(&format!("{{\"ringAccountKey \":{right_key},\"RingAccountCert\":{right_chain}}}")),
    );
    // Within another member, they are not the account's.
    let inner = format!("{{\"a\":{{\"ringAccountKey\":{right_key},\"ringAccountCert\":{right_chain}}}}}");
    cases.expect("key and chain in another member", missing("ringAccountKey"), with(&inner));
    for name in ["ringAccountKey", "ringAccountCert"] {
        let own = |value: &str| match name {
            "ringAccountKey" => two(value, &right_chain),
            _ => two(&right_key, value),
        };
        let not_text = unsound(&format!("NotText {{ name: \"{name}\" }}"));
        let not_base64 = unsound(&format!("NotBase64 {{ name: \"{name}\" }}"));
        let kinds = ["0", "-1", "1.5", "true", "false", "null", "[]", "{}", "[\"\"]", "{\"a\":\"\"}"];
        for value in kinds {
            cases.expect(format!("{name} is {value}"), not_text.clone(), own(value));
        }
        let right = if name == "ringAccountKey" { key } else { chain };
        let url = "-_".repeat(8);
        let cut = &right[..right.len() - 1];
        for value in ["=", "A", "AA", "AAA", "A===", "AB==", " ", "AA ==", "\u{e4}", &url, cut, &format!("{right}\\n")]
        {
            cases.expect(format!("{name} is {:.9}", value), not_base64.clone(), own(&quoted(value)));
        }
        // 64 KiB are 49152 bytes in base64; blank lines after it are no part of PEM.
        let bytes = String::from_utf8(decoded(right)).expect(MADE);
        let longer = |length: usize| own(&quoted(&base64(format!("{bytes:\n<length$}").as_bytes())));
        cases.expect(format!("{name} of 64 KiB"), opens(), longer(49_152));
        cases.expect(format!("{name} of 64 KiB and 4"), not_text.clone(), longer(49_153));
        // Each character may be an escape.
        let escaped: String = right.chars().map(|one| format!("\\u{:04x}", u32::from(one))).collect();
        cases.expect(format!("{name} in escapes"), opens(), own(&quoted(&escaped)));
    }
    let pem = |text: &str| quoted(&base64(text.as_bytes()));
    let key_text = String::from_utf8(decoded(key)).expect(MADE);
    let chain_text = String::from_utf8(decoded(chain)).expect(MADE);
    for (what, text) in [
        ("nothing", String::new()),
        ("a word", "key".into()),
        ("a certificate", chain_text.clone()),
        ("another kind of key", key_text.replace("PRIVATE KEY", "EC PRIVATE KEY")),
        ("an encrypted key", key_text.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")),
        ("no end", key_text.replace("-----END", "-----AND")),
    ] {
        cases.expect(format!("the key is {what}"), unsound("Key(NotAKey)"), two(&pem(&text), &right_chain));
    }
    let garbage = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    cases.expect("the key is DER of nothing", unsound("Key(Unaccepted)"), two(&pem(garbage), &right_chain));
    let certificates = |what: &str| unsound(&format!("Certificate({what})"));
    for (what, text, stated) in [
        ("nothing", String::new(), "Empty"),
        ("a key", key_text, "Empty"),
        ("cut within the second", chain_text[..chain_text.len() - 40].to_owned(), "NotPem { index: 1 }"),
        ("twice in one", chain_text.repeat(2), "WrongIssuer { index: 1 }"),
    ] {
        cases.expect(format!("the chain is {what}"), certificates(stated), two(&right_key, &pem(&text)));
    }
    // Another account's.
    let other: Value = serde_json::from_slice(&FIXTURE.of_another(false, 9_000)).expect(MADE);
    let other = |name: &str| quoted(other[name].as_str().expect(MADE));
    cases.expect("another account's key", unsound("Mismatch"), two(&other("ringAccountKey"), &right_chain));
    cases.expect("another account's chain", unsound("Mismatch"), two(&right_key, &other("ringAccountCert")));
    let both = two(&other("ringAccountKey"), &other("ringAccountCert"));
    cases.expect("another account's key and chain", opens(), both);
    let alone = pem(&STRANGE.alone.chain().to_pem());
    cases.expect("a chain of one, of another key", unsound("Mismatch"), two(&right_key, &alone));
}

fn decoded(base64: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = base64.bytes().filter(|byte| *byte != b'=').map(digit).collect();
    let word =
        |four: &[u8]| four.iter().fold(0_u32, |word, digit| word << 6 | u32::from(*digit)) << (6 * (4 - four.len()));
    digits.chunks(4).flat_map(|four| word(four).to_be_bytes()[1..four.len()].to_vec()).collect()
}

/// A member that means something is there once (R-ARC-1): whatever its values, wherever it stands, however it is written.
fn twice(cases: &mut Cases) {
    let [key, chain] = &*ACCOUNT;
    for name in MEMBERS.into_iter().chain(APPLIED).chain([FLAG]) {
        let duplicate = theirs(format!("Unsound(Duplicate {{ name: \"{name}\" }})"));
        let escaped = format!("\\u{:04x}{}", u32::from(name.as_bytes()[0]), &name[1..]);
        let own = match name {
            "ringAccountKey" => Some(key),
            "ringAccountCert" => Some(chain),
            _ => None,
        };
        if let Some(value) = own {
            for again in [name, &escaped] {
                let member = format!("\"{again}\":\"{value}\"");
                let first = String::from_utf8(text_of(&format!("{member},"))).expect(MADE);
                cases.expect(format!("{again} twice"), duplicate.clone(), with(&first));
                let last = first.replacen(&format!("{member},"), "", 1).replacen('}', &format!(",{member}}}"), 1);
                cases.expect(format!("{again} twice, at the end"), duplicate.clone(), with(&last));
            }
            continue;
        }
        for value in VALUES {
            let once = String::from_utf8(text_of(&format!("\"{name}\":{value},"))).expect(MADE);
            cases.expect(format!("{name} once, {value}"), opens(), with(&once));
            let inner = String::from_utf8(text_of(&format!("\"a\":{{\"{name}\":1,\"{name}\":1}},\"{name}\":{value},")));
            cases.expect(format!("{name} once, and in another, {value}"), opens(), with(&inner.expect(MADE)));
            let other_names = VALUES.into_iter().map(|other| (other, name)).chain([(value, &*escaped)]);
            for (other, second) in other_names {
                let again = format!("\"{name}\":{value},\"{second}\":{other},");
                let again = String::from_utf8(text_of(&again)).expect(MADE);
                cases.expect(format!("{name} twice, {value} and {other}"), duplicate.clone(), with(&again));
            }
        }
        let apart = String::from_utf8(text_of(&format!("\"{name}\":\"\",\"a\":1,"))).expect(MADE);
        let apart = apart.strip_suffix('}').map(|text| format!("{text},\"{name}\":\"\"}}"));
        cases.expect(format!("{name} first and last"), duplicate, with(&apart.expect(MADE)));
    }
}

/// The facts about an archive that are kept of it (R-ARC-1).
fn summaries(cases: &mut Cases) {
    type Facts = ([u64; 3], bool, u64, Option<bool>, Vec<String>, u64, BTreeMap<String, String>);
    let facts = |members: &str| -> Option<Facts> {
        let file = Cursor::new(text_of(members));
        let archive = Archive::open(file, &"".into(), &InsecureKdf, Terms::at(NOW)).ok()?;
        let all = archive.summary();
        let counts = [all.contacts, all.conversations, all.conversation_requests];
        let (names, more) = (all.configuration.names.clone(), all.configuration.more);
        Some((counts, all.has_authority_key, all.unknown, all.has_password, names, more, all.applied.clone()))
    };
    let none = || -> Facts { ([0; 3], false, 0, None, Vec::new(), 0, BTreeMap::new()) };
    cases.expect("the facts of a bare account", Some(none()), facts(""));
    for (place, name) in ["ringAccountContacts", "conversations", "conversationsRequests"].into_iter().enumerate() {
        for count in [0, 1, 2, 5] {
            for value in ["1", "\"a\\n\"", "{}", "{\"a\":1,\"b\":{\"c\":2}}", "[1,{\"a\":1}]", "null", " -0.5 "] {
                let members: Vec<_> = (0..count).map(|at| format!("\"{at}\":{value}")).collect();
                for comma in [",", " ,\n "] {
                    let mut stated = none();
                    stated.0[place] = count;
                    let text = format!("\"{name}\":{{{}}},", members.join(comma));
                    cases.expect(format!("{count} of {name}, each {value}"), Some(stated), facts(&text));
                }
            }
        }
        for value in ["[1,2]", "\"ab\"", "3", "[{\"a\":1}]"] {
            let text = format!("\"{name}\":{value},");
            cases.expect(format!("{name} is {value}"), Some(none()), facts(&text));
        }
    }
    for value in VALUES {
        let mut stated = none();
        stated.1 = true;
        cases.expect(
            format!("the authority's key is {value}"),
            Some(stated),
            facts(&format!("\"ringCaKey\":{value},")),
        );
        for name in ["ethKey", "ringAccountCRL"] {
            cases.expect(format!("{name} is {value}"), Some(none()), facts(&format!("\"{name}\":{value},")));
        }
        let is_text = value.starts_with('"');
        for name in APPLIED.into_iter().chain([FLAG, "Account.hostname", "a"]) {
            let mut stated = none();
            if is_text {
                stated.4.push(name.to_owned());
            } else {
                stated.2 = 1;
            }
            if is_text && APPLIED.contains(&name) {
                stated.6.insert(name.to_owned(), value.trim_matches('"').to_owned());
            }
            cases.expect(format!("{name} is {value}"), Some(stated), facts(&format!("\"{name}\":{value},")));
        }
    }
    for (value, claim) in
        [("true", Some(true)), ("false", Some(false)), ("", None), ("True", None), ("1", None), ("true ", None)]
    {
        let came = facts(&format!("\"{FLAG}\":\"{value}\",")).map(|facts| facts.3);
        cases.expect(format!("the claim {value:?}"), Some(claim), came);
    }
    // Names of 64 bytes are kept, and 256 of them.
    for (length, kept) in
        [(1, true), (63, true), (64, true), (65, false), (255, false), (256, false), (257, false), (9999, false)]
    {
        for letter in ["a", "\\u0061"] {
            let came = facts(&format!("\"{}\":\"\",", letter.repeat(length))).map(|facts| (facts.4, facts.5));
            let stated = if kept { (vec!["a".repeat(length)], 0) } else { (Vec::new(), 1) };
            cases.expect(format!("a name of {length} bytes"), Some(stated), came);
        }
    }
    for count in [255_usize, 256, 257, 300] {
        let names: String = (0..count).map(|at| format!("\"n{at}\":\"\",")).collect();
        let came = facts(&names).map(|facts| (facts.4.len(), facts.5));
        cases.expect(format!("{count} names"), Some((count.min(256), count.saturating_sub(256) as u64)), came);
    }
    // A value of 64 KiB is applied; a longer one is kept alone.
    for name in APPLIED {
        for (length, applied) in [(0, true), (65_535, true), (65_536, true), (65_537, false), (70_000, false)] {
            let came = facts(&format!("\"{name}\":\"{}\",", "v".repeat(length)));
            let came = came.map(|facts| (facts.4 == [name], facts.6.get(name).map(String::len)));
            cases.expect(format!("{name} of {length} bytes"), Some((true, applied.then_some(length))), came);
        }
    }
}
