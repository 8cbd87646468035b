//! The output of `dbus-monitor`: a line for each message, and a line for each value of its body, indented.

use serde_json::{Map, Value};

use super::capture::{Captured, Kind};

/// Lines of the body of a message that are kept. A message of a link has some ten.
const MAX_BODY: usize = 4096;
/// Values within values.
const MAX_DEPTH: usize = 16;

/// Reads messages line by line.
#[derive(Default)]
pub(super) struct DbusMonitor {
    message: Option<Captured>,
    body: Vec<String>,
}

impl DbusMonitor {
    /// Reads a line. Returns the message that is whole because another one begins.
    pub(super) fn line(&mut self, text: &[u8]) -> Option<Captured> {
        let text = String::from_utf8_lossy(text);
        if text.starts_with(char::is_whitespace) {
            if self.message.is_some() && self.body.len() < MAX_BODY {
                self.body.push(text.trim().to_owned());
            }
            return None;
        }
        let whole = self.end();
        self.message = head(&text);
        whole
    }

    /// Returns the last message.
    pub(super) fn end(&mut self) -> Option<Captured> {
        let body = std::mem::take(&mut self.body);
        let mut message = self.message.take()?;
        let mut lines = body.iter().map(String::as_str);
        while let Some(value) = value(&mut lines, MAX_DEPTH) {
            message.body.push(value);
        }
        Some(message)
    }
}

/// Returns whether a line begins a message.
pub(super) fn begins_message(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.contains("sender=") && head(text.trim_start()).is_some())
}

/// Reads the line with which a message begins. `None`: another kind of line.
fn head(text: &str) -> Option<Captured> {
    let kinds = [
        ("method call", Kind::MethodCall),
        ("method return", Kind::MethodReturn),
        ("signal", Kind::Signal),
        ("error", Kind::Error),
    ];
    let (kind, rest) = kinds.into_iter().find_map(|(name, kind)| Some((kind, text.strip_prefix(name)?)))?;
    let field = |name: &str| {
        let words = rest.split([' ', ';']).filter(|word| !word.is_empty());
        words.filter_map(|word| word.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    };
    let number = |name: &str| field(name).and_then(|value| value.parse().ok()).unwrap_or(0);
    let seconds: f64 = field("time").and_then(|time| time.parse().ok()).unwrap_or(0.0);
    Some(Captured {
        kind,
        sender: field("sender").unwrap_or_default(),
        destination: field("destination").unwrap_or_default(),
        serial: number("serial"),
        reply_to: number("reply_serial"),
        interface: field("interface").unwrap_or_default(),
        member: field("member").unwrap_or_default(),
        at: (seconds * 1e6) as u64,
        body: Vec::new(),
    })
}

/// Reads a value, which may have several lines. `None`: there is none, or the end of what it stands in.
fn value<'a>(lines: &mut impl Iterator<Item = &'a str>, depth: usize) -> Option<Value> {
    let deeper = depth.checked_sub(1)?;
    let line = lines.next()?;
    let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
    Some(match kind {
        "string" => text(rest, lines).into(),
        "boolean" => (rest == "true").into(),
        "int32" | "uint32" | "int64" | "uint64" | "int16" | "uint16" | "byte" => {
            rest.parse::<i64>().map_or(Value::Null, Value::from)
        }
        "array" => {
            let mut entries = Map::new();
            let mut values = Vec::new();
            while let Some(value) = value(lines, deeper) {
                match value {
                    Value::Array(pair) if pair.len() == 3 && pair[0].is_null() => {
                        entries.insert(pair[1].as_str().unwrap_or_default().to_owned(), pair[2].clone());
                    }
                    value => values.push(value),
                }
            }
            // An array of entries is a dictionary; an empty one may be either, and links have dictionaries only.
            if values.is_empty() { Value::Object(entries) } else { Value::Array(values) }
        }
        // An entry: a mark, the key, the value.
        "dict" => {
            let (key, value_of) = (value(lines, deeper), value(lines, deeper));
            lines.next();
            Value::Array(vec![Value::Null, key.unwrap_or_default(), value_of.unwrap_or_default()])
        }
        "]" | ")" => return None,
        _ => Value::Null,
    })
}

/// Reads a text in quotation marks, which may go on in further lines.
fn text<'a>(rest: &str, lines: &mut impl Iterator<Item = &'a str>) -> String {
    let mut text = rest.strip_prefix('"').unwrap_or(rest).to_owned();
    while !text.ends_with('"') {
        let Some(more) = lines.next() else { break };
        text.push('\n');
        text.push_str(more);
    }
    text.pop();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNAL: &str = "\
signal time=1700000000.250000 sender=:1.2 -> destination=(null destination) serial=12 path=/cx/ring/Ring/ConfigurationManager; interface=cx.ring.Ring.ConfigurationManager; member=addDeviceStateChanged
   string \"d750031e509705b1\"
   uint32 7
   int32 3
   array [
      dict entry(
         string \"peer_address\"
         string \"127.0.0.1:4720\"
      )
   ]
method return time=1700000001.000000 sender=:1.2 -> destination=:1.5 serial=13 reply_serial=9
   boolean true
";

    #[test]
    fn messages_are_read_with_their_bodies() {
        let mut monitor = DbusMonitor::default();
        let mut messages: Vec<Captured> = SIGNAL.lines().filter_map(|line| monitor.line(line.as_bytes())).collect();
        messages.extend(monitor.end());
        let [signal, answer] = &messages[..] else { panic!("{messages:?}") };
        assert_eq!(
            (signal.kind, signal.member.as_str(), signal.sender.as_str()),
            (Kind::Signal, "addDeviceStateChanged", ":1.2")
        );
        assert_eq!(
            serde_json::to_string(&signal.body).unwrap(),
            r#"["d750031e509705b1",7,3,{"peer_address":"127.0.0.1:4720"}]"#
        );
        assert_eq!((answer.reply_to, answer.destination.as_str(), answer.at), (9, ":1.5", 1_700_000_001_000_000));
        assert_eq!(answer.body, [Value::Bool(true)]);
    }

    /// Reading a capture ends, with any content.
    #[test]
    fn damaged_captures_are_read_to_their_end() {
        for cut in 0..SIGNAL.len() {
            let mut monitor = DbusMonitor::default();
            SIGNAL[..cut].lines().for_each(|line| drop(monitor.line(line.as_bytes())));
            drop(monitor.end());
        }
        let mut deep = DbusMonitor::default();
        drop(deep.line(SIGNAL.lines().next().unwrap().as_bytes()));
        (0..10_000).for_each(|_| drop(deep.line(b"   array [")));
        assert!(deep.end().is_some());
    }
}
