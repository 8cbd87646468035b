//! The driver over the sockets of a simulated network that loses datagrams and is slow (`turmoil-net`): tokio's clock is virtual, and each
//! host has its own kernel.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use handfast_dht::driver::{Running, Socket};
use handfast_dht::value::Query;
use handfast_dht::{Config, Event, InfoHash, PutOptions, Value, ValueType};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};
use turmoil_net::shim::tokio::net::UdpSocket;
use turmoil_net::{HostId, Net, Verdict};

const TICK: Duration = Duration::from_millis(1);
/// Nodes that store.
const NODES: u8 = 6;

/// A socket of a host: each call is made as that host.
struct Of(HostId, UdpSocket);

impl Of {
    /// Runs a call of a host. Other hosts may run between its turns.
    async fn call<T>(&self, call: impl Future<Output = T> + Send) -> T {
        let mut call = pin!(call);
        poll_fn(|cx| {
            turmoil_net::set_current(self.0);
            call.as_mut().poll(cx)
        })
        .await
    }
}

impl Drop for Of {
    fn drop(&mut self) {
        // The socket is closed next.
        turmoil_net::set_current(self.0);
    }
}

impl Socket for Of {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        turmoil_net::set_current(self.0);
        self.1.local_addr()
    }

    async fn readable(&self) -> io::Result<()> {
        self.call(self.1.peek_from(&mut [0])).await.map(drop)
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        turmoil_net::set_current(self.0);
        self.1.try_recv_from(buffer)
    }

    fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        turmoil_net::set_current(self.0);
        self.1.try_send_to(bytes, to)
    }

    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.call(self.1.send_to(bytes, to)).await
    }
}

/// Numbers that follow from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        // Knuth's MMIX; the lower bits are no good.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Datagrams that were sent, and those of them that were lost.
#[derive(Default)]
struct Carried {
    sent: Cell<u32>,
    lost: Cell<u32>,
}

/// Runs `work` of the hosts 10.0.0.1 and up on a network that loses one of `loss` datagrams and takes 10 to 90 ms for each. Returns what
/// the network carried.
fn run<F: Future<Output = ()> + 'static>(
    seed: u64,
    loss: u64,
    hosts: u8,
    work: impl FnOnce(Vec<HostId>) -> F,
) -> (u32, u32) {
    let mut net = Net::new();
    let hosts = (1..=hosts).map(|last| net.add_host(Ipv4Addr::new(10, 0, 0, last).to_string())).collect();
    let carried = Rc::new(Carried::default());
    let (mut numbers, counted) = (Numbers(seed), carried.clone());
    net.rule(move |_: &turmoil_net::Packet| {
        counted.sent.set(counted.sent.get() + 1);
        if numbers.below(loss) == 0 {
            counted.lost.set(counted.lost.get() + 1);
            return Verdict::Drop;
        }
        Verdict::Deliver(Duration::from_millis(10 + numbers.below(81)))
    });
    let guard = net.enter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let work = work(hosts);
    runtime.block_on(async {
        let local = LocalSet::new();
        let done = local.spawn_local(work);
        let way = RefCell::new(Vec::new());
        let end = Instant::now() + Duration::from_secs(120);
        while !done.is_finished() {
            local.run_until(sleep(TICK)).await;
            let mut sent = Vec::new();
            guard.egress_all(&mut sent);
            let mut way = way.borrow_mut();
            for packet in sent {
                if let Verdict::Deliver(delay) = guard.evaluate(&packet) {
                    way.push((Instant::now() + delay, packet));
                }
            }
            let (arrived, rest): (Vec<_>, Vec<_>) = way.drain(..).partition(|(at, _)| *at <= Instant::now());
            *way = rest;
            arrived.into_iter().for_each(|(_, packet)| guard.deliver(packet));
            assert!(Instant::now() < end, "it does not end");
        }
        done.await.unwrap();
    });
    (carried.sent.get(), carried.lost.get())
}

/// A node on a host, at port 4222.
async fn node(host: HostId, config: Config) -> Running {
    turmoil_net::set_current(host);
    let socket = UdpSocket::bind("0.0.0.0:4222").await.unwrap();
    let mut seed = [7; 32];
    seed[0] = NUMBER.replace(NUMBER.get() + 1);
    Running::over([Some(Of(host, socket)), None], config, &seed).unwrap()
}

thread_local! {
    /// How many nodes were started.
    static NUMBER: Cell<u8> = const { Cell::new(0) };
}

fn at(last: u8) -> SocketAddr {
    (Ipv4Addr::new(10, 0, 0, last), 4222).into()
}

fn value(id: u64, length: usize) -> Value<'static> {
    Value::plain(id, ValueType::USER_DATA, vec![id as u8; length])
}

/// Two clients meet over nodes: one publishes and listens, the other finds it and asks, the first one answers.
async fn meet(hosts: Vec<HostId>) {
    let mut nodes = Vec::new();
    for host in &hosts[..usize::from(NODES)] {
        let started = node(*host, Config::default()).await;
        if !nodes.is_empty() {
            started.bootstrap(at(1)).await.unwrap();
        }
        nodes.push(started);
    }
    let client = Config { client: true, ..Config::default() };
    let [importer, exporter] = [hosts[usize::from(NODES)], hosts[usize::from(NODES) + 1]];
    let (importer, exporter) = (node(importer, client).await, node(exporter, client).await);
    for (client, last) in [(&importer, 1), (&exporter, 2)] {
        client.bootstrap(at(last)).await.unwrap();
        client.connected().await.unwrap();
    }
    let [device, requests, answers] = ["device", "requests", "answers"].map(|name| InfoHash::of(name.as_bytes()));
    let permanent = PutOptions { permanent: true, created: None };
    assert!(importer.put(device, value(1, 4000), permanent).await.unwrap().acknowledged > 0);
    let mut asked = importer.listen(requests, Query::default()).await.unwrap();
    let begin = Instant::now();
    while exporter.get(device, Query::default()).await.unwrap().values != [value(1, 4000)] {
        sleep(Duration::from_millis(200)).await;
    }
    let mut answered = exporter.listen(answers, Query::default()).await.unwrap();
    let request = exporter.put(requests, value(2, 2000), PutOptions::default());
    let reply = async {
        wait(&mut asked, 2).await;
        importer.put(answers, value(3, 2000), PutOptions::default()).await.unwrap();
    };
    let arrival = wait(&mut answered, 3);
    let (request, (), ()) = tokio::join!(request, reply, arrival);
    assert!(request.unwrap().acknowledged > 0);
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    for node in nodes {
        node.shutdown().await;
    }
}

/// Waits for a value.
async fn wait(events: &mut handfast_dht::driver::Events, id: u64) {
    while let Some(event) = events.next().await {
        if matches!(event, Event::Values { values, .. } if values.iter().any(|value| value.id == id)) {
            return;
        }
    }
    panic!("the node has ended");
}

#[test]
fn two_clients_meet_over_a_slow_network_that_loses_datagrams() {
    for seed in 1..=3 {
        let (sent, lost) = run(seed, 10, NODES + 2, meet);
        assert!(lost > 0 && sent > 10 * lost / 2, "{lost} of {sent} were lost");
    }
}
