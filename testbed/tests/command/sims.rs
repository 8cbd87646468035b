//! `handfast sim`.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _},
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Folder, code, handfast, run, shown, text};

#[test]
fn sessions_are_simulated_and_judged() {
    let args = ["sim", "--scenario", "no-fault", "--scenario", "cancel@import.asked", "--seeds", "3..5"];
    let output = run(args, b"");
    let table = String::from_utf8_lossy(&output.stdout);
    for part in [
        "seeds 3..5, of each scenario\n",
        "no-fault                    2      2     2  NO VIOLATION (bounded: 2 sessions); 2 x (success, success)\n",
        "2 scenarios, 4 sessions: all as expected\n",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    assert_eq!(run(args.iter().chain(&["--jobs", "1"]), b"").stdout, output.stdout);
}

#[test]
fn a_family_is_all_of_its_scenarios_and_shards_share_the_seeds() {
    let names = |shard: &str| -> BTreeSet<(String, u64)> {
        let output = run(["sim", "--scenario", "disk-full", "--seeds", "0..5", "--shard", shard, "--json"], b"");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = report["rows"].as_array().unwrap();
        rows.iter().map(|row| (row["scenario"].to_string(), row["runs"].as_u64().unwrap())).collect()
    };
    assert_eq!(names("0/2"), BTreeSet::from([("\"disk-full\"".into(), 3)]));
    assert_eq!(names("1/2"), BTreeSet::from([("\"disk-full\"".into(), 2)]));
}

#[test]
fn of_all_scenarios_seeds_take_turns() {
    let output = run(["sim", "--seeds", "3..5", "--timings"], b"");
    let table = String::from_utf8_lossy(&output.stdout);
    for part in [
        "seeds 3..5, each of one scenario\n",
        "\n2 scenarios, 2 sessions: all as expected\n",
        " sessions/s; ",
        " s of virtual time, ",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert_eq!(code(output.status), 0, "{}", shown(&output));
}

#[test]
fn what_is_not_there_is_a_usage_error() {
    for args in [
        &["--scenario", "nothing"][..],
        &["--seeds", "4"],
        &["--seeds", "4..4"],
        &["--shard", "2/2"],
        &["--budget", "10"],
        &["--engine", "steam"],
    ] {
        assert_eq!(code(run(["sim"].iter().chain(args), b"").status), 2, "{args:?}");
    }
}

/// A person who ends a sweep knows why it says nothing: no advice follows.
#[test]
fn an_interrupted_sweep_gives_no_advice() {
    let mut command = handfast(["sim", "--engine", "event", "--seeds", "0..100000000"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The signals are caught before the progress begins.
    let mut notes = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    notes.read_line(&mut line).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    notes.read_to_string(&mut line).unwrap();
    assert_eq!(code(output.status), 4, "{line}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("INCONCLUSIVE (not carried out: "), "{line}");
    assert!(line.ends_with("handfast: interrupted; again to end at once\n"), "{line}");
}

/// A sweep that says nothing says what to do, on standard error: standard output is as it was.
#[test]
fn an_inconclusive_sweep_says_what_to_do() {
    let folder = Folder::default();
    let out = folder.path("out");
    let few = ["sim", "--engine", "event", "--scenario", "early", "--seeds", "0..1"];
    let none = ["sim", "--scenario", "no-fault", "--seeds", "0..4", "--budget", "0s"];
    let kept = [&none[..], &["--out", text(&out)]].concat();
    for (args, hint) in
        [(&few[..], "give more seeds"), (&none, "give more time (--budget)"), (&kept, "the same command goes on")]
    {
        let output = run(args, b"");
        assert_eq!(code(output.status), 4, "{}", shown(&output));
        let notes = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(notes.contains("handfast: INCONCLUSIVE: ") && notes.contains(hint), "{notes}");
    }
}
