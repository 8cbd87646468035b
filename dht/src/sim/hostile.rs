//! Nodes that lie: an honest node below, whose datagrams are altered.

use std::net::SocketAddr;

use crate::id::InfoHash;
use crate::node::Transmit;
use crate::random::Random;
use crate::wire::{Contact, Item, Message, Nodes, Payload, Reply, Request};

/// How a host behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// As the protocol says.
    Honest,
    /// Acknowledges every put and refresh, and stores nothing.
    Drops,
    /// Answers with nodes that do not exist, and without values.
    Diverts,
    /// Gives no tokens.
    Tokenless,
    /// Answers with its fellows only, has no values, and acknowledges puts without storing.
    Eclipses(Vec<Contact>),
}

impl Behaviour {
    const fn drops(&self) -> bool {
        matches!(self, Self::Drops | Self::Eclipses(_))
    }

    /// Returns an answer whose question the node below never sees.
    pub(super) fn answers_itself(&self, own: InfoHash, from: SocketAddr, bytes: &[u8]) -> Option<Transmit> {
        if !self.drops() {
            return None;
        }
        let message = Message::decode(bytes).ok()?;
        let Payload::Request { request, .. } = &message.payload else { return None };
        let value = match request {
            Request::Refresh { value, .. } => *value,
            Request::Put { values, .. } => match values.iter().next()? {
                Item::Inline(value) => crate::value::Value::decode(value).ok()?.id,
                Item::Announced(_) => 1,
            },
            _ => return None,
        };
        let reply = Reply { id: own, seen: Some(from.ip()), value: Some(value), ..Reply::default() };
        let answer = Message { payload: Payload::Reply(reply), ..message.clone() };
        Some(Transmit { to: from, bytes: answer.to_bytes() })
    }

    /// Alters what the node below sends.
    pub(super) fn alters(&self, transmit: Transmit, random: &mut Random) -> Transmit {
        if matches!(self, Self::Honest | Self::Drops) {
            return transmit;
        }
        let Ok(message) = Message::decode(&transmit.bytes) else { return transmit };
        let Payload::Reply(reply) = &message.payload else { return transmit };
        // Only answers to `find` and `get` have a token and nodes.
        if reply.token.is_none() || reply.nodes4.is_empty() {
            return transmit;
        }
        let mut packed = Vec::new();
        let mut reply = reply.clone();
        match self {
            Self::Tokenless => reply.token = None,
            Self::Diverts => {
                for _ in 0..8 {
                    let address = ([100, 64, random.u32() as u8, random.u32() as u8], 4222).into();
                    Contact { id: random.id(), address }.encode(&mut packed);
                }
            }
            Self::Eclipses(fellows) => fellows.iter().take(8).for_each(|fellow| fellow.encode(&mut packed)),
            Self::Honest | Self::Drops => {}
        }
        if !packed.is_empty() {
            reply = Reply { nodes4: Nodes(&packed), rows: None, values: None, ..reply };
        }
        let bytes = Message { payload: Payload::Reply(reply), ..message.clone() }.to_bytes();
        Transmit { to: transmit.to, bytes }
    }
}
