//! A beginning of a trace that is allowed is allowed: a client may stop looking at any line, and a file may be cut after any line.

use handfast_model::{
    config::Cast,
    observed::{Terms, Trace, Verdict, validate},
};
use proptest::prelude::*;

macro_rules! traces {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("traces/", $name, ".ndjson")))),*] };
}

const LEGACY: [(&str, &str); 4] = traces!["no-password", "right-password", "wrong-thrice", "cancel-by-exporter"];
const HARDENED: [(&str, &str); 12] = traces![
    "documented-plain",
    "documented-wrong-then-right",
    "documented-thrice",
    "documented-export-cancels",
    "documented-import-cancels",
    "documented-refusals",
    "jamid-plain",
    "jamid-wrong-then-right",
    "jamid-thrice",
    "jamid-export-cancels",
    "jamid-import-cancels",
    "jamid-refusals",
];

fn first(text: &str, lines: usize) -> String {
    text.lines().take(lines).map(|line| format!("{line}\n")).collect()
}

fn verdict(files: &[&str], cast: Cast) -> Verdict {
    let mut trace = Trace::default();
    for file in files {
        trace.read(file.as_bytes()).expect("it is a trace");
    }
    validate(&trace, &Terms::new(cast, trace.profile.unwrap_or_default()))
}

#[track_caller]
fn allowed(name: &str, files: &[&str], cast: Cast) {
    let verdict = verdict(files, cast);
    assert!(matches!(verdict, Verdict::Allowed { .. }), "{name}\n{}{verdict:#?}", files.join("--\n"));
}

/// Every beginning of every recorded trace.
fn every_beginning(traces: &[(&str, &str)], cast: Cast) {
    for (name, text) in traces {
        for lines in 1..=text.lines().count() {
            let text = first(text, lines);
            if text.lines().any(|line| !line.contains("observed")) {
                allowed(name, &[&text], cast);
            }
        }
    }
}

#[test]
fn of_real_daemons() {
    every_beginning(&LEGACY, Cast::LL);
}

#[test]
fn of_two_processes_of_ours() {
    every_beginning(&HARDENED, Cast::HH);
}

/// Returns the lines of each side, where the trace has a header for each.
fn files(text: &str) -> [String; 2] {
    let lines: Vec<&str> = text.lines().collect();
    let second = lines.iter().rposition(|line| line.contains("observed")).expect("it has a header");
    [lines[..second].join("\n") + "\n", lines[second..].join("\n") + "\n"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two files that end independently of each other.
    #[test]
    fn of_two_files(which in 0..HARDENED.len(), import in 1_usize..16, export in 1_usize..16) {
        let (name, text) = HARDENED[which];
        let [importer, exporter] = files(text);
        let (importer, exporter) = (first(&importer, 1 + import), first(&exporter, 1 + export));
        allowed(name, &[&importer, &exporter], Cast::HH);
    }
}

/// A file that ends before its end says so, and what is missing before is missed all the same.
#[test]
fn what_is_missing_in_the_middle_is_missed() {
    let (_, text) = LEGACY[3];
    // The exporter's CONNECTING.
    let without: String =
        text.lines().enumerate().filter(|(at, _)| *at != 3).map(|(_, line)| format!("{line}\n")).collect();
    assert!(matches!(verdict(&[&without], Cast::LL), Verdict::Refused(_)));
    // With its addDevice too, which cannot be under way for so long.
    let without: String =
        text.lines().enumerate().filter(|(at, _)| !(3..5).contains(at)).map(|(_, line)| format!("{line}\n")).collect();
    assert!(matches!(verdict(&[&without], Cast::LL), Verdict::Refused(_)));
}
