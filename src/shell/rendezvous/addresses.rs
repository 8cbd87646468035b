//! Direct, where a name has several addresses: all of them are tried, and all are listened on.

use std::{
    future::{Future, poll_fn},
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    select,
    time::sleep,
};

use super::interface::{Dial, Listener, Publish, may_answer_later};
use crate::{archive::Identity, limits::ATTEMPT_DELAY, shell::tcp::prompt, token::DeviceId};

/// How often a free port is looked for that is free at all addresses.
const PORTS: usize = 8;

/// The importing device's addresses, of which the first that answers is taken (RFC 8305).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peers(Arc<[SocketAddr]>);

impl Peers {
    /// The addresses in the order of the resolver, except that the two families take turns.
    pub fn new(addresses: &[SocketAddr]) -> Self {
        Self(interleaved(addresses).into())
    }

    /// The addresses, in the order in which they are tried.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.0
    }
}

impl Dial for Peers {
    type Stream = TcpStream;

    async fn dial(self, _: DeviceId) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = race(&self.0, ATTEMPT_DELAY, TcpStream::connect).await?;
        Ok((prompt(stream), address))
    }
}

/// The addresses with their families in turn, beginning with that of the first.
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<SocketAddr>, Vec<SocketAddr>) =
        addresses.iter().partition(|address| address.is_ipv6() == first);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let mut all = Vec::with_capacity(addresses.len());
    loop {
        let both = [one.next(), other.next()];
        if both == [None, None] {
            return all;
        }
        for address in both.into_iter().flatten() {
            if !all.contains(&address) {
                all.push(address);
            }
        }
    }
}

/// Tries one address after the other, the next one when the last has failed or has not answered for `delay`, and gives the first that
/// is reached. The others are dropped.
///
/// # Errors
/// None is reached: each address with its error, and the kind of the first of those after which another attempt may succeed
/// (R-EXP-12), or of the first.
async fn race<T, A>(
    addresses: &[SocketAddr],
    delay: Duration,
    connect: impl Fn(SocketAddr) -> A,
) -> io::Result<(T, SocketAddr)>
where
    A: Future<Output = io::Result<T>>,
{
    let mut left = addresses.iter().copied();
    let mut attempts = Vec::new();
    let mut errors: Vec<(SocketAddr, io::Error)> = Vec::new();
    loop {
        if let Some(address) = left.next() {
            let attempt = connect(address);
            attempts.push(Box::pin(async move { (address, attempt.await) }));
        } else if attempts.is_empty() {
            return Err(none_reached(&errors));
        }
        let waits = left.len() > 0;
        let ended = select! { biased;
            ended = first(&mut attempts) => ended,
            () = sleep(delay), if waits => continue,
        };
        match ended {
            (address, Ok(reached)) => return Ok((reached, address)),
            (address, Err(error)) => errors.push((address, error)),
        }
    }
}

/// The first of some futures that is done, which is taken away. Waits for ever if there is none.
pub(super) async fn first<F: Future>(futures: &mut Vec<Pin<Box<F>>>) -> F::Output {
    poll_fn(|context| {
        for at in 0..futures.len() {
            if let Poll::Ready(output) = futures[at].as_mut().poll(context) {
                drop(futures.swap_remove(at));
                return Poll::Ready(output);
            }
        }
        Poll::Pending
    })
    .await
}

fn none_reached(errors: &[(SocketAddr, io::Error)]) -> io::Error {
    let Some((_, says)) = errors.iter().find(|(_, error)| may_answer_later(error)).or(errors.first()) else {
        return io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    };
    let each: Vec<String> = errors.iter().map(|(address, error)| format!("{address}: {error}")).collect();
    io::Error::new(says.kind(), each.join("; "))
}

/// Sockets that listen on all addresses of a name, on one port.
#[derive(Debug)]
pub struct Listeners {
    sockets: Vec<TcpListener>,
    /// Which is asked first the next time, so that none keeps the others waiting.
    turn: usize,
}

impl Listeners {
    /// Listens on all of these addresses that this device has. Port 0 takes one that is free at all of them.
    ///
    /// # Errors
    /// The port is taken at one of them, or this device has none of them: each address with its error.
    pub async fn bind(addresses: &[SocketAddr]) -> io::Result<Self> {
        let addresses = interleaved(addresses);
        let sockets = on_a_free_port(&addresses, || bind_once(&addresses)).await?;
        Ok(Self { sockets, turn: 0 })
    }

    /// Listens on all addresses of this device, of both families where it has both, on a free port.
    ///
    /// # Errors
    /// The system does not let it.
    pub async fn bind_everywhere() -> io::Result<Self> {
        // A socket of IPv6 takes IPv4 as well, as is usual.
        match TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).await {
            Ok(socket) => Ok(Self { sockets: vec![socket], turn: 0 }),
            Err(_) => Self::bind(&[SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))]).await,
        }
    }

    /// Where they listen; never empty.
    ///
    /// # Errors
    /// The system does not say.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.sockets.iter().map(TcpListener::local_addr).collect()
    }
}

/// Binds again where the system has chosen a port that is taken at another of the addresses, so often as [`PORTS`] says.
async fn on_a_free_port<T, B>(addresses: &[SocketAddr], mut bind: impl FnMut() -> B) -> io::Result<T>
where
    B: Future<Output = io::Result<T>>,
{
    let may_change = addresses.len() > 1 && addresses.iter().all(|address| address.port() == 0);
    for _ in 1..PORTS {
        match bind().await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && may_change => {}
            bound => return bound,
        }
    }
    bind().await
}

async fn bind_once(addresses: &[SocketAddr]) -> io::Result<Vec<TcpListener>> {
    let mut sockets: Vec<TcpListener> = Vec::new();
    let mut errors = Vec::new();
    for address in addresses {
        let mut address = *address;
        if let (0, Some(first)) = (address.port(), sockets.first()) {
            address.set_port(first.local_addr()?.port());
        }
        match TcpListener::bind(address).await {
            Ok(socket) => sockets.push(socket),
            // One that others may be sent to, and where somebody else answers.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(none_reached(&[(address, error)])),
            Err(error) => errors.push((address, error)),
        }
    }
    if sockets.is_empty() { Err(none_reached(&errors)) } else { Ok(sockets) }
}

impl Publish for Listeners {
    type Listener = Self;

    async fn publish(self, _: &Identity) -> io::Result<Self> {
        Ok(self)
    }
}

impl Listener for Listeners {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let count = self.sockets.len();
        let (at, accepted) = poll_fn(|context| {
            for at in (0..count).map(|step| (self.turn + step) % count) {
                if let Poll::Ready(accepted) = self.sockets[at].poll_accept(context) {
                    return Poll::Ready((at, accepted));
                }
            }
            Poll::Pending
        })
        .await;
        self.turn = at + 1;
        let (stream, from) = accepted?;
        Ok((prompt(stream), from))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.sockets[0].local_addr()
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::Mutex, time::Duration};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// In the order in which they are tried, which is not that of the resolver.
    #[test]
    fn peers_say_their_addresses() {
        let given = ["10.0.0.1:1", "10.0.0.2:1", "[::1]:1"].map(address);
        assert_eq!(Peers::new(&given).addresses(), ["10.0.0.1:1", "[::1]:1", "10.0.0.2:1"].map(address));
    }

    #[test]
    fn families_take_turns_and_none_comes_twice() {
        let given = ["[::1]:1", "[::2]:1", "10.0.0.1:1", "[::1]:1", "[::3]:1", "10.0.0.2:1"].map(address);
        let expected = ["[::1]:1", "10.0.0.1:1", "[::2]:1", "10.0.0.2:1", "[::3]:1"].map(address);
        assert_eq!(interleaved(&given), expected);
        let given = ["10.0.0.1:1", "10.0.0.2:1", "[::1]:1"].map(address);
        assert_eq!(interleaved(&given), ["10.0.0.1:1", "[::1]:1", "10.0.0.2:1"].map(address));
        assert_eq!(interleaved(&[]), []);
    }

    const DELAY: Duration = Duration::from_millis(250);

    /// The behaviour of each of three addresses, after so many milliseconds; none never answers.
    async fn raced(each: [Option<(u64, bool)>; 3]) -> (io::Result<(u16, SocketAddr)>, Vec<(u64, u16)>) {
        let addresses = ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"].map(address);
        let (began, asked) = (tokio::time::Instant::now(), Mutex::new(Vec::new()));
        let result = race(&addresses, DELAY, |address| {
            asked.lock().unwrap().push((began.elapsed().as_millis() as u64, address.port()));
            async move {
                match each[usize::from(address.port()) - 1] {
                    None => pending().await,
                    Some((after, answers)) => {
                        sleep(Duration::from_millis(after)).await;
                        answers.then_some(address.port()).ok_or(io::ErrorKind::ConnectionRefused.into())
                    }
                }
            }
        });
        (result.await, asked.into_inner().unwrap())
    }

    /// Time here is tokio's, which stands still.
    #[tokio::test(start_paused = true)]
    async fn the_first_that_answers_is_taken_and_a_silent_one_delays_the_next_by_little() {
        let (reached, asked) = raced([None, Some((10, true)), None]).await;
        assert_eq!((reached.unwrap().0, asked), (2, vec![(0, 1), (250, 2)]));
        // One that fails lets the next one begin at once.
        let (reached, asked) = raced([Some((5, false)), Some((0, false)), Some((300, true))]).await;
        assert_eq!((reached.unwrap().0, asked), (3, vec![(0, 1), (5, 2), (5, 3)]));
        // An earlier one may still win.
        let (reached, asked) = raced([Some((400, true)), None, Some((10_000, true))]).await;
        assert_eq!((reached.unwrap().0, asked), (1, vec![(0, 1), (250, 2)]));
    }

    /// A device does not wake up time and again for a next address that there is not.
    #[tokio::test(start_paused = true)]
    async fn the_last_address_is_waited_for_in_peace() {
        let mut polls = 0;
        let mut answers = std::pin::pin!(sleep(40 * DELAY));
        let counted = poll_fn(|context| {
            polls += 1;
            answers.as_mut().poll(context).map(Ok)
        });
        let counted = Mutex::new(Some(counted));
        let only = address("10.0.0.1:1");
        let connect = |_| counted.lock().unwrap().take().expect("it is tried once");
        assert_eq!(race(&[only], DELAY, connect).await.unwrap(), ((), only));
        assert_eq!(polls, 2, "once at first, and once when it answered");
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_names_each_address() {
        let (reached, _) = raced([Some((1, false)), Some((2, false)), Some((3, false))]).await;
        let error = reached.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        for port in 1..=3 {
            assert!(error.to_string().contains(&format!("10.0.0.1:{port}: ")), "{error}");
        }
        let none = race(&[], DELAY, |_| async { Ok(()) }).await.unwrap_err();
        assert_eq!(none.to_string(), "the name has no address");
    }

    /// R-EXP-12: where one address may lead to the device later, the whole says so, in whatever order the addresses have failed.
    #[tokio::test(start_paused = true)]
    async fn an_address_that_may_answer_later_gives_the_error_its_kind() {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, TimedOut};
        for (kinds, expected) in [
            ([ConnectionRefused, TimedOut, ConnectionRefused], TimedOut),
            ([TimedOut, ConnectionRefused, ConnectionRefused], TimedOut),
            ([HostUnreachable, ConnectionRefused, ConnectionReset], ConnectionReset),
            ([HostUnreachable, ConnectionRefused, ConnectionRefused], HostUnreachable),
        ] {
            let addresses = ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"].map(address);
            let fails = |address: SocketAddr| async move {
                Err::<(), _>(io::Error::from(kinds[usize::from(address.port()) - 1]))
            };
            assert_eq!(race(&addresses, DELAY, fails).await.unwrap_err().kind(), expected, "{kinds:?}");
        }
    }

    /// Two loopback addresses, one after the other, on one port.
    #[tokio::test]
    async fn all_addresses_are_listened_on() {
        let both = ["127.0.0.1:0", "127.0.0.2:0"].map(address);
        let mut listeners = Listeners::bind(&both).await.unwrap();
        let addresses = listeners.addresses().unwrap();
        assert_eq!(addresses.len(), 2);
        assert_eq!(addresses[0].port(), addresses[1].port());
        for (number, address) in [(1, addresses[1]), (2, addresses[0]), (3, addresses[1])] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_u8(number).await.unwrap();
            let (mut accepted, _) = listeners.accept().await.unwrap();
            assert_eq!(accepted.read_u8().await.unwrap(), number);
        }
    }

    #[tokio::test]
    async fn an_address_that_is_not_here_is_passed_over_and_one_that_is_taken_is_not() {
        // For documentation alone: RFC 5737.
        let foreign = address("192.0.2.7:0");
        let listeners = Listeners::bind(&[foreign, address("127.0.0.1:0")]).await.unwrap();
        let taken = listeners.addresses().unwrap()[0];
        assert_eq!(taken.ip(), address("127.0.0.1:0").ip());
        let error = Listeners::bind(&[foreign]).await.unwrap_err();
        assert!(error.to_string().starts_with("192.0.2.7:0: "), "{error}");
        let error = Listeners::bind(&[address("127.0.0.2:0"), taken]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&format!("{taken}: ")), "{error}");
    }

    /// Each has its turn, though the first has another connection.
    #[tokio::test]
    async fn a_busy_address_keeps_no_other_waiting() {
        let both = ["127.0.0.1:0", "127.0.0.2:0"].map(address);
        let mut listeners = Listeners::bind(&both).await.unwrap();
        let [one, other] = listeners.addresses().unwrap()[..] else { panic!("two addresses") };
        let mut streams = Vec::new();
        for address in [one, one, one, other] {
            streams.push(TcpStream::connect(address).await.unwrap());
        }
        // The runtime looks at the sockets meanwhile.
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
        let mut accepted = Vec::new();
        for _ in 0..3 {
            accepted.push(listeners.accept().await.unwrap().0.local_addr().unwrap());
        }
        assert_eq!(accepted, [one, other, one]);
    }

    /// How often ports are looked for, and what is found, where the first so many tries end with `kind`.
    async fn tried(addresses: &[&str], failures: usize, kind: io::ErrorKind) -> (usize, Result<(), io::ErrorKind>) {
        let addresses: Vec<_> = addresses.iter().map(|text| address(text)).collect();
        let mut tries = 0;
        let bound = on_a_free_port(&addresses, || {
            tries += 1;
            let taken = tries <= failures;
            async move { if taken { Err(kind.into()) } else { Ok(()) } }
        });
        let bound = bound.await.map_err(|error| error.kind());
        (tries, bound)
    }

    /// A port that the system chose may be taken at another address: another one is looked for, eight times at most. A port that was asked for
    /// is taken as it is, and so is the system's choice for one address.
    #[tokio::test]
    async fn a_chosen_port_that_is_taken_elsewhere_is_changed() {
        use io::ErrorKind::{AddrInUse, PermissionDenied};
        let chosen = ["[::]:0", "0.0.0.0:0"];
        for failures in 0..8 {
            assert_eq!(tried(&chosen, failures, AddrInUse).await, (failures + 1, Ok(())));
        }
        assert_eq!(tried(&chosen, 8, AddrInUse).await, (8, Err(AddrInUse)));
        assert_eq!(tried(&chosen, 8, PermissionDenied).await, (1, Err(PermissionDenied)));
        for addresses in [&["[::]:0", "0.0.0.0:7"][..], &["[::]:7", "0.0.0.0:7"], &["[::]:0"], &["[::]:7"], &[]] {
            assert_eq!(tried(addresses, 8, AddrInUse).await, (1, Err(AddrInUse)), "{addresses:?}");
        }
    }
}
