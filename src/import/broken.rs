//! The arms of an importer that breaks a rule, for the checks that have to find it.
//!
//! The protocol's table asks here first. Under [`AllRules`](crate::rules::AllRules) every guard is a constant, and no arm is left.

use super::{Ask, Check, Effect, Importer, Input, Link, Phase, Session, Stage};
use crate::{
    limits::Timer,
    message::{Message as M, Slot, Verdict, Word},
    outcome::{Outcome, Profile, Scheme, Signal},
    reducer::{ConnId, Farewell, Origin, Refused},
    rules::{Rule, Rules},
};

impl<R: Rules> Importer<R> {
    /// Handles an input of the table as a rule that is broken has it. `None`: the rules that are kept govern the input.
    #[inline]
    pub(super) fn broken(&mut self, input: Input) -> Option<Result<(), Refused>> {
        use {Input::*, Phase::*, Stage::*};
        let rules = self.rules;
        let lacks = |rule| rules.lacks(rule);
        match (self.phase, input) {
            // The users compare.
            (Linked(Greeted, session), Message(conn, M::AuthScheme(scheme, features)))
                if lacks(Rule::NonceAfterCommitment) && self.compares_with(features) =>
            {
                self.phase = Linked(Awaiting, Session { scheme, features: Some(features), ..session });
                self.out.push(Effect::Send(conn, M::Nonce(Slot::NONE)));
            }
            (Linked(Awaiting, session), Message(_, M::Commitment(_))) if lacks(Rule::NonceAfterCommitment) => {
                self.phase = Linked(Revealed, session);
            }
            (Linked(Revealed, session), Message(_, M::Opening(_))) if lacks(Rule::ComparedBeforePassword) => {
                self.compare(session);
                self.prompt(session, false);
            }
            (Linked(Comparing, session), CompareAccount(false)) if lacks(Rule::DifferenceEnds) => {
                self.prompt(session, false);
            }

            // The user's answers.
            (Linked(Answered, session), ProvideAccountAuthentication(slot, scheme)) if lacks(Rule::OneAnswer) => {
                return Some(self.answer(session, slot, scheme));
            }
            (Linked(Prompting, session), ProvideAccountAuthentication(slot, scheme))
                if lacks(Rule::SchemeMatches) && scheme != session.scheme =>
            {
                return Some(self.answer(session, slot, session.scheme));
            }
            (Linked(Prompting, session), ProvideAccountAuthentication(slot, scheme))
                if lacks(Rule::ProgressBeforeSends)
                    && scheme == session.scheme
                    && self.config.profile == Profile::Jamid =>
            {
                self.phase = Linked(Answered, Session { answer: Some(slot), ..session });
                self.out.push(Effect::Send(session.conn, M::Password(slot)));
                self.signal(Signal::InProgress);
            }
            (Linked(Prompting, session), ProvideAccountAuthentication(_, scheme))
                if lacks(Rule::RefusalIsPure) && scheme != session.scheme =>
            {
                self.phase = Linked(Answered, session);
                return Some(Err(Refused::WrongScheme));
            }

            // The exporter's verdicts and words.
            (Linked(Prompting, session), Message(_, M::Verdict(Verdict::Wrong)))
                if lacks(Rule::StrayVerdictIgnored) && session.answer.is_some() =>
            {
                self.prompt_again(session);
            }
            (Linked(Answered, session), Message(_, M::Verdict(Verdict::Wrong))) if lacks(Rule::PromptsLimited) => {
                self.prompt(Session { scheme: Scheme::Password, ..session }, true);
            }
            (Linked(Prompting | Answered, session), Message(_, M::AuthScheme(..)))
                if lacks(Rule::SchemeAgainIgnored) =>
            {
                self.finish(Outcome::Protocol, session.end());
            }
            (
                Linked(
                    Greeted | Awaiting | Revealed | Comparing | Prompting | Answered | Receiving | Checking,
                    session,
                ),
                Message(_, M::State(Word::Timeout)),
            ) if lacks(Rule::TimeoutUnderstood) => self.finish(Outcome::Protocol, session.end()),

            (Linked(Greeted | Prompting | Answered | Receiving | Checking, _), Malformed(_))
                if lacks(Rule::MalformedEnds) => {}

            // The archive.
            (Linked(Greeted, session), ArchiveBegan(_)) if lacks(Rule::PromptBeforeArchive) => self.receive(session),
            (Linked(Prompting, session), ArchiveBegan(_)) if lacks(Rule::AnswerBeforeArchive) => self.receive(session),
            (Linked(Receiving, _), ArchiveProgressed(_)) if lacks(Rule::ProgressRearms) => {}
            (Linked(Checking, session), Checked(Check::Sound(_))) if lacks(Rule::Bound) => {
                self.judge(session, Check::Sound(session.peer));
            }
            (Linked(Checking, session), Checked(Check::Sound(account)))
                if lacks(Rule::Durable) && account == session.peer =>
            {
                self.judge(session, Check::Sound(account));
                self.signal(Signal::Done(Outcome::SUCCESS));
            }
            (Linked(Checking, session), Checked(Check::Sound(account)))
                if lacks(Rule::InstallOutlivesTimers) && account == session.peer =>
            {
                self.phase = Linked(Installing, session);
                self.out.push(Effect::Install);
            }
            (Linked(Checking, session), ConnectionLost(_) | ChannelEnded(_)) if lacks(Rule::EndAfterArchive) => {
                self.fail(session, Link::Lost);
            }

            // The install.
            (Linked(Installing, session), Installed(false)) if lacks(Rule::InstallErrors) => {
                self.installed(session, true);
            }
            (Linked(Installing, session), RemoveAccount) if lacks(Rule::InstallOutlivesRemoval) => {
                self.finish(Outcome::CANCELED, session.cancel());
            }
            (Linked(Installing, session), Fired(Timer::Transfer)) if lacks(Rule::InstallOutlivesTimers) => {
                self.finish(Outcome::Timeout, session.word(Word::Timeout));
            }
            (Linked(Installing, session), Message(_, M::State(Word::Timeout))) if lacks(Rule::InstallOutlivesWord) => {
                self.finish(Outcome::Timeout, session.end());
            }
            (Linked(Installing, session), ConnectionLost(_)) if lacks(Rule::InstallOutlivesLoss) => {
                self.fail(session, Link::Lost);
            }

            // A cancel.
            (Linked(stage, _), RemoveAccount) if stage < Installing && lacks(Rule::CancelSaid) => {
                self.finish(Outcome::CANCELED, Farewell::None);
            }
            (
                Linked(Greeted | Prompting | Answered | Receiving | Checking, session @ Session { features: None, .. }),
                RemoveAccount,
            ) if lacks(Rule::WordWhileUnknown) => self.finish(Outcome::CANCELED, session.end()),

            // After the end, and other channels.
            (Done { .. }, ConnectionLost(_)) if lacks(Rule::DoneOnce) => {
                self.let_go(None);
                self.signal(Signal::Done(Outcome::Network));
            }
            (Linked(..) | Done { .. }, ChannelRequested(conn, ask)) => {
                let counted = self.miscounted(ask)?;
                self.decline(conn, counted);
            }
            _ => return None,
        }
        Some(Ok(()))
    }

    /// Handles an input that comes on a connection which is not the session's. Returns whether it is handled.
    #[inline]
    pub(super) fn broken_candidate(&mut self, conn: ConnId, input: Input) -> bool {
        match input {
            Input::ConnectionRequested(_) => self.broken_admission(conn, Origin::UNKNOWN),
            Input::ConnectionRequestedFrom(_, origin) => self.broken_admission(conn, origin),
            Input::ConnectionOpened { presented: Some(peer), verified: false, .. }
                if self.rules.lacks(Rule::VerifiedChain) =>
            {
                self.identify(conn, Some(peer), true);
                true
            }
            Input::ConnectionFailed(_) | Input::ConnectionLost(_)
                if self.rules.lacks(Rule::StrangersIsolated) && self.outcome().is_none() =>
            {
                self.admission.remove(conn);
                self.finish(Outcome::Network, Farewell::None);
                true
            }
            Input::ChannelRequested(_, ask) => {
                self.miscounted(ask).map(|counted| self.decline(conn, counted)).is_some()
            }
            _ => false,
        }
    }

    /// Handles a request for a connection. Returns whether it is handled.
    #[inline]
    fn broken_admission(&mut self, conn: ConnId, origin: Origin) -> bool {
        match self.phase {
            _ if self.rules.lacks(Rule::RepeatsIgnored) => {
                self.admission.remove(conn);
                self.admit(conn, origin);
            }
            Phase::Waiting { connecting: true } if self.rules.lacks(Rule::ConnectingOnce) => {
                let known = self.admission.knows(conn);
                self.admit(conn, origin);
                if !known && self.admission.knows(conn) {
                    self.signal(Signal::Connecting);
                }
            }
            Phase::Done { .. } if self.rules.lacks(Rule::DoneLast) => {
                self.admit(conn, origin);
                self.signal(Signal::Connecting);
            }
            _ => return false,
        }
        true
    }

    /// Returns whether the token admits a session at a time at which it must not.
    #[inline]
    pub(super) fn admits_wrongly(&self) -> bool {
        match self.phase {
            Phase::Linked(Stage::Greeted, _) => self.rules.lacks(Rule::SlotTakenAtOnce),
            Phase::Done { .. } => self.rules.lacks(Rule::TokenDies),
            _ => false,
        }
    }

    /// Returns the kind of request that a declined one is counted as, where that is not its own.
    #[inline]
    fn miscounted(&self, ask: Ask) -> Option<Ask> {
        match ask {
            Ask::Wrong if self.rules.lacks(Rule::CodesLimited) => Some(Ask::Other),
            Ask::Other if self.rules.lacks(Rule::OtherChannelsFree) => Some(Ask::Wrong),
            Ask::Right | Ask::Wrong | Ask::Other => None,
        }
    }
}
