//! Programs of a connection, and steps of a negotiation of ICE.

use fastrand::Rng;
use handfast::ice::frame;

use super::{
    messages,
    units::{Kind, Shape, Units, cuts, mostly, one, some},
};
use crate::connection::{COMMANDS, WORDS};

/// Programs of a connection, after a side and the sizes of cuts.
pub const CONNECTION: Shape =
    Shape(Kind::Units(Units { whole: program, unit: step, starts: |input| starts(input, 5, step_length) }));
/// Steps of a negotiation, after its roles.
pub const ICE_FRAMES: Shape =
    Shape(Kind::Units(Units { whole: negotiation, unit: move_, starts: |input| starts(input, 1, move_length) }));

/// The lengths of units add up to where each begins.
fn starts(input: &[u8], head: usize, length: fn(&[u8]) -> usize) -> Vec<usize> {
    let Some(mut rest) = input.get(head..) else { return Vec::new() };
    let mut starts = vec![head];
    loop {
        rest = rest.get(length(rest)..).unwrap_or_default();
        if rest.is_empty() {
            return starts;
        }
        starts.push(input.len() - rest.len());
    }
}

/// The words and commands of a link: the channel opens, both sides speak, the archive comes and goes.
const LINK_IMPORT: &[u8] =
    &[COMMANDS, COMMANDS + 4, 0, 3, COMMANDS + 10, COMMANDS + 12, 8, COMMANDS + 13, COMMANDS + 14, 3, 9, COMMANDS + 15];
const LINK_EXPORT: &[u8] = &[COMMANDS, 2, COMMANDS + 7, 3, COMMANDS + 10, 4, 5, 6, 7, COMMANDS + 10, 9, COMMANDS + 15];

fn program(rng: &mut Rng) -> Vec<u8> {
    let side = rng.u8(..2);
    let mut head = vec![side];
    head.extend(cuts(rng));
    // A whole link, or how one begins.
    let link = if side == 0 { LINK_IMPORT } else { LINK_EXPORT };
    if mostly(rng) {
        head.extend_from_slice(&link[..rng.usize(..=link.len())]);
    }
    some(rng, head, 20, step)
}

fn step(rng: &mut Rng) -> Vec<u8> {
    match rng.u8(..8) {
        0 => {
            let mut bytes = messages::frame(rng);
            bytes.truncate(63);
            [&[COMMANDS + WORDS, bytes.len() as u8], &bytes[..]].concat()
        }
        1..4 => vec![rng.u8(..COMMANDS)],
        _ => vec![COMMANDS + rng.u8(..WORDS)],
    }
}

fn step_length(program: &[u8]) -> usize {
    match program {
        [kind, length, ..] if kind % (COMMANDS + WORDS + 1) == COMMANDS + WORDS => 2 + usize::from(length % 64),
        _ => 1,
    }
}

fn negotiation(rng: &mut Rng) -> Vec<u8> {
    let place = rng.u8(..4);
    let mut head = vec![rng.u8(..2)];
    // The peer's description is there, and a connection.
    if rng.bool() {
        head.extend([2, 0, 0, place]);
    }
    some(rng, head, 40, move_)
}

/// A kind of step, a place, and for a frame its bytes.
fn move_(rng: &mut Rng) -> Vec<u8> {
    let (what, place) = (rng.u8(..16), rng.u8(..4));
    let mut step = vec![what, place];
    if what % 8 == 7 {
        let stun: &[u8] = b"\x00\x01\x00\x00\x21\x12\xa4\x42transaction!";
        frame::put(
            &mut step,
            one::<&[u8]>(rng, &[b"\x16\x03\x01\x00\x01x", b"\x17\x03\x03\x00\x00", b"GET /", b"", stun]),
        );
    }
    step
}

fn move_length(steps: &[u8]) -> usize {
    match steps {
        [what, _, high, low, ..] if what % 8 == 7 => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        _ => 2,
    }
}
