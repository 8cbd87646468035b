//! The clients of today, state by state as in `docs/legacy/daemon.md` 9.2: the screens of users of an old device.
//!
//! They take the inputs and make the calls of ours; the order of the screens is their own. The shared part is here.

mod android;
mod ios;
mod qt;

use handfast::{
    client::{Failure, Received, Refused, export, import},
    message::Slot,
    operations::{LocalId, OpId},
    outcome::{Outcome, Signal},
};

pub use self::android::Age;
use crate::property::clients::{AnyExportClient, AnyImportClient};

/// The two of the desktop client.
pub fn qt() -> (AnyImportClient, AnyExportClient) {
    (AnyImportClient::new(qt::Import::default()), AnyExportClient::new(qt::Export::default()))
}

/// The two of the client for Android.
pub fn android() -> (AnyImportClient, AnyExportClient) {
    (AnyImportClient::new(android::Import::default()), AnyExportClient::new(android::Export::default()))
}

/// The two of the client for Android, the import client as old as this.
pub fn android_of(age: Age) -> (AnyImportClient, AnyExportClient) {
    (AnyImportClient::new(android::Import::of(age)), AnyExportClient::new(android::Export::default()))
}

/// The two of the client for iOS.
pub fn ios() -> (AnyImportClient, AnyExportClient) {
    (AnyImportClient::new(ios::Import::default()), AnyExportClient::new(ios::Export::default()))
}

/// How an old import client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ImportAt {
    /// The account of its attempt.
    id: Option<LocalId>,
    /// A call has not returned: no one can leave while it waits for it.
    waits: bool,
    screen: import::Screen,
}

impl Default for ImportAt {
    fn default() -> Self {
        Self { id: None, waits: false, screen: import::Screen::Initial }
    }
}

impl ImportAt {
    fn show(&mut self, screen: import::Screen) -> Vec<import::Effect> {
        self.screen = screen;
        vec![import::Effect::Show(screen)]
    }

    /// A new attempt.
    fn select(&mut self) -> Vec<import::Effect> {
        (self.id, self.waits) = (None, true);
        let mut effects = vec![import::Effect::AddAccount];
        effects.extend(self.show(import::Screen::Init));
        effects
    }

    /// Away from the screen, and the account removed.
    fn remove(&mut self) -> Vec<import::Effect> {
        let removed = self.id.map(import::Effect::RemoveAccount);
        removed.into_iter().chain(self.show(import::Screen::Initial)).collect()
    }

    /// The screen of a signal.
    fn screen_of(received: Received, done: fn(Received) -> import::Screen) -> import::Screen {
        use import::{Prompt, Screen};
        match received {
            Received::Signal(Signal::TokenAvailable) => Screen::TokenAvailable,
            Received::Signal(Signal::Connecting) => Screen::Connecting,
            // It knows no other key than the old ones.
            Received::Signal(Signal::CompareAccount { peer, scheme }) => {
                Screen::Authenticating { prompt: Prompt { peer, scheme, wrong_password: false }, answered: false }
            }
            Received::Signal(Signal::Prompt { peer, scheme, wrong_password }) => {
                Screen::Authenticating { prompt: Prompt { peer, scheme, wrong_password }, answered: false }
            }
            Received::Signal(Signal::InProgress | Signal::Confirm { .. } | Signal::CompareDevice { .. }) => {
                Screen::InProgress
            }
            Received::Signal(Signal::Done(_)) | Received::Unheard | Received::Strange => done(received),
        }
    }

    /// The person answers.
    fn provide(&mut self, slot: Slot) -> Result<Vec<import::Effect>, Refused> {
        let (Some(id), import::Screen::Authenticating { prompt, answered: false }) = (self.id, self.screen) else {
            return Err(Refused::NotOffered);
        };
        // The field for a password is there only if one is asked for.
        let mut effects = vec![import::Effect::ProvideAccountAuthentication(id, slot, prompt.scheme)];
        effects.extend(self.show(import::Screen::Authenticating { prompt, answered: true }));
        Ok(effects)
    }

    /// None of the three looks at this: it does not know of refusals.
    fn returned(&mut self, input: import::Input) -> Result<Vec<import::Effect>, Refused> {
        self.waits &= !matches!(input, import::Input::Added(_));
        match input {
            import::Input::Added(Ok(id)) => {
                self.id = Some(id);
                Ok(Vec::new())
            }
            import::Input::Added(Err(_)) | import::Input::Provided(..) | import::Input::Removed(..) => Ok(Vec::new()),
            _ => Err(Refused::NotOffered),
        }
    }
}

/// How an old export client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ExportAt {
    id: Option<OpId>,
    waits: bool,
    screen: export::Screen,
}

impl Default for ExportAt {
    fn default() -> Self {
        Self { id: None, waits: false, screen: export::Screen::Initial }
    }
}

impl ExportAt {
    fn show(&mut self, screen: export::Screen) -> Vec<export::Effect> {
        self.screen = screen;
        vec![export::Effect::Show(screen)]
    }

    /// Enters the token. Typing and scanning are the same here.
    fn enter(&mut self, input: export::Input) -> Result<Vec<export::Effect>, Refused> {
        use export::{Input as I, Screen as S};
        match (self.screen, input) {
            (S::Initial | S::Closed, I::Select) => Ok(self.show(S::ManualEntry)),
            (S::ManualEntry, I::Entered(token)) => {
                (self.id, self.waits) = (None, true);
                let mut effects = vec![export::Effect::AddDevice(token)];
                effects.extend(self.show(S::Connecting));
                Ok(effects)
            }
            (S::ManualEntry, I::Back) => Ok(self.show(S::Initial)),
            _ => Err(Refused::NotOffered),
        }
    }

    fn screen_of(received: Received, done: fn(Received) -> export::Screen) -> export::Screen {
        use export::Screen;
        match received {
            Received::Signal(Signal::Connecting | Signal::TokenAvailable) => Screen::Connecting,
            Received::Signal(
                Signal::Confirm { peer_address: address } | Signal::CompareDevice { peer_address: address },
            ) => Screen::Authenticating { address, confirmed: false },
            Received::Signal(Signal::InProgress | Signal::Prompt { .. } | Signal::CompareAccount { .. }) => {
                Screen::InProgress
            }
            Received::Signal(Signal::Done(_)) | Received::Unheard | Received::Strange => done(received),
        }
    }

    /// The explicit button of the address confirmation.
    fn confirm(&mut self, then: fn(export::Screen) -> export::Screen) -> Result<Vec<export::Effect>, Refused> {
        let (Some(id), export::Screen::Authenticating { address, confirmed: false }) = (self.id, self.screen) else {
            return Err(Refused::NotOffered);
        };
        let mut effects = vec![export::Effect::ConfirmAddDevice(id)];
        effects.extend(self.show(then(export::Screen::Authenticating { address, confirmed: true })));
        Ok(effects)
    }

    /// The other button of it.
    fn cancel(&mut self) -> Result<Vec<export::Effect>, Refused> {
        match (self.id, self.screen) {
            (Some(id), export::Screen::Authenticating { confirmed: false, .. }) => {
                let mut effects = vec![export::Effect::CancelAddDevice(id)];
                effects.extend(self.show(export::Screen::Initial));
                Ok(effects)
            }
            _ => Err(Refused::NotOffered),
        }
    }

    fn returned(&mut self, input: export::Input) -> Result<Vec<export::Effect>, Refused> {
        self.waits &= !matches!(input, export::Input::Added(_));
        match input {
            export::Input::Added(Ok(id)) => {
                self.id = Some(id);
                Ok(Vec::new())
            }
            // A negative number is a large one here: the screen goes on loading.
            export::Input::Added(Err(_)) | export::Input::Confirmed(..) | export::Input::Canceled(..) => Ok(Vec::new()),
            _ => Err(Refused::NotOffered),
        }
    }
}

/// An end, where every error that is not empty is a failure.
fn failure_of(received: Received) -> Option<Failure> {
    match received {
        Received::Signal(Signal::Done(outcome)) if outcome.is_success() => None,
        Received::Signal(Signal::Done(outcome)) => Some(Failure::Ended(outcome)),
        Received::Signal(_) | Received::Unheard | Received::Strange => Some(Failure::Unheard),
    }
}

fn import_end(received: Received) -> import::Screen {
    failure_of(received).map_or(import::Screen::Done, import::Screen::Error)
}

fn export_end(received: Received) -> export::Screen {
    failure_of(received).map_or(export::Screen::Done { confirmed: true }, export::Screen::Error)
}

/// Where what is not in the list of errors falls into the branch of success (W-10).
fn lenient(received: Received) -> Received {
    match received {
        Received::Unheard => Received::Signal(Signal::Done(Outcome::SUCCESS)),
        received => received,
    }
}
