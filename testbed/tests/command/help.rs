//! The text of `--help`, of every command.

use crate::support::{code, handfast, run, shown};

/// The commands that the help of `command` lists.
fn listed(help: &str) -> Vec<String> {
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

/// The help of a command and of all below it.
fn pages(path: &[String], pages_so_far: &mut Vec<String>) {
    let output = run(path.iter().cloned().chain(["--help".into()]), b"");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let title = [&["handfast".to_owned()], path].concat().join(" ");
    pages_so_far.push(format!("# {title}\n\n{}", text.trim_end()));
    for name in listed(&text) {
        pages(&[path, &[name]].concat(), pages_so_far);
    }
}

#[test]
fn every_command_explains_itself() {
    let mut all = Vec::new();
    pages(&[], &mut all);
    for page in &all[1..] {
        assert!(page.contains("Example"), "no example: {page}");
    }
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn what_is_not_offered_is_a_usage_error() {
    for args in [&["frobnicate"][..], &["token", "--frobnicate"], &["import"], &["export", "--archive", "a"], &[]] {
        assert_eq!(code(run(args, b"").status), 2, "{args:?}");
    }
}

#[test]
fn completions_and_manual_pages_are_made() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(["completions", shell], b"");
        assert!(output.status.success() && output.stdout.len() > 1000);
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    let output = handfast(["man"]).arg(&pages).output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    assert!(std::fs::read_to_string(pages.join("handfast-import.1")).unwrap().contains("password"));
}
