//! The D-Bus interface of a Jami daemon, as far as it concerns links (docs/legacy/daemon.md, section 2).

#[cfg(feature = "dbus")]
mod connection;

#[cfg(feature = "dbus")]
pub(crate) use self::connection::{PATH, SERVICE, connect, next, read, types_of};

/// The interface of which the calls and signals of a link are.
pub(crate) const INTERFACE: &str = "cx.ring.Ring.ConfigurationManager";
