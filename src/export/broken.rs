//! The arms of an exporter that breaks a rule, for the checks that have to find it.
//!
//! The protocol's table asks here first. Under [`AllRules`](crate::rules::AllRules) every guard is a constant, and no arm is left.

use super::{Attempt, Comparing, Effect, Exporter, Input, Password, Phase, Rest, Session, Stage, Tried as Opening};
use crate::{
    limits::Timer,
    message::{Message as M, Slot, Verdict, Word},
    outcome::{Outcome, Signal},
    reducer::{Farewell, Refused},
    rules::{Rule, Rules},
};

impl<R: Rules> Exporter<R> {
    /// Handles an input as a rule that is broken has it. `None`: the rules that are kept govern the input.
    #[inline]
    pub(super) fn broken(&mut self, input: Input) -> Option<Result<(), Refused>> {
        use {Input::*, Phase::*, Stage::*};
        let rules = self.rules;
        let lacks = |rule| rules.lacks(rule);
        match (self.phase, input) {
            // Connecting.
            (Idle, AddDevice(scheme)) if lacks(Rule::ConnectTimer) => {
                self.scheme = scheme;
                self.phase = Connecting(Attempt::Begun);
                self.signal(Signal::Connecting);
                self.out.push(Effect::Connect);
            }
            (Connecting(Attempt::Begun | Attempt::Requested), Failed | Lost) if lacks(Rule::AttemptsRepeated) => {
                self.finish(Outcome::Network, Farewell::None);
            }
            (Connecting(Attempt::Begun), Opened { pinned: false }) if lacks(Rule::Pinned) => self.request(true),
            (Connecting(Attempt::Requested), CancelAddDevice) if lacks(Rule::LateAcceptAnswered) => {
                self.abandon(Outcome::CANCELED, Attempt::Begun, Word::Canceled);
            }
            (Connecting(Attempt::Requested), Fired(Timer::Connect)) if lacks(Rule::LateAcceptAnswered) => {
                self.abandon(Outcome::Timeout, Attempt::Begun, Word::Timeout);
            }
            (Connecting(Attempt::Requested), Accepted { peer_address }) if lacks(Rule::ConfirmGate) => {
                self.open(peer_address);
                if let Linked(stage, session) = self.phase {
                    self.phase = Linked(stage, Session { confirmed: true, ..session });
                }
            }

            (Linked(..), Malformed) if lacks(Rule::MalformedEnds) => {}

            // The users compare.
            (Linked(Authenticating, session @ Session { features: None, .. }), Message(M::Hello(features)))
                if lacks(Rule::OpeningAfterNonce) && self.compares_with(features) =>
            {
                self.commit(Session { features: Some(features), comparing: Comparing::Committed, ..session });
                self.out.push(Effect::Send(M::Opening(Slot::NONE)));
            }
            (
                Linked(Authenticating, session @ Session { comparing: Comparing::Committed, .. }),
                Message(M::Nonce(_)),
            ) if lacks(Rule::OpeningAfterNonce) => {
                self.show(session);
            }
            (
                Linked(Authenticating, session @ Session { comparing: Comparing::Committed, .. }),
                Message(M::Nonce(_)),
            ) if lacks(Rule::ComparedBeforeArchive) => {
                self.out.push(Effect::Send(M::Opening(Slot::NONE)));
                self.show(Session { confirmed: true, ..session });
            }
            (
                Linked(Authenticating, session @ Session { comparing: Comparing::Shown, .. }),
                CompareAddDevice(false),
            ) if lacks(Rule::DifferenceEnds) => {
                self.proceed(Session { confirmed: true, comparing: Comparing::Equal, ..session });
            }

            // The user confirms.
            (Linked(Authenticating, session @ Session { features: None, confirmed: false, .. }), ConfirmAddDevice)
                if lacks(Rule::EarlyConfirmKept) =>
            {
                self.proceed(session);
            }
            (Linked(Authenticating, session @ Session { confirmed: false, .. }), ConfirmAddDevice)
                if lacks(Rule::SchemeSentOnce) =>
            {
                self.proceed(Session { confirmed: true, asked: false, ..session });
            }
            (
                Linked(Authenticating, session @ Session { confirmed: false, password: Password::Kept(_), .. }),
                ConfirmAddDevice,
            ) if lacks(Rule::EarlyPasswordKept) => {
                self.proceed(Session { confirmed: true, password: Password::None, ..session });
            }

            // Passwords and tries.
            (
                Linked(
                    Authenticating,
                    session @ Session { confirmed: false, asked: true, password: Password::None, .. },
                ),
                Message(M::Password(slot)),
            ) if lacks(Rule::EarlyPasswordWaits) => {
                self.phase = Linked(Authenticating, Session { password: Password::Trying(slot), ..session });
                self.out.push(Effect::Open(slot));
            }
            (Linked(Authenticating, session), Tried(slot, Opening::Wrong))
                if lacks(Rule::TriesCounted) && session.password == Password::Trying(slot) =>
            {
                self.phase = Linked(Authenticating, Session { password: Password::None, ..session });
                self.out.push(Effect::Send(M::Verdict(Verdict::Wrong)));
            }
            (Linked(Authenticating, session), Tried(slot, Opening::Unreadable))
                if lacks(Rule::UnreadableIsNoTry) && session.password == Password::Trying(slot) =>
            {
                self.tried(session, Opening::Wrong);
            }
            (
                Linked(Authenticating, session @ Session { asked: true, .. }),
                Message(M::AuthScheme(..) | M::Verdict(_) | M::Unknown),
            ) if lacks(Rule::OnlyPasswordsCounted) => self.wrong(session),

            (Linked(Authenticating, session), Tried(slot, Opening::Opened))
                if lacks(Rule::ProgressBeforeSends) && session.password == Password::Trying(slot) =>
            {
                self.phase = Linked(Sending, Session { password: Password::None, ..session });
                self.out.disarm(Timer::Authenticate);
                self.out.arm(Timer::Stall);
                self.out.arm(Timer::Transfer);
                self.out.push(Effect::SendArchive);
                self.signal(Signal::InProgress);
            }

            // The archive and the importer's result.
            (Linked(Sending, _), Progressed) if lacks(Rule::ProgressRearms) => {}
            (Linked(Sending, _), HandedOver) if lacks(Rule::SuccessConfirmed) => {
                self.out.disarm(Timer::Stall);
                self.out.disarm(Timer::Transfer);
                self.finish(Outcome::SUCCESS, Farewell::End);
            }
            (Linked(Sending, session), Message(M::ImportResult(result))) if lacks(Rule::ResultAfterArchive) => {
                self.result(session, result);
            }
            (Linked(Sent, _), Message(M::ImportResult(result))) if lacks(Rule::ResultOnlyIfNamed) => {
                self.finish(Self::outcome_of(result), Farewell::End);
            }
            (Linked(Sent, _), Ended) if lacks(Rule::ResultOnlyIfNamed) => {
                self.out.push(Effect::Close);
                self.finish(Outcome::Network, Farewell::None);
            }
            (Linked(Sent, session), Ended) if lacks(Rule::EndIsFailure) && self.result_in_force(session) => {
                self.out.push(Effect::Close);
                self.finish(Outcome::SUCCESS, Farewell::None);
            }
            (Linked(Sent, _), Lost) if lacks(Rule::LossIsFailure) => self.finish(Outcome::SUCCESS, Farewell::None),

            // Cancels, timers and words.
            (Linked(Authenticating, _), CancelAddDevice) if lacks(Rule::CancelSaid) => {
                self.finish(Outcome::CANCELED, Farewell::None);
            }
            (Linked(Authenticating, Session { features: None, .. }), CancelAddDevice)
                if lacks(Rule::WordWhileUnknown) =>
            {
                self.finish(Outcome::CANCELED, Farewell::End);
            }
            (Linked(Authenticating, Session { features: None, .. }), Fired(Timer::Authenticate))
            | (Linked(Sent, Session { features: None, .. }), Fired(Timer::Result))
                if lacks(Rule::WordWhileUnknown) =>
            {
                self.finish(Outcome::Timeout, Farewell::End);
            }
            (Linked(Sending | Sent, _), CancelAddDevice) if lacks(Rule::CancelBeforeSent) => {
                self.finish(Outcome::CANCELED, Farewell::End);
            }
            (Linked(..), Message(M::State(Word::Canceled))) if lacks(Rule::SentIsReported) => {
                self.finish(Outcome::CANCELED, Farewell::End);
            }
            (Linked(..), Message(M::State(Word::Timeout))) if lacks(Rule::TimeoutUnderstood) => {
                self.finish(Outcome::Protocol, Farewell::End);
            }

            // After the end.
            (Done { rest: Rest::Requested(_) | Rest::Link, .. }, Lost) if lacks(Rule::DoneOnce) => {
                self.let_go(false);
                self.signal(Signal::Done(Outcome::Network));
            }
            (Done { .. }, Tried(_, Opening::Opened)) if lacks(Rule::LateOpeningDiscarded) => {
                self.out.push(Effect::SendArchive);
            }
            _ => return None,
        }
        Some(Ok(()))
    }
}
