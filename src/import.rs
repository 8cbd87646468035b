//! The import side: the new device, which receives the account (R-IMP).
//!
//! [`Importer::handle`] is the protocol as a table: state by state, input by input. Connections that are not the session's
//! are the business of the module `admission`: they can never change the operation, except that sixteen wrong codes kill its token.

mod admission;
mod broken;
mod invariant;
mod io;

use serde::Serialize;

use self::admission::Admission;
pub use self::io::{Ask, Check, Effect, Input};
use crate::{
    limits::{MAX_TRIES, Timer, Timers},
    message::{Features, ImportResult, Message as M, Slot, Verdict, Word},
    outcome::{AccountId, LinkState, Outcome, Profile, Scheme, Signal},
    reducer::{Config, ConnId, Farewell, Outbox, Refused, assert_invariant},
    rules::{AllRules, Rule, Rules},
};

/// The import side of one operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Importer<R: Rules = AllRules> {
    config: Config,
    phase: Phase,
    admission: Admission,
    last: Option<Signal>,
    out: Outbox<Effect>,
    #[serde(skip)]
    rules: R,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Phase {
    Idle,
    /// The device makes itself reachable.
    Preparing,
    /// The token is shown; `connecting` once somebody asked for a connection.
    Waiting {
        connecting: bool,
    },
    Linked(Stage, Session),
    /// The end. `link` is the connection of the ended channel, kept open for the peer to read it.
    Done {
        outcome: Outcome,
        link: Option<ConnId>,
        removed: bool,
    },
}

/// How far the session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Stage {
    /// The hello is out.
    Greeted,
    /// The exporter compares too: its commitment is awaited (R-SAS-2).
    Awaiting,
    /// The nonce is out.
    Revealed,
    /// The commitment is opened, and the user compares.
    Comparing,
    /// The user is asked.
    Prompting,
    /// The answer is out.
    Answered,
    /// The archive arrives.
    Receiving,
    /// It is complete and being checked.
    Checking,
    /// It is being made durable.
    Installing,
}

/// The one channel that an operation is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
struct Session {
    conn: ConnId,
    /// The account that the peer's chain proved.
    peer: AccountId,
    /// The peer's features; unknown before its `authScheme`.
    features: Option<Features>,
    /// The last prompt.
    scheme: Scheme,
    prompts: u8,
    /// The last answer.
    answer: Option<Slot>,
    link: Link,
    /// A `removeAccount` that waits for the end of the install.
    remove: bool,
}

/// The rest of the session's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Link {
    Open,
    /// The peer ended the channel.
    Ended,
    Lost,
}

impl Importer {
    /// Returns an operation that waits for [`Input::AddAccount`].
    pub fn new(config: Config) -> Self {
        Self::under(config, AllRules)
    }
}

impl<R: Rules> Importer<R> {
    /// Returns an operation that waits for [`Input::AddAccount`] and keeps `rules`: how a checker shows that a broken one is found.
    pub fn under(config: Config, rules: R) -> Self {
        let admission = Admission::new(config.places);
        Self { config, phase: Phase::Idle, admission, last: None, out: Outbox::new(), rules }
    }

    /// Takes one input, in any state.
    ///
    /// # Errors
    /// A call that cannot be done is refused and changes nothing; so is any input before the last one's effects are drained.
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
        if let Some(conn) = input.conn()
            && self.link() != Some(conn)
        {
            self.on_candidate(conn, input);
            return Ok(());
        }
        if let Fired(timer) = input
            && !self.out.fired(timer)
        {
            return Ok(());
        }
        if let Some(result) = self.broken(input) {
            return result;
        }
        match (self.phase, input) {
            // Nothing was asked for yet.
            (Idle, AddAccount) => self.prepare(),
            (Idle, ProvideAccountAuthentication(..) | CompareAccount(_) | RemoveAccount) => {
                return Err(Refused::NotStarted);
            }

            // The device makes itself reachable (R-IMP-1).
            (Preparing, Published) => self.show_token(),
            (Preparing, Unpublishable) => self.finish(Outcome::Network, Farewell::None),
            (Preparing, Fired(Timer::Prepare)) => self.finish(Outcome::Timeout, Farewell::None),

            // The token is shown; the module `admission` has the connections (R-IMP-2, R-IMP-3).
            (Waiting { .. }, Fired(Timer::Token)) => self.finish(Outcome::Timeout, Farewell::None),

            // There are too many connections for this device (R-IMP-15).
            (_, ConnectionsExhausted) => self.make_do(),

            // The users compare first, if both sides name it (R-SAS-2, R-SAS-5, R-SAS-7).
            (Linked(Greeted, session), Message(_, M::AuthScheme(scheme, features))) if self.compares_with(features) => {
                self.phase = Linked(Awaiting, Session { scheme, features: Some(features), ..session });
            }
            (Linked(Awaiting, session), Message(conn, M::Commitment(_))) => {
                self.out.push(Effect::Send(conn, M::Nonce(Slot::NONE)));
                self.phase = Linked(Revealed, session);
            }
            (Linked(Revealed, session), Message(_, M::Opening(_))) => self.compare(session),
            (Linked(Comparing, session), CompareAccount(true)) => self.prompt(session, false),
            (Linked(Comparing, session), CompareAccount(false)) => {
                self.finish(Outcome::Mismatch, session.word(Word::Mismatch));
            }

            // The exporter says what it wants to know (R-IMP-5).
            (Linked(Greeted, session), Message(_, M::AuthScheme(scheme, features))) => {
                self.prompt(Session { scheme, features: Some(features), ..session }, false);
            }

            // The user answers (R-IMP-6).
            (Linked(Prompting, session), ProvideAccountAuthentication(slot, scheme)) => {
                return self.answer(session, slot, scheme);
            }

            // The exporter judges the answer (R-IMP-7, R-IMP-8).
            (Linked(Answered, session), Message(_, M::Verdict(Verdict::Wrong))) => self.prompt_again(session),
            (Linked(Prompting | Answered, session), Message(_, M::Verdict(Verdict::Final))) => {
                self.finish(Outcome::Authentication, session.end());
            }

            // The archive comes, after an answer for this peer only (R-IMP-9, R-IMP-10).
            (Linked(Answered, session), ArchiveBegan(_)) => self.receive(session),
            (Linked(Prompting, session), ArchiveBegan(_)) if session.verdict_strayed() => self.receive(session),
            (
                Linked(Greeted | Awaiting | Revealed | Comparing | Prompting | Receiving | Checking, session),
                ArchiveBegan(_),
            ) => {
                self.finish(Outcome::Protocol, session.end());
            }
            (Linked(Receiving, _), ArchiveProgressed(_)) => self.out.arm(Timer::Stall),
            (Linked(Receiving, session), ArchiveComplete(_)) => self.check(session),
            (Linked(Receiving, session), ArchiveUnwritable(_)) => self.finish(Outcome::Storage, session.end()),

            // It is checked, then made durable (R-IMP-11, R-IMP-13).
            (Linked(Checking, session), Checked(check)) => self.judge(session, check),
            (Linked(Installing, session), Installed(durable)) => self.installed(session, durable),

            // The user gives up (R-API-3, R-CANCEL-1); from the Install effect on it is too late.
            (Preparing | Waiting { .. }, RemoveAccount) => self.finish(Outcome::CANCELED, Farewell::None),
            (Linked(Installing, session), RemoveAccount) => {
                self.phase = Linked(Installing, Session { remove: true, ..session });
            }
            (Linked(_, session), RemoveAccount) => self.finish(Outcome::CANCELED, session.cancel()),
            (Done { .. }, RemoveAccount) => self.remove(),

            // Too long (R-TIME-3 to R-TIME-5).
            (
                Linked(Greeted | Awaiting | Revealed | Comparing | Prompting | Answered, session),
                Fired(Timer::Authenticate),
            )
            | (Linked(Receiving | Checking, session), Fired(Timer::Stall | Timer::Transfer)) => {
                self.finish(Outcome::Timeout, session.word(Word::Timeout));
            }

            // The exporter ends it (R-EXT-3), or breaks a rule (R-IMP-14).
            (Linked(stage, session), Message(_, M::State(word))) if stage < Installing => {
                let outcome = match word {
                    Word::Canceled => Outcome::CANCELED,
                    Word::Timeout => Outcome::Timeout,
                    Word::Mismatch if self.is_comparing(session) => Outcome::Mismatch,
                    Word::Mismatch => Outcome::Protocol,
                };
                self.finish(outcome, session.end());
            }
            (Linked(stage, session), Malformed(_) | Message(_, M::Hello(_) | M::Password(_) | M::ImportResult(_)))
                if stage < Installing =>
            {
                self.finish(Outcome::Protocol, session.end());
            }
            (
                Linked(Greeted | Awaiting | Revealed | Comparing | Receiving | Checking, session),
                Message(_, M::Verdict(Verdict::Final)),
            ) => self.finish(Outcome::Protocol, session.end()),
            (Linked(stage, session), Message(_, M::Commitment(_) | M::Nonce(_) | M::Opening(_)))
                if stage < Installing && self.is_comparing(session) =>
            {
                self.finish(Outcome::Protocol, session.end());
            }

            // The link is lost, or the exporter ends the channel: after the complete archive that is normal (R-IMP-12).
            (Linked(stage, session), ConnectionLost(_)) if stage < Checking => self.fail(session, Link::Lost),
            (Linked(stage, session), ChannelEnded(_)) if stage < Checking => self.fail(session, Link::Ended),
            (Linked(stage, session), ConnectionLost(_)) => {
                self.phase = Linked(stage, Session { link: Link::Lost, ..session });
            }
            (Linked(stage, session), ChannelEnded(_)) => {
                self.phase = Linked(stage, Session { link: session.link.max(Link::Ended), ..session });
            }

            // After the end, the link goes when the exporter has read it, or after a while (R-EXT-2).
            (Done { .. }, ConnectionLost(_)) => self.let_go(None),
            (Done { link, .. }, ChannelEnded(_) | Fired(Timer::Linger)) => self.let_go(link),

            // The session's peer may ask for other channels; they are not ours (R-MUX-1).
            (Linked(..) | Done { .. }, ChannelRequested(conn, ask)) => self.decline(conn, ask),

            // Calls at the wrong time.
            (Preparing | Waiting { .. } | Linked(..) | Done { .. }, AddAccount) => return Err(Refused::Started),
            (Done { .. }, ProvideAccountAuthentication(..) | CompareAccount(_)) => return Err(Refused::Ended),
            (Preparing | Waiting { .. } | Linked(..), ProvideAccountAuthentication(..) | CompareAccount(_)) => {
                return Err(Refused::NotAsked);
            }

            // Nothing but its result changes an install (R-IMP-13). Ignored in a session (R-IMP-14): `authScheme` again, unknown keys, a
            // verdict that is not due, and what belongs to a comparison that is not in force (R-SAS-1).
            (Linked(..), Message(..) | Malformed(_) | ArchiveBegan(_)) => {}

            // Late: answers and events of what is over, and timers that no longer mean anything.
            (Done { .. }, Message(..) | Malformed(_) | ArchiveBegan(_)) => {}
            (
                _,
                Published | Unpublishable | ArchiveProgressed(_) | ArchiveComplete(_) | ArchiveUnwritable(_)
                | Checked(_) | Installed(_) | Fired(_),
            ) => {}

            // The session's connection is open already; without a session no connection gets here.
            (
                Linked(..) | Done { .. },
                ConnectionRequested(_)
                | ConnectionRequestedFrom(..)
                | ConnectionAnswered(_)
                | ConnectionOpened { .. }
                | ConnectionFailed(_),
            ) => {}
            (
                Idle | Preparing | Waiting { .. },
                ConnectionRequested(_)
                | ConnectionRequestedFrom(..)
                | ConnectionAnswered(_)
                | ConnectionOpened { .. }
                | ConnectionFailed(_)
                | ConnectionLost(_)
                | ChannelRequested(..)
                | ChannelEnded(_)
                | Message(..)
                | Malformed(_)
                | ArchiveBegan(_),
            ) => {}
        }
        Ok(())
    }

    /// The row of the table that the operation is in, by name: what coverage counts.
    pub const fn place(&self) -> &'static str {
        match self.phase {
            Phase::Idle => "idle",
            Phase::Preparing => "preparing",
            Phase::Waiting { connecting: false } => "waiting",
            Phase::Waiting { connecting: true } => "waiting, somebody came",
            Phase::Linked(Stage::Greeted, _) => "greeted",
            Phase::Linked(Stage::Awaiting, _) => "awaiting the commitment",
            Phase::Linked(Stage::Revealed, _) => "nonce revealed",
            Phase::Linked(Stage::Comparing, _) => "comparing",
            Phase::Linked(Stage::Prompting, _) => "prompting",
            Phase::Linked(Stage::Answered, _) => "answered",
            Phase::Linked(Stage::Receiving, _) => "receiving",
            Phase::Linked(Stage::Checking, _) => "checking",
            Phase::Linked(Stage::Installing, _) => "installing",
            Phase::Done { link: Some(_), .. } => "done, linked",
            Phase::Done { link: None, .. } => "done",
        }
    }

    /// The next effect to carry out. Drain them all before the next input.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.out.poll()
    }

    /// The documented state.
    pub fn state(&self) -> LinkState {
        self.last.as_ref().map_or(LinkState::Init, Signal::state)
    }

    /// The last signal, for a client that subscribes late (R-API-8).
    pub const fn last_signal(&self) -> Option<&Signal> {
        self.last.as_ref()
    }

    /// How the operation ended, once it has.
    pub const fn outcome(&self) -> Option<Outcome> {
        match self.phase {
            Phase::Done { outcome, .. } => Some(outcome),
            Phase::Idle | Phase::Preparing | Phase::Waiting { .. } | Phase::Linked(..) => None,
        }
    }

    /// Whether the operation has ended and nothing of it is left: no connection, no timer.
    pub const fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Done { link: None, .. })
    }

    /// The timers that run.
    pub const fn armed(&self) -> Timers {
        self.out.armed()
    }

    fn signal(&mut self, signal: Signal) {
        self.last = Some(signal);
        self.out.push(Effect::Signal(signal));
    }

    /// The connection of the session, or of what is left of it.
    const fn link(&self) -> Option<ConnId> {
        match self.phase {
            Phase::Linked(_, session) => Some(session.conn),
            Phase::Done { link, .. } => link,
            Phase::Idle | Phase::Preparing | Phase::Waiting { .. } => None,
        }
    }

    fn prepare(&mut self) {
        self.phase = Phase::Preparing;
        self.out.arm(Timer::Prepare);
        self.out.push(Effect::Publish);
    }

    fn show_token(&mut self) {
        self.phase = Phase::Waiting { connecting: false };
        self.out.disarm(Timer::Prepare);
        self.out.arm(Timer::Token);
        self.signal(Signal::TokenAvailable);
    }

    /// The session's channel is accepted: one step with the taking of the slot (R-IMP-3, R-IMP-4).
    fn greet(&mut self, conn: ConnId, peer: AccountId) {
        self.phase = Phase::Linked(
            Stage::Greeted,
            Session {
                conn,
                peer,
                features: None,
                scheme: Scheme::None,
                prompts: 0,
                answer: None,
                link: Link::Open,
                remove: false,
            },
        );
        self.out.push(Effect::AcceptChannel(conn));
        if self.rules.keeps(Rule::SessionStopsTimers) {
            self.out.disarm(Timer::Token);
        }
        self.out.arm(Timer::Authenticate);
        self.out.push(Effect::Send(conn, M::Hello(self.config.features)));
        self.close_unsecured();
    }

    /// Whether a comparison is in force with an exporter of these features (R-SAS-1).
    const fn compares_with(&self, features: Features) -> bool {
        features.and(self.config.features).sas
    }

    /// Whether the session has a comparison.
    fn is_comparing(&self, session: Session) -> bool {
        session.features.is_some_and(|features| self.compares_with(features))
    }

    /// Both nonces are known: the user compares (R-SAS-5).
    fn compare(&mut self, session: Session) {
        self.phase = Phase::Linked(Stage::Comparing, session);
        self.signal(Signal::CompareAccount { peer: session.peer, scheme: session.scheme });
    }

    fn prompt(&mut self, session: Session, wrong_password: bool) {
        let session = Session { prompts: session.prompts.saturating_add(1), ..session };
        self.phase = Phase::Linked(Stage::Prompting, session);
        self.signal(Signal::Prompt { peer: session.peer, scheme: session.scheme, wrong_password });
    }

    fn prompt_again(&mut self, session: Session) {
        if session.prompts >= MAX_TRIES {
            return self.finish(Outcome::Protocol, session.end());
        }
        self.prompt(Session { scheme: Scheme::Password, ..session }, true);
    }

    fn answer(&mut self, session: Session, slot: Slot, scheme: Scheme) -> Result<(), Refused> {
        if scheme != session.scheme {
            return Err(Refused::WrongScheme);
        }
        self.phase = Phase::Linked(Stage::Answered, Session { answer: Some(slot), ..session });
        if self.config.profile == Profile::Jamid {
            self.signal(Signal::InProgress);
        }
        self.out.push(Effect::Send(session.conn, M::Password(slot)));
        Ok(())
    }

    fn receive(&mut self, session: Session) {
        self.phase = Phase::Linked(Stage::Receiving, session);
        self.out.disarm(Timer::Authenticate);
        self.out.arm(Timer::Stall);
        self.out.arm(Timer::Transfer);
        if self.config.profile == Profile::Documented {
            self.signal(Signal::InProgress);
        }
        // Without an answer there are no credentials: only an importer that breaks a rule gets here so.
        self.out.push(Effect::Stage(session.answer.unwrap_or(Slot(0))));
    }

    fn check(&mut self, session: Session) {
        self.phase = Phase::Linked(Stage::Checking, session);
        self.out.disarm(Timer::Stall);
        self.out.push(Effect::Check);
    }

    fn judge(&mut self, session: Session, check: Check) {
        match check {
            Check::Sound(account) if account == session.peer => {
                self.phase = Phase::Linked(Stage::Installing, session);
                self.out.disarm(Timer::Transfer);
                self.out.push(Effect::Install);
            }
            Check::Sound(_) | Check::Unsound => {
                self.say(session, ImportResult::FailedArchive);
                self.finish(Outcome::Protocol, session.end());
            }
            Check::Unreadable => {
                self.say(session, ImportResult::FailedStorage);
                self.finish(Outcome::Storage, session.end());
            }
        }
    }

    fn installed(&mut self, session: Session, durable: bool) {
        let outcome = if durable { Outcome::SUCCESS } else { Outcome::Storage };
        self.say(session, if outcome.is_success() { ImportResult::Stored } else { ImportResult::FailedStorage });
        self.finish(outcome, session.end());
        if session.remove {
            self.remove();
        }
    }

    /// Reports the result to the exporter, if both know the word and the link lives (R-EXT-2).
    fn say(&mut self, session: Session, result: ImportResult) {
        if session.link == Link::Open && session.features.is_some_and(|peer| peer.and(self.config.features).result) {
            self.out.push(Effect::Send(session.conn, M::ImportResult(result)));
        }
    }

    fn fail(&mut self, session: Session, link: Link) {
        if let Phase::Linked(stage, _) = self.phase {
            self.phase = Phase::Linked(stage, Session { link, ..session });
        }
        self.finish(Outcome::Network, Farewell::None);
    }

    fn finish(&mut self, outcome: Outcome, farewell: Farewell) {
        if self.rules.lacks(Rule::DoneAfterSends) {
            self.signal(Signal::Done(outcome));
        }
        if self.rules.keeps(Rule::EndStopsTimers) {
            self.out.disarm_all();
        }
        let mut link = None;
        if let Phase::Linked(stage, session) = self.phase {
            if let Farewell::Word(word) = farewell {
                self.out.push(Effect::Send(session.conn, M::State(word)));
            }
            if farewell != Farewell::None {
                self.out.push(Effect::End(session.conn));
                self.out.arm(Timer::Linger);
                link = Some(session.conn);
            } else if session.link == Link::Ended {
                self.out.push(Effect::Close(session.conn));
            }
            if stage >= Stage::Receiving && !outcome.is_success() && self.rules.keeps(Rule::Wiped) {
                self.out.push(Effect::Discard);
            }
        }
        self.close_candidates();
        self.out.push(Effect::Withdraw);
        self.phase = Phase::Done { outcome, link, removed: false };
        if self.rules.keeps(Rule::DoneAfterSends) {
            self.signal(Signal::Done(outcome));
        }
    }

    /// The installed account goes; of a failed import nothing is there (R-API-3).
    fn remove(&mut self) {
        if let Phase::Done { outcome, link, removed: false } = self.phase {
            self.phase = Phase::Done { outcome, link, removed: true };
            if outcome.is_success() {
                self.out.push(Effect::Remove);
            }
        }
    }

    fn let_go(&mut self, link: Option<ConnId>) {
        if let Phase::Done { outcome, removed, .. } = self.phase {
            self.phase = Phase::Done { outcome, link: None, removed };
            self.out.disarm(Timer::Linger);
            if let Some(conn) = link {
                self.out.push(Effect::Close(conn));
            }
        }
    }
}

impl Session {
    /// Whether an old exporter's stray verdict made us ask again although an answer is being judged (R-IMP-9).
    fn verdict_strayed(&self) -> bool {
        self.answer.is_some() && self.features.is_some_and(Features::is_legacy)
    }

    /// The end of the channel, if there is one to end.
    fn end(&self) -> Farewell {
        if self.link == Link::Open { Farewell::End } else { Farewell::None }
    }

    /// A word and the end of the channel.
    fn word(&self, word: Word) -> Farewell {
        if self.link == Link::Open { Farewell::Word(word) } else { Farewell::None }
    }

    /// How a cancel is said (R-EXT-3): a legacy exporter would count the word as a wrong password.
    fn cancel(&self) -> Farewell {
        match self.features {
            Some(features) if !features.cancel => self.end(),
            None | Some(_) => self.word(Word::Canceled),
        }
    }
}

#[cfg(test)]
mod tests;
