//! The client of the old device: it takes the token, asks to confirm the new device, and says how it ended.

mod broken;
mod invariant;
mod io;

use core::net::SocketAddr;

use serde::Serialize;

pub use self::io::{Effect, Input, Screen};
use super::{Failure, Ignored, Note, Received, Refused, Reply, failure};
use crate::{
    message::Slot,
    operations::OpId,
    outcome::{Outcome, Signal},
    reducer::{Outbox, assert_invariant},
    rules::{AllRules, Rule, Rules},
};

/// The client of an export.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Client<R: Rules = AllRules> {
    phase: Phase,
    out: Outbox<Effect>,
    #[serde(skip)]
    rules: R,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Phase {
    /// Nothing was chosen.
    Initial,
    /// The token is taken.
    Token(Entry),
    /// `addDevice` is called, and has not returned.
    Adding,
    /// It was left before that: what it returns is cancelled.
    Dropping,
    /// There is an operation.
    Linking(Operation),
    /// It ended well; whether the new device said so.
    Done(OpId, bool),
    /// It ended otherwise.
    Failed(OpId, Failure),
    /// `addDevice` was refused.
    NotBegun(Failure),
    /// The end of the machine.
    Closed,
}

/// The machine inside Export_Init.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Entry {
    Options,
    ScanQr,
    Scanning,
    Typing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
struct Operation {
    id: OpId,
    stage: Stage,
    /// `cancelAddDevice` is called, and has not returned.
    leaving: bool,
}

/// The daemon's last signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Stage {
    Connecting,
    Comparing { address: SocketAddr, reply: Reply },
    Authenticating { address: SocketAddr, reply: Reply },
    InProgress,
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// Returns a client of which nothing was asked yet.
    pub fn new() -> Self {
        Self::under(AllRules)
    }
}

impl<R: Rules> Client<R> {
    /// Returns a client of which nothing was asked yet and which keeps `rules`: how a checker shows that a broken one is found.
    pub fn under(rules: R) -> Self {
        Self { phase: Phase::Initial, out: Outbox::new(), rules }
    }

    /// Takes one input, in any state.
    ///
    /// # Errors
    /// An action that this screen does not offer is refused and changes nothing; so is any input before the last one's effects are
    /// drained.
    pub fn handle(&mut self, input: Input) -> Result<(), Refused> {
        let taken = self.take(input);
        assert_invariant::<R>(|| self.invariant());
        taken
    }

    fn take(&mut self, input: Input) -> Result<(), Refused> {
        use {Entry::*, Input::*, Phase::*, Stage::*};
        if !self.out.is_drained() {
            return Err(Refused::Undrained);
        }
        if self.broken(input) {
            return Ok(());
        }
        match (self.phase, input) {
            // It begins, and the token is taken.
            (Initial | Closed, Select) => self.go(Token(Options)),
            (Token(Options), Camera) => self.go(Token(ScanQr)),
            (Token(ScanQr), Start) => self.go(Token(Scanning)),
            (Token(Options), Manual) => self.go(Token(Typing)),
            (Token(Scanning), Detected(token)) | (Token(Typing), Entered(token)) => self.add(token),
            (Token(ScanQr | Scanning | Typing), Cancel) => self.go(Token(Options)),

            // The operation begins (R-API-4).
            (Adding, Added(Ok(id))) => {
                self.phase = Linking(Operation { id, stage: Connecting, leaving: false });
                // The client asks again for a signal that came before the id was known (R-API-8).
                self.out.push(Effect::Query(id));
            }
            (Adding, Added(Err(error))) => self.go(NotBegun(Failure::NoDevice(error))),

            // The daemon says how far it is; signals of other operations are not shown (R-CLI-2).
            (Linking(operation), Signal(id, received)) if id == operation.id => self.received(operation, received),
            (Done(own, _) | Failed(own, _), Signal(id, _)) if id == own => self.ignore(Ignored::Late),
            (_, Signal(..)) => self.ignore(Ignored::Foreign),

            // The person compares, and with that confirms the device (R-SAS-5).
            (
                Linking(Operation { id, stage: Comparing { address, reply: Reply::Open }, leaving: false }),
                Compare(equal),
            ) => {
                self.out.push(Effect::CompareAddDevice(id, equal));
                let stage = Comparing { address, reply: Reply::Given };
                self.go(Linking(Operation { id, stage, leaving: false }));
            }
            (
                Linking(operation @ Operation { id, stage: Comparing { address, reply: Reply::Given }, .. }),
                Compared(of, false),
            ) if of == id => {
                self.out.push(Effect::Notify(Note::NotTaken));
                self.out.push(Effect::Query(id));
                let stage = Comparing { address, reply: Reply::Refused };
                self.go(Linking(Operation { stage, ..operation }));
            }

            // The person confirms the device (R-API-5).
            (
                Linking(Operation { id, stage: Authenticating { address, reply: Reply::Open }, leaving: false }),
                Confirm,
            ) => {
                self.out.push(Effect::ConfirmAddDevice(id));
                let stage = Authenticating { address, reply: Reply::Given };
                self.go(Linking(Operation { id, stage, leaving: false }));
            }
            (
                Linking(operation @ Operation { id, stage: Authenticating { address, reply: Reply::Given }, .. }),
                Confirmed(of, false),
            ) if of == id => {
                // The operation may have ended by now: the daemon's next signal decides (R-CLI-8).
                self.out.push(Effect::Notify(Note::NotTaken));
                self.out.push(Effect::Query(id));
                let stage = Authenticating { address, reply: Reply::Refused };
                self.go(Linking(Operation { stage, ..operation }));
            }

            // The person wants to be out of here, which ends the operation (R-CLI-5).
            (Token(_) | Done(..) | Failed(..) | NotBegun(_), Back) => self.go(Initial),
            (Adding, Back) => self.go(Dropping),
            (Dropping, Added(Ok(id))) => {
                self.out.push(Effect::CancelAddDevice(id));
                self.phase = Initial;
            }
            (Dropping, Added(Err(_))) => self.phase = Initial,
            (Linking(operation), Back) => self.leave(operation),
            (Linking(operation), Canceled(of, accepted)) if of == operation.id => self.canceled(operation, accepted),
            (Failed(..) | NotBegun(_), Reset) | (Done(..), Finish) => self.go(Closed),

            // A cancel after the end has nothing to stop; any other that is refused leaves something at work.
            (Done(own, _) | Failed(own, _), Canceled(of, _)) if of == own => {}
            (_, Canceled(_, true)) => {}
            (_, Canceled(_, false)) => self.say_goes_on(),

            // Answers that come late, or to what no one asked.
            (Linking(_) | Done(..) | Failed(..), Confirmed(..) | Compared(..)) => {}
            (Initial | Token(_) | Adding | Dropping | NotBegun(_) | Closed, Confirmed(..) | Compared(..)) => {
                self.ignore(Ignored::Late);
            }
            (Initial | Token(_) | Linking(_) | Done(..) | Failed(..) | NotBegun(_) | Closed, Added(_)) => {
                self.ignore(Ignored::Strange);
            }

            // The screen does not offer it.
            (Token(_) | Adding | Dropping | Linking(_) | Done(..) | Failed(..) | NotBegun(_), Select)
            | (_, Camera | Start | Detected(_) | Manual | Entered(_) | Cancel | Confirm | Compare(_))
            | (Initial | Dropping | Closed, Back)
            | (Initial | Token(_) | Adding | Dropping | Linking(_) | Done(..) | Closed, Reset)
            | (Initial | Token(_) | Adding | Dropping | Linking(_) | Failed(..) | NotBegun(_) | Closed, Finish) => {
                return Err(Refused::NotOffered);
            }
        }
        Ok(())
    }

    /// The next effect to carry out. Drain them all before the next input.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.out.poll()
    }

    /// The screen.
    pub const fn screen(&self) -> Screen {
        match self.phase {
            Phase::Initial | Phase::Dropping => Screen::Initial,
            Phase::Token(entry) => match entry {
                Entry::Options => Screen::ShowInputOptions,
                Entry::ScanQr => Screen::ScanQr,
                Entry::Scanning => Screen::QrScanning,
                Entry::Typing => Screen::ManualEntry,
            },
            Phase::Adding => Screen::Connecting,
            Phase::Linking(Operation { stage, .. }) => match stage {
                Stage::Connecting => Screen::Connecting,
                Stage::Comparing { address, reply } => {
                    Screen::Comparing { address, answered: !matches!(reply, Reply::Open) }
                }
                Stage::Authenticating { address, reply } => {
                    Screen::Authenticating { address, confirmed: !matches!(reply, Reply::Open) }
                }
                Stage::InProgress => Screen::InProgress,
            },
            Phase::Done(_, confirmed) => Screen::Done { confirmed },
            Phase::Failed(_, failure) | Phase::NotBegun(failure) => Screen::Error(failure),
            Phase::Closed => Screen::Closed,
        }
    }

    /// The operation that is shown, once it has an id.
    pub const fn operation(&self) -> Option<OpId> {
        match self.phase {
            Phase::Linking(Operation { id, .. }) | Phase::Done(id, _) | Phase::Failed(id, _) => Some(id),
            Phase::Initial | Phase::Token(_) | Phase::Adding | Phase::Dropping | Phase::NotBegun(_) | Phase::Closed => {
                None
            }
        }
    }

    fn go(&mut self, phase: Phase) {
        self.phase = phase;
        self.out.push(Effect::Show(self.screen()));
    }

    fn ignore(&mut self, why: Ignored) {
        self.out.push(Effect::Ignored(why));
    }

    fn say_goes_on(&mut self) {
        if self.rules.keeps(Rule::ClientRefusalIsSaid) {
            self.out.push(Effect::Notify(Note::GoesOn));
        }
    }

    /// There is a token.
    fn add(&mut self, token: Slot) {
        self.out.push(Effect::Show(Screen::TokenObtained));
        self.out.push(Effect::AddDevice(token));
        self.go(Phase::Adding);
    }

    /// Takes a signal of the own operation. It goes forward only; a step that was missed is made up for by the next (R-CLI-4).
    fn received(&mut self, operation: Operation, received: Received) {
        use Stage::*;
        let Operation { id, stage, leaving } = operation;
        let stage = match (stage, received) {
            (_, Received::Unheard | Received::Signal(Signal::Done(_))) => return self.end(operation, received),

            // It is shown from the call on.
            (Connecting, Received::Signal(Signal::Connecting)) => return,
            (
                Authenticating { address, reply: Reply::Open | Reply::Given },
                Received::Signal(Signal::Confirm { peer_address }),
            ) if address == peer_address => {
                return self.ignore(Ignored::Again);
            }
            (Connecting | Authenticating { .. }, Received::Signal(Signal::Confirm { peer_address: address })) => {
                Authenticating { address, reply: Reply::Open }
            }
            (
                Comparing { address, reply: Reply::Open | Reply::Given },
                Received::Signal(Signal::CompareDevice { peer_address }),
            ) if address == peer_address => return self.ignore(Ignored::Again),
            (Connecting | Comparing { .. }, Received::Signal(Signal::CompareDevice { peer_address: address })) => {
                Comparing { address, reply: Reply::Open }
            }
            (Connecting | Comparing { .. } | Authenticating { .. }, Received::Signal(Signal::InProgress)) => InProgress,
            (InProgress, Received::Signal(Signal::InProgress)) => return self.ignore(Ignored::Again),

            (Comparing { .. } | Authenticating { .. } | InProgress, Received::Signal(Signal::Connecting))
            | (Comparing { .. } | InProgress, Received::Signal(Signal::Confirm { .. }))
            | (Authenticating { .. } | InProgress, Received::Signal(Signal::CompareDevice { .. }))
            | (
                _,
                Received::Signal(Signal::TokenAvailable | Signal::Prompt { .. } | Signal::CompareAccount { .. })
                | Received::Strange,
            ) => {
                return self.ignore(Ignored::Strange);
            }
        };
        self.go(Phase::Linking(Operation { id, stage, leaving }));
    }

    /// The operation ended. Of one that was left, only what is new is shown.
    fn end(&mut self, operation: Operation, received: Received) {
        let Operation { id, leaving, .. } = operation;
        self.go(match (received, failure(received)) {
            (_, Some(Failure::Ended(Outcome::Canceled { .. }))) if leaving => Phase::Initial,
            (_, Some(failure)) => Phase::Failed(id, failure),
            (received, None) => Phase::Done(id, received == Received::Signal(Signal::Done(Outcome::SUCCESS))),
        });
    }

    fn leave(&mut self, operation: Operation) {
        match operation.leaving {
            false => {
                self.out.push(Effect::CancelAddDevice(operation.id));
                self.phase = Phase::Linking(Operation { leaving: true, ..operation });
            }
            // For the second time: no one waits for what the cancel returns.
            true => {
                self.say_goes_on();
                self.go(Phase::Initial);
            }
        }
    }

    /// `cancelAddDevice` returned.
    fn canceled(&mut self, operation: Operation, accepted: bool) {
        match (operation.leaving, accepted) {
            (true, true) => self.go(Phase::Initial),
            (true, false) => {
                self.say_goes_on();
                self.phase = Phase::Linking(Operation { leaving: false, ..operation });
            }
            (false, _) => self.ignore(Ignored::Strange),
        }
    }
}

#[cfg(test)]
mod tests;
