//! Bytes of any kind change nothing that they should not: no panic, bounded memory, and answers to others go on.

#[path = "hostile/addresses.rs"]
mod addresses;

use std::net::SocketAddr;
use std::time::Duration;

use handfast_dht::value::{Body, Content, Field, Filter, Query, Signed, Value};
use handfast_dht::wire::{Family, Message, Nodes, Payload, Reply, Request, Want};
use handfast_dht::{Config, Event, InfoHash, Node, PutOptions, ValueType, limits};
use proptest::prelude::*;

const START: Duration = Duration::from_secs(3600);

fn node() -> Node {
    Node::new(START, Config::default(), [9; 32])
}

fn from(last: u8, port: u16) -> SocketAddr {
    ([10, 0, 0, last], port).into()
}

fn id(number: u8) -> InfoHash {
    InfoHash([number; 20])
}

fn request(transaction: u32, request: Request<'_>) -> Vec<u8> {
    let payload = Payload::Request { id: id(7), request };
    Message { transaction, network: 0, client: true, payload }.to_bytes()
}

/// Sends a question to a node, and returns what it sends back to its sender.
fn answers(node: &mut Node, now: Duration, from: SocketAddr, datagram: &[u8]) -> Vec<Vec<u8>> {
    node.handle_datagram(now, from, datagram);
    std::iter::from_fn(|| node.poll_transmit()).filter(|transmit| transmit.to == from).map(|sent| sent.bytes).collect()
}

fn token(node: &mut Node, now: Duration, at: SocketAddr) -> Vec<u8> {
    let datagram = request(1, Request::Find { target: id(3), want: Want::default() });
    // Questions of its own may be among them.
    let answers = answers(node, now, at, &datagram);
    let token = answers.iter().find_map(|bytes| match Message::decode(bytes).unwrap().payload {
        Payload::Reply(reply) => reply.token.map(<[u8]>::to_vec),
        _ => None,
    });
    token.expect("a find is answered with a token")
}

fn refusal(answers: &[Vec<u8>]) -> Option<u16> {
    match Message::decode(answers.first()?).unwrap().payload {
        Payload::Error { code, .. } => Some(code),
        _ => None,
    }
}

fn values_of(value: &Value<'_>) -> Vec<u8> {
    value.encode()
}

#[test]
fn each_refusal_has_its_number() {
    let mut node = node();
    let here = from(1, 1000);
    let good = token(&mut node, START, here);
    let stolen = token(&mut node, START, from(1, 1001));
    let value = values_of(&Value::plain(5, ValueType::USER_DATA, *b"x"));
    let zero = values_of(&Value::plain(0, ValueType::USER_DATA, *b"x"));
    let values = |bytes| handfast_dht::wire::Values::of(1, bytes);
    let put = |key, bytes, token| Request::Put { key, values: values(bytes), token, created: None };
    let query = Query::default;
    let listen = |key, token| Request::Listen { key, token, subscription: 1, query: query() };
    for (what, question, code) in [
        ("get of nothing", Request::Get { key: InfoHash::ZERO, query: query(), want: Want::default() }, Some(203)),
        ("put at nothing", put(InfoHash::ZERO, &value, &good), Some(203)),
        ("put of id zero", put(id(1), &zero, &good), Some(203)),
        ("put with another port's token", put(id(1), &value, &stolen), Some(401)),
        ("put with a short token", put(id(1), &value, &good[..31]), Some(401)),
        ("put without token", put(id(1), &value, &[]), Some(401)),
        ("put", put(id(1), &value, &good), None),
        ("listen to nothing", listen(InfoHash::ZERO, &good), Some(203)),
        ("listen with another's token", listen(id(1), &stolen), Some(401)),
        ("refresh with another's token", Request::Refresh { key: id(1), value: 5, token: &stolen }, Some(401)),
        ("refresh of an unknown key", Request::Refresh { key: id(2), value: 5, token: &good }, Some(404)),
        ("refresh of an unknown value", Request::Refresh { key: id(1), value: 6, token: &good }, None),
    ] {
        let answers = answers(&mut node, START, here, &request(9, question));
        assert_eq!((refusal(&answers), answers.len()), (code, 1), "{what}");
    }
    assert_eq!(node.statistics().values, 1);
}

#[test]
fn impossible_senders_are_not_answered() {
    let mut node = node();
    let ping = request(1, Request::Ping);
    for sender in ["0.1.2.3:4", "224.0.0.1:4", "255.255.255.255:4", "10.0.0.1:0", "[::ffff:10.0.0.1]:4", "[ff02::1]:4"]
    {
        assert_eq!(answers(&mut node, START, sender.parse().unwrap(), &ping).len(), 0, "{sender}");
    }
    for (sender, network) in [(InfoHash::ZERO, 0), (node.id(), 0), (id(1), 7)] {
        let payload = Payload::Request { id: sender, request: Request::Ping };
        let datagram = Message { transaction: 1, network, client: false, payload }.to_bytes();
        assert_eq!(answers(&mut node, START, from(1, 1), &datagram).len(), 0);
    }
    assert_eq!(answers(&mut node, START, from(1, 1), &ping).len(), 1);
}

#[test]
fn a_flood_from_one_address_is_dropped_and_others_are_served() {
    let mut node = node();
    let ping = request(1, Request::Ping);
    let answered = (0..20_000).filter(|port| !answers(&mut node, START, from(1, 1 + port), &ping).is_empty()).count();
    assert_eq!(answered, limits::REQUESTS_PER_ADDRESS as usize);
    assert_eq!(answers(&mut node, START, from(2, 1), &ping).len(), 1);
    assert_eq!(node.statistics().limited, 20_000 - 1024);
}

#[test]
fn a_node_that_gives_no_token_is_not_asked_again() {
    let mut node = node();
    let there = from(5, 4222);
    node.bootstrap(START, there).unwrap();
    let answer = |node: &mut Node, token: Option<&[u8]>| {
        while let Some(sent) = node.poll_transmit() {
            let message = Message::decode(&sent.bytes).unwrap();
            let reply = Reply { id: id(8), token, ..Reply::default() };
            let bytes = Message { payload: Payload::Reply(reply), ..message.clone() }.to_bytes();
            node.handle_datagram(START, there, &bytes);
        }
    };
    answer(&mut node, None);
    // The ping is answered without a token, the lookup that follows must not be.
    assert!(answers(&mut node, START, there, &request(1, Request::Ping)).is_empty());
    assert_eq!(node.statistics().known, 0);
}

#[test]
fn answers_count_only_from_the_address_that_was_asked() {
    let mut node = node();
    let there = from(5, 4222);
    node.bootstrap(START, there).unwrap();
    let sent = node.poll_transmit().unwrap();
    let message = Message::decode(&sent.bytes).unwrap();
    let reply = Reply { id: id(8), ..Reply::default() };
    let bytes = Message { payload: Payload::Reply(reply), ..message.clone() }.to_bytes();
    node.handle_datagram(START, from(6, 4222), &bytes);
    assert_eq!(node.statistics().known, 0);
    node.handle_datagram(START, there, &bytes);
    assert_eq!(node.statistics().known, 1);
    assert_eq!(node.poll_event(), Some(Event::Connected(Family::V4)));
}

#[test]
fn three_tries_and_then_no_more() {
    let mut node = node();
    let operation = node.ping(START, from(5, 4222)).unwrap();
    let (mut sent, mut now) = (Vec::new(), START);
    let over = loop {
        sent.extend(std::iter::from_fn(|| node.poll_transmit()).map(|transmit| (now - START, transmit.bytes)));
        if let Some(event) = node.poll_event() {
            break event;
        }
        now = node.poll_timeout();
        node.handle_timeout(now);
    };
    assert_eq!(over, Event::Pinged { operation, answer: None });
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|(_, bytes)| *bytes == sent[0].1));
    let [second, third, end] = [sent[1].0, sent[2].0, now - START].map(|at| at.as_millis());
    assert!((1000..=1250).contains(&second) && (2000..=2750).contains(&(third - second)));
    assert!((4000..=5750).contains(&(end - third)), "{end}");
}

/// A generator that needs no state beyond a number: the datagrams of the flood are the same in each run.
fn scrambled(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 29;
    x.wrapping_mul(0x94d0_49bb_1331_11eb) ^ x >> 32
}

/// Makes the `number`th hostile datagram: half of them well-formed questions for stores, listeners and parts, half mutated.
fn hostile(number: u64, token: &[u8]) -> Vec<u8> {
    let random = scrambled(number);
    let key = InfoHash::of(&(random % 100).to_be_bytes());
    let value = values_of(&Value::plain(1 + (random >> 8) % 100, ValueType(random as u16 % 10), vec![1; 300]));
    let announced = [0xcd, 0xff, 0x00];
    let query = Query { select: vec![Field::Id], filters: vec![Filter::Seq(random as u16)] };
    let values = handfast_dht::wire::Values::of(1, if random & 64 == 0 { &value } else { &announced });
    let question = match random % 7 {
        0 => Request::Ping,
        1 => Request::Find { target: key, want: Want::BOTH },
        2 => Request::Get { key, query, want: Want::default() },
        3 | 4 => Request::Put { key, values, token, created: None },
        5 => Request::Listen { key, token, subscription: (random >> 16) as u32 % 50, query: Query::default() },
        _ => Request::Refresh { key, value: random, token },
    };
    let payload = Payload::Request { id: InfoHash::of(&random.to_be_bytes()), request: question };
    let mut bytes = Message { transaction: random as u32, network: 0, client: false, payload }.to_bytes();
    if random & 128 != 0 {
        for change in 0..1 + random as usize % 4 {
            let at = (random >> (8 * change)) as usize % bytes.len();
            bytes[at] ^= 1 << (random >> 40 & 7);
        }
    }
    if random & 256 != 0 {
        bytes.truncate(1 + (random >> 20) as usize % bytes.len());
    }
    bytes
}

/// That each table is within its limit.
fn assert_bounded(node: &Node) {
    let statistics = node.statistics();
    for (what, count, most) in [
        ("bytes of values", statistics.bytes, limits::STORE_BYTES),
        ("listeners", statistics.listeners, limits::LISTENERS),
        ("bytes of parts", statistics.parts, limits::ASSEMBLY_BYTES),
        ("banned addresses", statistics.banned, limits::BANNED),
        ("requests", statistics.pending, limits::PENDING),
        // A bucket for each bit of an id, of both families.
        ("nodes", statistics.known, 2 * 160 * limits::BUCKET),
    ] {
        assert!(count <= most, "{what}: {count} of {most}");
    }
}

/// How many lots a flood has after its tables are full.
fn lots_of_flood() -> u32 {
    std::env::var("HANDFAST_FLOOD").map_or(2, |count| count.parse().expect("HANDFAST_FLOOD is a number of lots"))
}

/// Memory after the limits are reached does not grow any more, whatever still comes. `HANDFAST_FLOOD=18` makes it a million datagrams.
#[test]
fn memory_does_not_grow_under_a_flood_of_hostile_datagrams() {
    let mut node = node();
    let senders: Vec<SocketAddr> = (1..=60).map(|last| from(last, 4000)).collect();
    let mut number = 0;
    let mut now = START;
    let mut flood = |node: &mut Node, count: u64| {
        let tokens: Vec<Vec<u8>> = senders.iter().map(|sender| token(node, now, *sender)).collect();
        for _ in 0..count {
            number += 1;
            let which = number as usize % senders.len();
            node.handle_datagram(now, senders[which], &hostile(number, &tokens[which]));
            while node.poll_transmit().is_some() {}
            while node.poll_event().is_some() {}
            now += Duration::from_micros(200);
            if node.poll_timeout() <= now {
                node.handle_timeout(now);
            }
        }
        now += Duration::from_secs(2);
        node.handle_timeout(now);
        while node.poll_transmit().is_some() {}
    };
    // Until as much is under way as later. The store goes on filling, and 60 senders fill no table of addresses: `addresses` does.
    flood(&mut node, 100_000);
    let before = node.statistics().bytes as i64;
    let mut grown = Vec::new();
    for _ in 0..lots_of_flood() {
        let used = allocation_counter::measure(|| flood(&mut node, 50_000));
        grown.push(used.bytes_current);
        assert_bounded(&node);
    }
    let statistics = node.statistics();
    assert!(statistics.bytes <= limits::STORE_BYTES && statistics.listeners <= limits::LISTENERS);
    assert!(statistics.values > 1000, "the flood stores: {statistics:?}");
    // It goes up and down with what is under way, and grows with the values that are still stored, within their limit.
    let (all, stored) = (grown.iter().sum::<i64>(), statistics.bytes as i64 - before);
    assert!(all - stored < 1 << 20, "{all}, of which {stored} are values: {grown:?}");
}

fn body() -> impl Strategy<Value = Body<'static>> {
    (any::<u16>(), proptest::collection::vec(any::<u8>(), 0..700), "[a-z/]{0,12}").prop_map(
        |(kind, data, user_type)| Body { kind: ValueType(kind), data: data.into(), user_type: user_type.into() },
    )
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..max)
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let signed = (body(), any::<u16>(), bytes(600), proptest::option::of(any::<[u8; 20]>()), bytes(600)).prop_map(
        |(body, seq, owner, to, signature)| {
            let (owner, signature) = (owner.into(), signature.into());
            Content::Signed(Signed { body, seq, owner, to: to.map(InfoHash), signature })
        },
    );
    let encrypted = bytes(2000).prop_map(|cypher| Content::Encrypted(cypher.into()));
    let content = prop_oneof![body().prop_map(Content::Plain), signed, encrypted];
    (any::<u64>(), any::<u32>(), "[a-z]{0,5}", content).prop_map(|(id, priority, push, content)| Value {
        id,
        priority,
        push: push.into(),
        content,
    })
}

proptest! {
    #[test]
    fn values_are_read_as_they_were_written(value in value()) {
        let bytes = value.encode();
        prop_assert_eq!(Value::decode(&bytes).unwrap(), value);
        prop_assert!(Value::decode(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn replies_are_read_as_they_were_written(
        (transaction, network, client, value) in (any::<u32>(), any::<u32>(), any::<bool>(), any::<Option<u64>>()),
        nodes in bytes(10), token in proptest::option::of(bytes(64)), stored in value(),
    ) {
        let packed: Vec<u8> = nodes.iter().flat_map(|byte| [*byte; 26]).collect();
        let encoded = stored.encode();
        let reply = Reply {
            id: id(4),
            seen: Some([1, 2, 3, 4].into()),
            value,
            nodes4: Nodes::new(&packed, Family::V4).unwrap(),
            token: token.as_deref(),
            values: Some(handfast_dht::wire::Values::of(1, &encoded)),
            ..Reply::default()
        };
        let message = Message { transaction, network, client, payload: Payload::Reply(reply) };
        let bytes = message.to_bytes();
        prop_assert_eq!(Message::decode(&bytes).unwrap(), message);
    }

    #[test]
    fn any_bytes_are_read_or_refused(datagram in bytes(400)) {
        if let Ok(message) = Message::decode(&datagram) {
            let again = message.to_bytes();
            prop_assert_eq!(Message::decode(&again).unwrap(), message);
        }
        if let Ok(value) = Value::decode(&datagram) {
            let bytes = value.encode();
            prop_assert_eq!(Value::decode(&bytes).unwrap(), value);
        }
        let mut node = node();
        node.handle_datagram(START, from(1, 1), &datagram);
    }

    /// Mutations of real datagrams reach deeper than any bytes.
    #[test]
    fn mutated_datagrams_are_read_or_refused(number in any::<u64>(), wait in 0u64..20_000) {
        let mut node = node();
        let key = id(1);
        node.listen(START, key, Query::default()).unwrap();
        node.put(START, key, Value::plain(1, ValueType::USER_DATA, *b"x"), PutOptions::default()).unwrap();
        let token = token(&mut node, START, from(1, 4000));
        for step in 0..20 {
            node.handle_datagram(START, from(1, 4000), &hostile(number.wrapping_add(step), &token));
        }
        node.handle_timeout(START + Duration::from_millis(wait));
        while node.poll_transmit().is_some() {}
    }
}
