//! How the two devices find each other (R-RDV-1).

use std::{io, net::SocketAddr};

use clap::{Args, ValueEnum};
use handfast::{
    outcome::Outcome,
    shell::{
        identity,
        rendezvous::{
            Either, Listeners, Peers,
            lan::{Announce, Look, Scope},
        },
    },
};

use super::reach::{Found, Reach};
use crate::failure::Failure;

/// What an importing device is published by.
pub(crate) type Publisher = Either<Listeners, Announce>;
/// What an importing device is found by.
pub(crate) type Dialer = Either<Peers, Look>;

/// The ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rendezvous {
    /// By multicast DNS on the local network: the token alone links
    Lan,
    /// At an address that a person carries over
    Direct,
}

/// Options of both sides.
#[derive(Args)]
pub(crate) struct RendezvousOptions {
    /// How the two devices find each other; where an address is given, `direct`, else `lan`
    #[arg(long, value_enum, value_name = "HOW")]
    rendezvous: Option<Rendezvous>,
}

/// How the device is published, its keys, and where it is reached.
pub(crate) struct Published {
    pub(crate) publisher: Publisher,
    pub(crate) identity: identity::Reach,
    pub(crate) reach: Reach,
}

impl RendezvousOptions {
    fn way(&self, has_address: bool) -> Rendezvous {
        self.rendezvous.unwrap_or(if has_address { Rendezvous::Direct } else { Rendezvous::Lan })
    }

    /// Import side: binds what the other device connects to.
    pub(crate) async fn publisher(&self, listen: Option<&str>) -> Result<Published, Failure> {
        let way = self.way(listen.is_some());
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
            (None, Rendezvous::Lan) => Listeners::bind_everywhere().await,
        };
        let listeners = listeners.map_err(unreachable)?;
        let addresses = listeners.addresses().map_err(unreachable)?;
        let (publisher, found) = match way {
            Rendezvous::Direct => (Either::One(listeners), Found::ByAddress),
            Rendezvous::Lan => (Either::Other(Announce::new(listeners, Scope::All)), Found::OnNetwork),
        };
        Ok(Published { publisher, identity: identity::Reach::Direct, reach: Reach::of(addresses, found) })
    }

    /// Export side: what finds the other device, and where it is looked for, for a person.
    pub(crate) async fn dialer(&self, peer: Option<&str>) -> Result<(Dialer, String), Failure> {
        match (self.way(peer.is_some()), peer) {
            (Rendezvous::Direct, Some(peer)) => {
                let peers = Peers::new(&super::addresses("--peer", peer).await?);
                Ok((Either::One(peers), format!("The new device is being connected to, at {peer}.")))
            }
            (Rendezvous::Direct, None) => Err(Failure::usage("--rendezvous direct needs --peer ADDR")),
            (Rendezvous::Lan, None) => {
                let look = Either::Other(Look::new(Scope::All));
                Ok((look, "The new device is being looked for on this network.".to_owned()))
            }
            (Rendezvous::Lan, Some(_)) => {
                Err(Failure::usage("--peer is an address: give no --rendezvous with it, or `direct`"))
            }
        }
    }
}
