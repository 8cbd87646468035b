//! The task that owns the node and its sockets.

use core::pin::pin;
use core::time::Duration;
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, SocketAddrV6};

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until};

use crate::driver::load::Load;
use crate::driver::socket::Socket;
use crate::limits;
use crate::node::Node;
use crate::operation::{CannotBegin, Event, OperationId};
use crate::wire::Family;

/// Something that a caller lets the task do.
pub(super) type Act = Box<dyn FnOnce(&mut Task, Duration) + Send>;

/// Where the events of an operation go.
struct Subscriber {
    events: mpsc::Sender<Event>,
    lost: usize,
    /// No one wants the events; the operation goes on.
    detached: bool,
}

pub(super) struct Task {
    pub(super) node: Node,
    acts: mpsc::Receiver<Act>,
    connected: watch::Sender<[bool; 2]>,
    subscribers: BTreeMap<OperationId, Subscriber>,
    start: Instant,
    buffer: Vec<u8>,
    load: Load,
    over: bool,
}

/// Binds an IPv6 socket that takes IPv6 only: IPv4 is a network of its own.
pub(super) fn bind_v6(address: SocketAddrV6) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(socket2::Domain::IPV6, socket2::Type::DGRAM, None)?;
    socket.set_only_v6(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::V6(address).into())?;
    UdpSocket::from_std(socket.into())
}

impl Task {
    pub(super) fn new(node: Node, acts: mpsc::Receiver<Act>, connected: watch::Sender<[bool; 2]>) -> Self {
        Self {
            node,
            acts,
            connected,
            subscribers: BTreeMap::new(),
            start: Instant::now(),
            buffer: vec![0; limits::DATAGRAM + 1],
            load: Load::default(),
            over: false,
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(super) async fn run<S: Socket>(mut self, mut sockets: [Option<S>; 2]) {
        let mut alarm = pin!(sleep_until(self.start + self.node.poll_timeout()));
        // More may wait than was taken.
        let mut full = false;
        while !self.over {
            // A busy node is not woken for each datagram: it reads at intervals.
            let next_read = self.load.next_read();
            let timeout =
                self.start + next_read.map_or(self.node.poll_timeout(), |at| at.min(self.node.poll_timeout()));
            if alarm.deadline() != timeout {
                alarm.as_mut().reset(timeout);
            }
            // Each turn serves everything, whatever wakes the task: no order is unfair, and one that is the same each time is repeatable.
            let act = tokio::select! { biased;
                act = self.acts.recv() => match act {
                    Some(act) => Some(act),
                    None => break,
                },
                // No rest while datagrams wait, or the system drops some; other tasks of the runtime have their turn.
                () = yield_now(), if full => None,
                () = readable(sockets[0].as_ref()), if !full && next_read.is_none() => None,
                () = readable(sockets[1].as_ref()), if !full && next_read.is_none() => None,
                () = &mut alarm => None,
            };
            let now = self.now();
            if let Some(act) = act {
                act(&mut self, now);
            }
            if full || next_read.is_none_or(|at| at <= now) {
                let before = self.node.asked();
                full = false;
                sockets.iter().flatten().for_each(|socket| full |= self.receive(now, socket));
                if let Some(busy) = self.load.note(now, self.node.asked() - before) {
                    sockets.iter_mut().flatten().for_each(|socket| socket.watch(!busy));
                }
            }
            if self.node.poll_timeout() <= now {
                self.node.handle_timeout(now);
            }
            self.send(&sockets).await;
            self.report();
        }
    }

    /// Takes what has arrived, so many datagrams at one time that the rest of the task is not starved. Says whether more may wait.
    fn receive<S: Socket>(&mut self, now: Duration, socket: &S) -> bool {
        let mut some = false;
        for _ in 0..limits::BATCH {
            match socket.try_recv_from(&mut self.buffer) {
                Ok((len, from)) => {
                    self.node.handle_datagram(now, from, &self.buffer[..len]);
                    some = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                // An earlier datagram could not be delivered: its request will run out.
                Err(_) => {}
            }
        }
        // A socket that gives errors only is no reason to hurry.
        some
    }

    async fn send<S: Socket>(&mut self, sockets: &[Option<S>; 2]) {
        while let Some(transmit) = self.node.poll_transmit() {
            let family = usize::from(Family::of(&transmit.to) == Family::V6);
            let Some(socket) = &sockets[family] else { continue };
            // A datagram that cannot be sent is lost, as on the way.
            if let Err(error) = socket.try_send_to(&transmit.bytes, transmit.to)
                && error.kind() == io::ErrorKind::WouldBlock
            {
                let _ = socket.send_to(&transmit.bytes, transmit.to).await;
            }
        }
    }

    /// Passes events on to those who wait for them.
    fn report(&mut self) {
        while let Some(event) = self.node.poll_event() {
            let (operation, last) = match &event {
                Event::Connected(family) | Event::Disconnected(family) => {
                    let now = matches!(event, Event::Connected(_));
                    let at = usize::from(*family == Family::V6);
                    self.connected.send_modify(|connected| connected[at] = now);
                    continue;
                }
                Event::Lost(lost) => {
                    self.subscribers.values_mut().for_each(|subscriber| subscriber.lost += lost);
                    continue;
                }
                Event::Values { operation, .. }
                | Event::Rows { operation, .. }
                | Event::Expired { operation, .. }
                | Event::Put { operation, .. }
                | Event::Listening { operation, .. } => (*operation, false),
                Event::Got { operation, .. } | Event::Pinged { operation, .. } => (*operation, true),
            };
            self.pass(operation, event);
            if last {
                self.subscribers.remove(&operation);
            }
        }
    }

    fn pass(&mut self, operation: OperationId, event: Event) {
        let Some(subscriber) = self.subscribers.get_mut(&operation) else { return };
        if subscriber.lost > 0 && subscriber.events.try_send(Event::Lost(subscriber.lost)).is_ok() {
            subscriber.lost = 0;
        }
        match subscriber.events.try_send(event) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => subscriber.lost += 1,
            Err(mpsc::error::TrySendError::Closed(_)) if subscriber.detached => {}
            Err(mpsc::error::TrySendError::Closed(_)) => self.cancel(operation),
        }
    }

    pub(super) fn begin(
        &mut self,
        now: Duration,
        begin: impl FnOnce(&mut Node, Duration) -> Result<OperationId, CannotBegin>,
    ) -> Result<(OperationId, mpsc::Receiver<Event>), CannotBegin> {
        let operation = begin(&mut self.node, now)?;
        let (events, receiver) = mpsc::channel(limits::EVENTS_PER_OPERATION);
        self.subscribers.insert(operation, Subscriber { events, lost: 0, detached: false });
        Ok((operation, receiver))
    }

    /// Lets an operation go on though no one takes its events.
    pub(super) fn detach(&mut self, operation: OperationId) {
        if let Some(subscriber) = self.subscribers.get_mut(&operation) {
            subscriber.detached = true;
        }
    }

    pub(super) fn cancel(&mut self, operation: OperationId) {
        self.node.cancel(operation);
        self.subscribers.remove(&operation);
    }

    pub(super) const fn end(&mut self) {
        self.over = true;
    }
}

/// Waits until a socket may have something; for ever when there is none. One that cannot say so is read at intervals: a node that no longer
/// takes anything would look as if it lived.
async fn readable<S: Socket>(socket: Option<&S>) {
    let Some(socket) = socket else { return core::future::pending().await };
    if socket.readable().await.is_err() {
        sleep(limits::BUSY_PAUSE).await;
    }
}
