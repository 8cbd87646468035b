//! Laws of any bytes that may be lines of a trace.

use std::fmt::Debug;

use handfast::{
    export::Exporter,
    import::Importer,
    reducer::Config,
    trace::{Header, LineError, Step, Turn, from_line, to_line},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Panics if a line is taken that is damaged, or is not read again as it is written, or a recorded input is not taken by a reducer.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let config = Config::default();
    let (mut importer, mut exporter) = (Importer::new(config), Exporter::new(config));
    for line in text.lines() {
        round_trip::<Header>(line);
        let Some(step) = round_trip::<Step>(line) else { continue };
        let again = match step.turn {
            Turn::Import { input, .. } => Step::import(step.t_ms, &mut importer, input),
            Turn::Export { input, .. } => Step::export(step.t_ms, step.op, &mut exporter, input),
        };
        assert_eq!(from_line(&to_line(&again)).as_ref(), Ok(&again));
    }
}

/// Reads a line, with its checksum or without, that it is one is not the fuzzer's task to find out.
fn round_trip<T>(line: &str) -> Option<T>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let sealed = match from_line::<Value>(line) {
        Err(LineError::NoChecksum) => to_line(&serde_json::from_str::<Value>(line).ok().filter(Value::is_object)?),
        Err(_) => return None,
        Ok(_) => line.to_owned(),
    };
    let record: T = from_line(&sealed).ok()?;
    let written = to_line(&record);
    assert_eq!(from_line(&written).as_ref(), Ok(&record), "what is written is read");
    check_damage(&written, written.len() / 2);
    Some(record)
}

/// Panics if a line is accepted after its byte at `at` was changed.
pub fn check_damage(line: &str, at: usize) {
    let mut bytes = line.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'#' { b'%' } else { b'#' };
    let Ok(damaged) = String::from_utf8(bytes) else { return };
    assert!(from_line::<Value>(&damaged).is_err(), "a damaged line is none: {damaged}");
}
