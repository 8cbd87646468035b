//! The *Link new device* protocol of Jami: how a new device takes over an account from an old one.
//!
//! The core is deterministic and without I/O: `no_std` with `alloc`, no clock, no randomness, no threads. Feature `archive` adds the
//! account archive's format and cryptography, feature `net` (the default) the tokio shell.
//!
//! - The protocol, from the bytes up: [`token`], [`mux`] and [`message`], [`connection`]; the state machines of the two sides, [`import`] and
//!   [`export`], those of a device or an account, [`operations`], and those of the two [`client`]s; [`trace`]s of their steps.
//! - [`archive`]: the account in a file, and the store that survives a crash.
//! - [`shell`]: sockets, TLS, tasks, timers, files.

#![cfg_attr(not(feature = "archive"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

// The protocol: `no_std`, and below the rest. `tests/layers.rs` holds the order.
pub mod buffer;
pub mod client;
pub mod connection;
pub mod export;
#[cfg(feature = "opendht")]
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
