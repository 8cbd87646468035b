//! The inputs and effects of an export operation.

use core::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{
    limits::Timer,
    message::{Message, Slot},
    outcome::{Scheme, Signal},
    reducer::TimerEffect,
};

/// An input of an export operation. It has one connection, and one channel on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Input {
    /// Call: `addDevice` with a token that parses (R-API-4). The archive is protected like this.
    AddDevice(Scheme),
    /// Call: `confirmAddDevice` (R-API-5).
    ConfirmAddDevice,
    /// Call: `compareAddDevice` (R-SAS-5): whether the user says that both screens show the same string.
    CompareAddDevice(bool),
    /// Call: `cancelAddDevice` (R-API-6).
    CancelAddDevice,

    /// The connection is secured. `pinned`: the peer's leaf key hashes to the token's id (R-SEC-1).
    Opened {
        /// Whether it is the device that the token names.
        pinned: bool,
    },
    /// The device was not found, or nothing listens where it should be: there is no use in another attempt.
    Unreachable,
    /// The attempt to connect failed otherwise, before the connection was secured.
    Failed,
    /// The connection is gone.
    Lost,

    /// The importer accepted the channel.
    Accepted {
        /// The importing device as seen from here (R-STATE-3).
        peer_address: SocketAddr,
    },
    /// The importer declined the channel.
    Declined,
    /// The importer ended the channel.
    Ended,

    /// A message arrived on the channel.
    Message(Message),
    /// The bytes on the channel are no message, or an archive (R-MSG-3).
    Malformed,

    /// The answer to [`Effect::Open`] for this password.
    Tried(Slot, Tried),
    /// Another [`PROGRESS_STEP`](crate::limits::PROGRESS_STEP) bytes of the archive are out.
    Progressed,
    /// The whole archive is handed over to the network.
    HandedOver,
    /// The archive could not be read to its end, or is not what it was when it was opened (R-MSG-2).
    SendFailed,

    /// A timer ran out.
    Fired(Timer),
}

impl Input {
    /// Whether it is a call of the client, which may be refused.
    pub const fn is_call(&self) -> bool {
        matches!(self, Self::AddDevice(_) | Self::ConfirmAddDevice | Self::CompareAddDevice(_) | Self::CancelAddDevice)
    }
}

/// The result of opening the archive with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tried {
    /// It opens: authenticated, counted and validated, and ready to be sent.
    Opened,
    /// The password is wrong.
    Wrong,
    /// The archive could not be read, or is not an archive.
    Unreadable,
}

/// An effect: the work of the shell, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// Signal to the client.
    Signal(Signal),
    /// Look the token's device up, connect, and secure the connection.
    Connect,
    /// Request the channel that the token's code names.
    RequestChannel,
    /// Send a message on the channel.
    Send(Message),
    /// Open the archive with this password.
    Open(Slot),
    /// Send the archive that was opened.
    SendArchive,
    /// End the channel, after what was sent; in the middle of the archive, at once.
    End,
    /// Close the connection, or drop the attempt at one.
    Close,
    /// Start a timer, from the beginning if it runs.
    Arm(Timer),
    /// Stop a timer.
    Disarm(Timer),
}

impl TimerEffect for Effect {
    fn arm(timer: Timer) -> Self {
        Self::Arm(timer)
    }

    fn disarm(timer: Timer) -> Self {
        Self::Disarm(timer)
    }
}
