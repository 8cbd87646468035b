//! How the devices of one machine find each other: each writes down where it listens, under the id of its token.

use std::{
    collections::HashMap,
    fs, io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use handfast::{shell::rendezvous::Dial, token::DeviceId};
use tokio::net::TcpStream;

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
    pub(super) fn add(&self, device: &DeviceId, address: SocketAddr) -> io::Result<()> {
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
    pub(super) fn remove(&self, device: &DeviceId) {
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
        stream.set_nodelay(true)?;
        Ok((stream, address))
    }
}
