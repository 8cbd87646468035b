//! The rendezvous of the two sides of a session: the importing device listens at a port that the exporting one knows.
//!
//! The worlds have networks of their own. The shell is compiled once for both: here it has a [`AnyStream`] for a connection of either.

use std::{future::Future, io, net::SocketAddr, pin::Pin, sync::Arc};

use handfast::{
    archive::Identity,
    outcome::Side,
    shell::rendezvous::{Dial, Listener, Publish},
    token::DeviceId,
};
use tokio::time::{Duration, sleep};

use super::{
    scene::Scene,
    stream::{AnyStream, Stream},
};

/// The port at which the importing device listens.
pub(crate) const PORT: u16 = 4711;

/// A connection, and the address of its other end, to come.
pub(crate) type Connecting<'a> = Pin<Box<dyn Future<Output = io::Result<(AnyStream, SocketAddr)>> + Send + 'a>>;

/// A listener, to come.
pub(crate) type Binding = Pin<Box<dyn Future<Output = io::Result<Box<dyn Listening>>> + Send>>;

/// A listener of any world.
pub(crate) trait Listening: Send {
    /// Takes the next connection.
    fn accept(&mut self) -> Connecting<'_>;

    /// Returns the address at which it listens.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// The network of a world, as a device sees it.
pub(crate) trait Network: Sync {
    /// Connects to the importing device.
    fn connect(&self) -> Connecting<'static>;

    /// Listens at [`PORT`].
    fn listen(&self) -> Binding;
}

/// A device's network in a session.
#[derive(Clone)]
pub(crate) struct Net {
    network: &'static dyn Network,
    scene: Arc<Scene>,
}

impl Net {
    pub(crate) fn new(network: &'static dyn Network, scene: &Arc<Scene>) -> Self {
        Self { network, scene: scene.clone() }
    }

    /// Connects to the importing device, without the faults of streams.
    pub(crate) async fn connect(&self) -> io::Result<(AnyStream, SocketAddr)> {
        self.network.connect().await
    }

    /// Listens as the importing device, without the faults of streams.
    pub(crate) async fn listen(&self) -> io::Result<Box<dyn Listening>> {
        self.network.listen().await
    }
}

/// The importing device's listener.
pub(crate) struct Endpoint {
    listener: Box<dyn Listening>,
    scene: Arc<Scene>,
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.scene.record().open[Side::Import as usize] -= 1;
    }
}

impl Publish for Net {
    type Listener = Endpoint;

    async fn publish(self, _: &Identity) -> io::Result<Endpoint> {
        sleep(Duration::from_millis(self.scene.plan.work_ms.0)).await;
        let listener = self.listen().await?;
        self.scene.record().open[Side::Import as usize] += 1;
        Ok(Endpoint { listener, scene: self.scene })
    }
}

impl Listener for Endpoint {
    type Stream = Stream;

    async fn accept(&mut self) -> io::Result<(Stream, SocketAddr)> {
        let (wire, from) = self.listener.accept().await?;
        Ok((Stream::new(wire, &self.scene, Side::Import), from))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Dial for Net {
    type Stream = Stream;

    async fn dial(self, _: DeviceId) -> io::Result<(Stream, SocketAddr)> {
        let (wire, address) = self.connect().await?;
        Ok((Stream::new(wire, &self.scene, Side::Export), address))
    }
}
