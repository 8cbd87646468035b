//! The desktop client: any screen follows on any. Its import is not filtered by account (W-34), and leaving its export screen
//! only resets it (W-35).

use handfast::client::{Refused, export, import};

use super::{ExportAt, ImportAt, export_end, import_end};
use crate::property::clients::Client;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Import(ImportAt);

impl Client for Import {
    type Input = import::Input;
    type Effect = import::Effect;

    fn take(&mut self, input: import::Input) -> Result<Vec<import::Effect>, Refused> {
        use import::{Input as I, Screen as S};
        let at = &mut self.0;
        match (at.screen, input) {
            (S::Initial | S::Closed, I::Select) => Ok(at.select()),
            // This client does not compare the account that the signal names.
            (S::Initial | S::Closed, I::Signal(..)) => Ok(Vec::new()),
            (_, I::Signal(_, received)) => Ok(at.show(ImportAt::screen_of(received, import_end))),
            // It is shown to be in progress before the daemon says so (W-40).
            (S::Authenticating { .. }, I::Answer(slot)) => {
                let mut effects = at.provide(slot)?;
                effects.extend(at.show(S::InProgress));
                Ok(effects)
            }
            (S::Initial | S::Closed, I::Back) => Err(Refused::NotOffered),
            (_, I::Back) if at.waits => Err(Refused::NotOffered),
            (S::Error(_), I::Reset | I::Back) => Ok(at.remove()),
            (S::Done, I::Finish | I::Back) => Ok(at.show(S::Closed)),
            (_, I::Back) => Ok(at.remove()),
            (_, input) => at.returned(input),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Export(ExportAt);

impl Client for Export {
    type Input = export::Input;
    type Effect = export::Effect;

    fn take(&mut self, input: export::Input) -> Result<Vec<export::Effect>, Refused> {
        use export::{Input as I, Screen as S};
        let at = &mut self.0;
        match (at.screen, input) {
            (S::Initial | S::Closed | S::ManualEntry, I::Signal(..)) => Ok(Vec::new()),
            (_, I::Signal(id, received)) if at.id == Some(id) => Ok(at.show(ExportAt::screen_of(received, export_end))),
            (_, I::Signal(..)) => Ok(Vec::new()),
            (_, I::Confirm) => at.confirm(|_| S::InProgress),
            (_, I::Cancel) => at.cancel(),
            (S::Initial | S::Closed | S::ManualEntry, I::Select | I::Entered(_) | I::Back) => at.enter(input),
            (_, I::Back) if at.waits => Err(Refused::NotOffered),
            (S::Done { .. }, I::Finish) | (S::Error(_), I::Reset) => Ok(at.show(S::Closed)),
            // The dialog is gone, and that is all.
            (_, I::Back) => Ok(at.show(S::Initial)),
            // The only one of the three that sees that a number is not that of an operation.
            (S::Connecting, I::Added(Err(error))) => Ok(at.show(S::Error(handfast::client::Failure::NoDevice(error)))),
            (_, input) => at.returned(input),
        }
    }
}
