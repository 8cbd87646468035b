//! The rendezvous of two real Jami daemons, datagram by datagram (`vectors/link.json`): each is read and written again, the values in parts
//! are put together, both requests are decrypted and verified, and a node of ours takes the place of the bootstrap node.

#![cfg(feature = "crypto")]

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use handfast_dht::{
    Config, InfoHash, Node, Value, ValueType,
    value::{Content, PublicKey, certificate_keys, certificate_text},
    wire::{Item, Message, Payload, Reply, Request, Want},
};
use serde_json::Value as Json;

const START: Duration = Duration::from_secs(3600);

fn recorded() -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/link.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(hex: &Json) -> Vec<u8> {
    let text = hex.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One datagram of the recording. A side is its letter and the family that it uses.
struct Packet {
    from: (char, bool),
    to: (char, bool),
    kind: String,
    bytes: Vec<u8>,
}

fn packets(of: &Json) -> Vec<Packet> {
    let all = of["packets"].as_array().unwrap();
    let read = all.iter().map(|packet| {
        let v4 = packet["ip"] == 4;
        let side = |name: &str| (packet[name].as_str().unwrap().chars().next().unwrap(), v4);
        let kind = packet["kind"].as_str().unwrap().to_owned();
        // A part of a value that was sent before differs from its first copy in the transaction alone.
        let bytes = match packet["like"].as_u64() {
            Some(first) => {
                let first = bytes(&all[first as usize]["hex"]);
                let transaction = packet["t"].as_u64().unwrap() as u32;
                Message { transaction, ..Message::decode(&first).unwrap() }.to_bytes()
            }
            None => bytes(&packet["hex"]),
        };
        Packet { from: side("from"), to: side("to"), kind, bytes }
    });
    read.collect()
}

/// The values that a message carries or announces.
fn items<'a>(message: &Message<'a>) -> Vec<Item<'a>> {
    let values = match &message.payload {
        Payload::Request { request: Request::Put { values, .. }, .. } => Some(*values),
        Payload::Request { request: Request::Update(update), .. } => update.values,
        Payload::Reply(reply) => reply.values,
        _ => None,
    };
    values.into_iter().flat_map(|values| values.iter()).collect()
}

/// Returns the values that the parts of the recording make up, each once.
fn values(packets: &[Packet]) -> Vec<Vec<u8>> {
    let mut announced = BTreeMap::new();
    let mut whole: BTreeMap<_, Vec<u8>> = BTreeMap::new();
    let mut filled: BTreeMap<_, usize> = BTreeMap::new();
    for packet in packets {
        let message = Message::decode(&packet.bytes).unwrap();
        let key = |index| (packet.from, packet.to, message.transaction, index);
        for (index, item) in items(&message).into_iter().enumerate() {
            if let Item::Announced(length) = item {
                announced.insert(key(index as u32), length as usize);
            }
        }
        let Payload::Parts(parts) = &message.payload else { continue };
        for part in parts.iter() {
            let length = announced[&key(part.index)];
            let value = whole.entry(key(part.index)).or_insert_with(|| vec![0; length]);
            value[part.offset as usize..][..part.data.len()].copy_from_slice(part.data);
            *filled.entry(key(part.index)).or_default() += part.data.len();
        }
    }
    let mut found: Vec<Vec<u8>> = Vec::new();
    for (key, value) in whole {
        assert_eq!(filled[&key], value.len(), "the parts of a value make up its length");
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

#[test]
fn every_datagram_is_read_and_written_again() {
    let packets = packets(&recorded());
    assert_eq!(packets.len(), 122);
    let mut other = HashSet::new();
    for packet in &packets {
        let message = Message::decode(&packet.bytes).unwrap_or_else(|error| panic!("{}: {error}", packet.kind));
        let kind = match &message.payload {
            Payload::Request { request, .. } => match request {
                Request::Ping => "ping",
                Request::Find { .. } => "find",
                Request::Get { .. } => "get",
                Request::Put { .. } => "put",
                Request::Refresh { .. } => "refresh",
                Request::Listen { .. } => "listen",
                Request::Update(_) => "update",
            },
            Payload::Reply(_) => "reply",
            Payload::Error { .. } => "error",
            Payload::Parts(_) => "part",
        };
        assert_eq!(kind, packet.kind);
        let written = message.to_bytes();
        assert_eq!(Message::decode(&written).unwrap(), message);
        if written != packet.bytes {
            other.insert(kind);
        }
    }
    // The order of keys in an update is the sender's.
    assert!(other.iter().all(|kind| *kind == "update"), "{other:?}");
}

#[test]
fn both_requests_are_decrypted_and_verified() {
    let recorded = recorded();
    let values = values(&packets(&recorded));
    let key = |name: &str| recorded["keys"][name].as_str().unwrap().parse::<InfoHash>().unwrap();
    // The leaf of a chain, by the key under which the chain lies.
    let leaf = |place: InfoHash| {
        let pem = values.iter().find_map(|value| {
            let value = Value::decode(value).unwrap();
            let body = value.body().filter(|body| body.kind == ValueType::CERTIFICATE)?;
            certificate_keys(&body.data).filter(|keys| keys[0] == place)?;
            Some(certificate_text(&body.data).to_vec())
        });
        PublicKey::of_certificate(&pem.expect("the chain is in the recording")).unwrap()
    };
    for (request, sides) in
        recorded["requests"].as_array().unwrap().iter().zip([["exporter", "importer"], ["importer", "exporter"]])
    {
        let [from, to] = sides.map(|side| leaf(key(&format!("{side} certificate key"))));
        let place = InfoHash::of(format!("peer:{}", hex(&to.long_id())).as_bytes());
        assert_eq!(place, key(&format!("{} request key (64 hex)", sides[1])));

        let secret = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes(&request["aes_key"])).unwrap());
        let open = |value: &Value<'_>| {
            let Content::Encrypted(cypher) = &value.content else { return None };
            // A block of RSA with 4096 bits, which hides the key; a nonce; the text and its tag.
            let nonce = Nonce::try_assume_unique_for_key(&cypher[512..524]).unwrap();
            let mut text = cypher[524..].to_vec();
            secret.open_in_place(nonce, Aad::empty(), &mut text).ok().map(|clear| clear.to_vec())
        };
        let opened: Vec<_> = values.iter().filter_map(|value| open(&Value::decode(value).unwrap())).collect();
        assert_eq!(opened.len(), 1, "the request of the {}", sides[0]);
        let clear = &opened[0];

        let signed = [&b"\x82\xa2id\x01\xa3dat"[..], clear].concat();
        let signed = Value::decode(&signed).unwrap();
        let Content::Signed(content) = &signed.content else { panic!("not signed") };
        assert_eq!(content.to, Some(to.short_id()));
        assert_eq!(
            (content.body.kind, content.body.user_type.as_ref(), content.seq),
            (ValueType::USER_DATA, "peer_request", 0)
        );
        let author = signed.verify().expect("a right signature");
        assert_eq!(
            (author.long_id(), hex(&author.long_id()).as_str()),
            (from.long_id(), request["owner"].as_str().unwrap())
        );
    }
}

/// Hands a datagram to a node, and returns the messages that it sends to the sender, parts included.
fn answers(node: &mut Node, from: SocketAddr, datagram: &[u8]) -> Vec<Vec<u8>> {
    node.handle_datagram(START, from, datagram);
    std::iter::from_fn(|| node.poll_transmit()).filter(|sent| sent.to == from).map(|sent| sent.bytes).collect()
}

/// The address of a side. Each has a port of its own.
fn address((side, v4): (char, bool)) -> SocketAddr {
    let ip = if v4 { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
    (ip, 4000 + side as u16).into()
}

/// Returns the reply to a transaction among datagrams.
fn reply(datagrams: &[Vec<u8>], transaction: u32) -> Option<Reply<'_>> {
    datagrams.iter().find_map(|datagram| match Message::decode(datagram).unwrap() {
        Message { transaction: of, payload: Payload::Reply(reply), .. } if of == transaction => Some(reply),
        _ => None,
    })
}

/// Writes a request again with the token that our node gives: the recorded one is another node's.
fn with_token(datagram: &[u8], ours: &[u8]) -> Vec<u8> {
    use Request::{Listen, Put, Refresh};
    let mut message = Message::decode(datagram).unwrap();
    if let Payload::Request { request: Put { token, .. } | Listen { token, .. } | Refresh { token, .. }, .. } =
        &mut message.payload
    {
        *token = ours;
    }
    message.to_bytes()
}

/// All that two real daemons ask of their bootstrap node, asked of a node of ours: with the tokens of that node nothing is stored, with those
/// of ours each request has the reply that it had, values included.
#[test]
fn a_node_of_ours_serves_a_real_link_in_the_place_of_the_bootstrap_node() {
    let recorded = recorded();
    let packets = packets(&recorded);
    let id: InfoHash = packets
        .iter()
        .find_map(|packet| match Message::decode(&packet.bytes).unwrap().payload {
            Payload::Reply(reply) if packet.from.0 == 'S' => Some(reply.id),
            _ => None,
        })
        .unwrap();
    let mut node = Node::new(START, Config { id: Some(id), ..Config::default() }, [3; 32]);
    let mut tokens = BTreeMap::new();
    let mut ask = 0;
    let mut token = |node: &mut Node, from: (char, bool)| -> Vec<u8> {
        tokens
            .entry(from)
            .or_insert_with(|| {
                ask += 1;
                let request = Request::Find { target: InfoHash::of(b"any"), want: Want::default() };
                let payload = Payload::Request { id: InfoHash::of(b"asker"), request };
                let question = Message { transaction: ask, network: 0, client: true, payload }.to_bytes();
                let answers = answers(node, address(from), &question);
                reply(&answers, ask).unwrap().token.unwrap().to_vec()
            })
            .clone()
    };
    // The exporter's chain was there when the recording began.
    let place: InfoHash = recorded["keys"]["exporter certificate key"].as_str().unwrap().parse().unwrap();
    let chain = values(&packets).into_iter().find(|value| {
        let value = Value::decode(value).unwrap();
        value.body().is_some_and(|body| certificate_keys(&body.data).is_some_and(|keys| keys[0] == place))
    });
    let chain = chain.unwrap();
    let given = token(&mut node, ('E', true));
    let values = handfast_dht::wire::Values::of(1, &chain);
    let put = Request::Put { key: place, values, token: &given, created: None };
    let payload = Payload::Request { id: InfoHash::of(b"before"), request: put };
    let put = Message { transaction: 999, network: 0, client: true, payload }.to_bytes();
    assert!(reply(&answers(&mut node, address(('E', true)), &put), 999).unwrap().value.is_some());

    let mut counts = BTreeMap::new();
    for packet in packets.iter().filter(|packet| packet.to.0 == 'S') {
        let from = address(packet.from);
        let message = Message::decode(&packet.bytes).unwrap();
        let Payload::Request { request, .. } = &message.payload else {
            answers(&mut node, from, &packet.bytes);
            continue;
        };
        if matches!(request, Request::Put { .. } | Request::Listen { .. }) {
            let refused = answers(&mut node, from, &packet.bytes);
            let refused = refused.iter().find_map(|datagram| match Message::decode(datagram).unwrap().payload {
                Payload::Error { code, .. } => Some(code),
                _ => None,
            });
            assert_eq!(refused, Some(401), "{}", packet.kind);
        }
        let given = token(&mut node, packet.from);
        let mut sent = answers(&mut node, from, &with_token(&packet.bytes, &given));
        // The reply to a put follows its last part.
        let parts = packets.iter().filter(|part| {
            part.kind == "part"
                && (part.from, part.to) == (packet.from, packet.to)
                && Message::decode(&part.bytes).unwrap().transaction == message.transaction
        });
        parts.for_each(|part| sent.extend(answers(&mut node, from, &part.bytes)));
        let ours = reply(&sent, message.transaction).unwrap_or_else(|| panic!("{} has no reply", packet.kind));
        let theirs = packets.iter().find_map(|answer| {
            let of = (answer.from, answer.to) == (packet.to, packet.from);
            match Message::decode(&answer.bytes).unwrap() {
                Message { transaction, payload: Payload::Reply(reply), .. }
                    if of && transaction == message.transaction =>
                {
                    Some(reply)
                }
                _ => None,
            }
        });
        let Some(theirs) = theirs else { continue };
        assert_eq!((ours.id, ours.seen, ours.value), (theirs.id, theirs.seen, theirs.value), "{}", packet.kind);
        assert_eq!(ours.token.is_some(), theirs.token.is_some(), "{}", packet.kind);
        assert_eq!(ours.rows, theirs.rows, "{}", packet.kind);
        let lists = [&ours, &theirs].map(|reply| reply.values.map(|values| values.iter().collect::<Vec<_>>()));
        assert_eq!(lists[0], lists[1], "{}", packet.kind);
        *counts.entry(packet.kind.clone()).or_insert(0) += 1;
    }
    assert!(counts["get"] >= 4 && counts["put"] >= 2 && counts["listen"] >= 2, "{counts:?}");
}
