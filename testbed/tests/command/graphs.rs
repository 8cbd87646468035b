//! `handfast check --export`: graphs for other tools.

use std::fs;

use serde_json::Value;

use crate::support::{Folder, code, run, shown};

#[test]
fn a_graph_is_written_with_its_size() {
    let folder = Folder::default();
    let path = folder.path("honest.aut");
    let path = path.to_str().unwrap();
    let export = ["check", "--size", "small", "--config", "HH-documented-honest", "--export", path];
    let output = run(export, b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let text = fs::read_to_string(path).unwrap();
    let (head, steps) = text.split_once('\n').unwrap();
    assert_eq!(head, "des (0, 172, 147)");
    assert_eq!(steps.lines().count(), 172);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.ends_with(": 147 states, 172 edges, depth 31\n"), "{said}");
    let output = run(export.into_iter().chain(["--json"]), b"");
    let graph: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&graph["states"], &graph["complete"]), (&147.into(), &true.into()));
}

#[test]
fn a_graph_that_is_too_large_is_not_written() {
    let folder = Folder::default();
    let path = folder.path("faults.dot");
    let export = ["check", "--size", "small", "--config", "HH-documented-faults", "--memory", "1KiB", "--export"];
    let output = run(export.into_iter().chain([path.to_str().unwrap()]), b"");
    assert_eq!(code(output.status), 4, "{}", shown(&output));
    assert!(!path.exists());
    assert_eq!(code(run(["check", "--config", "HH-documented-honest", "--export", "graph.txt"], b"").status), 2);
    assert_eq!(code(run(["check", "--export", "graph.aut"], b"").status), 2);
}

/// A way is written as a trace, and a graph is not; and the other way round.
#[test]
fn a_way_is_written_as_a_trace() {
    let folder = Folder::default();
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let export = |name: &str, more: &[&str]| {
        let named = ["check", "--size", "small", "--config", "HH-documented-honest", "--export", &path(name)];
        run(named.into_iter().chain(more.iter().copied()), b"")
    };
    let reach = ["--reach", "both succeed"];
    let output = export("way.itf.json", &reach);
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let trace: Value = serde_json::from_slice(&fs::read(path("way.itf.json")).unwrap()).unwrap();
    let states = trace["states"].as_array().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.ends_with(&format!(": both succeed, in {} steps\n", states.len() - 1)), "{said}");
    assert_eq!(code(export("graph.itf.json", &[]).status), 2);
    assert_eq!(code(export("way.tla", &reach).status), 2);
    // TLA+ knows a module by the name of its file.
    let output = export("honest.tla", &[]);
    assert_eq!(code(output.status), 2, "{}", shown(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("HH_documented_honest.tla"));
    assert!(!fs::exists(path("honest.tla")).unwrap());
    // A file that cannot be written is no verdict.
    assert_eq!(code(export("nowhere/graph.aut", &[]).status), 2);
    assert_eq!(code(export("way.itf.json", &["--reach", "no such goal"]).status), 2);
    let output = export("HH_documented_honest.tla", &[]);
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    assert!(
        fs::read_to_string(path("HH_documented_honest.tla"))
            .unwrap()
            .starts_with("---- MODULE HH_documented_honest ----")
    );
}
