//! How devices find each other: those of one machine by an exchange, in which each writes down where it listens under the id of its
//! token, and others by a network.

use std::{
    collections::HashMap,
    fs, io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use handfast::{
    archive::{Identity, KeyKind},
    limits::Durations,
    shell::{
        identity,
        rendezvous::{Dial, Either, Listen},
    },
    token::DeviceId,
};
use tokio::net::TcpStream;

use crate::{
    failure::Failure,
    link::rendezvous::{Dialer, Publisher, Shared},
};

/// The way in which devices find each other. Clones share it.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// Devices of this machine.
    Machine(Exchange),
    /// Real ones.
    Network(Shared),
}

impl Way {
    /// The kind of keys that devices and accounts have.
    pub(super) const fn keys(&self) -> KeyKind {
        match self {
            Self::Network(network) if network.is_directory() => KeyKind::Rsa2048,
            Self::Machine(_) | Self::Network(_) => KeyKind::P256,
        }
    }

    /// How long timers run, of those that run so long elsewhere.
    pub(super) fn durations(&self, durations: Durations) -> Durations {
        match self {
            Self::Network(network) if network.is_directory() => durations.for_directory(),
            Self::Machine(_) | Self::Network(_) => durations,
        }
    }

    /// Import side: binds what the other device connects to.
    pub(super) async fn publisher(&self) -> io::Result<(Either<Listen, Publisher>, identity::Reach)> {
        Ok(match self {
            Self::Machine(_) => (Either::One(Listen(([127, 0, 0, 1], 0).into())), identity::Reach::Direct),
            Self::Network(network) => {
                let (publisher, reach) = network.publisher().await?;
                (Either::Other(publisher), reach)
            }
        })
    }

    /// Export side: what finds the other device.
    pub(super) fn dialer(&self, identity: &Identity) -> Result<Either<Exchange, Dialer>, Failure> {
        Ok(match self {
            Self::Machine(exchange) => Either::One(exchange.clone()),
            Self::Network(network) => Either::Other(network.dialer(identity)?),
        })
    }

    /// Writes down where a device listens, where that is how it is found.
    pub(super) fn add(&self, device: &DeviceId, address: SocketAddr) {
        if let Self::Machine(exchange) = self {
            // Where it cannot be written down, the device is not found, as in a network that fails.
            let _ = exchange.add(device, address);
        }
    }

    /// Forgets a device.
    pub(super) fn remove(&self, device: &DeviceId) {
        if let Self::Machine(exchange) = self {
            exchange.remove(device);
        }
    }
}

/// The addresses of the importing devices. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    folder: Option<PathBuf>,
    own: Arc<Mutex<HashMap<String, SocketAddr>>>,
}

impl Exchange {
    /// Shares a folder with other daemons, or nothing.
    pub(super) fn new(folder: Option<PathBuf>) -> io::Result<Self> {
        if let Some(folder) = &folder {
            fs::create_dir_all(folder)?;
        }
        Ok(Self { folder, own: Arc::default() })
    }

    /// Writes down where a device listens.
    fn add(&self, device: &DeviceId, address: SocketAddr) -> io::Result<()> {
        let name = device.to_string();
        if let Some(folder) = &self.folder {
            // It is there with its content or not at all.
            let path = folder.join(&name);
            let written = path.with_extension("new");
            fs::write(&written, address.to_string())?;
            fs::rename(written, path)?;
        }
        self.own.lock().unwrap_or_else(PoisonError::into_inner).insert(name, address);
        Ok(())
    }

    /// Forgets a device.
    fn remove(&self, device: &DeviceId) {
        let name = device.to_string();
        self.own.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        if let Some(folder) = &self.folder {
            // It is gone, or it never was there.
            let _ = fs::remove_file(folder.join(name));
        }
    }

    fn find(&self, device: &DeviceId) -> io::Result<SocketAddr> {
        let name = device.to_string();
        if let Some(address) = self.own.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(*address);
        }
        let none = || io::Error::new(io::ErrorKind::NotFound, "no importing device has this token");
        let folder = self.folder.as_ref().ok_or_else(none)?;
        let text = fs::read_to_string(folder.join(name)).map_err(|_| none())?;
        text.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the exchange has no address there"))
    }
}

impl Dial for Exchange {
    type Stream = TcpStream;

    async fn dial(self, device: DeviceId) -> io::Result<(TcpStream, SocketAddr)> {
        let address = self.find(&device)?;
        let stream = TcpStream::connect(address).await?;
        // Some systems refuse it where the peer has gone already, which the next read shows.
        let _ = stream.set_nodelay(true);
        Ok((stream, address))
    }
}
