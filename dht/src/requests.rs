//! Requests that wait for an answer, and their repetition.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use crate::limits;
use crate::operation::OperationId;
use crate::random::Random;
use crate::wire::parts;

/// The purpose of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// First contact with a bootstrap node.
    Bootstrap,
    /// A node of which others spoke, or that asked.
    Confirm,
    /// Upkeep of the table: a ping, or a find.
    Upkeep,
    /// The caller's ping.
    Ping(OperationId),
    /// `find` or `get` of a lookup.
    Lookup(OperationId),
    /// `put` or `refresh`.
    Put(OperationId),
    /// `listen`.
    Listen(OperationId),
    /// News for the listener with this number at the request's address.
    Update(u32),
}

/// A request that was sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) to: SocketAddr,
    pub(crate) purpose: Purpose,
    head: Box<[u8]>,
    values: Vec<Arc<[u8]>>,
    sent_at: Duration,
    tries: u8,
    due: Duration,
}

impl Request {
    /// Returns the datagrams to send, the same at each try.
    pub(crate) fn datagrams(&self, transaction: u32, network: u32, client: bool) -> impl Iterator<Item = Vec<u8>> + '_ {
        let parts = self.values.iter().enumerate();
        core::iter::once(self.head.to_vec())
            .chain(parts.flat_map(move |(at, value)| parts::datagrams(transaction, network, client, at as u32, value)))
    }
}

/// A request whose time has come.
#[derive(Debug)]
pub(crate) enum Due {
    /// Send it again.
    Again(u32),
    /// It has run out.
    Over(Request),
}

/// All that wait, by transaction id.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    waiting: BTreeMap<u32, Request>,
    due: BTreeSet<(Duration, u32)>,
}

impl Requests {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns a transaction id that is free, not zero, and unpredictable; none when too many wait.
    pub(crate) fn free_id(&self, random: &mut Random) -> Option<u32> {
        if self.waiting.len() >= limits::PENDING {
            return None;
        }
        loop {
            let id = random.u32();
            if id != 0 && !self.waiting.contains_key(&id) {
                return Some(id);
            }
        }
    }

    pub(crate) fn begin(
        &mut self,
        now: Duration,
        transaction: u32,
        (to, purpose): (SocketAddr, Purpose),
        (head, values): (Vec<u8>, Vec<Arc<[u8]>>),
        random: &mut Random,
    ) {
        let due = now + random.between(limits::WAITS[0]);
        let request = Request { to, purpose, head: head.into_boxed_slice(), values, sent_at: now, tries: 1, due };
        self.due.insert((due, transaction));
        self.waiting.insert(transaction, request);
    }

    pub(crate) fn get(&self, transaction: u32) -> Option<&Request> {
        self.waiting.get(&transaction)
    }

    pub(crate) fn finish(&mut self, transaction: u32) -> Option<(Request, Duration)> {
        let request = self.waiting.remove(&transaction)?;
        self.due.remove(&(request.due, transaction));
        let sent_at = request.sent_at;
        Some((request, sent_at))
    }

    /// Drops the requests of an operation that ended.
    pub(crate) fn cancel(&mut self, unwanted: impl Fn(&Request) -> bool) {
        let gone: Vec<u32> = self.waiting.iter().filter(|(_, request)| unwanted(request)).map(|(id, _)| *id).collect();
        for transaction in gone {
            self.finish(transaction);
        }
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Returns the next request whose time has come.
    pub(crate) fn pop_due(&mut self, now: Duration, random: &mut Random) -> Option<Due> {
        let (at, transaction) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, transaction));
        let request = self.waiting.get_mut(&transaction)?;
        if request.tries >= limits::TRIES {
            return self.waiting.remove(&transaction).map(Due::Over);
        }
        request.due = now + random.between(limits::WAITS[usize::from(request.tries)]);
        request.tries += 1;
        self.due.insert((request.due, transaction));
        Some(Due::Again(transaction))
    }
}
