//! The node of a link, and where devices are found in the network.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use handfast_dht::{
    Config, InfoHash, PutOptions, Query, Value, ValueType,
    driver::{Bind, Running, Unfinished},
    value::{PublicKey, certificate_text},
};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{account::Account, random::random, request::Request};
use crate::{
    archive::certificate::Chain,
    limits::{DHT_CONNECT, DHT_PUBLISH, DHT_RETRY, ICE_NEGOTIATION, MAX_DHT_ADDRESSES},
    shell::ice::{Gathered, Network, System, gather},
    token::DeviceId,
};

/// A node of the OpenDHT network that lives as long as a link, and stores and routes nothing for others.
#[derive(Clone, Debug)]
pub struct OpenDht {
    pub(super) node: Arc<Running>,
    /// For a person: where it joined.
    bootstrap: Arc<str>,
    /// Where ICE connects.
    network: Arc<dyn Network>,
    /// Nothing leaves this machine.
    loopback: bool,
    /// How long a negotiation may take, and an answer (R-ICE-5).
    pub(super) patience: Duration,
}

/// An operation failed because the node has ended.
pub(super) fn ended(error: Unfinished) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, error)
}

/// The addresses by which a node joins, not more than so many.
fn some(bootstrap: &[SocketAddr]) -> io::Result<&[SocketAddr]> {
    if bootstrap.is_empty() {
        let text = "no address of an OpenDHT node to join by";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(&bootstrap[..bootstrap.len().min(MAX_DHT_ADDRESSES)])
}

impl OpenDht {
    /// Starts a node that joins by these addresses, and returns without waiting for it. Where all of them are of this machine, so is all
    /// that the node and ICE do.
    ///
    /// # Errors
    /// `InvalidInput`: there is no address. No socket can be opened.
    pub async fn join(bootstrap: &[SocketAddr]) -> io::Result<Self> {
        let bootstrap = some(bootstrap)?;
        let loopback = bootstrap.iter().all(|address| address.ip().is_loopback());
        let bind = if loopback { Bind::loopback(0) } else { Bind::everywhere(0) };
        let has = |v4: bool| bootstrap.iter().any(|address| address.is_ipv4() == v4);
        let bind = Bind { v4: bind.v4.filter(|_| has(true)), v6: bind.v6.filter(|_| has(false)) };
        let node = Running::start(bind, Config { client: true, ..Config::default() }).await?;
        Self::over(node, bootstrap, Arc::new(System)).await
    }

    /// Does the same with a node that runs already, on the sockets of a simulated network, say, and with the network over which ICE
    /// connects. The node has to be a client.
    ///
    /// # Errors
    /// `InvalidInput`: there is no address. No node can be at an address.
    pub async fn over(node: Running, bootstrap: &[SocketAddr], network: Arc<dyn Network>) -> io::Result<Self> {
        let bootstrap = some(bootstrap)?;
        let loopback = bootstrap.iter().all(|address| address.ip().is_loopback());
        for address in bootstrap {
            node.bootstrap(*address).await.map_err(io::Error::other)?;
        }
        let names: Vec<_> = bootstrap.iter().map(SocketAddr::to_string).collect();
        let bootstrap = names.join(", ").into();
        Ok(Self { node: Arc::new(node), bootstrap, network, loopback, patience: ICE_NEGOTIATION })
    }

    /// The same with another time after which a negotiation, and the wait for an answer, has failed; it is [`ICE_NEGOTIATION`] (R-ICE-5).
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Waits until a node has answered.
    pub(super) async fn connected(&self) -> io::Result<()> {
        let connected = timeout(DHT_CONNECT, self.node.connected()).await;
        connected.map_or_else(|_| Err(self.unreachable()), |connected| connected.map_err(ended))
    }

    pub(super) fn unreachable(&self) -> io::Error {
        let text =
            format!("no OpenDHT node answers at {}: look at the address and at this device's network", self.bootstrap);
        io::Error::new(io::ErrorKind::NetworkUnreachable, text)
    }

    /// Publishes a chain under a key, and reads it back: an acknowledgement proves nothing (R-RDV-4).
    pub(super) async fn publish(&self, key: InfoHash, chain: &str) -> io::Result<()> {
        let end = Instant::now() + DHT_PUBLISH;
        let lost = || {
            let text = "the OpenDHT network does not keep this device's certificates: try other nodes with --bootstrap";
            io::Error::new(io::ErrorKind::StorageFull, text)
        };
        // Nodes may be gone since they were there: that is another reason.
        let mut answered = false;
        let reason = |answered| if answered { lost() } else { self.unreachable() };
        loop {
            let options = PutOptions { permanent: true, created: None };
            let put = self.node.put(key, Value::certificate(chain), options);
            let placed = timeout_at(end, put).await.map_err(|_| reason(answered))?.map_err(ended)?;
            let get = self.node.get(key, Query::default());
            let found = timeout_at(end, get).await.map_err(|_| reason(answered))?.map_err(ended)?;
            answered |= found.answered > 0;
            if found.values.iter().any(|value| certificates(value) == Some(chain.as_bytes())) {
                return Ok(());
            }
            self.node.cancel(placed.operation).await.map_err(ended)?;
            if timeout_at(end, sleep(DHT_RETRY)).await.is_err() {
                return Err(reason(answered));
            }
        }
    }

    /// Looks for the chain of a device, once, and reports whether any node answered. The first chain whose leaf is the device's key is
    /// taken, and nothing else is proved of it.
    pub(super) async fn chain_of(&self, device: &DeviceId) -> io::Result<(Option<Chain>, bool)> {
        let found = self.node.get(certificate_key(device), Query::default()).await.map_err(ended)?;
        let mut chains = found.values.iter().filter_map(certificates).filter_map(|pem| Chain::from_pem(pem).ok());
        Ok((chains.find(|chain| crate::shell::tls::is_device(chain, device)), found.answered > 0))
    }

    /// Opens what a peer connects to, and describes it.
    pub(super) async fn gather(&self) -> io::Result<Gathered> {
        let is_global = |ip: &IpAddr| match ip {
            IpAddr::V4(ip) => !ip.is_loopback(),
            // An address of one network link names an interface, which no candidate line can.
            IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
        };
        let hosts = self.network.addresses()?;
        let hosts: Vec<_> =
            hosts.into_iter().filter(|ip| if self.loopback { ip.is_loopback() } else { is_global(ip) }).collect();
        let seen = self.node.observed().await.map_err(ended)?;
        let mut gathered = gather(&self.network, &hosts, &seen, random).await?;
        gathered.patience = self.patience;
        Ok(gathered)
    }

    /// Puts a request or an answer where its recipient listens.
    pub(super) async fn send(
        &self,
        from: &Account,
        to: &PublicKey,
        key: InfoHash,
        request: &Request,
    ) -> io::Result<()> {
        let value = from.seal(to, request)?;
        // Nodes that do not answer are no failure: the peer listens at some that do.
        self.node.put(key, value, PutOptions::default()).await.map(drop).map_err(ended)
    }
}

/// The PEM text of a certificate value.
fn certificates<'a>(value: &'a Value<'_>) -> Option<&'a [u8]> {
    value.body().filter(|body| body.kind == ValueType::CERTIFICATE).map(|body| certificate_text(&body.data))
}

/// Under which key the certificates of a device lie.
pub(super) fn certificate_key(device: &DeviceId) -> InfoHash {
    match device {
        DeviceId::Short(id) => InfoHash(*id),
        DeviceId::Long(id) => InfoHash::of(id),
    }
}

/// Under which key a device listens for requests.
pub(super) fn request_key(device: &DeviceId) -> InfoHash {
    InfoHash::of(format!("peer:{device}").as_bytes())
}

/// The ids of a device, the long one first.
pub(super) fn ids(chain: &Chain) -> [DeviceId; 2] {
    let leaf = chain.leaf();
    [DeviceId::Long(leaf.long_id()), DeviceId::Short(leaf.short_id().0)]
}
