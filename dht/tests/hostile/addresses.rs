//! A flood from about as many addresses as datagrams: what is kept by address stays within its limits.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use handfast_dht::value::Query;
use handfast_dht::wire::{Message, Payload, Reply, Request, Values, Want};
use handfast_dht::{InfoHash, Node, Value, ValueType, limits};

use super::{START, assert_bounded, lots_of_flood, node, scrambled, values_of};

/// Returns the sender with this number: of IPv4 and of IPv6 in turn, most in a network of their own.
fn address(number: u64) -> SocketAddr {
    let [a, b, c, d, e, f, g, h] = scrambled(number).to_be_bytes();
    if number.is_multiple_of(2) {
        (Ipv4Addr::new(1 + a % 120, b, c, 1 + d % 250), 1 + u16::from(e)).into()
    } else {
        (Ipv6Addr::from([0x20, 1, a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 1]), 4222).into()
    }
}

/// Returns the id of the node at an address.
fn node_at(address: &SocketAddr) -> InfoHash {
    InfoHash::of(address.to_string().as_bytes())
}

/// The strangers, who answer all that the node asks them. To a lookup they give no token, which gets them banned.
struct Flood {
    node: Node,
    now: Duration,
    number: u64,
    /// The most addresses that were banned at one time, and that named the node's own.
    most: [usize; 2],
}

impl Flood {
    fn send(&mut self, from: SocketAddr, payload: Payload<'_>) {
        let bytes = Message { transaction: self.number as u32, network: 0, client: false, payload }.to_bytes();
        self.node.handle_datagram(self.now, from, &bytes);
    }

    fn ask(&mut self, from: SocketAddr, request: Request<'_>) {
        self.send(from, Payload::Request { id: node_at(&from), request });
    }

    /// Answers what the node has sent. Returns the token that it gave, if it gave one.
    fn answer(&mut self) -> Option<Vec<u8>> {
        let mut given = None;
        while let Some(sent) = self.node.poll_transmit() {
            let message = Message::decode(&sent.bytes).unwrap();
            match &message.payload {
                Payload::Request { .. } => {
                    let seen = Some(address(self.number + 1).ip());
                    let reply = Reply { id: node_at(&sent.to), seen, ..Reply::default() };
                    let bytes = Message { payload: Payload::Reply(reply), client: false, ..message.clone() }.to_bytes();
                    self.node.handle_datagram(self.now, sent.to, &bytes);
                }
                Payload::Reply(reply) => given = reply.token.map(<[u8]>::to_vec).or(given),
                _ => {}
            }
        }
        given
    }

    /// Lets the next stranger come.
    fn next(&mut self) {
        self.number += 1;
        let (number, from) = (self.number, address(self.number));
        let key = InfoHash::of(&(number % 200).to_be_bytes());
        match number % 8 {
            0 => self.ask(from, Request::Ping),
            1 => self.send(from, Payload::Reply(Reply { id: node_at(&from), ..Reply::default() })),
            2 => self.send(from, Payload::Error { id: Some(node_at(&from)), code: 401, text: "" }),
            _ => {
                self.ask(from, Request::Find { target: key, want: Want::BOTH });
                let Some(token) = self.answer() else { return };
                let subscription = number as u32;
                match number % 64 {
                    63 => {
                        let key = InfoHash::of(&number.to_be_bytes());
                        let value = values_of(&Value::plain(1, ValueType::USER_DATA, vec![1; 300]));
                        let values = Values::of(1, &value);
                        self.ask(from, Request::Put { key, values, token: &token, created: None });
                    }
                    // Its parts do not come.
                    3 | 11 | 19 => {
                        let values = Values::of(1, &[0xcd, 0xff, 0x00]);
                        self.ask(from, Request::Put { key, values, token: &token, created: None });
                    }
                    _ => self.ask(from, Request::Listen { key, token: &token, subscription, query: Query::default() }),
                }
            }
        }
        self.answer();
    }

    /// Lets so many strangers come. The node looks for something now and then, and meets them.
    fn run(&mut self, count: u64) {
        for _ in 0..count {
            self.next();
            self.now += Duration::from_micros(400);
            if self.number.is_multiple_of(256) {
                let key = InfoHash::of(&self.number.to_le_bytes());
                self.node.get(self.now, key, Query::default()).unwrap();
                self.answer();
            }
            if self.node.poll_timeout() <= self.now {
                self.node.handle_timeout(self.now);
                self.answer();
            }
            while self.node.poll_event().is_some() {}
        }
        assert_bounded(&self.node);
        let observed = self.node.observed().len();
        assert!(observed <= limits::OBSERVED, "{observed} addresses of its own");
        self.most = [self.most[0].max(self.node.statistics().banned), self.most[1].max(observed)];
    }
}

/// `HANDFAST_FLOOD=100` makes it a million addresses.
#[test]
fn memory_does_not_grow_with_the_number_of_addresses() {
    let mut flood = Flood { node: node(), now: START, number: 0, most: [0; 2] };
    flood.run(36_000);
    let full = flood.node.statistics();
    assert_eq!((full.banned, full.listeners), (limits::BANNED, limits::LISTENERS), "{full:?}");
    assert_eq!(flood.most, [limits::BANNED, limits::OBSERVED]);
    for _ in 0..lots_of_flood() {
        let before = flood.node.statistics();
        let used = allocation_counter::measure(|| flood.run(10_000));
        let values = flood.node.statistics().values.saturating_sub(before.values);
        // Values are stored within the store's own limit; all else has its most already.
        let most = values as i64 * 2048 + (256 << 10);
        assert!(used.bytes_current < most, "{} bytes for {values} values", used.bytes_current);
    }
}
