//! ICE over real sockets: opens and takes connections, and moves frames between them and the [`Agent`] (R-ICE-1).

mod network;
mod stream;
mod wire;

use std::{
    future::{Future, poll_fn},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    select,
    task::JoinSet,
    time::{Instant, sleep_until, timeout, timeout_at},
};

use self::wire::{Wire, Woken, poll_drain};
pub use self::{
    network::{Carrier, Listening, Network, Pending, System},
    stream::IceStream,
};
use crate::{
    ice::{Agent, Candidate, ConnectionId, Description, Kind, TcpType},
    limits::{ICE_CHOICE, ICE_CONNECT, ICE_NEGOTIATION, ICE_PACE, MAX_ICE_CONNECTIONS},
    secret::Secret,
};

/// The port of a candidate that connects, by convention.
const DISCARD: u16 = 9;
/// Host candidates of each family, as many as a Jami daemon reads at most.
const MAX_HOSTS: usize = 4;

/// Sockets that listen for one negotiation, and the description that says where.
pub(super) struct Gathered {
    network: Arc<dyn Network>,
    listeners: Vec<Box<dyn Listening>>,
    pub(super) own: Description,
    /// How long the negotiation may take once both sides are known, and how long the peer's description is waited for (R-ICE-5).
    pub(super) patience: Duration,
}

/// Listens at each of these addresses of this device, and describes it. At `seen` others see the device.
///
/// # Errors
/// There is no address, or none can be listened on.
pub(super) async fn gather(
    network: &Arc<dyn Network>,
    hosts: &[IpAddr],
    seen: &[IpAddr],
    random: fn(&mut [u8]),
) -> io::Result<Gathered> {
    let (mut listeners, mut candidates): (Vec<Box<dyn Listening>>, _) = (Vec::new(), Vec::new());
    for v4 in [true, false] {
        let hosts: Vec<_> = hosts.iter().filter(|ip| ip.is_ipv4() == v4).take(MAX_HOSTS).collect();
        if hosts.is_empty() {
            continue;
        }
        let loopback = hosts.iter().all(|ip| ip.is_loopback());
        let all: IpAddr = match (v4, loopback) {
            (true, false) => Ipv4Addr::UNSPECIFIED.into(),
            (true, true) => Ipv4Addr::LOCALHOST.into(),
            (false, false) => Ipv6Addr::UNSPECIFIED.into(),
            (false, true) => Ipv6Addr::LOCALHOST.into(),
        };
        // A family that is switched off has no addresses, or fails here.
        let Ok(listener) = network.listen((all, 0).into()).await else { continue };
        let port = listener.local_addr()?.port();
        listeners.push(listener);
        let mut nth = 0;
        for host in hosts {
            candidates.push(Candidate::new(Kind::Host, TcpType::Passive, nth, SocketAddr::new(*host, port)));
            candidates.push(Candidate::new(Kind::Host, TcpType::Active, nth + 1, SocketAddr::new(*host, DISCARD)));
            nth += 2;
        }
        let foreign = seen.iter().filter(|ip| ip.is_ipv4() == v4 && !ip.is_loopback() && !ip.is_unspecified());
        if let Some(ip) = foreign.into_iter().find(|ip| candidates.iter().all(|known| known.address.ip() != **ip)) {
            let address = SocketAddr::new(*ip, DISCARD);
            candidates.push(Candidate::new(Kind::ServerReflexive, TcpType::Active, 0, address));
        }
    }
    if listeners.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NetworkDown, "this device has no address for others to connect to"));
    }
    let word = |bytes: &mut [u8]| {
        random(bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let (ufrag, password) = (word(&mut [0; 4]), Secret::from(word(&mut [0; 12])));
    let own = Description { ufrag, password, candidates };
    Ok(Gathered { network: network.clone(), listeners, own, patience: ICE_NEGOTIATION })
}

/// Negotiates: gives the connection that both sides have chosen, and the peer's address. The peer's description comes from `peer`.
///
/// # Errors
/// `TimedOut`: no connection leads to the peer within [`Gathered::patience`], or no description came. Or the error of `peer`.
pub(super) async fn negotiate(
    mut agent: Agent,
    gathered: Gathered,
    peer: impl Future<Output = io::Result<Description>>,
) -> io::Result<(IceStream, SocketAddr)> {
    let mut peer = pin!(peer);
    let mut known = false;
    let Gathered { network, listeners, patience, .. } = gathered;
    let mut table = Table { network, listeners, wires: Vec::new(), dials: JoinSet::new(), last: 0 };
    let mut waiting: Vec<SocketAddr> = Vec::new();
    let mut failures: Vec<String> = Vec::new();
    let mut next_dial = Instant::now();
    let mut end = Instant::now() + patience;
    let (mut choices, mut next_choice) = (0, Instant::now() + ICE_CHOICE);
    loop {
        if agent.choices() != choices {
            (choices, next_choice) = (agent.choices(), Instant::now() + ICE_CHOICE);
        }
        while let Some((connection, frame)) = agent.poll_transmit() {
            if let Some(wire) = table.wire(connection) {
                wire.send(&frame);
            }
        }
        if let Some(chosen) = agent.chosen()
            && let Some(at) = table.wires.iter().position(|wire| wire.id == chosen)
        {
            let mut wire = table.wires.swap_remove(at);
            // The peer may wait for the response to its choice before it sends anything.
            let flush = poll_fn(|cx| poll_drain(&mut wire.stream, &mut wire.output, cx));
            timeout_at(end, flush).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
            let address = wire.peer;
            // A real peer keeps a second connection open as long as the first: it is kept here too.
            let kept = table.wires.into_iter().filter(|wire| wire.accepted).map(Wire::into_stream).collect();
            return Ok((IceStream::new(wire, agent, kept), address));
        }
        let event = select! { biased;
            description = &mut peer, if !known => {
                let description = description?;
                known = true;
                waiting = to_dial(&description);
                agent.set_peer(&description);
                (next_dial, end) = (Instant::now(), Instant::now() + patience);
                continue;
            }
            event = poll_fn(|cx| table.poll(cx)) => event,
            () = sleep_until(next_dial), if !waiting.is_empty() => {
                table.dial(waiting.remove(0));
                next_dial = Instant::now() + ICE_PACE;
                continue;
            }
            () = sleep_until(next_choice), if known => {
                agent.choose_answered();
                next_choice = Instant::now() + ICE_CHOICE;
                continue;
            }
            () = sleep_until(end) => {
                let text = match known {
                    true => format!("no connection leads to the other device; {}", tried(&failures)),
                    false => "the other device does not answer".to_owned(),
                };
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
        };
        match event {
            Event::Opened(connection, address) => agent.opened(connection, address),
            Event::Unreachable(address, error) => failures.push(format!("{address}: {error}")),
            Event::Woken(at, Woken::Frames) => table.hand_over(at, &mut agent),
            Event::Woken(at, Woken::Closed) => table.close(at, &mut agent),
        }
    }
}

fn tried(failures: &[String]) -> String {
    if failures.is_empty() { "nothing answers".to_owned() } else { failures.join("; ") }
}

/// The addresses to connect to, the best first.
fn to_dial(peer: &Description) -> Vec<SocketAddr> {
    let mut passive: Vec<_> = peer.candidates.iter().filter(|candidate| candidate.can_be_dialled()).collect();
    passive.sort_by_key(|candidate| std::cmp::Reverse(candidate.priority));
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for candidate in passive {
        if !addresses.contains(&candidate.address) {
            addresses.push(candidate.address);
        }
    }
    addresses.truncate(MAX_ICE_CONNECTIONS);
    addresses
}

enum Event {
    Opened(ConnectionId, SocketAddr),
    Unreachable(SocketAddr, io::Error),
    /// Something happened on the wire at this place.
    Woken(usize, Woken),
}

/// All sockets of a negotiation.
struct Table {
    network: Arc<dyn Network>,
    listeners: Vec<Box<dyn Listening>>,
    wires: Vec<Wire>,
    dials: JoinSet<(SocketAddr, io::Result<Box<dyn Carrier>>)>,
    last: u32,
}

impl Table {
    fn wire(&mut self, connection: ConnectionId) -> Option<&mut Wire> {
        self.wires.iter_mut().find(|wire| wire.id == connection)
    }

    fn dial(&mut self, address: SocketAddr) {
        let connect = self.network.connect(address);
        self.dials.spawn(async move {
            let connected = timeout(ICE_CONNECT, connect).await;
            (address, connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())))
        });
    }

    fn open(&mut self, stream: Box<dyn Carrier>, peer: SocketAddr, accepted: bool) -> Event {
        self.last += 1;
        let id = ConnectionId(self.last);
        self.wires.push(Wire::new(id, stream, peer, accepted));
        Event::Opened(id, peer)
    }

    /// The next thing that happens.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        for at in 0..self.wires.len() {
            if let Poll::Ready(woken) = self.wires[at].poll(cx) {
                return Poll::Ready(Event::Woken(at, woken));
            }
        }
        if let Poll::Ready(Some(Ok((address, dialled)))) = self.dials.poll_join_next(cx) {
            return Poll::Ready(match dialled {
                Ok(stream) => self.open(stream, address, false),
                Err(error) => Event::Unreachable(address, error),
            });
        }
        // Strangers take the places of no one: those that are opened from here have places of their own.
        if self.wires.iter().filter(|wire| wire.accepted).count() < MAX_ICE_CONNECTIONS {
            for at in 0..self.listeners.len() {
                // A connection that cannot be accepted is gone; want of descriptors ends with the negotiation.
                if let Poll::Ready(Ok((stream, from))) = self.listeners[at].poll_accept(cx) {
                    return Poll::Ready(self.open(stream, from, true));
                }
            }
        }
        Poll::Pending
    }

    /// Hands the frames of a wire to the agent.
    fn hand_over(&mut self, at: usize, agent: &mut Agent) {
        if self.wires[at].hand_over(agent).is_break() {
            self.close(at, agent);
        }
    }

    fn close(&mut self, at: usize, agent: &mut Agent) {
        let wire = self.wires.swap_remove(at);
        agent.closed(wire.id);
    }
}

/// An answer that is there already.
pub(super) async fn at_once(description: Description) -> io::Result<Description> {
    Ok(description)
}

#[cfg(test)]
mod tests;
