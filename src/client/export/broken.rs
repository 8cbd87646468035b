//! The arms of a client that breaks a rule, for the checks that have to find it.
//!
//! The client's table asks here first. Under [`AllRules`](crate::rules::AllRules) every guard is a constant, and no arm is left.

use super::{Client, Effect, Input, Operation, Phase, Stage};
use crate::{
    client::{Note, Received, Reply},
    outcome::{Outcome, Signal as S},
    rules::{Rule, Rules},
};

impl<R: Rules> Client<R> {
    /// Handles an input as a rule that is broken has it. Returns whether it is handled.
    #[inline]
    pub(super) fn broken(&mut self, input: Input) -> bool {
        use {Input::*, Phase::*, Stage::*};
        let rules = self.rules;
        let lacks = |rule| rules.lacks(rule);
        match (self.phase, input) {
            (Linking(operation), Signal(id, received)) if lacks(Rule::ClientOwnSignals) && id != operation.id => {
                self.received(operation, received);
            }
            (Linking(operation), Signal(id, Received::Unheard))
                if lacks(Rule::ClientUnheardFails) && id == operation.id =>
            {
                self.end(operation, Received::Signal(S::Done(Outcome::SUCCESS)));
            }
            (
                Linking(operation @ Operation { stage: Comparing { .. } | Authenticating { .. } | InProgress, .. }),
                Signal(id, Received::Signal(S::Connecting)),
            ) if lacks(Rule::ClientForward) && id == operation.id => {
                self.go(Linking(Operation { stage: Connecting, ..operation }));
            }
            (
                Linking(operation @ Operation { id, stage: Authenticating { address, reply: Reply::Given }, .. }),
                Confirmed(of, false),
            ) if lacks(Rule::ClientRefusalWaits) && of == id => {
                self.out.push(Effect::Notify(Note::NotTaken));
                self.go(Linking(Operation { stage: Authenticating { address, reply: Reply::Open }, ..operation }));
            }
            (Adding | Linking(_), Back) if lacks(Rule::ClientLeavingCancels) => self.go(Initial),
            _ => return false,
        }
        true
    }
}
