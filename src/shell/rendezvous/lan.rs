//! Rendezvous on one network, by multicast DNS (R-RDV-2, R-RDV-3): the token alone links.
//!
//! The importing device announces a service whose name is a hash of its device id. The id itself, from which anyone could connect as the
//! token's holder would, is not announced; nor is the code, nor the name of the machine. An exporting device computes the same hash from the
//! token. An announcement proves nothing: TLS does (R-SEC-1).

use std::{
    future::Future,
    io,
    net::{SocketAddr, SocketAddrV6},
};

use aws_lc_rs::digest::{SHA256, digest};
use mdns_sd::{IfKind, ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent, ServiceInfo};
use tokio::{
    net::TcpStream,
    select,
    time::{Instant, sleep_until},
};

use super::{Dial, Listener, Listeners, Peers, Publish, addresses::first, interface::may_answer_later};
use crate::{
    archive::Identity,
    limits::{LAN_SEARCH, MAX_ADDRESSES},
    token::DeviceId,
};

/// The type of the service (RFC 6763).
const SERVICE: &str = "_handfast._tcp.local.";
/// Separates this hash from every other hash of an id.
const DOMAIN: &[u8] = b"handfast lan rendezvous";
/// Bytes of the hash that are announced.
const HASH: usize = 20;

/// On which interfaces announcements are sent and received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All, the loopback interface among them: two processes of one machine find each other without a network.
    #[default]
    All,
    /// The loopback interface alone: nothing leaves the machine.
    Loopback,
}

/// Import side: listens, and announces where.
#[derive(Debug)]
pub struct Announce {
    listeners: Listeners,
    scope: Scope,
}

impl Announce {
    /// Announces sockets that listen already.
    pub fn new(listeners: Listeners, scope: Scope) -> Self {
        Self { listeners, scope }
    }
}

impl Publish for Announce {
    type Listener = Announced;

    async fn publish(self, identity: &Identity) -> io::Result<Announced> {
        let Self { listeners, scope } = self;
        let announcement = Announcement { daemon: daemon(scope)?, names: Vec::new() };
        let mut announced = Announced { listeners, announcement };
        let addresses = announced.listeners.addresses()?;
        let leaf = identity.certificate();
        for id in [DeviceId::Short(leaf.short_id().0), DeviceId::Long(leaf.long_id())] {
            let service = service(&id, &addresses)?;
            announced.announcement.names.push(service.get_fullname().to_owned());
            announced.announcement.daemon.register(service).map_err(io::Error::other)?;
        }
        Ok(announced)
    }
}

/// The sockets of a device that is announced. Dropping it withdraws the announcement.
#[derive(Debug)]
pub struct Announced {
    listeners: Listeners,
    announcement: Announcement,
}

/// An announcement, which lasts until it is dropped.
struct Announcement {
    daemon: ServiceDaemon,
    names: Vec<String>,
}

impl std::fmt::Debug for Announcement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Announcement").field(&self.names).finish()
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // The daemon sends the withdrawals, then ends. One that is gone announces nothing.
        for name in &self.names {
            let _ = self.daemon.unregister(name);
        }
        let _ = self.daemon.shutdown();
    }
}

impl Listener for Announced {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        self.listeners.accept().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listeners.local_addr()
    }
}

/// Export side: looks for the announcement of the token's device, and connects to where it leads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    scope: Scope,
}

impl Look {
    /// Looks on these interfaces.
    pub const fn new(scope: Scope) -> Self {
        Self { scope }
    }
}

impl Dial for Look {
    type Stream = TcpStream;

    /// # Errors
    /// `AddrNotAvailable`: no such announcement within [`LAN_SEARCH`]. `TimedOut`: there is one, and an address that it names does not
    /// answer. Else the error of the first address after which another attempt may succeed (R-EXP-12), or of the last one.
    async fn dial(self, device: DeviceId) -> io::Result<(TcpStream, SocketAddr)> {
        let search = Search { daemon: daemon(self.scope)? };
        let events = search.daemon.browse(SERVICE).map_err(io::Error::other)?;
        let name = format!("{}.{SERVICE}", instance(&device));
        let find = || {
            let (events, name) = (&events, &name);
            async move {
                loop {
                    if let ServiceEvent::ServiceResolved(service) = events.recv_async().await.ok()?
                        && service.fullname.eq_ignore_ascii_case(name)
                    {
                        return Some(addresses(&service));
                    }
                }
            }
        };
        let connect = |addresses: Vec<SocketAddr>| Peers::new(&addresses).dial(device);
        reach(find, Instant::now() + LAN_SEARCH, connect).await
    }
}

/// Connects to addresses as they are found, also while others are under way, until one is reached or the time is over. One that failed is
/// tried again when it is found again.
///
/// # Errors
/// See [`Look::dial`].
async fn reach<T, F, A>(
    mut find: impl FnMut() -> F,
    end: Instant,
    connect: impl Fn(Vec<SocketAddr>) -> A,
) -> io::Result<T>
where
    F: Future<Output = Option<Vec<SocketAddr>>>,
    A: Future<Output = io::Result<T>>,
{
    let (mut known, mut under_way): (Vec<SocketAddr>, Vec<SocketAddr>) = (Vec::new(), Vec::new());
    let mut attempts = Vec::new();
    let mut failed: Option<io::Error> = None;
    let mut searches = true;
    while searches || !attempts.is_empty() {
        let found = select! { biased;
            ended = first(&mut attempts) => {
                let (addresses, ended): (Vec<SocketAddr>, io::Result<T>) = ended;
                match ended {
                    Ok(reached) => return Ok(reached),
                    Err(error) => {
                        // Announced again, they are tried again.
                        under_way.retain(|address| !addresses.contains(address));
                        failed = Some(failed.filter(may_answer_later).unwrap_or(error));
                        continue;
                    }
                }
            }
            // Announcements that never pause do not put it off.
            () = sleep_until(end) => break,
            found = find(), if searches => found,
        };
        let Some(mut new) = found else {
            searches = false;
            continue;
        };
        new.retain(|address| {
            let has_room = known.contains(address) || known.len() < MAX_ADDRESSES;
            if has_room && !known.contains(address) {
                known.push(*address);
            }
            has_room && !under_way.contains(address)
        });
        if !new.is_empty() {
            under_way.extend(&new);
            let attempt = connect(new.clone());
            attempts.push(Box::pin(async move { (new, attempt.await) }));
        }
    }
    if !attempts.is_empty() {
        let known: Vec<_> = under_way.iter().map(SocketAddr::to_string).collect();
        let silent = format!("the device is announced at {}, and does not answer", known.join(", "));
        return Err(io::Error::new(io::ErrorKind::TimedOut, silent));
    }
    Err(failed.unwrap_or_else(|| {
        io::Error::new(io::ErrorKind::AddrNotAvailable, "no device of this network announces the token's device id")
    }))
}

/// A search, until it is dropped.
struct Search {
    daemon: ServiceDaemon,
}

impl Drop for Search {
    fn drop(&mut self) {
        // A daemon that is gone searches no more.
        let _ = self.daemon.shutdown();
    }
}

fn daemon(scope: Scope) -> io::Result<ServiceDaemon> {
    let daemon = ServiceDaemon::new().map_err(io::Error::other)?;
    if scope == Scope::Loopback {
        daemon.disable_interface(IfKind::All).map_err(io::Error::other)?;
        daemon.enable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6]).map_err(io::Error::other)?;
    }
    Ok(daemon)
}

/// The service of a device: at the addresses of its sockets, or at those of each interface where they are wildcards.
fn service(id: &DeviceId, listening: &[SocketAddr]) -> io::Result<ServiceInfo> {
    let Some(first) = listening.first() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let name = instance(id);
    let host = format!("{name}.local.");
    let wild = listening.iter().any(|address| address.ip().is_unspecified());
    let ips: Vec<_> = listening.iter().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified()).collect();
    let none: &[(&str, &str)] = &[];
    let mut service =
        ServiceInfo::new(SERVICE, &name, &host, &ips[..], first.port(), none).map_err(io::Error::other)?;
    // The name is a hash of a new key: no other device has it.
    service.set_requires_probe(false);
    Ok(if wild { service.enable_addr_auto() } else { service })
}

/// The name under which a device is announced: half of a SHA-256, in hex.
fn instance(id: &DeviceId) -> String {
    let hash = digest(&SHA256, &[DOMAIN, id.as_bytes()].concat());
    hash.as_ref().iter().take(HASH).map(|byte| format!("{byte:02x}")).collect()
}

/// Where a device says that it is reached: IPv4 first, then IPv6, what needs no scope first.
fn addresses(service: &ResolvedService) -> Vec<SocketAddr> {
    let mut all: Vec<SocketAddr> = service.addresses.iter().filter_map(|ip| with_port(ip, service.port)).collect();
    all.sort_by_key(|address| match address {
        SocketAddr::V4(v4) => (u8::from(v4.ip().is_loopback()), *address),
        SocketAddr::V6(v6) => (2 + u8::from(v6.scope_id() != 0), *address),
    });
    all.truncate(MAX_ADDRESSES);
    all
}

fn with_port(ip: &ScopedIp, port: u16) -> Option<SocketAddr> {
    match ip {
        ScopedIp::V4(v4) => Some(SocketAddr::from((*v4.addr(), port))),
        ScopedIp::V6(v6) => {
            // Only an address of one network link needs to name the interface.
            let scope = if v6.addr().is_unicast_link_local() { v6.scope_id().index } else { 0 };
            Some(SocketAddr::V6(SocketAddrV6::new(*v6.addr(), port, 0, scope)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, time::Duration};

    use tokio::time::sleep;

    use super::*;

    /// The hash is part of what devices of other versions look for.
    #[test]
    fn the_name_is_a_hash_of_the_id_and_shows_neither_it_nor_a_code() {
        let long = DeviceId::Long([7; 32]);
        let name = instance(&long);
        assert_eq!((name.len(), instance(&long)), (2 * HASH, name.clone()));
        assert_ne!(name, instance(&DeviceId::Short([7; 20])));
        assert!(!format!("{long:?}").contains(&name));
        let service = service(&long, &["10.0.0.1:4000".parse().unwrap()]).unwrap();
        assert_eq!(service.get_fullname(), format!("{name}.{SERVICE}"));
        assert_eq!((service.get_hostname(), service.get_port()), (&*format!("{name}.local."), 4000));
        assert_eq!(service.get_properties().len(), 0);
    }

    /// The behaviour of an address.
    #[derive(Clone, Copy)]
    enum At {
        Silent,
        Fails(io::ErrorKind),
        Answers,
    }

    /// Reaches for a device whose addresses are found after so many milliseconds, and behave like this after 10 more. Returns the port
    /// that answered, and after how many milliseconds it is over.
    async fn reached(found: &[(u64, At)]) -> (io::Result<u16>, u64) {
        let began = Instant::now();
        let next = Cell::new(0);
        let find = || async {
            let Some((at, _)) = found.get(next.get()) else { return std::future::pending().await };
            sleep_until(began + Duration::from_millis(*at)).await;
            next.set(next.get() + 1);
            Some(vec![SocketAddr::from(([10, 0, 0, 1], next.get() as u16))])
        };
        let connect = |addresses: Vec<SocketAddr>| async move {
            sleep(Duration::from_millis(10)).await;
            let port = addresses[0].port();
            match found[usize::from(port) - 1].1 {
                At::Silent => std::future::pending().await,
                At::Fails(kind) => Err(kind.into()),
                At::Answers => Ok(port),
            }
        };
        let result = reach(find, began + LAN_SEARCH, connect).await;
        (result, began.elapsed().as_millis() as u64)
    }

    /// R-RDV-3, R-EXP-12: a device that is not announced is distinguished from one that is, and does not answer: another attempt may
    /// reach that one.
    #[tokio::test(start_paused = true)]
    async fn a_device_that_is_announced_and_silent_was_found() {
        use io::ErrorKind::{AddrNotAvailable, ConnectionRefused, ConnectionReset, TimedOut};
        let (refuses, resets) = (At::Fails(ConnectionRefused), At::Fails(ConnectionReset));
        let table: [(&[(u64, At)], io::ErrorKind); 8] = [
            (&[], AddrNotAvailable),
            (&[(0, At::Silent)], TimedOut),
            (&[(7_995, At::Silent)], TimedOut),
            (&[(7_995, At::Answers)], TimedOut),
            (&[(0, refuses)], ConnectionRefused),
            (&[(0, refuses), (50, At::Silent)], TimedOut),
            (&[(0, resets), (50, refuses)], ConnectionReset),
            (&[(0, refuses), (50, resets)], ConnectionReset),
        ];
        for (number, (found, expected)) in table.into_iter().enumerate() {
            let (result, ended) = reached(found).await;
            assert_eq!((result.unwrap_err().kind(), ended), (expected, 8_000), "{number}");
        }
        let error = reached(&[(0, At::Silent)]).await.0.unwrap_err();
        assert!(error.to_string().contains("10.0.0.1:1"), "{error}");
    }

    /// Addresses may be announced one after the other, and the first may be those that lead nowhere.
    #[tokio::test(start_paused = true)]
    async fn a_silent_address_keeps_no_further_one_waiting() {
        let (result, ended) =
            reached(&[(0, At::Silent), (1_000, At::Fails(io::ErrorKind::ConnectionRefused)), (2_000, At::Answers)])
                .await;
        assert_eq!((result.unwrap(), ended), (3, 2_010));
    }

    /// A device may listen a moment after its first announcement.
    #[tokio::test(start_paused = true)]
    async fn an_address_that_refused_is_tried_when_it_is_announced_again() {
        let (tries, address) = (Cell::new(0), SocketAddr::from(([10, 0, 0, 1], 1)));
        let find = || async {
            sleep(Duration::from_secs(1)).await;
            Some(vec![address])
        };
        let connect = |addresses| {
            assert_eq!(addresses, [address]);
            tries.set(tries.get() + 1);
            std::future::ready(if tries.get() < 3 { Err(io::ErrorKind::ConnectionRefused.into()) } else { Ok(()) })
        };
        reach(find, Instant::now() + LAN_SEARCH, connect).await.unwrap();
        assert_eq!(tries.get(), 3);
    }

    /// Where the search is over, what was found has its time.
    #[tokio::test(start_paused = true)]
    async fn an_attempt_outlives_the_search() {
        for answers in [true, false] {
            let found = Cell::new(Some(vec![SocketAddr::from(([10, 0, 0, 1], 1))]));
            let connect = |_| async move {
                sleep(Duration::from_secs(3)).await;
                if answers { Ok(()) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
            };
            let began = Instant::now();
            let result = reach(|| std::future::ready(found.take()), began + LAN_SEARCH, connect).await;
            assert_eq!((result.is_ok(), began.elapsed().as_secs()), (answers, 3));
        }
    }

    /// However many addresses are announced under the name.
    #[tokio::test(start_paused = true)]
    async fn no_more_addresses_are_tried_than_one_device_has() {
        let mut found: Vec<_> = (0..=MAX_ADDRESSES as u64).map(|number| (number, At::Silent)).collect();
        found.last_mut().unwrap().1 = At::Answers;
        assert_eq!(reached(&found).await.0.unwrap_err().kind(), io::ErrorKind::TimedOut);
        found.remove(0);
        assert_eq!(reached(&found).await.0.unwrap(), 16);
    }
}
