//! The report of a run: its four files, where they cannot be written, and with a mutant in the place of the shipped reducers.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Output,
    sync::OnceLock,
};

use serde_json::Value;

use crate::{
    schema::differences,
    support::{Folder, code, run, shown, text},
};

/// The most bytes of a page.
const MAX_PAGE: u64 = 3_000_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The smallest run that has all parts of the model.
const SMALL: [&str; 4] = ["verify", "--small", "--config", "documented-honest"];

/// Results of `handfast interop`, with members that a report does not show.
const INTEROP: &str = r#"[
  {"import":"hardened","export":"legacy","profile":"jamid","case":"dead-token","verdict":"passed","ends":["-","-"],"lines":4},
  {"import":"legacy","export":"legacy","profile":"jamid","case":"dead-token","verdict":"violated","known":"its known weakness","ends":["-","-"],"why":"late","lines":4},
  {"import":"legacy","export":"legacy","profile":"jamid","case":"no-account","verdict":"unsupported","ends":["-","-"],"lines":0},
  {"import":"hardened","export":"legacy","profile":"jamid","case":"no-account","verdict":"violated","ends":["-","-"],"why":"<b>odd</b>","lines":9}
]"#;
/// An output of `handfast history --json`, cut down.
const HISTORY: &str = r#"[
  {"id":"H-8","merged":"2025-08-08","fix":"2bcfc52","broke":"Both devices waited.","mark":"found","shown":[
    {"with":"before 2bcfc52","without":"of 2026-08","property":"P-GATE","configuration":"LL-jamid-plain (wrong=1)","as_stated":true,
     "counterexample":{"schedule":["one"],"mermaid":"sequenceDiagram\n    participant nc as New Client\n    participant nd as New Daemon\n    nc->>nd: addAccount(archiveURL=\"jami-auth\")\n","trace":[]}},
    {"with":"the same","without":"of 2026-08","property":"R-TOK-1","configuration":"a token","as_stated":false,
     "counterexample":{"schedule":["one"],"mermaid":"sequenceDiagram\n    participant nc as New Client\n    participant nd as New Daemon\n    nc->>nd: addAccount(archiveURL=\"jami-auth\")\n","trace":[]}}]},
  {"id":"H-9","merged":"2025-09-01","fix":"0000000","broke":"A table had no such token.","mark":"outside","reason":"it is in the client",
   "elsewhere":[{"file":"tests/one.rs"},{"file":"tests/two.rs","test":"a_name"}],"shown":[]}
]"#;
/// An output of `handfast bench --json`, cut down.
const FIGURES: &str = r#"{"rounds":5,"processors":2,"figures":[
  {"group":"wire","name":"loopback, frames, 64 KiB","unit":"rate","ours":{"lower":1e9,"median":1.1e9,"upper":1.2e9},
   "comparison":{"what":"bare copy","theirs":{"lower":2e9,"median":2e9,"upper":2e9},"ratio":{"lower":0.5,"median":0.55,"upper":0.6}},"reached":null},
  {"group":"wire","name":"loopback, frames, 1 MiB","unit":"rate","ours":{"lower":2e9,"median":2e9,"upper":2e9},"reach":{"at_least":3e9},"reached":false}
]}"#;

/// A report that several tests look at.
pub(crate) struct Reported {
    folder: Folder,
    output: Output,
}

impl Reported {
    fn new(args: &[&str]) -> Self {
        let folder = Folder::default();
        let path = folder.path("new/report");
        let output = run(SMALL.into_iter().chain(args.iter().copied()).chain(["--report", text(&path)]), b"");
        Self { folder, output }
    }

    /// That of the shipped reducers, made once.
    pub(crate) fn good() -> &'static Self {
        static GOOD: OnceLock<Reported> = OnceLock::new();
        GOOD.get_or_init(|| {
            let folder = Folder::default();
            let files = [("results.json", INTEROP), ("history.json", HISTORY), ("figures.json", FIGURES)];
            let [interop, history, bench] = files.map(|(name, json)| folder.file(name, json));
            let attached = ["--interop", text(&interop), "--history", text(&history), "--bench", text(&bench)];
            Self::new(&[&["--only", "configurations", "--only", "mutants"], &attached[..]].concat())
        })
    }

    /// That of a mutant in their place, made once.
    pub(crate) fn bad() -> &'static Self {
        static BAD: OnceLock<Reported> = OnceLock::new();
        BAD.get_or_init(|| Self::new(&["--mutant", "M-10"]))
    }

    /// A file of the report.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path("new/report").join(name)
    }
}

#[test]
fn a_report_is_as_its_schema_says() {
    let schema = json(&root().join("docs/report.schema.json"));
    for reported in [Reported::good(), Reported::bad()] {
        let report = json(&reported.file("report.json"));
        assert_eq!(differences(&schema, &report), Vec::<String>::new());
        assert_eq!(report["verdict"]["exit_code"], code(reported.output.status), "{}", shown(&reported.output));
        let stories = report["stories"].as_array().unwrap();
        let ids: BTreeSet<_> = stories.iter().map(|story| story["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), stories.len(), "an id is there twice");
        // The schema can fail.
        let mut damaged = report.clone();
        damaged["stories"][0]["kind"] = "other".into();
        assert_eq!(differences(&schema, &damaged).len(), 1);
    }
}

/// A part of a name that nothing has, and a mutant that is not in the reducers of a link, would pass without a check.
#[test]
fn what_would_check_nothing_is_refused() {
    for args in [["--config", "HH-documented-honst"], ["--mutant", "M-27"], ["--mutant", "M-16"]] {
        let output = run([&["verify", "--small"], &args[..]].concat(), b"");
        assert_eq!(code(output.status), 2, "{args:?}: {}", shown(&output));
        assert!(shown(&output).contains(args[0]), "{}", shown(&output));
    }
}

#[test]
fn what_passes_has_ways_machines_and_mutants() {
    let reported = Reported::good();
    assert_eq!(code(reported.output.status), 0, "{}", shown(&reported.output));
    let report = json(&reported.file("report.json"));
    let of = |kind: &str| report["stories"].as_array().unwrap().iter().filter(|story| story["kind"] == kind).count();
    assert_eq!(of("violation"), 0);
    assert!(of("success") >= 3 && of("mutant") > 50, "{} {}", of("success"), of("mutant"));
    let machines = report["machines"].as_array().unwrap();
    assert_eq!(machines.len(), 4);
    let edges = || machines[..2].iter().flat_map(|machine| machine["edges"].as_array().unwrap());
    assert!(edges().filter(|edge| edge.get("reason").is_none()).all(|edge| edge["counts"][0].as_u64() > Some(0)));
    let sarif = json(&reported.file("report.sarif"));
    assert_eq!(sarif["runs"][0]["results"], Value::Array(Vec::new()));
}

/// The matrix of programs, the history of bugs and the figures are shown as they were given, and a report without them has none.
#[test]
fn results_of_other_commands_are_shown() {
    let report = json(&Reported::good().file("report.json"));
    assert_eq!(report["interop"][1]["known"], "its known weakness");
    assert_eq!(report["history"][0]["shown"][0]["property"], "P-GATE");
    let page = fs::read_to_string(Reported::good().file("report.html")).unwrap();
    for part in [
        "<th scope=\"col\">legacy to hardened, jamid</th>",
        "<tr><th scope=\"row\">dead-token</th><td class=\"mark ok\">✓</td><td class=\"mark known\">✗</td></tr>",
        "<tr><th scope=\"row\">no-account</th><td class=\"mark bad\">!</td><td class=\"mark none\">–</td></tr>",
        "<b>dead-token, legacy to legacy, jamid</b>: its known weakness",
        "&lt;b&gt;odd&lt;/b&gt;",
        "<tr id=\"H-8\">",
        "<a href=\"#P-GATE\">P-GATE</a> in LL-jamid-plain (wrong=1), before 2bcfc52",
        "<b>not found</b>: it is in the client",
        "<details class=\"way\" id=\"H-8-way-1\">",
        "<a href=\"#H-8-way-1\">diagram</a>",
        "aria-label=\"Diagram: H-8: before 2bcfc52\"",
        "It is the run of <a href=\"#H-8-way-1\">",
        "<a href=\"#R-TOK-1\">R-TOK-1</a> in a token, the same <a href=\"#H-8-way-2\">diagram</a> <b class=\"bad\">not as stated</b>",
        "Its class is caught by <code>tests/one.rs</code>, <code>tests/two.rs::a_name</code>.",
        "aria-label=\"Rate by size: loopback, frames\"",
        "<td>≥ 2.79 GiB/s <b class=\"bad\">NOT REACHED</b></td>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let report = json(&Reported::bad().file("report.json"));
    let page = fs::read_to_string(Reported::bad().file("report.html")).unwrap();
    for (member, section) in [("interop", "interop"), ("history", "history"), ("bench", "speed")] {
        assert!(report.get(member).is_none() && !page.contains(&format!("id=\"{section}\"")), "{member}");
    }
}

/// A report takes what the other commands really write.
#[test]
fn results_of_other_commands_are_taken_as_they_are_written() {
    let folder = Folder::default();
    let results = folder.path("results");
    let played = run(["interop", "--ours", "--case", "no-password", "--output", text(&results)], b"");
    assert_eq!(code(played.status), 0, "{}", shown(&played));
    let found = run(["history", "--only", "H-17", "--json"], b"");
    let measured = run(["bench", "--quick", "--rounds", "1", "--only", "steps", "--json"], b"");
    let [history, bench] = [("history.json", &found), ("figures.json", &measured)]
        .map(|(name, output)| folder.file(name, std::str::from_utf8(&output.stdout).unwrap()));
    let (interop, report) = (results.join("results.json"), folder.path("report"));
    let attached = ["--interop", text(&interop), "--history", text(&history), "--bench", text(&bench)];
    let part = ["--only", "configurations", "--config", "HH-documented-honest"];
    let args = ["verify", "--small", "--report", text(&report)].into_iter().chain(part);
    let output = run(args.chain(attached), b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let report = json(&report.join("report.json"));
    assert_eq!(differences(&json(&root().join("docs/report.schema.json")), &report), Vec::<String>::new());
    assert!(report["interop"].as_array().unwrap().iter().all(|cell| cell["verdict"] == "passed"));
    assert!(
        report["history"][0]["shown"][0]["counterexample"]["mermaid"].as_str().unwrap().contains("sequenceDiagram")
    );
    let figures = report["bench"]["figures"].as_array().unwrap();
    assert!(!figures.is_empty() && figures.iter().all(|figure| figure["ours"]["median"].as_f64() > Some(0.0)));
}

/// A file that is not there, is no result, or has none is refused before the run.
#[test]
fn files_of_other_commands_are_refused_before_the_work() {
    let folder = Folder::default();
    let report = folder.path("report");
    let files = [
        folder.path("missing"),
        folder.file("text", "no JSON"),
        folder.file("empty", "[]"),
        folder.file("other", r#"[{"import":"a","export":"b","profile":"jamid","case":"c","verdict":"PASSED"}]"#),
    ];
    for option in ["--interop", "--history", "--bench"] {
        for file in &files {
            let refused = run(["verify", "--report", text(&report), option, text(file)], b"");
            assert_eq!(code(refused.status), 2, "{}", shown(&refused));
            let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(complaint.contains(&format!(" {option} {}: ", file.display())), "{complaint}");
        }
        let alone = run(["verify", option, text(&files[1])], b"");
        assert!(code(alone.status) == 2 && shown(&alone).contains("--report"), "{}", shown(&alone));
    }
    assert!(!report.exists());
}

#[test]
fn a_page_is_one_small_file_that_loads_nothing() {
    for reported in [Reported::good(), Reported::bad()] {
        let path = reported.file("report.html");
        assert!(path.metadata().unwrap().len() < MAX_PAGE, "{} bytes", path.metadata().unwrap().len());
        let page = fs::read_to_string(path).unwrap();
        for part in [" src=", "<link", "@import", "url(http", "href=\"http"] {
            assert!(!page.contains(part), "{part}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

/// One run may show several properties: its diagram is drawn once, and the others lead to it.
#[test]
fn each_run_is_drawn_once() {
    for reported in [Reported::good(), Reported::bad()] {
        let report = json(&reported.file("report.json"));
        let stories = report["stories"].as_array().unwrap();
        let runs: BTreeSet<_> =
            stories.iter().map(|story| (story["kind"].as_str(), story["mermaid"].as_str())).collect();
        let page = fs::read_to_string(reported.file("report.html")).unwrap();
        let count = |part: &str| page.matches(part).count();
        // The two exhibits of H-8 are one run as well.
        let attached = usize::from(report.get("history").is_some());
        assert_eq!(count("aria-label=\"Sequence diagram\""), runs.len() + attached);
        assert_eq!(count("<p class=\"same\">It is the run of "), stories.len() - runs.len() + attached);
    }
    assert!(fs::read_to_string(Reported::good().file("report.html")).unwrap().contains("<p class=\"same\">"));
}

#[test]
fn a_mutant_is_reported_with_its_way_requirement_and_line() {
    let reported = Reported::bad();
    assert_eq!(code(reported.output.status), 1, "{}", shown(&reported.output));
    let report = json(&reported.file("report.json"));
    let stories = report["stories"].as_array().unwrap();
    let way = stories.iter().find(|story| story["kind"] == "violation" && story["property"] == "P-GATE").unwrap();
    assert!(way["why"].as_str().unwrap().contains("No confirmation is needed."), "{way}");
    let last = way["narration"].as_array().unwrap().last().unwrap();
    assert!(last["text"].as_str().unwrap().starts_with("This violates P-GATE"), "{last}");
    let page = fs::read_to_string(reported.file("report.html")).unwrap();
    let first = page.find("<section").map(|at| &page[at..at + 40]).unwrap();
    assert!(first.contains("failures"), "{first}");
    assert!(fs::read_to_string(reported.file("junit.xml")).unwrap().contains("<failure"));
}

/// The members that the schema of SARIF 2.1.0 requires, and places that cite the rule.
#[test]
fn findings_are_sarif() {
    for reported in [Reported::good(), Reported::bad()] {
        let sarif = json(&reported.file("report.sarif"));
        assert_eq!((sarif["version"].as_str(), sarif["runs"].as_array().map(Vec::len)), (Some("2.1.0"), Some(1)));
        let driver = &sarif["runs"][0]["tool"]["driver"];
        assert_eq!(driver["name"], "handfast");
        let rules: BTreeSet<_> =
            driver["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert!(rules.len() > 80);
        for result in sarif["runs"][0]["results"].as_array().unwrap() {
            let rule = result["ruleId"].as_str().unwrap();
            assert!(rules.contains(rule), "{rule}");
            assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let place = &result["locations"][0]["physicalLocation"];
            let source = fs::read_to_string(root().join(place["artifactLocation"]["uri"].as_str().unwrap())).unwrap();
            let line = source.lines().nth(place["region"]["startLine"].as_u64().unwrap() as usize - 1).unwrap();
            assert!(line.contains(rule.rsplit_once('-').unwrap().0), "{rule}: {line}");
        }
    }
    let bad = json(&Reported::bad().file("report.sarif"));
    assert!(!bad["runs"][0]["results"].as_array().unwrap().is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_the_work() {
    let folder = Folder::default();
    let file = folder.file("file", "");
    for (option, path) in [("--report", file.join("report")), ("--sarif", file.join("x/report.sarif"))] {
        let refused = run(["verify", option, text(&path)], b"");
        assert_eq!(code(refused.status), 2, "{}", shown(&refused));
        assert!(refused.stdout.is_empty(), "{}", shown(&refused));
        let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(complaint.starts_with(&format!("handfast: cannot use {option} ")), "{complaint}");
    }
}

#[test]
fn a_full_disk_changes_no_verdict() {
    let folder = Folder::default();
    let report = folder.path("report");
    fs::create_dir(&report).unwrap();
    symlink("/dev/full", report.join("report.html")).unwrap();
    let sarif = folder.path("found.sarif");
    symlink("/dev/full", &sarif).unwrap();
    let args = ["--mutant", "M-10", "--report", text(&report), "--sarif", text(&sarif)];
    let output = run(SMALL.into_iter().chain(args), b"");
    assert_eq!(code(output.status), 1, "{}", shown(&output));
    assert_eq!(output.stdout, Reported::bad().output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in ["the report is incomplete", "--sarif", "the file is incomplete"] {
        assert!(complaint.contains(part), "{part}: {complaint}");
    }
}

/// The path of the page stands on standard error, where it is part of no JSON.
#[test]
fn the_path_of_the_page_is_printed() {
    let folder = Folder::default();
    let report = folder.path("report");
    let args = ["--only", "configurations", "--report", text(&report)];
    let output = run(SMALL.iter().chain(&args), b"");
    let page = report.join("report.html");
    assert!(page.is_file(), "{}", shown(&output));
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(notes.contains(&format!("handfast: the report is {}\n", text(&page))), "{notes}");
    let file = folder.file("file", "");
    let refused = run(SMALL.iter().chain(&["--report", text(&file)]), b"");
    let expected = format!(
        "handfast: cannot use --report {}: there is a file of this name, and a folder is needed; give another name\n",
        text(&file)
    );
    assert_eq!((code(refused.status), String::from_utf8_lossy(&refused.stderr).into_owned()), (2, expected));
}
