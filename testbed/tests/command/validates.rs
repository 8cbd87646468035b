//! `handfast validate`: what our own two processes print is a run of the model, whatever their users do.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Ended, Folder, Relay, Side, code, run, shown, text};

/// A link that was seen and recorded.
pub(crate) struct Seen {
    folder: Folder,
    import: PathBuf,
    export: PathBuf,
}

/// How two sides are run.
struct Setting<'a> {
    profile: &'a str,
    /// The archive's password.
    protected: bool,
    /// The options of each side that say who answers for its user.
    import: &'a [&'a str],
    export: &'a [&'a str],
}

impl Seen {
    /// Runs a link, and lets `users` call what they like.
    fn link(setting: &Setting<'_>, users: impl FnOnce(&mut Side, &mut Side)) -> Self {
        let folder = Folder::default();
        let right = folder.file("right", "secret\n");
        let archive = folder.archive("archive", "64KiB", setting.protected.then_some(right.as_path()));
        let traces = [folder.path("import.trace"), folder.path("export.trace")];
        let both = |trace| vec!["--profile", setting.profile, "--trace", text(trace)];
        let mut importer = Side::import(&folder.path("store"), &[&both(&traces[0])[..], setting.import].concat());
        let mut more = [&both(&traces[1])[..], setting.export, &["--archive", text(&archive)]].concat();
        if setting.protected {
            more.extend(["--password-file", text(&right)]);
        }
        let mut exporter = Side::export(&mut importer, &more);
        users(&mut importer, &mut exporter);
        let (importer, exporter) = (importer.end(), exporter.end());
        Self::new(folder, &importer, &exporter)
    }

    pub(crate) fn new(folder: Folder, importer: &Ended, exporter: &Ended) -> Self {
        let lines = |ended: &Ended| ended.lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let (import, export) =
            (folder.file("import.ndjson", lines(importer)), folder.file("export.ndjson", lines(exporter)));
        Self { folder, import, export }
    }

    /// Both files, in either order, each by itself, and in one file; then the steps of the reducers.
    #[track_caller]
    pub(crate) fn is_allowed(&self) {
        let one = [&self.import, &self.export].map(|path| std::fs::read_to_string(path).expect("it is there")).concat();
        let one = self.folder.file("one.ndjson", one);
        let (import, export) = (text(&self.import), text(&self.export));
        for files in [&[import, export][..], &[export, import], &[import], &[export], &[text(&one)]] {
            let output = run([&["validate", "--observed"], files].concat(), b"");
            assert_eq!(code(output.status), 0, "{}{one:?}", shown(&output));
        }
        let traces = [self.folder.path("import.trace"), self.folder.path("export.trace")];
        if traces.iter().all(|trace| trace.exists()) {
            let (import, export) = (text(&traces[0]), text(&traces[1]));
            for files in [&[import, export][..], &[import], &[export]] {
                let output = run([&["validate"], files].concat(), b"");
                assert_eq!(code(output.status), 0, "{}", shown(&output));
            }
        }
    }
}

const PROFILES: [&str; 2] = ["documented", "jamid"];

#[test]
fn success_at_once_and_after_a_wrong_password() {
    for profile in PROFILES {
        Seen::link(&Setting { profile, protected: false, import: &["--yes"], export: &["--yes"] }, |_, _| {})
            .is_allowed();
        let folder = Folder::default();
        let typed = folder.file("typed", "wrong\nsecret\n");
        let import = ["--yes", "--password-file", text(&typed)];
        Seen::link(&Setting { profile, protected: true, import: &import, export: &["--yes"] }, |_, _| {}).is_allowed();
    }
}

#[test]
fn three_wrong_passwords() {
    for profile in PROFILES {
        let folder = Folder::default();
        let typed = folder.file("typed", "a\nb\nc\n");
        let import = ["--yes", "--password-file", text(&typed)];
        Seen::link(&Setting { profile, protected: true, import: &import, export: &["--yes"] }, |_, _| {}).is_allowed();
    }
}

const ASKED: [&str; 1] = ["--calls"];

#[test]
fn a_cancel_of_either_side() {
    for profile in PROFILES {
        let setting = Setting { profile, protected: false, import: &ASKED, export: &ASKED };
        let seen = Seen::link(&setting, |importer, exporter| {
            exporter.state(3);
            assert_eq!(exporter.call("confirmAddDevice", r#"{"op_id":1}"#), true);
            importer.state(3);
            assert_eq!(exporter.call("cancelAddDevice", r#"{"op_id":1}"#), true);
        });
        seen.is_allowed();
        let seen = Seen::link(&setting, |importer, exporter| {
            exporter.state(3);
            assert_eq!(exporter.call("confirmAddDevice", r#"{"op_id":1}"#), true);
            importer.state(3);
            assert_eq!(importer.call("removeAccount", "{}"), true);
        });
        seen.is_allowed();
    }
}

#[test]
fn calls_that_are_refused() {
    for profile in PROFILES {
        let setting = Setting { profile, protected: false, import: &ASKED, export: &ASKED };
        let seen = Seen::link(&setting, |importer, exporter| {
            let provide = "provideAccountAuthentication";
            exporter.state(3);
            assert_eq!(importer.call(provide, r#"{"scheme":"password","credentials":""}"#), false);
            assert_eq!(exporter.call("confirmAddDevice", r#"{"op_id":7}"#), false);
            assert_eq!(exporter.call("cancelAddDevice", r#"{"op_id":7}"#), false);
            assert_eq!(exporter.call("confirmAddDevice", r#"{"op_id":1}"#), true);
            assert_eq!(exporter.call("confirmAddDevice", r#"{"op_id":1}"#), false);
            assert_eq!(exporter.call("addDevice", r#"{"uri":"nonsense"}"#), -1);
            assert_eq!(exporter.call("addDevice", &format!(r#"{{"uri":"{}"}}"#, importer.token())), -2);
            importer.state(3);
            assert_eq!(
                importer.call(provide, r#"{"scheme":"","credentials":"","account_id":"0000000000000001"}"#),
                false
            );
            assert_eq!(importer.call("removeAccount", r#"{"account_id":"0000000000000001"}"#), false);
            assert_eq!(importer.call(provide, r#"{"scheme":"","credentials":""}"#), true);
            assert_eq!(importer.call(provide, r#"{"scheme":"","credentials":""}"#), false);
        });
        seen.is_allowed();
    }
}

#[test]
fn a_side_that_is_killed() {
    for import_dies in [true, false] {
        let folder = Folder::default();
        let archive = folder.archive("archive", "1MiB", None);
        let mut importer = Side::import(&folder.path("store"), &["--yes"]);
        let token = importer.token();
        let half_way = Relay::new(importer.listening(), 512 * 1024).address.to_string();
        let archive = text(&archive);
        let mut exporter =
            Side::start(["export", "--json", "--yes", "--archive", archive, "--peer", &half_way, &token]);
        importer.state(4);
        exporter.state(4);
        if import_dies {
            importer.kill();
        } else {
            exporter.kill();
        }
        let (importer, exporter) = (importer.end(), exporter.end());
        let seen = Seen::new(folder, &importer, &exporter);
        seen.is_allowed();
        // Nothing but a loss explains the end of the other side, if the traces are all that happened.
        let traces = [text(&seen.import), text(&seen.export)];
        let output = run(["validate", "--observed", "--whole", "--budget", "loss=0", traces[0], traces[1]], b"");
        assert_eq!(code(output.status), 1, "{}", shown(&output));
    }
}

const REAL: &str = include_str!("vectors/wrong-thrice.ndjson");

fn printed(args: &[&str], file: &Path) -> String {
    shown(&run([&["validate", "--observed"], args, &[text(file)]].concat(), b""))
}

#[test]
fn a_real_trace_is_explained_and_a_changed_one_is_not() {
    let folder = Folder::default();
    let whole = folder.file("whole", REAL);
    insta::assert_snapshot!("explained", printed(&[], &whole));
    let drawn = printed(&["--mermaid"], &whole);
    assert!(drawn.starts_with("sequenceDiagram\n"), "{drawn}");
    // The second answer.
    let without: String =
        REAL.lines().enumerate().filter(|(at, _)| *at != 13).map(|(_, line)| format!("{line}\n")).collect();
    let without = folder.file("without", without);
    insta::assert_snapshot!("refused", printed(&[], &without));
    let json = |file: &Path| -> Value {
        let output = run(["validate", "--observed", "--json", text(file)], b"");
        serde_json::from_slice(&output.stdout).expect("it is one line of JSON")
    };
    assert_eq!(json(&whole)["verdict"], "allowed");
    assert_eq!(json(&without)["verdict"], "refused");
    assert_eq!(json(&without)["lines"][0]["place"]["line"], 13);
}

#[test]
fn pair_and_profile_are_chosen() {
    let folder = Folder::default();
    let real = folder.file("real", REAL);
    let verdict = |args: &[&str]| code(run([&["validate", "--observed"], args, &[text(&real)]].concat(), b"").status);
    assert_eq!(verdict(&["--pair", "LL", "--profile", "jamid"]), 0);
    // Two answers in words of today's daemon, and no error that a hardened one has.
    assert_eq!(verdict(&["--pair", "LL", "--profile", "documented"]), 0);
    assert_eq!(verdict(&["--pair", "HH"]), 0);
    assert_eq!(verdict(&["--pair", "HH", "--profile", "documented"]), 1);
    assert_eq!(verdict(&["--pair", "HX"]), 2);
    assert_eq!(verdict(&["--budget", "luck=1"]), 2);
    assert_eq!(verdict(&["--delay", "signal=soon"]), 2);
}

#[test]
fn what_is_no_trace_is_refused() {
    let folder = Folder::default();
    for (content, said) in [
        ("", "there is no call and no signal in it"),
        ("hello", "line 1: byte 1: expected JSON"),
        (
            "{\"observed\":1,\"pair\":\"XY\"}\n{\"t_ms\":1,\"side\":\"import\",\"call\":\"addAccount\"}",
            "which is unknown",
        ),
    ] {
        let output = run(["validate", "--observed", text(&folder.file("trace", content))], b"");
        assert_eq!(code(output.status), 1, "{}", shown(&output));
        assert!(shown(&output).contains(said), "{}", shown(&output));
    }
    for args in [&["validate", "/nonexistent"][..], &["validate", "--observed", "/nonexistent"], &["validate"]] {
        assert_eq!(code(run(args, b"").status), 2);
    }
    assert_eq!(code(run(["validate", text(&folder.file("trace", "hello"))], b"").status), 1);
}

/// A step that replays, but that no one can have caused.
#[test]
fn a_recorded_input_needs_a_cause() {
    let setting = Setting { profile: "documented", protected: false, import: &["--yes"], export: &["--yes"] };
    let seen = Seen::link(&setting, |_, _| {});
    let export = std::fs::read_to_string(seen.folder.path("export.trace")).expect("it was recorded");
    let import = std::fs::read_to_string(seen.folder.path("import.trace")).expect("it was recorded");
    // An exporter that succeeded, and an importer that never got further than its token.
    let short: String = import.lines().take(3).map(|line| format!("{line}\n")).collect();
    let short = seen.folder.file("short.trace", short);
    let export = seen.folder.file("export.trace", export);
    assert_eq!(code(run(["validate", text(&short)], b"").status), 0);
    assert_eq!(code(run(["validate", text(&export)], b"").status), 0);
    let output = run(["validate", text(&short), text(&export)], b"");
    assert_eq!(code(output.status), 1, "{}", shown(&output));
    assert!(shown(&output).contains("line 2:3: export: Opened"), "{}", shown(&output));
}

/// A line of another operation, and a token of another device or with another code, are named, with the line that they differ from.
#[test]
fn a_line_of_another_operation_or_with_another_token_is_named() {
    let good = include_str!("vectors/no-password.ndjson");
    let folder = Folder::default();
    let (op, code_of, device) = ("1948252132", "/727601\"}, \"ret\": 1948252132", "799301de89386f6e");
    let confirm = format!("{{\"op_id\": {op}}}, \"ret\": true");
    let signal = format!("\"127.0.0.1:59875\"}}, \"op_id\": {op}");
    let added = good.lines().find(|line| line.contains("addDevice\"")).unwrap();
    let of_signal = format!("its op_id 77 is that of another operation: addDevice returned {op} in line 4");
    for (from, to, line, why) in [
        (confirm.clone(), confirm.replace(op, "77"), 8, of_signal.clone()),
        (signal.clone(), signal.replace(op, "77"), 7, of_signal),
        (
            code_of.to_owned(),
            code_of.replace("01", "02"),
            4,
            "its token has another code than the token in line 3".into(),
        ),
        (
            added.to_owned(),
            added.replace(device, "799301de89386f6f"),
            4,
            "its token is of another device than the token in line 3".into(),
        ),
    ] {
        assert!(good.contains(&from), "{from}");
        let path = folder.file("trace.ndjson", good.replace(&from, &to));
        let output = run(["validate", "--observed", text(&path)], b"");
        assert_eq!(code(output.status), 1, "{}", shown(&output));
        assert!(shown(&output).contains(&format!("\nnote on line {line}: {why}\n")), "{}", shown(&output));
        let json = run(["validate", "--observed", "--json", text(&path)], b"");
        let verdict: Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!(
            (&verdict["remarks"][0]["why"], &verdict["remarks"][0]["place"]["line"]),
            (&why.into(), &line.into())
        );
    }
    // A trace that is allowed, and one that is refused for another reason, have none.
    let path = folder.file("trace.ndjson", good.replace("\"127.0.0.1:59875\"", "\"nowhere\""));
    let output = run(["validate", "--observed", text(&path)], b"");
    assert!(code(output.status) == 1 && !shown(&output).contains("note on line"), "{}", shown(&output));
}
