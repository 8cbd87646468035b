//! Time to read a `get` reply and to write it again; and what a node needs to answer a `get`.
//!
//! ```text
//! cargo bench -p handfast-dht
//! ```

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use handfast_dht::value::{Query, Value};
use handfast_dht::wire::{Contact, Family, Item, Message, Nodes, Payload, Reply, Request, Values, Want};
use handfast_dht::{Config, InfoHash, Node, ValueType};

const ROUNDS: usize = 21;
const STEPS: u32 = 20_000;

/// Prints the median time of one step, over rounds.
fn measure(name: &str, mut step: impl FnMut()) {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..STEPS).for_each(|_| step());
            start.elapsed().as_secs_f64() * 1e9 / f64::from(STEPS)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name:<58} {:>7.0} ns   (fastest {:.0})", times[ROUNDS / 2], times[0]);
}

fn main() {
    let value = Value::typed(0x1122_3344_5566_7788, ValueType::USER_DATA, "text/plain", vec![7; 300]).encode();
    let mut packed = Vec::new();
    for number in 0..8u8 {
        Contact { id: InfoHash([number; 20]), address: ([10, 0, 0, number], 4222).into() }.encode(&mut packed);
    }
    let reply = Reply {
        id: InfoHash([9; 20]),
        seen: Some([127, 0, 0, 1].into()),
        nodes4: Nodes::new(&packed, Family::V4).unwrap_or_default(),
        token: Some(&[3; 32]),
        values: Some(Values::of(1, &value)),
        ..Reply::default()
    };
    let message = Message { transaction: 0x1234_5678, network: 0, client: false, payload: Payload::Reply(reply) };
    let datagram = message.to_bytes();
    let mut buffer = Vec::with_capacity(2048);
    measure("get reply of 8 nodes and a value of 300 bytes: read", || {
        black_box(Message::decode(black_box(&datagram)).is_ok());
    });
    measure("the same: read, with its value, and write", || {
        let Ok(message) = Message::decode(black_box(&datagram)) else { return };
        if let Payload::Reply(Reply { values: Some(values), .. }) = &message.payload
            && let Some(Item::Inline(bytes)) = values.iter().next()
        {
            black_box(Value::decode(bytes).is_ok());
        }
        buffer.clear();
        message.encode(&mut buffer);
        black_box(&buffer);
    });
    let mut node = Node::new(Duration::ZERO, Config::default(), [1; 32]);
    let mut now = Duration::ZERO;
    let mut number = 0u32;
    measure("a node answers get of a random key, without sockets", || {
        number += 1;
        // One step in 200 µs: below the limits on requests.
        now += Duration::from_micros(200);
        let mut key = InfoHash([5; 20]);
        key.0[..4].copy_from_slice(&number.to_be_bytes());
        let request = Request::Get { key, query: Query::default(), want: Want::default() };
        let payload = Payload::Request { id: InfoHash([7; 20]), request };
        let asked = Message { transaction: number, network: 0, client: true, payload }.to_bytes();
        let from = SocketAddr::from(([10, 0, 0, (number % 8) as u8 + 1], 4000));
        node.handle_datagram(now, from, &asked);
        black_box(node.poll_transmit());
    });
}
