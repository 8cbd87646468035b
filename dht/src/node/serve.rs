//! Answering the seven questions of others.

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::id::InfoHash;
use crate::limits;
use crate::node::outgoing::{Carried, lots};
use crate::node::{Node, index};
use crate::requests::Purpose;
use crate::value::{Query, Rows, Summary, Value};
use crate::wire::{Contact, Family, Nodes, Reply, Request, Update, Want};

/// The refusals that exist on the wire.
mod refusal {
    pub(super) const GET_ZERO: (u16, &str) = (203, "Get_values with no info_hash");
    pub(super) const LISTEN_ZERO: (u16, &str) = (203, "Listen with no info_hash");
    pub(super) const PUT_ZERO: (u16, &str) = (203, "Put with no info_hash");
    pub(super) const PUT_INVALID_ID: (u16, &str) = (203, "Put with invalid ID");
    pub(super) const PUT_TOKEN: (u16, &str) = (401, "Put with incorrect token");
    pub(super) const LISTEN_TOKEN: (u16, &str) = (401, "Listen with incorrect token");
    pub(super) const UNKNOWN_STORAGE: (u16, &str) = (404, "Access operation for unknown storage");
}

/// A question, and where its answer goes.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) now: Duration,
    pub(super) from: SocketAddr,
    pub(super) transaction: u32,
}

impl Node {
    /// Notes the sender of a question. One that is new is asked back before others are sent to it.
    pub(super) fn note_sender(&mut self, now: Duration, contact: Contact) {
        let added = self.table(&contact.address).note(now, contact, false) == crate::table::Noted::Added;
        if added && self.confirmations < limits::CONFIRMATIONS {
            self.confirmations +=
                usize::from(self.request(now, contact.address, Purpose::Confirm, &Request::Ping, Vec::new()));
        }
    }

    /// Answers. `values` are those of the question, decoded.
    pub(super) fn serve(&mut self, asked: Asked, request: &Request<'_>, values: Vec<Value<'_>>) {
        match request {
            Request::Ping => self.reply(asked.from, asked.transaction, Reply::default(), &[]),
            Request::Find { target, want } => self.reply_near(asked, target, *want, Reply::default(), &[]),
            Request::Get { key, query, want } => self.serve_get(asked, key, query, *want),
            Request::Put { key, token, created, .. } => self.serve_put(asked, key, token, *created, &values),
            Request::Refresh { key, value, token } => self.serve_refresh(asked, key, *value, token),
            Request::Listen { key, token, subscription, query } => {
                self.serve_listen(asked, key, token, *subscription, query);
            }
            Request::Update(update) => self.serve_update(asked, update, values),
        }
    }

    /// Answers with the nodes near a target and a token.
    fn reply_near(&mut self, asked: Asked, target: &InfoHash, want: Want, reply: Reply<'_>, parts: &[Arc<[u8]>]) {
        let own = Family::of(&asked.from);
        let wanted = |family| match (want.is_open(), family) {
            (true, family) => family == own,
            (false, Family::V4) => want.v4,
            (false, Family::V6) => want.v6,
        };
        let mut packed = [const { Vec::new() }; 2];
        for family in Family::ALL.into_iter().filter(|family| wanted(*family)) {
            let nearest = self.tables[index(family)].nearest_good(asked.now, target, limits::NODES_IN_REPLY);
            packed[index(family)].reserve(nearest.len() * family.record());
            nearest.iter().for_each(|contact| contact.encode(&mut packed[index(family)]));
        }
        let token = self.tokens.of(&asked.from);
        let nodes = |family| Nodes::new(&packed[index(family)], family).unwrap_or_default();
        let reply = Reply { nodes4: nodes(Family::V4), nodes6: nodes(Family::V6), token: Some(&token), ..reply };
        self.reply(asked.from, asked.transaction, reply, parts);
    }

    fn serve_get(&mut self, asked: Asked, key: &InfoHash, query: &Query, want: Want) {
        if key.is_zero() {
            return self.refuse(asked.from, asked.transaction, refusal::GET_ZERO);
        }
        if !self.storage.has_key(key) {
            return self.reply_near(asked, key, want, Reply::default(), &[]);
        }
        if !query.select.is_empty() {
            // The values that do not fit are others each time.
            let first = self.random.below(limits::VALUES_PER_KEY);
            let all: Vec<Summary<'_>> = self.storage.summaries(key, query).collect();
            let mut count = all.len();
            let mut rows = Rows::encode(&query.select, all.iter().copied());
            while rows.len() > limits::ROW_BYTES && count > 1 {
                count /= 2;
                let some: Vec<_> = all.iter().cycle().skip(first).take(count).copied().collect();
                rows = Rows::encode(&query.select, some.into_iter());
            }
            let rows = (count > 0).then(|| Rows::new(&rows));
            return self.reply_near(asked, key, want, Reply { rows, ..Reply::default() }, &[]);
        }
        let mut values: Vec<Arc<[u8]>> =
            self.storage.matching(key, query).map(|(_, stored)| stored.bytes.clone()).collect();
        if values.iter().map(|value| value.len()).sum::<usize>() > limits::VALUE_BYTES_PER_MESSAGE {
            let first = self.random.below(values.len());
            values.rotate_left(first);
        }
        let Some(lot) = lots(values).into_iter().next() else {
            return self.reply_near(asked, key, want, Reply::default(), &[]);
        };
        let carried = Carried::new(lot);
        let reply = Reply { values: Some(carried.values()), ..Reply::default() };
        self.reply_near(asked, key, want, reply, &carried.parts);
    }

    /// Says whether a put or an update may announce values that come in parts.
    pub(super) fn may_announce(&self, from: &SocketAddr, request: &Request<'_>) -> bool {
        match request {
            Request::Put { token, .. } => self.tokens.accepts(from, token),
            Request::Update(update) => self.subscriber(from, update.subscription).is_some(),
            _ => false,
        }
    }

    fn serve_put(&mut self, asked: Asked, key: &InfoHash, token: &[u8], created: Option<u64>, values: &[Value<'_>]) {
        let Asked { now, from, transaction } = asked;
        if key.is_zero() {
            return self.refuse(from, transaction, refusal::PUT_ZERO);
        }
        if !self.tokens.accepts(&from, token) {
            return self.refuse(from, transaction, refusal::PUT_TOKEN);
        }
        // A value that cannot be read is dropped with its message, as in the library.
        let Some(first) = values.first() else { return };
        if values.iter().any(|value| value.id == 0) {
            return self.refuse(from, transaction, refusal::PUT_INVALID_ID);
        }
        let created =
            created.map_or(now, |unix| Duration::from_secs(unix).saturating_sub(self.config.unix_start).min(now));
        // It is acknowledged whatever becomes of it: so does the library, and putting nodes count on it.
        self.reply(from, transaction, Reply { value: Some(first.id), ..Reply::default() }, &[]);
        if !self.config.client && !self.is_too_far(now, Family::of(&from), key) {
            for value in values {
                self.store(now, key, value, created, from.ip());
            }
        }
    }

    fn is_too_far(&self, now: Duration, family: Family, key: &InfoHash) -> bool {
        let nearest = self.tables[index(family)].nearest_good(now, key, limits::STORE_WIDTH);
        nearest.len() >= limits::REPLICAS
            && nearest.last().is_some_and(|last| last.id.distance(key) < self.id.distance(key))
    }

    fn serve_refresh(&mut self, asked: Asked, key: &InfoHash, value: u64, token: &[u8]) {
        let Asked { now, from, transaction } = asked;
        if !self.tokens.accepts(&from, token) {
            return self.refuse(from, transaction, refusal::PUT_TOKEN);
        }
        if !self.storage.refresh(now, key, value) {
            return self.refuse(from, transaction, refusal::UNKNOWN_STORAGE);
        }
        self.reply(from, transaction, Reply { value: Some(value), ..Reply::default() }, &[]);
        self.report_refresh(now, key, value);
    }

    fn serve_listen(&mut self, asked: Asked, key: &InfoHash, token: &[u8], subscription: u32, query: &Query) {
        let Asked { now, from, transaction } = asked;
        if key.is_zero() {
            return self.refuse(from, transaction, refusal::LISTEN_ZERO);
        }
        if !self.tokens.accepts(&from, token) {
            return self.refuse(from, transaction, refusal::LISTEN_TOKEN);
        }
        let token = self.tokens.of(&from);
        self.reply(from, transaction, Reply { token: Some(&token), ..Reply::default() }, &[]);
        if !self.config.client && self.listeners.listen(now, (from, subscription), *key, query.clone()) {
            let known: Vec<_> = self.storage.matching(key, query).map(|(_, stored)| stored.bytes.clone()).collect();
            self.report_values(now, (from, subscription), key, known);
        }
    }

    /// Every update is answered, or its sender would repeat it; news count only from a node that was asked for them.
    fn serve_update(&mut self, asked: Asked, update: &Update<'_>, values: Vec<Value<'_>>) {
        let Asked { now, from, transaction } = asked;
        self.reply(from, transaction, Reply::default(), &[]);
        let Some(operation) = self.subscriber(&from, update.subscription) else { return };
        if let Some(token) = update.token {
            self.take_token(now, operation, &from, token);
        }
        let values = values.into_iter().map(Value::into_owned).collect();
        self.deliver(operation, Some(from), values);
        self.expired(operation, &from, update.expired.iter().take(limits::VALUES_PER_MESSAGE));
    }
}
