//! Laws of any bytes that reach an OpenDHT node.

use core::time::Duration;
use std::{collections::BTreeSet, net::SocketAddr};

use handfast_dht::{
    Config, InfoHash, Node, PutOptions, Query, Value, ValueType, limits,
    wire::{Message, Payload, Request, Values, Want},
};

const START: Duration = Duration::from_secs(3600);

/// Panics if a datagram is read otherwise after it is written, or an iterator of it does not end.
pub fn check_datagram(input: &[u8]) {
    let Ok(message) = Message::decode(input) else { return };
    let written = message.to_bytes();
    let again = Message::decode(&written).expect("what is written is read");
    // Pieces are written anew, up to the first that is malformed: all else is the same, in another order of keys.
    match (&again.payload, &message.payload) {
        (Payload::Parts(again), Payload::Parts(parts)) => assert!(again.iter().eq(parts.iter())),
        (again, payload) => assert_eq!(again, payload),
    }
    assert_eq!(
        (again.transaction, again.network, again.client),
        (message.transaction, message.network, message.client)
    );
    if let Payload::Reply(reply) = &message.payload {
        let values = reply.values.map_or(0, |values| values.iter().count());
        assert!(values <= limits::VALUES_PER_MESSAGE);
        if let Some(rows) = reply.rows {
            // Rows are read only when someone has asked for them.
            assert!(rows.decode().map_or(0, |rows| rows.len()) <= limits::VALUES_PER_MESSAGE);
        }
    }
}

/// Panics if a value is read otherwise after it is written, or its second writing differs.
pub fn check_value(input: &[u8]) {
    let Ok(value) = Value::decode(input) else { return };
    assert!(value.weight() <= limits::VALUE && value.weight() <= input.len());
    let written = value.encode();
    assert_eq!(Value::decode(&written).as_ref(), Ok(&value));
    assert_eq!(value.clone().into_owned().encode(), written);
    assert!(value.signed_bytes().is_none_or(|bytes| written.windows(bytes.len()).any(|part| part == bytes)));
}

fn peer(number: u8) -> SocketAddr {
    ([10, 0, number / 200, number % 200 + 1], 4222).into()
}

fn id(number: u8) -> InfoHash {
    InfoHash([number.max(1); 20])
}

fn datagram(transaction: u32, request: Request<'_>) -> Vec<u8> {
    let payload = Payload::Request { id: id(1), request };
    Message { transaction, network: 0, client: true, payload }.to_bytes()
}

fn node() -> Node {
    Node::new(START, Config::default(), [7; 32])
}

/// Returns the token that a node gives an address.
fn token(node: &mut Node, now: Duration, at: SocketAddr) -> Vec<u8> {
    node.handle_datagram(now, at, &datagram(1, Request::Find { target: id(9), want: Want::default() }));
    let sent: Vec<_> = core::iter::from_fn(|| node.poll_transmit()).filter(|sent| sent.to == at).collect();
    let token = sent.last().and_then(|sent| match Message::decode(&sent.bytes).ok()?.payload {
        Payload::Reply(reply) => reply.token.map(<[u8]>::to_vec),
        _ => None,
    });
    token.unwrap_or_default()
}

/// A put in parts: two bytes of length, one of the place of its message among the parts, then three bytes for each part: offset and length.
///
/// Panics if the value is stored although bytes are missing, or is not although all have come in ranges that do not overlap.
pub fn check_parts(input: &[u8]) {
    let Some((&[high, low, place], parts)) = input.split_first_chunk() else { return };
    let len = 700 + usize::from(u16::from_be_bytes([high, low]) % 6000);
    let value = Value::plain(5, ValueType::USER_DATA, vec![3; len]).encode();
    let (mut node, from) = (node(), peer(1));
    let token = token(&mut node, START, from);
    let announced = [0xcd, (value.len() >> 8) as u8, value.len() as u8];
    let values = Values::of(1, &announced);
    let head = datagram(8, Request::Put { key: id(2), values, token: &token, created: None });
    let mut covered = BTreeSet::new();
    let (mut whole, mut early) = (true, 0);
    let mut sent_head = false;
    for (number, part) in parts.chunks_exact(3).take(200).enumerate() {
        if number == usize::from(place) {
            node.handle_datagram(START, from, &head);
            sent_head = true;
        }
        let offset = usize::from(u16::from_be_bytes([part[0], part[1]])) % value.len();
        let end = (offset + usize::from(part[2]) * 8).min(value.len());
        if covered.len() == value.len() && sent_head {
            break;
        }
        whole &= (offset..end).all(|at| covered.insert(at)) && end > offset;
        early += if sent_head { 0 } else { end - offset + limits::PART_OVERHEAD };
        let data = &value[offset..end];
        let mut bytes = vec![0x83, 0xa1, b'y', 0xa1, b'p', 0xa1, b't', 8, 0xa1, b'p', 0x81, 0, 0x82, 0xa1, b'o', 0xcd];
        bytes.extend([(offset >> 8) as u8, offset as u8, 0xa1, b'd', 0xc5, (data.len() >> 8) as u8, data.len() as u8]);
        bytes.extend_from_slice(data);
        node.handle_datagram(START, from, &bytes);
    }
    if !sent_head {
        node.handle_datagram(START, from, &head);
    }
    let stored = node.statistics().values == 1;
    assert!(!stored || covered.len() == value.len(), "bytes are missing");
    assert!(stored || !whole || covered.len() < value.len() || early > limits::EARLY_BYTES, "all has come");
}

/// A life of a node: a byte of what comes next, a byte of from where or how long, and for a datagram two bytes of length and its bytes.
///
/// Panics if the node does, if it wants to be woken in the past, or if it does not come to rest.
pub fn check_node(input: &[u8]) {
    let (mut node, mut now, mut rest) = (node(), START, input);
    let mut steps = 0;
    while let Some((&[what, detail], after)) = rest.split_first_chunk() {
        rest = after;
        steps += 1;
        if steps > 300 {
            break;
        }
        match what % 8 {
            0 => now += Duration::from_millis(u64::from(detail) * 50),
            1 => now = node.poll_timeout().max(now),
            2 => drop(node.bootstrap(now, peer(detail))),
            3 => drop(node.get(now, id(detail % 4), Query::default())),
            4 => {
                let options = PutOptions { permanent: detail & 1 == 1, created: None };
                let value = Value::plain(u64::from(detail), ValueType::USER_DATA, vec![1; usize::from(detail) * 9]);
                let _ = node.put(now, id(detail % 4), value, options);
            }
            5 => drop(node.listen(now, id(detail % 4), Query::default())),
            _ => {
                let Some((&[high, low], after)) = rest.split_first_chunk() else { break };
                let len = usize::from(u16::from_be_bytes([high, low])).min(after.len());
                let (bytes, after) = after.split_at(len);
                rest = after;
                node.handle_datagram(now, peer(detail), bytes);
                // An answer to what the node asks of this peer is the last datagram with the right number.
                answer(&mut node, now, peer(detail), bytes);
            }
        }
        node.handle_timeout(now);
        for _ in 0..10_000 {
            if node.poll_timeout() > now {
                break;
            }
            node.handle_timeout(now);
        }
        assert!(node.poll_timeout() > now, "the node does not come to rest");
        while node.poll_event().is_some() {}
    }
    let statistics = node.statistics();
    assert!(statistics.bytes <= limits::STORE_BYTES && statistics.pending <= limits::PENDING);
}

/// Gives the bytes as an answer to each question that the node has for this peer.
fn answer(node: &mut Node, now: Duration, from: SocketAddr, bytes: &[u8]) {
    let Ok(message) = Message::decode(bytes) else { return };
    let questions: Vec<_> = core::iter::from_fn(|| node.poll_transmit()).filter(|sent| sent.to == from).collect();
    for question in questions.iter().take(20) {
        if let Ok(Message { transaction, payload: Payload::Request { .. }, .. }) = Message::decode(&question.bytes) {
            let answer = Message { transaction, ..message.clone() };
            node.handle_datagram(now, from, &answer.to_bytes());
        }
    }
}
