//! The connection between two programs, where it is another one than the network's.

use std::net::SocketAddr;

use tokio::{
    io::{self, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet, yield_now},
};

/// The kinds of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// The network's.
    Whole,
    /// Bytes arrive a few at a time.
    Pieces,
    /// It is accepted, and nothing ever arrives.
    Silent,
    /// It carries everything until it is cut.
    Cut,
}

/// Bytes of a piece: no header, record or message fits into one.
const PIECE: usize = 5;

/// A place that connections go through.
pub(super) struct Relay {
    pub(super) address: SocketAddr,
    cut: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Listens for connections to this address.
    pub(super) async fn start(wire: Wire, to: String) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (cut, is_cut) = watch::channel(false);
        let task = tokio::spawn(async move {
            // The connections end with the task.
            let mut connections = JoinSet::new();
            let mut is_over = is_cut.clone();
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    _ = is_over.wait_for(|cut| *cut) => return,
                };
                let Ok((from, _)) = accepted else { return };
                let to = to.clone();
                connections.spawn(async move {
                    // Its end is the end of the connection, whichever side it is on.
                    let _ = carry(wire, from, &to).await;
                });
            }
        });
        Ok(Self { address, cut, task })
    }

    /// Cuts all connections.
    pub(super) fn cut(&self) {
        self.cut.send_replace(true);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(wire: Wire, mut from: TcpStream, to: &str) -> io::Result<()> {
    if wire == Wire::Silent {
        // All bytes are taken, until the sender gives up.
        io::copy(&mut from, &mut io::sink()).await?;
        return Ok(());
    }
    let mut to = TcpStream::connect(to).await?;
    // Some systems refuse it where the peer has gone already: what it sent before is carried all the same.
    let _ = (from.set_nodelay(true), to.set_nodelay(true));
    if wire != Wire::Pieces {
        io::copy_bidirectional(&mut from, &mut to).await?;
        return Ok(());
    }
    let ((from_in, from_out), (to_in, to_out)) = (from.split(), to.split());
    tokio::try_join!(in_pieces(from_in, to_out), in_pieces(to_in, from_out))?;
    Ok(())
}

async fn in_pieces(mut from: impl io::AsyncRead + Unpin, mut to: impl io::AsyncWrite + Unpin) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let count = from.read(&mut bytes).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        for piece in bytes[..count].chunks(PIECE) {
            to.write_all(piece).await?;
            to.flush().await?;
            yield_now().await;
        }
    }
}

/// An address of this machine at which no one listens.
pub(super) async fn nowhere() -> io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()
}
