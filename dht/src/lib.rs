//! A node of the OpenDHT network, in Rust, sans-IO.

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
