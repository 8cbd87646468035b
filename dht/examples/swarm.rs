//! Networks of nodes in virtual time, larger than the tests': finds, costs, growth, liars.
//!
//! ```text
//! cargo run --release -p handfast-dht --features testing --example swarm -- --nodes 10000
//! ```

use std::time::{Duration, Instant};

use handfast_dht::sim::{Behaviour, Faults, Host, Network};
use handfast_dht::value::Query;
use handfast_dht::{Event, InfoHash, PutOptions, Value, ValueType};

/// The options of the command line.
struct Options {
    nodes: Vec<usize>,
    lookups: usize,
    loss: f64,
    liars: f64,
    seed: u64,
}

const USAGE: &str = "swarm [--nodes N,N,…] [--lookups N] [--loss SHARE] [--liars SHARE] [--seed N]";

fn options() -> Result<Options, String> {
    let mut options = Options { nodes: vec![10, 100, 1000], lookups: 1000, loss: 0.05, liars: 0.0, seed: 1 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value; {USAGE}"))?;
        let bad = |_| format!("{word} {value}: no number; {USAGE}");
        match word.as_str() {
            "--nodes" => {
                let all = value.split(',').map(|number| number.parse().map_err(|_| format!("--nodes {value}")));
                options.nodes = all.collect::<Result<_, _>>()?;
            }
            "--lookups" => options.lookups = value.parse().map_err(|_| bad(()))?,
            "--loss" => options.loss = value.parse().map_err(|_| bad(()))?,
            "--liars" => options.liars = value.parse().map_err(|_| bad(()))?,
            "--seed" => options.seed = value.parse().map_err(|_| bad(()))?,
            _ => return Err(format!("{word}: unknown; {USAGE}")),
        }
    }
    Ok(options)
}

/// Starts an operation of a host, and returns its events until `over` holds.
fn until(network: &mut Network, host: Host, over: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut all = Vec::new();
    let end = network.now() + Duration::from_secs(60);
    network.run_until(end, |network| {
        all.extend(network.events(host));
        all.iter().any(&over)
    });
    all
}

fn put(network: &mut Network, host: Host, key: InfoHash, value: Value<'static>) {
    network.with(host, |node, now| node.put(now, key, value, PutOptions::default())).expect("a put begins");
    until(network, host, |event| matches!(event, Event::Put { .. }));
}

fn get(network: &mut Network, host: Host, key: InfoHash) -> bool {
    network.with(host, |node, now| node.get(now, key, Query::default())).expect("a get begins");
    let events = until(network, host, |event| matches!(event, Event::Got { .. }));
    events.iter().any(|event| matches!(event, Event::Values { .. }))
}

fn main() -> Result<(), String> {
    let options = options()?;
    println!("nodes   found              messages per lookup   time per lookup   datagrams     CPU");
    println!("                           mean  median  99 %    median  99 %      in all        seconds");
    for nodes in options.nodes.iter().copied() {
        let start = Instant::now();
        let latency = (Duration::from_millis(10), Duration::from_millis(80));
        let faults = Faults { loss: options.loss, duplication: 0.01, latency };
        let mut network = Network::settled(options.seed, faults, nodes, Duration::from_secs(240));
        let liars = (nodes as f64 * options.liars) as usize;
        for host in 0..liars {
            let behaviours = [Behaviour::Drops, Behaviour::Diverts, Behaviour::Tokenless];
            network.set_behaviour(Host(host), behaviours[host % 3].clone());
        }
        let (mut found, mut costs, mut times) = (0, Vec::new(), Vec::new());
        for id in 1..=options.lookups as u64 {
            let key = network.id();
            let honest = nodes - liars;
            let (writer, reader) = (Host(liars + network.below(honest)), Host(liars + network.below(honest)));
            put(&mut network, writer, key, Value::plain(id, ValueType::USER_DATA, *b"swarm"));
            let (before, began) = (network.datagrams_of(reader), network.now());
            found += usize::from(get(&mut network, reader, key));
            costs.push(network.datagrams_of(reader) - before);
            times.push((network.now() - began).as_millis());
        }
        costs.sort_unstable();
        times.sort_unstable();
        let at = |share: usize| (costs.len() * share / 100).min(costs.len() - 1);
        println!(
            "{nodes:<7} {found} of {} ({:.2} %)  {:<5.1} {:<7} {:<7} {:<4} ms {:<4} ms   {:<12}  {:.1}",
            options.lookups,
            found as f64 * 100.0 / options.lookups as f64,
            costs.iter().sum::<u64>() as f64 / costs.len() as f64,
            costs[at(50)],
            costs[at(99)],
            times[at(50)],
            times[at(99)],
            network.datagrams,
            start.elapsed().as_secs_f64(),
        );
    }
    Ok(())
}
