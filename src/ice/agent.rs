//! The checks of one negotiation: which connections lead to the peer, and which one is chosen (R-ICE-4).

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
};

use aws_lc_rs::hmac;

use super::{
    Description, Kind,
    role::Role,
    stun::{self, Check, Class, Message, Transaction},
    text::priority,
};
use crate::limits::MAX_ICE_STRAYS;

/// The number of a connection, given by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

/// The outcome of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was STUN, and is done with.
    Stun,
    /// It belongs to TLS, and to the peer: someone who knows the password has sent a check on this connection.
    Application,
    /// It is of a stranger, and is dropped.
    Stray,
    /// It is one stray too many: the connection is to be closed.
    Hostile,
}

/// One side of a negotiation.
pub struct Agent {
    role: Role,
    tie_breaker: u64,
    names: Names,
    /// The key of checks to this side.
    own: hmac::Key,
    /// The key of checks to the peer, once its description is known.
    peer: Option<hmac::Key>,
    transactions: Transactions,
    connections: BTreeMap<ConnectionId, Connection>,
    chosen: Option<ConnectionId>,
    choices: u32,
    transmits: VecDeque<(ConnectionId, Vec<u8>)>,
}

struct Names {
    own: String,
    peer: String,
}

/// Numbers of requests: no one guesses them, since their start is random.
struct Transactions(u128);

/// A connection that is open.
struct Connection {
    from: SocketAddr,
    /// Numbers of own checks that wait for their response, and whether they choose the connection: a plain one and one more.
    asked: Vec<(Transaction, bool)>,
    /// An own check was answered.
    confirmed: bool,
    /// A signed check has come.
    is_peer: bool,
    strays: u32,
}

impl Agent {
    /// The side with this description. `random` is its tie-breaker and the start of its requests' numbers: new bytes for each negotiation.
    pub fn new(role: Role, own: &Description, random: [u8; 24]) -> Self {
        let (tie_breaker, start) = random.split_at(8);
        Self {
            role,
            tie_breaker: u64::from_be_bytes(tie_breaker.try_into().expect("8 bytes")),
            names: Names { own: own.ufrag.clone(), peer: String::new() },
            own: stun::key(own.password.as_bytes()),
            peer: None,
            transactions: Transactions(u128::from_be_bytes(start.try_into().expect("16 bytes"))),
            connections: BTreeMap::new(),
            chosen: None,
            choices: 0,
            transmits: VecDeque::new(),
        }
    }

    /// Takes the peer's description, and checks the connections that are open.
    pub fn set_peer(&mut self, peer: &Description) {
        self.names.peer.clone_from(&peer.ufrag);
        self.peer = Some(stun::key(peer.password.as_bytes()));
        let open: Vec<_> = self.connections.keys().copied().collect();
        open.into_iter().for_each(|connection| self.check(connection));
    }

    /// A connection is open, whichever side opened it.
    pub fn opened(&mut self, connection: ConnectionId, from: SocketAddr) {
        let open = Connection { from, asked: Vec::new(), confirmed: false, is_peer: false, strays: 0 };
        self.connections.insert(connection, open);
        self.check(connection);
    }

    /// A connection is gone. Where it was being chosen, another one is.
    pub fn closed(&mut self, connection: ConnectionId) {
        self.connections.remove(&connection);
        self.transmits.retain(|(to, _)| *to != connection);
        if self.chosen == Some(connection) {
            self.chosen = None;
        } else if !self.is_choosing() {
            self.choose_another();
        }
    }

    /// The connection that both sides have chosen.
    pub const fn chosen(&self) -> Option<ConnectionId> {
        self.chosen
    }

    /// How many checks that choose a connection were made.
    pub const fn choices(&self) -> u32 {
        self.choices
    }

    /// The next frame's payload to send, and where.
    pub fn poll_transmit(&mut self) -> Option<(ConnectionId, Vec<u8>)> {
        self.transmits.pop_front()
    }

    /// Chooses one more connection, where the choice of another one has gone unanswered: to be called a while after the last choice. Only one that
    /// has answered a check is chosen: any other would add nothing but the danger that the peer takes a choice whose response comes late.
    pub fn choose_answered(&mut self) {
        if self.connections.values().any(|open| open.confirmed && !open.is_choosing()) {
            self.choose_another();
        }
    }

    fn choose_another(&mut self) {
        if self.role == Role::Controlled || self.chosen.is_some() {
            return;
        }
        // One that has answered a check comes first.
        let next = self
            .connections
            .iter()
            .filter(|(_, open)| !open.is_choosing())
            .max_by_key(|(id, open)| (open.confirmed, open.is_peer, std::cmp::Reverse(**id)));
        if let Some((&next, _)) = next {
            self.ask(next, true);
        }
    }

    /// Takes a frame that has come on a connection.
    pub fn handle(&mut self, connection: ConnectionId, frame: &[u8]) -> Taken {
        let chosen = self.chosen == Some(connection);
        let Some(open) = self.connections.get_mut(&connection) else { return Taken::Stray };
        if frame.is_empty() {
            return open.stray(chosen);
        }
        if !stun::is_stun(frame) {
            return if open.is_peer || chosen { Taken::Application } else { open.stray(chosen) };
        }
        let Some(message) = Message::read(frame) else { return open.stray(chosen) };
        match message.class {
            Class::Request => self.request(connection, &message),
            Class::Success => self.response(connection, &message),
            // It keeps the connection alive; an error is no response that helps.
            Class::Indication if chosen => Taken::Stun,
            Class::Indication | Class::Error => open.stray(chosen),
        }
    }

    fn request(&mut self, connection: ConnectionId, message: &Message<'_>) -> Taken {
        let chosen = self.chosen == Some(connection);
        let Some(open) = self.connections.get_mut(&connection) else { return Taken::Stray };
        let name = message.username.and_then(|name| name.strip_prefix(self.names.own.as_bytes()));
        let peer = name.and_then(|name| name.strip_prefix(b":"));
        // The peer's name is not known before its answer has come.
        let named = peer.is_some_and(|peer| self.peer.is_none() || peer == self.names.peer.as_bytes());
        if !named || message.priority.is_none() || !message.is_signed(&self.own) {
            return open.stray(chosen);
        }
        open.is_peer = true;
        let response = stun::success(&message.transaction, open.from, &self.own);
        self.transmits.push_back((connection, response));
        if message.use_candidate && self.role == Role::Controlled && self.chosen.is_none() {
            self.chosen = Some(connection);
        }
        // A triggered check, where this connection has had none.
        self.check(connection);
        Taken::Stun
    }

    fn response(&mut self, connection: ConnectionId, message: &Message<'_>) -> Taken {
        let chosen = self.chosen == Some(connection);
        let Some(open) = self.connections.get_mut(&connection) else { return Taken::Stray };
        let asked = open.asked.iter().position(|(transaction, _)| *transaction == message.transaction);
        let signed = self.peer.as_ref().is_some_and(|key| message.is_signed(key));
        let (Some(asked), true, Some(_)) = (asked, signed, message.mapped) else { return open.stray(chosen) };
        let (_, choosing) = open.asked.remove(asked);
        (open.confirmed, open.is_peer) = (true, true);
        if choosing && self.chosen.is_none() {
            self.chosen = Some(connection);
        } else if !self.is_choosing() {
            self.choose_another();
        }
        Taken::Stun
    }

    /// Whether the choice of a connection waits for its response.
    fn is_choosing(&self) -> bool {
        self.connections.values().any(Connection::is_choosing)
    }

    /// Sends the first check of a connection. The first of all, of the controlling side, chooses.
    fn check(&mut self, connection: ConnectionId) {
        let first = |open: &Connection| open.asked.is_empty() && !open.confirmed;
        if self.peer.is_some() && self.connections.get(&connection).is_some_and(first) {
            let choosing = self.role == Role::Controlling && self.chosen.is_none() && !self.is_choosing();
            self.ask(connection, choosing);
        }
    }

    fn ask(&mut self, connection: ConnectionId, choosing: bool) {
        let (Some(open), Some(key)) = (self.connections.get_mut(&connection), &self.peer) else { return };
        let transaction = self.transactions.next();
        let check = Check {
            names: [&self.names.peer, &self.names.own],
            priority: priority(Kind::PeerReflexive, 0),
            use_candidate: choosing,
            role: (self.role, self.tie_breaker),
        };
        self.transmits.push_back((connection, stun::request(&transaction, &check, key)));
        open.asked.push((transaction, choosing));
        self.choices += u32::from(choosing);
    }
}

impl Connection {
    /// Its choice waits for the response.
    fn is_choosing(&self) -> bool {
        self.asked.iter().any(|(_, choosing)| *choosing)
    }

    /// Counts a frame that is not the peer's. On the chosen connection it ends nothing: what counts there is TLS.
    fn stray(&mut self, chosen: bool) -> Taken {
        self.strays = self.strays.saturating_add(1);
        if self.strays > MAX_ICE_STRAYS && !chosen { Taken::Hostile } else { Taken::Stray }
    }
}

impl Transactions {
    fn next(&mut self) -> Transaction {
        self.0 = self.0.wrapping_add(1);
        let bytes = self.0.to_be_bytes();
        bytes[4..].try_into().expect("12 of 16 bytes")
    }
}

impl std::fmt::Debug for Agent {
    /// Without the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("role", &self.role).field("chosen", &self.chosen).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
