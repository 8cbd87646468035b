//! The inputs and effects of the client of an import.

use serde::{Deserialize, Serialize};

use crate::{
    client::{Failure, Ignored, Note, Received},
    message::Slot,
    operations::{AddAccountError, LocalId},
    outcome::{AccountId, Scheme},
};

/// An input of the client of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Input {
    /// The person chooses to import an account from another device.
    Select,
    /// The person agrees to the account that is shown. The credentials are in the driver's slot.
    Answer(Slot),
    /// The person says whether both screens show the same string.
    Compare(bool),
    /// Back, Cancel, or whatever else leaves the screen.
    Back,
    /// The person has read what went wrong.
    Reset,
    /// The person has read that it is done.
    Finish,

    /// `addAccount` returned.
    Added(Result<LocalId, AddAccountError>),
    /// `provideAccountAuthentication` returned, of this account.
    Provided(LocalId, bool),
    /// `compareAccount` returned, of this account.
    Compared(LocalId, bool),
    /// `removeAccount` returned, of this account. A daemon that returns nothing has accepted it.
    Removed(LocalId, bool),

    /// `deviceAuthStateChanged`, of this account.
    Signal(LocalId, Received),
}

impl Input {
    /// Whether it is an action of the person, which may be refused.
    pub const fn is_action(&self) -> bool {
        matches!(self, Self::Select | Self::Answer(_) | Self::Compare(_) | Self::Back | Self::Reset | Self::Finish)
    }
}

/// An effect: the work of the driver, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Effect {
    /// Call `addAccount` with `Account.archiveURL="jami-auth"` (R-API-1).
    AddAccount,
    /// Ask for the current state, which the daemon then signals once more (R-API-8). Where no signal can have been missed, that is
    /// nothing to do.
    Query(LocalId),
    /// Call `provideAccountAuthentication` (R-API-2).
    ProvideAccountAuthentication(LocalId, Slot, Scheme),
    /// Call `compareAccount` (R-SAS-5).
    CompareAccount(LocalId, bool),
    /// Call `removeAccount` (R-API-3).
    RemoveAccount(LocalId),
    /// Show this in the place of what was shown.
    Show(Screen),
    /// Say this as well.
    Notify(Note),
    /// Note this in a log.
    Ignored(Ignored),
}

/// The account that the other device proved, and what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prompt {
    /// The account: `peer_id`.
    pub peer: AccountId,
    /// Whether its archive has a password.
    pub scheme: Scheme,
    /// Whether the last answer was a wrong one.
    pub wrong_password: bool,
}

/// The screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Screen {
    /// The choice.
    Initial,
    /// The token is being made.
    Init,
    /// The token, as text and as a QR code.
    TokenAvailable,
    /// Somebody connects. The token stays: it may have been somebody else (R-IMP-2).
    Connecting,
    /// The string that the other device has to show too, and whose account it is (R-SAS-5). The driver has the string.
    Comparing {
        /// The account: `peer_id`.
        peer: AccountId,
        /// It is answered.
        answered: bool,
    },
    /// Whose account it is, with a field for its password if it has one.
    Authenticating {
        /// The question.
        prompt: Prompt,
        /// It is answered, and the other device is at it.
        answered: bool,
    },
    /// How far the archive is.
    InProgress,
    /// The account is here.
    Done,
    /// It failed, why, and what to do next.
    Error(Failure),
    /// The machine has ended.
    Closed,
}
