//! Sending: requests with their repetition, replies, values inline or in parts.

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::limits;
use crate::msgpack::Writer;
use crate::node::{Node, Transmit};
use crate::requests::Purpose;
use crate::wire::{Message, Payload, Reply, Request, Values, parts};

/// Values as a message carries them.
pub(super) struct Carried {
    count: u32,
    items: Vec<u8>,
    /// Values that follow in parts.
    pub(super) parts: Vec<Arc<[u8]>>,
}

impl Carried {
    /// Writes few short values inline, and else their lengths.
    pub(super) fn new(values: Vec<Arc<[u8]>>) -> Self {
        let bytes: usize = values.iter().map(|value| value.len()).sum();
        let count = values.len() as u32;
        let mut out = Writer::with_capacity(limits::INLINE_BYTES);
        let inline = values.len() < limits::INLINE_VALUES && bytes < limits::INLINE_BYTES;
        for value in &values {
            if inline {
                out.raw(value);
            } else {
                out.uint(value.len() as u64);
            }
        }
        Self { count, items: out.into_bytes(), parts: if inline { Vec::new() } else { values } }
    }

    pub(super) fn values(&self) -> Values<'_> {
        Values::of(self.count, &self.items)
    }
}

/// Cuts values into lots that one message may carry.
pub(super) fn lots(values: Vec<Arc<[u8]>>) -> Vec<Vec<Arc<[u8]>>> {
    let mut lots: Vec<Vec<Arc<[u8]>>> = Vec::new();
    let mut bytes = 0;
    for value in values {
        let fits = bytes + value.len() <= limits::VALUE_BYTES_PER_MESSAGE;
        match lots.last_mut() {
            Some(lot) if fits && lot.len() < limits::VALUES_PER_MESSAGE => {
                bytes += value.len();
                lot.push(value);
            }
            _ => {
                bytes = value.len();
                lots.push(vec![value]);
            }
        }
    }
    lots
}

impl Node {
    pub(super) fn transmit(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        if self.transmits.len() < limits::TRANSMITS {
            self.counts.sent += 1;
            self.transmits.push_back(Transmit { to, bytes });
        }
    }

    fn message<'a>(&self, transaction: u32, payload: Payload<'a>) -> Message<'a> {
        Message { transaction, network: self.config.network, client: self.config.client, payload }
    }

    /// Sends a request, and waits for its answer. Says whether it could begin.
    pub(super) fn request(
        &mut self,
        now: Duration,
        to: SocketAddr,
        purpose: Purpose,
        request: &Request<'_>,
        parts: Vec<Arc<[u8]>>,
    ) -> bool {
        let Some(transaction) = self.requests.free_id(&mut self.random) else { return false };
        let payload = Payload::Request { id: self.id, request: request.clone() };
        let head = self.message(transaction, payload).to_bytes();
        self.requests.begin(now, transaction, (to, purpose), (head, parts), &mut self.random);
        self.send_again(transaction);
        true
    }

    /// Sends the datagrams of a request that waits.
    pub(super) fn send_again(&mut self, transaction: u32) {
        let Some(request) = self.requests.get(transaction) else { return };
        let (to, network, client) = (request.to, self.config.network, self.config.client);
        let datagrams: Vec<Vec<u8>> = request.datagrams(transaction, network, client).collect();
        datagrams.into_iter().for_each(|bytes| self.transmit(to, bytes));
    }

    pub(super) fn reply(&mut self, to: SocketAddr, transaction: u32, reply: Reply<'_>, values: &[Arc<[u8]>]) {
        let reply = Reply { id: self.id, seen: Some(to.ip()), ..reply };
        let bytes = self.message(transaction, Payload::Reply(reply)).to_bytes();
        self.transmit(to, bytes);
        let (network, client) = (self.config.network, self.config.client);
        for (at, value) in values.iter().enumerate() {
            for bytes in parts::datagrams(transaction, network, client, at as u32, value) {
                self.transmit(to, bytes);
            }
        }
    }

    pub(super) fn refuse(&mut self, to: SocketAddr, transaction: u32, (code, text): (u16, &'static str)) {
        let payload = Payload::Error { id: Some(self.id), code, text };
        let bytes = self.message(transaction, payload).to_bytes();
        self.transmit(to, bytes);
    }
}
