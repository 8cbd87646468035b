//! Against nodes of the C++ library, on the loopback interface: everything both ways.
//!
//! Needs Python 3 and `opendht` 4.4.2 of PyPI, found by Python itself or in `target/ci-tools`. Without them each test skips itself with a
//! line, and fails when `HANDFAST_REQUIRE=1` is set.

#![cfg(feature = "crypto")]

mod oracle;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use handfast_dht::driver::{Bind, Events, Running};
use handfast_dht::value::{Content, Identity, PublicKey, Query, certificate_keys};
use handfast_dht::{Config, Event, InfoHash, PutOptions, Value, ValueType};
use oracle::{Oracle, Relay, hex};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(90);

async fn ours(config: Config) -> Running {
    let bind = Bind { v4: Some(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)), v6: None };
    Running::start(bind, config).await.unwrap()
}

async fn joined(config: Config, port: u16) -> Running {
    let node = ours(config).await;
    node.bootstrap(SocketAddr::from(([127, 0, 0, 1], port))).await.unwrap();
    tokio::time::timeout(PATIENCE, node.connected()).await.expect("the library's node answers").unwrap();
    node
}

/// Starts `count` nodes of the library that know each other.
fn library(count: usize) -> Option<Vec<Oracle>> {
    let mut all = vec![Oracle::start(false)?];
    for _ in 1..count {
        let mut next = Oracle::start(false)?;
        next.bootstrap(all[0].port);
        all.push(next);
    }
    Some(all)
}

fn key(name: &str) -> InfoHash {
    InfoHash::of(name.as_bytes())
}

async fn put(node: &Running, key: InfoHash, value: Value<'static>) -> usize {
    let put = node.put(key, value, PutOptions::default());
    tokio::time::timeout(PATIENCE, put).await.expect("a put ends").unwrap().acknowledged
}

/// Looks a key up until it has values: a value that was put just now may not have reached all nodes.
async fn get(node: &Running, key: InfoHash) -> Vec<Value<'static>> {
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let found = node.get(key, Query::default()).await.unwrap().values;
        if !found.is_empty() || tokio::time::Instant::now() > end {
            return found;
        }
    }
}

fn data<'v>(value: &'v Value<'_>) -> &'v [u8] {
    &value.body().expect("not encrypted").data
}

/// Waits for the value with this id.
async fn received(events: &mut Events, id: u64) -> Value<'static> {
    let wait = async {
        loop {
            if let Event::Values { values, .. } = events.next().await.expect("the node runs")
                && let Some(value) = values.into_iter().find(|value| value.id == id)
            {
                return value;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the value comes")
}

/// Plain values, short and long, by put, get and listen, in both directions.
async fn everything(node: &Running, library: &mut [Oracle], name: &str) {
    for (id, len) in [(1, 10), (2, 600), (3, 20_000), (4, 60_000)] {
        let key = key(&format!("{name} from ours {len}"));
        let bytes: Vec<u8> = (0..len).map(|at| (at * 7) as u8).collect();
        library[0].ask(&json!({"do": "listen", "key": key.to_string()}));
        put(node, key, Value::typed(id, ValueType::USER_DATA, "test", bytes.clone())).await;
        for one in &mut *library {
            let found = one.get(key);
            assert_eq!(found.len(), 1, "{name}: {len} bytes");
            assert_eq!(found[0]["data"], hex(&bytes), "{name}: {len} bytes");
        }
        library[0].received(|value| value["id"] == id && value["user_type"] == "test");
    }
    let last = library.len() - 1;
    for (id, len) in [(11, 10), (12, 20_000)] {
        let key = key(&format!("{name} from the library {len}"));
        let bytes: Vec<u8> = (0..len).map(|at| (at * 3) as u8).collect();
        let mut events = node.listen(key, Query::default()).await.unwrap();
        // It does not wait for the end: one library node and one client of ours are no network to it, and the put would run out.
        let request = json!({"do": "put", "key": key.to_string(), "id": id, "data": hex(&bytes), "wait": false});
        library[last].ask(&request);
        let found = get(node, key).await;
        assert_eq!((found.len(), data(&found[0])), (1, &bytes[..]), "{name}: {len} bytes");
        assert_eq!(data(&received(&mut events, id).await), bytes);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_pass_both_ways_among_one_three_and_eight_nodes() {
    for count in [1, 3, 8] {
        let Some(mut library) = library(count) else { return };
        // The first stays: a library node that has lost its only other node waits for it half a minute before it looks a key up.
        let mut nodes = Vec::new();
        for client in [false, true] {
            let node = joined(Config { client, ..Config::default() }, library[0].port).await;
            everything(&node, &mut library, &format!("{count} nodes, client {client}")).await;
            nodes.push(node);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_number_and_ipv6() {
    let Some(library) = library(1) else { return };
    let bind = Bind { v4: None, v6: Some(SocketAddrV6::new(std::net::Ipv6Addr::LOCALHOST, 0, 0, 0)) };
    let node = Running::start(bind, Config::default()).await.unwrap();
    node.bootstrap(SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, library[0].port))).await.unwrap();
    tokio::time::timeout(PATIENCE, node.connected()).await.expect("connected over IPv6").unwrap();
    everything(&node, &mut { library }, "IPv6").await;
    assert_eq!(node.observed().await.unwrap()[0].to_string(), "::1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ours_is_the_way_in_and_the_only_node_that_stores() {
    let node = ours(Config::default()).await;
    let port = node.addresses()[0].port();
    let Some(mut writer) = Oracle::start(false) else { return };
    writer.bootstrap(port);
    let mut keys = Vec::new();
    for len in [10, 600, 20_000] {
        let key = key(&format!("stored by ours {len}"));
        let bytes = vec![len as u8; len];
        let request = json!({"do": "put", "key": key.to_string(), "id": len, "data": hex(&bytes)});
        assert_eq!(writer.ask(&request)["ok"], true);
        keys.push((key, bytes));
    }
    assert_eq!(node.statistics().await.unwrap().values, 3);
    // The writer is gone: what another finds, ours has stored.
    drop(writer);
    let mut reader = Oracle::start(false).unwrap();
    reader.bootstrap(port);
    for (key, bytes) in keys {
        reader.ask(&json!({"do": "listen", "key": key.to_string()}));
        let found = reader.get(key);
        assert_eq!(found.iter().map(|value| value["data"].clone()).collect::<Vec<_>>(), [hex(&bytes)]);
        reader.received(|value| value["data"] == hex(&bytes));
        // News reach its listener.
        put(&node, key, Value::plain(77, ValueType::USER_DATA, *b"news")).await;
        reader.received(|value| value["id"] == 77 && value["data"] == hex(b"news"));
    }
}

fn identity() -> (Identity, String) {
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/");
    let read = |file: &str| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(format!("{vectors}{file}")).unwrap()).unwrap()
    };
    let pem = read("crypto.json")["private_key_pkcs8_pem"].as_str().unwrap().to_owned();
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
    let chain = read("certificates.json")["chain_ours"]["pem"].as_str().unwrap().to_owned();
    (Identity::from_pkcs8(&pem.contents).unwrap(), chain)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_and_encrypted_values_pass_both_ways() {
    let Some(mut peer) = Oracle::start(true) else { return };
    let (identity, chain) = identity();
    let config = Config { id: Some(identity.node_id()), ..Config::default() };
    let node = joined(config, peer.port).await;
    let long = hex(&identity.public().long_id());
    let theirs = peer.ask(&json!({"do": "id"}));

    // Signed by the library.
    let signed = key("signed by the library");
    peer.ask(&json!({"do": "put_signed", "key": signed.to_string(), "id": 1, "data": hex(b"theirs")}));
    let found = get(&node, signed).await;
    let author: PublicKey = found[0].verify().expect("a right signature");
    assert_eq!(theirs["long"], hex(&author.long_id()));

    // Signed by ours.
    let ours = key("signed by ours");
    let value = identity.sign(Value::plain(2, ValueType::USER_DATA, *b"ours"), 0, None).unwrap();
    put(&node, ours, value).await;
    assert_eq!(peer.get(ours)[0]["owner"], long);

    // Encrypted by ours to the library's identity.
    let sealed = key("encrypted by ours");
    peer.ask(&json!({"do": "listen", "key": sealed.to_string()}));
    let value = Value::typed(3, ValueType::USER_DATA, "secret", b"for them".to_vec());
    let value = identity.sign(value, 0, Some(&author)).unwrap().encrypt(&author).unwrap();
    put(&node, sealed, value).await;
    peer.received(|value| {
        value["data"] == hex(b"for them") && value["owner"] == long && value["user_type"] == "secret"
    });

    // Encrypted by the library to ours: it finds our certificate first.
    let [place, _] = certificate_keys(chain.as_bytes()).unwrap();
    put(&node, place, Value::certificate(chain.clone())).await;
    assert_eq!(peer.get(place)[0]["data"], hex(chain.as_bytes()));
    let sealed = key("encrypted by the library");
    let mut events = node.listen(sealed, Query::default()).await.unwrap();
    let request =
        json!({"do": "put_encrypted", "key": sealed.to_string(), "id": 4, "data": hex(b"for us"), "to": long});
    assert_eq!(peer.ask(&request)["ok"], true);
    let value = received(&mut events, 4).await;
    assert!(matches!(value.content, Content::Encrypted(_)));
    let opened = identity.open(&value).unwrap();
    assert_eq!((&opened.data[..], opened.author.long_id()), (&b"for us"[..], author.long_id()));

    // A certificate under a foreign key is acknowledged, and thrown away: by the library, and by ours.
    let foreign = key("not the certificate's");
    assert_eq!(put(&node, foreign, Value::certificate(chain)).await, 1);
    assert_eq!(node.get(foreign, Query::default()).await.unwrap().values, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_early_and_reordered_parts_arrive() {
    let Some(peer) = Oracle::start(false) else { return };
    let relay = Relay::start(peer.port).await;
    let node = joined(Config::default(), relay.port()).await;
    everything(&node, &mut [peer], "through the relay").await;
    let counts = relay.counts();
    assert!(counts.lost > 5 && counts.swapped > 5 && counts.doubled > 5, "{counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_and_comes_back_is_used_again() {
    let Some(mut first) = Oracle::start(false) else { return };
    let node = joined(Config { client: true, ..Config::default() }, first.port).await;
    let key = key("before and after");
    let mut events = node.listen(key, Query::default()).await.unwrap();
    let request = |id: u64| json!({"do": "put", "key": key.to_string(), "id": id, "data": "00"});
    first.ask(&request(1));
    received(&mut events, 1).await;
    let permanent = PutOptions { permanent: true, created: None };
    node.put(key, Value::plain(5, ValueType::ICE, *b"kept"), permanent).await.unwrap();
    let port = first.port;
    drop(first);
    let mut again = Oracle::start_at(port, false).unwrap();
    // It knows no one; ours comes back by itself, listens again, and puts what is permanent.
    received_at(&mut again, key, 5);
    again.ask(&request(2));
    received(&mut events, 2).await;
}

/// Waits until a node of the library has a value.
fn received_at(library: &mut Oracle, key: InfoHash, id: u64) {
    library.ask(&json!({"do": "listen", "key": key.to_string()}));
    library.received(|value| value["id"] == id);
}

/// Slow: a minute is the shortest life of a value.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_of_type_five_expire_after_a_minute_at_both() {
    if !oracle::required() {
        println!("skipped: takes a minute; set HANDFAST_REQUIRE=1");
        return;
    }
    let Some(mut peer) = Oracle::start(false) else { return };
    let node = joined(Config::default(), peer.port).await;
    let key = key("short-lived");
    let mut events = node.listen(key, Query::default()).await.unwrap();
    peer.ask(&json!({"do": "listen", "key": key.to_string()}));
    put(&node, key, Value::plain(1, ValueType::ICE, *b"short")).await;
    received(&mut events, 1).await;
    let gone = async { while !matches!(events.next().await, Some(Event::Expired { ids, .. }) if ids == [1]) {} };
    tokio::time::timeout(PATIENCE, gone).await.expect("the value expires");
    peer.expired(1);
    assert_eq!(node.get(key, Query::default()).await.unwrap().values, []);
}
