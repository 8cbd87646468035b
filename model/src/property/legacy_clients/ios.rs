//! The client for iOS: a list of the screens that may follow; what is not on it is ignored. An error that is not in its list of
//! errors is a success (W-10), and leaving its export screen only dismisses it (W-35).

use handfast::client::{Refused, export, import};

use super::{ExportAt, ImportAt, export_end, import_end, lenient};
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
            (from, I::Signal(id, received)) if at.id == Some(id) => {
                let to = ImportAt::screen_of(lenient(received), import_end);
                let follows = matches!(
                    (from, to),
                    (S::Init, S::TokenAvailable | S::Done | S::Error(_))
                        | (S::TokenAvailable, S::TokenAvailable | S::Connecting | S::Done | S::Error(_))
                        | (S::Connecting, S::Authenticating { .. } | S::Done | S::Error(_))
                        | (
                            S::Authenticating { .. } | S::InProgress | S::Done | S::Error(_),
                            S::InProgress | S::Authenticating { .. } | S::Done | S::Error(_)
                        )
                );
                Ok(if follows { at.show(to) } else { Vec::new() })
            }
            (_, I::Signal(..)) => Ok(Vec::new()),
            (S::Authenticating { .. }, I::Answer(slot)) => {
                let mut effects = at.provide(slot)?;
                effects.extend(at.show(S::InProgress));
                Ok(effects)
            }
            (S::Initial | S::Closed, I::Back) => Err(Refused::NotOffered),
            (_, I::Back) if at.waits => Err(Refused::NotOffered),
            (S::Done, I::Finish | I::Back) => Ok(at.show(S::Closed)),
            (_, I::Back) | (S::Error(_), I::Reset) => Ok(at.remove()),
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
            (from, I::Signal(id, received)) if at.id == Some(id) => {
                let to = ExportAt::screen_of(lenient(received), export_end);
                let follows = matches!(
                    (from, to),
                    (S::Connecting, S::Connecting | S::Authenticating { .. } | S::Done { .. } | S::Error(_))
                        | (S::Authenticating { .. } | S::InProgress, S::InProgress | S::Done { .. } | S::Error(_))
                        | (S::Done { .. } | S::Error(_), S::Done { .. } | S::Error(_))
                );
                Ok(if follows { at.show(to) } else { Vec::new() })
            }
            (_, I::Signal(..)) => Ok(Vec::new()),
            (_, I::Confirm) => at.confirm(|_| S::InProgress),
            (_, I::Cancel) => at.cancel(),
            (S::Initial | S::Closed | S::ManualEntry, I::Select | I::Entered(_) | I::Back) => at.enter(input),
            (_, I::Back) if at.waits => Err(Refused::NotOffered),
            (S::Done { .. }, I::Finish) | (S::Error(_), I::Reset) => Ok(at.show(S::Closed)),
            // The sheet is dismissed, and that is all.
            (_, I::Back) => Ok(at.show(S::Initial)),
            (_, input) => at.returned(input),
        }
    }
}
