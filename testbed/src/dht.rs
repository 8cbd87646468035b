//! `handfast dht`: nodes of an OpenDHT network, for people and scripts.

use std::{
    io::Read as _,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs as _},
    process::ExitCode,
    time::Duration,
};

use clap::{Args, Subcommand};
use handfast_dht::{
    Config, Event, InfoHash, PutOptions, Query, Value, ValueType,
    driver::{Bind, Running, Unfinished},
    value::Content,
};
use handfast_model::counted;
use serde::Serialize;

use crate::{
    failure::Failure,
    interrupt::Interrupts,
    numbers::{reached, whole},
    output,
};

/// How long a command waits for the first node.
const CONNECT: Duration = Duration::from_secs(12);

const EXAMPLES: &str = "\
Examples:
  handfast dht node --port 4222
  printf hello | handfast dht put =greetings --bootstrap 127.0.0.1:4222
  handfast dht get =greetings --bootstrap 127.0.0.1:4222 --json

A KEY has 40 hexadecimal digits, or is `=` and a text, of which it is the SHA-1. There is no default for --bootstrap: nothing is sent to
a node that was not named.

Exit codes: 0; 1 when nothing was found, no node has acknowledged, or no node has answered; 2 on misuse.";

/// The subcommands.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Dht {
    /// Run a node, which others may bootstrap from, until it is interrupted
    #[command(after_help = EXAMPLES)]
    Node(NodeOptions),
    /// Look for the values under a key
    #[command(after_help = EXAMPLES)]
    Get(Get),
    /// Store a value under a key
    #[command(after_help = EXAMPLES)]
    Put(Put),
    /// Print the values under a key, those of now and those to come, until it is interrupted
    #[command(after_help = EXAMPLES)]
    Listen(Get),
    /// Ask whether a node is at an address
    #[command(after_help = EXAMPLES)]
    Ping(Ping),
}

/// The network, and the form of the output.
#[derive(Args)]
struct Common {
    /// The number of the network; Jami's is 0
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = whole::<u32>(0..=u32::MAX.into()))]
    network: u32,
    /// Print one line of JSON for each event
    #[arg(long)]
    json: bool,
}

/// The node to run.
#[derive(Args)]
pub(crate) struct NodeOptions {
    #[command(flatten)]
    common: Common,
    /// The UDP port, for IPv4 and IPv6; 0: the system chooses
    #[arg(long, value_name = "N", default_value_t = 4222, allow_negative_numbers = true, value_parser = whole::<u16>(0..=u16::MAX.into()))]
    port: u16,
    /// Bind all addresses of this machine; without it, the loopback addresses only
    #[arg(long)]
    public: bool,
    /// The nodes to join by; none: wait for others
    #[arg(long, value_name = "HOST:PORT", value_parser = reached)]
    bootstrap: Vec<String>,
}

/// The key to look for.
#[derive(Args)]
pub(crate) struct Get {
    #[command(flatten)]
    common: Common,
    /// The nodes to join by
    #[arg(long, value_name = "HOST:PORT", required = true, value_parser = reached)]
    bootstrap: Vec<String>,
    /// The key
    #[arg(value_name = "KEY", value_parser = key)]
    key: InfoHash,
}

/// The value to store.
#[derive(Args)]
pub(crate) struct Put {
    #[command(flatten)]
    get: Get,
    /// The value's id; without it, a random one
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u64>(1..=u64::MAX))]
    id: Option<u64>,
    /// The value's type; it decides how long the value lives
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = whole::<u16>(0..=u16::MAX.into()))]
    r#type: u16,
    /// The application's own type
    #[arg(long, value_name = "TEXT", default_value = "")]
    user_type: String,
    /// Renew the value before it expires, until this command is interrupted
    #[arg(long)]
    permanent: bool,
}

/// The address to ask.
#[derive(Args)]
pub(crate) struct Ping {
    #[command(flatten)]
    common: Common,
    /// The address
    #[arg(value_name = "HOST:PORT", value_parser = reached)]
    address: String,
}

fn key(text: &str) -> Result<InfoHash, String> {
    match text.strip_prefix('=') {
        Some(text) => Ok(InfoHash::of(text.as_bytes())),
        None => text.parse().map_err(|error| format!("{error}; for the SHA-1 of a text write `={text}`")),
    }
}

/// A line of JSON.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
enum Line<'a> {
    Up { node: String, addresses: &'a [SocketAddr] },
    Value { id: u64, r#type: Option<u16>, user_type: Option<&'a str>, owner: Option<String>, data: String },
    Expired { ids: &'a [u64] },
    Got { values: usize, answered: usize },
    Put { id: u64, acknowledged: usize },
    Listening { nodes: usize },
    Pinged { node: String, milliseconds: f64 },
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Common {
    fn print(&self, line: &Line<'_>) -> Result<(), Failure> {
        if self.json {
            return output::json(line);
        }
        match line {
            Line::Up { node, addresses } => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                output::line(format_args!("node {node} at {}", addresses.join(", ")))
            }
            Line::Value { id, r#type, user_type, owner, data } => {
                let kind = r#type.map_or("encrypted".to_owned(), |number| format!("type {number}"));
                let user_type =
                    user_type.filter(|text| !text.is_empty()).map(|text| format!(", {}", text.escape_debug()));
                let owner = owner.as_ref().map(|owner| format!(", signed by {owner}"));
                let (user_type, owner) = (user_type.unwrap_or_default(), owner.unwrap_or_default());
                output::line(format_args!("value {id} ({kind}{user_type}{owner}): {data}"))
            }
            Line::Expired { ids } => output::line(format_args!("expired: {ids:?}")),
            Line::Got { values, answered } => {
                output::line(format_args!("{}; {} answered", counted(*values, "value"), counted(*answered, "node")))
            }
            Line::Put { id, acknowledged } => {
                output::line(format_args!("value {id}: acknowledged by {}", counted(*acknowledged, "node")))
            }
            Line::Listening { nodes } => output::line(format_args!("listening at {}", counted(*nodes, "node"))),
            Line::Pinged { node, milliseconds } => output::line(format_args!("node {node}, {milliseconds:.1} ms")),
        }
    }

    fn value(&self, value: &Value<'_>) -> Result<(), Failure> {
        let body = value.body();
        let data = match &value.content {
            Content::Encrypted(cypher) => cypher,
            Content::Plain(body) => &body.data,
            Content::Signed(signed) => &signed.body.data,
        };
        let data = match (self.json, core::str::from_utf8(data)) {
            (false, Ok(text)) if body.is_some() => format!("\"{}\"", text.escape_debug()),
            _ => hex(data),
        };
        self.print(&Line::Value {
            id: value.id,
            r#type: body.map(|body| body.kind.0),
            user_type: body.map(|body| body.user_type.as_ref()),
            owner: value.verify().map(|key| hex(&key.long_id())),
            data,
        })
    }

    fn config(&self, client: bool) -> Config {
        Config { network: self.network, client, ..Config::default() }
    }
}

fn unfinished(error: Unfinished) -> Failure {
    Failure::reason(error)
}

/// Resolves names. Every family that it has is used.
fn resolve(names: &[String]) -> Result<Vec<SocketAddr>, Failure> {
    let mut all = Vec::new();
    for name in names {
        let found = name.to_socket_addrs();
        all.extend(found.map_err(|error| Failure::reason(format_args!("{name}: {error}; give HOST:PORT")))?);
    }
    Ok(all)
}

/// Binds what reaches these addresses: the loopback addresses for nodes of this machine.
fn bind_for(addresses: &[SocketAddr]) -> Bind {
    let local = addresses.iter().all(|address| address.ip().is_loopback());
    let bind = if local { Bind::loopback(0) } else { Bind::everywhere(0) };
    let has = |v4: bool| addresses.iter().any(|address| address.is_ipv4() == v4);
    Bind { v4: bind.v4.filter(|_| has(true)), v6: bind.v6.filter(|_| has(false)) }
}

fn cannot_bind(bind: Bind) -> impl FnOnce(std::io::Error) -> Failure {
    move |error| {
        let ports = [bind.v4.map(SocketAddr::V4), bind.v6.map(SocketAddr::V6)];
        let ports: Vec<String> = ports.into_iter().flatten().map(|address| address.to_string()).collect();
        Failure::reason(format_args!("cannot bind {}: {error}; choose another --port", ports.join(" and ")))
    }
}

/// Runs a future on a runtime of its own.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::reason)?;
    runtime.block_on(future)
}

/// Joins a network as a client, or says that no node answered.
async fn joined(common: &Common, names: &[String]) -> Result<Running, Failure> {
    let addresses = resolve(names)?;
    let bind = bind_for(&addresses);
    let node = Running::start(bind, common.config(true)).await.map_err(cannot_bind(bind))?;
    for address in addresses {
        node.bootstrap(address).await.map_err(unfinished)?;
    }
    match tokio::time::timeout(CONNECT, node.connected()).await {
        Ok(connected) => connected.map_err(unfinished)?,
        Err(_) => {
            let names = names.join(", ");
            return Err(Failure::reason(format_args!("no node answers at {names}: check address, port and --network")));
        }
    }
    Ok(node)
}

impl Dht {
    /// Runs the subcommand.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Node(options) => block_on(options.run()),
            Self::Get(get) => block_on(get.get()),
            Self::Put(put) => block_on(put.run()),
            Self::Listen(get) => block_on(get.listen()),
            Self::Ping(ping) => block_on(ping.run()),
        }
    }
}

impl NodeOptions {
    async fn run(self) -> Result<ExitCode, Failure> {
        let mut interrupts = Interrupts::of_a_link()?;
        let bind = if self.public { Bind::everywhere(self.port) } else { Bind::loopback(self.port) };
        let bind = if self.port == 0 { self.any_port(bind) } else { bind };
        let node = Running::start(bind, self.common.config(false)).await.map_err(cannot_bind(bind))?;
        for address in resolve(&self.bootstrap)? {
            node.bootstrap(address).await.map_err(unfinished)?;
        }
        self.common.print(&Line::Up { node: node.id().to_string(), addresses: node.addresses() })?;
        interrupts.next().await;
        node.shutdown().await;
        Ok(ExitCode::SUCCESS)
    }

    /// One port for both families is the system's choice for IPv4; where IPv6 has it taken, each has its own.
    fn any_port(&self, bind: Bind) -> Bind {
        let (v4, v6) = match self.public {
            true => (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED),
            false => (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST),
        };
        let free = std::net::UdpSocket::bind((v4, 0)).and_then(|socket| socket.local_addr()).map(|at| at.port());
        let Ok(port) = free else { return bind };
        if std::net::UdpSocket::bind((v6, port)).is_err() {
            return bind;
        }
        Bind { v4: Some(SocketAddrV4::new(v4, port)), v6: Some(SocketAddrV6::new(v6, port, 0, 0)) }
    }
}

impl Get {
    async fn get(self) -> Result<ExitCode, Failure> {
        let node = joined(&self.common, &self.bootstrap).await?;
        let found = node.get(self.key, Query::default()).await.map_err(unfinished)?;
        found.values.iter().try_for_each(|value| self.common.value(value))?;
        self.common.print(&Line::Got { values: found.values.len(), answered: found.answered })?;
        node.shutdown().await;
        Ok(if found.values.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    async fn listen(self) -> Result<ExitCode, Failure> {
        let mut interrupts = Interrupts::of_a_link()?;
        let node = joined(&self.common, &self.bootstrap).await?;
        let mut events = node.listen(self.key, Query::default()).await.map_err(unfinished)?;
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                () = interrupts.next() => break,
            };
            match event {
                Some(Event::Values { values, .. }) => {
                    values.iter().try_for_each(|value| self.common.value(value))?;
                }
                Some(Event::Expired { ids, .. }) => self.common.print(&Line::Expired { ids: &ids })?,
                Some(Event::Listening { nodes, .. }) => self.common.print(&Line::Listening { nodes })?,
                Some(Event::Lost(lost)) => {
                    output::note(format_args!("lost, since they came too fast: {}", counted(lost, "event")))
                }
                Some(_) => {}
                None => return Err(unfinished(Unfinished::Shutdown)),
            }
        }
        node.shutdown().await;
        Ok(ExitCode::SUCCESS)
    }
}

impl Put {
    async fn run(self) -> Result<ExitCode, Failure> {
        let mut interrupts = Interrupts::of_a_link()?;
        let Get { common, bootstrap, key } = &self.get;
        let limit = handfast_dht::limits::VALUE as u64 + 1;
        let mut data = Vec::new();
        let read = std::io::stdin().lock().take(limit).read_to_end(&mut data);
        read.map_err(|error| Failure::reason(format_args!("standard input: {error}")))?;
        let id = match self.id {
            Some(id) => id,
            None => {
                let mut bytes = [0; 8];
                getrandom::fill(&mut bytes).map_err(Failure::reason)?;
                u64::from_le_bytes(bytes).max(1)
            }
        };
        let value = Value::typed(id, ValueType(self.r#type), self.user_type.clone(), data);
        let node = joined(common, bootstrap).await?;
        let options = PutOptions { permanent: self.permanent, created: None };
        let placed = node.put(*key, value, options).await.map_err(unfinished)?;
        common.print(&Line::Put { id, acknowledged: placed.acknowledged })?;
        if self.permanent {
            interrupts.next().await;
        }
        node.shutdown().await;
        Ok(if placed.acknowledged == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

impl Ping {
    async fn run(self) -> Result<ExitCode, Failure> {
        let addresses = resolve(std::slice::from_ref(&self.address))?;
        let bind = bind_for(&addresses);
        let node = Running::start(bind, self.common.config(true)).await.map_err(cannot_bind(bind))?;
        for address in addresses {
            if let Some((id, time)) = node.ping(address).await.map_err(unfinished)? {
                let milliseconds = time.as_secs_f64() * 1e3;
                self.common.print(&Line::Pinged { node: id.to_string(), milliseconds })?;
                return Ok(ExitCode::SUCCESS);
            }
        }
        Err(Failure::reason(format_args!("no node answers at {}", self.address)))
    }
}
