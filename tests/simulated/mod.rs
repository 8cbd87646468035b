//! A network of hosts in virtual time (`turmoil-net`), of which all that is drawn follows from a seed: datagrams and segments are lost,
//! datagrams overtake each other. Each host has its own kernel and its own runtime, whose clock stands still but when it is driven.

#![allow(unreachable_pub, reason = "a test file has no users")]

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use handfast::shell::rendezvous::opendht::{Carrier, Listening, Network, Pending};
use handfast_dht::driver::Socket;
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::sleep,
};
use turmoil_net::{
    EnterGuard, HostId, KernelConfig, Net, Packet, TcpFlags, Transport, Verdict,
    shim::tokio::net::{TcpListener, TcpStream, UdpSocket},
};

const TICK: Duration = Duration::from_millis(1);
/// How long a datagram takes, in ticks.
const DATAGRAM: (u64, u64) = (10, 90);
/// How long a segment takes. All take the same time: this TCP does not put segments in order.
const SEGMENT: u64 = 20;
/// Ticks after which TCP sends again: more than a round trip.
const PATIENCE: u64 = 2 * SEGMENT + 4;

/// Numbers that follow from a seed.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        // Knuth's MMIX; the lower bits are no good.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.below(256) as u8)
    }
}

impl handfast::shell::Random for Numbers {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|byte| *byte = self.below(256) as u8);
    }
}

/// A UDP socket of the current host.
pub struct Datagrams(UdpSocket);

impl Datagrams {
    pub async fn open(port: u16) -> Self {
        Self(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).await.expect("a free port"))
    }
}

impl Socket for Datagrams {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    async fn readable(&self) -> io::Result<()> {
        self.0.peek_from(&mut [0]).await.map(drop)
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.try_recv_from(buffer)
    }

    fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.0.try_send_to(bytes, to)
    }

    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.0.send_to(bytes, to).await
    }
}

/// The TCP of the current host, which has this address.
#[derive(Debug)]
pub struct Segments(pub Ipv4Addr);

impl Network for Segments {
    fn addresses(&self) -> io::Result<Vec<IpAddr>> {
        Ok(vec![self.0.into()])
    }

    fn listen(&self, at: SocketAddr) -> Pending<Box<dyn Listening>> {
        Box::pin(async move { Ok(Box::new(Port(TcpListener::bind(at).await?)) as Box<dyn Listening>) })
    }

    fn connect(&self, to: SocketAddr) -> Pending<Box<dyn Carrier>> {
        Box::pin(async move { Ok(Box::new(TcpStream::connect(to).await?) as Box<dyn Carrier>) })
    }
}

struct Port(TcpListener);

impl Listening for Port {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Carrier>, SocketAddr)>> {
        let (stream, from) = ready!(self.0.poll_accept(cx))?;
        Poll::Ready(Ok((Box::new(stream), from)))
    }
}

/// A machine that runs.
struct Host {
    id: HostId,
    runtime: Option<Runtime>,
    task: JoinHandle<()>,
}

impl Host {
    /// Runs for a tick.
    ///
    /// # Panics
    /// With the task of the host.
    fn drive(&mut self) {
        turmoil_net::set_current(self.id);
        let Some(runtime) = &self.runtime else { return };
        runtime.block_on(async { sleep(TICK).await });
        if self.task.is_finished() {
            runtime.block_on(&mut self.task).expect("the host goes on");
            self.runtime = None;
        }
    }
}

impl Drop for Host {
    /// Its sockets are closed on its own stack.
    fn drop(&mut self) {
        turmoil_net::set_current(self.id);
        drop(self.runtime.take());
    }
}

/// Packets on their way.
#[derive(Default)]
struct Way {
    order: u64,
    flying: BTreeMap<(u64, u64), Packet>,
    /// Acknowledgements that were lost, and when they are sent again. TCP acknowledges again what it gets again, and probes a window that is
    /// closed; this one does neither, and would hang.
    again: VecDeque<(u64, Packet)>,
}

impl Way {
    fn drive(&mut self, tick: u64, guard: &EnterGuard) {
        let mut sent = Vec::new();
        while let Some((_, packet)) = self.again.pop_front_if(|(at, _)| *at <= tick) {
            sent.push(packet);
        }
        guard.egress_all(&mut sent);
        for packet in sent {
            self.order += 1;
            match guard.evaluate(&packet) {
                Verdict::Deliver(delay) => {
                    self.flying.insert((tick + delay.as_millis() as u64, self.order), packet);
                }
                Verdict::Pass => {
                    self.flying.insert((tick, self.order), packet);
                }
                Verdict::Drop if is_acknowledgement(&packet) => self.again.push_back((tick + PATIENCE, packet)),
                Verdict::Drop => {}
            }
        }
        while self.flying.first_key_value().is_some_and(|((at, _), _)| *at <= tick) {
            if let Some((_, packet)) = self.flying.pop_first() {
                guard.deliver(packet);
            }
        }
    }
}

/// Whether that is all that it is.
fn is_acknowledgement(packet: &Packet) -> bool {
    let only = TcpFlags { ack: true, ..TcpFlags::default() };
    matches!(&packet.payload, Transport::Tcp(segment) if segment.flags == only && segment.payload.is_empty())
}

/// Packets that the network was given, and those of them that it lost: datagrams first, then segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    pub sent: [u32; 2],
    pub lost: [u32; 2],
}

/// A network that runs.
pub struct World {
    // Hosts close their sockets before the network is gone.
    hosts: Vec<Option<Host>>,
    ids: Vec<HostId>,
    way: Way,
    tick: u64,
    carried: Rc<RefCell<Carried>>,
    guard: EnterGuard,
}

impl World {
    /// A network with these hosts, none of which runs yet, that loses so many of a thousand packets.
    pub fn new(seed: u64, loss: u64, addresses: &[Ipv4Addr]) -> Self {
        // A connection is never given up: ways here come back.
        let mut net = Net::with_config(KernelConfig::default().retx_threshold(PATIENCE as u32).retx_max(u32::MAX));
        let ids = addresses.iter().map(|address| net.add_host(IpAddr::V4(*address))).collect();
        let carried = Rc::new(RefCell::new(Carried::default()));
        let (mut numbers, counted) = (Numbers(seed), carried.clone());
        net.rule(move |packet: &Packet| {
            let mut counted = counted.borrow_mut();
            let is_tcp = matches!(packet.payload, Transport::Tcp(_));
            counted.sent[usize::from(is_tcp)] += 1;
            if numbers.below(1000) < loss {
                counted.lost[usize::from(is_tcp)] += 1;
                return Verdict::Drop;
            }
            let ticks = if is_tcp { SEGMENT } else { DATAGRAM.0 + numbers.below(DATAGRAM.1 - DATAGRAM.0 + 1) };
            Verdict::Deliver(TICK * ticks as u32)
        });
        let hosts = addresses.iter().map(|_| None).collect();
        Self { hosts, ids, way: Way::default(), tick: 0, carried, guard: net.enter() }
    }

    /// Starts what a host does.
    pub fn start(&mut self, host: usize, work: impl Future<Output = ()> + Send + 'static) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let task = runtime.spawn(work);
        self.hosts[host] = Some(Host { id: self.ids[host], runtime: Some(runtime), task });
    }

    /// Ends a host at once, as when its power fails. Its sockets are gone.
    pub fn kill(&mut self, host: usize) {
        self.hosts[host] = None;
    }

    /// Lets a millisecond pass.
    pub fn tick(&mut self) {
        self.tick += 1;
        self.hosts.iter_mut().flatten().for_each(Host::drive);
        self.way.drive(self.tick, &self.guard);
    }

    /// The time since the beginning.
    pub fn elapsed(&self) -> Duration {
        TICK * self.tick as u32
    }

    pub fn carried(&self) -> Carried {
        *self.carried.borrow()
    }
}
