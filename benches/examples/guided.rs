//! Guided against blind drawing in equal CPU time, as tables in Markdown (docs/simulator.md, Guided schedules).
//!
//! Arguments: the CPU seconds of a campaign, those of a hunt for one mutant, and the number of seeds.

use std::{collections::BTreeSet, time::Duration};

use handfast_bench::stopwatch::cpu_time;
use handfast_model::{
    config::Cast,
    legacy::{Change, Changes},
};
use handfast_sim::event::{Class, Edges, Engine, Mutant, Sessions, Walked, Watch, Way};

/// The ways, and the heads of their columns.
const WAYS: [(Way, &str); 2] = [(Way::Blind, "blind"), (Way::Guided, "guided")];

/// The defects of old daemons whose end a session shows, each in the pair whose other side is new.
const DEFECTS: [(&str, Cast, Change); 6] = [
    ("H-7, before 18b6ae5", Cast::LH, Change::StoresInClear),
    ("H-8, before 2bcfc52", Cast::HL, Change::ErrAfterWrong),
    ("H-8, the count alone", Cast::HL, Change::CountsLate),
    ("H-10, the exporter", Cast::HL, Change::MalformedWaits),
    ("H-10, the importer", Cast::LH, Change::MalformedWaits),
    ("H-11, the answer is refused", Cast::LH, Change::PasswordSchemeOnly),
];

/// The results of a campaign until some moment.
struct Reached {
    sessions: u64,
    edges: usize,
    rows: usize,
}

/// Carries sessions out for so long. Returns what was reached after a quarter of the time, and at its end.
fn campaign(way: Way, seed: u64, limit: Duration) -> [Reached; 2] {
    let engine = Engine::shipped();
    let mut sessions = Sessions::new(&engine, way, seed, &Class::ALL);
    let (mut edges, mut walked, mut count) = (Edges::default(), Walked::default(), 0);
    let begin = cpu_time();
    [limit / 4, limit].map(|until| {
        while cpu_time() - begin < until {
            let (schedule, ran) = sessions.carry_out(Watch::GUIDED);
            assert!(ran.broken.is_none(), "{:?}: {schedule}", ran.broken);
            edges.note(&ran.edges);
            ran.walked.iter().chain(&ran.received).for_each(|row| walked.note(row));
            count += 1;
        }
        Reached { sessions: count, edges: edges.count(), rows: walked.count() }
    })
}

/// Hunts with an engine for so long. Returns the sessions and the CPU seconds until a law was broken; none: no law was.
fn hunt(engine: &Engine, way: Way, seed: u64, classes: &[Class], limit: Duration) -> Option<(u64, f64)> {
    let mut sessions = Sessions::new(engine, way, seed, classes);
    let begin = cpu_time();
    let mut count = 0;
    while cpu_time() - begin < limit {
        count += 1;
        let (_, ran) = sessions.carry_out(Watch { edges: way == Way::Guided, ..Mutant::WATCH });
        if ran.broken.is_some() {
            return Some((count, (cpu_time() - begin).as_secs_f64()));
        }
    }
    None
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a number"));
    let mut argument = |or| arguments.next().unwrap_or(or);
    let [campaigns, hunts, seeds] = [argument(60), argument(10), argument(3)];

    println!(
        "| seed | way | CPU s | sessions | edges of the model | edges a CPU-minute | rows |\n|---|---|---|---|---|---|---|"
    );
    for seed in 0..seeds {
        for (way, name) in WAYS {
            let limit = Duration::from_secs(campaigns);
            for (reached, part) in campaign(way, seed << 32, limit).into_iter().zip([limit / 4, limit]) {
                let Reached { sessions, edges, rows } = reached;
                let seconds = part.as_secs_f64();
                let rate = edges as f64 * 60.0 / seconds;
                println!("| {seed} | {name} | {seconds:.0} | {sessions} | {edges} | {rate:.0} | {rows} |");
            }
        }
    }

    let limit = Duration::from_secs(hunts);
    let mut all: Vec<(String, Engine, Vec<Class>)> =
        Mutant::all().into_iter().map(|one| (one.id.into(), one.engine(), Class::ALL.to_vec())).collect();
    all.extend(DEFECTS.map(|(name, cast, change)| {
        let classes = Class::ALL.into_iter().filter(|class| class.is_of(cast)).collect();
        (name.into(), Engine::changed(cast, Changes::new(&[change])), classes)
    }));
    println!("\n| defect | blind: sessions and CPU s of each seed | guided |\n|---|---|---|");
    let mut found = [0; 2];
    let mut spent = [0.0; 2];
    for (name, engine, classes) in &all {
        let mut cells = [String::new(), String::new()];
        for (number, (way, _)) in WAYS.into_iter().enumerate() {
            let hunted = (0..seeds).map(|seed| hunt(engine, way, seed << 32, classes, limit));
            let hunted: Vec<_> = hunted.collect();
            found[number] += hunted.iter().flatten().count();
            spent[number] += hunted.iter().map(|one| one.map_or(limit.as_secs_f64(), |(_, time)| time)).sum::<f64>();
            let cell = |one: &Option<(u64, f64)>| match one {
                Some((sessions, time)) => format!("{sessions} ({time:.2})"),
                None => "–".into(),
            };
            cells[number] = hunted.iter().map(cell).collect::<Vec<_>>().join(", ");
        }
        println!("| {name} | {} | {} |", cells[0], cells[1]);
    }
    let names: BTreeSet<_> = all.iter().map(|(name, ..)| name).collect();
    for ((_, name), (found, spent)) in WAYS.into_iter().zip(found.into_iter().zip(spent)) {
        println!("\n{name}: {found} of {} hunts, in {spent:.0} CPU seconds", names.len() as u64 * seeds);
    }
}
