//! A node on UDP sockets, driven by tokio.

mod load;
mod resting;
mod socket;
mod task;
#[cfg(test)]
mod tests;

use core::time::Duration;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::id::InfoHash;
use crate::limits;
use crate::node::{Config, Node, Statistics};
use crate::operation::{CannotBegin, Event, OperationId, PutOptions};
use crate::value::{Query, Value};
use crate::wire::{Family, Want};
use resting::Resting;
pub use socket::Socket;
use task::{Act, Task};

/// Where a node receives. At least one address is needed; port 0 lets the system choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bind {
    /// IPv4.
    pub v4: Option<SocketAddrV4>,
    /// IPv6.
    pub v6: Option<SocketAddrV6>,
}

impl Bind {
    /// The loopback addresses only, with one port each.
    #[must_use]
    pub const fn loopback(port: u16) -> Self {
        Self {
            v4: Some(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)),
            v6: Some(SocketAddrV6::new(Ipv6Addr::LOCALHOST, port, 0, 0)),
        }
    }

    /// All addresses of this machine, with one port each.
    #[must_use]
    pub const fn everywhere(port: u16) -> Self {
        Self {
            v4: Some(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port)),
            v6: Some(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0)),
        }
    }
}

/// An operation of a running node did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    /// It could not begin.
    #[error(transparent)]
    CannotBegin(#[from] CannotBegin),
    /// The node was shut down.
    #[error("the node was shut down")]
    Shutdown,
}

/// The result of a `get`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The values, each once.
    pub values: Vec<Value<'static>>,
    /// How many nodes near the key have answered.
    pub answered: usize,
}

/// Where a value was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The operation; a permanent one goes on until it is cancelled.
    pub operation: OperationId,
    /// How many nodes have acknowledged the value.
    pub acknowledged: usize,
    /// This node holds it too.
    pub here: bool,
}

/// A node that runs. Dropping it ends the node at once; [`Running::shutdown`] sends what waits first.
#[derive(Debug)]
pub struct Running {
    acts: mpsc::Sender<Act>,
    connected: watch::Receiver<[bool; 2]>,
    addresses: Vec<SocketAddr>,
    id: InfoHash,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    /// Opens the sockets and starts the node in a task of the current runtime. The families are those of `bind`.
    ///
    /// # Errors
    /// When an address cannot be bound, no address is given, or the system has no randomness.
    pub async fn start(bind: Bind, config: Config) -> io::Result<Self> {
        let mut sockets = [None, None];
        if let Some(address) = bind.v4 {
            sockets[0] = Some(Resting::new(UdpSocket::bind(address).await?)?);
        }
        if let Some(address) = bind.v6 {
            sockets[1] = Some(Resting::new(task::bind_v6(address)?)?);
        }
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(io::Error::other)?;
        let unix_start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self::over(sockets, Config { unix_start, ..config }, &seed)
    }

    /// Starts the node on sockets that are open, the one of IPv4 first: those of a simulated network, say. All that it draws follows from
    /// `seed`, which has to be secret where the network is a real one. The families of `config` are those of the sockets; its
    /// `unix_start` has to be the time of now.
    ///
    /// # Errors
    /// When there is no socket, or a socket has no address or is of the other family.
    pub fn over<S: Socket>(sockets: [Option<S>; 2], config: Config, seed: &[u8; 32]) -> io::Result<Self> {
        if sockets.iter().all(Option::is_none) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no address to bind"));
        }
        let families = Want { v4: sockets[0].is_some(), v6: sockets[1].is_some() };
        let mut addresses = Vec::new();
        for (socket, family) in sockets.iter().zip([Family::V4, Family::V6]) {
            let Some(socket) = socket else { continue };
            let address = socket.local_addr()?;
            if Family::of(&address) != family {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a socket is of the other family"));
            }
            addresses.push(address);
        }
        let node = Node::new(Duration::ZERO, Config { families, ..config }, *seed);
        let id = node.id();
        let (acts, receiver) = mpsc::channel(limits::COMMANDS);
        let (announce, connected) = watch::channel([false; 2]);
        let task = tokio::spawn(Task::new(node, receiver, announce).run(sockets));
        Ok(Self { acts, connected, addresses, id, task })
    }

    /// Returns the node's id.
    #[must_use]
    pub const fn id(&self) -> InfoHash {
        self.id
    }

    /// Returns the addresses of its sockets.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Waits until a node of one of the families has answered.
    ///
    /// # Errors
    /// [`Unfinished::Shutdown`] when the node ends first.
    pub async fn connected(&self) -> Result<(), Unfinished> {
        let mut connected = self.connected.clone();
        let any = connected.wait_for(|connected| connected.contains(&true)).await;
        any.map(drop).map_err(|_| Unfinished::Shutdown)
    }

    /// Says whether a node of this family is good.
    #[must_use]
    pub fn is_connected(&self, family: Family) -> bool {
        self.connected.borrow()[usize::from(family == Family::V6)]
    }

    /// Lets the node do something, and returns what it returns.
    async fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Task, Duration) -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        let (sender, receiver) = oneshot::channel();
        let act: Act = Box::new(move |task, now| {
            // No one waits any more: the caller has gone.
            let _ = sender.send(act(task, now));
        });
        self.acts.send(act).await.map_err(|_| Unfinished::Shutdown)?;
        receiver.await.map_err(|_| Unfinished::Shutdown)
    }

    async fn begin(
        &self,
        begin: impl FnOnce(&mut Node, Duration) -> Result<OperationId, CannotBegin> + Send + 'static,
    ) -> Result<Events, Unfinished> {
        let (operation, events) = self.act(move |task, now| task.begin(now, begin)).await??;
        Ok(Events { operation, events, acts: self.acts.clone() })
    }

    /// Adds the address of a node that is asked for a way into the network.
    ///
    /// # Errors
    /// [`CannotBegin`] when no node can be there.
    pub async fn bootstrap(&self, address: SocketAddr) -> Result<(), Unfinished> {
        Ok(self.act(move |task, now| task.node.bootstrap(now, address)).await??)
    }

    /// Looks for the values under a key.
    ///
    /// # Errors
    /// [`Unfinished`].
    pub async fn get(&self, key: InfoHash, query: Query) -> Result<Found, Unfinished> {
        let mut events = self.begin(move |node, now| node.get(now, key, query)).await?;
        let mut all = Vec::new();
        loop {
            match events.next().await.ok_or(Unfinished::Shutdown)? {
                Event::Values { values, .. } => all.extend(values),
                Event::Got { answered, .. } => return Ok(Found { values: all, answered }),
                _ => {}
            }
        }
    }

    /// Stores a value at the nodes nearest to a key; waits until all have acknowledged it that will.
    ///
    /// # Errors
    /// [`Unfinished`].
    pub async fn put(&self, key: InfoHash, value: Value<'static>, options: PutOptions) -> Result<Placed, Unfinished> {
        let mut events = self.begin(move |node, now| node.put(now, key, value, options)).await?;
        loop {
            if let Event::Put { operation, acknowledged, here } = events.next().await.ok_or(Unfinished::Shutdown)? {
                if options.permanent {
                    events.detach().await?;
                }
                return Ok(Placed { operation, acknowledged, here });
            }
        }
    }

    /// Reports the values under a key until the returned events are dropped.
    ///
    /// # Errors
    /// [`Unfinished`].
    pub async fn listen(&self, key: InfoHash, query: Query) -> Result<Events, Unfinished> {
        self.begin(move |node, now| node.listen(now, key, query)).await
    }

    /// Asks an address whether a node is there; returns its id, and the time that it took.
    ///
    /// # Errors
    /// [`Unfinished`].
    pub async fn ping(&self, address: SocketAddr) -> Result<Option<(InfoHash, Duration)>, Unfinished> {
        let mut events = self.begin(move |node, now| node.ping(now, address)).await?;
        loop {
            if let Event::Pinged { answer, .. } = events.next().await.ok_or(Unfinished::Shutdown)? {
                return Ok(answer);
            }
        }
    }

    /// Ends an operation.
    ///
    /// # Errors
    /// [`Unfinished::Shutdown`].
    pub async fn cancel(&self, operation: OperationId) -> Result<(), Unfinished> {
        self.act(move |task, _| task.cancel(operation)).await
    }

    /// Returns the numbers of now.
    ///
    /// # Errors
    /// [`Unfinished::Shutdown`].
    pub async fn statistics(&self) -> Result<Statistics, Unfinished> {
        self.act(|task, now| task.node.statistics_at(now)).await
    }

    /// Returns the IP addresses under which other nodes see this one, most often named first.
    ///
    /// # Errors
    /// [`Unfinished::Shutdown`].
    pub async fn observed(&self) -> Result<Vec<std::net::IpAddr>, Unfinished> {
        self.act(|task, _| task.node.observed()).await
    }

    /// Ends the node: operations end, what waits is sent, the sockets are closed.
    pub async fn shutdown(mut self) {
        // The task ends when this is done; one that has ended already is no failure.
        let _ = self.act(|task, _| task.end()).await;
        let _ = (&mut self.task).await;
    }
}

/// The events of one operation. Dropping them cancels it.
#[derive(Debug)]
pub struct Events {
    operation: OperationId,
    events: mpsc::Receiver<Event>,
    acts: mpsc::Sender<Act>,
}

impl Events {
    /// Returns the operation.
    #[must_use]
    pub const fn operation(&self) -> OperationId {
        self.operation
    }

    /// Waits for the next event; none when the operation or the node has ended.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Lets the operation go on after these events are dropped.
    async fn detach(mut self) -> Result<(), Unfinished> {
        let operation = self.operation;
        let (closed, _) = mpsc::channel(1);
        let acts = core::mem::replace(&mut self.acts, closed);
        let detach: Act = Box::new(move |task, _| task.detach(operation));
        acts.send(detach).await.map_err(|_| Unfinished::Shutdown)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let operation = self.operation;
        // A full queue is no matter: the next event finds no receiver, and cancels the operation.
        let _ = self.acts.try_send(Box::new(move |task: &mut Task, _| task.cancel(operation)));
    }
}
