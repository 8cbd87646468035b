//! The trace's format is written down, with everything that is in it.

use std::collections::BTreeSet;

use handfast_sim::event::{Class, Engine, Schedule, Watch, directed};
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../docs/trace.md");

/// All names of members and values that are names.
fn names(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            all.insert(name.clone());
            if name != "crc" && name != "peer" && name != "presented" && name != "peer_address" && name != "Sound" {
                names(value, all);
            }
        }),
        Value::Array(values) => values.iter().for_each(|value| names(value, all)),
        Value::String(name) => drop(all.insert(name.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn every_name_in_a_trace_is_in_the_document() {
    let engine = Engine::shipped();
    let mut all = BTreeSet::new();
    let drawn = (0..4000).map(|seed| Schedule::draw(seed, &Class::ALL));
    for schedule in drawn.chain(directed()) {
        for line in engine.run(&schedule, Watch { trace: true, ..Watch::BARE }).trace().lines() {
            names(&serde_json::from_str(line).unwrap(), &mut all);
        }
    }
    assert!(all.len() > 100, "{all:?}");
    let is_written =
        |name: &String| [format!("`{name}`"), format!("\"{name}\"")].iter().any(|text| DOCUMENT.contains(text));
    let missing: Vec<_> = all.iter().filter(|name| !is_written(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
