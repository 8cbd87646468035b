//! The record of an operation, one format for every driver: what went into a reducer and what came out, step by step.
//!
//! A trace is lines of JSON. The first is the [`Header`], every further one a [`Step`]. Each line ends with a member `crc`, the
//! CRC-32 (ISO-HDLC) of the line's bytes before it, so that damage is found where it is. A step holds no secret: passwords are
//! slots, tokens and codes are tags (R-SEC-2). It replays on a fresh reducer without them.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    export::{self, Exporter},
    import::{self, Importer},
    operations::OpId,
    outcome::Side,
    reducer::{Config, Refused},
    rules::Rules,
};

/// The version of the format.
pub const VERSION: u32 = 1;

/// The first line of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`VERSION`].
    pub trace: u32,
    /// The driver that wrote it: `model`, `event`, `turmoil`, `shell`.
    pub driver: String,
    /// How the import side is configured, if it is in the trace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub import: Option<Config>,
    /// How the export side is configured, if it is in the trace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub export: Option<Config>,
}

/// One input of one side, and what it led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Milliseconds since the operation began, of the driver's clock.
    pub t_ms: u64,
    /// Which operation of this side; an import counts from 1 too.
    pub op: OpId,
    /// Which side, with its input and effects.
    #[serde(flatten)]
    pub turn: Turn,
    /// Why the input was refused, if it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<Refused>,
}

/// The input and the effects of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "side", rename_all = "lowercase")]
pub enum Turn {
    /// The import side.
    Import {
        /// The handled input.
        input: import::Input,
        /// The effects that were drained after it.
        effects: Vec<import::Effect>,
    },
    /// The export side.
    Export {
        /// The handled input.
        input: export::Input,
        /// The effects that were drained after it.
        effects: Vec<export::Effect>,
    },
}

impl Step {
    /// The side that took the step.
    pub const fn side(&self) -> Side {
        match self.turn {
            Turn::Import { .. } => Side::Import,
            Turn::Export { .. } => Side::Export,
        }
    }

    /// Hands `input` to the importer, drains it and records the step.
    pub fn import<R: Rules>(t_ms: u64, importer: &mut Importer<R>, input: import::Input) -> Self {
        let refused = importer.handle(input).err();
        let effects = core::iter::from_fn(|| importer.poll_effect()).collect();
        Self { t_ms, op: OpId(1), turn: Turn::Import { input, effects }, refused }
    }

    /// Hands `input` to the exporter, drains it and records the step.
    pub fn export<R: Rules>(t_ms: u64, op: OpId, exporter: &mut Exporter<R>, input: export::Input) -> Self {
        let refused = exporter.handle(input).err();
        let effects = core::iter::from_fn(|| exporter.poll_effect()).collect();
        Self { t_ms, op, turn: Turn::Export { input, effects }, refused }
    }
}

/// Writes one line, with its checksum and without a line feed.
pub fn to_line<T: Serialize>(record: &T) -> String {
    let mut line = serde_json::to_string(record).unwrap_or_default();
    line.truncate(line.len().saturating_sub(1));
    let crc = crc32fast::hash(line.as_bytes());
    line.push_str(&format!(",\"crc\":\"{crc:08x}\"}}"));
    line
}

/// Why a line of a trace was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The line does not end with a checksum.
    #[error("the line does not end with its checksum, `,\"crc\":\"` and eight lower-case hexadecimal digits")]
    NoChecksum,
    /// The line is damaged.
    #[error("the line is damaged: its checksum is {found:08x}, its bytes give {expected:08x}")]
    Damaged {
        /// The checksum of the line's bytes.
        expected: u32,
        /// The checksum in the line.
        found: u32,
    },
    /// The line is whole, but says nothing that belongs here.
    #[error("{0}")]
    Json(String),
}

/// Reads one line that [`to_line`] wrote.
///
/// # Errors
/// A line that is damaged, or is whole but no `T`.
pub fn from_line<T: DeserializeOwned>(line: &str) -> Result<T, LineError> {
    const TAIL: usize = ",\"crc\":\"01234567\"}".len();
    // A reader may leave the end of the line to it.
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let (body, tail) =
        line.len().checked_sub(TAIL).and_then(|at| line.split_at_checked(at)).ok_or(LineError::NoChecksum)?;
    let digits = tail.strip_prefix(",\"crc\":\"").and_then(|tail| tail.strip_suffix("\"}"));
    let found = digits.and_then(checksum).ok_or(LineError::NoChecksum)?;
    let expected = crc32fast::hash(body.as_bytes());
    if expected != found {
        return Err(LineError::Damaged { expected, found });
    }
    serde_json::from_str(&format!("{body}}}")).map_err(|error| LineError::Json(error.to_string()))
}

/// Reads a checksum as [`to_line`] writes it: each number has one form.
fn checksum(digits: &str) -> Option<u32> {
    let is_written = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    u32::from_str_radix(digits, 16).ok().filter(|_| is_written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{limits::Timer, outcome::Scheme};

    fn lines() -> Vec<String> {
        let config = Config::default();
        let header = Header { trace: VERSION, driver: "event".into(), import: Some(config), export: None };
        let mut importer = Importer::new(config);
        let inputs = [
            import::Input::AddAccount,
            import::Input::Published,
            import::Input::AddAccount,
            import::Input::Fired(Timer::Token),
        ];
        let mut lines = alloc::vec![to_line(&header)];
        lines.extend(inputs.into_iter().map(|input| to_line(&Step::import(0, &mut importer, input))));
        let mut exporter = Exporter::new(config);
        lines.push(to_line(&Step::export(7, OpId(1), &mut exporter, export::Input::AddDevice(Scheme::Password))));
        lines
    }

    #[test]
    fn the_format_stays_as_it_is() {
        insta::assert_snapshot!(lines().join("\n"));
    }

    #[test]
    fn lines_round_trip() {
        let lines = lines();
        let header: Header = from_line(&lines[0]).unwrap();
        assert_eq!(to_line(&header), lines[0]);
        for line in &lines[1..] {
            let step: Step = from_line(line).unwrap();
            assert_eq!(&to_line(&step), line);
        }
    }

    /// A check that cannot fail is a defect: every change of one byte of every line is found, whatever the byte becomes.
    #[test]
    fn every_damaged_byte_is_found() {
        for line in lines() {
            for at in 0..line.len() {
                for byte in 0..=u8::MAX {
                    let mut damaged = line.clone().into_bytes();
                    damaged[at] = byte;
                    // Bytes that are no UTF-8 are no line of a trace either.
                    let Ok(damaged) = String::from_utf8(damaged) else { continue };
                    let refused = from_line::<serde_json::Value>(&damaged).is_err();
                    assert_eq!(refused, damaged != line, "byte {at} is {byte:#04x}");
                }
            }
        }
    }

    /// A checksum has one form; a line has one end, or none.
    #[test]
    fn a_checksum_is_eight_lower_case_digits() {
        let line = |digits: &str| format!("{{\"at\":22,\"crc\":\"{digits}\"}}");
        let read = |line: &str| from_line::<serde_json::Value>(line);
        // Of `{"at":22`.
        let written = to_line(&serde_json::json!({ "at": 22 }));
        assert_eq!(written, line("05a0e2e8"));
        for end in ["", "\n", "\r\n"] {
            assert!(read(&format!("{written}{end}")).is_ok(), "{end:?}");
        }
        for end in ["\n\n", "\r\r\n", "\n\r", " "] {
            assert_eq!(read(&format!("{written}{end}")), Err(LineError::NoChecksum), "{end:?}");
        }
        for digits in ["05A0E2E8", "05A0e2e8", "+5a0e2e8", "-5a0e2e8", " 5a0e2e8", "5a0e2e8", "005a0e2e8", ""] {
            assert_eq!(read(&line(digits)), Err(LineError::NoChecksum), "{digits:?}");
        }
    }
}
