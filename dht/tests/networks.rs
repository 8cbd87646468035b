//! Networks of nodes in virtual time: what is put is found, whatever the network does.

use std::time::Duration;

use handfast_dht::sim::{Behaviour, Faults, Host, Network};
use handfast_dht::value::Query;
use handfast_dht::wire::{Contact, Family};
use handfast_dht::{Config, Event, InfoHash, OperationId, PutOptions, Value, ValueType};

const LOSSY: Faults =
    Faults { loss: 0.05, duplication: 0.02, latency: (Duration::from_millis(10), Duration::from_millis(80)) };

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn value(id: u64) -> Value<'static> {
    Value::plain(id, ValueType::USER_DATA, format!("value {id}"))
}

/// Puts a value from a host; returns how many nodes acknowledged it.
fn put(network: &mut Network, host: Host, key: InfoHash, value: Value<'static>) -> usize {
    let operation = network.with(host, |node, now| node.put(now, key, value, PutOptions::default()).unwrap());
    let mut acknowledged = None;
    let end = network.now() + seconds(60);
    network.run_until(end, |network| {
        for event in network.events(host) {
            if let Event::Put { operation: of, acknowledged: count, .. } = event
                && of == operation
            {
                acknowledged = Some(count);
            }
        }
        acknowledged.is_some()
    });
    acknowledged.expect("a put ends within a minute")
}

/// Looks a key up from a host; returns the ids of the values, and the datagrams that it cost.
fn get(network: &mut Network, host: Host, key: InfoHash) -> (Vec<u64>, u64) {
    let before = network.datagrams_of(host);
    let operation = network.with(host, |node, now| node.get(now, key, Query::default()).unwrap());
    let (mut found, mut over) = (Vec::new(), false);
    let end = network.now() + seconds(60);
    network.run_until(end, |network| {
        for event in network.events(host) {
            match event {
                Event::Values { operation: of, values } if of == operation => {
                    found.extend(values.iter().map(|value| value.id));
                }
                Event::Got { operation: of, .. } if of == operation => over = true,
                _ => {}
            }
        }
        over
    });
    assert!(over, "a get ends within a minute");
    found.sort_unstable();
    (found, network.datagrams_of(host) - before)
}

fn listen(network: &mut Network, host: Host, key: InfoHash) -> OperationId {
    network.with(host, |node, now| node.listen(now, key, Query::default()).unwrap())
}

/// Returns the ids of the values that a host's listening has brought since the last call.
fn received(network: &mut Network, host: Host) -> Vec<u64> {
    let values = network.events(host).into_iter().filter_map(|event| match event {
        Event::Values { values, .. } => Some(values),
        _ => None,
    });
    values.flatten().map(|value| value.id).collect()
}

/// Puts and looks up `count` values between random hosts; returns how many were found, and the mean cost of a lookup.
fn round(network: &mut Network, count: u64) -> (u64, f64) {
    let (mut found, mut cost) = (0, 0);
    for id in 1..=count {
        let key = network.id();
        let (writer, reader) = (Host(network.below(network.len())), Host(network.below(network.len())));
        if !network.is_alive(writer) || !network.is_alive(reader) {
            continue;
        }
        put(network, writer, key, value(id));
        let (ids, datagrams) = get(network, reader, key);
        found += u64::from(ids == [id]);
        cost += datagrams;
    }
    (found, cost as f64 / count as f64)
}

#[test]
fn two_nodes_suffice() {
    let mut network = Network::new(1, Faults::default());
    let (one, two) = (network.add(), network.add());
    network.join(two, one).unwrap();
    network.run(seconds(5));
    for (writer, reader) in [(one, two), (two, one)] {
        let key = network.id();
        assert_eq!(put(&mut network, writer, key, value(7)), 1);
        assert_eq!(get(&mut network, reader, key).0, [7]);
        assert_eq!(get(&mut network, writer, key).0, [7]);
    }
}

#[test]
fn a_node_alone_ends_its_operations() {
    let mut network = Network::new(1, Faults::default());
    let alone = network.add();
    let key = network.id();
    assert_eq!(put(&mut network, alone, key, value(7)), 0);
    // It is the nearest node that there is, so it holds the value itself.
    assert_eq!(get(&mut network, alone, key).0, [7]);
}

/// Two nodes find each other while the way into the network is closed; later it opens.
#[test]
fn an_island_finds_the_mainland() {
    let mut network = Network::settled(17, Faults::default(), 10, seconds(30));
    let (one, two) = (network.add(), network.add());
    [one, two].into_iter().for_each(|host| network.set_side(host, 1));
    network.join(one, Host(3)).unwrap();
    network.join(two, one).unwrap();
    network.run(seconds(25));
    assert!(network.node(one).is_connected(Family::V4));
    [one, two].into_iter().for_each(|host| network.set_side(host, 0));
    network.run(seconds(120));
    let key = network.id();
    put(&mut network, Host(5), key, value(1));
    assert_eq!(get(&mut network, two, key).0, [1]);
}

#[test]
fn ten_nodes_with_loss_find_everything() {
    let mut network = Network::settled(2, LOSSY, 10, seconds(60));
    let (found, cost) = round(&mut network, 50);
    assert_eq!(found, 50);
    assert!(cost <= 60.0, "{cost}");
}

#[test]
fn a_thousand_nodes_with_loss_find_everything_cheaply() {
    let mut network = Network::settled(3, LOSSY, 1000, seconds(240));
    let (found, cost) = round(&mut network, 100);
    assert_eq!(found, 100);
    assert!(cost <= 60.0, "{cost}");
}

#[test]
fn both_families_are_networks() {
    let mut network = Network::new(4, LOSSY);
    let hosts: Vec<Host> =
        (0..20).map(|_| network.add_with(Family::V6, Config::default(), Behaviour::Honest)).collect();
    hosts.iter().skip(1).for_each(|host| network.join(*host, hosts[0]).unwrap());
    network.run(seconds(60));
    let (found, _) = round(&mut network, 20);
    assert_eq!(found, 20);
}

#[test]
fn long_values_pass_through_loss() {
    let mut network = Network::settled(5, LOSSY, 20, seconds(60));
    let key = network.id();
    let long = Value::plain(9, ValueType::USER_DATA, vec![7; 20_000]);
    let (writer, reader) = (Host(3), Host(11));
    put(&mut network, writer, key, long);
    assert_eq!(get(&mut network, reader, key).0, [9]);
}

#[test]
fn a_listener_learns_of_values_that_were_there_that_come_and_that_go() {
    let mut network = Network::settled(6, LOSSY, 50, seconds(60));
    let key = network.id();
    put(&mut network, Host(1), key, value(1));
    let listening = listen(&mut network, Host(2), key);
    network.run(seconds(10));
    assert_eq!(received(&mut network, Host(2)), [1]);
    put(&mut network, Host(3), key, Value::plain(2, ValueType::ICE, *b"short-lived"));
    network.run(seconds(10));
    // From each of the nodes where it lies, and reported once.
    assert_eq!(received(&mut network, Host(2)), [2]);
    network.run(seconds(80));
    let expired = network.events(Host(2)).into_iter().filter_map(|event| match event {
        Event::Expired { ids, .. } => Some(ids),
        _ => None,
    });
    assert_eq!(expired.flatten().collect::<Vec<_>>(), [2]);
    network.with(Host(2), |node, _| node.cancel(listening));
    put(&mut network, Host(3), key, value(4));
    network.run(seconds(10));
    assert_eq!(received(&mut network, Host(2)), [0; 0]);
}

#[test]
fn a_permanent_value_outlives_its_lifetime_and_the_nodes_that_held_it() {
    let mut network = Network::settled(7, LOSSY, 40, seconds(60));
    let key = network.id();
    let options = PutOptions { permanent: true, created: None };
    let operation = network.with(Host(0), |node, now| node.put(now, key, value(5), options).unwrap());
    for killed in [1, 6, 11, 16, 21, 26, 31] {
        network.run(seconds(170));
        network.kill(Host(killed));
        assert_eq!(get(&mut network, Host(2), key).0, [5], "after {killed}");
    }
    network.with(Host(0), |node, _| node.cancel(operation));
    network.run(seconds(700));
    assert_eq!(get(&mut network, Host(2), key).0, [0; 0]);
}

#[test]
fn churn_and_restarts() {
    let mut network = Network::settled(8, LOSSY, 200, seconds(120));
    let mut found = 0;
    for id in 1..=30 {
        let key = network.id();
        put(&mut network, Host(0), key, value(id));
        for _ in 0..4 {
            let victim = Host(1 + network.below(199));
            if network.is_alive(victim) {
                network.kill(victim);
            } else {
                network.start(victim, Config::default());
                network.join(victim, Host(0)).unwrap();
            }
        }
        network.run(seconds(5));
        found += get(&mut network, Host(0), key).0.len();
    }
    assert_eq!(found, 30);
}

#[test]
fn a_partition_heals() {
    let mut network = Network::settled(9, LOSSY, 60, seconds(120));
    (30..60).for_each(|host| network.set_side(Host(host), 1));
    let key = network.id();
    listen(&mut network, Host(40), key);
    // Each side goes on by itself.
    network.run(seconds(60));
    put(&mut network, Host(1), key, value(1));
    assert_eq!(get(&mut network, Host(2), key).0, [1]);
    put(&mut network, Host(41), key, value(2));
    network.run(seconds(20));
    assert_eq!(received(&mut network, Host(40)), [2]);
    (30..60).for_each(|host| network.set_side(Host(host), 0));
    network.run(seconds(700));
    put(&mut network, Host(1), key, value(3));
    network.run(seconds(30));
    assert!(received(&mut network, Host(40)).contains(&3));
}

#[test]
fn liars_do_not_hide_values() {
    let mut network = Network::settled(10, LOSSY, 300, seconds(120));
    for host in 0..60 {
        let behaviour = match host % 3 {
            0 => Behaviour::Drops,
            1 => Behaviour::Diverts,
            _ => Behaviour::Tokenless,
        };
        network.set_behaviour(Host(host), behaviour);
    }
    let mut found = 0;
    for id in 1..=60 {
        let key = network.id();
        let (writer, reader) = (Host(60 + network.below(240)), Host(60 + network.below(240)));
        put(&mut network, writer, key, value(id));
        found += get(&mut network, reader, key).0.len();
    }
    assert_eq!(found, 60);
}

/// Adds `count` nodes around a key, `per_network` of them in each /24.
fn eclipse(network: &mut Network, key: InfoHash, count: usize, per_network: usize) -> Vec<Host> {
    let fellows: Vec<Contact> = (0..count)
        .map(|number| {
            let filler = network.id();
            let id = key.sibling(60 + number % 40, filler);
            let (block, last) = ((number / per_network) as u8, (number % per_network) as u8);
            Contact { id, address: ([45, 9, block, last + 1], 4222).into() }
        })
        .collect();
    let hosts: Vec<Host> = fellows
        .iter()
        .map(|fellow| {
            let config = Config { id: Some(fellow.id), ..Config::default() };
            network.add_at(fellow.address, config, Behaviour::Eclipses(fellows.clone()))
        })
        .collect();
    for host in &hosts {
        network.join(*host, Host(0)).unwrap();
    }
    network.run(seconds(120));
    hosts
}

#[test]
fn an_eclipse_from_few_networks_fails() {
    let mut network = Network::settled(11, LOSSY, 300, seconds(120));
    let key = network.id();
    eclipse(&mut network, key, 40, 20);
    let listener = Host(100);
    listen(&mut network, listener, key);
    put(&mut network, Host(50), key, value(1));
    network.run(seconds(10));
    assert_eq!(get(&mut network, Host(200), key).0, [1]);
    assert_eq!(received(&mut network, listener), [1]);
}

/// The limit of the defence: an attacker with an address in each of many networks owns the neighbourhood of a key.
#[test]
fn an_eclipse_from_many_networks_succeeds() {
    let mut network = Network::settled(12, LOSSY, 300, seconds(120));
    let key = network.id();
    eclipse(&mut network, key, 40, 1);
    put(&mut network, Host(50), key, value(1));
    assert_eq!(get(&mut network, Host(200), key).0, [0; 0]);
}

#[test]
fn clients_use_the_network_and_are_no_part_of_it() {
    let mut network = Network::settled(13, LOSSY, 30, seconds(60));
    let config = Config { client: true, ..Config::default() };
    let (one, two) = (
        network.add_with(Family::V4, config, Behaviour::Honest),
        network.add_with(Family::V4, config, Behaviour::Honest),
    );
    network.join(one, Host(0)).unwrap();
    network.join(two, Host(5)).unwrap();
    network.run(seconds(120));
    let key = network.id();
    listen(&mut network, two, key);
    network.run(seconds(5));
    put(&mut network, one, key, value(1));
    network.run(seconds(5));
    assert_eq!(received(&mut network, two), [1]);
    for client in [one, two] {
        let id = network.node(client).id();
        assert!((0..30).all(|host| !network.node(Host(host)).knows(&id)));
        assert_eq!(network.node(client).statistics().values, 0);
    }
}

#[test]
fn networks_of_other_numbers_do_not_mix() {
    let mut network = Network::new(14, Faults::default());
    let one = network.add();
    let other = network.add_with(Family::V4, Config { network: 7, ..Config::default() }, Behaviour::Honest);
    let same = network.add_with(Family::V4, Config { network: 7, ..Config::default() }, Behaviour::Honest);
    network.join(other, one).unwrap();
    network.run(seconds(30));
    assert!(!network.node(other).is_connected(Family::V4));
    network.join(same, other).unwrap();
    network.run(seconds(30));
    assert!(network.node(other).is_connected(Family::V4) && !network.node(one).is_connected(Family::V4));
}

#[test]
fn the_same_seed_gives_the_same_network() {
    let run = |seed| {
        let mut network = Network::settled(seed, LOSSY, 30, seconds(30));
        let round = round(&mut network, 5);
        (network.datagrams, network.lost(), round)
    };
    assert_eq!(run(15), run(15));
    assert_ne!(run(15), run(16));
}
