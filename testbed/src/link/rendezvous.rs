//! How the two devices find each other (R-RDV-1).

use std::{io, net::SocketAddr};

use clap::{Args, ValueEnum};
use handfast::{
    archive::Identity,
    limits::Durations,
    outcome::Outcome,
    shell::{
        identity,
        rendezvous::{
            Either, Listeners, Peers,
            lan::{Announce, Look, Scope},
        },
    },
};

#[cfg(feature = "dht")]
use handfast::{
    limits::ICE_NEGOTIATION,
    shell::rendezvous::opendht::{Offer, OpenDht, Seek},
};

use super::reach::{Found, Reach};
use crate::{failure::Failure, numbers::reached};

/// The way in which an importing device is published.
#[cfg(feature = "dht")]
pub(crate) type Publisher = Either<Either<Listeners, Announce>, Offer>;
/// The way in which an importing device is found.
#[cfg(feature = "dht")]
pub(crate) type Dialer = Either<Either<Peers, Look>, Seek>;
/// The way in which an importing device is published.
#[cfg(not(feature = "dht"))]
pub(crate) type Publisher = Either<Listeners, Announce>;
/// The way in which an importing device is found.
#[cfg(not(feature = "dht"))]
pub(crate) type Dialer = Either<Peers, Look>;

/// The ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rendezvous {
    /// By multicast DNS on the local network: the token alone links
    Lan,
    /// At an address that a person carries over
    Direct,
    /// By the OpenDHT network that --bootstrap names: the token alone links, wherever the devices are. Needs a program that was built
    /// with `--features dht`
    Opendht,
}

/// Options of both sides.
#[derive(Args)]
pub(crate) struct RendezvousOptions {
    /// How the two devices find each other; where an address is given, `direct`, else `lan`
    #[arg(long, value_enum, value_name = "HOW")]
    rendezvous: Option<Rendezvous>,
    /// A node of the OpenDHT network to join by; may be given several times. There is no default: nothing is sent to a node that was not
    /// named
    #[arg(long, value_name = "HOST:PORT", value_parser = reached)]
    bootstrap: Vec<String>,
}

/// How the device is published, its keys, and where it is reached.
pub(crate) struct Published {
    pub(crate) publisher: Publisher,
    pub(crate) identity: identity::Reach,
    /// None where no address is listened on: connections are negotiated.
    pub(crate) reach: Reach,
}

/// The rendezvous that finds the other device, once this one has its identity.
pub(crate) enum Finding {
    /// At these addresses.
    At(Peers),
    /// On the local network.
    OnNetwork,
    /// In the OpenDHT network.
    #[cfg(feature = "dht")]
    InDirectory(OpenDht),
}

impl RendezvousOptions {
    fn way(&self, has_address: bool) -> Result<Rendezvous, Failure> {
        let way = self.rendezvous.unwrap_or(if has_address { Rendezvous::Direct } else { Rendezvous::Lan });
        match (way, self.bootstrap.is_empty()) {
            (Rendezvous::Opendht, _) if cfg!(not(feature = "dht")) => Err(Failure::usage(
                "this program was built without the OpenDHT network: build it with `--features dht`",
            )),
            (Rendezvous::Opendht, true) => Err(Failure::usage("--rendezvous opendht needs --bootstrap HOST:PORT")),
            (Rendezvous::Lan | Rendezvous::Direct, false) => {
                Err(Failure::usage("--bootstrap is for --rendezvous opendht: give both"))
            }
            _ => Ok(way),
        }
    }

    /// Whether the other device is found in a directory, for which a device's key has to be RSA.
    pub(crate) fn is_directory(&self) -> bool {
        self.rendezvous == Some(Rendezvous::Opendht)
    }

    /// How long timers run.
    pub(crate) fn durations(&self) -> Durations {
        let durations = Durations::default();
        if self.is_directory() { durations.for_directory() } else { durations }
    }

    /// Import side: binds what the other device connects to. A negotiation ends so many times faster.
    pub(crate) async fn publisher(&self, listen: Option<&str>, times: u32) -> Result<Published, Failure> {
        let way = self.way(listen.is_some())?;
        #[cfg(not(feature = "dht"))]
        let _ = times;
        #[cfg(feature = "dht")]
        if way == Rendezvous::Opendht {
            return self.in_directory(listen, times).await;
        }
        let unreachable = |error: io::Error| {
            let text = match listen {
                Some(listen) => format!("--listen {listen}: {error}"),
                None => format!("this device cannot listen for the other one: {error}"),
            };
            Failure::with_code(Outcome::Network.exit_code(), text)
        };
        let listeners = match (listen, way) {
            (Some(listen), _) => Listeners::bind(&super::addresses("--listen", listen).await?).await,
            (None, Rendezvous::Direct) => Listeners::bind(&[SocketAddr::from(([127, 0, 0, 1], 0))]).await,
            (None, _) => Listeners::bind_everywhere().await,
        };
        let listeners = listeners.map_err(unreachable)?;
        let addresses = listeners.addresses().map_err(unreachable)?;
        let (publisher, found) = match way {
            Rendezvous::Direct => (Either::One(listeners), Found::ByAddress),
            _ => (Either::Other(Announce::new(listeners, Scope::All)), Found::OnNetwork),
        };
        Ok(Published {
            publisher: local(publisher),
            identity: identity::Reach::Direct,
            reach: Reach::of(addresses, found),
        })
    }

    #[cfg(feature = "dht")]
    async fn in_directory(&self, listen: Option<&str>, times: u32) -> Result<Published, Failure> {
        if listen.is_some() {
            return Err(Failure::usage("--listen is an address: with --rendezvous opendht connections are negotiated"));
        }
        let dht = self.joined(times).await?;
        let reach = Reach::of(Vec::new(), Found::InDirectory(self.bootstrap.clone()));
        Ok(Published { publisher: Either::Other(Offer(dht)), identity: identity::Reach::Directory, reach })
    }

    /// A node that joins the network, whose negotiations end so many times faster.
    #[cfg(feature = "dht")]
    async fn joined(&self, times: u32) -> Result<OpenDht, Failure> {
        let mut addresses = Vec::new();
        for name in &self.bootstrap {
            addresses.extend(super::addresses("--bootstrap", name).await?);
        }
        let failed = |error| Failure::with_code(Outcome::Network.exit_code(), format_args!("--bootstrap: {error}"));
        Ok(OpenDht::join(&addresses).await.map_err(failed)?.with_patience(ICE_NEGOTIATION / times))
    }

    /// Export side: what finds the other device, and where it is looked for, for a person. A negotiation ends so many times faster.
    pub(crate) async fn finding(&self, peer: Option<&str>, times: u32) -> Result<(Finding, String), Failure> {
        #[cfg(not(feature = "dht"))]
        let _ = times;
        match (self.way(peer.is_some())?, peer) {
            (Rendezvous::Direct, Some(peer)) => {
                let peers = Peers::new(&super::addresses("--peer", peer).await?);
                Ok((Finding::At(peers), format!("The new device is being connected to, at {peer}.")))
            }
            (Rendezvous::Direct, None) => Err(Failure::usage("--rendezvous direct needs --peer ADDR")),
            (Rendezvous::Lan, None) => {
                Ok((Finding::OnNetwork, "The new device is being looked for on this network.".to_owned()))
            }
            #[cfg(feature = "dht")]
            (Rendezvous::Opendht, None) => {
                let sought = "The new device is being looked for in the OpenDHT network.".to_owned();
                Ok((Finding::InDirectory(self.joined(times).await?), sought))
            }
            (Rendezvous::Lan | Rendezvous::Opendht, _) => {
                Err(Failure::usage("--peer is an address: give no --rendezvous with it, or `direct`"))
            }
        }
    }
}

/// A network in which devices are published and found by the token alone. Clones share it.
#[cfg(feature = "dbus")]
#[derive(Clone, Debug)]
pub(crate) enum Shared {
    /// The local one.
    Lan,
    /// The OpenDHT network.
    #[cfg(feature = "dht")]
    Directory(OpenDht),
}

#[cfg(feature = "dbus")]
impl Shared {
    /// Joins the OpenDHT network by these nodes, with negotiations that end so many times faster; without any, it is the local network.
    pub(crate) async fn join(bootstrap: &[String], times: u32) -> Result<Self, Failure> {
        let rendezvous = if bootstrap.is_empty() { Rendezvous::Lan } else { Rendezvous::Opendht };
        #[cfg(not(feature = "dht"))]
        let _ = times;
        let options = RendezvousOptions { rendezvous: Some(rendezvous), bootstrap: bootstrap.to_vec() };
        match options.way(false)? {
            #[cfg(feature = "dht")]
            Rendezvous::Opendht => Ok(Self::Directory(options.joined(times).await?)),
            _ => Ok(Self::Lan),
        }
    }

    /// Whether it is a directory, for which the keys of devices have to be RSA.
    pub(crate) const fn is_directory(&self) -> bool {
        !matches!(self, Self::Lan)
    }

    /// Import side: binds what the other device connects to.
    pub(crate) async fn publisher(&self) -> io::Result<(Publisher, identity::Reach)> {
        Ok(match self {
            Self::Lan => {
                let announce = Announce::new(Listeners::bind_everywhere().await?, Scope::All);
                (local(Either::Other(announce)), identity::Reach::Direct)
            }
            #[cfg(feature = "dht")]
            Self::Directory(dht) => (Either::Other(Offer(dht.clone())), identity::Reach::Directory),
        })
    }

    /// Export side: the rendezvous that finds the other device.
    pub(crate) fn dialer(&self, identity: &Identity) -> Result<Dialer, Failure> {
        match self {
            Self::Lan => Finding::OnNetwork,
            #[cfg(feature = "dht")]
            Self::Directory(dht) => Finding::InDirectory(dht.clone()),
        }
        .dialer(identity)
    }
}

impl Finding {
    /// The rendezvous that finds the other device for a device with this identity.
    #[cfg_attr(not(feature = "dht"), expect(clippy::unnecessary_wraps, reason = "as with the feature"))]
    pub(crate) fn dialer(self, identity: &Identity) -> Result<Dialer, Failure> {
        #[cfg(not(feature = "dht"))]
        let _ = identity;
        Ok(match self {
            Self::At(peers) => local(Either::One(peers)),
            Self::OnNetwork => local(Either::Other(Look::new(Scope::All))),
            #[cfg(feature = "dht")]
            Self::InDirectory(dht) => {
                let failed = |error| Failure::with_code(Outcome::Storage.exit_code(), error);
                Either::Other(Seek::new(dht, identity).map_err(failed)?)
            }
        })
    }
}

/// A way that needs no OpenDHT network, as one of all ways.
#[cfg(feature = "dht")]
fn local<T, U>(way: T) -> Either<T, U> {
    Either::One(way)
}

/// A way that needs no OpenDHT network, as one of all ways.
#[cfg(not(feature = "dht"))]
fn local<T>(way: T) -> T {
    way
}
