//! Each line that finds a law broken is deleted, and a committed schedule of a mutant has to break another law, or none.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::event::{
    Mutant, Regression, Rival, Schedule,
    state::{
        deletion::{Place, broken_at, without},
        run::Watch,
    },
};

/// The sources of the laws.
const SOURCES: [(&str, &str); 8] = [
    ("sim/src/event/relink.rs", include_str!("../relink.rs")),
    ("sim/src/event/session.rs", include_str!("../session.rs")),
    ("sim/src/event/session/exporter.rs", include_str!("exporter.rs")),
    ("sim/src/event/session/follow.rs", include_str!("follow.rs")),
    ("sim/src/event/session/importer/receive.rs", include_str!("importer/receive.rs")),
    ("sim/src/event/session/judge.rs", include_str!("judge.rs")),
    ("sim/src/event/session/timers.rs", include_str!("timers.rs")),
    ("sim/src/event/session/users.rs", include_str!("users.rs")),
];

/// How a law begins in them.
const BEGINS: &str = ".break_law(";

/// How long the list of lines is that no schedule needs.
const UNNOTICED: usize = 20;

/// Lines that no schedule of a mutant needs: the file, how each begins, and the reason. The list only shrinks: [`UNNOTICED`].
fn unnoticed() -> Vec<(String, String, String)> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/event/session/unnoticed.txt");
    let rows = fs::read_to_string(list).unwrap();
    let row = |row: &str| {
        let (line, reason) = row.split_once(" # ").unwrap();
        let (file, begins) = line.split_once(' ').unwrap();
        (file.to_owned(), begins.to_owned(), reason.to_owned())
    };
    rows.lines().map(row).collect()
}

/// Every file in which a law is found broken is in the list, so that a line in a new one is deleted too.
#[test]
fn every_source_of_a_law_is_listed() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    let mut folders = vec![top.join("src/event")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("session/tests.rs") {
                let has = fs::read_to_string(&path).unwrap().contains(BEGINS);
                found.extend(has.then(|| format!("sim/{}", path.strip_prefix(top).unwrap().display())));
            }
        }
    }
    assert_eq!(found, SOURCES.iter().map(|(file, _)| (*file).to_owned()).collect());
    assert!(unnoticed().len() <= UNNOTICED, "a line more that no schedule needs: {}", unnoticed().len());
}

/// Two exporters that ask for one importer at the same moment.
fn race() -> Regression {
    let schedule = Schedule { rival: Some(Rival { think: 1005, ..Rival::default() }), ..Schedule::default() };
    Regression { reason: String::new(), mutant: None, breaks: None, schedule }
}

/// The lines, with what they say.
fn lines() -> BTreeMap<Place, &'static str> {
    let lines = SOURCES.into_iter().flat_map(|(file, source)| {
        source.match_indices(BEGINS).map(move |(at, _)| {
            let line = source[..at].matches('\n').count() as u32 + 1;
            let said = source[at + BEGINS.len()..].lines().next().unwrap_or_default();
            (Place { file, line }, said.trim_end_matches([';', ')']))
        })
    });
    lines.collect()
}

/// The schedules of mutants.
fn regressions() -> Vec<(String, Regression)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/regressions"));
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let all = files.into_iter().filter_map(|path| {
        let one = Regression::read(&fs::read_to_string(&path).unwrap()).unwrap();
        Some((one.mutant.clone()?, one))
    });
    all.collect()
}

#[test]
fn each_deleted_law_is_noticed() {
    let lines = lines();
    let mut noticed: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    for (id, one) in regressions().into_iter().chain([("M-04".to_owned(), race())]) {
        let engine = Mutant::find(&id).unwrap().engine();
        // With the model's properties, and without: the laws of the end by themselves.
        for (watch, how) in [(Mutant::WATCH, ""), (Watch::BARE, " alone")] {
            let law = || engine.run(&one.schedule, watch).broken.map(|broken| broken.law);
            let (found, places) = broken_at(law);
            for place in places.into_iter().filter(|&place| without(place, law) != found) {
                noticed.entry(place).or_default().insert(format!("{id}{how}"));
            }
        }
    }
    let unknown: Vec<_> = noticed.keys().filter(|place| !lines.contains_key(place)).collect();
    assert!(unknown.is_empty(), "the sources do not list {unknown:?}");
    let mut reasons = unnoticed();
    let mut table = Vec::new();
    for (place, said) in lines {
        let file = place.file.trim_start_matches("sim/src/event/");
        let by = match noticed.get(&place) {
            Some(ids) => ids.iter().cloned().collect::<Vec<_>>().join(", "),
            None => {
                let known = reasons.iter().position(|(of, begins, _)| *of == file && said.starts_with(begins));
                known.map_or_else(|| "NOTHING".into(), |at| format!("nothing: {}", reasons.remove(at).2))
            }
        };
        table.push(format!("{file}: {said}\n    {by}"));
    }
    assert!(reasons.is_empty(), "in the list, and noticed: {reasons:#?}");
    assert!(!table.iter().any(|row| row.ends_with("NOTHING")), "{}", table.join("\n"));
    insta::assert_snapshot!(table.join("\n"));
}
