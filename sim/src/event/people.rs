//! The two users.

use handfast::{
    export, import,
    limits::MAX_TRIES,
    outcome::{AccountId, Scheme, Signal},
    reducer::Refused,
};
use handfast_model::{
    action::Action,
    side::{ExportSide, ImportSide},
    world::{HONEST, slot},
};

use super::{
    below::Ledger,
    schedule::Click,
    session::{Event, Party, Session},
    told::Told,
};

/// What the users have done, and what they are asked.
#[derive(Default)]
pub(super) struct People {
    pub(super) started: [bool; Party::COUNT],
    /// Answers that were taken.
    answers: u8,
    /// Passwords that were typed wrong.
    pub(super) typed_wrong: u8,
    prompt: Option<(AccountId, Scheme)>,
    /// Prompts so far.
    prompts: u8,
    /// Whether the password that was typed last is right.
    pub(super) typed: Option<bool>,
    told: bool,
    /// The exporting user is asked to confirm, or has given up.
    pub(super) asked: bool,
    pub(super) gave_up: bool,
    /// The account is being linked already: the exporting user waits for the end of that (R-API-4).
    pub(super) waits: bool,
    /// What the hostile device does next, and whether it has gone.
    pub(super) device_next: usize,
    pub(super) device_gone: bool,
    /// What is due to it.
    pub(super) ledger: Ledger,
}

impl People {
    /// What the importing user was asked, no one asks any more.
    pub(super) fn forget_prompt(&mut self) {
        self.prompt = None;
    }
}

/// The bytes of a password.
pub(super) fn password(right: bool, scheme: Scheme) -> &'static [u8] {
    match (right, scheme) {
        (true, Scheme::Password) => b"correct horse",
        (true, Scheme::None) => b"",
        (false, _) => b"wrong horse",
    }
}

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// A user begins.
    pub(super) fn begin(&mut self, party: Party) {
        if self.crashed[0] && party == Party::Import || self.sealed {
            return;
        }
        let begun = match party {
            Party::Import => self.take_import(Some(Told::Import(Action::AddAccount)), import::Input::AddAccount),
            Party::Export(line) => self.add_device(line),
        };
        self.people.started[party.index()] = begun.is_ok();
        self.people.waits |= begun.is_err();
    }

    fn add_device(&mut self, line: usize) -> Result<(), Refused> {
        let scheme = self.schedule.scheme;
        self.take_export(line, Some(Action::AddDevice(scheme)), export::Input::AddDevice(scheme))
    }

    /// How long a user thinks.
    fn thinks(&self, party: Party) -> u32 {
        match (party, &self.schedule.rival) {
            (Party::Import, _) => self.schedule.think.0,
            (Party::Export(1..), Some(rival)) => rival.think,
            (Party::Export(_), _) => self.schedule.think.1,
        }
    }

    /// A user sees a signal.
    pub(super) fn react(&mut self, party: Party, signal: Signal) {
        let schedule = self.schedule;
        let think = self.thinks(party);
        let idle = schedule.idle.map(Party::of) == Some(party);
        match (party, signal) {
            (Party::Import, Signal::TokenAvailable) if !schedule.alone && !self.people.told => {
                self.people.told = true;
                for line in 0..self.lines.len() {
                    let user = Party::Export(line);
                    self.queue.after(self.thinks(user), Event::Begin(user));
                }
            }
            (Party::Import, Signal::Prompt { peer, scheme, .. }) => {
                self.people.prompt = Some((peer, scheme));
                self.people.prompts += 1;
                let answer = peer == HONEST || schedule.trusting;
                let event = if answer { Event::Answer(self.people.prompts) } else { Event::GiveUp };
                if !idle {
                    self.queue.after(think, event);
                }
            }
            (Party::Export(line), Signal::Confirm { .. }) => {
                self.people.asked = true;
                if !idle {
                    self.queue.after(think, Event::Confirm(line));
                }
            }
            (Party::Export(_), Signal::Done(_)) => self.people.asked = false,
            (Party::Import, Signal::Done(_)) => self.people.prompt = None,
            (
                Party::Import | Party::Export(_),
                Signal::TokenAvailable
                | Signal::Connecting
                | Signal::Prompt { .. }
                | Signal::Confirm { .. }
                | Signal::InProgress,
            ) => {}
        }
    }

    /// The importing user answers the prompt of this number, if it is still open.
    pub(super) fn answer(&mut self, prompt: u8) {
        if prompt != self.people.prompts {
            return;
        }
        // Only an old importer asks so often.
        if self.people.answers > MAX_TRIES {
            let _ = self.cancel(Party::Import);
            return;
        }
        if let Some((_, scheme)) = self.people.prompt {
            let right = self.people.typed_wrong >= self.schedule.wrong;
            let _ = self.type_password(right, scheme, Action::Answer { right });
        }
    }

    fn type_password(&mut self, right: bool, scheme: Scheme, action: Action) -> bool {
        let slot = slot(self.people.answers, right);
        let before = self.people.typed.replace(right);
        let taken =
            self.take_import(Some(Told::Import(action)), import::Input::ProvideAccountAuthentication(slot, scheme));
        match taken {
            Ok(()) => {
                self.people.answers += 1;
                self.people.typed_wrong += u8::from(!right);
                self.people.prompt = None;
            }
            Err(_) => self.people.typed = before,
        }
        taken.is_ok()
    }

    /// An exporting user confirms the device.
    pub(super) fn confirm(&mut self, line: usize) {
        let party = Party::Export(line).index();
        if self.people.started[party] && !self.crashed[party] {
            let _ = self.take_export(line, Some(Action::ConfirmAddDevice), export::Input::ConfirmAddDevice);
        }
    }

    /// A user gives up, if there is something to give up. It may be too late.
    pub(super) fn cancel(&mut self, party: Party) -> Result<(), &'static str> {
        let own = party.index();
        if !self.people.started[own] || self.crashed[own] || self.done[own].is_some() {
            return Err("there is no operation");
        }
        let _ = match party {
            Party::Import => self.take_import(Some(Told::Import(Action::RemoveAccount)), import::Input::RemoveAccount),
            Party::Export(line) => {
                self.people.gave_up = true;
                self.take_export(line, Some(Action::CancelAddDevice), export::Input::CancelAddDevice)
            }
        };
        Ok(())
    }

    /// A client makes a call that it should not make.
    pub(super) fn click(&mut self, click: Click) -> Result<(), &'static str> {
        let scheme = self.people.prompt.map_or(self.schedule.scheme, |(_, scheme)| scheme);
        let (party, before) = match click {
            Click::Begin | Click::Answer | Click::AnswerOtherwise => (Party::Import, self.import.place()),
            Click::AddDevice | Click::Confirm => (Party::Export(0), self.lines[0].export.place()),
        };
        if self.is_old(party.side()) && !self.can_click(click) {
            return Err("nobody asks for it");
        }
        // After the end it would begin another one, where there can be one.
        if click == Click::AddDevice && self.schedule.again.is_some() && self.done[party.index()].is_some() {
            return Err("the operation is over");
        }
        // Without an operation there is none to be called.
        if !self.people.started[party.index()] || self.crashed[party.index()] {
            return Err("there is no operation");
        }
        let accepted = match click {
            Click::Begin => self.take_import(Some(Told::Import(Action::AddAccount)), import::Input::AddAccount).is_ok(),
            Click::Answer => self.type_password(true, scheme, Action::Answer { right: true }),
            Click::AnswerOtherwise => {
                let other = match scheme {
                    Scheme::None => Scheme::Password,
                    Scheme::Password => Scheme::None,
                };
                self.type_password(true, other, Action::AnswerOtherwise)
            }
            Click::AddDevice => self.add_device(0).is_ok(),
            Click::Confirm => {
                self.take_export(0, Some(Action::ConfirmAddDevice), export::Input::ConfirmAddDevice).is_ok()
            }
        };
        let after = if party == Party::Import { self.import.place() } else { self.lines[0].export.place() };
        if !accepted && before != after {
            let text = format!("{party}: a refused call changed {before} to {after}");
            self.break_law(super::judge::Law::Model, text);
        }
        Ok(())
    }

    /// An old daemon takes calls that no one asks for. Of these the model has those that it was seen to take.
    fn can_click(&self, click: Click) -> bool {
        match click {
            Click::Begin => true,
            Click::Answer | Click::AnswerOtherwise => self.people.prompt.is_some(),
            Click::AddDevice => self.done[Party::Export(0).index()].is_none() && !self.people.gave_up,
            Click::Confirm => self.people.asked,
        }
    }
}
