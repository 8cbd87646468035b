//! `handfast watch`: a stream of links is judged line by line, whatever program wrote it down.

use std::{fs, io::Write as _};

use serde_json::{Value, json};

use crate::support::{Folder, Side, code, run, shown, text};

/// Links of two real daemons, the pair and profile in their headers.
const REAL: [&str; 4] = [
    include_str!("vectors/no-password.ndjson"),
    include_str!("vectors/right-password.ndjson"),
    include_str!("vectors/wrong-thrice.ndjson"),
    include_str!("vectors/cancel-by-exporter.ndjson"),
];

/// The messages of the bus that a line was noted from: `busctl --json=short monitor` prints them so.
fn messages(line: &Value, serial: &mut u64) -> Vec<Value> {
    let side = line["side"].as_str().unwrap();
    let daemon = if side == "import" { ":1.1" } else { ":1.2" };
    let interface = "cx.ring.Ring.ConfigurationManager";
    let account = if side == "import" { "1111111111111111" } else { "2222222222222222" };
    let at = 1_700_000_000_000_000 + line["t_ms"].as_u64().unwrap() * 1000;
    let mut message = |kind: &str, more: Value| {
        *serial += 1;
        let mut message = json!({"type": kind, "cookie": *serial, "timestamp-realtime": at});
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        message
    };
    if let Some(signal) = line.get("signal") {
        let mut data = vec![json!(account)];
        data.extend(line.get("op_id").cloned());
        data.extend([line["state"].clone(), line["details"].clone()]);
        let payload = json!({"type": "", "data": data});
        return vec![message(
            "signal",
            json!({"sender": daemon, "interface": interface, "member": signal, "payload": payload}),
        )];
    }
    let args = &line["args"];
    let data = match line["call"].as_str().unwrap() {
        "addAccount" => json!([{"Account.archiveURL": args["Account.archiveURL"], "Account.type": "RING"}]),
        "provideAccountAuthentication" => json!([account, args["credentials"], args["scheme"]]),
        "addDevice" => json!([account, args["uri"]]),
        "removeAccount" => json!([account]),
        _ => json!([account, args["op_id"]]),
    };
    let payload = json!({"type": "", "data": data});
    let call = message(
        "method_call",
        json!({"sender": ":1.9", "destination": "cx.ring.Ring", "interface": interface, "member": line["call"],
               "payload": payload}),
    );
    let ret = if line["call"] == "addAccount" { json!(account) } else { line["ret"].clone() };
    let reply = json!({"sender": daemon, "destination": ":1.9", "reply_cookie": call["cookie"],
                       "payload": {"type": "", "data": [ret]}});
    vec![call, message("method_return", reply)]
}

fn busctl(trace: &str) -> String {
    let mut serial = 0;
    let lines = trace.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines = lines.filter(|line| line.get("observed").is_none());
    lines.flat_map(|line| messages(&line, &mut serial)).map(|message| format!("{message}\n")).collect()
}

/// The same messages as `dbus-monitor` prints them.
fn dbus_monitor(trace: &str) -> String {
    let mut out = String::new();
    for message in busctl(trace).lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let word = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let at = message["timestamp-realtime"].as_u64().unwrap();
        let time = format!("{}.{:06}", at / 1_000_000, at % 1_000_000);
        let (kind, sender, serial) = (word("type").replace('_', " "), word("sender"), &message["cookie"]);
        out += &format!("{kind} time={time} sender={sender} -> destination={} serial={serial}", word("destination"));
        match message.get("reply_cookie") {
            Some(reply) => out += &format!(" reply_serial={reply}\n"),
            None => out += &format!(" path=/x; interface={}; member={}\n", word("interface"), word("member")),
        }
        for value in message["payload"]["data"].as_array().unwrap() {
            match value {
                Value::String(text) => out += &format!("   string \"{text}\"\n"),
                Value::Bool(value) => out += &format!("   boolean {value}\n"),
                Value::Number(number) => out += &format!("   int32 {number}\n"),
                Value::Object(entries) => {
                    out += "   array [\n";
                    for (key, value) in entries {
                        let value = value.as_str().unwrap();
                        out += &format!(
                            "      dict entry(\n         string \"{key}\"\n         string \"{value}\"\n      )\n"
                        );
                    }
                    out += "   ]\n";
                }
                Value::Null | Value::Array(_) => {}
            }
        }
    }
    out
}

#[test]
fn links_of_real_daemons_end_as_allowed_in_each_format() {
    let folder = Folder::default();
    for trace in REAL {
        let captures = [trace.to_owned(), busctl(trace), dbus_monitor(trace)];
        for capture in captures {
            let out = folder.path("out.ndjson");
            let args = ["watch", "--complete", "--pair", "LL", "--profile", "jamid", "--out", text(&out)];
            let output = run(args, capture.as_bytes());
            assert_eq!(code(output.status), 0, "{}\n{capture}", shown(&output));
            // The lines that were kept are read again, and have no password.
            let kept = fs::read_to_string(&out).unwrap();
            let again = run(["watch", "--complete", "--pair", "LL", "--profile", "jamid"], kept.as_bytes());
            assert_eq!(shown(&again), shown(&output).replace("\r", ""), "{kept}");
            for password in ["richtig", "falsch", "secret", "wrong", "correct"] {
                assert!(!kept.contains(&format!("\"{password}")), "{kept}");
            }
        }
    }
}

/// One signal of a real link is changed: each format is refused at that line, by the grammar of states.
#[test]
fn a_changed_signal_is_refused_at_its_line() {
    let changed: Vec<String> = REAL[0]
        .lines()
        .map(|line| match line.contains("\"export\"") && line.contains("\"state\": 4") {
            true => line.replace("\"state\": 4", "\"state\": 2"),
            false => line.to_owned(),
        })
        .collect();
    let number = 1 + changed.iter().zip(REAL[0].lines()).position(|(one, other)| one != other).unwrap();
    let changed = changed.join("\n");
    let output = run(["watch"], changed.as_bytes());
    let said = shown(&output);
    assert_eq!(code(output.status), 1, "{said}");
    assert!(said.contains(&format!("VIOLATED in line {number}: ")), "{said}");
    assert!(said.contains("forbidden by P-GRAMMAR"), "{said}");
    assert!(said.contains("addDeviceStateChanged IN_PROGRESS"), "{said}");
    for capture in [busctl(&changed), dbus_monitor(&changed)] {
        let output = run(["watch", "--pair", "LL", "--profile", "jamid", "--json"], capture.as_bytes());
        assert_eq!(code(output.status), 1, "{}", shown(&output));
        assert!(shown(&output).contains("\"forbids\":\"P-GRAMMAR\""), "{}", shown(&output));
    }
}

/// A line of no format is flawed, and the next one may be of one: nothing of the stream is lost.
#[test]
fn a_line_of_another_program_before_the_link_is_flawed() {
    let trace = REAL[0];
    for capture in [trace.to_owned(), busctl(trace), dbus_monitor(trace)] {
        for first in ["client 1.0 starting", "1.0", "null", "[]", "{\"level\":\"info\"}", "{\"type\":\"log\"}", "{"] {
            let stream = format!("{first}\n{capture}");
            let output = run(["watch", "--pair", "LL", "--profile", "jamid"], stream.as_bytes());
            let said = shown(&output);
            assert_eq!(code(output.status), 1, "{first}: {said}");
            assert!(said.contains("NO LINE: line 1: it is of none of the formats"), "{first}: {said}");
            assert!(said.contains(": 1 link ended as allowed, 0 violated"), "{first}: {said}");
        }
    }
}

#[test]
fn a_stream_without_a_whole_link_is_no_pass() {
    let cases = [
        ("", &[][..], 4),
        ("{\"observed\":1}\n", &[], 4),
        ("hello\n", &["--format", "json"], 1),
        ("{\"observed\":1,\"pair\":\"XX\"}\n", &[], 1),
    ];
    for (input, args, expected) in cases {
        let output = run([&["watch"], args].concat(), input.as_bytes());
        assert_eq!(code(output.status), expected, "{input}: {}", shown(&output));
    }
    let first: String = REAL[0].lines().take(4).flat_map(|line| [line, "\n"]).collect();
    assert_eq!(code(run(["watch"], first.as_bytes()).status), 4, "it has not ended");
    assert_eq!(code(run(["watch", "--complete"], first.as_bytes()).status), 1, "and should have");
    assert_eq!(code(run(["watch", "/nonexistent"], b"").status), 2);
    let long = format!("{}\n{}", "x".repeat(100_000), REAL[0]);
    let output = run(["watch", "--format", "json"], long.as_bytes());
    assert_eq!(code(output.status), 1, "a line is too long");
    assert!(shown(&output).contains("1 link ended as allowed"), "and the others are read: {}", shown(&output));
}

/// A file that grows is followed, and an interrupt ends it with its verdict.
#[test]
fn a_file_that_grows_is_followed() {
    let folder = Folder::default();
    let path = folder.file("growing", "");
    let mut watch = Side::start(["watch", "--follow", "--json", text(&path)]);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    for line in REAL[0].lines() {
        writeln!(file, "{line}").unwrap();
    }
    let ended = watch.wait(|line| line["report"] == "ended");
    assert_eq!(ended["report"], "ended", "{ended}");
    watch.interrupt();
    assert_eq!(watch.end().code, 0);
}

/// A pipe that stays open and silent: an interrupt ends the wait, with the verdict on what came.
#[test]
fn an_interrupt_ends_the_wait_for_a_silent_pipe() {
    let mut watch = Side::start(["watch", "--json"]);
    let mut pipe = watch.stdin.take().unwrap();
    pipe.write_all(REAL[0].as_bytes()).unwrap();
    watch.wait(|line| line["report"] == "ended");
    watch.interrupt();
    let ended = watch.end();
    assert_eq!(ended.code, 0, "{:?}", ended.lines);
    drop(pipe);
}

/// The file that is read is not written, and a folder is no stream.
#[test]
fn what_is_read_is_not_written() {
    let folder = Folder::default();
    let path = folder.file("links", REAL[0]);
    let output = run(["watch", "--out", text(&path), text(&path)], b"");
    assert_eq!(code(output.status), 2, "{}", shown(&output));
    assert_eq!(fs::read_to_string(&path).unwrap(), REAL[0]);
    assert_eq!(code(run(["watch", text(&folder.path(""))], b"").status), 2);
}

/// `validate --complete` refuses a trace in which an operation has not ended.
#[test]
fn an_operation_that_has_not_ended_is_refused_as_incomplete() {
    let folder = Folder::default();
    let lines: Vec<&str> = REAL[0].lines().collect();
    for count in 2..=lines.len() {
        let file = folder.file("trace", lines[..count].join("\n"));
        let output = run(["validate", "--observed", "--complete", text(&file)], b"");
        let whole = count == lines.len();
        assert_eq!(code(output.status), i32::from(!whole), "{count} lines: {}", shown(&output));
    }
    let file = folder.file("trace", lines[..5].join("\n"));
    let output = run(["validate", "--observed", "--complete", text(&file)], b"");
    assert!(shown(&output).contains("has not ended"), "{}", shown(&output));
}
