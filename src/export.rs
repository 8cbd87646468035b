//! The export side: the device that has the account (R-EXP).
//!
//! [`Exporter::handle`] is the protocol as a table: state by state, input by input.

mod broken;
mod invariant;
mod io;

use core::net::SocketAddr;

use serde::Serialize;

pub use self::io::{Effect, Input, Tried};
use crate::{
    limits::{MAX_TRIES, Timer, Timers},
    message::{Features, ImportResult, Message as M, Slot, Verdict, Word},
    outcome::{LinkState, Outcome, Profile, Scheme, Signal},
    reducer::{Config, Farewell, Outbox, Refused, assert_invariant},
    rules::{AllRules, Rule, Rules},
};

/// The export side of one operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Exporter<R: Rules = AllRules> {
    config: Config,
    scheme: Scheme,
    phase: Phase,
    last: Option<Signal>,
    /// The importing device's address, until the user is asked to confirm it.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<SocketAddr>,
    out: Outbox<Effect>,
    #[serde(skip)]
    rules: R,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Phase {
    Idle,
    /// The device is looked up, connected to, and asked for the channel.
    Connecting(Attempt),
    Linked(Stage, Session),
    Done {
        outcome: Outcome,
        rest: Rest,
    },
}

/// How far an attempt to connect has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Attempt {
    /// The connection is being made and secured.
    Begun,
    /// The channel is requested.
    Requested,
    /// It failed; another one follows after a pause.
    Failed,
}

/// How far the session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Stage {
    /// The users are asked.
    Authenticating,
    /// The archive is being sent.
    Sending,
    /// All of it is handed over.
    Sent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
struct Session {
    /// The features of the importer's hello; unknown before it.
    features: Option<Features>,
    /// The user confirmed the importing device.
    confirmed: bool,
    /// `authScheme` is out.
    asked: bool,
    password: Password,
    /// Wrong passwords so far.
    tries: u8,
    #[serde(skip_serializing_if = "Comparing::is_off")]
    comparing: Comparing,
}

/// How far the comparison has come (R-SAS-2, R-SAS-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Comparing {
    /// It is not in force, or not known to be.
    Off,
    /// The commitment is out.
    Committed,
    /// The commitment is opened, and the user compares.
    Shown,
    /// The user says that the strings are equal.
    Equal,
}

impl Comparing {
    const fn is_off(&self) -> bool {
        matches!(self, Self::Off)
    }
}

/// The one password that can be on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Password {
    None,
    /// It came before the user confirmed.
    Kept(Slot),
    /// The archive is being opened with it.
    Trying(Slot),
}

/// The rest of an ended operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Rest {
    Nothing,
    /// The channel is requested and not answered: a late ACCEPT is answered with this word (R-CANCEL-1).
    Requested(Word),
    /// The ended channel's connection is kept open for the peer to read it.
    Link,
}

impl Exporter {
    /// Returns an operation that waits for [`Input::AddDevice`].
    pub fn new(config: Config) -> Self {
        Self::under(config, AllRules)
    }
}

impl<R: Rules> Exporter<R> {
    /// Returns an operation that waits for [`Input::AddDevice`] and keeps `rules`: how a checker shows that a broken one is found.
    pub fn under(config: Config, rules: R) -> Self {
        Self { config, scheme: Scheme::None, phase: Phase::Idle, last: None, address: None, out: Outbox::new(), rules }
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
        use {Attempt::*, Input::*, Phase::*, Stage::*};
        if !self.out.is_drained() {
            return Err(Refused::Undrained);
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
            // The token is good; the device is looked for (R-EXP-1).
            (Idle, AddDevice(scheme)) => self.connect(scheme),
            (Idle, ConfirmAddDevice | CompareAddDevice(_) | CancelAddDevice) => return Err(Refused::NotStarted),

            // Connecting (R-EXP-2, R-SEC-1), again after an attempt that failed (R-EXP-12).
            (Connecting(Begun), Opened { pinned }) => self.request(pinned),
            (Connecting(Begun), Unreachable) => self.finish(Outcome::Network, Farewell::None),
            (Connecting(Begun), Input::Failed | Lost) | (Connecting(Requested), Lost) => self.try_again(),
            (Connecting(Attempt::Failed), Fired(Timer::Retry)) => {
                self.phase = Connecting(Begun);
                self.out.push(Effect::Connect);
            }
            (Connecting(Requested), Declined) => {
                self.out.push(Effect::Close);
                self.finish(Outcome::Network, Farewell::None);
            }
            (Connecting(attempt), CancelAddDevice) => self.abandon(Outcome::CANCELED, attempt, Word::Canceled),
            (Connecting(attempt), Fired(Timer::Connect)) => self.abandon(Outcome::Timeout, attempt, Word::Timeout),

            // The channel is open (R-EXP-3).
            (Connecting(Requested), Accepted { peer_address }) => self.open(peer_address),

            // The users compare, if both sides name it, and with that the device is confirmed (R-SAS-2, R-SAS-5, R-SAS-7).
            (Linked(Authenticating, session @ Session { features: None, .. }), Message(M::Hello(features)))
                if self.compares_with(features) =>
            {
                self.commit(Session { features: Some(features), comparing: Comparing::Committed, ..session });
            }
            (
                Linked(Authenticating, session @ Session { comparing: Comparing::Committed, .. }),
                Message(M::Nonce(_)),
            ) => {
                self.out.push(Effect::Send(M::Opening(Slot::NONE)));
                self.show(session);
            }
            (Linked(Authenticating, session @ Session { comparing: Comparing::Shown, .. }), CompareAddDevice(true)) => {
                self.proceed(Session { confirmed: true, comparing: Comparing::Equal, ..session })
            }
            (Linked(Authenticating, Session { comparing: Comparing::Shown, .. }), CompareAddDevice(false)) => {
                self.finish(Outcome::Mismatch, Farewell::Word(Word::Mismatch))
            }

            // The importer greets, the user confirms, in either order (R-EXP-4, R-EXP-5).
            (Linked(Authenticating, session @ Session { features: None, .. }), Message(M::Hello(features))) => {
                self.proceed(Session { features: Some(features), ..session });
            }
            (
                Linked(Authenticating, session @ Session { confirmed: false, comparing: Comparing::Off, .. }),
                ConfirmAddDevice,
            ) if self.address.is_none() => self.proceed(Session { confirmed: true, ..session }),

            // A password is tried, one at a time, and none before the user confirmed (R-EXP-6, R-EXP-9).
            (Linked(Authenticating, Session { comparing: Comparing::Committed, .. }), Message(M::Password(_))) => {
                self.finish(Outcome::Protocol, Farewell::End);
            }
            (Linked(Authenticating, session), Message(M::Password(slot))) => self.password(session, slot),
            (Linked(Authenticating, session), Tried(slot, tried)) if session.password == Password::Trying(slot) => {
                self.tried(session, tried);
            }

            // The archive goes out (R-EXP-8).
            (Linked(Sending, _), Progressed) => self.out.arm(Timer::Stall),
            (Linked(Sending, session), HandedOver) => self.await_result(session),
            (Linked(Sending, _), SendFailed) => self.finish(Outcome::Storage, Farewell::End),

            // The importer says how it went, or a legacy one just ends the channel (R-EXT-2).
            (Linked(Sent, session), Message(M::ImportResult(result))) => self.result(session, result),
            (Linked(Sent, session), Ended) => self.ended_after_archive(session),

            // The user gives up (R-API-6, R-CANCEL-1); not once archive bytes are out. Every importer knows the word (R-EXT-3).
            (Linked(Authenticating, _), CancelAddDevice) => {
                self.finish(Outcome::CANCELED, Farewell::Word(Word::Canceled));
            }
            (Linked(Sending | Sent, _), CancelAddDevice) => return Err(Refused::TooLate),

            // Too long (R-TIME-3 to R-TIME-5). In the middle of the archive no word can be said.
            (Linked(Authenticating, session), Fired(Timer::Authenticate))
            | (Linked(Sent, session), Fired(Timer::Result)) => {
                self.finish(Outcome::Timeout, Self::time_out(session));
            }
            (Linked(Sending, _), Fired(Timer::Stall | Timer::Transfer)) => {
                self.finish(Outcome::Timeout, Farewell::End);
            }

            // The importer ends it (R-EXT-3), or breaks a rule (R-EXP-7).
            (Linked(stage, _), Message(M::State(Word::Canceled))) => {
                self.finish(Outcome::Canceled { sent: stage >= Sending }, Farewell::End);
            }
            (Linked(..), Message(M::State(Word::Timeout))) => {
                self.finish(Outcome::Timeout, Farewell::End);
            }
            (Linked(_, session), Message(M::State(Word::Mismatch))) => {
                let outcome = if session.comparing.is_off() { Outcome::Protocol } else { Outcome::Mismatch };
                self.finish(outcome, Farewell::End);
            }
            (Linked(_, session), Message(M::Commitment(_) | M::Nonce(_) | M::Opening(_)))
                if !session.comparing.is_off() =>
            {
                self.finish(Outcome::Protocol, Farewell::End);
            }
            (Linked(..), Malformed | Message(M::AuthScheme(..) | M::Verdict(_)))
            | (Linked(Sending | Sent, _), Message(M::Password(_)))
            | (Linked(Authenticating | Sending, _), Message(M::ImportResult(_))) => {
                self.finish(Outcome::Protocol, Farewell::End);
            }

            // The link is lost, or the importer ends the channel too early (R-EXP-10).
            (Linked(..), Lost) => self.finish(Outcome::Network, Farewell::None),
            (Linked(Authenticating | Sending, _), Ended) => {
                self.out.push(Effect::Close);
                self.finish(Outcome::Network, Farewell::None);
            }

            // After the end: a late ACCEPT is answered, an ended link goes when the importer has read it (R-CANCEL-1, R-EXT-2).
            (Done { outcome, rest: Rest::Requested(word) }, Accepted { .. }) => self.answer_late(outcome, word),
            (Done { rest: Rest::Requested(_) | Rest::Link, .. }, Lost) => self.let_go(false),
            (Done { rest: Rest::Requested(_), .. }, Declined | Fired(Timer::Linger))
            | (Done { rest: Rest::Link, .. }, Ended | Fired(Timer::Linger)) => self.let_go(true),

            // Calls at the wrong time.
            (Connecting(_) | Linked(..) | Done { .. }, AddDevice(_)) => return Err(Refused::Started),
            (Connecting(_), ConfirmAddDevice) => return Err(Refused::NotAsked),
            (Linked(_, Session { confirmed: false, .. }), ConfirmAddDevice) => return Err(Refused::NotAsked),
            (Linked(..), ConfirmAddDevice) => return Err(Refused::Confirmed),
            (Connecting(_) | Linked(..), CompareAddDevice(_)) => return Err(Refused::NotAsked),
            (Done { .. }, ConfirmAddDevice | CompareAddDevice(_) | CancelAddDevice) => return Err(Refused::Ended),

            // Ignored in a session (R-EXP-7): a repeated hello, unknown keys, and those of a comparison that is not in force (R-SAS-1).
            (Linked(..), Message(M::Hello(_) | M::Unknown | M::Commitment(_) | M::Nonce(_) | M::Opening(_))) => {}

            // Late: answers and events of what is over, and timers that no longer mean anything.
            (Done { .. }, Message(_) | Malformed | Ended | Lost) => {}
            (
                _,
                Opened { .. }
                | Unreachable
                | Input::Failed
                | Accepted { .. }
                | Declined
                | Tried(..)
                | Progressed
                | HandedOver
                | SendFailed
                | Fired(_),
            ) => {}

            // Without a channel nothing can come through it.
            (Idle | Connecting(Attempt::Failed), Lost) | (Idle | Connecting(_), Ended | Message(_) | Malformed) => {}
        }
        Ok(())
    }

    /// The row of the table that the operation is in, by name: what coverage counts.
    pub const fn place(&self) -> &'static str {
        match self.phase {
            Phase::Idle => "idle",
            Phase::Connecting(Attempt::Begun) => "connecting",
            Phase::Connecting(Attempt::Requested) => "requested",
            Phase::Connecting(Attempt::Failed) => "between attempts",
            Phase::Linked(Stage::Authenticating, Session { features: None, .. }) => "authenticating, no hello",
            Phase::Linked(Stage::Authenticating, Session { comparing: Comparing::Committed, .. }) => "committed",
            Phase::Linked(Stage::Authenticating, Session { comparing: Comparing::Shown, .. }) => "comparing",
            Phase::Linked(Stage::Authenticating, Session { confirmed: false, .. }) => "authenticating, greeted",
            Phase::Linked(Stage::Authenticating, Session { password: Password::Trying(_), .. }) => "trying",
            Phase::Linked(Stage::Authenticating, _) => "authenticating, confirmed",
            Phase::Linked(Stage::Sending, _) => "sending",
            Phase::Linked(Stage::Sent, _) => "sent",
            Phase::Done { rest: Rest::Requested(_), .. } => "done, requested",
            Phase::Done { rest: Rest::Link, .. } => "done, linked",
            Phase::Done { rest: Rest::Nothing, .. } => "done",
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
            Phase::Idle | Phase::Connecting(_) | Phase::Linked(..) => None,
        }
    }

    /// Whether the operation has ended and nothing of it is left: no connection, no timer.
    pub const fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Done { rest: Rest::Nothing, .. })
    }

    /// The timers that run.
    pub const fn armed(&self) -> Timers {
        self.out.armed()
    }

    fn signal(&mut self, signal: Signal) {
        self.last = Some(signal);
        self.out.push(Effect::Signal(signal));
    }

    fn connect(&mut self, scheme: Scheme) {
        self.scheme = scheme;
        self.phase = Phase::Connecting(Attempt::Begun);
        self.out.arm(Timer::Connect);
        self.signal(Signal::Connecting);
        self.out.push(Effect::Connect);
    }

    /// Only the token's own device is asked for a channel (R-SEC-1).
    fn request(&mut self, pinned: bool) {
        if !pinned {
            self.out.push(Effect::Close);
            return self.finish(Outcome::Network, Farewell::None);
        }
        self.phase = Phase::Connecting(Attempt::Requested);
        self.out.push(Effect::RequestChannel);
    }

    /// An attempt failed, for which no one has to be at fault: another one follows, until [`Timer::Connect`] fires (R-EXP-12).
    fn try_again(&mut self) {
        self.phase = Phase::Connecting(Attempt::Failed);
        self.out.arm(Timer::Retry);
    }

    /// The channel is open. An exporter that names `sas` asks its user once it knows what to ask (R-SAS-5).
    fn open(&mut self, peer_address: SocketAddr) {
        self.phase = Phase::Linked(
            Stage::Authenticating,
            Session {
                features: None,
                confirmed: false,
                asked: false,
                password: Password::None,
                tries: 0,
                comparing: Comparing::Off,
            },
        );
        if self.rules.keeps(Rule::SessionStopsTimers) {
            self.out.disarm(Timer::Connect);
        }
        self.out.arm(Timer::Authenticate);
        if self.config.features.sas {
            self.address = Some(peer_address);
        } else {
            self.signal(Signal::Confirm { peer_address });
        }
    }

    /// Whether a comparison is in force with an importer of these features (R-SAS-1).
    const fn compares_with(&self, features: Features) -> bool {
        features.and(self.config.features).sas
    }

    /// Asks for the importer's nonce, with the own one hidden in a commitment (R-SAS-2).
    fn commit(&mut self, session: Session) {
        self.proceed(session);
        self.out.push(Effect::Send(M::Commitment(Slot::NONE)));
    }

    /// Both nonces are known: the user compares (R-SAS-5).
    fn show(&mut self, session: Session) {
        self.phase = Phase::Linked(Stage::Authenticating, Session { comparing: Comparing::Shown, ..session });
        if let Some(peer_address) = self.address.take() {
            self.signal(Signal::CompareDevice { peer_address });
        }
    }

    /// Sends `authScheme` once it is due, and tries a password that waited for the confirmation (R-EXP-4, R-EXP-5).
    fn proceed(&mut self, mut session: Session) {
        let due = session.features.is_some()
            && match self.config.profile {
                Profile::Documented => true,
                Profile::Jamid => session.confirmed || !session.comparing.is_off(),
            };
        if session.comparing.is_off()
            && session.features.is_some()
            && let Some(peer_address) = self.address.take()
        {
            self.signal(Signal::Confirm { peer_address });
        }
        if due && !session.asked {
            session.asked = true;
            self.out.push(Effect::Send(M::AuthScheme(self.scheme, self.config.features)));
        }
        if let Password::Kept(slot) = session.password
            && session.confirmed
        {
            session.password = Password::Trying(slot);
            self.out.push(Effect::Open(slot));
        }
        self.phase = Phase::Linked(Stage::Authenticating, session);
    }

    fn password(&mut self, session: Session, slot: Slot) {
        if !session.asked || session.password != Password::None {
            return self.finish(Outcome::Protocol, Farewell::End);
        }
        let password = if session.confirmed { Password::Trying(slot) } else { Password::Kept(slot) };
        self.phase = Phase::Linked(Stage::Authenticating, Session { password, ..session });
        if session.confirmed {
            self.out.push(Effect::Open(slot));
        }
    }

    fn tried(&mut self, session: Session, tried: Tried) {
        let session = Session { password: Password::None, ..session };
        match tried {
            Tried::Opened => {
                self.phase = Phase::Linked(Stage::Sending, session);
                self.out.disarm(Timer::Authenticate);
                self.out.arm(Timer::Stall);
                self.out.arm(Timer::Transfer);
                self.signal(Signal::InProgress);
                self.out.push(Effect::SendArchive);
            }
            Tried::Wrong => self.wrong(session),
            Tried::Unreadable => self.finish(Outcome::Storage, Farewell::End),
        }
    }

    /// The third wrong password is the last one (R-EXP-6).
    fn wrong(&mut self, session: Session) {
        let tries = session.tries.saturating_add(1);
        if tries >= MAX_TRIES {
            self.out.push(Effect::Send(M::Verdict(Verdict::Final)));
            return self.finish(Outcome::Authentication, Farewell::End);
        }
        self.phase = Phase::Linked(Stage::Authenticating, Session { tries, ..session });
        self.out.push(Effect::Send(M::Verdict(Verdict::Wrong)));
    }

    fn await_result(&mut self, session: Session) {
        self.out.disarm(Timer::Stall);
        self.out.disarm(Timer::Transfer);
        self.phase = Phase::Linked(Stage::Sent, session);
        self.out.arm(Timer::Result);
    }

    /// Whether this importer promised a result (R-EXT-1).
    fn result_in_force(&self, session: Session) -> bool {
        session.features.is_some_and(|peer| peer.and(self.config.features).result)
    }

    fn result(&mut self, session: Session, result: ImportResult) {
        let outcome = if self.result_in_force(session) { Self::outcome_of(result) } else { Outcome::Protocol };
        self.finish(outcome, Farewell::End);
    }

    const fn outcome_of(result: ImportResult) -> Outcome {
        match result {
            ImportResult::Stored => Outcome::SUCCESS,
            ImportResult::FailedArchive | ImportResult::FailedStorage | ImportResult::Other => Outcome::Peer,
        }
    }

    fn ended_after_archive(&mut self, session: Session) {
        let outcome = match self.result_in_force(session) {
            true => Outcome::Network,
            false => Outcome::Success { confirmed: false },
        };
        self.out.push(Effect::Close);
        self.finish(outcome, Farewell::None);
    }

    /// How a timer is said (R-EXT-3): a legacy importer does not know the word.
    fn time_out(session: Session) -> Farewell {
        match session.features {
            Some(features) if !features.cancel => Farewell::End,
            None | Some(_) => Farewell::Word(Word::Timeout),
        }
    }

    /// Ends an operation that has no channel. If one is requested, its late ACCEPT will be answered (R-CANCEL-1).
    fn abandon(&mut self, outcome: Outcome, attempt: Attempt, word: Word) {
        self.finish(outcome, Farewell::None);
        if attempt == Attempt::Requested {
            self.phase = Phase::Done { outcome, rest: Rest::Requested(word) };
            self.out.arm(Timer::Linger);
        } else {
            self.out.push(Effect::Close);
        }
    }

    fn finish(&mut self, outcome: Outcome, farewell: Farewell) {
        if self.rules.lacks(Rule::DoneAfterSends) {
            self.signal(Signal::Done(outcome));
        }
        if self.rules.keeps(Rule::EndStopsTimers) {
            self.out.disarm_all();
        }
        let mut rest = Rest::Nothing;
        if let Farewell::Word(word) = farewell {
            self.out.push(Effect::Send(M::State(word)));
        }
        if farewell != Farewell::None {
            self.out.push(Effect::End);
            self.out.arm(Timer::Linger);
            rest = Rest::Link;
        }
        self.phase = Phase::Done { outcome, rest };
        self.address = None;
        if self.rules.keeps(Rule::DoneAfterSends) {
            self.signal(Signal::Done(outcome));
        }
    }

    fn answer_late(&mut self, outcome: Outcome, word: Word) {
        self.phase = Phase::Done { outcome, rest: Rest::Link };
        self.out.push(Effect::Send(M::State(word)));
        self.out.push(Effect::End);
        self.out.arm(Timer::Linger);
    }

    fn let_go(&mut self, open: bool) {
        if let Phase::Done { outcome, .. } = self.phase {
            self.phase = Phase::Done { outcome, rest: Rest::Nothing };
            self.out.disarm(Timer::Linger);
            if open {
                self.out.push(Effect::Close);
            }
        }
    }
}

#[cfg(test)]
mod tests;
