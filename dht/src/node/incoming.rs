//! Incoming datagrams: which senders are served, and which question an answer belongs to.

use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

use crate::limits;
use crate::lookup::{Lookup, Work};
use crate::node::serve::Asked;
use crate::node::work::Operation;
use crate::node::{Node, index};
use crate::operation::{Event, OperationId};
use crate::requests::Purpose;
use crate::value::Value;
use crate::wire::{Contact, Family, Item, Message, Nodes, Parts, Payload, Reply, Request, Values};

/// Says whether a node can be at an address.
pub(super) fn is_possible(address: &SocketAddr) -> bool {
    let ip = match address.ip() {
        IpAddr::V4(ip) => ip.octets()[0] != 0 && ip.octets()[0] < 224,
        IpAddr::V6(ip) => !ip.is_unspecified() && !ip.is_multicast() && ip.to_ipv4_mapped().is_none(),
    };
    ip && address.port() != 0
}

/// Returns the address of a node that `from` names, or `None` if no node can be there.
fn mended(contact: Contact, from: &SocketAddr) -> Option<Contact> {
    let Contact { id, mut address } = contact;
    // An address that is local to the sender is at the sender's own address for others.
    if address.ip().is_loopback() && !from.ip().is_loopback() {
        address.set_ip(from.ip());
    }
    is_possible(&address).then_some(Contact { id, address })
}

impl Node {
    /// Takes a datagram. A malformed one, one from an impossible or banned sender, or one over a limit, changes nothing.
    pub fn handle_datagram(&mut self, now: Duration, from: SocketAddr, bytes: &[u8]) {
        self.counts.received += 1;
        if !is_possible(&from) || self.is_banned(now, &from) || !self.has_family(Family::of(&from)) {
            self.counts.refused += 1;
            return;
        }
        let Some(message) = self.readable(bytes) else {
            self.counts.refused += 1;
            return;
        };
        self.asked += u64::from(matches!(message.payload, Payload::Request { .. }));
        match &message.payload {
            Payload::Request { .. } if !self.admits(now, &from) => {}
            Payload::Request { id, request } => {
                if !message.client {
                    self.note_sender(now, Contact { id: *id, address: from });
                }
                match announced(request) {
                    Some(values) => {
                        if self.may_announce(&from, request) {
                            let whole = self.reassembly.announce(now, (from, message.transaction), bytes, values);
                            self.take_whole(now, from, whole);
                        } else {
                            self.take_request(now, from, message.transaction, request, None);
                        }
                    }
                    None => self.take_request(now, from, message.transaction, request, None),
                }
            }
            Payload::Reply(reply) => {
                if !self.is_expected(&from, message.transaction) {
                    self.counts.refused += 1;
                } else if reply.values.is_some_and(|values| is_announcement(&values)) {
                    let values = reply.values.unwrap_or(Values::of(0, &[]));
                    let whole = self.reassembly.announce(now, (from, message.transaction), bytes, &values);
                    self.take_whole(now, from, whole);
                } else {
                    self.take_reply(now, from, &message, reply, None);
                }
            }
            Payload::Error { code, .. } => self.take_refusal(now, from, message.transaction, *code),
            Payload::Parts(parts) => self.take_parts(now, from, message.transaction, *parts),
        }
    }

    /// Reads a message of this network, unless its sender's id is impossible.
    fn readable<'a>(&self, bytes: &'a [u8]) -> Option<Message<'a>> {
        let message = Message::decode(bytes).ok()?;
        let sender = message.sender();
        let possible = sender.is_none_or(|id| !id.is_zero() && id != self.id);
        (message.network == self.config.network && possible).then_some(message)
    }

    fn admits(&mut self, now: Duration, from: &SocketAddr) -> bool {
        let admits = self.rate.admits(now, from.ip());
        self.counts.limited += u64::from(!admits);
        admits
    }

    fn is_banned(&mut self, now: Duration, from: &SocketAddr) -> bool {
        match self.banned.get(from) {
            Some(until) if *until > now => true,
            Some(_) => {
                self.banned.remove(from);
                false
            }
            None => false,
        }
    }

    /// Ignores an address from now on. When there are too many, the ban that ends first ends now.
    pub(super) fn ban(&mut self, now: Duration, address: SocketAddr) {
        if self.banned.len() >= limits::BANNED {
            let first = self.banned.iter().min_by_key(|(_, until)| **until).map(|(address, _)| *address);
            first.and_then(|address| self.banned.remove(&address));
        }
        self.banned.insert(address, now + limits::BAN);
        self.table(&address).forget(&address);
    }

    fn is_expected(&self, from: &SocketAddr, transaction: u32) -> bool {
        self.requests.get(transaction).is_some_and(|request| request.to == *from)
    }

    fn take_parts(&mut self, now: Duration, from: SocketAddr, transaction: u32, parts: Parts<'_>) {
        // Parts of an answer are expected; all others are requests of their own to the limits.
        if !self.is_expected(&from, transaction) && !self.admits(now, &from) {
            return;
        }
        for part in parts.iter() {
            if let Some(whole) = self.reassembly.part(now, (from, transaction), &part) {
                return self.take_whole(now, from, Some(whole));
            }
        }
    }

    /// Takes a message whose values have all come.
    fn take_whole(&mut self, now: Duration, from: SocketAddr, whole: Option<crate::reassembly::Whole>) {
        let Some(whole) = whole else { return };
        let Some(message) = self.readable(&whole.head) else { return };
        match &message.payload {
            Payload::Request { request, .. } => {
                self.take_request(now, from, message.transaction, request, Some(&whole.values));
            }
            Payload::Reply(reply) if self.is_expected(&from, message.transaction) => {
                self.take_reply(now, from, &message, reply, Some(&whole.values));
            }
            _ => {}
        }
    }

    fn take_request(
        &mut self,
        now: Duration,
        from: SocketAddr,
        transaction: u32,
        request: &Request<'_>,
        whole: Option<&[Vec<u8>]>,
    ) {
        let values = match request {
            Request::Put { values, .. } => decoded(Some(values), whole),
            Request::Update(update) => decoded(update.values.as_ref(), whole),
            _ => Vec::new(),
        };
        self.serve(Asked { now, from, transaction }, request, values);
    }

    fn take_reply(
        &mut self,
        now: Duration,
        from: SocketAddr,
        message: &Message<'_>,
        reply: &Reply<'_>,
        whole: Option<&[Vec<u8>]>,
    ) {
        let Some((request, sent_at)) = self.requests.finish(message.transaction) else { return };
        let contact = Contact { id: reply.id, address: from };
        if request.purpose == Purpose::Confirm {
            self.confirmations -= 1;
        }
        if !message.client {
            self.table(&from).note(now, contact, true);
        }
        if let Some(seen) = reply.seen {
            self.observe(seen);
        }
        match request.purpose {
            Purpose::Bootstrap => self.note_bootstrap(now, &from),
            Purpose::Confirm => {}
            Purpose::Upkeep => self.learn(now, &from, reply),
            Purpose::Ping(operation) => {
                self.operations.remove(&operation);
                let answer = Some((reply.id, now.saturating_sub(sent_at)));
                self.event(Event::Pinged { operation, answer });
            }
            Purpose::Lookup(operation) => self.take_answer(now, operation, contact, reply, whole),
            Purpose::Put(operation) => self.settle(now, operation, &from, Work::Done(now)),
            Purpose::Listen(operation) => {
                if let Some(token) = reply.token {
                    self.take_token(now, operation, &from, token);
                }
                self.settle(now, operation, &from, Work::Done(now));
            }
            Purpose::Update(subscription) => {
                if let Some(listener) = self.listeners.get_mut(&(from, subscription)) {
                    listener.unanswered = listener.unanswered.saturating_sub(1);
                }
            }
        }
        self.note_contact(now, Family::of(&from));
    }

    /// Takes the answer to a question of a lookup.
    fn take_answer(
        &mut self,
        now: Duration,
        operation: OperationId,
        contact: Contact,
        reply: &Reply<'_>,
        whole: Option<&[Vec<u8>]>,
    ) {
        let from = contact.address;
        let Some(token) = reply.token else {
            // Without a token a node is of no use, and those that give none on purpose divert lookups.
            self.ban(now, from);
            return self.fail(now, operation, &from);
        };
        self.with_lookups(operation, &from, |lookup| {
            lookup.answered(now, contact, Some(token));
        });
        for (family, nodes) in [(Family::V4, reply.nodes4), (Family::V6, reply.nodes6)] {
            self.learn_of(operation, family, nodes, &from);
        }
        let values = decoded(reply.values.as_ref(), whole).into_iter().map(Value::into_owned).collect();
        self.deliver(operation, Some(from), values);
        if let Some(rows) = reply.rows.and_then(|rows| rows.decode().ok()) {
            self.take_rows(operation, from, rows);
        }
        self.step(now, operation);
    }

    /// Passes the nodes of which another speaks to the lookup of their family.
    fn learn_of(&mut self, operation: OperationId, family: Family, nodes: Nodes<'_>, from: &SocketAddr) {
        let own = self.id;
        let Some(Operation { lookups, .. }) = self.operations.get_mut(&operation) else { return };
        let Some((_, lookup)) = lookups.iter_mut().find(|(of, _)| *of == family) else { return };
        for contact in nodes.iter(family).filter_map(|contact| mended(contact, from)) {
            if contact.id != own && !contact.id.is_zero() && !self.banned.contains_key(&contact.address) {
                lookup.add(contact);
            }
        }
    }

    fn with_lookups(&mut self, operation: OperationId, at: &SocketAddr, mut change: impl FnMut(&mut Lookup)) {
        let Some(Operation { lookups, .. }) = self.operations.get_mut(&operation) else { return };
        lookups.iter_mut().filter(|(family, _)| *family == Family::of(at)).for_each(|(_, lookup)| change(lookup));
    }

    /// Notes how a put or a listen at a node has ended.
    fn settle(&mut self, now: Duration, operation: OperationId, at: &SocketAddr, work: Work) {
        self.with_lookups(operation, at, |lookup| {
            if let Some(candidate) = lookup.at(at) {
                candidate.work = work;
                candidate.accept_token();
            }
        });
        self.step(now, operation);
    }

    fn fail(&mut self, now: Duration, operation: OperationId, at: &SocketAddr) {
        self.with_lookups(operation, at, |lookup| {
            lookup.failed(at);
        });
        self.step(now, operation);
    }

    fn take_refusal(&mut self, now: Duration, from: SocketAddr, transaction: u32, code: u16) {
        if !self.is_expected(&from, transaction) {
            self.counts.refused += 1;
            return;
        }
        let Some((request, _)) = self.requests.finish(transaction) else { return };
        match (request.purpose, code) {
            (Purpose::Put(operation) | Purpose::Listen(operation), 401) => {
                self.with_lookups(operation, &from, |lookup| {
                    if let Some(candidate) = lookup.at(&from) {
                        candidate.refuse_token();
                    }
                });
                self.step(now, operation);
            }
            // A refresh of what the node does not have: it gets the value.
            (Purpose::Put(operation), 404) => {
                self.with_lookups(operation, &from, |lookup| {
                    if let Some(candidate) = lookup.at(&from) {
                        candidate.holds = false;
                    }
                });
                self.settle(now, operation, &from, Work::None);
            }
            (Purpose::Put(operation) | Purpose::Listen(operation), _) => {
                self.settle(now, operation, &from, Work::Failed);
            }
            (purpose, _) => self.give_up(now, &from, purpose),
        }
    }

    /// Notes that a request has ended without an answer.
    pub(super) fn give_up(&mut self, now: Duration, at: &SocketAddr, purpose: Purpose) {
        match purpose {
            Purpose::Bootstrap | Purpose::Upkeep => {}
            Purpose::Confirm => self.confirmations -= 1,
            Purpose::Ping(operation) => {
                self.operations.remove(&operation);
                self.event(Event::Pinged { operation, answer: None });
            }
            Purpose::Lookup(operation) | Purpose::Put(operation) | Purpose::Listen(operation) => {
                self.fail(now, operation, at);
            }
            Purpose::Update(subscription) => self.forget_listener(&(*at, subscription)),
        }
    }

    /// Notes an address under which a node sees this one. The least named gives way when there are too many.
    fn observe(&mut self, seen: IpAddr) {
        if !self.observed.contains_key(&seen) && self.observed.len() >= limits::OBSERVED {
            let least = self.observed.iter().min_by_key(|(_, count)| **count).map(|(ip, _)| *ip);
            least.and_then(|ip| self.observed.remove(&ip));
        }
        *self.observed.entry(seen).or_default() += 1;
    }

    /// Pings nodes of which another speaks, when the table has room for them.
    fn learn(&mut self, now: Duration, from: &SocketAddr, reply: &Reply<'_>) {
        for (family, nodes) in [(Family::V4, reply.nodes4), (Family::V6, reply.nodes6)] {
            if !self.has_family(family) {
                continue;
            }
            for contact in nodes.iter(family).filter_map(|contact| mended(contact, from)) {
                let wanted = self.tables[index(family)].has_room(&contact) && !self.is_banned(now, &contact.address);
                if wanted && self.confirmations < limits::CONFIRMATIONS {
                    let began = self.request(now, contact.address, Purpose::Confirm, &Request::Ping, Vec::new());
                    self.confirmations += usize::from(began);
                }
            }
        }
    }

    /// Says whether the routing tables have a node with this id.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn knows(&self, id: &crate::id::InfoHash) -> bool {
        self.tables.iter().any(|table| table.has(id))
    }
}

/// Returns the values of a question, when they follow in parts.
fn announced<'m, 'a>(request: &'m Request<'a>) -> Option<&'m Values<'a>> {
    let values = match request {
        Request::Put { values, .. } => values,
        Request::Update(update) => update.values.as_ref()?,
        _ => return None,
    };
    is_announcement(values).then_some(values)
}

fn is_announcement(values: &Values<'_>) -> bool {
    matches!(values.iter().next(), Some(Item::Announced(_)))
}

/// Decodes values that came inline or in parts. One that is malformed is left out.
fn decoded<'a>(inline: Option<&Values<'a>>, whole: Option<&'a [Vec<u8>]>) -> Vec<Value<'a>> {
    if let Some(whole) = whole {
        return whole.iter().filter_map(|bytes| Value::decode(bytes).ok()).collect();
    }
    let Some(values) = inline else { return Vec::new() };
    let inline = |item| match item {
        Item::Inline(bytes) => Value::decode(bytes).ok(),
        Item::Announced(_) => None,
    };
    values.iter().filter_map(inline).collect()
}
