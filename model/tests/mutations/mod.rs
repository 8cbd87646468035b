//! Every way in which one line of a trace can be dropped, doubled, swapped or altered.

use serde_json::{Value, json};

/// A trace with one change.
pub(crate) struct Mutation {
    /// The line that it concerns, from 1 on.
    pub(crate) line: usize,
    /// The change, in words that are the same for the same change of the same kind of line.
    pub(crate) what: String,
    /// The trace.
    pub(crate) text: String,
}

/// The words for the end of a link, of both vocabularies.
const ERRORS: [&str; 7] = ["", "network", "timeout", "auth_error", "authentication", "canceled", "unknown"];
/// The additions of the documented vocabulary, and the possible additions to an end.
const EXTRA: [(&str, &[&str]); 4] = [
    ("reason", &["timeout", "canceled", "protocol", "storage", "peer"]),
    ("sent", &["true", "false"]),
    ("confirmed", &["true", "false"]),
    ("unheard", &["of"]),
];

/// All of them.
pub(crate) fn mutations(trace: &str) -> Vec<Mutation> {
    let lines: Vec<Value> = trace.lines().map(|line| serde_json::from_str(line).expect("a trace is JSON")).collect();
    let mut all = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if line.get("observed").is_some() {
            continue;
        }
        let mut add = |what: String, lines: Vec<Value>| {
            let text = lines.iter().map(|line| format!("{line}\n")).collect();
            all.push(Mutation { line: at + 1, what, text });
        };
        let name = name(line);
        let mut without = lines.clone();
        without.remove(at);
        add(format!("drop {name}"), without);
        let mut doubled = lines.clone();
        doubled.insert(at, line.clone());
        add(format!("double {name}"), doubled);
        if let Some(next) = lines.get(at + 1).filter(|next| next.get("observed").is_none()) {
            // Each takes the other's time, so that time does not go back.
            let mut swapped = lines.clone();
            (swapped[at], swapped[at + 1]) = (next.clone(), line.clone());
            (swapped[at]["t_ms"], swapped[at + 1]["t_ms"]) = (line["t_ms"].clone(), next["t_ms"].clone());
            add(format!("swap {name} and {}", self::name(next)), swapped);
        }
        for (what, altered) in alterations(line) {
            let mut lines = lines.clone();
            lines[at] = altered;
            add(format!("{name}: {what}"), lines);
        }
    }
    all
}

/// The kind of a line.
fn name(line: &Value) -> String {
    let side = line["side"].as_str().unwrap_or_default();
    match (line.get("call"), &line["state"]) {
        (Some(call), _) => format!("{side} {} → {}", call.as_str().unwrap_or_default(), answer(&line["ret"])),
        (None, state) => {
            let names = ["INIT", "TOKEN_AVAILABLE", "CONNECTING", "AUTHENTICATING", "IN_PROGRESS", "DONE"];
            let name = names[state.as_u64().unwrap_or(0) as usize];
            let error = line["details"].get("error").map_or_else(String::new, |error| format!(" {error}"));
            let again = if line["details"].get("auth_error").is_some() { " again" } else { "" };
            format!("{side} {name}{error}{again}")
        }
    }
}

fn answer(ret: &Value) -> String {
    match ret {
        Value::Bool(accepted) => accepted.to_string(),
        Value::Number(number) if number.as_i64() < Some(1) => number.to_string(),
        Value::Number(_) => "op_id".into(),
        Value::String(_) => "account".into(),
        Value::Null | Value::Array(_) | Value::Object(_) => "?".into(),
    }
}

/// Every altered form of a line.
fn alterations(line: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut set = |what: &str, path: &[&str], value: Option<Value>| {
        let mut altered = line.clone();
        let (last, parents) = path.split_last().expect("a path has an end");
        let parent = parents.iter().fold(&mut altered, |value, key| &mut value[*key]);
        let parent = parent.as_object_mut().expect("it is an object");
        match value {
            Some(value) => drop(parent.insert((*last).into(), value)),
            None => drop(parent.remove(*last)),
        }
        if altered != *line {
            all.push((what.to_owned(), altered));
        }
    };
    let other = if line["side"] == "import" { "export" } else { "import" };
    set("the other side", &["side"], Some(other.into()));
    if line.get("call").is_some() {
        match &line["ret"] {
            Value::Bool(accepted) => set("the other answer", &["ret"], Some((!accepted).into())),
            Value::Number(number) => {
                for error in [-3, -2, -1, 0] {
                    set(&format!("it returns {error}"), &["ret"], Some(error.into()));
                }
                if let Some(op @ 1..) = number.as_i64() {
                    set("another op_id", &["ret"], Some((op + 1).into()));
                }
            }
            Value::String(account) => {
                set("another account", &["ret"], Some(flip(account, 0).into()));
                set("no account", &["ret"], Some("x".into()));
            }
            Value::Null | Value::Array(_) | Value::Object(_) => {}
        }
        for (key, value) in line["args"].as_object().expect("a call has arguments") {
            let path = ["args", key.as_str()];
            match (key.as_str(), value.as_str().unwrap_or_default()) {
                ("op_id", _) => set("another op_id", &path, value.as_i64().map(|op| (op + 1).into())),
                ("uri", uri) => tokens(uri, |what, uri| set(what, &path, Some(uri.into()))),
                ("scheme", scheme) => {
                    set("another scheme", &path, Some(if scheme.is_empty() { "password" } else { "" }.into()));
                    set("an unknown scheme", &path, Some("key".into()));
                }
                ("credentials", _) => {
                    set("other credentials", &path, Some("something else".into()));
                    set("no credentials", &path, Some("".into()));
                }
                ("account_id", account) => set("another account", &path, Some(flip(account, 0).into())),
                (_, _) => set("another archiveURL", &path, Some("jami-nameserver".into())),
            }
        }
        return all;
    }
    for state in 0..=6u8 {
        set(&format!("state {state}"), &["state"], Some(state.into()));
    }
    if let Some(op) = line["op_id"].as_i64() {
        set("another op_id", &["op_id"], Some((op + 1).into()));
    }
    let details = line["details"].as_object().expect("a signal has details");
    for (key, value) in details {
        let path = ["details", key.as_str()];
        set(&format!("no {key}"), &path, None);
        let text = value.as_str().expect("details are text");
        match key.as_str() {
            "error" => ERRORS.iter().for_each(|error| set(&format!("error {error:?}"), &path, Some((*error).into()))),
            "token" => tokens(text, |what, token| set(what, &path, Some(token.into()))),
            "peer_id" => {
                set("another peer_id", &path, Some(flip(text, 0).into()));
                set("no account in peer_id", &path, Some(text[1..].into()));
            }
            "peer_address" => {
                set("another peer_address", &path, Some("192.0.2.7:4711".into()));
                set("no address in peer_address", &path, Some("192.0.2.7".into()));
            }
            "auth_scheme" => {
                set("another auth_scheme", &path, Some(if text.is_empty() { "password" } else { "" }.into()));
                set("auth_scheme \"none\"", &path, Some("none".into()));
            }
            "auth_error" => {
                let words = ["bad_password", "invalid_credentials", "unknown"];
                words.iter().for_each(|word| set(&format!("auth_error {word:?}"), &path, Some((*word).into())));
            }
            _ => {}
        }
    }
    if details.contains_key("auth_scheme") && !details.contains_key("auth_error") {
        for word in ["bad_password", "invalid_credentials"] {
            set("an auth_error", &["details", "auth_error"], Some(word.into()));
        }
    }
    for (key, words) in EXTRA {
        for word in words {
            set(&format!("{key} {word:?}"), &["details", key], Some(json!(word)));
        }
    }
    all
}

fn tokens(token: &str, mut set: impl FnMut(&str, String)) {
    if !token.starts_with("jami-auth://") {
        return set("a token", "jami-auth://bd4c80770a51666a0cd0d8b48e7622e67cc278dd/293286".into());
    }
    set("another device", flip(token, "jami-auth://".len()));
    set("another code", flip(token, token.len() - 1));
    set("no token", token[..token.len() - 1].into());
}

/// Another hexadecimal digit in the place of one; of a decimal one another decimal one.
fn flip(text: &str, at: usize) -> String {
    let digit = text[at..].chars().next().and_then(|digit| digit.to_digit(16)).expect("it is a digit");
    let other = char::from_digit(if digit == 9 { 8 } else { digit ^ 1 }, 16).expect("it is one too");
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}
