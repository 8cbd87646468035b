//! The calls of a client, as its daemon takes them: what each lets happen, and what it returns.

use handfast::{
    client::{export, import},
    message::Slot,
    operations::{AddAccountError, AddDeviceError, LocalId, OpId},
    outcome::Scheme,
};

use crate::system::action::Action;

/// The operation of each client, as its daemon names it.
pub(super) const OWN: u32 = 1;

/// The daemon's part of a call. `None`: it is asked for its state.
pub(super) fn import_action(call: import::Effect) -> Option<Action> {
    use import::Effect as E;
    match call {
        E::AddAccount => Some(Action::AddAccount),
        E::ProvideAccountAuthentication(_, slot, _) => Some(Action::Answer { right: slot == Slot(1) }),
        E::CompareAccount(_, equal) => Some(Action::CompareAccount { equal }),
        E::RemoveAccount(_) => Some(Action::RemoveAccount),
        E::Query(_) | E::Show(_) | E::Notify(_) | E::Ignored(_) => None,
    }
}

pub(super) fn import_return(call: import::Effect, accepted: bool) -> Option<import::Input> {
    use {import::Effect as E, import::Input as I};
    match call {
        E::AddAccount if accepted => Some(I::Added(Ok(LocalId(OWN.into())))),
        E::AddAccount => Some(I::Added(Err(AddAccountError::Taken))),
        E::ProvideAccountAuthentication(id, ..) => Some(I::Provided(id, accepted)),
        E::CompareAccount(id, _) => Some(I::Compared(id, accepted)),
        E::RemoveAccount(id) => Some(I::Removed(id, accepted)),
        E::Query(_) | E::Show(_) | E::Notify(_) | E::Ignored(_) => None,
    }
}

pub(super) fn export_action(call: export::Effect, scheme: Scheme) -> Option<Action> {
    use export::Effect as E;
    match call {
        E::AddDevice(_) => Some(Action::AddDevice(scheme)),
        E::ConfirmAddDevice(_) => Some(Action::ConfirmAddDevice),
        E::CompareAddDevice(_, equal) => Some(Action::CompareAddDevice { equal }),
        E::CancelAddDevice(_) => Some(Action::CancelAddDevice),
        E::Query(_) | E::Show(_) | E::Notify(_) | E::Ignored(_) => None,
    }
}

pub(super) fn export_return(call: export::Effect, accepted: bool) -> Option<export::Input> {
    use {export::Effect as E, export::Input as I};
    match call {
        E::AddDevice(_) if accepted => Some(I::Added(Ok(OpId(OWN)))),
        E::AddDevice(_) => Some(I::Added(Err(AddDeviceError::AlreadyLinking))),
        E::ConfirmAddDevice(id) => Some(I::Confirmed(id, accepted)),
        E::CompareAddDevice(id, _) => Some(I::Compared(id, accepted)),
        E::CancelAddDevice(id) => Some(I::Canceled(id, accepted)),
        E::Query(_) | E::Show(_) | E::Notify(_) | E::Ignored(_) => None,
    }
}
