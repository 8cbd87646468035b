//! The two client machines: the screens of a link, and the calls of a client to its daemon (R-CLI-1 to R-CLI-8).
//!
//! They are reducers under the same [law](crate::reducer) as those of the daemons. The inputs are the actions of the person,
//! returns of calls, and signals of the daemon, in any order; the effects are calls and screens. A
//! signal may cross a call on its way, so a client takes no step before its daemon says so.

pub mod export;
pub mod import;
mod received;

use serde::Serialize;

pub use self::received::Received;
use crate::{
    operations::{AddAccountError, AddDeviceError},
    outcome::Outcome,
};

/// Why an action of the person was refused. The state is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
pub enum Refused {
    /// The screen that is shown does not offer it.
    #[error("this screen does not offer it")]
    NotOffered,
    /// Effects of the last input were not drained: the driver broke the law.
    #[error("effects of the last input were not drained")]
    Undrained,
}

/// Why a link failed, as far as the client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Failure {
    /// The daemon's outcome. Never a success.
    Ended(Outcome),
    /// An unknown error (R-ERR-2).
    Unheard,
    /// `addAccount` was refused.
    NoAccount(AddAccountError),
    /// `addDevice` was refused.
    NoDevice(AddDeviceError),
}

/// A remark in addition to a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Note {
    /// The operation could not be stopped, or not yet: it goes on (R-CLI-5).
    GoesOn,
    /// The account was there before the operation could be stopped, and is removed again.
    RemovedAgain,
    /// The daemon refused the answer. Its state is asked for, and if that is the same question, the person is asked again (R-CLI-8).
    NotTaken,
}

/// Why what came was ignored. It belongs into a log (R-CLI-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Ignored {
    /// It is of another operation, or of another account (R-CLI-2).
    Foreign,
    /// It is of an operation that has ended, or that no one waits for any more.
    Late,
    /// It says nothing new.
    Again,
    /// It cannot be: no daemon says this here.
    Strange,
}

/// How far the answer to a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Reply {
    /// The person is asked.
    Open,
    /// The person answered, and the daemon has signalled nothing since.
    Given,
    /// The daemon refused the answer. The question opens again when the daemon signals it again, and not before (R-CLI-8).
    Refused,
}

/// How an operation ended, as the client knows it; `None` is success.
fn failure(received: Received) -> Option<Failure> {
    match received {
        Received::Signal(crate::outcome::Signal::Done(outcome)) => {
            (!outcome.is_success()).then_some(Failure::Ended(outcome))
        }
        Received::Signal(_) | Received::Unheard | Received::Strange => Some(Failure::Unheard),
    }
}
