//! A node of the OpenDHT network: sans-IO, deterministic, bounded.
//!
//! Start at [`Node`], which has no sockets and no clock, or at `driver::Running` (feature `tokio`), which drives one over UDP. Values are
//! in [`value`]; datagrams, for other tools, in [`wire`]; every limit in [`limits`].
//!
//! Two nodes that pass each other their datagrams by hand:
//!
//! ```
//! use core::time::Duration;
//! use handfast_dht::{Config, Event, InfoHash, Node, PutOptions, Query, Value, ValueType};
//!
//! let now = Duration::ZERO;
//! let addresses = ["192.0.2.1:4222".parse()?, "192.0.2.2:4222".parse()?];
//! let mut nodes = [1, 2].map(|seed| Node::new(now, Config::default(), [seed; 32]));
//! let exchange = |nodes: &mut [Node; 2]| {
//!     let mut quiet = false;
//!     while !quiet {
//!         quiet = true;
//!         for (from, to) in [(0, 1), (1, 0)] {
//!             while let Some(sent) = nodes[from].poll_transmit() {
//!                 nodes[to].handle_datagram(now, addresses[from], &sent.bytes);
//!                 quiet = false;
//!             }
//!         }
//!     }
//! };
//! nodes[1].bootstrap(now, addresses[0])?;
//! exchange(&mut nodes);
//!
//! let key = InfoHash::of(b"a key");
//! nodes[0].put(now, key, Value::plain(7, ValueType::USER_DATA, *b"hello"), PutOptions::default())?;
//! exchange(&mut nodes);
//! nodes[1].get(now, key, Query::default())?;
//! exchange(&mut nodes);
//! let found = std::iter::from_fn(|| nodes[1].poll_event())
//!     .any(|event| matches!(event, Event::Values { values, .. } if values[0].id == 7));
//! assert!(found);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

#[cfg(feature = "tokio")]
pub mod driver;
mod id;
pub mod limits;
mod lookup;
mod msgpack;
mod node;
mod operation;
mod random;
mod rate;
mod reassembly;
mod requests;
#[cfg(feature = "testing")]
pub mod sim;
mod storage;
mod table;
mod token;
pub mod value;
pub mod wire;

pub use id::{Distance, ID_BYTES, InfoHash, NotAnId};
pub use msgpack::Malformed;
pub use node::{Config, Node, Statistics, Transmit};
pub use operation::{CannotBegin, Event, OperationId, PutOptions};
pub use value::{Query, Value, ValueType};
pub use wire::{Family, Want};

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
