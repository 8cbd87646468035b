//! The interface of every rendezvous: an importing device is published, and an exporting one dials it.

use std::{future::Future, io, net::SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::{archive::Identity, token::DeviceId};

/// Makes an importing device reachable.
pub trait Publish: Send + 'static {
    /// Takes the connections that come.
    type Listener: Listener;

    /// Makes the device with this identity reachable under its ids, of both forms. Done only once it can be reached (R-IMP-1). What
    /// was published is withdrawn when the listener is dropped.
    ///
    /// # Errors
    /// It cannot be made reachable: the operation ends in `Network`.
    fn publish(self, identity: &Identity) -> impl Future<Output = io::Result<Self::Listener>> + Send;
}

/// Takes the connections to a device that was published.
pub trait Listener: Send + 'static {
    /// A connection, not yet secured.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection, and where it comes from. A future that is dropped has taken none.
    ///
    /// # Errors
    /// This one failed; the next may not. Unless it was the peer that gave up, the device is thought to have no descriptors left: the
    /// operation closes connections that have proved little, and goes on when one has ended, or after a pause
    /// ([`ACCEPT_PAUSE`](crate::limits::ACCEPT_PAUSE)).
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// The long id of the device that asked for this connection, where a signed request came before it: no other is let in (R-SEC-4).
    /// `None` where nothing names a device, as at an open port.
    fn asked_by(stream: &Self::Stream) -> Option<[u8; 32]> {
        let _ = stream;
        None
    }

    /// Where the device is reached.
    ///
    /// # Errors
    /// The system does not say.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// Looks importing devices up and connects to them. Each attempt of an operation dials once, with a clone.
pub trait Dial: Clone + Send + 'static {
    /// A connection, not yet secured.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Connects to the device with this id, and says at what address it was reached: what the exporting user confirms (R-STATE-3).
    ///
    /// # Errors
    /// The device was not found, or could not be connected to. After a link that failed, by its kind, another attempt follows
    /// (R-EXP-12); after any other error none does.
    fn dial(self, device: DeviceId) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

/// Whether an error of [`Dial`] is that of a link that was there, or may be: another attempt may reach the device (R-EXP-12).
pub(crate) fn may_answer_later(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, Interrupted, TimedOut, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | Interrupted | TimedOut | UnexpectedEof)
}
