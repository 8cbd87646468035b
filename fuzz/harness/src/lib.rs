//! Laws of any bytes that reach this project from outside, one check for each kind of input.
//!
//! A check takes bytes and panics if something does not hold that has to. It is all that a fuzz target needs: those in `fuzz/` are a
//! line that calls one, and a line that names the [shape](shapes) of its inputs; `docs/fuzzing.md` says how to connect other fuzzers and
//! other implementations. The ordinary tests run the same checks over the committed corpus and over bytes of their own.

#![forbid(unsafe_code)]

pub mod archive;
pub mod certificate_chain;
pub mod connection;
pub mod details;
pub mod dht;
pub mod export_client;
pub mod exporter;
mod grammar;
pub mod ice;
pub mod import_client;
pub mod importer;
mod inputs;
pub mod jamid_token;
pub mod laws;
pub mod message;
pub mod mux;
pub mod pair;
pub mod pieces;
pub mod received;
pub mod shapes;
pub mod token;
pub mod token_differential;
pub mod trace;

/// A target: what it is called, and its check.
pub type Target = (&'static str, fn(&[u8]));

/// Every target of `fuzz/`.
pub const TARGETS: [Target; 21] = [
    ("archive_json", archive::check_text),
    ("archive_open", archive::check_file),
    ("certificate_chain", certificate_chain::check),
    ("connection", connection::check),
    ("details", details::check),
    ("dht_datagram", dht::check_datagram),
    ("dht_node", dht::check_node),
    ("dht_parts", dht::check_parts),
    ("dht_value", dht::check_value),
    ("export_client", export_client::check),
    ("exporter", exporter::check),
    ("ice_frames", ice::check_frames),
    ("ice_text", ice::check_text),
    ("import_client", import_client::check),
    ("importer", importer::check),
    ("message", message::check),
    ("mux", mux::check),
    ("pair", pair::check),
    ("token", token::check),
    ("token_differential", token_differential::check),
    ("trace", trace::check),
];
