//! The client of the new device: it shows the token, asks for consent and password, and says how it ended.

mod broken;
mod invariant;
mod io;

use serde::Serialize;

pub use self::io::{Effect, Input, Prompt, Screen};
use super::{Failure, Ignored, Note, Received, Refused, Reply, failure};
use crate::{
    operations::LocalId,
    outcome::{AccountId, Outcome, Scheme, Signal},
    reducer::{Outbox, assert_invariant},
    rules::{AllRules, Rule, Rules},
};

/// The client of an import.
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
    /// `addAccount` is called, and has not returned.
    Adding,
    /// It was left before that: what it returns is removed.
    Dropping,
    /// There is an operation.
    Linking(Operation),
    /// It ended, well or not.
    Over(LocalId, Option<Failure>),
    /// `addAccount` was refused.
    NotBegun(Failure),
    /// The end of the machine.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
struct Operation {
    id: LocalId,
    stage: Stage,
    leaving: Leaving,
}

/// The daemon's last signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Stage {
    Init,
    TokenAvailable,
    Connecting,
    Comparing { peer: AccountId, scheme: Scheme, reply: Reply },
    Authenticating { prompt: Prompt, reply: Reply },
    InProgress,
}

/// Whether the person wants to be out of here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Leaving {
    No,
    /// `removeAccount` is called, and has not returned.
    Called,
    /// It returned; the archive was on its way, so the account may be there, and go, after all (R-IMP-13).
    Waits,
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
        use {Input::*, Phase::*, Stage::*};
        if !self.out.is_drained() {
            return Err(Refused::Undrained);
        }
        if self.broken(input) {
            return Ok(());
        }
        match (self.phase, input) {
            // It begins (R-API-1).
            (Initial | Closed, Select) => {
                self.out.push(Effect::AddAccount);
                self.go(Adding);
            }
            (Adding, Added(Ok(id))) => {
                self.phase = Linking(Operation { id, stage: Init, leaving: Leaving::No });
                // The client asks again for a signal that came before the id was known (R-API-8).
                self.out.push(Effect::Query(id));
            }
            (Adding, Added(Err(error))) => self.go(NotBegun(Failure::NoAccount(error))),

            // The daemon says how far it is; signals of other operations are not shown (R-CLI-2).
            (Linking(operation), Signal(id, received)) if id == operation.id => self.received(operation, received),
            (Over(own, _), Signal(id, _)) if id == own => self.ignore(Ignored::Late),
            (_, Signal(..)) => self.ignore(Ignored::Foreign),

            // The person compares (R-SAS-5).
            (
                Linking(Operation { id, stage: Comparing { peer, scheme, reply: Reply::Open }, leaving: Leaving::No }),
                Compare(equal),
            ) => {
                self.out.push(Effect::CompareAccount(id, equal));
                let stage = Comparing { peer, scheme, reply: Reply::Given };
                self.go(Linking(Operation { id, stage, leaving: Leaving::No }));
            }
            (
                Linking(operation @ Operation { id, stage: Comparing { peer, scheme, reply: Reply::Given }, .. }),
                Compared(of, false),
            ) if of == id => {
                self.out.push(Effect::Notify(Note::NotTaken));
                self.out.push(Effect::Query(id));
                let stage = Comparing { peer, scheme, reply: Reply::Refused };
                self.go(Linking(Operation { stage, ..operation }));
            }

            // The person consents to the account that is shown (R-API-2).
            (
                Linking(Operation { id, stage: Authenticating { prompt, reply: Reply::Open }, leaving: Leaving::No }),
                Answer(slot),
            ) => {
                self.out.push(Effect::ProvideAccountAuthentication(id, slot, prompt.scheme));
                let stage = Authenticating { prompt, reply: Reply::Given };
                self.go(Linking(Operation { id, stage, leaving: Leaving::No }));
            }
            (
                Linking(operation @ Operation { id, stage: Authenticating { prompt, reply: Reply::Given }, .. }),
                Provided(of, false),
            ) if of == id => {
                // The operation may have ended, or may ask for something else by now: the daemon's next signal decides (R-CLI-8).
                self.out.push(Effect::Notify(Note::NotTaken));
                self.out.push(Effect::Query(id));
                let stage = Authenticating { prompt, reply: Reply::Refused };
                self.go(Linking(Operation { stage, ..operation }));
            }

            // The person wants to be out of here, which ends the operation (R-CLI-5).
            (Adding, Back) => self.go(Dropping),
            (Dropping, Added(Ok(id))) => {
                self.out.push(Effect::RemoveAccount(id));
                self.phase = Initial;
            }
            (Dropping, Added(Err(_))) => self.phase = Initial,
            (Linking(operation), Back) => self.leave(operation),
            (Linking(operation), Removed(of, accepted)) if of == operation.id => self.removed(operation, accepted),
            (Over(..) | NotBegun(_), Back) => self.go(Initial),
            (Over(_, Some(_)) | NotBegun(_), Reset) | (Over(_, None), Finish) => self.go(Closed),

            // A removal after the end has nothing to stop; any other that is refused leaves something at work.
            (Over(own, _), Removed(of, _)) if of == own => {}
            (_, Removed(_, true)) => {}
            (_, Removed(_, false)) => self.say_goes_on(),

            // Answers that come late, or to what no one asked.
            (Linking(_) | Over(..), Provided(..) | Compared(..)) => {}
            (Initial | Adding | Dropping | NotBegun(_) | Closed, Provided(..) | Compared(..)) => {
                self.ignore(Ignored::Late)
            }
            (Initial | Linking(_) | Over(..) | NotBegun(_) | Closed, Added(_)) => self.ignore(Ignored::Strange),

            // The screen does not offer it.
            (Adding | Dropping | Linking(_) | Over(..) | NotBegun(_), Select)
            | (Initial | Dropping | Closed, Back)
            | (Initial | Adding | Dropping | Linking(_) | Over(..) | NotBegun(_) | Closed, Answer(_) | Compare(_))
            | (Initial | Adding | Dropping | Linking(_) | Over(_, None) | Closed, Reset)
            | (Initial | Adding | Dropping | Linking(_) | Over(_, Some(_)) | NotBegun(_) | Closed, Finish) => {
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
            Phase::Adding => Screen::Init,
            Phase::Linking(Operation { stage, .. }) => match stage {
                Stage::Init => Screen::Init,
                Stage::TokenAvailable => Screen::TokenAvailable,
                Stage::Connecting => Screen::Connecting,
                Stage::Comparing { peer, reply, .. } => {
                    Screen::Comparing { peer, answered: !matches!(reply, Reply::Open) }
                }
                Stage::Authenticating { prompt, reply } => {
                    Screen::Authenticating { prompt, answered: !matches!(reply, Reply::Open) }
                }
                Stage::InProgress => Screen::InProgress,
            },
            Phase::Over(_, None) => Screen::Done,
            Phase::Over(_, Some(failure)) | Phase::NotBegun(failure) => Screen::Error(failure),
            Phase::Closed => Screen::Closed,
        }
    }

    /// The operation that is shown, once it has an account.
    pub const fn operation(&self) -> Option<LocalId> {
        match self.phase {
            Phase::Linking(Operation { id, .. }) | Phase::Over(id, _) => Some(id),
            Phase::Initial | Phase::Adding | Phase::Dropping | Phase::NotBegun(_) | Phase::Closed => None,
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

    /// Takes a signal of the own operation. It goes forward only; a step that was missed is made up for by the next (R-CLI-4).
    fn received(&mut self, operation: Operation, received: Received) {
        use Stage::*;
        let Operation { id, stage, leaving } = operation;
        let stage = match (stage, received) {
            (_, Received::Unheard | Received::Signal(Signal::Done(_))) => {
                return self.end(operation, failure(received));
            }

            (Init, Received::Signal(Signal::TokenAvailable)) => TokenAvailable,
            (Init | TokenAvailable, Received::Signal(Signal::Connecting)) => Connecting,
            (at, Received::Signal(Signal::Prompt { peer, scheme, wrong_password })) => {
                let prompt = Prompt { peer, scheme, wrong_password };
                match at {
                    // The same once more, and not because an answer was wrong.
                    Authenticating { prompt: shown, reply: Reply::Open | Reply::Given }
                        if prompt == shown && !wrong_password =>
                    {
                        return self.ignore(Ignored::Again);
                    }
                    InProgress if !wrong_password => return self.ignore(Ignored::Strange),
                    Init | TokenAvailable | Connecting | Comparing { .. } | Authenticating { .. } | InProgress => {}
                }
                Authenticating { prompt, reply: Reply::Open }
            }
            (Comparing { reply: Reply::Open | Reply::Given, .. }, Received::Signal(Signal::CompareAccount { .. })) => {
                return self.ignore(Ignored::Again);
            }
            (
                Init | TokenAvailable | Connecting | Comparing { .. },
                Received::Signal(Signal::CompareAccount { peer, scheme }),
            ) => Comparing { peer, scheme, reply: Reply::Open },
            (
                Init | TokenAvailable | Connecting | Comparing { .. } | Authenticating { .. },
                Received::Signal(Signal::InProgress),
            ) => InProgress,

            (TokenAvailable, Received::Signal(Signal::TokenAvailable))
            | (Connecting, Received::Signal(Signal::Connecting))
            | (InProgress, Received::Signal(Signal::InProgress)) => return self.ignore(Ignored::Again),

            (
                Connecting | Comparing { .. } | Authenticating { .. } | InProgress,
                Received::Signal(Signal::TokenAvailable),
            )
            | (Comparing { .. } | Authenticating { .. } | InProgress, Received::Signal(Signal::Connecting))
            | (Authenticating { .. } | InProgress, Received::Signal(Signal::CompareAccount { .. }))
            | (_, Received::Signal(Signal::Confirm { .. } | Signal::CompareDevice { .. }) | Received::Strange) => {
                return self.ignore(Ignored::Strange);
            }
        };
        self.go(Phase::Linking(Operation { id, stage, leaving }));
    }

    /// The operation ended. Of one that failed nothing is to stay (R-CLI-6); of one that was left, only what is new is shown.
    fn end(&mut self, operation: Operation, failure: Option<Failure>) {
        let Operation { id, leaving, .. } = operation;
        match (leaving, failure) {
            (Leaving::Called | Leaving::Waits, Some(Failure::Ended(Outcome::Canceled { .. }))) => {
                return self.go(Phase::Initial);
            }
            (Leaving::Called | Leaving::Waits, None) => {
                self.out.push(Effect::Notify(Note::RemovedAgain));
                return self.go(Phase::Initial);
            }
            (Leaving::No, Some(_)) => self.out.push(Effect::RemoveAccount(id)),
            (Leaving::No, None) | (Leaving::Called | Leaving::Waits, Some(_)) => {}
        }
        self.go(Phase::Over(id, failure));
    }

    fn leave(&mut self, operation: Operation) {
        match operation.leaving {
            Leaving::No => {
                self.out.push(Effect::RemoveAccount(operation.id));
                self.phase = Phase::Linking(Operation { leaving: Leaving::Called, ..operation });
            }
            // For the second time: no one waits any more.
            Leaving::Called | Leaving::Waits => {
                self.say_goes_on();
                self.go(Phase::Initial);
            }
        }
    }

    /// `removeAccount` returned.
    fn removed(&mut self, operation: Operation, accepted: bool) {
        match (operation.leaving, accepted, operation.stage) {
            (Leaving::Called, true, Stage::InProgress) => {
                self.say_goes_on();
                self.phase = Phase::Linking(Operation { leaving: Leaving::Waits, ..operation });
            }
            (
                Leaving::Called,
                true,
                Stage::Init
                | Stage::TokenAvailable
                | Stage::Connecting
                | Stage::Comparing { .. }
                | Stage::Authenticating { .. },
            ) => {
                self.go(Phase::Initial);
            }
            (Leaving::Called, false, _) => {
                self.say_goes_on();
                self.phase = Phase::Linking(Operation { leaving: Leaving::No, ..operation });
            }
            (Leaving::No | Leaving::Waits, _, _) => self.ignore(Ignored::Strange),
        }
    }
}

#[cfg(test)]
mod tests;
