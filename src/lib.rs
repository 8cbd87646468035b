//! The *Link new device* protocol of [Jami](https://jami.net): a new device receives an account from a device that has it.
//!
//! # Where to start
//!
//! Start with [`Importer`] (the new device) and [`Exporter`] (the device that has the account). Each is a *reducer*: a deterministic
//! state machine without clock, randomness or I/O. A driver gives it one input with [`Importer::handle`], and then carries out its
//! effects in order, until [`Importer::poll_effect`] returns `None`:
//!
//! ```
#![doc = include_str!("../examples/link_in_memory.rs")]
//! ```
//!
//! If you want the whole link over tokio, with TLS and files, start with [`shell::import`] and [`shell::export`]. The example
//! `link_over_tcp` links two devices on one machine.
//!
//! A token is parsed once, into a type. A refusal has the byte offset and what was expected there:
//!
//! ```
//! use handfast::Token;
//!
//! let token = Token::parse(b"jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456")?;
//! assert_eq!(token.device.to_string(), "02f92cb034a73275b5a23074abfa84a20a4f340b");
//!
//! let refused = Token::parse(b"jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/12345x").unwrap_err();
//! assert_eq!(refused.offset, 58);
//! # Ok::<(), handfast::TokenError>(())
//! ```
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | none | the reducers, the [`connection`], messages and tokens: `no_std` with `alloc`, no clock, no randomness, no I/O |
//! | `archive` | the account [`archive`]: its format, cryptography and crash-safe store; needs `std` |
//! | `ice` | the negotiation of ICE over TCP, without sockets |
//! | `net` (default) | the [`shell`]: the tokio driver, TLS, identities, and how devices find each other |
//! | `lan` | devices find each other by multicast DNS |
//! | `opendht` | devices find each other over OpenDHT, and connect by ICE |
//! | `testing` | doubles for tests: [`archive::MemoryFs`], [`archive::Sample`], [`archive::InsecureKdf`]; never in a release |
//!
//! The requirements (`R-…`) that the documentation cites are in `docs/protocol.md` of the repository.

#![cfg_attr(not(feature = "archive"), no_std)]
#![forbid(unsafe_code)]
// Links of the documentation that lead to features that are off.
#![cfg_attr(not(feature = "testing"), allow(rustdoc::broken_intra_doc_links))]

extern crate alloc;

// The protocol: `no_std`, and below the rest. `tests/layers.rs` holds the order.
pub mod buffer;
pub mod client;
pub mod connection;
pub mod export;
#[cfg(feature = "ice")]
pub mod ice;
pub mod import;
pub mod limits;
pub mod message;
mod msgpack;
pub mod mux;
pub mod operations;
pub mod outcome;
pub mod reducer;
pub mod rules;
pub mod sas;
pub mod secret;
pub mod token;
pub mod trace;
mod utf8;

// Jami's account archive.
#[cfg(feature = "archive")]
pub mod archive;

// The shell, over tokio.
#[cfg(feature = "net")]
pub mod shell;

#[cfg(feature = "net")]
pub use self::shell::{
    ExportEnv, ExportHandle, ExportOptions, ImportEnv, ImportHandle, ImportIdentity, ImportOptions, ImportReport,
    Notice,
};
pub use self::{
    export::Exporter,
    import::Importer,
    message::{Features, Message, Slot},
    outcome::{AccountId, LinkState, Outcome, Profile, Scheme, Signal},
    reducer::{Config, ConnId, Refused},
    secret::Secret,
    token::{Token, TokenError},
};

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
