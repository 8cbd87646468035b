//! The page of `handfast explore`: the graph inside, its bound, and where it cannot be written.

use std::fs;

use serde_json::Value;

use crate::{
    person::Person,
    support::{Folder, code, run, shown, text},
};

/// The graph in a page.
fn graph(page: &str) -> Value {
    let (_, rest) = page.split_once("<script id=\"graph\" type=\"application/json\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn the_graph_of_the_checker_is_in_the_page() {
    let output = run(["explore", "--config", "HH-documented-honest"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let page = String::from_utf8(output.stdout).unwrap();
    let graph = graph(&page);
    assert_eq!(graph["complete"], true);
    let checked =
        run(["check", "--size", "small", "--config", "HH-documented-honest", "--property", "P-GATE", "--json"], b"");
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    let of = checked["checked"].as_array().unwrap().iter().find(|one| one["configuration"] == "HH-documented-honest");
    assert_eq!(graph["states"].as_array().unwrap().len() as u64, of.unwrap()["graph"]["states"].as_u64().unwrap());
    for part in [" src=", "<link", "http:", "https:"] {
        assert!(!page.replace("http://www.w3.org/2000/svg", "").contains(part), "{part}");
    }
}

#[test]
fn a_bounded_page_says_so() {
    let folder = Folder::default();
    let path = folder.path("walk.html");
    let output = run(["explore", "--config", "HH-documented-loss", "--states", "30", "--output", text(&path)], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    assert!(
        shown(&output).contains("30 states, the nearest part of the graph of HH-documented-loss"),
        "{}",
        shown(&output)
    );
    let page = fs::read_to_string(path).unwrap();
    assert_eq!(graph(&page)["complete"], false);
    assert!(page.contains("the nearest part of a larger graph"));
}

/// The page of as many states as it has without `--states` is no larger than that of a report may be.
#[test]
fn a_page_of_a_large_graph_is_small() {
    let output = run(["explore", "--config", "HH-documented-everything"], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    assert!(output.stdout.len() < 3_000_000, "{} bytes", output.stdout.len());
    assert_eq!(graph(&String::from_utf8(output.stdout).unwrap())["states"].as_array().unwrap().len(), 3000);
}

#[test]
fn a_page_that_cannot_be_written_is_a_failure() {
    let folder = Folder::default();
    let missing = folder.path("missing/walk.html");
    let output = run(["explore", "--output", text(&missing)], b"");
    assert_eq!(code(output.status), 2, "{}", shown(&output));
    let unknown = run(["explore", "--config", "HH-documented-nothing"], b"");
    assert_eq!(code(unknown.status), 2, "{}", shown(&unknown));
}

/// A schedule that is kept for a mutant is walked with its rules, to the violation; one that needs a legacy side is refused.
#[test]
fn a_schedule_of_a_mutant_leads_to_its_violation() {
    let kept = |name: &str| format!("{}/../sim/regressions/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let output = run(["explore", "--schedule", &kept("M-07")], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let graph = graph(&String::from_utf8(output.stdout).unwrap());
    assert!(graph["configuration"].as_str().unwrap().contains("M-07"), "{}", graph["configuration"]);
    let states = graph["states"].as_array().unwrap();
    let violated = states.iter().map(|state| state["violated"].as_array().map_or(0, Vec::len));
    assert_eq!(violated.rev().take(2).collect::<Vec<_>>(), [1, 0]);
    let legacy = run(["explore", "--schedule", &kept("M-39")], b"");
    assert_eq!(code(legacy.status), 2, "{}", shown(&legacy));
    assert!(shown(&legacy).contains("handfast diagram"), "{}", shown(&legacy));
}

/// A schedule and its trace are the same way, which ends where the link ended.
#[test]
fn a_schedule_and_its_trace_are_one_way() {
    let folder = Folder::default();
    let schedule = folder.file("one.schedule.json", r#"{"reason":"A test.","schedule":{"wrong":1}}"#);
    let out = folder.path("out");
    let ran = run(["sim", "--engine", "event", "--schedule", text(&schedule), "--out", text(&out)], b"");
    assert_eq!(code(ran.status), 0, "{}", shown(&ran));
    let trace = out.join("one.trace");
    let of = |option: &str, path: &std::path::Path| {
        let output = run(["explore", option, text(path)], b"");
        assert_eq!(code(output.status), 0, "{}", shown(&output));
        graph(&String::from_utf8(output.stdout).unwrap())
    };
    let [along, other] = [of("--trace", &trace), of("--schedule", &schedule)];
    assert_eq!((&along["states"], &along["steps"]), (&other["states"], &other["steps"]));
    let states = along["states"].as_array().unwrap();
    let recorded = fs::read_to_string(&trace).unwrap().lines().count();
    // The header is no step, and the first state is before all.
    assert_eq!(states.len(), recorded);
    let shown_at = |state: &Value, part: &str, side: usize| {
        along["texts"][state[part][side].as_u64().unwrap() as usize].as_str().unwrap().to_owned()
    };
    let last = states.last().unwrap();
    for side in [0, 1] {
        assert_eq!(shown_at(&states[0], "daemons", side), "idle");
        assert_eq!(shown_at(last, "clients", side), "DONE");
    }
    let damaged = folder.file("damaged.trace", "{}\n");
    let refused = run(["explore", "--trace", text(&damaged)], b"");
    assert_eq!(code(refused.status), 2, "{}", shown(&refused));
}

/// A terminal shows no HTML: the complaint says what to do.
#[test]
fn a_terminal_gets_no_html() {
    let left = Person::start((80, 24), ["explore"]).end();
    assert_eq!(left.code, 2, "{}", left.screen);
    let words = left.screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("--output walk.html") && !words.contains('<'), "{words}");
}
