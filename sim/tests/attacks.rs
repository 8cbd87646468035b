//! The attacks that the intruder's model finds, played in the event engine, and the page that says where each is played.

use std::{collections::BTreeMap, env, fs, path::Path};

use handfast::{
    export::Input,
    import::Ask,
    outcome::{Scheme, Side},
    trace::{Step, Turn},
};
use handfast_model::{
    explore::Limits,
    intruder::{Answer, Pair, Query, Situation, Start, examine, moves::Intrusion, queries::Asked},
};
use handfast_sim::event::{
    Act, At, Engine, Fault, Schedule, Visit, Watch, What,
    attack::{cast, reaches, schedule},
};

/// The tests that play an attack with the shell, over TLS and with real processes, by its weaknesses and its goals.
const OVER_TLS: [(&str, &[Query], &str); 10] = [
    ("W-12", &[Query::Archive, Query::ImportAgrees, Query::ExportAgrees, Query::Consent], "swapped.rs"),
    ("W-3+W-12", &[Query::Archive, Query::ImportAgrees, Query::ExportAgrees, Query::Consent], "swapped.rs"),
    ("W-1", &[Query::ImportAgrees, Query::Consent], "of_today.rs"),
    ("W-3", &[Query::Password], "of_today.rs"),
    ("W-3+W-4", &[Query::ImportAgrees, Query::Consent], "of_today.rs"),
    ("W-5", &[Query::ExportAgrees], "of_today.rs"),
    ("W-29", &[Query::Failing], "of_today.rs"),
    ("W-2", &[Query::ImportAgrees], "two_sessions.rs"),
    ("W-11", &[Query::Password, Query::ImportAgrees], "two_sessions.rs"),
    ("W-1+W-3+W-11", &[Query::Consent], "two_sessions.rs"),
];
/// The folder of these tests.
const TESTS: &str = "testbed/tests/command";

/// An intruder that asks for the token's channel while the exporter's request is between its test and its channel, and says nothing.
/// The moment is another one with another exporter.
fn parallel(pair: Pair) -> Schedule {
    let moment = if pair == Pair::LL { 998 } else { 1028 };
    let acts = vec![Act::Wait(moment), Act::Secure(false), Act::Ask(Ask::Right), Act::Wait(60_000)];
    Schedule { work: [50, 30, 400, 100, 100], ..visited(Scheme::Password, acts) }
}

/// A link of the honest devices, and a visit that begins when the token is shown.
fn visited(scheme: Scheme, acts: Vec<Act>) -> Schedule {
    let visit = What::Visit(Visit { knows: true, every: 1, acts });
    let faults = vec![Fault { at: At::Step(Side::Import, 2), what: visit }];
    Schedule { scheme, latency: (1, 1), think: (3000, 1000), faults, ..Schedule::default() }
}

/// The schedules of the attacks in which the honest devices have a link of their own: their moments are fixed here.
fn linked(situation: &Situation, query: Query, weaknesses: &str) -> Option<Schedule> {
    let &Situation { pair, profile, scheme, .. } = situation;
    let visited = |acts: &[Act]| Schedule { profile, ..visited(scheme, acts.to_vec()) };
    Some(match (query, weaknesses) {
        // The link is cut when the exporter has reported success.
        (Query::ExportAgrees, "W-5") => {
            let faults = vec![Fault { at: At::Step(Side::Export, 6), what: What::Break(0, 0) }];
            Schedule { profile, scheme, faults, ..Schedule::default() }
        }
        (Query::Password, "W-11") => parallel(pair),
        // After the link the token opens another session, which ends.
        (Query::ImportAgrees, "W-2") => {
            visited(&[Act::Wait(20_000), Act::Secure(false), Act::Ask(Ask::Right), Act::Wait(3000), Act::Drop])
        }
        // The intruder's request passes its test while the exporter's is between its test and its channel; its channel ends after the link.
        (Query::ImportAgrees, "W-11") => {
            let moment = if pair == Pair::LL { 992 } else { 1074 };
            visited(&[Act::Wait(moment), Act::Secure(false), Act::Ask(Ask::Right), Act::Wait(5200), Act::Drop])
        }
        // It asks for consent before the exporter does, and the exporter's archive is installed by the answer. An exporter that ships asks
        // as soon as it has the channel, one of today waits for its user.
        (Query::Consent, "W-1+W-3+W-11") => {
            let (moment, later) = if pair == Pair::LL { (1000, 900) } else { (1047, 184) };
            visited(&[
                Act::Wait(moment),
                Act::Secure(false),
                Act::Ask(Ask::Right),
                Act::Wait(later),
                Act::Say(1),
                Act::Wait(60_000),
            ])
        }
        _ => return None,
    })
}

/// One attack of one situation.
struct Tried {
    pair: Pair,
    query: Query,
    weaknesses: String,
    /// Whether its moves are made into a schedule, or the schedule is one of [`linked`]; none if neither is so.
    moves: Option<bool>,
}

/// Plays every attack that is found.
fn tried() -> Vec<Tried> {
    let mut all = Vec::new();
    for pair in Pair::ALL {
        for start in Start::ALL {
            for scheme in [Scheme::None, Scheme::Password] {
                let situation = Situation::new(pair, start, scheme);
                let model = Intrusion { situation, asked: Asked::AsTheyAre };
                for (query, answer) in examine(&model, Limits::default()).answers {
                    let Answer::Attacked(attacks) = answer else { continue };
                    all.extend(attacks.iter().map(|attack| {
                        let weaknesses = attack.weaknesses.to_string();
                        let made = schedule(&situation, &attack.moves).map(|schedule| (schedule, true));
                        let fixed = || Some((linked(&situation, query, &weaknesses)?, false));
                        let moves = made.or_else(fixed).map(|(schedule, moves)| {
                            let ran = Engine::of(cast(pair)).run(&schedule, Watch { trace: true, ..Watch::BARE });
                            let at = format!("{pair:?} {} {} {weaknesses}", start.name(), query.name());
                            assert!(reaches(query, &schedule, &ran), "{at}: {schedule}\n{}", ran.trace());
                            moves
                        });
                        Tried { pair, query, weaknesses, moves }
                    }));
                }
            }
        }
    }
    all
}

fn page(all: &[Tried]) -> String {
    let mut text = String::from(
        "# The attacks, played\n\nWritten by `HANDFAST_BLESS=1 cargo test -p handfast-sim --test attacks`. Each attack that \
         [the intruder's model](intruder.md) finds is turned into a schedule of the [event engine](../simulator.md), with the shipped \
         reducers and those of today's daemon, and has to reach the same goal there. Played: in so many of the situations in which it is \
         found.\n\n| pair | query | weaknesses | event engine | over TLS |\n|---|---|---|---|---|\n",
    );
    let mut rows = BTreeMap::<(Pair, Query, &str), Vec<Option<bool>>>::new();
    for one in all {
        rows.entry((one.pair, one.query, &one.weaknesses)).or_default().push(one.moves);
    }
    for ((pair, query, weaknesses), played) in rows {
        let count = played.iter().flatten().count();
        let own = if played.contains(&Some(false)) { ", in a schedule of its own" } else { "" };
        let engine = format!("played, {count} of {}{own}", played.len());
        let tls = OVER_TLS.iter().find(|(id, queries, _)| *id == weaknesses && queries.contains(&query));
        let (.., tls) = tls.unwrap_or_else(|| panic!("{pair:?} {} {weaknesses}: not over TLS", query.name()));
        text += &format!("| {pair:?} | `{}` | {weaknesses} | {engine} | `{TESTS}/{tls}` |\n", query.name());
    }
    text
}

/// Each attack reaches its goal.
#[test]
fn every_attack_reaches_its_goal() {
    let all = tried();
    let played = |pair, query, id: &str| {
        all.iter().any(|one| one.pair == pair && one.query == query && one.weaknesses == id && one.moves.is_some())
    };
    for one in &all {
        assert!(one.moves.is_some(), "{:?} {} {}: no schedule", one.pair, one.query.name(), one.weaknesses);
    }
    for pair in Pair::ALL {
        assert!(played(pair, Query::ImportAgrees, "W-12"), "{pair:?}");
        assert!(played(pair, Query::Archive, "W-12"), "{pair:?}");
        assert!(played(pair, Query::ExportAgrees, "W-12"), "{pair:?}");
        assert!(played(pair, Query::Consent, "W-12"), "{pair:?}");
    }
    for pair in [Pair::LH, Pair::LL] {
        assert!(played(pair, Query::Password, "W-3"), "{pair:?}");
        assert!(played(pair, Query::ImportAgrees, "W-3+W-12"), "{pair:?}");
        assert!(played(pair, Query::ImportAgrees, "W-1"), "{pair:?}");
        assert!(played(pair, Query::Consent, "W-3+W-4"), "{pair:?}");
        assert!(played(pair, Query::Failing, "W-29"), "{pair:?}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/generated/attacks.md");
    let text = page(&all);
    if env::var_os("HANDFAST_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == text, "docs/generated/attacks.md is another, write it with HANDFAST_BLESS=1:\n{text}");
}

/// Each of them is played over TLS by a test that names each of its weaknesses.
#[test]
fn the_tests_over_tls_name_the_weaknesses_that_they_play() {
    for (weaknesses, _, file) in OVER_TLS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(TESTS).join(file);
        let text = fs::read_to_string(path).unwrap();
        let names = |line: &str| {
            let ids: Vec<_> = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
            line.starts_with("///") && weaknesses.split('+').all(|id| ids.contains(&id))
        };
        // The comment is that of a test: the lines after it lead to `#[test]` and the function.
        let of_a_test = |(at, line): (usize, &str)| {
            let mut after = text.lines().skip(at + 1).skip_while(|line| line.starts_with("///"));
            names(line)
                && after.next() == Some("#[test]")
                && after.find(|line| !line.starts_with("#[")).is_some_and(|line| line.starts_with("fn "))
        };
        assert!(text.lines().enumerate().any(of_a_test), "{file} has no test of {weaknesses}");
    }
}

/// W-11: today's importer opens both channels, its user answers the exporter's question, and the password goes to the intruder. One that is
/// hardened declines the second request (R-IMP-3).
#[test]
fn two_sessions_of_one_token_give_the_password_away() {
    for pair in Pair::ALL {
        let schedule = parallel(pair);
        let ran = Engine::of(cast(pair)).run(&schedule, Watch::ALL);
        assert_eq!(ran.broken, None, "{pair:?}");
        let importer_is_of_today = matches!(pair, Pair::LH | Pair::LL);
        assert_eq!(reaches(Query::Password, &schedule, &ran), importer_is_of_today, "{pair:?}\n{}", ran.trace());
        let accepted = |step: &Step| matches!(&step.turn, Turn::Export { input: Input::Accepted { .. }, .. });
        assert!(ran.steps.iter().any(accepted), "{pair:?}: the exporter has its channel");
    }
}

/// Where the importer is hardened, the schedules that are made from attacks on today's, without a device, reach nothing.
#[test]
fn hardened_importers_withstand_the_attacks_on_those_of_today() {
    let mut tried = 0;
    for start in Start::ALL {
        for scheme in [Scheme::None, Scheme::Password] {
            let situation = Situation::new(Pair::LH, start, scheme);
            let model = Intrusion { situation, asked: Asked::AsTheyAre };
            for (query, answer) in examine(&model, Limits::default()).answers {
                let Answer::Attacked(attacks) = answer else { continue };
                let schedules = attacks.iter().filter_map(|attack| schedule(&situation, &attack.moves));
                for schedule in schedules.filter(|schedule| schedule.device.is_none()) {
                    let ran = Engine::of(cast(Pair::HH)).run(&schedule, Watch { trace: true, ..Watch::BARE });
                    assert!(!reaches(query, &schedule, &ran), "{schedule}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 10, "{tried}");
}
