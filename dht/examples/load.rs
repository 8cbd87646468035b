//! How many `get` questions a node answers for a second of CPU time, and how much memory a stored value takes: this package's, and the
//! C++ library's, under the same load.
//!
//! ```text
//! cargo run --release -p handfast-dht --features tokio --example load            both, if Python has opendht
//! cargo run --release -p handfast-dht --features tokio --example load -- curves        the same at several rates, and numbers of values
//! cargo run --release -p handfast-dht --features tokio --example load -- bound        and programs that do no more than the system's calls
//! cargo run --release -p handfast-dht --features tokio --example load -- node 4300     only a node, until it is ended
//! cargo run --release -p handfast-dht --features tokio --example load -- lookups 4300 200
//!                                  only so many lookups in a network with a node at this port, at a line of standard input
//! ```
//!
//! Questions for random keys at a steady rate, from eight addresses: the library limits each to 1 024 a second. Then as many values of
//! 300 bytes as [`VALUES`], each under a key of its own. Needs Linux (`/proc`, 127.0.0.0/8).

use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use handfast_dht::driver::{Bind, Running};
use handfast_dht::value::Query;
use handfast_dht::wire::{Message, Payload, Request, Values, Want};
use handfast_dht::{Config, InfoHash, Value, ValueType};

const RATE: u64 = 6000;
const TIME: Duration = Duration::from_secs(10);
const ROUNDS: usize = 3;
/// Values that are stored.
const VALUES: u32 = 10_000;
/// Questions in a second, and stored values, of the curves.
const RATES: [u64; 5] = [500, 1000, 2000, 4000, 8000];
const NUMBERS: [u32; 4] = [1000, 3000, 10_000, 20_000];
/// How many of them in a second: less than the limit of one address.
const VALUE_RATE: u64 = 900;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        #[cfg(target_os = "linux")]
        ["echo", kind, port] => echo::run(kind, port.parse().map_err(io::Error::other)?),
        ["node", port] => node(port.parse().map_err(io::Error::other)?),
        ["lookups", port, count] => {
            lookups(port.parse().map_err(io::Error::other)?, count.parse().map_err(io::Error::other)?)
        }
        ["curves"] => curves(),
        ["bound"] => bound(),
        [] => compare(),
        _ => Err(io::Error::other("usage: load [curves | bound | node PORT | echo KIND PORT | lookups PORT COUNT]")),
    }
}

/// Answers every datagram with the same reply: what the system's calls cost, and nothing else.
#[cfg(target_os = "linux")]
mod echo {
    use std::io::{self, IoSlice, IoSliceMut};
    use std::net::{Ipv4Addr, UdpSocket};
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    use handfast_dht::InfoHash;
    use handfast_dht::wire::{Message, Payload, Reply};
    use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};

    /// Datagrams that are taken at one time.
    const BATCH: usize = 64;

    fn reply() -> Vec<u8> {
        let reply = Reply {
            id: InfoHash::of(b"echo"),
            seen: Some(Ipv4Addr::LOCALHOST.into()),
            token: Some(&[7; 32]),
            ..Reply::default()
        };
        Message { transaction: 0x0102_0304, network: 0, client: false, payload: Payload::Reply(reply) }.to_bytes()
    }

    pub(super) fn run(kind: &str, port: u16) -> io::Result<()> {
        match kind {
            "one" => one(port),
            "many" => many(port, Duration::ZERO),
            "rested" => many(port, Duration::from_millis(1)),
            _ => Err(io::Error::other("echo one | many | rested")),
        }
    }

    #[tokio::main(flavor = "current_thread")]
    async fn one(port: u16) -> io::Result<()> {
        let socket = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).await?;
        println!("up");
        let (reply, mut buffer) = (reply(), vec![0; 65_536]);
        loop {
            socket.readable().await?;
            while let Ok((_, from)) = socket.try_recv_from(&mut buffer) {
                let _ = socket.try_send_to(&reply, from);
            }
        }
    }

    fn many(port: u16, rest: Duration) -> io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
        println!("up");
        let reply = reply();
        let mut buffers = vec![[0; 2048]; BATCH];
        let mut received: MultiHeaders<SockaddrIn> = MultiHeaders::preallocate(BATCH, None);
        let mut sent: MultiHeaders<SockaddrIn> = MultiHeaders::preallocate(BATCH, None);
        loop {
            if !rest.is_zero() {
                std::thread::sleep(rest);
            }
            let mut slices: Vec<_> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
            let taken = recvmmsg(socket.as_raw_fd(), &mut received, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None)?;
            let to: Vec<_> = taken.map(|message| message.address).collect();
            let replies: Vec<_> = to.iter().map(|_| [IoSlice::new(&reply)]).collect();
            sendmmsg(socket.as_raw_fd(), &mut sent, replies.iter(), &to, [], MsgFlags::empty())?;
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn node(port: u16) -> io::Result<()> {
    let node = Running::start(Bind::loopback(port), Config::default()).await?;
    println!("up {}", node.id());
    core::future::pending::<()>().await;
    node.shutdown().await;
    Ok(())
}

/// Joins a network, and looks for so many keys under which nothing is, one after the other. `scripts/opendht-figures` counts what it costs.
#[tokio::main(flavor = "current_thread")]
async fn lookups(port: u16, count: u32) -> io::Result<()> {
    let bind = Bind { v6: None, ..Bind::loopback(0) };
    let node = Running::start(bind, Config { client: true, ..Config::default() }).await?;
    node.bootstrap((Ipv4Addr::LOCALHOST, port).into()).await.map_err(io::Error::other)?;
    node.connected().await.map_err(io::Error::other)?;
    println!("up");
    let begin = || io::stdin().read_line(&mut String::new());
    tokio::task::spawn_blocking(begin).await.map_err(io::Error::other)??;
    for number in 0..count {
        let key = InfoHash::of(&number.to_be_bytes());
        node.get(key, Query::default()).await.map_err(io::Error::other)?;
    }
    println!("done");
    node.shutdown().await;
    Ok(())
}

fn compare() -> io::Result<()> {
    println!("node      asked   answered   CPU seconds   answers per CPU second   stored   bytes of memory per value");
    let (mut rates, mut memory) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..ROUNDS {
        for (which, name) in ["ours", "library"].into_iter().enumerate() {
            let port = 44_300 + (2 * round + which) as u16;
            let Some(mut child) = start(name, port)? else {
                println!("{name:<9} skipped: no python3 with opendht");
                continue;
            };
            let result = load(child.id(), port, RATE).and_then(|load| Ok((load, store(child.id(), port, VALUES)?)));
            child.kill()?;
            child.wait()?;
            let ((asked, answered, cpu), (stored, bytes)) = result?;
            let (rate, each) = (f64::from(answered) / cpu, bytes / f64::from(stored.max(1)));
            println!("{name:<9} {asked:<7} {answered:<10} {cpu:<13.2} {rate:<24.0} {stored:<8} {each:.0}");
            rates[which].push(rate);
            memory[which].push(each);
        }
    }
    if let (Some(ours), Some(library)) = (median(&mut rates[0]), median(&mut rates[1])) {
        println!("medians: {ours:.0} and {library:.0} answers per CPU second, ratio {:.1}", ours / library);
    }
    if let (Some(ours), Some(library)) = (median(&mut memory[0]), median(&mut memory[1])) {
        println!("medians: {ours:.0} and {library:.0} bytes per value, ratio {:.2}", ours / library);
    }
    Ok(())
}

/// Measures how many answers a second of CPU time allows: of the nodes, and of programs that answer every datagram with the same bytes.
fn bound() -> io::Result<()> {
    let names = [
        ("ours", "our node"),
        ("library", "the library's"),
        ("echo one", "tokio, recvfrom and sendto"),
        ("echo many", "no tokio, recvmmsg and sendmmsg"),
        ("echo rested", "the same, at most once in a millisecond"),
    ];
    let mut rates = [const { Vec::new() }; 5];
    for _ in 0..ROUNDS {
        for ((name, _), rates) in names.iter().zip(&mut rates) {
            let found = of_one(name, |process, port| load(process, port, RATE))?;
            rates.extend(found.map(|(_, answered, cpu)| f64::from(answered) / cpu));
        }
    }
    let library = median(&mut rates[1]);
    println!("| program | answers per CPU second | of the library's |\n|---|---|---|");
    for ((_, name), rates) in names.iter().zip(&mut rates) {
        let Some(rate) = median(rates) else { continue };
        println!("| {name} | {rate:.0} | {:.1} |", rate / library.unwrap_or(f64::NAN));
    }
    Ok(())
}

fn median(figures: &mut [f64]) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

/// Starts a node, lets `measure` have its process and port, and ends it. None: there is no such node here.
fn of_one<T>(name: &str, measure: impl FnOnce(u32, u16) -> io::Result<T>) -> io::Result<Option<T>> {
    let port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let Some(mut child) = start(name, port)? else { return Ok(None) };
    let result = measure(child.id(), port);
    child.kill()?;
    child.wait()?;
    result.map(Some)
}

fn curves() -> io::Result<()> {
    println!("| questions a second | answers per CPU second, ours | the library's |\n|---|---|---|");
    for rate in RATES {
        let each = |name| of_one(name, |process, port| load(process, port, rate));
        let shown = |found: Option<(u32, u32, f64)>| {
            found.map_or("-".to_owned(), |(_, answered, cpu)| format!("{:.0}", f64::from(answered) / cpu))
        };
        println!("| {rate} | {} | {} |", shown(each("ours")?), shown(each("library")?));
    }
    println!("\n| stored values of 300 bytes | bytes of memory for each, ours | the library's |\n|---|---|---|");
    for number in NUMBERS {
        let each = |name| of_one(name, |process, port| store(process, port, number));
        let shown = |found: Option<(u32, f64)>| {
            found
                .map_or("-".to_owned(), |(stored, bytes)| format!("{:.0} ({stored})", bytes / f64::from(stored.max(1))))
        };
        println!("| {number} | {} | {} |", shown(each("ours")?), shown(each("library")?));
    }
    Ok(())
}

fn start(name: &str, port: u16) -> io::Result<Option<Child>> {
    let mut command = if name == "ours" {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["node", &port.to_string()]);
        command
    } else if let Some(kind) = name.strip_prefix("echo ") {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["echo", kind, &port.to_string()]);
        command
    } else {
        let code = format!(
            "import opendht,sys;r=opendht.DhtRunner();r.run(port={port},ipv4='127.0.0.1',ipv6='::1');print('up',flush=True);sys.stdin.read()"
        );
        let mut command = Command::new("python3");
        command.args(["-c", &code]);
        command
    };
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or_else(|| io::Error::other("no output"))?).read_line(&mut line)?;
    if line.starts_with("up") {
        return Ok(Some(child));
    }
    child.wait()?;
    Ok(None)
}

/// Returns how many were asked and answered, and the CPU seconds of the process.
fn load(process: u32, port: u16, rate: u64) -> io::Result<(u32, u32, f64)> {
    let sockets: Vec<UdpSocket> =
        (2..10).map(|last| UdpSocket::bind((Ipv4Addr::new(127, 0, 0, last), 0))).collect::<io::Result<_>>()?;
    sockets.iter().try_for_each(|socket| socket.set_nonblocking(true))?;
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let id = InfoHash::of(b"load");
    let (mut asked, mut answered) = (0u32, 0);
    let mut buffer = [0; 2048];
    let before = cpu(process)?;
    let start = Instant::now();
    let mut drain = |answered: &mut u32| {
        for socket in &sockets {
            while let Ok(length) = socket.recv(&mut buffer) {
                // The node asks too: that is no answer.
                let message = Message::decode(&buffer[..length]);
                *answered += u32::from(matches!(message, Ok(Message { payload: Payload::Reply(_), .. })));
            }
        }
    };
    while start.elapsed() < TIME {
        let due = (start.elapsed().as_micros() as u64 * rate / 1_000_000) as u32;
        while asked < due {
            asked += 1;
            let key = InfoHash::of(&asked.to_be_bytes());
            let request = Request::Get { key, query: Query::default(), want: Want::default() };
            let payload = Payload::Request { id, request };
            let message = Message { transaction: asked, network: 0, client: false, payload };
            // A full buffer is a question that is not answered.
            let _ = sockets[asked as usize % sockets.len()].send_to(&message.to_bytes(), to);
        }
        drain(&mut answered);
        std::thread::yield_now();
    }
    let end = Instant::now() + Duration::from_millis(500);
    while Instant::now() < end {
        drain(&mut answered);
        std::thread::yield_now();
    }
    Ok((asked, answered, cpu(process)? - before))
}

/// Stores values at a node. Returns how many it acknowledged, and by how many bytes its memory grew.
fn store(process: u32, port: u16, count: u32) -> io::Result<(u32, f64)> {
    let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 20), 0))?;
    socket.connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    fn message(transaction: u32, request: Request<'_>) -> Vec<u8> {
        let payload = Payload::Request { id: InfoHash::of(b"store"), request };
        Message { transaction, network: 0, client: true, payload }.to_bytes()
    }
    let mut buffer = [0; 2048];
    socket.send(&message(1, Request::Find { target: InfoHash::of(b"store"), want: Want::default() }))?;
    let token = loop {
        let length = socket.recv(&mut buffer)?;
        if let Ok(Message { payload: Payload::Reply(reply), .. }) = Message::decode(&buffer[..length])
            && let Some(token) = reply.token
        {
            break token.to_vec();
        }
    };
    let (before, start) = (resident(process)?, Instant::now());
    let mut stored = 0;
    for number in 0..count {
        let due = Duration::from_micros(u64::from(number) * 1_000_000 / VALUE_RATE);
        std::thread::sleep(due.saturating_sub(start.elapsed()));
        let value = Value::plain(1, ValueType::USER_DATA, vec![number as u8; 300]).encode();
        let values = Values::of(1, &value);
        let key = InfoHash::of(&number.to_be_bytes());
        socket.send(&message(number + 2, Request::Put { key, values, token: &token, created: None }))?;
        let answer = socket.recv(&mut buffer).ok().and_then(|length| Message::decode(&buffer[..length]).ok());
        stored += u32::from(matches!(answer, Some(Message { payload: Payload::Reply(_), .. })));
    }
    Ok((stored, resident(process)? - before))
}

/// Returns the resident memory of a process, in bytes.
fn resident(process: u32) -> io::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().map_err(io::Error::other)?;
    Ok(kib * 1024.0)
}

/// Returns user and system time of a process, in seconds.
fn cpu(process: u32) -> io::Result<f64> {
    /// Linux counts in hundredths of a second for every program.
    const TICKS: f64 = 100.0;
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS)
}
