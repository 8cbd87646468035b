//! Lines of a trace under every change of a byte, and how long each timer runs at every second's border (`docs/trace.md`, R-TIME-1 to R-TIME-6).
//! The checksum is computed here by its definition, bit by bit.

use std::time::Duration;

use handfast::{
    limits::{Durations, Timer},
    trace::{LineError, from_line, to_line},
};
use serde_json::{Value, json};

use super::{Cases, Part};

/// Lines as the document shows them.
const LINES: [&str; 3] = [
    r#"{"trace":1,"driver":"event","import":{"profile":"documented","features":{"result":true,"cancel":true}},"crc":"6ba0298b"}"#,
    r#"{"t_ms":0,"op":1,"side":"import","input":"AddAccount","effects":[{"Arm":"Prepare"},"Publish"],"crc":"e53e45a5"}"#,
    r#"{"t_ms":0,"op":1,"side":"import","input":"AddAccount","effects":[],"refused":"Started","crc":"9fed064f"}"#,
];

/// The part of a line from the comma before its checksum on.
const TAIL: usize = 18;

/// CRC-32 (ISO-HDLC): reflected, of the polynomial 0x04c11db7, from all ones, inverted at the end.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

/// The answer to a line, in words.
fn read(line: &str) -> String {
    match from_line::<Value>(line) {
        Ok(_) => "whole".into(),
        Err(LineError::NoChecksum) => "no checksum".into(),
        Err(LineError::Damaged { expected, found }) => format!("damaged: {found:08x} for {expected:08x}"),
        Err(other) => other.to_string(),
    }
}

/// Carries the tables out.
pub(super) fn lines() -> Part {
    let mut cases = Cases::default();
    for line in LINES {
        changed(&mut cases, line);
        cut(&mut cases, line);
    }
    for text in ["", "x", "ä", "\"", "\u{0}", "\u{10ffff}", "a long one, that ends with a comma,"] {
        let body = format!("{{\"text\":{}", Value::from(text));
        let stated = format!("{body},\"crc\":\"{:08x}\"}}", crc(body.as_bytes()));
        cases.expect(format_args!("the line of {text:?}"), stated, to_line(&json!({ "text": text })));
    }
    // Each number of digits, zeros in front included.
    let mut least = u32::MAX;
    for number in 0..20_000 {
        let body = format!("{{\"n\":{number}");
        let sum = crc(body.as_bytes());
        if sum < least || number % 97 == 0 {
            least = least.min(sum);
            let stated = format!("{body},\"crc\":\"{sum:08x}\"}}");
            cases.expect(format_args!("the line of {number}"), &stated, &to_line(&json!({ "n": number })));
            cases.expect(format_args!("{stated}"), "whole".to_owned(), read(&stated));
        }
    }
    durations(&mut cases);
    cases.part("lines", "docs/trace.md, R-TIME-1 to R-TIME-6")
}

/// Each byte is another one: in the checksum, and before it.
fn changed(cases: &mut Cases, line: &str) {
    let (body, _) = line.split_at(line.len() - TAIL);
    let sum = crc(body.as_bytes());
    cases.expect(line, format!("{body},\"crc\":\"{sum:08x}\"}}"), line.to_owned());
    cases.expect(line, "whole".to_owned(), read(line));
    for at in 0..line.len() {
        for byte in 0..0x80 {
            let mut other = line.as_bytes().to_vec();
            if other[at] == byte {
                continue;
            }
            other[at] = byte;
            let other = String::from_utf8(other).unwrap_or_default();
            let is_digit = (line.len() - 10..line.len() - 2).contains(&at);
            let stated = if at < body.len() {
                format!("damaged: {sum:08x} for {:08x}", crc(&other.as_bytes()[..body.len()]))
            } else if is_digit && matches!(byte, b'0'..=b'9' | b'a'..=b'f') {
                format!("damaged: {} for {sum:08x}", &other[line.len() - 10..line.len() - 2])
            } else {
                "no checksum".into()
            };
            cases.expect(other.escape_debug(), stated, read(&other));
        }
    }
    // Every one and every two bits of the checksum.
    for one in 0..32 {
        for other in one..32 {
            let found = sum ^ (1 << one) ^ if other == one { 0 } else { 1 << other };
            let stated = format!("damaged: {found:08x} for {sum:08x}");
            let line = format!("{body},\"crc\":\"{found:08x}\"}}");
            cases.expect(&line, stated, read(&line));
        }
    }
    for found in [0, u32::MAX, !sum, sum.swap_bytes(), sum.reverse_bits(), sum >> 4, sum << 4] {
        let line = format!("{body},\"crc\":\"{found:08x}\"}}");
        cases.expect(&line, format!("damaged: {found:08x} for {sum:08x}"), read(&line));
    }
    let upper = format!("{body},\"crc\":\"{sum:08X}\"}}");
    cases.expect(&upper, "no checksum".to_owned(), read(&upper));
}

/// A byte is missing, or is there twice; and the ends of a line.
fn cut(cases: &mut Cases, line: &str) {
    for at in 0..line.len() {
        for other in [[&line[..at], &line[at + 1..]].concat(), [&line[..=at], &line[at..]].concat()] {
            cases.expect(&other, true, read(&other) != "whole");
        }
        cases.expect(format_args!("the first {at} bytes of {line}"), "no checksum".to_owned(), read(&line[..at]));
    }
    for (end, stated) in [
        ("\n", "whole"),
        ("\r\n", "whole"),
        ("\r", "whole"),
        ("\n\n", "no checksum"),
        (" ", "no checksum"),
        ("\n\r", "no checksum"),
    ] {
        cases.expect(format_args!("{line}{}", end.escape_debug()), stated.to_owned(), read(&format!("{line}{end}")));
    }
}

/// Each timer, for archives whose time at 64 KiB/s is around each whole second.
fn durations(cases: &mut Cases) {
    let durations = Durations::default();
    let seconds = Duration::from_secs;
    let stated = [
        (Timer::Prepare, seconds(60)),
        (Timer::Token, seconds(300)),
        (Timer::Connect, seconds(60)),
        (Timer::Authenticate, seconds(300)),
        (Timer::Stall, seconds(30)),
        (Timer::Result, seconds(180)),
        (Timer::Linger, seconds(5)),
        (Timer::Retry, Duration::from_millis(250)),
    ];
    let borders = (0..=1100_u64).map(|count| count * 65_536).chain([1 << 32, 1 << 40]);
    for length in borders.flat_map(|border| [border.saturating_sub(1), border, border + 1]) {
        // All of it has time to arrive at that speed, and less than a second is given away.
        let exact = seconds(900) + Duration::from_secs_f64(length as f64 / 65_536.0);
        let came = durations.of(Timer::Transfer, length);
        let fits = came >= exact && came < exact + seconds(1);
        cases.expect(
            format_args!("a transfer of {length} bytes has the time of {exact:?}, and has {came:?}"),
            true,
            fits,
        );
        if !(200_000..=64 << 20).contains(&length) {
            for (timer, stated) in stated {
                cases.expect(format_args!("{timer:?}, {length} bytes"), stated, durations.of(timer, length));
            }
        }
    }
    let others = [durations.handshake, durations.opening, durations.for_directory().handshake];
    cases.expect("to be secured, to become the session's, and in a directory", [10, 10, 55].map(seconds), others);
    let same = Durations { handshake: durations.handshake, ..durations.for_directory() };
    cases.expect("nothing else differs in a directory", durations, same);
    for attempts in (0..40).chain([u32::MAX - 1, u32::MAX]) {
        let stated = 250_u64 << attempts.saturating_sub(1).min(4);
        let came = durations.pause(attempts);
        cases.expect(format_args!("the pause after {attempts} attempts"), Duration::from_millis(stated), came);
    }
}
