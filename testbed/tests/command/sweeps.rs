//! A sweep in one piece, cut off, and in shards: `handfast sim --out`, and `handfast merge`.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    thread::yield_now,
};

use handfast::trace::{from_line, to_line};
use serde_json::{Value, json};

use crate::support::{Folder, code, handfast, run, shown, text};

/// Blocks of a seed each, none of which takes long.
const EVENT: [&str; 8] = ["sim", "--engine", "event", "--scenario", "break", "--scenario", "hold", "--seeds"];
const TURMOIL: [&str; 6] = ["sim", "--scenario", "no-fault", "--scenario", "wrong-thrice", "--seeds"];

/// A sweep, whole and without a folder: what it prints, and its exit code.
fn whole(sweep: &[&str]) -> (String, i32) {
    let output = run(sweep, b"");
    (String::from_utf8(output.stdout).unwrap(), code(output.status))
}

fn kept(sweep: &[&str], out: &Path, more: &[&str]) -> (String, i32) {
    whole(&[sweep, &["--out", text(out)], more].concat())
}

fn merged(folders: &[&Path]) -> (String, i32) {
    let folders: Vec<_> = folders.iter().map(|folder| text(folder)).collect();
    whole(&[&["merge"], &*folders].concat())
}

/// The two engines' sweeps.
fn sweeps() -> [Vec<&'static str>; 2] {
    [[&EVENT[..], &["5..45"]].concat(), [&TURMOIL[..], &["0..4"]].concat()]
}

/// The law of sweeps: however it was cut, it prints the same, to the byte.
#[test]
fn in_one_piece_in_shards_and_twice_it_is_the_same() {
    for sweep in sweeps() {
        let folder = Folder::default();
        let (one, many) = (folder.path("one"), folder.path("many"));
        let expected = whole(&sweep);
        assert_eq!(expected.1, 0, "{}", expected.0);
        assert_eq!(kept(&sweep, &one, &[]), expected);
        assert_eq!(merged(&[&one]), expected);
        for index in 0..8 {
            kept(&sweep, &many, &["--jobs", "1", "--shard", &format!("{index}/8")]);
        }
        assert_eq!(merged(&[&many]), expected);
        assert_eq!(merged(&[&one, &many, &one]), expected, "what is there twice counts once");
        assert_eq!(kept(&sweep, &one, &[]), expected, "nothing is left to do");
        let json = |args: &[&str]| serde_json::from_str::<Value>(&whole(&[args, &["--json"]].concat()).0).unwrap();
        assert_eq!(json(&["merge", text(&many)]), json(&sweep));
    }
}

/// Killed after any byte of its results, a sweep goes on.
#[test]
fn cut_off_after_any_byte_it_goes_on() {
    let folder = Folder::default();
    let sweep = [&EVENT[..], &["5..11"]].concat();
    let (one, again) = (folder.path("one"), folder.path("again"));
    let expected = kept(&sweep, &one, &["--jobs", "1"]);
    let results = fs::read(one.join("sweep.ndjson")).unwrap();
    fs::create_dir(&again).unwrap();
    for cut in (0..results.len()).step_by(results.len() / 12) {
        fs::write(again.join("sweep.ndjson"), &results[..cut]).unwrap();
        let cut_off = merged(&[&again]);
        assert_ne!(cut_off, expected, "{cut} bytes");
        assert!(cut_off.1 == 2 || cut_off.1 == 4 && cut_off.0.contains("INCONCLUSIVE (not carried out: seeds "));
        assert_eq!(kept(&sweep, &again, &["--jobs", "1"]), expected, "{cut} bytes");
        assert_eq!(merged(&[&again]), expected);
        assert_eq!(fs::read(again.join("sweep.ndjson")).unwrap(), results);
    }
}

/// SIGKILL, at some moment in the middle: which one does not matter.
#[test]
fn a_killed_sweep_goes_on() {
    for sweep in [[&EVENT[..], &["0..3000"]].concat(), [&TURMOIL[..], &["0..16"]].concat()] {
        let folder = Folder::default();
        let out = folder.path("out");
        let mut child = handfast(sweep.iter().chain(&["--out", text(&out), "--jobs", "1"]));
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let results = out.join("sweep.ndjson");
        let lines = || fs::read(&results).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count());
        while lines() < 3 && child.try_wait().unwrap().is_none() {
            yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let before = lines();
        assert!(before >= 3);
        let expected = whole(&sweep);
        assert_eq!(kept(&sweep, &out, &[]), expected);
        assert_eq!(merged(&[&out]), expected);
        assert!(lines() >= before);
    }
}

/// No time, no pass.
#[test]
fn what_the_budget_left_out_is_named() {
    let folder = Folder::default();
    let out = folder.path("out");
    let sweep = [&EVENT[..], &["5..45"]].concat();
    let (table, code) = kept(&sweep, &out, &["--budget", "0s"]);
    assert_eq!(code, 4, "{table}");
    assert!(table.ends_with("0 sessions: INCONCLUSIVE (not carried out: seeds 5..45)\n"), "{table}");
    assert_eq!(merged(&[&out]), (table, 4));
    for index in [0, 2] {
        kept(&sweep, &out, &["--shard", &format!("{index}/4")]);
    }
    let (table, code) = merged(&[&out]);
    assert_eq!(code, 4, "{table}");
    assert!(table.contains("20 sessions: INCONCLUSIVE (not carried out: seeds 6..7, seeds 8..9, "), "{table}");
    let turmoil = [&TURMOIL[..], &["0..4"]].concat();
    let (table, code) = whole(&[&turmoil[..], &["--budget", "0s"]].concat());
    assert_eq!(code, 4, "{table}");
    assert!(table.contains("INCONCLUSIVE (not carried out: seeds 0..4)"), "{table}");
}

/// A file of results of one shard, and a change to one of its lines.
struct Results {
    folder: Folder,
    one: PathBuf,
    lines: Vec<String>,
}

impl Results {
    fn new() -> Self {
        let folder = Folder::default();
        let one = folder.path("one");
        kept(&[&EVENT[..], &["5..45"]].concat(), &one, &["--jobs", "1"]);
        let results = fs::read_to_string(one.join("sweep.ndjson")).unwrap();
        let lines = results.lines().map(Into::into).collect();
        Self { folder, one, lines }
    }

    /// Merges both, once a line of the other says something else.
    fn changed(&self, at: usize, change: impl FnOnce(&mut Value)) -> (String, i32) {
        let mut lines = self.lines.clone();
        let mut value: Value = from_line(&lines[at]).unwrap();
        change(&mut value);
        lines[at] = to_line(&value);
        let other = self.folder.file("other.ndjson", lines.join("\n") + "\n");
        let output = run(["merge", text(&self.one), text(&other)], b"");
        (String::from_utf8(output.stderr.clone()).unwrap(), code(output.status))
    }
}

/// The format is that of `docs/sweeps.md`.
#[test]
fn the_format_stays_as_it_is() {
    let folder = Folder::default();
    let mut all = Vec::new();
    for (sweep, seeds) in [(&EVENT[..], "5..6"), (&TURMOIL[..], "0..1")] {
        let out = folder.path(sweep[1]);
        kept(&[sweep, &[seeds]].concat(), &out, &["--jobs", "1"]);
        for line in fs::read_to_string(out.join("sweep.ndjson")).unwrap().lines() {
            let mut line: Value = from_line(line).unwrap();
            if let Some(program) = line.get_mut("program") {
                let text = program.as_str().unwrap();
                assert!(text.starts_with(concat!("handfast ", env!("CARGO_PKG_VERSION"), ", crc ")), "{text}");
                *program = "this program".into();
            }
            all.push(line.to_string());
        }
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let results = Results::new();
    assert_eq!(results.changed(0, |_| {}).1, 0);
    for (at, member, value, said, expected) in [
        (0, "/program", json!("handfast 0.0.9, crc 00000000"), "the programs differ: ", 2),
        (0, "/asked/seeds/end", json!(46), "the options differ: ", 2),
        (0, "/asked/scenarios", json!(["break"]), "the options differ: ", 2),
        (0, "/sweep", json!(2), "line 1: it is of version 2", 2),
        (0, "/asked/seeds/end", json!(u64::MAX), "line 1: a sweep has 1 to ", 2),
        (2, "/part/seeds/from", json!(99), "line 3: seeds 99..7 is no part of the sweep", 2),
        (2, "/came_to", json!({"event": {}}), "line 3: missing field", 2),
        (2, "/came_to/event/broken", json!(1), "seeds 6..7 came to something else than in ", 5),
    ] {
        let (text, code) = results.changed(at, |line| *line.pointer_mut(member).unwrap() = value);
        assert_eq!(code, expected, "{text}");
        assert!(text.contains(said), "{text}");
    }
    assert_eq!(code(run(["merge", text(&results.folder.path("nothing"))], b"").status), 2);
    assert_eq!(code(run(["merge", text(results.folder.path("").as_path())], b"").status), 2, "no file of results");
}

/// Damage is reported with its line, also where the sweep would go on; only a last line may be cut.
#[test]
fn damage_is_refused_with_its_line() {
    let results = Results::new();
    let file = results.one.join("sweep.ndjson");
    let sweep = [&EVENT[..], &["5..45"]].concat();
    for at in 0..results.lines.len() {
        let mut lines = results.lines.clone();
        let middle = lines[at].len() / 2;
        let mut bytes = std::mem::take(&mut lines[at]).into_bytes();
        bytes[middle] ^= 1;
        lines[at] = String::from_utf8(bytes).unwrap();
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        let sweep = [&sweep[..], &["--out", text(&results.one)]].concat();
        // To go on is slower than to merge, and reads with the same eyes.
        for args in [vec!["merge", text(&file)], sweep].iter().take(if at % 20 == 0 { 2 } else { 1 }) {
            let output = run(args, b"");
            assert_eq!(code(output.status), 2, "{}", shown(&output));
            assert!(shown(&output).contains(&format!("sweep.ndjson: line {}: the line is damaged", at + 1)));
        }
    }
}

#[test]
fn a_folder_of_another_sweep_is_left_alone() {
    let results = Results::new();
    let file = results.one.join("sweep.ndjson");
    OpenOptions::new().append(true).open(&file).unwrap().write_all(b"{\"part\":").unwrap();
    let before = fs::read(&file).unwrap();
    let output = run([&EVENT[..], &["5..10", "--out", text(&results.one)]].concat(), b"");
    assert_eq!(code(output.status), 2);
    assert!(shown(&output).contains("there are results of another sweep; the options differ"), "{}", shown(&output));
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn the_shard_is_the_scheduler_s_and_is_said() {
    let sweep = [&EVENT[..], &["0..8"]].concat();
    for (environment, said, of) in [
        (
            &[
                ("SLURM_ARRAY_TASK_ID", "5"),
                ("SLURM_ARRAY_TASK_MIN", "1"),
                ("SLURM_ARRAY_TASK_STEP", "2"),
                ("SLURM_ARRAY_TASK_COUNT", "4"),
            ][..],
            "shard 2/4, as Slurm says",
            "2/4",
        ),
        (&[("JOB_COMPLETION_INDEX", "1"), ("HANDFAST_SHARDS", "2")], "shard 1/2, as Kubernetes says", "1/2"),
        (&[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "2")], "shard 0/2, as GitLab says", "0/2"),
    ] {
        let asked = handfast([&sweep[..], &["--shard", "env"]].concat()).envs(environment.iter().copied()).output();
        let asked = asked.unwrap();
        assert!(shown(&asked).contains(said), "{}", shown(&asked));
        let given = handfast([&sweep[..], &["--shard", of]].concat()).output().unwrap();
        assert_eq!((code(asked.status), &asked.stdout), (code(given.status), &given.stdout));
        // A part that is not asked for is no verdict on anything: it may be that no one merges it.
        let unasked = handfast(&sweep).envs(environment.iter().copied()).output().unwrap();
        let text = String::from_utf8_lossy(&unasked.stdout).into_owned();
        assert_eq!(code(unasked.status), 4, "{}", shown(&unasked));
        assert!(text.starts_with(&*String::from_utf8_lossy(&given.stdout)), "{text}");
        assert!(text.lines().last().unwrap().starts_with("INCONCLUSIVE (a part of the seeds that "), "{text}");
        let mut all = handfast([&sweep[..], &["--shard", "0/1"]].concat());
        let all = all.envs(environment.iter().copied()).output().unwrap();
        assert_eq!(all.stdout, whole(&sweep).0.into_bytes(), "what is given goes before");
    }
    let output = handfast(&sweep).env("JOB_COMPLETION_INDEX", "1").output().unwrap();
    assert_eq!(code(output.status), 2, "{}", shown(&output));
    let output = handfast([&sweep[..], &["--shard", "env"]].concat()).output().unwrap();
    assert_eq!(code(output.status), 2, "{}", shown(&output));
}

#[test]
fn verdicts_are_written_for_ci() {
    let results = Results::new();
    let junit = results.folder.path("junit.xml");
    let output = run(["merge", "--junit", text(&junit), text(&results.one)], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let written = fs::read_to_string(junit).unwrap();
    assert!(written.contains("<testsuite name=\"event engine\" tests=\"2\" "), "{written}");
    assert!(written.contains("<testcase name=\"break\""), "{written}");
}

/// Two processes take the same steps, in both engines.
#[test]
fn the_digest_of_the_traces_is_the_same_in_every_process() {
    for sweep in sweeps() {
        let digest = |more: &[&str]| whole(&[&sweep[..], &["--digest"], more].concat());
        let (one, code) = digest(&[]);
        assert_eq!(code, 0);
        assert!(one.lines().count() > 8, "{one}");
        assert_eq!(digest(&["--jobs", "1"]).0, one);
        assert!(digest(&["--shard", "1/2"]).0.lines().skip(1).all(|line| one.contains(line)));
    }
}
