//! ICE over TCP (RFC 8445, RFC 6544) as far as a link has it: one stream, one component, TCP alone (R-ICE-1).
//!
//! There are no sockets and no clock here: an [`Agent`] gets connections and frames, and names the frames to send and the chosen
//! connection. Two devices exchange a [`Description`] each. A connection carries frames ([`frame`]), each a STUN message ([`stun`]) or
//! bytes of TLS. `docs/choices.md` has the reason why no library does this.

mod agent;
pub mod frame;
mod role;
pub mod stun;
mod text;

pub use self::{
    agent::{Agent, ConnectionId, Taken},
    role::Role,
    text::{Candidate, Description, Kind, NotADescription, TcpType},
};
