//! A network of nodes in virtual time: latency, loss, duplication, partitions, churn, and nodes that lie.
//!
//! Deterministic: the same seed and the same calls give the same network. Reordering follows from latencies that differ.

mod hostile;

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub use hostile::Behaviour;

use crate::id::InfoHash;
use crate::node::{Config, Node, Transmit};
use crate::operation::{CannotBegin, Event};
use crate::random::Random;
use crate::wire::{Family, Want};

/// The faults of the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Faults {
    /// Share of datagrams that are lost.
    pub loss: f64,
    /// Share of datagrams that arrive twice.
    pub duplication: f64,
    /// Time on the way: at least, and at random on top.
    pub latency: (Duration, Duration),
}

impl Default for Faults {
    fn default() -> Self {
        let latency = (Duration::from_millis(10), Duration::from_millis(80));
        Self { loss: 0.0, duplication: 0.0, latency }
    }
}

/// A host of the network, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host(pub usize);

struct Machine {
    node: Option<Node>,
    address: SocketAddr,
    behaviour: Behaviour,
    side: u8,
    wakes_at: Duration,
    events: Vec<Event>,
    datagrams: u64,
    starts: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Arrive { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    Wake(Host),
}

/// The network.
pub struct Network {
    machines: Vec<Machine>,
    places: BTreeMap<SocketAddr, Host>,
    queue: BinaryHeap<Reverse<(Duration, u64, Step)>>,
    steps: u64,
    now: Duration,
    random: Random,
    /// The faults from now on.
    pub faults: Faults,
    /// Datagrams that were sent.
    pub datagrams: u64,
    lost: u64,
}

impl Network {
    /// Starts without nodes, an hour after zero.
    #[must_use]
    pub fn new(seed: u64, faults: Faults) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        Self {
            machines: Vec::new(),
            places: BTreeMap::new(),
            queue: BinaryHeap::new(),
            steps: 0,
            now: Duration::from_secs(3600),
            random: Random::new(bytes),
            faults,
            datagrams: 0,
            lost: 0,
        }
    }

    /// Returns the time of the network.
    #[must_use]
    pub const fn now(&self) -> Duration {
        self.now
    }

    /// Returns how many datagrams were lost, at partitions and dead hosts too.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.random.below(end)
    }

    /// Returns a random id.
    pub fn id(&mut self) -> InfoHash {
        self.random.id()
    }

    fn free_address(&mut self, family: Family) -> SocketAddr {
        loop {
            let ip = match family {
                Family::V4 => IpAddr::V4(Ipv4Addr::from(self.random.u32())),
                Family::V6 => {
                    let mut octets = [0x20, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
                    octets[2..6].copy_from_slice(&self.random.u32().to_be_bytes());
                    IpAddr::V6(Ipv6Addr::from(octets))
                }
            };
            let address = SocketAddr::new(ip, 4222);
            let usable = match ip {
                IpAddr::V4(ip) => (1..224).contains(&ip.octets()[0]) && ip.octets()[0] != 127,
                IpAddr::V6(_) => true,
            };
            if usable && !self.places.contains_key(&address) {
                return address;
            }
        }
    }

    /// Adds an honest IPv4 node with a random address.
    pub fn add(&mut self) -> Host {
        self.add_with(Family::V4, Config::default(), Behaviour::Honest)
    }

    /// Adds a node with a random address.
    pub fn add_with(&mut self, family: Family, config: Config, behaviour: Behaviour) -> Host {
        let address = self.free_address(family);
        self.add_at(address, config, behaviour)
    }

    /// Adds a node at an address, which must be free.
    pub fn add_at(&mut self, address: SocketAddr, config: Config, behaviour: Behaviour) -> Host {
        let host = Host(self.machines.len());
        self.machines.push(Machine {
            node: None,
            address,
            behaviour,
            side: 0,
            wakes_at: Duration::MAX,
            events: Vec::new(),
            datagrams: 0,
            starts: 0,
        });
        self.places.insert(address, host);
        self.start(host, config);
        host
    }

    /// Starts a host's node, anew if it ran. The values that it stored are gone.
    pub fn start(&mut self, host: Host, config: Config) {
        let family = Family::of(&self.machines[host.0].address);
        let families = Want { v4: family == Family::V4, v6: family == Family::V6 };
        let seed = self.random.secret();
        let machine = &mut self.machines[host.0];
        machine.starts += 1;
        machine.node = Some(Node::new(self.now, Config { families, ..config }, seed));
        self.flush(host);
    }

    /// Ends a host's node without a word.
    pub fn kill(&mut self, host: Host) {
        self.machines[host.0].node = None;
        self.machines[host.0].wakes_at = Duration::MAX;
    }

    /// Says whether a host's node runs.
    #[must_use]
    pub fn is_alive(&self, host: Host) -> bool {
        self.machines[host.0].node.is_some()
    }

    /// Puts a host on a side. Nothing passes from one side to another.
    pub fn set_side(&mut self, host: Host, side: u8) {
        self.machines[host.0].side = side;
    }

    /// Changes how a host behaves.
    pub fn set_behaviour(&mut self, host: Host, behaviour: Behaviour) {
        self.machines[host.0].behaviour = behaviour;
    }

    /// Returns a host's address.
    #[must_use]
    pub fn address(&self, host: Host) -> SocketAddr {
        self.machines[host.0].address
    }

    /// Returns how many hosts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.machines.len()
    }

    /// Says whether there are no hosts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.machines.is_empty()
    }

    /// Returns how many datagrams a host has sent and received.
    #[must_use]
    pub fn datagrams_of(&self, host: Host) -> u64 {
        self.machines[host.0].datagrams
    }

    /// Returns a host's node.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn node(&self, host: Host) -> &Node {
        self.machines[host.0].node.as_ref().expect("the node runs")
    }

    /// Does something with a host's node, and sends what it has to send.
    ///
    /// # Panics
    /// When it does not run.
    pub fn with<T>(&mut self, host: Host, act: impl FnOnce(&mut Node, Duration) -> T) -> T {
        let result = act(self.machines[host.0].node.as_mut().expect("the node runs"), self.now);
        self.flush(host);
        result
    }

    /// Hands a host a datagram that comes from outside: its sender is no host, and gets no answer.
    pub fn intrude(&mut self, from: SocketAddr, host: Host, bytes: &[u8]) {
        let to = self.machines[host.0].address;
        self.arrive(from, to, bytes);
    }

    /// Lets a host bootstrap from another.
    ///
    /// # Errors
    /// As [`Node::bootstrap`].
    pub fn join(&mut self, host: Host, by: Host) -> Result<(), CannotBegin> {
        let address = self.address(by);
        self.with(host, |node, now| node.bootstrap(now, address))
    }

    /// Returns what has happened at a host since the last call.
    pub fn events(&mut self, host: Host) -> Vec<Event> {
        core::mem::take(&mut self.machines[host.0].events)
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.run_until(end, |_| false);
    }

    /// Lets time pass until `end`, or until `over` holds; says whether it did.
    pub fn run_until(&mut self, end: Duration, mut over: impl FnMut(&mut Self) -> bool) -> bool {
        while self.queue.peek().is_some_and(|Reverse((at, ..))| *at <= end) {
            let Some(Reverse((at, _, step))) = self.queue.pop() else { break };
            self.now = self.now.max(at);
            match step {
                Step::Wake(host) => self.wake(host, at),
                Step::Arrive { from, to, bytes } => self.arrive(from, to, &bytes),
            }
            if over(self) {
                return true;
            }
        }
        self.now = self.now.max(end);
        over(self)
    }

    fn push(&mut self, at: Duration, step: Step) {
        self.steps += 1;
        self.queue.push(Reverse((at, self.steps, step)));
    }

    fn wake(&mut self, host: Host, at: Duration) {
        let machine = &mut self.machines[host.0];
        // A later wake has taken its place.
        if machine.wakes_at != at {
            return;
        }
        machine.wakes_at = Duration::MAX;
        if let Some(node) = &mut machine.node {
            node.handle_timeout(self.now);
            self.flush(host);
        }
    }

    fn arrive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let Some(host) = self.places.get(&to).copied() else { return };
        let machine = &mut self.machines[host.0];
        let Some(node) = &mut machine.node else {
            self.lost += 1;
            return;
        };
        machine.datagrams += 1;
        if let Some(answer) = machine.behaviour.answers_itself(node.id(), from, bytes) {
            self.send(host, answer);
            return;
        }
        node.handle_datagram(self.now, from, bytes);
        self.flush(host);
    }

    /// Sends what a node has to send, keeps its events, and notes when it wakes.
    fn flush(&mut self, host: Host) {
        loop {
            let Some(node) = &mut self.machines[host.0].node else { return };
            let Some(transmit) = node.poll_transmit() else { break };
            let transmit = self.machines[host.0].behaviour.alters(transmit, &mut self.random);
            self.send(host, transmit);
        }
        let machine = &mut self.machines[host.0];
        let Some(node) = &mut machine.node else { return };
        while let Some(event) = node.poll_event() {
            machine.events.push(event);
        }
        let wakes_at = node.poll_timeout().max(self.now);
        if wakes_at < machine.wakes_at {
            machine.wakes_at = wakes_at;
            self.push(wakes_at, Step::Wake(host));
        }
    }

    fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && f64::from(self.random.u32()) < share * f64::from(u32::MAX)
    }

    fn send(&mut self, host: Host, transmit: Transmit) {
        let machine = &mut self.machines[host.0];
        machine.datagrams += 1;
        self.datagrams += 1;
        let (from, side) = (machine.address, machine.side);
        let reaches = self.places.get(&transmit.to).is_some_and(|to| self.machines[to.0].side == side);
        if !reaches || self.chance(self.faults.loss) {
            self.lost += 1;
            return;
        }
        let copies = 1 + usize::from(self.chance(self.faults.duplication));
        for _ in 0..copies {
            let at = self.now + self.random.between(self.faults.latency);
            self.push(at, Step::Arrive { from, to: transmit.to, bytes: transmit.bytes.clone() });
        }
    }

    /// Builds a network of `count` honest nodes that all know each other as far as nodes do, `settle` after the last has joined.
    #[must_use]
    pub fn settled(seed: u64, faults: Faults, count: usize, settle: Duration) -> Self {
        let mut network = Self::new(seed, faults);
        for number in 0..count {
            let host = network.add();
            if number > 0 {
                let by = Host(network.below(number));
                network.join(host, by).expect("a random address is a possible one");
            }
            network.run(Duration::from_millis(20));
        }
        network.run(settle);
        network
    }
}
