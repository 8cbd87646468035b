//! The node: all state of the protocol, without sockets, clocks or threads.

mod bootstrap;
mod incoming;
mod outgoing;
mod serve;
mod steps;
mod store;
mod upkeep;
mod work;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};

use bootstrap::Bootstraps;
use work::Operation;

use crate::id::InfoHash;
use crate::limits;
use crate::operation::{Event, OperationId};
use crate::random::Random;
use crate::rate::Rate;
use crate::reassembly::Reassembly;
use crate::requests::Requests;
use crate::storage::{Listeners, Storage};
use crate::table::Table;
use crate::token::Tokens;
use crate::wire::{Family, Want};

/// The parameters of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// The node's id; none: a random one. [`InfoHash::of_node`] gives that of an identity.
    pub id: Option<InfoHash>,
    /// The families in which the node is. Each is a network of its own.
    pub families: Want,
    /// The network; nodes of different ones ignore each other. The usual one is 0.
    pub network: u32,
    /// Route and store nothing for others. For nodes that live a short time.
    pub client: bool,
    /// Unix time at the moment that `now` calls zero.
    pub unix_start: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { id: None, families: Want::BOTH, network: 0, client: false, unix_start: Duration::ZERO }
    }
}

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub to: SocketAddr,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Numbers for people and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Good nodes of IPv4 and IPv6 in the routing tables.
    pub good: [usize; 2],
    /// All nodes in the routing tables.
    pub known: usize,
    /// Values stored for others.
    pub values: usize,
    /// Bytes that they are counted with.
    pub bytes: usize,
    /// Listeners.
    pub listeners: usize,
    /// Bytes that wait for the other parts of their values.
    pub parts: usize,
    /// Addresses that are banned.
    pub banned: usize,
    /// Requests that wait for an answer.
    pub pending: usize,
    /// Datagrams that came.
    pub received: u64,
    /// Datagrams that were dropped because of a limit on requests.
    pub limited: u64,
    /// Datagrams that were no messages, or from impossible or banned senders.
    pub refused: u64,
    /// Datagrams that were sent.
    pub sent: u64,
}

/// A node of the network, sans-IO.
///
/// The caller passes it what arrives ([`Node::handle_datagram`]) and the time ([`Node::handle_timeout`], at
/// [`Node::poll_timeout`]), and takes from it what is to be sent ([`Node::poll_transmit`]) and what has happened
/// ([`Node::poll_event`]). `now` is the time since a moment of the caller's choice; it must not go back. The same seed and the same
/// calls give the same node.
pub struct Node {
    config: Config,
    id: InfoHash,
    random: Random,
    tables: [Table; 2],
    connected: [bool; 2],
    bootstraps: Bootstraps,
    upkeep_at: Duration,
    upkeep_rounds: u32,
    requests: Requests,
    confirmations: usize,
    reassembly: Reassembly,
    tokens: Tokens,
    rate: Rate,
    storage: Storage,
    listeners: Listeners,
    banned: BTreeMap<SocketAddr, Duration>,
    observed: BTreeMap<IpAddr, usize>,
    operations: BTreeMap<OperationId, Operation>,
    operations_due: BTreeSet<(Duration, OperationId)>,
    subscriptions: BTreeMap<u32, OperationId>,
    next_operation: u64,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
    event_bytes: usize,
    lost: usize,
    counts: Statistics,
    asked: u64,
}

impl core::fmt::Debug for Node {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Node").field("id", &self.id).field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}

/// Returns the place of a family in pairs.
const fn index(family: Family) -> usize {
    match family {
        Family::V4 => 0,
        Family::V6 => 1,
    }
}

impl Node {
    /// Starts a node. `seed` must be secret and random: tokens and transaction ids come from it.
    #[must_use]
    pub fn new(now: Duration, config: Config, seed: [u8; 32]) -> Self {
        let mut random = Random::new(seed);
        let id = config.id.filter(|id| !id.is_zero()).unwrap_or_else(|| random.id());
        let tokens = Tokens::new(now, &mut random);
        Self {
            config,
            id,
            tables: [Table::new(id), Table::new(id)],
            connected: [false; 2],
            bootstraps: Bootstraps::default(),
            upkeep_at: now + random.between(limits::UPKEEP_YOUNG),
            upkeep_rounds: 0,
            requests: Requests::default(),
            confirmations: 0,
            reassembly: Reassembly::default(),
            tokens,
            rate: Rate::default(),
            storage: Storage::default(),
            listeners: Listeners::default(),
            banned: BTreeMap::new(),
            observed: BTreeMap::new(),
            operations: BTreeMap::new(),
            operations_due: BTreeSet::new(),
            subscriptions: BTreeMap::new(),
            next_operation: 0,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            event_bytes: 0,
            lost: 0,
            counts: Statistics::default(),
            asked: 0,
            random,
        }
    }

    /// Returns the node's id.
    #[must_use]
    pub const fn id(&self) -> InfoHash {
        self.id
    }

    /// Says whether a node of this family has answered, and is still good.
    #[must_use]
    pub const fn is_connected(&self, family: Family) -> bool {
        self.connected[index(family)]
    }

    /// Returns the IP addresses under which others say that they see this node, most often named first.
    #[must_use]
    pub fn observed(&self) -> Vec<IpAddr> {
        let mut all: Vec<_> = self.observed.iter().map(|(ip, count)| (core::cmp::Reverse(*count), *ip)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, ip)| ip).collect()
    }

    /// Returns how many questions of others have come, those that are not answered too.
    #[must_use]
    pub const fn asked(&self) -> u64 {
        self.asked
    }

    /// Returns the numbers of now.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics {
            known: self.tables.iter().map(Table::len).sum(),
            values: self.storage.len(),
            bytes: self.storage.bytes(),
            listeners: self.listeners.len(),
            parts: self.reassembly.held(),
            banned: self.banned.len(),
            pending: self.requests.len(),
            ..self.counts
        }
    }

    /// Returns the numbers of now, and counts the good nodes.
    #[must_use]
    pub fn statistics_at(&self, now: Duration) -> Statistics {
        let good = [self.tables[0].good(now), self.tables[1].good(now)];
        Statistics { good, ..self.statistics() }
    }

    /// Returns the next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// Returns the next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        if let Some(event) = self.events.pop_front() {
            self.event_bytes -= event.weight();
            return Some(event);
        }
        match core::mem::take(&mut self.lost) {
            0 => None,
            lost => Some(Event::Lost(lost)),
        }
    }

    /// Returns when [`Node::handle_timeout`] is to be called, at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Duration {
        [
            Some(self.tokens.change_at),
            Some(self.upkeep_at),
            self.bootstraps.next_due(),
            self.requests.next_due(),
            self.reassembly.next_due(),
            self.storage.next_due(),
            self.listeners.next_due(),
            self.operations_due.first().map(|(at, _)| *at),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(self.upkeep_at)
    }

    fn event(&mut self, event: Event) {
        let weight = event.weight();
        if self.events.len() >= limits::EVENTS || self.event_bytes + weight > limits::EVENT_BYTES {
            self.lost += 1;
            return;
        }
        self.event_bytes += weight;
        self.events.push_back(event);
    }

    fn has_family(&self, family: Family) -> bool {
        match family {
            Family::V4 => self.config.families.v4,
            Family::V6 => self.config.families.v6,
        }
    }

    fn table(&mut self, address: &SocketAddr) -> &mut Table {
        &mut self.tables[index(Family::of(address))]
    }
}
