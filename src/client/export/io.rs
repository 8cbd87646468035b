//! The inputs and effects of the client of an export.

use core::net::SocketAddr;

use serde::Serialize;

use crate::{
    client::{Failure, Ignored, Note, Received},
    message::Slot,
    operations::{AddDeviceError, OpId},
};

/// An input of the client of an export. A token is in the driver's slot, and only there once it parses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Input {
    /// The person chooses to give the account to another device.
    Select,
    /// The person wants to scan the token.
    Camera,
    /// The person starts the camera.
    Start,
    /// The camera sees a token.
    Detected(Slot),
    /// The person wants to type the token.
    Manual,
    /// The typed or pasted text is a token.
    Entered(Slot),
    /// The person gives up scanning, or typing, and not yet the whole.
    Cancel,
    /// The person confirms the device that is shown.
    Confirm,
    /// The person says whether both screens show the same string.
    Compare(bool),
    /// Back, Cancel, or whatever else leaves the screen.
    Back,
    /// The person has read what went wrong.
    Reset,
    /// The person has read that it is done.
    Finish,

    /// `addDevice` returned. A number that is neither an operation nor a known error is [`AddDeviceError::Generic`].
    Added(Result<OpId, AddDeviceError>),
    /// `confirmAddDevice` returned, of this operation.
    Confirmed(OpId, bool),
    /// `compareAddDevice` returned, of this operation.
    Compared(OpId, bool),
    /// `cancelAddDevice` returned, of this operation.
    Canceled(OpId, bool),

    /// `addDeviceStateChanged`, of this operation.
    Signal(OpId, Received),
}

impl Input {
    /// Whether it is an action of the person, which may be refused.
    pub const fn is_action(&self) -> bool {
        match self {
            Self::Select
            | Self::Camera
            | Self::Start
            | Self::Detected(_)
            | Self::Manual
            | Self::Entered(_)
            | Self::Cancel
            | Self::Confirm
            | Self::Compare(_)
            | Self::Back
            | Self::Reset
            | Self::Finish => true,
            Self::Added(_) | Self::Confirmed(..) | Self::Compared(..) | Self::Canceled(..) | Self::Signal(..) => false,
        }
    }
}

/// An effect: the work of the driver, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Effect {
    /// Call `addDevice` with this token (R-API-4).
    AddDevice(Slot),
    /// Ask for the current state, which the daemon then signals once more (R-API-8). Where no signal can have been missed, that is
    /// nothing to do.
    Query(OpId),
    /// Call `confirmAddDevice` (R-API-5).
    ConfirmAddDevice(OpId),
    /// Call `compareAddDevice` (R-SAS-5).
    CompareAddDevice(OpId, bool),
    /// Call `cancelAddDevice` (R-API-6).
    CancelAddDevice(OpId),
    /// Show this in the place of what was shown.
    Show(Screen),
    /// Say this as well.
    Notify(Note),
    /// Note this in a log.
    Ignored(Ignored),
}

/// The screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Screen {
    /// The choice.
    Initial,
    /// How the token is to be taken.
    ShowInputOptions,
    /// How to scan it.
    ScanQr,
    /// The picture of the camera.
    QrScanning,
    /// A field for the token.
    ManualEntry,
    /// There is a token.
    TokenObtained,
    /// The device is looked for.
    Connecting,
    /// The string that the new device has to show too, and where that is (R-SAS-5). The driver has the string.
    Comparing {
        /// Its address: `peer_address`.
        address: SocketAddr,
        /// It is answered.
        answered: bool,
    },
    /// Where the device is.
    Authenticating {
        /// Its address: `peer_address`.
        address: SocketAddr,
        /// It is confirmed.
        confirmed: bool,
    },
    /// How far the archive is.
    InProgress,
    /// The device is linked.
    Done {
        /// Whether the new device said so.
        confirmed: bool,
    },
    /// It failed, why, and what to do next.
    Error(Failure),
    /// The machine has ended.
    Closed,
}
