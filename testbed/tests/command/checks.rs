//! `handfast check`, on small configurations.

use std::{fs, process::Command, thread};

use serde_json::Value;

use crate::support::{Folder, code, run, shown, text};

#[test]
fn a_configuration_is_checked() {
    let output = run(["check", "--size", "small", "--config", "HH-documented-honest", "--property", "P-STORED"], b"");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.contains("\nHH-documented-honest  P-STORED  VERIFIED     147    172     31       49      6e-16\n"),
        "{table}"
    );
    assert!(table.contains("\nP-STORED  ✓   Success is reported only for"), "{table}");
    assert!(table.ends_with("1 configuration, 1 verdict, 0 mutants: all as expected\n"), "{table}");
}

#[test]
fn every_run_prints_the_same() {
    let all = run(["check", "--size", "small", "--pair", "HX", "--mutants", "--details", "--jobs", "2"], b"");
    assert_eq!(code(all.status), 0, "{}", shown(&all));
    let again = run(["check", "--size", "small", "--pair", "HX", "--mutants", "--details", "--jobs", "1"], b"");
    assert_eq!(all.stdout, again.stdout);
    let timed = run(["check", "--size", "small", "--config", "HH-documented-honest", "--timings"], b"");
    let headings = |output: &[u8]| String::from_utf8_lossy(output).lines().next().unwrap_or_default().to_owned();
    assert!(headings(&timed.stdout).ends_with("own s  stateright s"), "{}", shown(&timed));
    assert!(headings(&all.stdout).ends_with("B/state  collision"), "{}", shown(&all));
}

#[test]
fn mutants_are_hunted_with_both_engines_and_the_canary_first() {
    let output = run(["check", "--size", "small", "--mutants", "--details"], b"");
    let table = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("mutant       killed by "), "{table}");
    assert!(lines[1].starts_with("canary M-10  P-GATE ") && lines[1].contains("12 steps    12 steps"), "{table}");
    assert!(!table.contains("LIVES") && !table.contains("otherwise"), "{table}");
    assert!(table.starts_with("mutant") && table.ends_with("mutants: all as expected\n"), "{table}");
    assert_eq!(code(output.status), 0);
}

/// A table that is longer than a screen becomes a summary, with the same last line.
#[test]
fn a_long_table_is_summed_up() {
    let [short, long] = [&[][..], &["--details"]].map(|details| {
        let arguments = ["check", "--size", "small", "--pair", "HX", "--mutants"];
        String::from_utf8(run(arguments.iter().chain(details), b"").stdout).unwrap()
    });
    assert!(short.lines().count() <= 60 && long.lines().count() > 60, "{short}");
    assert_eq!(short.lines().last(), long.lines().last());
    let mutants = long.lines().filter(|line| line.starts_with("M-")).count();
    for part in [format!("mutants: {mutants} of {mutants} found"), "canary M-10: found".into()] {
        assert!(short.contains(&part), "{part}: {short}");
    }
    let pair = short.lines().find(|line| line.starts_with("HX")).unwrap_or_default();
    assert!(
        pair.split_whitespace().nth(1).is_some_and(|count| long.matches("\nHX-").count() >= count.parse().unwrap())
    );
}

/// The nearest names answer an unknown one.
#[test]
fn an_unknown_name_is_answered() {
    for (option, name, near) in [
        ("--config", "HH-documented-hones", "HH-documented-honest"),
        ("--mutant", "M-1O", "M-10"),
        ("--property", "P-GAT", "P-GATE"),
    ] {
        let output = run(["check", option, name], b"");
        assert_eq!(code(output.status), 2);
        assert!(String::from_utf8_lossy(&output.stderr).contains(near), "{}", shown(&output));
    }
    let output = run(["check", "--config", "HH-documented-honest", "--reach", "?"], b"");
    assert_eq!(code(output.status), 2);
    // Some have a comma.
    assert!(String::from_utf8_lossy(&output.stderr).contains("\n  both succeed\n"), "{}", shown(&output));
}

/// `--only` names groups without configurations, of which `--config` would choose none.
#[test]
fn a_choice_of_configurations_needs_some() {
    for group in ["parts", "mutants", "simulation", "events", "intruder"] {
        let output = run(["verify", "--only", group, "--config", "HH-documented-honest"], b"");
        assert_eq!(code(output.status), 2, "{}", shown(&output));
        assert!(String::from_utf8_lossy(&output.stderr).contains("--config: "), "{}", shown(&output));
    }
}

#[test]
fn what_is_known_not_to_hold_has_a_reason() {
    let output = run(["check", "--flaws"], b"");
    let table = String::from_utf8(output.stdout).unwrap();
    let line = table.lines().find(|line| line.starts_with("HL    P-STORED (export) ")).unwrap_or_default();
    assert!(line.contains("honest") && line.contains("W-5   Exporter reports success before"), "{table}");
    let output = run(["check", "--flaws", "--json"], b"");
    let flaws: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(flaws.as_array().map(Vec::len), Some(table.lines().count() - 1));
    assert_eq!(
        flaws[0]["says"],
        "Exporter reports success before (and regardless of whether) the importer stored the archive"
    );
}

#[test]
fn a_mutant_is_found_and_drawn() {
    let output = run(["check", "--size", "small", "--mutant", "M-10"], b"");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.starts_with("M-10: No confirmation is needed.\nP-GATE in HH-documented-honest: VIOLATED (in "),
        "{printed}"
    );
    assert!(printed.contains("```mermaid\nsequenceDiagram\n"), "{printed}");
    let output = run(["check", "--size", "small", "--mutant", "M-10", "--json"], b"");
    let kill: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&kill["mutant"], &kill["property"], &kill["verdict"]),
        (&"M-10".into(), &"P-GATE".into(), &"violated".into())
    );
    // The counterexample replays on the shipped reducers up to where they differ.
    let trace: Vec<_> =
        kill["counterexample"]["trace"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let folder = Folder::default();
    let replayed = run(["replay", text(&folder.file("trace", trace.join("\n")))], b"");
    assert_eq!(code(replayed.status), 1);
    assert!(String::from_utf8_lossy(&replayed.stderr).contains("the reducer gives"), "{}", shown(&replayed));
}

#[test]
fn the_way_to_a_goal_replays() {
    let reach = ["check", "--size", "small", "--config", "HH-documented-honest", "--reach", "both succeed", "--json"];
    let output = run(reach, b"");
    let way: Value = serde_json::from_slice(&output.stdout).unwrap();
    let trace: Vec<_> = way["trace"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let folder = Folder::default();
    let replayed = run(["replay", text(&folder.file("trace", trace.join("\n")))], b"");
    assert!(
        String::from_utf8_lossy(&replayed.stdout).ends_with("import 1: success\nexport 1: success\n"),
        "{}",
        shown(&replayed)
    );
}

#[test]
fn what_says_nothing_is_no_pass() {
    for (why, args) in [
        ("there is too little memory", &["--config", "HX-documented-guesses", "--memory", "1MiB"][..]),
        ("there is no memory", &["--config", "HH-documented-faults", "--memory", "1"]),
        (
            "it is a property of time, which does not pass",
            &["--config", "HH-documented-honest", "--property", "P-ENDS"],
        ),
    ] {
        let output = run(["check", "--size", "small"].iter().chain(args), b"");
        assert_eq!(code(output.status), 4, "{why}: {}", shown(&output));
    }
}

#[test]
fn what_is_not_there_is_a_usage_error() {
    for args in [
        &["--config", "HH"][..],
        &["--property", "P-NONE"],
        &["--mutant", "M"],
        &["--budget", "loss"],
        &["--budget", "bad=1"],
        &["--budget", "loss=256"],
        &["--pair", "AB"],
        &["--pair", "XH", "--config", "HH-documented-honest"],
        &["--reach", "both succeed"],
        &["--config", "HH-documented-honest", "--reach", "nothing"],
        &["--jobs", "0"],
        &["--all", "--pair", "HH"],
        &["--flaws", "--mutants"],
        &["--baseline", "there-is-no-such-report.json"],
        &["--mutant", "M-10", "--baseline", "any"],
    ] {
        let output = run(["check", "--size", "small"].iter().chain(args), b"");
        assert_eq!(code(output.status), 2, "{args:?}: {}", shown(&output));
    }
}

/// A run that was cut short says what to do; a place that cannot be written is found before the work.
#[test]
fn a_cut_run_and_a_wrong_place_say_what_to_do() {
    let cut = run(["check", "--size", "small", "--config", "HH-documented-honest", "--memory", "1"], b"");
    assert_eq!(code(cut.status), 4, "{}", shown(&cut));
    assert!(
        shown(&cut).contains("handfast: INCONCLUSIVE: a check was cut short; give it more --time or --memory\n"),
        "{}",
        shown(&cut)
    );
    // Without a loss no goal that needs one is reached: no time would help.
    let args = ["check", "--size", "small", "--config", "HH-documented-loss", "--budget", "loss=0"];
    let open = run(args, b"");
    assert_eq!(code(open.status), 4, "{}", shown(&open));
    assert!(!shown(&open).contains("cut short"), "{}", shown(&open));
    let folder = Folder::default();
    let refused = run(["check", "--size", "full", "--bless", text(&folder.path("no/graphs.txt"))], b"");
    assert_eq!(code(refused.status), 2, "{}", shown(&refused));
    assert!(shown(&refused).contains("there is no such file or folder; check the path\n"), "{}", shown(&refused));
    let refused = run(["check", "--size", "full", "--bless", text(&folder.path(""))], b"");
    assert_eq!(code(refused.status), 2, "{}", shown(&refused));
    assert!(shown(&refused).contains("this is a folder, and a file is needed"), "{}", shown(&refused));
}

/// A pipe is opened once, by what is written.
#[test]
fn what_is_accepted_is_written_into_a_pipe() {
    let folder = Folder::default();
    let fifo = folder.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let path = fifo.clone();
    let reader = thread::spawn(move || fs::read_to_string(path).unwrap());
    let output = run(["check", "--size", "small", "--property", "P-GATE", "--bless", text(&fifo)], b"");
    let written = reader.join().unwrap();
    assert!(written.contains("HH-documented-honest"), "{}{written}", shown(&output));
}
