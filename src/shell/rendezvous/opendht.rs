//! Rendezvous by the OpenDHT network (R-RDV-4 to R-RDV-7): the token alone links, wherever the two devices are.
//!
//! Each device publishes its certificates under its id, and listens under another key for requests that are encrypted to it. A request
//! carries an offer of ICE, its answer comes the same way, and the connection is negotiated between the two. A value in the network proves
//! nothing: the link is proved by TLS (R-SEC-1).

mod account;
mod answers;
mod export;
mod import;
mod node;
mod random;
mod request;

pub use self::{
    export::Seek,
    import::{Offer, Published},
    node::OpenDht,
};
pub use crate::shell::ice::{Carrier, IceStream, Listening, Network, Pending, System};

#[cfg(test)]
mod tests;
