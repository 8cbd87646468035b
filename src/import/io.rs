//! The inputs and effects of an import operation.

use serde::{Deserialize, Serialize};

use crate::{
    limits::Timer,
    message::{Message, Slot},
    outcome::{AccountId, Scheme, Signal},
    reducer::{ConnId, Origin, TimerEffect},
};

/// An input of an import operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Input {
    /// Call: `addAccount` with `Account.archiveURL="jami-auth"` (R-API-1).
    AddAccount,
    /// Call: `provideAccountAuthentication` (R-API-2). The credentials are in the shell's slot.
    ProvideAccountAuthentication(Slot, Scheme),
    /// Call: `compareAccount` (R-SAS-5): whether the user says that both screens show the same string.
    CompareAccount(bool),
    /// Call: `removeAccount` (R-API-3).
    RemoveAccount,

    /// Directory: the device can be reached.
    Published,
    /// Directory: it cannot be made reachable.
    Unpublishable,

    /// A peer asks for a connection. Where it is, is not known.
    ConnectionRequested(ConnId),
    /// A peer at this address asks for a connection.
    ConnectionRequestedFrom(ConnId, Origin),
    /// The first bytes arrived on a connection, and it is not secured yet.
    ConnectionAnswered(ConnId),
    /// A connection is secured.
    ConnectionOpened {
        /// Which one.
        conn: ConnId,
        /// The account that the peer's chain names: the short id of its account certificate, if there is one.
        presented: Option<AccountId>,
        /// Whether every signature of the chain holds, up to its top (R-SEC-1).
        verified: bool,
    },
    /// A connection could not be secured.
    ConnectionFailed(ConnId),
    /// A connection is gone.
    ConnectionLost(ConnId),
    /// A connection could not be taken: this device has no descriptors or memory left for it.
    ConnectionsExhausted,

    /// The peer asks for a channel.
    ChannelRequested(ConnId, Ask),
    /// The peer ended the session's channel.
    ChannelEnded(ConnId),

    /// A message arrived on the session's channel.
    Message(ConnId, Message),
    /// The bytes on the session's channel are no message (R-MSG-3), or an opening that does not open the commitment (R-SAS-3).
    Malformed(ConnId),
    /// A message's `accData` begins. Nothing is read further before the effects are carried out.
    ArchiveBegan(ConnId),
    /// Another [`PROGRESS_STEP`](crate::limits::PROGRESS_STEP) bytes of it came.
    ArchiveProgressed(ConnId),
    /// Its message is complete, and all of it is staged.
    ArchiveComplete(ConnId),
    /// It could not be staged.
    ArchiveUnwritable(ConnId),

    /// The answer to [`Effect::Check`].
    Checked(Check),
    /// The answer to [`Effect::Install`]: whether the account is durable.
    Installed(bool),

    /// A timer ran out.
    Fired(Timer),
}

impl Input {
    /// The connection that an event belongs to.
    pub const fn conn(&self) -> Option<ConnId> {
        match *self {
            Self::ConnectionRequested(conn)
            | Self::ConnectionRequestedFrom(conn, _)
            | Self::ConnectionAnswered(conn)
            | Self::ConnectionOpened { conn, .. }
            | Self::ConnectionFailed(conn)
            | Self::ConnectionLost(conn)
            | Self::ChannelRequested(conn, _)
            | Self::ChannelEnded(conn)
            | Self::Message(conn, _)
            | Self::Malformed(conn)
            | Self::ArchiveBegan(conn)
            | Self::ArchiveProgressed(conn)
            | Self::ArchiveComplete(conn)
            | Self::ArchiveUnwritable(conn) => Some(conn),
            Self::AddAccount
            | Self::ProvideAccountAuthentication(..)
            | Self::CompareAccount(_)
            | Self::RemoveAccount
            | Self::Published
            | Self::Unpublishable
            | Self::ConnectionsExhausted
            | Self::Checked(_)
            | Self::Installed(_)
            | Self::Fired(_) => None,
        }
    }

    /// Whether it is a call of the client, which may be refused.
    pub const fn is_call(&self) -> bool {
        matches!(
            self,
            Self::AddAccount | Self::ProvideAccountAuthentication(..) | Self::CompareAccount(_) | Self::RemoveAccount
        )
    }
}

/// The name of a requested channel, its code compared with the token's in constant time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ask {
    /// `auth:` and the right code.
    Right,
    /// `auth:` and another code, or none that is valid.
    Wrong,
    /// Another name.
    Other,
}

/// The result of the check of the staged archive (R-IMP-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Check {
    /// A sound archive of this account: well formed, key and certificate match, the chain is valid.
    Sound(AccountId),
    /// Not a sound archive.
    Unsound,
    /// It could not be read back.
    Unreadable,
}

/// An effect: the work of the shell, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// Signal to the client.
    Signal(Signal),
    /// Prepare a throw-away identity and make the device reachable under it.
    Publish,
    /// Undo [`Effect::Publish`].
    Withdraw,
    /// Take the connection that asks, and secure it.
    Accept(ConnId),
    /// Turn it away.
    Refuse(ConnId),
    /// Close a connection.
    Close(ConnId),
    /// Open the channel that was just asked for: it is the session's.
    AcceptChannel(ConnId),
    /// Decline the channel that was just asked for.
    DeclineChannel(ConnId),
    /// Send a message on the session's channel.
    Send(ConnId, Message),
    /// End the session's channel, after what was sent.
    End(ConnId),
    /// Start a timer, from the beginning if it runs.
    Arm(Timer),
    /// Stop a timer.
    Disarm(Timer),
    /// Stage the archive that began, sealed with these credentials.
    Stage(Slot),
    /// Check what was staged.
    Check,
    /// Make the staged account durable.
    Install,
    /// Wipe what was staged.
    Discard,
    /// Remove the installed account.
    Remove,
}

impl TimerEffect for Effect {
    fn arm(timer: Timer) -> Self {
        Self::Arm(timer)
    }

    fn disarm(timer: Timer) -> Self {
        Self::Disarm(timer)
    }
}
