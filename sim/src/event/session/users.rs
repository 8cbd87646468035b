//! The two users.

use handfast::{
    export, import,
    outcome::{Scheme, Signal},
    reducer::Refused,
};
use handfast_model::{
    action::Action,
    side::{ExportSide, ImportSide},
    system::stated::TRIES,
    world::{HONEST, slot},
};

use crate::event::{
    compare::is_same,
    schedule::Click,
    session::Session,
    state::{
        event::{Event, Party},
        law::Law,
        model_step::ModelStep,
    },
};

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// A user begins.
    pub(crate) fn begin(&mut self, party: Party) {
        if self.crashed[0] && party == Party::Import || self.sealed {
            return;
        }
        let begun = match party {
            Party::Import => self.take_import(Some(ModelStep::Import(Action::AddAccount)), import::Input::AddAccount),
            Party::Export(link) => self.add_device(link),
        };
        self.users.started[party.index()] = begun.is_ok();
        self.users.waits |= begun.is_err();
    }

    fn add_device(&mut self, link: usize) -> Result<(), Refused> {
        let scheme = self.schedule.scheme;
        self.take_export(link, Some(Action::AddDevice(scheme)), export::Input::AddDevice(scheme))
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
    pub(crate) fn react(&mut self, party: Party, signal: Signal) {
        let schedule = self.schedule;
        let think = self.thinks(party);
        let idle = schedule.idle.map(Party::of) == Some(party);
        match (party, signal) {
            (Party::Import, Signal::TokenAvailable) if !schedule.alone && !self.users.invited => {
                self.users.invited = true;
                for link in 0..self.links.len() {
                    let user = Party::Export(link);
                    self.queue.after(self.thinks(user), Event::Begin(user));
                }
            }
            (Party::Import, Signal::Prompt { peer, scheme, .. }) => {
                self.users.prompt = Some((peer, scheme));
                self.users.prompts += 1;
                let answer = peer == HONEST || schedule.trusting;
                let event = if answer { Event::Answer(self.users.prompts) } else { Event::GiveUp };
                if !idle {
                    self.queue.after(think, event);
                }
            }
            (Party::Export(link), Signal::Confirm { .. }) => {
                self.users.asked = true;
                if !idle {
                    self.queue.after(think, Event::Confirm(link));
                }
            }
            (_, Signal::CompareAccount { .. } | Signal::CompareDevice { .. }) => {
                self.users.compares = true;
                if !idle {
                    self.queue.after(think, Event::Compare(party));
                }
            }
            (Party::Export(_), Signal::Done(_)) => self.users.asked = false,
            (Party::Import, Signal::Done(_)) => self.users.prompt = None,
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
    pub(crate) fn answer(&mut self, prompt: u8) {
        if prompt != self.users.prompts {
            return;
        }
        // Only an old importer asks so often.
        if self.users.answers > TRIES {
            let _ = self.cancel(Party::Import);
            return;
        }
        if let Some((_, scheme)) = self.users.prompt {
            let right = self.users.typed_wrong >= self.schedule.wrong;
            let _ = self.type_password(right, scheme, Action::Answer { right });
        }
    }

    fn type_password(&mut self, right: bool, scheme: Scheme, action: Action) -> bool {
        let slot = slot(self.users.answers, right);
        let before = self.users.typed.replace(right);
        let taken = self
            .take_import(Some(ModelStep::Import(action)), import::Input::ProvideAccountAuthentication(slot, scheme));
        match taken {
            Ok(()) => {
                self.users.answers += 1;
                self.users.typed_wrong += u8::from(!right);
                self.users.prompt = None;
            }
            Err(_) => self.users.typed = before,
        }
        taken.is_ok()
    }

    /// An exporting user confirms the device.
    pub(crate) fn confirm(&mut self, link: usize) {
        let party = Party::Export(link).index();
        if self.users.started[party] && !self.crashed[party] {
            let _ = self.take_export(link, Some(Action::ConfirmAddDevice), export::Input::ConfirmAddDevice);
        }
    }

    /// A user compares the two screens, and says whether they show the same string (R-SAS-5).
    pub(crate) fn compare(&mut self, party: Party) {
        let own = party.index();
        if self.crashed[own] || self.done[own].is_some() {
            return;
        }
        let equal = self.sees_the_same(party) && self.schedule.sas.is_none_or(|sas| sas.differs != Some(party.side()));
        let _ = self.say_compared(party, equal);
    }

    /// Whether the other screen shows the same string. That of an intruder does not, but a trusting user does not look.
    fn sees_the_same(&self, party: Party) -> bool {
        let of_import = |conn: usize| self.importing.conns.get(conn).and_then(|conn| conn.comparison.as_ref());
        let of_export = |link: usize| self.links.get(link).and_then(|link| link.exporting.comparison.as_ref());
        match party {
            Party::Import => match self.importing.session {
                Some(conn) if conn < self.links.len() => is_same(of_import(conn), of_export(conn)),
                _ => self.schedule.trusting,
            },
            // The hostile device shows what it likes.
            Party::Export(link) => is_same(of_export(link), of_import(link)),
        }
    }

    fn say_compared(&mut self, party: Party, equal: bool) -> Result<(), Refused> {
        match party {
            Party::Import => self.take_import(
                Some(ModelStep::Import(Action::CompareAccount { equal })),
                import::Input::CompareAccount(equal),
            ),
            Party::Export(link) => {
                self.take_export(link, Some(Action::CompareAddDevice { equal }), export::Input::CompareAddDevice(equal))
            }
        }
    }

    /// A user gives up, if there is something to give up. It may be too late.
    pub(crate) fn cancel(&mut self, party: Party) -> Result<(), &'static str> {
        let own = party.index();
        if !self.users.started[own] || self.crashed[own] || self.done[own].is_some() {
            return Err("there is no operation");
        }
        let _ = match party {
            Party::Import => {
                self.take_import(Some(ModelStep::Import(Action::RemoveAccount)), import::Input::RemoveAccount)
            }
            Party::Export(link) => {
                self.users.gave_up = true;
                self.take_export(link, Some(Action::CancelAddDevice), export::Input::CancelAddDevice)
            }
        };
        Ok(())
    }

    /// A client makes a call that it should not make.
    pub(crate) fn click(&mut self, click: Click) -> Result<(), &'static str> {
        let scheme = self.users.prompt.map_or(self.schedule.scheme, |(_, scheme)| scheme);
        let (party, before) = match click {
            Click::Begin | Click::Answer | Click::AnswerOtherwise | Click::CompareAccount => {
                (Party::Import, self.import.place())
            }
            Click::AddDevice | Click::Confirm | Click::CompareDevice => {
                (Party::Export(0), self.links[0].export.place())
            }
        };
        if self.is_legacy(party.side()) && !self.can_click(click) {
            return Err("it is not asked for");
        }
        // After the end it would begin another one, where there can be one.
        if click == Click::AddDevice && self.schedule.relink.is_some() && self.done[party.index()].is_some() {
            return Err("the operation is over");
        }
        // Without an operation there is none to be called.
        if !self.users.started[party.index()] || self.crashed[party.index()] {
            return Err("there is no operation");
        }
        let accepted = match click {
            Click::Begin => {
                self.take_import(Some(ModelStep::Import(Action::AddAccount)), import::Input::AddAccount).is_ok()
            }
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
            Click::CompareAccount | Click::CompareDevice => self.say_compared(party, true).is_ok(),
        };
        let after = if party == Party::Import { self.import.place() } else { self.links[0].export.place() };
        if !accepted && before != after {
            let text = format!("{party}: a refused call changed {before} to {after}");
            self.break_law(Law::Model, text);
        }
        Ok(())
    }

    /// An old daemon takes calls that no one asks for. Of these the model has those that it was seen to take.
    fn can_click(&self, click: Click) -> bool {
        match click {
            Click::Begin => true,
            Click::Answer | Click::AnswerOtherwise => self.users.prompt.is_some(),
            Click::AddDevice => self.done[Party::Export(0).index()].is_none() && !self.users.gave_up,
            Click::Confirm => self.users.asked,
            Click::CompareAccount | Click::CompareDevice => false,
        }
    }
}
