//! ICE over TCP (RFC 8445, RFC 6544) as far as a link has it: one stream, one component, TCP alone (R-ICE-1).
//!
//! No sockets and no clock here: an [`Agent`] is given connections and frames, and says what to send and which connection is chosen. What two
//! devices tell each other of themselves is a [`Description`]; what is on a connection are frames ([`frame`]), each a STUN message ([`stun`])
//! or bytes of TLS. Why this is no library's work is in `docs/choices.md`.

mod agent;
pub mod frame;
pub mod stun;
mod text;

pub use self::{
    agent::{Agent, ConnectionId, Role, Taken},
    text::{Candidate, Description, Kind, NotADescription, TcpType},
};
