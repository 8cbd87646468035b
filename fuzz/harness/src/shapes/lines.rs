//! Texts of lines: what a client saw, traces, and descriptions of ICE.

use arbitrary::Unstructured;
use fastrand::Rng;
use handfast::{
    limits::MAX_CANDIDATES,
    operations::OpId,
    outcome::Outcome,
    reducer::Config,
    trace::{Header, Step, Turn, VERSION, to_line},
};
use serde_json::{Value, json};

use super::units::{Kind, Shape, Units, lines_after, mostly, near, one, some};
use crate::inputs;

/// Lines of JSON, after a byte of terms.
pub const DETAILS: Shape =
    Shape(Kind::Units(Units { whole: record, unit: seen, starts: |input| lines_after(input, 1) }));
/// Lines of a trace.
pub const TRACE: Shape = Shape(Kind::Units(Units { whole: trace, unit: turn, starts: |input| lines_after(input, 0) }));
/// A name, a password, and lines of candidates.
pub const ICE_TEXT: Shape =
    Shape(Kind::Units(Units { whole: description, unit: candidate, starts: |input| lines_after(input, 0) }));

fn record(rng: &mut Rng) -> Vec<u8> {
    let mut head = vec![rng.u8(..8)];
    if mostly(rng) {
        head.extend(
            format!("{}\n", json!({"observed": 1, "profile": one(rng, &["documented", "jamid"])})).into_bytes(),
        );
    }
    some(rng, head, 12, seen)
}

/// A line of what a client saw: a signal, or a call that returned.
fn seen(rng: &mut Rng) -> Vec<u8> {
    let import = rng.bool();
    let mut line = if rng.bool() { signal(import, rng) } else { call(import, rng) };
    line["side"] = if mostly(rng) == import { "import" } else { "export" }.into();
    // Time that stands still may be anywhere.
    line["t_ms"] = if mostly(rng) { 0 } else { rng.u64(..100) }.into();
    format!("{line}\n").into_bytes()
}

fn signal(import: bool, rng: &mut Rng) -> Value {
    let name = if import { "deviceAuthStateChanged" } else { "addDeviceStateChanged" };
    let state = if mostly(rng) { rng.u8(..6) } else { one(rng, &[6, 7, 127, 128, 255]) };
    let mut line = json!({"signal": name, "state": state, "details": details(rng)});
    if !import {
        line["op_id"] = operation(rng);
    }
    if !mostly(rng) {
        line["cause"] = "storage".into();
    }
    line
}

fn details(rng: &mut Rng) -> Value {
    let mut details = json!({});
    for _ in 0..rng.usize(..3) {
        let token = ["jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456", ""];
        let (key, words): (&str, &[&str]) = match rng.u8(..8) {
            0 => ("token", &token),
            1 => ("peer_id", &["a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", ""]),
            2 => ("auth_scheme", &["password", "", "none"]),
            3 => ("auth_error", &["bad_password", "invalid_credentials"]),
            4 => ("peer_address", &["192.0.2.7:4711", "[::1]:1", ""]),
            5 => ("sas", &["true", "false"]),
            6 => ("reason", &["", "timeout"]),
            _ => ("error", &["", "none"]),
        };
        let reasons = Outcome::ALL.map(Outcome::reason);
        details[key] = if key == "error" && rng.bool() { one(rng, &reasons) } else { one(rng, words) }.into();
    }
    details
}

fn operation(rng: &mut Rng) -> Value {
    if mostly(rng) { 1.into() } else { one(rng, &[0, 2, -1, i64::MAX]).into() }
}

fn call(import: bool, rng: &mut Rng) -> Value {
    let account = "7ebc28a51c09ba98";
    let (name, mut args, ret) = match (import, rng.u8(..4)) {
        (true, 0 | 1) => ("addAccount", json!({"Account.archiveURL": "jami-auth"}), json!(account)),
        (true, 2) => {
            let typed = one(rng, &["", "sesame", "<secret>"]);
            let scheme = one(rng, &["password", ""]);
            ("provideAccountAuthentication", json!({"credentials": typed, "scheme": scheme}), json!(rng.bool()))
        }
        (true, _) => one::<fn(bool) -> (&'static str, Value, Value)>(
            rng,
            &[
                |yes| ("removeAccount", json!({}), json!(yes)),
                |yes| ("compareAccount", json!({"equal": yes}), json!(yes)),
            ],
        )(rng.bool()),
        (false, 0 | 1) => ("addDevice", json!({"uri": "<token>"}), operation(rng)),
        (false, 2) => ("confirmAddDevice", json!({"op_id": operation(rng)}), json!(rng.bool())),
        (false, _) => one::<fn(bool, Value) -> (&'static str, Value, Value)>(
            rng,
            &[
                |yes, op| ("cancelAddDevice", json!({"op_id": op}), json!(yes)),
                |yes, op| ("compareAddDevice", json!({"op_id": op, "equal": yes}), json!(yes)),
            ],
        )(rng.bool(), operation(rng)),
    };
    if rng.bool() {
        args["account_id"] = account.into();
    }
    json!({"call": name, "args": args, "ret": ret})
}

fn trace(rng: &mut Rng) -> Vec<u8> {
    let config = Config::default();
    let head = Header { trace: VERSION, driver: "model".into(), import: Some(config), export: Some(config) };
    some(rng, format!("{}\n", to_line(&head)).into_bytes(), 12, turn)
}

/// A step with any input; the check finds the effects itself.
fn turn(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = [0; 40];
    rng.fill(&mut bytes);
    let mut from = Unstructured::new(&bytes);
    let turn = match rng.bool() {
        true => inputs::import(&mut from).map(|input| Turn::Import { input, effects: Vec::new() }),
        false => inputs::export(&mut from).map(|input| Turn::Export { input, effects: Vec::new() }),
    };
    let Ok(turn) = turn else { return b"{}\n".to_vec() };
    let mut line = to_line(&Step { t_ms: rng.u64(..100), op: OpId(1), turn, refused: None });
    // Without its checksum, the line is sealed by the check.
    if let (true, Some(at)) = (rng.bool(), line.rfind(",\"crc\"")) {
        line.replace_range(at.., "}");
    }
    format!("{line}\n").into_bytes()
}

fn description(rng: &mut Rng) -> Vec<u8> {
    let credentials =
        |rng: &mut Rng, length| std::iter::repeat_with(|| rng.alphanumeric()).take(length).collect::<String>();
    let lengths = if mostly(rng) { [8, 24] } else { [near(rng, &[4, 256]), near(rng, &[22, 256])] };
    let [name, password] = lengths.map(|length| credentials(rng, length));
    let head = format!("{name}\n{password}\n").into_bytes();
    some(rng, head, MAX_CANDIDATES + 9, candidate)
}

/// A line with at most one word that is not for us, or none at all.
fn candidate(rng: &mut Rng) -> Vec<u8> {
    let foundation = one(rng, &["H7f000001", "S1", "P1", "R1", "1"]);
    let priority = one(rng, &["1", "2130706431", "4294967295"]);
    let address = one(rng, &["127.0.0.1", "192.0.2.7", "::1", "fe80::1", "::ffff:1:2"]);
    let (port, kind) = (one(rng, &["1", "9", "4711", "65535"]), one(rng, &["host", "srflx", "prflx", "relay"]));
    let tcp = one(rng, &["active", "passive", "so"]);
    let mut words = [foundation, "1", "TCP", priority, address, port, "typ", kind, "tcptype", tcp];
    if !mostly(rng) {
        words[rng.usize(..words.len())] =
            one(rng, &["0", "2", "UDP", "tcp", "host.example", "65536", "4294967296", "-1", "x"]);
    }
    let words = if rng.u8(..32) == 0 { &words[..rng.usize(..words.len())] } else { &words };
    format!("{}\n", words.join(" ")).into_bytes()
}
