//! The world of packets: `turmoil-net`. Packets are lost, and TCP sends them again.

use std::{
    cell::Cell,
    collections::VecDeque,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::sleep,
};
use turmoil_net::{
    EnterGuard, HostId, KernelConfig, Net, Packet, TcpFlags, Transport, Verdict,
    shim::tokio::net::{TcpListener, TcpStream},
};

use super::{
    plan::{Plan, What},
    rendezvous::{self, Binding, Connecting, Listening, Network, PORT},
    run::Broken,
    scene::Scene,
    side::{Failure, export_side, import_side},
    stream::AnyStream,
};

const IMPORT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1));
const EXPORT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 2));

/// The network of this world.
struct World;

impl Network for World {
    fn connect(&self) -> Connecting<'static> {
        Box::pin(async {
            let address = SocketAddr::new(IMPORT, PORT);
            let stream = TcpStream::connect(address).await?;
            Ok((Box::new(stream) as AnyStream, address))
        })
    }

    fn listen(&self) -> Binding {
        Box::pin(async {
            let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
            Ok(Box::new(listener) as Box<dyn Listening>)
        })
    }
}

impl Listening for TcpListener {
    fn accept(&mut self) -> Connecting<'_> {
        Box::pin(async {
            let (stream, from) = TcpListener::accept(self).await?;
            Ok((Box::new(stream) as AnyStream, from))
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(self)
    }
}

thread_local! {
    /// Ticks for which every packet is lost.
    static OUTAGE: Cell<u64> = const { Cell::new(0) };
}

/// Begins a fault.
pub(crate) fn begin(what: What) {
    if let What::Outage(ms) = what {
        OUTAGE.set(OUTAGE.get().max(ms));
    }
}

/// A device: its runtime, whose clock stands still but when it is driven.
struct Host {
    id: HostId,
    runtime: Option<Runtime>,
    task: Option<JoinHandle<Result<(), Failure>>>,
}

impl Host {
    fn start(
        id: HostId,
        scene: &Scene,
        side: impl Future<Output = Result<(), Failure>> + Send + 'static,
    ) -> Result<Self, Broken> {
        // Threads take real time.
        let built = Builder::new_current_thread().enable_time().start_paused(!scene.plan.shipped).build();
        let runtime = built.map_err(|error| Broken::Panic(error.to_string()))?;
        let task = Some(runtime.spawn(side));
        Ok(Self { id, runtime: Some(runtime), task })
    }

    /// Runs for a tick, and says whether it still does.
    fn drive(&mut self, tick: Duration) -> Result<bool, Broken> {
        turmoil_net::set_current(self.id);
        let Some(runtime) = &self.runtime else { return Ok(false) };
        runtime.block_on(async { sleep(tick).await });
        if let Some(task) = self.task.take_if(|task| task.is_finished()) {
            let ended = runtime.block_on(task).map_err(|error| Broken::Panic(error.to_string()))?;
            ended.map_err(|error| Broken::Panic(error.to_string()))?;
        }
        Ok(self.task.is_some())
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
struct Wire {
    tick: u64,
    flying: VecDeque<(u64, Packet)>,
    /// Acknowledgements that were lost, and when they are sent again. TCP acknowledges again what it gets again, and probes a window
    /// that is closed; this one does neither, and would hang.
    again: VecDeque<(u64, Packet)>,
    sent: Vec<Packet>,
    /// Ticks after which an acknowledgement is missed.
    patience: u64,
}

impl Wire {
    fn new(patience: u64) -> Self {
        Self { tick: 0, flying: VecDeque::new(), again: VecDeque::new(), sent: Vec::new(), patience }
    }

    fn drive(&mut self, guard: &EnterGuard) {
        self.tick += 1;
        while let Some((_, packet)) = self.again.pop_front_if(|(at, _)| *at <= self.tick) {
            self.sent.push(packet);
        }
        guard.egress_all(&mut self.sent);
        for packet in self.sent.drain(..) {
            match guard.evaluate(&packet) {
                Verdict::Deliver(delay) => self.flying.push_back((self.tick + delay.as_millis() as u64, packet)),
                Verdict::Pass => self.flying.push_back((self.tick, packet)),
                Verdict::Drop if is_acknowledgement(&packet) => {
                    self.again.push_back((self.tick + self.patience, packet));
                }
                Verdict::Drop => {}
            }
        }
        while let Some((_, packet)) = self.flying.pop_front_if(|(at, _)| *at <= self.tick) {
            guard.deliver(packet);
        }
    }
}

/// Whether that is all that it is.
fn is_acknowledgement(packet: &Packet) -> bool {
    let only = TcpFlags { ack: true, ..TcpFlags::default() };
    matches!(&packet.payload, Transport::Tcp(segment) if segment.flags == only && segment.payload.is_empty())
}

/// Carries a session out, and says how much virtual time it took.
pub(crate) fn carry_out(scene: &Arc<Scene>) -> Result<Duration, Broken> {
    let Plan { random, latency_ms, lost, .. } = scene.plan;
    let (limit, tick) = (scene.plan.limit(), Duration::from_millis(1));
    OUTAGE.set(0);
    // In ticks, and more than a round trip. A connection is never given up: links here come back.
    let patience = 2 * latency_ms.0 + 4;
    let mut net = Net::with_config(KernelConfig::default().retx_threshold(patience as u32).retx_max(u32::MAX));
    let (import, export) = (net.add_host(IMPORT), net.add_host(EXPORT));
    let mut draw = ChaCha8Rng::seed_from_u64(random);
    let watched = scene.clone();
    net.rule(move |_: &Packet| {
        if OUTAGE.get() > 0 || draw.random_ratio(lost, 1000) {
            watched.record().lost += 1;
            Verdict::Drop
        } else {
            Verdict::Deliver(Duration::from_millis(latency_ms.0))
        }
    });
    let guard = net.enter();
    let mut hosts = [
        Host::start(import, scene, import_side(scene.clone(), rendezvous::Net::new(&World, scene)))?,
        Host::start(export, scene, export_side(scene.clone(), rendezvous::Net::new(&World, scene)))?,
    ];
    let mut wire = Wire::new(patience);
    loop {
        let mut running = false;
        for host in &mut hosts {
            running |= host.drive(tick)?;
        }
        wire.drive(&guard);
        OUTAGE.set(OUTAGE.get().saturating_sub(1));
        let elapsed = Duration::from_millis(wire.tick);
        if !running {
            return Ok(elapsed);
        }
        if elapsed > limit {
            return Err(Broken::Hang(limit));
        }
    }
}
