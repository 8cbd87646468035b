//! `handfast kit`: scripts for clients, their player, and the clients of today.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

use crate::support::{Folder, code, run, shown, skipped, text};

/// Plays the scripts of a side to a known client. Returns the exit code and the summary.
fn played(folder: &Folder, client: &str, side: &str, options: &[&str]) -> Option<(i32, Value)> {
    let (player, scripts) = (folder.path("kit/player.py"), folder.path(&format!("kit/{side}.json")));
    let mut command = Command::new("python3");
    command.arg(player).arg(scripts).args(options).arg("--").arg(env!("CARGO_BIN_EXE_handfast"));
    let output = match command.args(["kit", "--client", client, "--side", side]).output() {
        Ok(output) => output,
        Err(error) => {
            assert!(std::env::var_os("HANDFAST_REQUIRE").is_none(), "python3 is required: {error}");
            skipped(format_args!("there is no python3: {error}"));
            return None;
        }
    };
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let summary = lines.lines().last().unwrap_or_else(|| panic!("{}", shown(&output)));
    Some((code(output.status), serde_json::from_str(summary).unwrap()))
}

/// The clients that ship break no rule in any script; those of today break exactly the rules of their known weaknesses.
#[test]
fn clients_of_today_fail_exactly_at_their_weaknesses() {
    let folder = Folder::default();
    let kit = folder.path("kit");
    let output = run(["kit", "--output", text(&kit)], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    for side in ["import", "export"] {
        let Some((code, summary)) = played(&folder, "hardened", side, &[]) else { return };
        assert_eq!((code, &summary["broken"]), (0, &serde_json::json!({})), "{side}: {summary}");
        assert!(summary["scripts"].as_u64().unwrap() > 100, "{side}: {summary}");
    }
    let expected: [(&str, &str, &[&str]); 6] = [
        ("qt", "import", &["W-34"]),
        ("qt", "export", &["W-35"]),
        ("android", "import", &["W-38"]),
        ("android", "export", &["W-36"]),
        ("ios", "import", &["W-10"]),
        ("ios", "export", &["W-10", "W-35"]),
    ];
    let found: Vec<_> = expected
        .iter()
        .map(|(client, side, _)| {
            let (_, summary) = played(&folder, client, side, &["--orderly"]).unwrap();
            let names = summary["weaknesses"].as_array().unwrap().iter();
            (*client, *side, names.map(|name| name.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>())
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(client, side, names)| (*client, *side, names.iter().map(|&name| name.to_owned()).collect()))
        .collect();
    assert_eq!(found, expected);
}

/// A client that dies is broken, and is started anew; one that answers nothing is no client.
#[test]
fn a_client_that_ends_is_broken() {
    let folder = Folder::default();
    let output = run(["kit", "--output", text(&folder.path("kit"))], b"");
    assert_eq!(code(output.status), 0, "{}", shown(&output));
    let (player, scripts) = (folder.path("kit/player.py"), folder.path("kit/export.json"));
    let played = |client: &str| {
        let mut command = Command::new("python3");
        command.arg(&player).arg(&scripts).args(["--orderly", "--", "sh", "-c", client]);
        command.env("HANDFAST", env!("CARGO_BIN_EXE_handfast")).output()
    };
    // It takes so many lines, and dies: `read` and `printf` pass each on at once.
    let some = r#"i=0; while [ $i -lt 4000 ] && read -r line; do printf '%s\n' "$line"; i=$((i + 1)); done"#;
    let dies = format!(r#"{some} | "$HANDFAST" kit --client hardened --side export"#);
    let Ok(output) = played(&dies) else { return };
    assert_eq!(code(output.status), 1, "{}", shown(&output));
    assert!(shown(&output).contains("broken (R-CLI-4)"), "{}", shown(&output));
    let answers = |does: &str| {
        let line = format!(r#"{{"offered": false, "does": {does}, "broken": false}}"#);
        format!("while read -r line; do echo '{line}'; done")
    };
    let (idle, wrong) = (answers("[]"), answers(r#"["show"]"#));
    for (client, why) in [
        ("exit 0", "does not answer"),
        ("echo hello", "does not answer"),
        ("echo '{}'", "does not answer"),
        (&wrong, "does not answer"),
        // It takes nothing, so that nothing was tried.
        (&idle, "began no link"),
    ] {
        let output = played(client).unwrap();
        assert_eq!(code(output.status), 3, "{client}: {}", shown(&output));
        assert!(shown(&output).contains(why), "{client}: {}", shown(&output));
    }
    let mut command = Command::new("python3");
    let output = command.arg(&player).args(["no-such.json", "--", "true"]).output().unwrap();
    assert_eq!(code(output.status), 2, "{}", shown(&output));
}

/// Lines that are no step of a side end a known client, with the line's number.
#[test]
fn a_line_that_is_no_step_is_refused() {
    for (line, expected) in [
        ("hello", "line 1"),
        (r#"{"action":"scan"}"#, "not a step of this side"),
        (r#"{"return":"addDevice","id":"one"}"#, "line 1"),
        (r#"{"signal":"deviceAuthStateChanged","id":1,"state":5,"details":{}}"#, "not a step of this side"),
    ] {
        let output = run(["kit", "--client", "hardened", "--side", "export"], line.as_bytes());
        assert_ne!(code(output.status), 0, "{line}");
        assert!(shown(&output).contains(expected), "{line}: {}", shown(&output));
    }
    assert_eq!(code(run(["kit"], b"").status), 2);
    assert_eq!(code(run(["kit", "--client", "hardened"], b"").status), 2);
}
