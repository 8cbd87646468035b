//! The world of hosts: `turmoil`. Its TCP sends nothing twice.

use std::{
    cell::Cell,
    future::pending,
    sync::Arc,
    time::{Duration, SystemTime},
};

use handfast::outcome::Side;
use turmoil::net::{TcpListener, TcpStream};

use crate::{
    board::Scene,
    meeting::meeting,
    plan::{Plan, What},
    run::Broken,
    side::{Failure, export_side, import_again, import_side},
};

fn name(side: Side) -> &'static str {
    match side {
        Side::Import => "import",
        Side::Export => "export",
    }
}

meeting!(Net, turmoil::lookup(name(Side::Import)));

/// A device whose side is over stays in the network: who calls it is turned away.
async fn stay(scene: &Scene, side: Side, ended: Result<(), Failure>) -> turmoil::Result {
    ended.map_err(|failure| -> Box<dyn std::error::Error> { failure })?;
    scene.board().ended[side as usize] = true;
    pending().await
}

/// Begins a fault, from within a host.
pub(crate) fn begin(what: What) {
    let (import, export) = (name(Side::Import), name(Side::Export));
    match what {
        What::Hold(_) => turmoil::hold(import, export),
        // Whoever crashes says nothing any more.
        What::Partition | What::Outage(_) | What::Crash(_) => turmoil::partition(import, export),
        What::Kill(_) | What::Cancel => {}
    }
}

/// Carries a session out, and says how much virtual time it took.
pub(crate) fn carry_out(scene: &Arc<Scene>) -> Result<Duration, Broken> {
    let Plan { random, tick_ms, latency_ms, fault, .. } = scene.plan;
    let limit = scene.plan.limit();
    let mut sim = turmoil::Builder::new()
        .rng_seed(random)
        .epoch(SystemTime::UNIX_EPOCH)
        .simulation_duration(2 * limit)
        .tick_duration(Duration::from_millis(tick_ms))
        .min_message_latency(Duration::from_millis(latency_ms.0))
        .max_message_latency(Duration::from_millis(latency_ms.1))
        .build();
    let (importing, exporting) = (scene.clone(), scene.clone());
    let starts = Cell::new(0);
    sim.host(name(Side::Import), move || {
        let scene = importing.clone();
        let again = starts.replace(starts.get() + 1) > 0;
        async move {
            let ended = if again { import_again(&scene) } else { import_side(scene.clone(), Net(scene.clone())).await };
            stay(&scene, Side::Import, ended).await
        }
    });
    sim.host(name(Side::Export), move || {
        let scene = exporting.clone();
        async move {
            let ended = export_side(scene.clone(), Net(scene.clone())).await;
            stay(&scene, Side::Export, ended).await
        }
    });

    // When what began ends.
    let mut ends = None;
    let mut begun = false;
    loop {
        sim.step().map_err(|error| Broken::Panic(error.to_string()))?;
        if let Some(fault) = fault
            && !begun
            && scene.board().fired
        {
            begun = true;
            ends = match fault.what {
                What::Hold(ms) | What::Outage(ms) => Some(ms),
                What::Crash(ms) | What::Kill(ms) => {
                    sim.crash(name(fault.at.side()));
                    Some(ms)
                }
                What::Partition | What::Cancel => None,
            }
            .map(|ms| sim.elapsed() + Duration::from_millis(ms));
        }
        if let Some(fault) = fault
            && ends.is_some_and(|at| sim.elapsed() >= at)
        {
            ends = None;
            sim.release(name(Side::Import), name(Side::Export));
            if let What::Crash(_) | What::Kill(_) = fault.what {
                sim.bounce(name(fault.at.side()));
            }
        }
        if scene.board().ended == [true; 2] {
            return Ok(sim.elapsed());
        }
        if sim.elapsed() > limit {
            return Err(Broken::Hang(limit));
        }
    }
}
