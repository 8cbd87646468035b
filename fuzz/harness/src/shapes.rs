//! Inputs that are well formed, or nearly: how a fuzzer changes the inputs of a target without undoing their grammar.
//!
//! A fuzzer that begins from nothing and changes bytes hardly ever writes a token, a chain of certificates or a whole link. A *shape* says of
//! what units a target's inputs consist, and makes new ones: the right one most often, else one that is wrong in a single way, a
//! length at a limit above all. A change of an input is one of its units, or a new input, or, as often, whatever the fuzzer
//! itself does to bytes. A shape decides what is tried and never what holds: that is the checks' alone.
//!
//! Equal seeds give equal changes, which libFuzzer asks for.

mod archives;
mod certificates;
mod choices;
mod connections;
mod lines;
mod messages;
mod packed;
mod tokens;
mod units;
mod walks;

pub use self::{
    archives::{ARCHIVE_JSON, ARCHIVE_OPEN},
    certificates::CERTIFICATE_CHAIN,
    choices::{EXPORT_CLIENT, EXPORTER, IMPORT_CLIENT, IMPORTER},
    connections::{CONNECTION, ICE_FRAMES},
    lines::{DETAILS, ICE_TEXT, TRACE},
    messages::{MESSAGE, MUX},
    tokens::TOKEN,
    units::{Raw, Shape},
    walks::PAIR,
};

/// The shapes, by target. Those without one are changed by the fuzzer alone.
pub const SHAPES: [(&str, Shape); 17] = [
    ("archive_json", ARCHIVE_JSON),
    ("archive_open", ARCHIVE_OPEN),
    ("certificate_chain", CERTIFICATE_CHAIN),
    ("connection", CONNECTION),
    ("details", DETAILS),
    ("export_client", EXPORT_CLIENT),
    ("exporter", EXPORTER),
    ("ice_frames", ICE_FRAMES),
    ("ice_text", ICE_TEXT),
    ("import_client", IMPORT_CLIENT),
    ("importer", IMPORTER),
    ("message", MESSAGE),
    ("mux", MUX),
    ("pair", PAIR),
    ("token", TOKEN),
    ("token_differential", TOKEN),
    ("trace", TRACE),
];
