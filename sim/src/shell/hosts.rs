//! The world of hosts: `turmoil`. Its TCP sends nothing twice.

use std::{
    cell::Cell,
    future::pending,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use handfast::outcome::Side;
use turmoil::net::{TcpListener, TcpStream};

use super::{
    attack,
    enemy::Enemy,
    plan::{Plan, What},
    rendezvous::{Binding, Connecting, Listening, Net, Network, PORT},
    run::Broken,
    scene::Scene,
    side::{Failure, export_side, import_again, import_side},
    stream::AnyStream,
};

/// How long a machine that crashed at its disk is away.
const RESTART: Duration = Duration::from_millis(50);

fn name(side: Side) -> &'static str {
    match side {
        Side::Import => "import",
        Side::Export => "export",
    }
}

/// The network of this world.
struct World;

impl Network for World {
    fn connect(&self) -> Connecting<'static> {
        Box::pin(async {
            let address = SocketAddr::new(turmoil::lookup(name(Side::Import)), PORT);
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

/// A device whose side is over stays in the network: who calls it is turned away.
async fn stay(scene: &Scene, side: Side, ended: Result<(), Failure>) -> turmoil::Result {
    ended.map_err(|failure| -> Box<dyn std::error::Error> { failure })?;
    scene.record().ended[side as usize] = true;
    pending().await
}

/// Begins a fault, from within a host.
pub(crate) fn begin(what: What) {
    let (import, export) = (name(Side::Import), name(Side::Export));
    match what {
        What::Hold(_) => turmoil::hold(import, export),
        // A crashed device reports nothing any more.
        What::Partition | What::Outage(_) | What::Crash(_) => turmoil::partition(import, export),
        What::Kill(_) | What::Cancel | What::ShutWrite | What::ShutRead => {}
    }
}

/// The device of this side: the shell, or an enemy in its place.
async fn take_part(scene: Arc<Scene>, side: Side) -> Result<(), Failure> {
    let net = Net::new(&World, &scene);
    match (side, scene.plan.enemy) {
        (Side::Import, Some(Enemy::Importer(mischief))) => {
            let mut listener = net.listen().await?;
            if let Some(shown) = scene.token() {
                // There is an exporter.
                let _ = shown.send(attack::token(scene.plan.profile));
            }
            let (stream, _) = listener.accept().await?;
            attack::importer(&scene, mischief, stream).await;
            Ok(())
        }
        (Side::Export, Some(Enemy::Exporter(mischief))) => {
            let Some(shown) = scene.shown() else { return Ok(()) };
            let Ok(token) = shown.await else { return Ok(()) };
            let (stream, _) = net.connect().await?;
            attack::exporter(&scene, mischief, &token, stream).await;
            Ok(())
        }
        (Side::Import, _) => import_side(scene, net).await,
        (Side::Export, _) => export_side(scene, net).await,
    }
}

/// Carries a session out, and says how much virtual time it took.
pub(crate) fn carry_out(scene: &Arc<Scene>) -> Result<Duration, Broken> {
    let Plan { random, tick_ms, latency_ms, .. } = scene.plan;
    let limit = scene.plan.limit();
    let mut sim = turmoil::Builder::new()
        .rng_seed(random)
        .epoch(SystemTime::UNIX_EPOCH)
        .simulation_duration(2 * limit)
        .tick_duration(Duration::from_millis(tick_ms))
        .min_message_latency(Duration::from_millis(latency_ms.0))
        .max_message_latency(Duration::from_millis(latency_ms.1))
        .build();
    for side in [Side::Import, Side::Export] {
        let scene = scene.clone();
        let starts = Cell::new(0);
        sim.host(name(side), move || {
            let scene = scene.clone();
            let again = side == Side::Import && starts.replace(starts.get() + 1) > 0;
            async move {
                let ended = if again { import_again(&scene) } else { take_part(scene.clone(), side).await };
                stay(&scene, side, ended).await
            }
        });
    }
    if let Some(enemy @ (Enemy::Stranger(mischief) | Enemy::Crowd(mischief))) = scene.plan.enemy {
        let scene = scene.clone();
        sim.host("stranger", move || {
            let scene = scene.clone();
            async move {
                let net = Net::new(&World, &scene);
                let dial = move || {
                    let net = net.clone();
                    async move { net.connect().await.map(|(stream, _)| stream) }
                };
                match enemy {
                    Enemy::Crowd(_) => attack::crowd(&scene, mischief, dial),
                    _ => attack::stranger(&scene, mischief, dial).await,
                }
                pending().await
            }
        });
    }

    let faults = &scene.plan.faults;
    let mut begun = vec![false; faults.len()];
    // When what began ends, and whose machine is started again then.
    let mut ends: Vec<(Duration, Option<Side>)> = Vec::new();
    loop {
        sim.step().map_err(|error| Broken::Panic(error.to_string()))?;
        let fired = scene.record().fired.clone();
        for (number, fault) in faults.iter().enumerate().filter(|(number, _)| fired[*number]) {
            if std::mem::replace(&mut begun[number], true) {
                continue;
            }
            match fault.what {
                What::Hold(ms) => ends.push((sim.elapsed() + Duration::from_millis(ms), None)),
                What::Crash(ms) | What::Kill(ms) => {
                    let side = fault.at.side();
                    sim.crash(name(side));
                    ends.push((sim.elapsed() + Duration::from_millis(ms), Some(side)));
                }
                What::Outage(_) | What::Partition | What::ShutWrite | What::ShutRead | What::Cancel => {}
            }
        }
        if scene.died_at_its_disk() {
            sim.crash(name(Side::Import));
            ends.push((sim.elapsed() + RESTART, Some(Side::Import)));
        }
        let now = sim.elapsed();
        for (_, restarted) in ends.extract_if(.., |(at, _)| now >= *at) {
            sim.release(name(Side::Import), name(Side::Export));
            if let Some(side) = restarted {
                sim.bounce(name(side));
            }
        }
        if scene.record().ended == [true; 2] {
            return Ok(sim.elapsed());
        }
        if sim.elapsed() > limit {
            return Err(Broken::Hang(limit));
        }
    }
}
