//! Links that overlap, on one device or on several: a stream is judged line by line as the whole file is.

use std::cell::Cell;

use handfast::outcome::Profile;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestError, TestRng, TestRunner},
};
use serde_json::{Value, json};

use super::{
    Reading, Report, Sessions, Terms, Trace, Verdict,
    live_tests::{TRACES, cast},
    validate,
};

/// The traces that can be in one stream: of one pair and one profile.
const GROUPS: [std::ops::Range<usize>; 3] = [0..6, 6..12, 12..16];

/// A link of a stream.
#[derive(Clone, Copy, Debug)]
struct Link {
    trace: usize,
    at: u64,
    /// Whether its importer, and its exporter, is a device of its own.
    own: [bool; 2],
}

/// A fault of a line.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Nothing,
    LeftOut,
    Twice,
    Connecting,
    /// The words of it and of the next line come the other way round.
    Exchanged,
}

#[derive(Clone, Debug)]
struct Plan {
    group: usize,
    links: Vec<Link>,
    wrong: Wrong,
    line: prop::sample::Index,
}

fn plans() -> impl Strategy<Value = Plan> {
    let link = (0..6_usize, 0..700_u64, any::<[bool; 2]>()).prop_map(|(trace, at, own)| Link { trace, at, own });
    let wrong = prop_oneof![
        2 => Just(Wrong::Nothing),
        1 => Just(Wrong::LeftOut),
        1 => Just(Wrong::Twice),
        1 => Just(Wrong::Connecting),
        1 => Just(Wrong::Exchanged),
    ];
    let links = prop::collection::vec(link, 2..4);
    let group = prop_oneof![4 => Just(0_usize), 3 => Just(1), 1 => Just(2)];
    (group, links, wrong, any::<prop::sample::Index>()).prop_map(|(group, links, wrong, line)| {
        let count = GROUPS[group].len();
        let trace = |link: Link| Link { trace: GROUPS[group].start + link.trace % count, ..link };
        Plan { group, links: links.into_iter().map(trace).collect(), wrong, line }
    })
}

/// The lines of a link, with ids of its own: all that concern an import name their account.
fn lines(number: usize, link: Link) -> Vec<Value> {
    let read = |line: &str| serde_json::from_str::<Value>(line).expect("it is JSON");
    let all: Vec<Value> = TRACES[link.trace].lines().map(read).collect();
    let own_clocks = all.iter().filter(|line| line.get("observed").is_some()).count() > 1;
    let of = |name: &str, value: Value| all.iter().find(|line| line[name] == value);
    let token = of("state", 1.into()).expect("a token is shown")["details"]["token"].as_str().expect("a text");
    let device = token.split('/').nth(2).expect("a token has a device");
    let account = of("call", "addAccount".into()).expect("an import begins")["ret"].as_str().expect("a text");
    let connecting = all.iter().find(|line| line["side"] == "import" && line["state"] == 2);
    let later = connecting.filter(|_| own_clocks).map_or(0, |line| line["t_ms"].as_u64().unwrap() - 5);
    let ours = format!("{:016x}", 0xa000 + number);
    let mut lines: Vec<Value> = Vec::new();
    for line in TRACES[link.trace].lines() {
        let text = line.replace(device, &format!("{:0width$x}", 0xb000 + number, width = device.len()));
        let mut line = read(&text.replace(account, &ours));
        if line.get("observed").is_some() {
            continue;
        }
        let side = line["side"].as_str().unwrap().to_owned();
        let export = side == "export";
        line["t_ms"] = (line["t_ms"].as_u64().unwrap() + link.at + if export { later } else { 0 }).into();
        if link.own[usize::from(export)] {
            line["side"] = format!("{side}{number}").into();
        }
        let numbered = |op: &Value| json!(op.as_i64().unwrap() % 1_000_000 * 16 + number as i64 + 1);
        match (export, line["call"].as_str()) {
            (true, Some("addDevice")) if line["ret"].as_i64() > Some(0) => line["ret"] = numbered(&line["ret"]),
            (true, Some("addDevice" | "removeAccount")) => {}
            (true, Some(_)) => line["args"]["op_id"] = numbered(&line["args"]["op_id"]),
            (true, None) => line["op_id"] = numbered(&line["op_id"]),
            (false, Some("addAccount")) => {}
            (false, Some(_)) if line["args"].get("account_id").is_none() => {
                line["args"]["accountId"] = ours.clone().into();
            }
            (false, Some(_)) => {}
            (false, None) => line["accountId"] = ours.clone().into(),
        }
        lines.push(line);
    }
    lines
}

fn stream(plan: &Plan) -> Vec<String> {
    let mut all: Vec<Value> = plan.links.iter().enumerate().flat_map(|(number, link)| lines(number, *link)).collect();
    all.sort_by_key(|line| line["t_ms"].as_u64());
    let at = plan.line.index(all.len() - 1);
    match plan.wrong {
        Wrong::Nothing => {}
        Wrong::LeftOut => drop(all.remove(at)),
        Wrong::Twice => all.insert(at, all[at].clone()),
        Wrong::Connecting if all[at].get("state").is_some() => all[at]["state"] = 2.into(),
        Wrong::Connecting => {}
        Wrong::Exchanged => {
            let times = [all[at]["t_ms"].clone(), all[at + 1]["t_ms"].clone()];
            all.swap(at, at + 1);
            [all[at]["t_ms"], all[at + 1]["t_ms"]] = times;
        }
    }
    let profile = if plan.group == 0 { "documented" } else { "jamid" };
    let header = json!({"observed": 1, "profile": profile});
    std::iter::once(header).chain(all).map(|line| format!("{line}\n")).collect()
}

fn terms(plan: &Plan) -> Terms {
    let profile = if plan.group == 0 { Profile::Documented } else { Profile::Jamid };
    Terms::new(cast(GROUPS[plan.group].start), profile)
}

/// The first line that the stream refuses.
fn refused(plan: &Plan, lines: &[String]) -> Option<usize> {
    let mut sessions = Sessions::new(Reading { terms: terms(plan), fixed: (false, false), attached: false });
    let reports = lines.iter().flat_map(|line| sessions.line(line.trim_end().as_bytes()).expect("it is a line"));
    reports.into_iter().find_map(|report| match report {
        Report::Violated(violation) => Some(violation.found.line),
        Report::Ended(_) | Report::Apart(_) => None,
        Report::GivenUp { .. } => panic!("a link was given up: {report:?}"),
    })
}

/// Whether the whole search refuses the first lines.
fn is_refused(plan: &Plan, lines: &[String], count: usize) -> bool {
    let mut trace = Trace::default();
    trace.read(lines[..count].concat().as_bytes()).expect("it is a trace");
    matches!(validate(&trace, &terms(plan)), Verdict::Refused(_))
}

/// A stream of two or three links, some on the same devices, with a wrong line or without: it is refused at the first line with which
/// the whole search refuses the file.
#[test]
fn a_stream_of_overlapping_links_is_refused_where_the_file_is() {
    let (allowed, found) = (Cell::new(0), Cell::new(0));
    let config = Config { failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let judged = runner.run(&plans(), |plan| {
        let lines = stream(&plan);
        let streamed = refused(&plan, &lines);
        let last = streamed.unwrap_or(lines.len());
        let whole = (2..=last).find(|count| is_refused(&plan, &lines, *count));
        let counted = if whole.is_some() { &found } else { &allowed };
        counted.set(counted.get() + 1);
        prop_assert_eq!(streamed, whole, "{:#?}\n{}", plan, lines.concat());
        Ok(())
    });
    match judged {
        Ok(()) => {}
        Err(TestError::Fail(why, plan)) => panic!("{why}\n{plan:#?}\n{}", stream(&plan).concat()),
        Err(error) => panic!("{error}"),
    }
    assert!(allowed.get() > 20 && found.get() > 20, "{} allowed, {} refused", allowed.get(), found.get());
}

/// Two links, one after the other on one exporting device: the second begins in the moment in which the first ends. Each ends as allowed,
/// and so do its beginnings in the whole search, which does not take one link's exporter for the other's.
#[test]
fn an_operation_of_another_link_is_none_of_this_one() {
    let link = |at| Link { trace: 0, at, own: [true, false] };
    let line = any::<prop::sample::Index>().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let plan = Plan { group: 0, links: vec![link(0), link(50), link(100)], wrong: Wrong::Nothing, line };
    let lines = stream(&plan);
    let mut sessions = Sessions::new(Reading { terms: terms(&plan), fixed: (false, false), attached: false });
    let reports: Vec<Report> =
        lines.iter().flat_map(|line| sessions.line(line.trim_end().as_bytes()).expect("it is a line")).collect();
    let ended = reports.iter().filter(|report| matches!(report, Report::Ended(_))).count();
    assert_eq!((ended, reports.len()), (3, 3), "{reports:#?}");
    assert_eq!((2..=lines.len()).find(|count| is_refused(&plan, &lines, *count)), None);
}
