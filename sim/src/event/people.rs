//! The two users.

use handfast::{
    export, import,
    outcome::{AccountId, Scheme, Side, Signal},
};
use handfast_model::{
    action::Action,
    side::{ExportSide, ImportSide},
    world::{HONEST, slot},
};

use super::{
    engine::{Event, Session, index},
    schedule::Click,
};

/// What the users have done, and what they are asked.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) started: [bool; 2],
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
    /// What the hostile device does next, and whether it has gone.
    pub(super) device_next: usize,
    pub(super) device_gone: bool,
}

impl People {
    pub(super) fn crash(&mut self, side: Side) {
        if side == Side::Import {
            self.prompt = None;
        }
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
    pub(super) fn begin(&mut self, side: Side) {
        if self.crashed[0] && side == Side::Import {
            return;
        }
        self.people.started[index(side)] = true;
        let _ = match side {
            Side::Import => self.take_import(Some(Action::AddAccount), import::Input::AddAccount),
            Side::Export => {
                let scheme = self.schedule.scheme;
                self.take_export(Some(Action::AddDevice(scheme)), export::Input::AddDevice(scheme))
            }
        };
    }

    /// A user sees a signal.
    pub(super) fn react(&mut self, side: Side, signal: Signal) {
        let schedule = self.schedule;
        let think = match side {
            Side::Import => schedule.think.0,
            Side::Export => schedule.think.1,
        };
        let idle = schedule.idle == Some(side);
        match (side, signal) {
            (Side::Import, Signal::TokenAvailable) if !schedule.alone && !self.people.told => {
                self.people.told = true;
                self.queue.after(schedule.think.1, Event::Begin(Side::Export));
            }
            (Side::Import, Signal::Prompt { peer, scheme, .. }) => {
                self.people.prompt = Some((peer, scheme));
                self.people.prompts += 1;
                let answer = peer == HONEST || schedule.trusting;
                let event = if answer { Event::Answer(self.people.prompts) } else { Event::GiveUp };
                if !idle {
                    self.queue.after(think, event);
                }
            }
            (Side::Export, Signal::Confirm { .. }) if !idle => self.queue.after(think, Event::Confirm),
            (Side::Import, Signal::Done(_)) => self.people.prompt = None,
            (
                Side::Import | Side::Export,
                Signal::TokenAvailable
                | Signal::Connecting
                | Signal::Prompt { .. }
                | Signal::Confirm { .. }
                | Signal::InProgress
                | Signal::Done(_),
            ) => {}
        }
    }

    /// The importing user answers the prompt of this number, if it is still open.
    pub(super) fn answer(&mut self, prompt: u8) {
        if prompt != self.people.prompts {
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
        let taken = self.take_import(Some(action), import::Input::ProvideAccountAuthentication(slot, scheme));
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

    /// The exporting user confirms the device.
    pub(super) fn confirm(&mut self) {
        if self.people.started[1] && !self.crashed[1] {
            let _ = self.take_export(Some(Action::ConfirmAddDevice), export::Input::ConfirmAddDevice);
        }
    }

    /// A user gives up, if there is something to give up. It may be too late.
    pub(super) fn cancel(&mut self, side: Side) -> Result<(), &'static str> {
        if !self.people.started[index(side)] || self.crashed[index(side)] || self.done[index(side)].is_some() {
            return Err("there is no operation");
        }
        let _ = match side {
            Side::Import => self.take_import(Some(Action::RemoveAccount), import::Input::RemoveAccount),
            Side::Export => self.take_export(Some(Action::CancelAddDevice), export::Input::CancelAddDevice),
        };
        Ok(())
    }

    /// A client makes a call that it should not make.
    pub(super) fn click(&mut self, click: Click) -> Result<(), &'static str> {
        let scheme = self.people.prompt.map_or(self.schedule.scheme, |(_, scheme)| scheme);
        let (side, before) = match click {
            Click::Begin | Click::Answer | Click::AnswerOtherwise => (Side::Import, self.import.place()),
            Click::AddDevice | Click::Confirm => (Side::Export, self.export.place()),
        };
        // Without an operation there is none to be called.
        if !self.people.started[index(side)] || self.crashed[index(side)] {
            return Err("there is no operation");
        }
        let accepted = match click {
            Click::Begin => self.take_import(Some(Action::AddAccount), import::Input::AddAccount).is_ok(),
            Click::Answer => self.type_password(true, scheme, Action::Answer { right: true }),
            Click::AnswerOtherwise => {
                let other = match scheme {
                    Scheme::None => Scheme::Password,
                    Scheme::Password => Scheme::None,
                };
                self.type_password(true, other, Action::AnswerOtherwise)
            }
            Click::AddDevice => {
                let scheme = self.schedule.scheme;
                self.take_export(Some(Action::AddDevice(scheme)), export::Input::AddDevice(scheme)).is_ok()
            }
            Click::Confirm => self.take_export(Some(Action::ConfirmAddDevice), export::Input::ConfirmAddDevice).is_ok(),
        };
        let after = if side == Side::Import { self.import.place() } else { self.export.place() };
        if !accepted && before != after {
            let text = format!("{side}: a refused call changed {before} to {after}");
            self.break_law(super::judge::Law::Model, text);
        }
        Ok(())
    }
}
