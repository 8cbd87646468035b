//! A stream is judged line by line as a whole file is.

use handfast::outcome::Profile;
use serde_json::Value;

use super::{MAX_ENDED, MAX_LIVE, Reading, Report, Sessions, Terms, Trace, Verdict, validate};
use crate::system::config::Cast;

pub(super) const TRACES: [&str; 16] = [
    include_str!("../../../tests/traces/documented-plain.ndjson"),
    include_str!("../../../tests/traces/documented-wrong-then-right.ndjson"),
    include_str!("../../../tests/traces/documented-thrice.ndjson"),
    include_str!("../../../tests/traces/documented-export-cancels.ndjson"),
    include_str!("../../../tests/traces/documented-import-cancels.ndjson"),
    include_str!("../../../tests/traces/documented-refusals.ndjson"),
    include_str!("../../../tests/traces/jamid-plain.ndjson"),
    include_str!("../../../tests/traces/jamid-wrong-then-right.ndjson"),
    include_str!("../../../tests/traces/jamid-thrice.ndjson"),
    include_str!("../../../tests/traces/jamid-export-cancels.ndjson"),
    include_str!("../../../tests/traces/jamid-import-cancels.ndjson"),
    include_str!("../../../tests/traces/jamid-refusals.ndjson"),
    include_str!("../../../tests/traces/no-password.ndjson"),
    include_str!("../../../tests/traces/right-password.ndjson"),
    include_str!("../../../tests/traces/wrong-thrice.ndjson"),
    include_str!("../../../tests/traces/cancel-by-exporter.ndjson"),
];

/// The traces of real daemons are the last.
pub(super) fn cast(number: usize) -> Cast {
    if number < 12 { Cast::HH } else { Cast::LL }
}

fn reading(cast: Cast) -> Reading {
    Reading { terms: Terms::new(cast, Profile::Documented), fixed: (false, false), attached: false }
}

fn reports(cast: Cast, text: &str) -> Vec<Report> {
    let mut sessions = Sessions::new(reading(cast));
    text.lines().flat_map(|line| sessions.line(line.as_bytes()).expect("it is a line of a trace")).collect()
}

/// The first line that a stream refuses.
fn refused(cast: Cast, text: &str) -> Option<usize> {
    reports(cast, text).iter().find_map(|report| match report {
        Report::Violated(violation) => Some(violation.found.line),
        Report::Ended(_) | Report::GivenUp { .. } | Report::Apart(_) => None,
    })
}

#[test]
fn recorded_links_end() {
    for (number, text) in TRACES.iter().enumerate() {
        let reports = reports(cast(number), text);
        let mut ended =
            reports.iter().filter_map(|report| if let Report::Ended(ended) = report { Some(ended) } else { None });
        let last = ended.next_back().unwrap_or_else(|| panic!("trace {number} does not end: {reports:#?}"));
        assert_eq!(last.ends.len(), 2, "both sides end");
        assert!(reports.iter().all(|report| matches!(report, Report::Ended(_) | Report::Apart(_))), "{reports:#?}");
    }
}

/// Whether the first lines of a file are a beginning of a run.
fn is_beginning(cast: Cast, text: &str, lines: usize) -> bool {
    let mut trace = Trace::default();
    let text: String = text.lines().take(lines).flat_map(|line| [line, "\n"]).collect();
    trace.read(text.as_bytes()).expect("it is a trace");
    let terms = Terms::new(cast, trace.profile.unwrap_or_default());
    !matches!(validate(&trace, &terms), Verdict::Refused(_))
}

/// Each line left out, each two exchanged, and each state changed: the stream is refused at the first line with which the file is no
/// beginning of a run.
#[test]
fn a_stream_is_refused_at_the_line_at_which_the_file_is() {
    let (mut same, mut found) = (0, 0);
    for (number, text) in TRACES.iter().enumerate().filter(|(number, _)| [0, 12].contains(number)) {
        let lines: Vec<&str> = text.lines().collect();
        for at in 1..lines.len() {
            let mut left_out = lines.clone();
            left_out.remove(at);
            let mut twice = lines.clone();
            twice.insert(at, lines[at]);
            let mut other: Value = serde_json::from_str(lines[at]).unwrap();
            if other.get("state").is_some() {
                other["state"] = 2.into();
            }
            let other = other.to_string();
            let mut changed = lines.clone();
            changed[at] = &other;
            for changed in [left_out, twice, changed] {
                let text = changed.join("\n");
                let whole = (1..=changed.len()).find(|count| !is_beginning(cast(number), &text, *count));
                assert_eq!(refused(cast(number), &text), whole, "trace {number}, line {at}:\n{text}");
                same += 1;
                found += usize::from(whole.is_some());
            }
        }
    }
    assert!(found > 40 && found < same, "{found} of {same} are refused");
}

/// A link in a stream of many: other ids, other devices, later. All times are of one clock.
fn link(number: usize, at: u64) -> Vec<Value> {
    let text = TRACES[0]
        .replace("ca450d4c125cb9fcf6ee69a8d00a967355056b7e", &format!("{:040x}", number + 1))
        .replace("1b12eee48e8c123f", &format!("{:016x}", number + 1));
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| !line.contains("\"observed\"")) {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let export = line["side"] == "export";
        // The exporter begins when the token is there.
        let later = if export { 303 } else { 0 };
        line["t_ms"] = (line["t_ms"].as_u64().unwrap() + at + later).into();
        line["side"] = format!("{}{number}", line["side"].as_str().unwrap()).into();
        if export {
            let op = Value::from(number + 1);
            match line["call"].as_str() {
                Some("addDevice") => line["ret"] = op,
                Some(_) => line["args"]["op_id"] = op,
                None => line["op_id"] = op,
            }
        }
        lines.push(line);
    }
    lines.sort_by_key(|line| line["t_ms"].as_u64());
    lines
}

/// Links that begin one after another, each while some others are under way.
fn stream(links: usize) -> impl Iterator<Item = Value> {
    let mut waiting = std::collections::BTreeMap::new();
    let mut next = 0;
    std::iter::from_fn(move || {
        while next < links && waiting.len() < 64 {
            for (number, line) in link(next, next as u64 * 50).into_iter().enumerate() {
                waiting.insert((line["t_ms"].as_u64(), next, number), line);
            }
            next += 1;
        }
        waiting.pop_first().map(|(_, line)| line)
    })
}

/// One planted violation in 10 000 links is found at its line. The links that are kept, their lines and their states are bounded.
#[test]
fn a_violation_is_found_in_a_long_stream_and_nothing_piles_up() {
    let planted = 5_000;
    let mut sessions = Sessions::new(reading(Cast::HH));
    let (mut ended, mut found, mut expected) = (0, Vec::new(), 0);
    let (mut most, mut states) = (0, 0);
    for (number, mut line) in stream(10_000).enumerate() {
        if line["side"] == format!("import{planted}") && line["state"] == 4 {
            line["state"] = 2.into();
            expected = number + 1;
        }
        for report in sessions.line(line.to_string().as_bytes()).unwrap() {
            match report {
                Report::Ended(_) => ended += 1,
                Report::Violated(violation) => found.push(violation),
                other => panic!("{other:?}"),
            }
        }
        most = most.max(sessions.kept());
        states = states.max(sessions.retained().states);
    }
    assert_eq!(ended, 9_999);
    let [violation] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(violation.found.line, expected);
    assert!(violation.reasons.iter().any(|reason| reason.forbids == "P-GRAMMAR"), "{:#?}", violation.reasons);
    assert!(violation.refusal.next.iter().any(|next| next.contains("IN_PROGRESS")), "{:#?}", violation.refusal.next);
    assert!(most <= MAX_LIVE + MAX_ENDED, "{most} links are kept");
    assert!(states < 2_000, "{states} states are kept");
}

/// Two runs of a program number their operations alike: a header begins another run, and nothing of the first is its.
#[test]
fn a_second_run_has_numbers_of_its_own() {
    let [first, second] =
        [TRACES[0].to_owned(), TRACES[0].replace("ca450d4c", "ca450d4d").replace("1b12eee4", "1b12eee5")];
    // The first run may also be one that was cut before its end.
    let cut: String = first.lines().take(first.lines().count() - 3).map(|line| format!("{line}\n")).collect();
    for earlier in [&first, &cut] {
        let reports = reports(Cast::HH, &format!("{earlier}{second}"));
        assert!(reports.iter().all(|report| matches!(report, Report::Ended(_))), "{reports:#?}");
        let Some(Report::Ended(last)) = reports.last() else { panic!("{reports:#?}") };
        assert_eq!(last.ends.len(), 2, "both sides of the second end: {last:#?}");
    }
}

/// The whole import, and then the whole export: the link ends twice, and its second end says so.
#[test]
fn sides_that_come_one_after_the_other_are_one_link() {
    let all = link(0, 0);
    let mut text = String::new();
    for side in ["import", "export"] {
        text += &format!("{}\n", serde_json::json!({"observed": 1, "side": side, "t_ms": 0}));
        for line in all.iter().filter(|line| line["side"] == format!("{side}0")) {
            let mut line = line.clone();
            line["side"] = side.into();
            text += &format!("{line}\n");
        }
    }
    let reports = reports(Cast::HH, &text);
    let again: Vec<_> = reports
        .iter()
        .map(|report| if let Report::Ended(ended) = report { (ended.again, ended.ends.len()) } else { (true, 0) })
        .collect();
    assert_eq!(again, [(false, 1), (true, 2)], "{reports:#?}");
}

/// A link that stops is given up when too many others are under way, and no earlier.
#[test]
fn links_that_stop_are_given_up() {
    let mut sessions = Sessions::new(reading(Cast::HH));
    let mut given_up = 0;
    for number in 0..MAX_LIVE + 10 {
        for line in link(number, 0).iter().take(2) {
            let mut line = line.clone();
            line["t_ms"] = number.into();
            given_up += sessions.line(line.to_string().as_bytes()).unwrap().len();
        }
    }
    assert_eq!((given_up, sessions.unended().count()), (10, MAX_LIVE));
}

/// A signal after the end of a link is a violation, also when others have ended since.
#[test]
fn a_late_signal_is_of_its_link() {
    let mut sessions = Sessions::new(reading(Cast::HH));
    let mut lines: Vec<Value> = (0..100).flat_map(|number| link(number, number as u64 * 1000)).collect();
    let mut late = lines.iter().find(|line| line["state"] == 5).unwrap().clone();
    late["t_ms"] = 100_000.into();
    lines.push(late);
    let reports: Vec<Report> =
        lines.iter().flat_map(|line| sessions.line(line.to_string().as_bytes()).unwrap()).collect();
    let Some(Report::Violated(violation)) = reports.last() else { panic!("{reports:#?}") };
    assert_eq!(violation.found.line, lines.len());
    assert_eq!(violation.reasons[0].forbids, "P-GRAMMAR");
}

/// Where the stream begins in the middle, an operation of which the beginning was not seen is no violation; otherwise it is.
#[test]
fn a_stream_that_begins_in_the_middle() {
    for attached in [false, true] {
        let mut sessions = Sessions::new(Reading { attached, ..reading(Cast::HH) });
        let lines = link(0, 0);
        let violated = lines.iter().skip(2).any(|line| {
            let reports = sessions.line(line.to_string().as_bytes()).unwrap();
            reports.iter().any(|report| matches!(report, Report::Violated(_)))
        });
        assert_eq!(violated, !attached);
    }
}
