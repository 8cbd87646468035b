//! The *Link new device* protocol of Jami: how a new device takes over an account from an old one.
//!
//! The core is deterministic and without I/O: `no_std` with `alloc`, no clock, no randomness, no threads. Feature `archive` adds the
//! account archive's format and cryptography, feature `net` (the default) the tokio shell.

#![cfg_attr(not(feature = "archive"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(feature = "archive")]
pub mod archive;
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
#[cfg(feature = "net")]
pub mod shell;
pub mod token;
pub mod trace;
mod utf8;
