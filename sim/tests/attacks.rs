//! The attacks that the intruder's model finds, played in the event engine, and the page that says where each is played.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

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
    attack::{Beyond, cast, reaches, schedule},
};

/// The tests that play an attack with the shell, over TLS, by its weaknesses.
const OVER_TLS: [(&str, &str); 1] = [("W-12", "`testbed/tests/command/swapped.rs`, with real processes")];
/// Today's daemon can be played over TLS (`--reducers legacy`), but no test has a hostile peer before it.
const OF_TODAY: &str = "– no test plays it against `--reducers legacy`";

/// The attack with a schedule of its own: [`parallel`].
const PARALLEL: (Query, &str) = (Query::Password, "W-11");

/// An intruder that asks for the token's channel while the exporter's request is between its test and its channel, and says nothing.
/// The moment is another one with another exporter.
fn parallel(pair: Pair) -> Schedule {
    let moment = if pair == Pair::LL { 998 } else { 1028 };
    let acts = vec![Act::Wait(moment), Act::Secure(false), Act::Ask(Ask::Right), Act::Wait(60_000)];
    let visit = What::Visit(Visit { knows: true, every: 1, acts });
    let faults = vec![Fault { at: At::Step(Side::Import, 2), what: visit }];
    Schedule { latency: (1, 1), think: (3000, 1000), work: [50, 30, 400, 100, 100], faults, ..Schedule::default() }
}

/// One attack of one situation.
struct Tried {
    pair: Pair,
    query: Query,
    weaknesses: String,
    played: Result<(), Beyond>,
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
                        let played = schedule(&situation, &attack.moves).map(|schedule| {
                            let ran = Engine::of(cast(pair)).run(&schedule, Watch { trace: true, ..Watch::BARE });
                            let at = format!("{pair:?} {} {} {}", start.name(), query.name(), attack.weaknesses);
                            assert!(reaches(query, &schedule, &ran), "{at}: {schedule}\n{}", ran.trace());
                        });
                        Tried { pair, query, weaknesses: attack.weaknesses.to_string(), played }
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
    let mut rows = BTreeMap::<(Pair, Query, &str), Vec<Result<(), Beyond>>>::new();
    for one in all {
        rows.entry((one.pair, one.query, &one.weaknesses)).or_default().push(one.played);
    }
    for ((pair, query, weaknesses), played) in rows {
        let count = played.iter().filter(|one| one.is_ok()).count();
        let why: BTreeSet<_> = played.iter().filter_map(|one| one.err()).map(Beyond::text).collect();
        let why = why.into_iter().collect::<Vec<_>>().join("; ");
        let engine = match (count, played.len()) {
            _ if (query, weaknesses) == PARALLEL => "played, in a schedule of its own".into(),
            (0, _) => format!("– {why}"),
            (count, all) if count == all => format!("played, {count} of {all}"),
            (count, all) => format!("played, {count} of {all}; else {why}"),
        };
        let tls = OVER_TLS.iter().find(|(id, _)| *id == weaknesses && pair == Pair::HH);
        let tls = tls.map_or(OF_TODAY, |(_, test)| test);
        text += &format!("| {pair:?} | `{}` | {weaknesses} | {engine} | {tls} |\n", query.name());
    }
    text
}

/// Each attack reaches its goal, or has a reason; W-3 and W-12 are among those that are played.
#[test]
fn every_attack_that_a_schedule_can_say_reaches_its_goal() {
    let all = tried();
    let played = |pair, query, id: &str| {
        all.iter().any(|one| one.pair == pair && one.query == query && one.weaknesses == id && one.played.is_ok())
    };
    for pair in [Pair::HH, Pair::LH] {
        assert!(played(pair, Query::Archive, "W-12"), "{pair:?}");
        assert!(played(pair, Query::ExportAgrees, "W-12"), "{pair:?}");
        assert!(played(pair, Query::Consent, "W-12"), "{pair:?}");
    }
    for pair in [Pair::LH, Pair::LL] {
        assert!(played(pair, Query::Password, "W-3"), "{pair:?}");
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

/// Where the importer is hardened, the schedules of attacks on today's reach nothing.
#[test]
fn hardened_importers_withstand_the_attacks_on_those_of_today() {
    let mut tried = 0;
    for start in Start::ALL {
        for scheme in [Scheme::None, Scheme::Password] {
            let situation = Situation::new(Pair::LH, start, scheme);
            let model = Intrusion { situation, asked: Asked::AsTheyAre };
            for (query, answer) in examine(&model, Limits::default()).answers {
                let Answer::Attacked(attacks) = answer else { continue };
                let schedules = attacks.iter().filter_map(|attack| schedule(&situation, &attack.moves).ok());
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
