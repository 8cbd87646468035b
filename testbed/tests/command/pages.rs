//! The commands of the pages are commands: each is executed here, or only read, with the reason.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::{Folder, shown};

/// Folders of pages; of the first only its own.
const FOLDERS: [&str; 3] = ["", "docs", "docs/legacy"];

/// Commands that are executed, in this order, in one folder.
const EXECUTED: [&str; 5] = [
    "handfast archive new --size 65536 --output account.gz",
    "handfast archive inspect account.gz",
    "handfast token parse jami-auth://0123456789abcdef0123456789abcdef01234567/123456",
    "printf '\\202\\250schemeId\\0\\247payload\\200' | handfast message decode --json",
    "handfast check --config HH-documented-honest --property P-GATE",
];

/// The beginnings of commands that are not executed here, and why.
const READ_ONLY: [(&str, &str); 27] = [
    ("handfast explore ", "walks.rs writes the page"),
    ("handfast history", "histories.rs finds a bug, and model/tests/history.rs all of them"),
    ("handfast import ", "links.rs and screens.rs link two devices"),
    ("handfast export ", "links.rs and screens.rs link two devices"),
    ("handfast daemon ", "dbus.rs runs it on a private bus"),
    ("handfast drive ", "dbus.rs drives a daemon on a private bus"),
    ("handfast watch ", "watches.rs has streams for it"),
    ("handfast validate ", "validates.rs has traces for it"),
    ("handfast sim", "sims.rs and schedules.rs sweep; a page's sweep takes minutes or hours"),
    ("handfast merge ", "sweeps.rs merges shards"),
    ("handfast shrink ", "schedules.rs shrinks"),
    ("handfast diagram ", "diagrams.rs draws"),
    ("handfast intruder", "intruder.rs asks"),
    ("handfast interop ", "interops.rs plays matrices"),
    ("handfast kit ", "kits.rs plays the scripts"),
    ("python3 kit/player.py", "kits.rs plays the scripts"),
    ("handfast bench", "a benchmark is no test"),
    ("handfast check --all", "model/tests checks all configurations"),
    ("handfast verify", "CI runs it"),
    ("printf '%s\\0' \"$TOKEN\" |", "other_parsers.rs runs it"),
    ("cargo run --release -- verify", "CI runs it"),
    ("cargo run --release -- check", "it is `handfast check`, in a release build"),
    ("cargo test", "CI runs it"),
    ("cargo ", "the toolchain's"),
    ("bash .ci/run", "CI is it"),
    ("scripts/", "each script says what it needs"),
    ("fuzz/examples/other_parser.py", "other_parsers.rs runs it"),
];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The commands in the code blocks of a page, without comments and prompts.
fn commands(page: &str) -> Vec<String> {
    let mut code = None;
    let mut commands = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            code = if code.is_none() { Some(language) } else { None };
            continue;
        }
        if !matches!(code, Some("" | "sh")) {
            continue;
        }
        let mut line = line.strip_prefix("$ ").unwrap_or(line).to_owned();
        while line.ends_with('\\') {
            line.pop();
            line.push_str(lines.next().unwrap_or_default().trim_start());
        }
        let line = line.split("  #").next().unwrap_or_default().trim_end();
        let first = line.split(' ').next().unwrap_or_default();
        if matches!(first, "handfast" | "cargo" | "bash" | "printf")
            || first.contains("scripts/")
            || first.ends_with(".py")
        {
            commands.push(line.to_owned());
        }
    }
    commands
}

fn all_commands() -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(top().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let page = fs::read_to_string(&path).unwrap();
                all.extend(commands(&page).into_iter().map(|command| (path.clone(), command)));
            }
        }
    }
    all
}

#[test]
fn every_command_is_executed_or_has_a_reason() {
    let all = all_commands();
    assert!(all.len() > 30, "{all:?}");
    for (page, command) in &all {
        let known = EXECUTED.contains(&&**command) || READ_ONLY.iter().any(|(begin, _)| command.starts_with(begin));
        assert!(known, "{}: neither executed nor listed: {command}", page.display());
    }
    for command in EXECUTED {
        let cargo = command.replace("handfast", "cargo run --release --");
        assert!(all.iter().any(|(_, one)| one == command || *one == cargo), "no page has {command}");
    }
}

/// Options that a page names are options: clap reads each command of the program to the end.
#[test]
fn every_option_of_a_page_exists() {
    for (page, command) in all_commands() {
        let Some(arguments) = command.strip_prefix("handfast ") else { continue };
        let words = arguments.split(' ').map_while(|word| (!matches!(word, "|" | ">" | "<")).then_some(word));
        let options: Vec<_> = words.clone().filter(|word| word.starts_with("--") && word.len() > 2).collect();
        let names: Vec<_> = words.take_while(|word| !word.starts_with('-')).collect();
        // A build with the feature has them; CI has both.
        let of_bus = matches!(names[0], "daemon" | "drive") || options.contains(&"--bus");
        let of_browser = options.contains(&"--web");
        if of_bus && !cfg!(feature = "dbus") || of_browser && !cfg!(feature = "web") {
            continue;
        }
        let depth = if matches!(names[0], "token" | "message" | "archive") { 2 } else { 1 };
        let help = crate::support::run(names.iter().take(depth).copied().chain(["--help"]), b"");
        let help = String::from_utf8(help.stdout).unwrap();
        for option in options {
            let name = option.split('=').next().unwrap_or(option);
            let listed = help.split_whitespace().any(|word| word.trim_end_matches(',') == name);
            assert!(listed, "{}: {command}: there is no {option}", page.display());
        }
    }
}

#[test]
fn the_executed_commands_succeed() {
    let folder = Folder::default();
    let program = Path::new(env!("CARGO_BIN_EXE_handfast")).parent().unwrap().to_owned();
    let path = std::env::join_paths(
        [program].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    for command in EXECUTED {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
            .current_dir(folder.path(""))
            .env("PATH", path.as_ref().unwrap())
            .stdin(Stdio::null());
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{command}: {}", shown(&output));
    }
}

/// The README can be read in a few minutes, and its diagram is the one that the command prints.
#[test]
fn the_readme_is_short_and_its_diagram_is_true() {
    let readme = fs::read_to_string(top().join("README.md")).unwrap();
    assert!(readme.lines().count() <= 150, "{} lines", readme.lines().count());
    let output = crate::support::run(["check", "--mutant", "M-10"], b"");
    let printed = String::from_utf8(output.stdout).unwrap();
    let (_, diagram) = printed.split_once("```mermaid\n").unwrap();
    assert!(readme.contains(diagram.trim_end()), "README.md should have:\n{diagram}");
}
