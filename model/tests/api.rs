//! The documented details and calls (R-STATE-3, R-API-1 to R-API-8): the tables are the document's, and what exploration finds is the
//! tables, and what is listed with a reason.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use handfast::outcome::{LinkState, Profile};
use handfast_model::{
    api::{
        ANSWERS, CALLS, DETAILS, Detail, Direction, OTHER_KEYS, OTHER_WORDS, Seen, UNSAID, compare, compare_answers,
        explore,
    },
    observed::{Trace, signal_of},
};

const PROFILES: [Profile; 2] = [Profile::Documented, Profile::Jamid];

static SEEN: LazyLock<[Seen; 2]> = LazyLock::new(|| PROFILES.map(explore));

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

/// The rows of the table below this heading of the protocol, as cells.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let page = page("protocol.md");
    let lines = page.lines().skip_while(|line| !line.starts_with(heading));
    let table = lines.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    table.skip(2).map(cells).collect()
}

#[test]
fn the_tables_are_the_document_s() {
    let what = |one: &Detail| match (one.words, one.text) {
        ([], text) => text.to_owned(),
        (words, "") => format!("{{{}}}", quoted(words)),
        (words, text) => format!("{{{}}} ({text})", quoted(words)),
    };
    let typed: Vec<_> = DETAILS
        .iter()
        .map(|one| vec![one.side.to_string(), one.state.to_string(), one.key.to_owned(), what(one)])
        .collect();
    assert_eq!(typed, rows("### Details: 7 keys"));
    let typed: Vec<_> = CALLS
        .iter()
        .map(|one| {
            let direction = format!("{:?}", one.direction);
            vec![one.side.to_string(), one.name.to_owned(), direction, one.purpose.to_owned()]
        })
        .collect();
    assert_eq!(typed, rows("### API: 8 calls and signals"));
    // The normative table has the same calls, and what each takes and gives.
    let names: BTreeSet<String> = rows("## 4. API").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(names, CALLS.iter().map(|one| one.name.to_owned()).collect());
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}

fn profiles(profiles: &[Profile]) -> &'static str {
    match profiles {
        [Profile::Documented] => "documented",
        [Profile::Jamid] => "jamid",
        _ => "both",
    }
}

fn names<T: ToString>(all: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    if names.is_empty() { "–".into() } else { names.join(", ") }
}

/// Returns the generated end of `docs/generated/api.md`.
fn page_end(seen: &[Seen; 2]) -> String {
    let mut page_end = String::from(
        "## Details\n\n| side | state | key | documented profile | profile of today's daemon | |\n|---|---|---|---|---|---|\n",
    );
    let keys: BTreeSet<_> = seen.iter().flat_map(|seen| &seen.keys).collect();
    for (side, state, key) in keys {
        let said = seen.each_ref().map(|seen| {
            let words = seen.words.iter().filter(|(s, t, k, _)| (s, t, k) == (side, state, key));
            let words: Vec<String> = words.map(|(.., word)| format!("{word:?}")).collect();
            match (seen.keys.contains(&(*side, *state, key.clone())), words.is_empty()) {
                (false, _) => "–".to_owned(),
                (true, true) => "✓".to_owned(),
                (true, false) => words.join(", "),
            }
        });
        let other = OTHER_KEYS.iter().find(|one| (one.side, one.state, one.key) == (*side, *state, key.as_str()));
        let why = other.map_or("documented", |one| one.reason);
        page_end.push_str(&format!("| {side} | {state} | `{key}` | {} | {} | {why} |\n", said[0], said[1]));
    }
    page_end.push_str("\nWords that are said and not documented, or documented and not said:\n\n| key | word | where | |\n|---|---|---|---|\n");
    for (not, one) in OTHER_WORDS.iter().map(|one| ("", one)).chain(UNSAID.iter().map(|one| ("not ", one))) {
        page_end.push_str(&format!(
            "| `{}` | {not}{:?} | {} | {} |\n",
            one.key,
            one.word,
            profiles(one.profiles),
            one.reason
        ));
    }
    page_end
        .push_str("\n## Calls\n\n| call | takes → gives | accepted in | refused in, and why |\n|---|---|---|---|\n");
    let table = rows("## 4. API");
    for one in ANSWERS {
        let gives = &table.iter().find(|row| row[0] == one.name).unwrap()[2];
        let [accepted, other] = seen.each_ref().map(|seen| names(seen.accepted.get(one.name).into_iter().flatten()));
        assert_eq!(accepted, other, "{}", one.name);
        let reasons: BTreeSet<_> =
            seen.iter().flat_map(|seen| seen.refused.get(one.name)).flatten().map(|(_, why)| *why).collect();
        let places = |why| {
            let all = seen.iter().flat_map(|seen| seen.refused.get(one.name)).flatten();
            names(all.filter(|(_, other)| *other == why).map(|(at, _)| *at).collect::<BTreeSet<LinkState>>())
        };
        let refused =
            reasons.into_iter().map(|why| format!("{}: {why}", places(why))).collect::<Vec<_>>().join("<br/>");
        page_end.push_str(&format!("| `{}` | {gives} | {accepted} | {refused} |\n", one.name));
    }
    page_end
}

#[test]
fn what_is_explored_is_what_is_listed() {
    for (profile, seen) in PROFILES.into_iter().zip(&*SEEN) {
        assert_eq!(compare(&DETAILS, profile, seen), Vec::<String>::new(), "{profile:?}");
        assert_eq!(compare_answers(&ANSWERS, seen), Vec::<String>::new(), "{profile:?}");
    }
    let page_end = page_end(&SEEN);
    assert!(page("generated/api.md").ends_with(&page_end), "docs/generated/api.md has to end with\n{page_end}");
}

/// Names and arguments are those of the lines that the command writes and reads.
#[test]
fn the_calls_are_those_of_an_observed_trace() {
    for one in CALLS {
        let line = match one.direction {
            Direction::Inbound => {
                assert_eq!(signal_of(one.side), one.name);
                format!(
                    r#"{{"t_ms": 1, "side": "{}", "signal": "{}", "state": 2, "details": {{}}, "op_id": 1}}"#,
                    one.side, one.name
                )
            }
            Direction::Outbound => {
                let args = r#"{"Account.archiveURL": "jami-auth", "account_id": "0123456789abcdef", "op_id": 1, "uri": "x", "credentials": "", "scheme": ""}"#;
                format!(r#"{{"t_ms": 1, "side": "{}", "call": "{}", "args": {args}, "ret": true}}"#, one.side, one.name)
            }
        };
        Trace::default().read(line.as_bytes()).unwrap();
        assert!(Trace::default().read(line.replace(one.name, "addSomething").as_bytes()).is_err());
    }
}

/// A table with one thing otherwise is not what is found.
#[test]
fn a_detail_or_an_answer_that_is_otherwise_is_missed() {
    for (number, one) in DETAILS.iter().enumerate() {
        let differs = |plant: &dyn Fn(&mut Vec<Detail>)| {
            let mut details = DETAILS.to_vec();
            plant(&mut details);
            assert_ne!(compare(&details, Profile::Documented, &SEEN[0]), Vec::<String>::new(), "{one:?}");
        };
        differs(&|details| {
            details.remove(number);
        });
        differs(&|details| details[number].key = "another");
        differs(&|details| details[number].state = LinkState::InProgress);
        if !one.words.is_empty() {
            differs(&|details| details[number].words = &["", "none", "something"]);
        }
    }
    for (number, one) in ANSWERS.into_iter().enumerate() {
        let mut answers = ANSWERS;
        answers[number].accepted = &[LinkState::InProgress];
        assert_ne!(compare_answers(&answers, &SEEN[0]), Vec::<String>::new());
        answers[number] = one;
        answers[number].refused = &[];
        assert_ne!(compare_answers(&answers, &SEEN[0]), Vec::<String>::new());
    }
    assert_ne!(compare_answers(&ANSWERS[1..], &SEEN[0]), Vec::<String>::new());
}
