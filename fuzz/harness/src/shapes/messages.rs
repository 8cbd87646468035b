//! Messages of a session (R-MSG-1), and the frames of a connection (R-MUX-1), written apart from the encoders that ship.

use fastrand::Rng;
use handfast::limits::{MAX_CHANNEL_NAME, MAX_ENTRIES, MAX_KEY, MAX_NESTING, MAX_VALUE};

use super::{
    packed,
    units::{Kind, Shape, Units, cuts, marks, mostly, near, one, some},
};
use crate::message::MAX_ARCHIVE;

/// Messages, after the sizes of cuts.
pub const MESSAGE: Shape =
    Shape(Kind::Units(Units { whole: messages, unit: message, starts: |input| marks(input, 4, MESSAGE_MARK) }));
/// Frames, after the sizes of cuts.
pub const MUX: Shape =
    Shape(Kind::Units(Units { whole: frames, unit: frame, starts: |input| marks(input, 4, b"\x92") }));

const MESSAGE_MARK: &[u8] = b"\x82\xa8schemeId";

/// The keys of a payload, and the words that their values may be.
const VALUES: [(&str, &[&str]); 11] = [
    ("accData", &["{}"]),
    ("authScheme", &["", "password"]),
    ("canRetry", &["true", "false"]),
    ("features", &["result", "cancel", "sas", "cancel,result,sas", ",", ""]),
    ("importResult", &["stored", "failed_archive", "failed_storage", "another"]),
    ("password", &["sesame", ""]),
    ("passwordCorrect", &["true", "false"]),
    ("sasCommitment", &[DIGEST]),
    ("sasNonce", &[DIGEST]),
    ("sasOpening", &[DIGEST]),
    ("stateMsg", &["CANCELED", "TIMEOUT", "MISMATCH", "OK"]),
];
const DIGEST: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn messages(rng: &mut Rng) -> Vec<u8> {
    let head = cuts(rng);
    some(rng, head, 5, message)
}

fn message(rng: &mut Rng) -> Vec<u8> {
    let mut out = Vec::new();
    let strange = !mostly(rng);
    packed::map(&mut out, 2 + usize::from(strange), rng);
    if strange {
        packed::text(&mut out, b"ignored", rng);
        packed::value(&mut out, MAX_NESTING as u8 + 1, rng);
    }
    packed::text(&mut out, b"schemeId", rng);
    packed::unsigned(&mut out, usize::from(rng.u8(..32) == 0), rng);
    packed::text(&mut out, b"payload", rng);
    let entries = if mostly(rng) { one(rng, &[1, 1, 1, 2, 3]) } else { near(rng, &[1, MAX_ENTRIES]) };
    packed::map(&mut out, entries, rng);
    let wrong = if rng.bool() { rng.usize(..8) } else { entries };
    for at in 0..entries {
        entry(&mut out, at != wrong, rng);
    }
    out
}

/// A key and its value, or what may stand in the place of one.
fn entry(out: &mut Vec<u8>, right: bool, rng: &mut Rng) {
    let (key, words) = one(rng, &VALUES);
    if mostly(rng) {
        packed::text(out, key.as_bytes(), rng);
    } else {
        let length = if right { rng.usize(..40) } else { near(rng, &[0, MAX_KEY]) };
        packed::text(out, &vec![b'k'; length], rng);
    }
    match rng.u8(..4) {
        _ if right => {
            let word = one(rng, words);
            packed::text(out, word.as_bytes(), rng);
        }
        0 => packed::value(out, 2, rng),
        1 => {
            let length = near(rng, &[0, 31, 255]);
            let text: String = std::iter::repeat_with(|| rng.char(' '..='\u{2fff}')).take(length / 2).collect();
            packed::text(out, text.as_bytes(), rng);
        }
        // A value that is longer than what comes, as long as some limit.
        _ => {
            let length = near(rng, &[32, 256, MAX_ARCHIVE as usize, MAX_VALUE, 1 << 24, u32::MAX as usize - 1]);
            let come = length.min(rng.usize(..60));
            packed::cut_text(out, length, &vec![b'a'; come], rng);
        }
    }
}

fn frames(rng: &mut Rng) -> Vec<u8> {
    let head = cuts(rng);
    some(rng, head, 8, frame)
}

/// A frame: an array of a channel and its data.
pub(super) fn frame(rng: &mut Rng) -> Vec<u8> {
    let channel = one(rng, &[0, 0, 0x8000, 0x8000, 0x8001, 1, 0x7fff, 0xffff]);
    let mut data = Vec::new();
    match (channel, rng.u8(..8)) {
        (_, 0) => (0..rng.usize(..4)).for_each(|_| packed::value(&mut data, 2, rng)),
        (0, _) => request(&mut data, rng),
        (0xffff, _) => (0..rng.usize(1..4)).for_each(|_| object(&mut data, rng)),
        (_, 1) => {}
        (_, 2) => data = vec![b'a'; rng.usize(..40)],
        _ => data = message(rng),
    }
    let mut frame = Vec::new();
    packed::array(&mut frame, 2, rng);
    packed::unsigned(&mut frame, channel, rng);
    match mostly(rng) {
        true => packed::binary(&mut frame, &data, rng),
        false => {
            let length = near(rng, &[data.len(), 4096, 65535]);
            packed::cut_binary(&mut frame, length, &data, rng);
        }
    }
    frame
}

fn request(out: &mut Vec<u8>, rng: &mut Rng) {
    packed::array(out, 3, rng);
    match mostly(rng) {
        true => packed::text(out, b"auth:123456", rng),
        false => {
            let length = near(rng, &[0, MAX_CHANNEL_NAME]);
            let come = length.min(rng.usize(..60));
            packed::cut_text(out, length, &vec![b'n'; come], rng);
        }
    }
    let channel = one(rng, &[0x8000, 0x8001, 0xffff, 0, 7]);
    packed::unsigned(out, channel, rng);
    let state = rng.usize(..4);
    packed::unsigned(out, state, rng);
}

/// An object of the protocol channel: a version or a beacon.
fn object(out: &mut Vec<u8>, rng: &mut Rng) {
    let entries = if mostly(rng) { 1 } else { rng.usize(..3) };
    packed::map(out, entries, rng);
    for _ in 0..entries {
        match rng.u8(..4) {
            0 => {
                packed::text(out, b"v", rng);
                let version = rng.usize(..3);
                packed::unsigned(out, version, rng);
            }
            1 => {
                packed::text(out, b"x", rng);
                packed::value(out, 1, rng);
            }
            _ => {
                packed::text(out, b"p", rng);
                out.push(one(rng, &[0xc2, 0xc3]));
            }
        }
    }
}
