//! The client for Android: a list of the screens that may follow. Its import ignores what is not on it; its export throws (W-36).
//! Back after a failed import leaves the account there (W-38).

use handfast::client::{Received, Refused, export, import};

use super::{ExportAt, ImportAt, export_end, import_end};
use crate::property::clients::Client;

/// How old the import client is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// Before `3c553f7` of 2025-03-10: its list lacks two steps, and it throws.
    First,
    /// Before `25c01ae` of 2026-07-02: it throws.
    Strict,
    /// Of 2026-08: it ignores what is not on its list.
    #[default]
    Today,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Import {
    at: ImportAt,
    age: Age,
    thrown: bool,
}

impl Import {
    pub(super) fn of(age: Age) -> Self {
        Self { age, ..Self::default() }
    }
}

impl Client for Import {
    type Input = import::Input;
    type Effect = import::Effect;

    fn take(&mut self, input: import::Input) -> Result<Vec<import::Effect>, Refused> {
        use import::{Input as I, Screen as S};
        let at = &mut self.at;
        match (at.screen, input) {
            (S::Initial | S::Closed, I::Select) => Ok(at.select()),
            (from, I::Signal(id, received)) if at.id == Some(id) => {
                let to = ImportAt::screen_of(received, import_end);
                let follows = matches!(
                    (from, to),
                    (S::Init, S::TokenAvailable | S::Done | S::Error(_))
                        | (S::TokenAvailable, S::TokenAvailable | S::Connecting | S::Done | S::Error(_))
                        | (S::Connecting, S::Authenticating { .. } | S::Done | S::Error(_))
                        | (S::Authenticating { .. }, S::InProgress | S::Done | S::Error(_))
                        | (S::InProgress, S::Done | S::Error(_))
                        | (S::Done | S::Error(_), S::Done | S::Error(_))
                );
                let later = matches!((from, to), (S::InProgress, S::InProgress | S::Authenticating { .. }));
                if follows || later && self.age > Age::First {
                    return Ok(at.show(to));
                }
                self.thrown = self.age < Age::Today;
                Ok(Vec::new())
            }
            (_, I::Signal(..)) => Ok(Vec::new()),
            (S::Authenticating { .. }, I::Answer(slot)) => at.provide(slot),
            (S::Initial | S::Closed, I::Back) => Err(Refused::NotOffered),
            (_, I::Back) if at.waits => Err(Refused::NotOffered),
            // It says that all is well, and the account stays.
            (S::Done, I::Finish | I::Back) | (S::Error(_), I::Back) => Ok(at.show(S::Closed)),
            (S::Error(_), I::Reset) => Ok(at.remove()),
            (_, I::Back) => Ok(at.remove()),
            (_, input) => at.returned(input),
        }
    }

    fn is_broken(&self) -> bool {
        self.thrown
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Export {
    at: ExportAt,
    thrown: bool,
}

impl Client for Export {
    type Input = export::Input;
    type Effect = export::Effect;

    fn take(&mut self, input: export::Input) -> Result<Vec<export::Effect>, Refused> {
        use export::{Input as I, Screen as S};
        let at = &mut self.at;
        match (at.screen, input) {
            (S::Initial | S::Closed | S::ManualEntry, I::Signal(..)) => Ok(Vec::new()),
            (from, I::Signal(id, received)) if at.id == Some(id) => {
                let to = ExportAt::screen_of(received, export_end);
                let begins = received == Received::Signal(handfast::outcome::Signal::Connecting);
                let follows = matches!(
                    (from, to),
                    (S::Connecting, S::Authenticating { .. } | S::Done { .. } | S::Error(_))
                        | (S::Authenticating { .. }, S::InProgress | S::Done { .. } | S::Error(_))
                        | (S::InProgress | S::Done { .. } | S::Error(_), S::Done { .. } | S::Error(_))
                ) || begins && from == S::Connecting;
                if follows {
                    return Ok(at.show(to));
                }
                self.thrown = true;
                Ok(Vec::new())
            }
            (_, I::Signal(..)) => Ok(Vec::new()),
            (_, I::Confirm) => at.confirm(|screen| screen),
            (S::Initial | S::Closed | S::ManualEntry, I::Select | I::Entered(_) | I::Back) => at.enter(input),
            (_, I::Back) if at.waits => Err(Refused::NotOffered),
            (S::Done { .. }, I::Finish | I::Back) | (S::Error(_), I::Reset | I::Back) => Ok(at.show(S::Closed)),
            (_, I::Back) => {
                let cancelled = at.id.map(export::Effect::CancelAddDevice);
                Ok(cancelled.into_iter().chain(at.show(S::Initial)).collect())
            }
            (_, input) => at.returned(input),
        }
    }

    fn is_broken(&self) -> bool {
        self.thrown
    }
}
