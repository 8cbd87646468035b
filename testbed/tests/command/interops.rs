//! `handfast interop`: implementations against each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::support::{Folder, Side, code, run, shown, skipped, text};

/// The cells that were played: exporter, importer, profile and case, with the line.
fn cells(output: &std::process::Output) -> BTreeMap<(String, String, String, String), Value> {
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let name = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.map(|row| ((name(&row, "export"), name(&row, "import"), name(&row, "profile"), name(&row, "case")), row))
        .collect()
}

/// The cases of a pair that have a verdict.
fn with(output: &std::process::Output, export: &str, import: &str, verdict: &str) -> BTreeSet<String> {
    let all = cells(output).into_iter();
    let own = all.filter(|((own, other, _, _), row)| own == export && other == import && row["verdict"] == verdict);
    own.map(|((_, _, _, case), _)| case).collect()
}

fn names(cases: &[&str]) -> BTreeSet<String> {
    cases.iter().map(|&case| case.to_owned()).collect()
}

fn fixed(name: &str) -> String {
    text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name)).to_owned()
}

/// A shell, and Python where it is needed.
fn has_python() -> bool {
    if Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return true;
    }
    assert!(std::env::var_os("HANDFAST_REQUIRE").is_none(), "python3 is required");
    skipped("there is no python3");
    false
}

/// The reducers that ship and those of today's daemon, over real sockets, and those that ship in both profiles. `interop --ours` plays all cases.
#[test]
fn our_four_sides_link() {
    let cases = ["no-password", "wrong-once", "cancel-asked", "split-writes"];
    let chosen: Vec<&str> = cases.iter().flat_map(|&case| ["--case", case]).collect();
    let output = run([&["interop", "--ours", "--json"], &chosen[..]].concat(), b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let all = cells(&output);
    let pairs: BTreeSet<_> = all.keys().map(|(export, import, profile, _)| (export, import, profile)).collect();
    assert_eq!((pairs.len(), all.len()), (5, 5 * cases.len()));
    assert!(all.values().all(|row| row["verdict"] == "passed"), "{}", shown(&output));
}

/// Each broken implementation fails in the cases in which what it breaks is seen, and in no other.
#[test]
fn broken_implementations_fail_exactly_where_they_must() {
    if !has_python() {
        return;
    }
    let cases = ["no-password", "cancel-asked", "bad-token"];
    let results = Folder::default();
    let folder = results.path("results");
    let junit = results.path("junit.xml");
    let chosen: Vec<&str> = cases.iter().flat_map(|&case| ["--case", case]).collect();
    let matrix = fixed("broken.toml");
    let args = ["interop", &matrix, "--json", "--output", text(&folder), "--junit", text(&junit)];
    let output = run([&args[..], &chosen].concat(), b"");
    assert_eq!(code(output.status), 1, "{}", shown(&output));
    assert_eq!(with(&output, "whole", "whole", "passed"), names(&cases), "{}", shown(&output));
    // IN_PROGRESS is missing where an archive is sent.
    let sent = names(&["no-password"]);
    assert_eq!(with(&output, "no-progress", "whole", "violated"), sent, "{}", shown(&output));
    assert_eq!(with(&output, "no-progress", "whole", "passed").len(), cases.len() - sent.len(), "{}", shown(&output));
    // A failure is no success.
    let failed = names(&["cancel-asked"]);
    assert_eq!(with(&output, "whole", "cheerful", "violated"), failed, "{}", shown(&output));
    assert_eq!(with(&output, "whole", "cheerful", "passed").len(), cases.len() - failed.len(), "{}", shown(&output));

    let cell = folder.join("whole to cheerful, documented/cancel-asked");
    let trace = fs::read_to_string(cell.join("trace.ndjson")).unwrap();
    assert!(trace.contains("deviceAuthStateChanged"), "{trace}");
    assert!(fs::read_to_string(cell.join("diagram.mmd")).unwrap().starts_with("sequenceDiagram"));
    let verdict: Value = serde_json::from_str(&fs::read_to_string(cell.join("verdict.json")).unwrap()).unwrap();
    assert!(verdict["why"].as_str().unwrap().contains("no run of HH"), "{verdict}");
    assert!(fs::read_to_string(folder.join("table.txt")).unwrap().contains("FAIL"));
    let xml = fs::read_to_string(&junit).unwrap();
    assert_eq!(
        xml.matches("<failure").count(),
        cells(&output).values().filter(|row| row["verdict"] == "violated").count()
    );
    // The kept trace is judged alike.
    let again = run(["validate", "--observed", text(&cell.join("trace.ndjson"))], b"");
    assert_eq!(code(again.status), 1, "{}", shown(&again));
}

/// Whether the process runs whose id is in a file. One that no one waited for does not.
fn runs(id: &Path) -> bool {
    let id = fs::read_to_string(id).unwrap();
    let stat = fs::read_to_string(Path::new("/proc").join(id.trim()).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// An implementation that imports, for a shell.
fn importer(name: &str, script: &str) -> String {
    format!("[[implementation]]\nname = \"{name}\"\nimport = [\"sh\", \"-c\", '{script}']\n")
}

/// A whole exporter.
const EXPORTER: &str = r#"
[[implementation]]
name = "whole"
export = [
    "{handfast}", "export", "--archive", "{archive}", "--password-file", "{password-file}", "--json", "--calls",
    "--peer", "{peer}", "{token}",
]
"#;

#[test]
fn programs_that_die_print_garbage_or_nothing_are_outcomes_and_leave_no_process() {
    let folder = Folder::default();
    let child = folder.path("child");
    let begins = r#"echo "{\"observed\":1}"; echo "{\"call\":\"addAccount\",\"ret\":\"0123456789abcdef\"}""#;
    let silent = format!("sleep 1000 & echo $! > {}; {begins}; wait", text(&child));
    let token = "jami-auth://0123456789abcdef0123456789abcdef01234567/123456";
    let shown_token = format!(
        r#"{begins}; echo "{{\"signal\":\"deviceAuthStateChanged\",\"state\":1,\"details\":{{\"token\":\"{token}\"}}}}""#
    );
    let dies = format!("{shown_token}; kill -KILL $$");
    let shims = [
        ("garbage", "echo hello"),
        ("array", "echo []"),
        ("endless", "yes | tr -d \"\\n\""),
        ("many", "yes {}"),
        ("dead", "exit 3"),
        ("dies", &dies),
        ("silent", &silent),
        ("unsupported", "exit 127"),
        ("caller", "echo \"{\\\"call\\\":\\\"removeAccount\\\",\\\"ret\\\":null}\""),
        ("typed", "echo \"{\\\"signal\\\":\\\"deviceAuthStateChanged\\\",\\\"state\\\":\\\"one\\\"}\""),
    ];
    let importers: String = shims.iter().map(|(name, script)| importer(name, script)).collect();
    let matrix = folder.file("matrix.toml", format!("deadline = 3\ncases = [\"no-password\"]\n{importers}{EXPORTER}"));
    let output = run(["interop", text(&matrix), "--json"], b"");
    assert_eq!(code(output.status), 1, "{}", shown(&output));
    let all = cells(&output);
    assert_eq!(all.len(), shims.len());
    let expected = [
        ("garbage", "violated", "no object of JSON"),
        ("array", "violated", "no object of JSON"),
        ("endless", "violated", "longer than"),
        ("many", "violated", "no header"),
        ("dead", "inconclusive", "exit status: 3"),
        ("dies", "inconclusive", "signal: 9"),
        ("silent", "inconclusive", "no state 1"),
        ("unsupported", "unsupported", "says so"),
        ("caller", "violated", "call of its own"),
        ("typed", "violated", "no number"),
    ];
    for (name, verdict, why) in expected {
        let row = &all[&("whole".into(), name.into(), "documented".into(), "no-password".into())];
        assert_eq!(row["verdict"], verdict, "{name}: {row}");
        assert!(row["why"].as_str().unwrap().contains(why), "{name}: {row}");
    }
    assert!(!runs(&child), "the child of a shim is left");
}

/// A case that no pair passes is reported as such, a known result is expected, and one that did not come is a difference.
#[test]
fn known_results_are_expected_and_cases_that_all_fail_are_named() {
    let folder = Folder::default();
    let shims = [importer("one", "exit 3"), importer("two", "exit 3")].concat();
    let file = |known: &str| {
        folder.file(
            "matrix.toml",
            format!("deadline = 3\ncases = [\"no-password\", \"bad-token\"]\n{shims}{EXPORTER}{known}"),
        )
    };
    let output = run(["interop", text(&file(""))], b"");
    assert_eq!(code(output.status), 4, "{}", shown(&output));
    assert!(shown(&output).contains("no-password passes in no pair"), "{}", shown(&output));
    let known = "[[known]]\ncases = [\"no-password\"]\nresult = \"inconclusive\"\nsays = \"status: 3\"\nwhy = \"W\"\n";
    let output = run(["interop", text(&file(known))], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let never = known.replace("status: 3", "status: 4");
    let output = run(["interop", text(&file(&never))], b"");
    assert!([4, 6].contains(&code(output.status)) && shown(&output).contains("did not come"), "{}", shown(&output));
}

#[test]
fn a_matrix_that_cannot_be_read_is_a_usage_error() {
    let folder = Folder::default();
    for (text_of, expected) in [
        ("[[implementation]]\nname = 7", "line 2"),
        ("[[implementation]]\nname = \"x\"\nimport = [\"no-such-program-5c1\"]", "no-such-program-5c1"),
        ("x", "line 1"),
        ("[[implementation]]\nname = \"x\"\nimport = [\"sh\"]", "no two implementations"),
    ] {
        let matrix = folder.file("matrix.toml", text_of);
        let output = run(["interop", text(&matrix)], b"");
        assert_eq!(code(output.status), 2, "{}", shown(&output));
        assert!(shown(&output).contains(expected), "{}", shown(&output));
    }
    assert_eq!(code(run(["interop", "/no/such.toml"], b"").status), 2);
    assert_eq!(code(run(["interop", "--ours", "--case", "no-pasword"], b"").status), 2);
}

/// An interrupt ends the matrix, and its programs with it.
#[test]
fn an_interrupt_ends_the_programs() {
    let folder = Folder::default();
    let child = folder.path("child");
    let ready = folder.path("ready");
    assert!(Command::new("mkfifo").arg(&ready).status().is_ok_and(|status| status.success()));
    let script = format!("echo $$ > {}; echo > {}; sleep 1000", text(&child), text(&ready));
    let matrix =
        folder.file("matrix.toml", format!("cases = [\"no-password\"]\n{}{EXPORTER}", importer("silent", &script)));
    let side = Side::start(["interop", text(&matrix), "--json"]);
    // It is written to once the program runs.
    assert_eq!(fs::read_to_string(&ready).unwrap(), "\n");
    side.interrupt();
    let ended = side.end();
    assert_eq!(ended.code, 4, "{}", ended.complaints);
    // A line for each cell that came to its end: none.
    assert!(ended.lines.is_empty(), "{:?}", ended.lines);
    assert!(!runs(&child), "the program is left");
}

/// A program that prints what it was given, or nothing, is no shim, and the verdict says so.
#[test]
fn a_program_that_only_echoes_is_no_shim() {
    let folder = Folder::default();
    let importers = [importer("echo", "echo import"), importer("cat", "cat"), importer("nothing", "true")].concat();
    let matrix = folder.file("matrix.toml", format!("deadline = 2\ncases = [\"no-password\"]\n{importers}{EXPORTER}"));
    let output = run(["interop", text(&matrix), "--json"], b"");
    let all = cells(&output);
    for (name, says) in
        [("echo", "so the program is no shim"), ("cat", "may be no shim"), ("nothing", "may be no shim")]
    {
        let row = &all[&("whole".into(), name.into(), "documented".into(), "no-password".into())];
        assert!(row["why"].as_str().unwrap().contains(says), "{name}: {row}");
        assert!(row["why"].as_str().unwrap().contains("docs/interop.md"), "{name}: {row}");
    }
}
