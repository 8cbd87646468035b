//! The shell parts of the pipelines, executed as their services execute them: the action and the sweep of GitHub, the indexed job of
//! Kubernetes, the build of ClusterFuzzLite.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::support::{Folder, code, shown, text};

fn read(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap()
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The script of the step with this name: its `run`, in one line or in the lines that are further in.
fn script(pipeline: &str, step: &str) -> String {
    let mut lines = pipeline.lines().skip_while(|line| line.trim() != format!("- name: {step}"));
    let run =
        lines.find(|line| line.trim_start().starts_with("run:")).unwrap_or_else(|| panic!("{step} has no script"));
    let depth = run.len() - run.trim_start().len();
    match run.trim_start().trim_start_matches("run:").trim() {
        "|" => {
            let inside = |line: &&str| line.trim().is_empty() || line.len() - line.trim_start().len() > depth;
            lines
                .take_while(inside)
                .map(|line| line.get(depth + 2..).unwrap_or_default())
                .collect::<Vec<_>>()
                .join("\n")
        }
        line => line.to_owned(),
    }
}

fn executable(folder: &Folder, name: &str, script: &str) -> PathBuf {
    let path = folder.file(name, script);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Runs a script as GitHub runs one of `shell: bash`.
fn bash(folder: &Folder, script: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(folder.path(""));
    for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "CI_NODE_INDEX"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

/// The action publishes a report with the history, a summary of at most 60 lines and the exit code, also of a run that fails.
#[test]
fn the_action_gives_the_verdict_of_verify() {
    let action = read(".github/actions/verify/action.yml");
    let small = "--small --config HH-documented-honest --only configurations";
    for (arguments, history, wanted) in [
        (small, "true", 0),
        (small, "false", 0),
        ("--small --config HH-documented-honest --mutant M-10", "true", 1),
        // Bugs that are not found any more.
        (small, "lost", 4),
    ] {
        let folder = Folder::default();
        fs::create_dir_all(folder.path("handfast/bin")).unwrap();
        let bugs =
            r#"[{"id":"H-8","merged":"2025-08-08","fix":"2bcfc52","broke":"Both waited.","mark":"found","shown":[]}]"#;
        let status = if history == "lost" { 4 } else { 0 };
        // The search of all bugs takes long: histories.rs makes it.
        let real = env!("CARGO_BIN_EXE_handfast");
        let stub =
            format!("#!/bin/sh\nif [ \"$1\" = history ]; then echo '{bugs}'; exit {status}; fi\nexec {real} \"$@\"\n");
        executable(&folder, "handfast/bin/handfast", &stub);
        let [summary, output] = ["summary", "output"].map(|name| folder.file(name, ""));
        let top = folder.path("");
        let history = if history == "false" { "false" } else { "true" };
        let variables = [
            ("RUNNER_TEMP", text(&top)),
            ("ARGUMENTS", arguments),
            ("FOLDER", "report"),
            ("HISTORY", history),
            ("GITHUB_STEP_SUMMARY", text(&summary)),
            ("GITHUB_OUTPUT", text(&output)),
        ];
        let ran = bash(&folder, &script(&action, "Verify"), &variables);
        assert_eq!(code(ran.status), 0, "{}", shown(&ran));
        assert_eq!(fs::read_to_string(&output).unwrap(), format!("exit-code={wanted}\n"), "{}", shown(&ran));
        let summary = fs::read_to_string(summary).unwrap();
        assert!(summary.lines().count() <= 60 && summary.contains("AS EXPECTED"), "{summary}");
        for name in ["report.html", "report.json", "report.sarif", "junit.xml"] {
            assert!(folder.path("report").join(name).metadata().unwrap().len() > 0, "{name}");
        }
        let report = fs::read_to_string(folder.path("report/report.json")).unwrap();
        assert_eq!(report.contains("Both waited."), history == "true");
        let verdict = bash(&folder, &script(&action, "Verdict"), &[("CODE", &wanted.to_string())]);
        assert_eq!(code(verdict.status), wanted);
    }
}

/// Two shards of the workflow, and the verdict on both.
#[test]
fn the_workflow_of_a_sweep_gives_the_verdict_of_all_shards() {
    let workflow = read(".github/workflows/sweep.yml");
    let folder = Folder::default();
    symlink(env!("CARGO_BIN_EXE_handfast"), folder.path("handfast")).unwrap();
    for shard in ["0/2", "1/2"] {
        let variables = [("SEEDS", "0..20000"), ("BUDGET", "20m"), ("SHARD", shard)];
        let swept = bash(&folder, &script(&workflow, "Sweep"), &variables);
        assert_eq!(code(swept.status), 0, "{}", shown(&swept));
    }
    fs::rename(folder.path("results"), folder.path("all")).unwrap();
    symlink(env!("CARGO_BIN_EXE_handfast"), folder.path("all/handfast")).unwrap();
    let merge = script(&workflow, "Merge").replace("chmod +x all/handfast\n", "");
    let merged = bash(&folder, &merge, &[]);
    assert_eq!(code(merged.status), 0, "{}", shown(&merged));
    // Without the second shard there is no verdict.
    fs::remove_file(folder.path("all/sweep-1-of-2.ndjson")).unwrap();
    let merged = bash(&folder, &merge, &[]);
    assert_eq!(code(merged.status), 4, "{}", shown(&merged));
}

/// A pod of the indexed job carries its shard out, of as many as there are completions.
#[test]
fn the_indexed_job_carries_its_shard_out() {
    let job = read("scripts/kubernetes/sweep.yaml");
    let value = |name: &str| {
        let line = job.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
        line.trim_matches(|char: char| !char.is_ascii_digit())
            .split(|char: char| !char.is_ascii_digit())
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(value("value:"), value("completions:"));
    let line = job.lines().find_map(|line| line.trim().strip_prefix("- handfast sim ")).unwrap();
    let folder = Folder::default();
    let line = line.replace("0..100000000", "0..20000").replace("/results", text(&folder.path("results")));
    let bin = folder.path("bin");
    fs::create_dir(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_handfast"), bin.join("handfast")).unwrap();
    let path = format!("{}:{}", text(&bin), std::env::var("PATH").unwrap());
    let variables = [("PATH", &*path), ("JOB_COMPLETION_INDEX", "1"), ("HANDFAST_SHARDS", "2")];
    let ran = bash(&folder, &format!("handfast sim {line}"), &variables);
    assert_eq!(code(ran.status), 0, "{}", shown(&ran));
    assert!(folder.path("results/sweep-1-of-2.ndjson").exists(), "{}", shown(&ran));
    // A pod that does not know how many there are fails, and is begun again.
    let lost = bash(&folder, &format!("handfast sim {line}"), &variables[..2]);
    assert_ne!(code(lost.status), 0, "{}", shown(&lost));
}

/// The build for ClusterFuzzLite gives each target with its corpus, its dictionary and its limits. A stub stands for cargo-fuzz.
#[test]
fn the_build_of_clusterfuzzlite_gives_every_target() {
    let python = Command::new("python3").arg("--version").output().is_ok_and(|python| python.status.success());
    let required = std::env::var_os("HANDFAST_REQUIRE").is_some_and(|value| value == "1");
    if !python {
        assert!(!required, "no python3");
        return eprintln!("skipped: no python3");
    }
    let folder = Folder::default();
    let source = folder.path("handfast");
    fs::create_dir_all(source.join("fuzz")).unwrap();
    for path in ["fuzz/fuzz_targets", "fuzz/corpus", "fuzz/dictionaries", "scripts"] {
        symlink(top().join(path).canonicalize().unwrap(), source.join(path)).unwrap();
    }
    let (bin, out) = (folder.path("bin"), folder.path("out"));
    fs::create_dir(&bin).unwrap();
    fs::create_dir(&out).unwrap();
    executable(&folder, "bin/rustc", "#!/bin/sh\necho 'host: here'\n");
    let stub = "#!/bin/sh\n[ \"$1 $2\" = 'fuzz build' ] || exit 1\nwhile [ \"$1\" != --target-dir ]; do shift; done\n\
                mkdir -p \"$2/here/release\"\nfor target in fuzz/fuzz_targets/*.rs; do touch \"$2/here/release/$(basename \"$target\" .rs)\"; done\n";
    executable(&folder, "bin/cargo", stub);
    let path = format!("{}:{}", text(&bin), std::env::var("PATH").unwrap());
    let top_of_all = folder.path("");
    let variables = [("PATH", &*path), ("SRC", text(&top_of_all)), ("OUT", text(&out))];
    let built = bash(&folder, &read(".clusterfuzzlite/build.sh"), &variables);
    assert_eq!(code(built.status), 0, "{}", shown(&built));
    let sources = fs::read_dir(top().join("fuzz/fuzz_targets")).unwrap().map(|entry| entry.unwrap().path());
    let names: Vec<_> = sources.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert!(names.len() > 10);
    for name in names.iter().filter(|name| *name != "empty") {
        for file in [name.clone(), format!("{name}.dict"), format!("{name}.options"), format!("{name}_seed_corpus.zip")]
        {
            assert!(out.join(&file).exists(), "{file} is missing");
        }
    }
    assert!(fs::read_to_string(out.join("details.options")).unwrap().contains("max_len = 6000"));
    assert!(!out.join("empty").exists());
}
