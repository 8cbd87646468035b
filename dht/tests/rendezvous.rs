//! Two devices find each other as those of a link do, over networks of nodes in virtual time: the importer publishes its certificates,
//! reads them back and listens; the exporter publishes its own, finds those of the importer, listens, and puts a request, signed and
//! encrypted; the importer opens it, looks for the certificates of its signer, and answers in the same way. With loss, strangers, liars,
//! and nodes that are killed in the middle.

use std::{net::SocketAddr, sync::LazyLock, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use handfast_dht::{
    Config, Event, InfoHash, PutOptions, Value, ValueType, limits,
    sim::{Behaviour, Faults, Host, Network},
    value::{Identity, PublicKey, Query, certificate_text},
    wire::{Family, Message, Payload, Reply, Request, Values, Want},
};

const LOSSY: Faults =
    Faults { loss: 0.05, duplication: 0.02, latency: (Duration::from_millis(10), Duration::from_millis(80)) };
/// How long a device is looked for, and an answer waited for.
const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(1);
const RETRY: Duration = Duration::from_millis(200);
/// The content of a request and of its answer, in the place of an offer.
const REQUEST: &[u8] = &[2; 700];
const ANSWER: &[u8] = &[3; 700];

/// A device: its key, and its chain.
struct Device {
    keys: Identity,
    public: PublicKey,
    pem: String,
}

static IMPORTER: LazyLock<Device> = LazyLock::new(|| Device::read(include_str!("vectors/importer.pem")));
static EXPORTER: LazyLock<Device> = LazyLock::new(|| Device::read(include_str!("vectors/exporter.pem")));

impl Device {
    /// Reads a key, and the chain device ← account. They are the same in each run, so that the seed of a network decides all of it.
    fn read(file: &str) -> Self {
        let chain = file.find("-----BEGIN CERTIFICATE-----").unwrap();
        let (key, pem) = file.split_at(chain);
        let public = PublicKey::of_certificate(pem.as_bytes()).unwrap();
        let key: String = key.lines().filter(|line| !line.starts_with("-----")).collect();
        Self { keys: Identity::from_pkcs8(&BASE64_STANDARD.decode(key).unwrap()).unwrap(), public, pem: pem.to_owned() }
    }

    /// Signs for the peer, and encrypts to it.
    fn seal(&self, to: &PublicKey, data: &[u8]) -> Value<'static> {
        let value = Value::typed(9, ValueType::USER_DATA, "peer_request", data);
        self.keys.sign(value, 0, Some(to)).unwrap().encrypt(to).unwrap()
    }
}

/// Under which key the certificates of a device lie.
fn certificates(of: &PublicKey) -> InfoHash {
    InfoHash::of(&of.long_id())
}

/// Under which key a device listens for requests and answers.
fn requests(of: &PublicKey) -> InfoHash {
    let id: String = of.long_id().iter().map(|byte| format!("{byte:02x}")).collect();
    InfoHash::of(format!("peer:{id}").as_bytes())
}

/// The key of the certificates in a value, if they lie where they are.
fn published(value: &Value<'_>) -> Option<PublicKey> {
    let body = value.body().filter(|body| body.kind == ValueType::CERTIFICATE)?;
    PublicKey::of_certificate(certificate_text(&body.data)).ok()
}

/// Two devices in a network, and what goes on meanwhile.
struct Pair<'a> {
    network: Network,
    importer: Host,
    exporter: Host,
    /// Done each millisecond.
    meanwhile: &'a mut dyn FnMut(&mut Network),
}

impl<'a> Pair<'a> {
    /// Two clients that join a network by these nodes.
    fn new(mut network: Network, by: [Host; 2], meanwhile: &'a mut dyn FnMut(&mut Network)) -> Self {
        let client = Config { client: true, ..Config::default() };
        let [importer, exporter] = by.map(|by| {
            let host = network.add_with(Family::V4, client, Behaviour::Honest);
            network.join(host, by).unwrap();
            host
        });
        Self { network, importer, exporter, meanwhile }
    }

    /// Lets time pass until a host has an event of a kind; None: it has not within the patience.
    fn wait<T>(&mut self, host: Host, mut find: impl FnMut(&Event) -> Option<T>) -> Option<T> {
        let end = self.network.now() + PATIENCE;
        while self.network.now() < end {
            if let Some(found) = self.network.events(host).iter().find_map(&mut find) {
                return Some(found);
            }
            (self.meanwhile)(&mut self.network);
            self.network.run(TICK);
        }
        None
    }

    fn publish(&mut self, host: Host, device: &Device) -> Option<()> {
        let options = PutOptions { permanent: true, created: None };
        let (key, value) = (certificates(&device.public), Value::certificate(device.pem.clone()));
        let operation = self.network.with(host, |node, now| node.put(now, key, value, options).unwrap());
        self.wait(host, |event| matches!(event, Event::Put { operation: of, .. } if *of == operation).then_some(()))
    }

    /// Looks for the certificates of a device until they are there.
    fn find(&mut self, host: Host, device: &PublicKey) -> Option<()> {
        let end = self.network.now() + PATIENCE;
        let key = certificates(device);
        while self.network.now() < end {
            let operation = self.network.with(host, |node, now| node.get(now, key, Query::default()).unwrap());
            let mut found = false;
            self.wait(host, |event| {
                if let Event::Values { operation: of, values } = event {
                    let is_device = |value| published(value).is_some_and(|leaf| leaf.long_id() == device.long_id());
                    found |= *of == operation && values.iter().any(is_device);
                }
                matches!(event, Event::Got { operation: of, .. } if *of == operation).then_some(())
            })?;
            if found {
                return Some(());
            }
            // The rest goes on during the pause.
            for _ in 0..RETRY.as_millis() / TICK.as_millis() {
                (self.meanwhile)(&mut self.network);
                self.network.run(TICK);
            }
        }
        None
    }

    fn listen(&mut self, host: Host, device: &Device) {
        let key = requests(&device.public);
        self.network.with(host, |node, now| node.listen(now, key, Query::default()).unwrap());
    }

    /// Waits for a value that was encrypted to a device and has this content. Returns its signer.
    fn received(&mut self, host: Host, device: &Device, data: &[u8]) -> Option<PublicKey> {
        self.wait(host, |event| {
            let Event::Values { values, .. } = event else { return None };
            let mut opened = values.iter().filter_map(|value| device.keys.open(value).ok());
            opened.find(|opened| opened.user_type == "peer_request" && *opened.data == data).map(|opened| opened.author)
        })
    }

    /// Puts a value without waiting for the end of it: what the peer does follows it.
    fn send(&mut self, host: Host, from: &Device, to: &PublicKey, data: &[u8]) {
        let (key, value) = (requests(to), from.seal(to, data));
        self.network.with(host, |node, now| node.put(now, key, value, PutOptions::default()).unwrap());
    }

    /// The whole of it. Returns how long it took from the exporter's start, or at which step it ended.
    fn meet(&mut self) -> Result<Duration, &'static str> {
        let (importer, exporter) = (self.importer, self.exporter);
        self.publish(importer, &IMPORTER).ok_or("publish")?;
        self.find(importer, &IMPORTER.public).ok_or("read back")?;
        self.listen(importer, &IMPORTER);
        // The account's device has published long before.
        self.publish(exporter, &EXPORTER).ok_or("publish of the exporter")?;
        let begin = self.network.now();
        self.find(exporter, &IMPORTER.public).ok_or("find")?;
        self.listen(exporter, &EXPORTER);
        self.send(exporter, &EXPORTER, &IMPORTER.public, REQUEST);
        let signer = self.received(importer, &IMPORTER, REQUEST).ok_or("request")?;
        assert_eq!(signer.long_id(), EXPORTER.public.long_id());
        self.find(importer, &signer).ok_or("vouched for")?;
        self.send(importer, &IMPORTER, &signer, ANSWER);
        let signer = self.received(exporter, &EXPORTER, ANSWER).ok_or("answer")?;
        assert_eq!(signer.long_id(), IMPORTER.public.long_id());
        Ok(self.network.now() - begin)
    }
}

/// Two devices meet in a network. Each joins by a node of its own.
fn meet(network: Network, mut meanwhile: impl FnMut(&mut Network)) -> Result<Duration, &'static str> {
    Pair::new(network, [Host(0), Host(1)], &mut meanwhile).meet()
}

/// The clock of each node is ten years from that of the next: what carries no date lives by the clock of the node that stores it.
#[test]
fn nodes_whose_clocks_are_wrong_do_not_keep_devices_apart() {
    let mut network = Network::new(7, LOSSY);
    for decade in 0..10 {
        let unix_start = Duration::from_secs(decade * 10 * 365 * 86_400);
        network.add_with(Family::V4, Config { unix_start, ..Config::default() }, Behaviour::Honest);
    }
    (1..10).for_each(|host| network.join(Host(host), Host(0)).unwrap());
    network.run(Duration::from_secs(60));
    meet(network, |_| {}).unwrap();
}

#[test]
fn two_devices_meet_in_networks_of_any_size_with_loss() {
    for (seed, nodes, settle) in [(1, 2, 5), (2, 10, 60), (3, 200, 120)] {
        for seed in [seed, 100 + seed] {
            let network = Network::settled(seed, LOSSY, nodes, Duration::from_secs(settle));
            let took = meet(network, |_| {}).unwrap_or_else(|step| panic!("{nodes} nodes, seed {seed}: no {step}"));
            assert!(took < PATIENCE, "{nodes} nodes: {took:?}");
        }
    }
}

/// Datagrams of strangers, from one address or from many: questions, values without a right token, answers and parts that were not asked for.
fn stranger(number: u32) -> Vec<u8> {
    let id = InfoHash::of(&number.to_be_bytes());
    let keys =
        [certificates(&IMPORTER.public), requests(&IMPORTER.public), requests(&EXPORTER.public), InfoHash::of(b"-")];
    let key = keys[number as usize / 8 % 4];
    let value = Value::plain(u64::from(number) + 10, ValueType::USER_DATA, vec![9; 400]).encode();
    let values = Values::of(1, &value);
    let request = |request| Payload::Request { id, request };
    let payload = match number % 7 {
        0 => request(Request::Ping),
        1 => request(Request::Find { target: key, want: Want::BOTH }),
        2 => request(Request::Get { key, query: Query::default(), want: Want::default() }),
        3 => request(Request::Put { key, values, token: &[7; 32], created: None }),
        4 => request(Request::Listen { key, token: &[7; 32], subscription: number, query: Query::default() }),
        5 => Payload::Reply(Reply { id, values: Some(values), token: Some(&[7; 32]), ..Reply::default() }),
        _ => return number.to_be_bytes().repeat(100),
    };
    Message { transaction: number, network: 0, client: false, payload }.to_bytes()
}

/// 1 000 datagrams a second at each of the two devices, and at the nodes by which they join.
#[test]
fn a_thousand_datagrams_a_second_of_strangers_delay_no_rendezvous() {
    for many in [false, true] {
        for seed in 20..23 {
            let network = || Network::settled(seed, Faults::default(), 8, Duration::from_secs(30));
            let quiet = meet(network(), |_| {}).unwrap();
            let mut number = 0;
            let flooded = meet(network(), |network| {
                for host in [0, 1, 8, 9] {
                    number += 1;
                    let last = if many { number } else { 1 };
                    let from = SocketAddr::from(([45, 1, (last >> 8) as u8, last as u8], 4222));
                    network.intrude(from, Host(host), &stranger(number));
                }
            })
            .unwrap();
            assert!(flooded <= quiet + Duration::from_secs(1), "{quiet:?}, with strangers {flooded:?}");
            assert!(number > 400, "{number} datagrams came");
        }
    }
}

/// Requests above the limit of an address are dropped, and the others are served.
#[test]
fn a_flood_from_one_address_is_dropped_and_delays_no_rendezvous() {
    let network = || Network::settled(30, Faults::default(), 8, Duration::from_secs(30));
    let quiet = meet(network(), |_| {}).unwrap();
    let mut number = 0;
    let mut meanwhile = |network: &mut Network| {
        for _ in 0..20 {
            number += 1;
            network.intrude(([45, 1, 1, 1], 1024 + (number % 5000) as u16).into(), Host(0), &stranger(7 * number));
        }
    };
    let mut pair = Pair::new(network(), [Host(0), Host(1)], &mut meanwhile);
    let flooded = pair.meet().unwrap();
    let statistics = pair.network.node(Host(0)).statistics();
    assert!(flooded <= quiet + Duration::from_secs(1), "{quiet:?}, with the flood {flooded:?}");
    // The share of an address is that of a second, and the flood is 20 000 in one.
    let share = u64::from((number / 20_000 + 2) * limits::REQUESTS_PER_ADDRESS);
    assert!(statistics.limited + share >= u64::from(number), "{statistics:?}, {number}");
    assert!(u64::from(number) > 2 * share, "the flood is none: {number}");
}

/// Each node in turn is killed at each of some moments of the whole, and starts again a fifth of a second later with nothing stored.
#[test]
fn a_node_that_is_killed_in_the_middle_and_comes_back_does_not_end_a_rendezvous() {
    let mut whole = 0;
    meet(Network::settled(40, LOSSY, 8, Duration::from_secs(60)), |_| whole += 1).unwrap();
    let mut restarted = 0;
    for victim in 0..8 {
        for share in [1, 25, 50, 75, 90] {
            let network = Network::settled(40, LOSSY, 8, Duration::from_secs(60));
            let kill = 1 + whole * share / 100;
            let start = kill + 200;
            let mut ticks = 0;
            let took = meet(network, |network| {
                ticks += 1;
                if ticks == kill {
                    network.kill(Host(victim));
                }
                if ticks == start {
                    network.start(Host(victim), Config::default());
                    network.join(Host(victim), Host((victim + 1) % 8)).unwrap();
                }
            });
            took.unwrap_or_else(|step| panic!("node {victim} killed at tick {kill}: no {step}"));
            assert!(ticks >= kill, "it is over before node {victim} is killed");
            restarted += u32::from(ticks >= start);
        }
    }
    assert!(restarted >= 24, "{restarted} of 40 came back before the end");
}

#[test]
fn nodes_that_lie_do_not_keep_devices_apart() {
    for seed in 50..53 {
        let mut network = Network::settled(seed, LOSSY, 60, Duration::from_secs(120));
        for host in 2..20 {
            let lies = [Behaviour::Drops, Behaviour::Diverts, Behaviour::Tokenless];
            network.set_behaviour(Host(host), lies[host % 3].clone());
        }
        meet(network, |_| {}).unwrap_or_else(|step| panic!("seed {seed}: no {step}"));
    }
}

/// A network without nodes that store: the rendezvous ends at the first step, in time.
#[test]
fn a_network_of_clients_alone_keeps_nothing() {
    let mut network = Network::new(60, Faults::default());
    for _ in 0..2 {
        network.add_with(Family::V4, Config { client: true, ..Config::default() }, Behaviour::Honest);
    }
    assert_eq!(meet(network, |_| {}), Err("read back"));
}
