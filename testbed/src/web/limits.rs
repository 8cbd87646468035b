//! Every limit of what arrives from a browser, in one place.

use std::time::Duration;

/// Connections at once. A browser opens six; a further one is closed at once.
pub(crate) const MAX_CONNECTIONS: usize = 32;
/// Bytes of a request's head.
pub(crate) const MAX_HEAD: usize = 16 * 1024;
/// Fields of a request's head.
pub(crate) const MAX_FIELDS: usize = 64;
/// Bytes of an action: a password of the largest size, with each byte escaped in JSON.
pub(crate) const MAX_ACTION: usize = 6 * handfast::limits::MAX_VALUE + 1024;
/// Bytes of an image. A frame of 960 pixels' width has less than two million.
pub(crate) const MAX_IMAGE: usize = 8 * 1024 * 1024;
/// Images that are looked at, at once.
pub(crate) const MAX_LOOKS: usize = 1;
/// Events that the client has not taken yet.
pub(crate) const MAX_EVENTS: usize = 16;
/// Bytes of each secret: the address, the browser's cookie, the tab's key.
pub(crate) const SECRET: usize = 16;

/// How long requests may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    /// The head of a request, also of the next one on a connection.
    pub(crate) head: Duration,
    /// Its body.
    pub(crate) body: Duration,
    /// The rest of all requests, when the operation is over.
    pub(crate) end: Duration,
}

impl Deadlines {
    /// The timers of a server.
    pub(crate) const OWN: Self =
        Self { head: Duration::from_secs(10), body: Duration::from_secs(10), end: Duration::from_secs(2) };
}
