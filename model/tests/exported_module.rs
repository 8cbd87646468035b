//! The exported module of TLA+ (`handfast check --export FILE.tla`) is the graph that it says: a checker which shares no line with ours,
//! tla-checker, finds as many states and steps in it, and the violation that a state has.
//!
//! It needs `tla` (`cargo install tla-checker --bin tla --locked`), which takes minutes to build: it is run at night.

use std::{
    env, fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use handfast_model::{
    config::{Size, find},
    explore::Limits,
    players::Players,
    written::{self, Format},
};
use serde_json::Value;

/// Whether there is the other checker. Where it has to be, its lack is a failure.
fn checker() -> bool {
    let mut command = Command::new("tla");
    let silent = command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let there = silent.is_ok_and(|status| status.success());
    let required = env::var_os("HANDFAST_REQUIRE").is_some_and(|value| value == "1");
    assert!(there || !required, "required, and missing: tla");
    if !there {
        // Past the harness, which shows what a test prints only when it fails.
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is no tla");
    }
    there
}

/// The module of a configuration, with how many states and steps our explorer found.
fn module(id: &str) -> (String, [usize; 2]) {
    let (configuration, mut out) = (find(Size::Small, id).unwrap(), Vec::new());
    let (players, limits) = (Players::default(), Limits::default());
    let measure = written::write(&players, configuration, Format::Tla, limits, || Ok(&mut out)).unwrap();
    (String::from_utf8(out).unwrap(), [measure.states, measure.edges])
}

/// Gives a module to the other checker, with both invariants.
fn check(folder: &str, id: &str, text: &str, more: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("module").join(folder);
    fs::create_dir_all(&folder).unwrap();
    let name = id.replace('-', "_");
    fs::write(folder.join(format!("{name}.tla")), text).unwrap();
    fs::write(folder.join("invariants.cfg"), "SPECIFICATION Spec\nINVARIANT TypeOK NothingViolated\n").unwrap();
    let mut command = Command::new("tla");
    command.arg(format!("{name}.tla")).args(["--config", "invariants.cfg", "--allow-deadlock", "--max-depth", "10000"]);
    command.args(more).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// The states and steps that it finds in a module without a violation.
fn counted(folder: &str, id: &str, text: &str) -> [usize; 2] {
    let output = check(folder, id, text, &["--json"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    let json = printed.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("no result: {printed}"));
    let printed: Value = serde_json::from_str(json).unwrap();
    assert_eq!((output.status.code(), &printed["status"]), (Some(0), &"ok".into()), "{printed}");
    ["states_explored", "transitions"].map(|name| printed["stats"][name].as_u64().unwrap() as usize)
}

#[test]
#[ignore = "it needs tla, which is built at night"]
fn another_checker_counts_the_same_states_and_steps() {
    if checker() {
        for id in ["HH-documented-honest", "HH-documented-storage", "HH-documented-timers", "HH-jamid-honest"] {
            let (text, ours) = module(id);
            assert_eq!(counted("whole", id, &text), ours, "{id}");
        }
        assert_eq!(counted("whole", "HH-documented-honest", &module("HH-documented-honest").0), [147, 172]);
    }
}

/// A step that is left out is missed, and an invariant that does not hold is violated.
#[test]
#[ignore = "it needs tla, which is built at night"]
fn another_checker_finds_another_graph_in_another_module() {
    if checker() {
        let id = "HH-documented-honest";
        let (text, ours) = module(id);
        let last = "{<<\"the new device gets\", 146>>}";
        assert!(text.contains(last));
        assert_ne!(counted("less", id, &text.replacen(last, "{}", 1)), ours);
        let wrong = text.replacen("NothingViolated == violated = {}", "NothingViolated == state < 100", 1);
        assert_eq!(check("wrong", id, &wrong, &[]).status.code(), Some(1));
    }
}

/// The violation that the states of today's daemons have, it finds as soon as our explorer does (W-25).
#[test]
#[ignore = "it needs tla, which is built at night"]
fn another_checker_finds_the_same_violation() {
    if checker() {
        let output = check("whole", "LL-jamid-plain", &module("LL-jamid-plain").0, &[]);
        let printed = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(1), "{printed}");
        assert!(printed.contains("(2 states)") && printed.contains("violated = {\"P-RETURN\"}"), "{printed}");
    }
}
