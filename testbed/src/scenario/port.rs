//! One side of a scenario: a daemon on a bus, or a program that is started.

use std::time::Duration;

use handfast::secret::Secret;

#[cfg(feature = "dbus")]
use super::bus::Bus;
use super::{
    fault::{Fault, Signalled},
    program::Program,
};

/// How long the users of a daemon take for a token and for a confirmation. A Jami daemon signals both before it is ready: it shows its token
/// before its certificates can be found, and one that looks for them at once gives up; and it takes the first word of the importer for
/// a password if the confirmation is faster.
#[cfg(feature = "dbus")]
pub(crate) const PACE: Duration = Duration::from_secs(2);

/// One side.
pub(crate) enum Port {
    /// A daemon on a bus.
    #[cfg(feature = "dbus")]
    Bus(Bus),
    /// A program that speaks lines.
    Program(Box<Program>),
}

/// Does the same with either kind.
macro_rules! either {
    ($port:expr, $one:ident => $work:expr) => {
        match $port {
            #[cfg(feature = "dbus")]
            Port::Bus($one) => $work,
            Port::Program($one) => $work,
        }
    };
}

impl Port {
    /// How long its user takes for a token and for a confirmation. A program may take the time itself.
    pub(crate) const fn pace(&self) -> Duration {
        match self {
            #[cfg(feature = "dbus")]
            Self::Bus(_) => PACE,
            Self::Program(_) => Duration::ZERO,
        }
    }

    /// Whether accounts that were imported stay when the scenario has ended.
    pub(crate) const fn keeps_accounts(&self) -> bool {
        match self {
            #[cfg(feature = "dbus")]
            Self::Bus(_) => true,
            Self::Program(_) => false,
        }
    }

    /// Waits for the next signal. A future that is dropped has lost none.
    pub(super) async fn next(&mut self) -> Result<Signalled, Fault> {
        either!(self, one => one.next().await)
    }

    /// The next signal that came before the last call returned: a program has one stream of lines.
    pub(super) fn arrived(&mut self) -> Option<Signalled> {
        match self {
            #[cfg(feature = "dbus")]
            Self::Bus(_) => None,
            Self::Program(program) => program.arrived(),
        }
    }

    /// `addAccount`: the account.
    pub(super) async fn add_account(&mut self) -> Result<String, Fault> {
        either!(self, one => one.add_account().await)
    }

    /// `provideAccountAuthentication`.
    pub(super) async fn provide(&mut self, account: &str, credentials: &Secret, scheme: &str) -> Result<bool, Fault> {
        either!(self, one => one.provide(account, credentials, scheme).await)
    }

    /// `removeAccount`.
    pub(super) async fn remove(&mut self, account: &str) -> Result<(), Fault> {
        either!(self, one => one.remove(account).await)
    }

    /// `addDevice`.
    pub(super) async fn add_device(&mut self, account: &str, uri: &str) -> Result<i32, Fault> {
        either!(self, one => one.add_device(account, uri).await)
    }

    /// `confirmAddDevice`.
    pub(super) async fn confirm(&mut self, account: &str, op: u32) -> Result<bool, Fault> {
        either!(self, one => one.confirm(account, op).await)
    }

    /// `cancelAddDevice`.
    pub(super) async fn cancel(&mut self, account: &str, op: u32) -> Result<bool, Fault> {
        either!(self, one => one.cancel(account, op).await)
    }

    /// Lets a program whose operation has ended end by itself, for at most so long, and ends it. Returns what it wrote on standard error.
    pub(super) async fn end(&mut self, within: Duration) -> String {
        match self {
            #[cfg(feature = "dbus")]
            Self::Bus(_) => {
                let _ = within;
                String::new()
            }
            Self::Program(program) => program.end(within).await,
        }
    }
}
