//! The export side of today's daemon: rows E1 to E19.

use handfast::{
    export::{Effect, Input, Tried},
    limits::{MAX_TRIES, Timer, Timers},
    message::{Features, Message, Slot, Verdict, Word},
    outcome::{Outcome, Scheme, Signal},
    reducer::{ConnId, Refused},
};
use std::net::SocketAddr;

use super::{
    change::{Change, Changes},
    rows::{AuthState, Rows},
};
use crate::system::side::Side;

/// The export side of one account: one slot for the operation that is live, whatever attempts are still under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Exporter {
    /// The decisions that are not those of 2026-08.
    changes: Changes,
    /// The attempt that the slot holds.
    live: Option<u8>,
    attempts: Vec<Attempt>,
}

/// One `addDevice`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Attempt {
    scheme: Scheme,
    stage: Stage,
    /// CONNECTING is posted and not emitted (E1).
    posted: bool,
    /// AUTHENTICATING is not emitted yet (E4).
    announced: Option<SocketAddr>,
    /// Confirmations that a worker has not seen to (E9).
    confirms: u8,
    tries: u8,
    transferred: bool,
    timers: Timers,
    /// The work of the reader (E13).
    busy: Option<Busy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Connecting,
    /// Cancelled while it connects: the attempt goes on.
    Cancelled,
    /// The channel is open.
    Open(AuthState),
    /// It was open.
    Shut(AuthState),
    /// It never was.
    Failed,
}

/// The four steps in which the reader handles a password that is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Busy {
    Opening(Slot),
    Announcing,
    Writing,
    Closing,
}

/// The steps of its own.
const CONNECTING: u8 = 0;
const AUTHENTICATING: u8 = 1;
const CONFIRM: u8 = 2;
/// The reader goes on with a password that is right (E13).
pub const READER: u8 = 3;
/// How many there are for each attempt.
const STEPS: u8 = 4;

impl Exporter {
    /// No operation.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same of another day.
    pub fn of(changes: Changes) -> Self {
        Self { changes, ..Self::default() }
    }

    fn attempt(&mut self, op: u8) -> Option<&mut Attempt> {
        self.attempts.get_mut(usize::from(op))
    }

    /// Takes an input of one attempt, and notes the rows that the step takes.
    ///
    /// # Errors
    /// The call is refused.
    pub fn take_noting(&mut self, op: u8, input: Input, rows: &mut Rows) -> Result<Vec<Effect>, Refused> {
        match input {
            Input::AddDevice(_) if self.live.is_some() => {
                rows.take(2);
                Err(Refused::Started)
            }
            Input::AddDevice(scheme) => {
                rows.take(1);
                self.live = Some(self.attempts.len() as u8);
                let mut timers = Timers::default();
                timers.insert(Timer::Connect);
                self.attempts.push(Attempt {
                    scheme,
                    stage: Stage::Connecting,
                    posted: true,
                    announced: None,
                    confirms: 0,
                    tries: 0,
                    transferred: false,
                    timers,
                    busy: None,
                });
                Ok(vec![Effect::Arm(Timer::Connect), Effect::Connect])
            }
            Input::ConfirmAddDevice => self.confirm(op, rows),
            // It has no such call.
            Input::CompareAddDevice(_) => Err(Refused::NotAsked),
            Input::CancelAddDevice => self.cancel(op, rows),
            _ => Ok(match self.attempts.get(usize::from(op)).map(|attempt| attempt.stage) {
                Some(Stage::Connecting | Stage::Cancelled) => self.connecting(op, input, rows),
                Some(Stage::Open(state)) => self.open(op, state, input, rows),
                Some(Stage::Shut(_)) => self.shut(op, input, rows),
                Some(Stage::Failed) | None => vec![],
            }),
        }
    }

    /// Takes an input of one attempt.
    ///
    /// # Errors
    /// The call is refused.
    pub fn take_for(&mut self, op: u8, input: Input) -> Result<Vec<Effect>, Refused> {
        self.take_noting(op, input, &mut Rows::default())
    }

    fn confirm(&mut self, op: u8, rows: &mut Rows) -> Result<Vec<Effect>, Refused> {
        let live = self.live == Some(op);
        match self.attempt(op) {
            Some(attempt) if live && attempt.stage == Stage::Open(AuthState::Est) => {
                attempt.confirms = attempt.confirms.saturating_add(1);
                rows.take(9);
                Ok(vec![])
            }
            _ => {
                rows.take(10);
                Err(Refused::NotAsked)
            }
        }
    }

    fn cancel(&mut self, op: u8, rows: &mut Rows) -> Result<Vec<Effect>, Refused> {
        let live = self.live == Some(op);
        match self.attempt(op) {
            Some(attempt) if live && attempt.stage == Stage::Connecting => {
                attempt.stage = Stage::Cancelled;
                self.live = None;
                rows.take(5);
                Ok(vec![])
            }
            Some(attempt) if live && matches!(attempt.stage, Stage::Open(_)) => {
                attempt.stage = Stage::Open(AuthState::Canceled);
                rows.take(16);
                let mut effects = vec![Effect::Send(Message::State(Word::Canceled))];
                effects.extend(self.close(op));
                Ok(effects)
            }
            _ => Err(Refused::Unknown),
        }
    }

    fn connecting(&mut self, op: u8, input: Input, rows: &mut Rows) -> Vec<Effect> {
        let Some(attempt) = self.attempt(op) else { return vec![] };
        let cancelled = attempt.stage == Stage::Cancelled;
        match input {
            // Nothing limits how long the channel may take from here.
            Input::Opened { pinned: true } => {
                attempt.timers.remove(Timer::Connect);
                vec![Effect::Disarm(Timer::Connect), Effect::RequestChannel]
            }
            Input::Opened { pinned: false } => {
                let mut effects = self.fail(op, rows);
                effects.push(Effect::Close);
                effects
            }
            Input::Fired(Timer::Connect) => {
                attempt.timers.remove(Timer::Connect);
                let mut effects = self.fail(op, rows);
                effects.push(Effect::Close);
                effects
            }
            Input::Unreachable | Input::Failed | Input::Declined | Input::Lost | Input::Ended => self.fail(op, rows),
            Input::Accepted { .. } if cancelled => {
                attempt.stage = Stage::Failed;
                rows.take(6);
                vec![Effect::Signal(Signal::Done(Outcome::Protocol)), Effect::End]
            }
            Input::Accepted { peer_address } => {
                attempt.stage = Stage::Open(AuthState::Est);
                attempt.announced = Some(peer_address);
                attempt.timers.insert(Timer::Authenticate);
                rows.take(4);
                vec![Effect::Arm(Timer::Authenticate)]
            }
            _ => vec![],
        }
    }

    /// The attempt fails: whatever operation the slot holds is gone with it.
    fn fail(&mut self, op: u8, rows: &mut Rows) -> Vec<Effect> {
        let Some(attempt) = self.attempt(op) else { return vec![] };
        let cancelled = attempt.stage == Stage::Cancelled;
        attempt.stage = Stage::Failed;
        let waits = attempt.timers.remove(Timer::Connect);
        self.live = None;
        rows.take(if cancelled { 7 } else { 3 });
        let mut effects = if waits { vec![Effect::Disarm(Timer::Connect)] } else { vec![] };
        effects.push(Effect::Signal(Signal::Done(Outcome::Network)));
        effects
    }

    fn open(&mut self, op: u8, state: AuthState, input: Input, rows: &mut Rows) -> Vec<Effect> {
        use AuthState as S;
        let changes = self.changes;
        let Some(attempt) = self.attempt(op) else { return vec![] };
        match (state, input) {
            (_, Input::Lost | Input::Ended) => {
                rows.take(18);
                self.end(op)
            }
            (_, Input::Malformed) => {
                attempt.stage = Stage::Open(S::Err);
                rows.take(11);
                if changes.has(Change::MalformedWaits) { vec![] } else { self.close(op) }
            }
            (_, Input::Fired(Timer::Authenticate)) => {
                attempt.timers.remove(Timer::Authenticate);
                attempt.stage = Stage::Open(S::Timeout);
                rows.take(17);
                let mut effects = vec![Effect::Send(Message::State(Word::Timeout))];
                effects.extend(self.close(op));
                effects
            }
            (S::Est | S::Auth, Input::Message(Message::State(Word::Timeout))) => {
                attempt.stage = Stage::Open(S::Timeout);
                rows.take(12);
                self.close(op)
            }
            (S::Est, Input::Message(_)) => {
                rows.take(8);
                vec![]
            }
            (S::Auth, Input::Message(Message::Password(slot))) => {
                attempt.busy = Some(Busy::Opening(slot));
                vec![Effect::Open(slot)]
            }
            (S::Auth, Input::Message(_)) if changes.has(Change::StraysFree) => vec![],
            (S::Auth, Input::Message(_)) => self.wrong(op, rows),
            (_, Input::Tried(slot, tried)) if attempt.busy == Some(Busy::Opening(slot)) => self.tried(op, tried, rows),
            _ => vec![],
        }
    }

    /// After the end only the reader, which may still be at work, does anything.
    fn shut(&mut self, op: u8, input: Input, rows: &mut Rows) -> Vec<Effect> {
        match input {
            Input::Tried(_, tried) => self.tried(op, tried, rows),
            _ => {
                rows.take(19);
                vec![]
            }
        }
    }

    fn tried(&mut self, op: u8, tried: Tried, rows: &mut Rows) -> Vec<Effect> {
        let Some(attempt) = self.attempt(op) else { return vec![] };
        match tried {
            Tried::Opened => {
                attempt.busy = Some(Busy::Announcing);
                rows.take(13);
                vec![]
            }
            Tried::Wrong | Tried::Unreadable => {
                attempt.busy = None;
                self.wrong(op, rows)
            }
        }
    }

    /// Anything but the right password is a wrong one.
    fn wrong(&mut self, op: u8, rows: &mut Rows) -> Vec<Effect> {
        let changes = self.changes;
        let Some(attempt) = self.attempt(op) else { return vec![] };
        attempt.tries = attempt.tries.saturating_add(1);
        let limit = MAX_TRIES + u8::from(changes.has(Change::CountsLate));
        let last = attempt.tries >= limit;
        let Stage::Open(_) = attempt.stage else { return vec![] };
        if !last {
            rows.take(14);
            if changes.has(Change::ErrAfterWrong) {
                attempt.stage = Stage::Open(AuthState::Err);
            }
            return vec![Effect::Send(Message::Verdict(Verdict::Wrong))];
        }
        attempt.stage = Stage::Open(AuthState::AuthError);
        rows.take(15);
        let mut effects = vec![Effect::Send(Message::Verdict(Verdict::Final))];
        effects.extend(self.close(op));
        effects
    }

    /// The channel is shut: the client learns of the end, and the slot is cleared.
    fn end(&mut self, op: u8) -> Vec<Effect> {
        self.live = None;
        let Some(attempt) = self.attempt(op) else { return vec![] };
        let Stage::Open(state) = attempt.stage else { return vec![] };
        attempt.stage = Stage::Shut(state);
        let outcome = match state {
            AuthState::AuthError => Outcome::Authentication,
            AuthState::Timeout => Outcome::Timeout,
            AuthState::Canceled => Outcome::CANCELED,
            AuthState::Err => Outcome::Protocol,
            AuthState::Handshake | AuthState::Est | AuthState::Auth | AuthState::Data if attempt.transferred => {
                Outcome::SUCCESS
            }
            AuthState::Handshake | AuthState::Est | AuthState::Auth | AuthState::Data => Outcome::Network,
        };
        let mut effects = Vec::new();
        if attempt.timers.remove(Timer::Authenticate) {
            effects.push(Effect::Disarm(Timer::Authenticate));
        }
        effects.push(Effect::Signal(Signal::Done(outcome)));
        effects
    }

    /// It closes the channel: its own client learns of it first, then the peer.
    fn close(&mut self, op: u8) -> Vec<Effect> {
        let mut effects = self.end(op);
        if !effects.is_empty() {
            effects.push(Effect::End);
        }
        effects
    }

    /// The steps of its own that one attempt can take.
    pub fn inner_of(&self, op: u8) -> Vec<u8> {
        let Some(attempt) = self.attempts.get(usize::from(op)) else { return vec![] };
        let reader = matches!(attempt.busy, Some(Busy::Announcing | Busy::Writing | Busy::Closing));
        let can = [attempt.posted, attempt.announced.is_some(), attempt.confirms > 0, reader];
        (0..STEPS).zip(can).filter(|(_, can)| *can).map(|(step, _)| step).collect()
    }

    /// Takes a step of its own in one attempt. No row begins with one.
    pub fn advance_of(&mut self, op: u8, step: u8) -> Vec<Effect> {
        let Some(attempt) = self.attempt(op) else { return vec![] };
        match step {
            CONNECTING => {
                attempt.posted = false;
                vec![Effect::Signal(Signal::Connecting)]
            }
            AUTHENTICATING => {
                let address = attempt.announced.take();
                address.map(|peer_address| Effect::Signal(Signal::Confirm { peer_address })).into_iter().collect()
            }
            CONFIRM => {
                attempt.confirms -= 1;
                let Stage::Open(AuthState::Est | AuthState::Auth) = attempt.stage else { return vec![] };
                attempt.stage = Stage::Open(AuthState::Auth);
                vec![Effect::Send(Message::AuthScheme(attempt.scheme, Features::NONE))]
            }
            READER => self.read_on(op),
            _ => vec![],
        }
    }

    fn read_on(&mut self, op: u8) -> Vec<Effect> {
        let Some(attempt) = self.attempt(op) else { return vec![] };
        match attempt.busy {
            Some(Busy::Announcing) => {
                attempt.transferred = true;
                attempt.busy = Some(Busy::Writing);
                vec![Effect::Signal(Signal::InProgress)]
            }
            Some(Busy::Writing) => {
                attempt.busy = Some(Busy::Closing);
                // A write to a closed channel fails, and no one looks.
                if matches!(attempt.stage, Stage::Open(_)) { vec![Effect::SendArchive] } else { vec![] }
            }
            Some(Busy::Closing) => {
                attempt.busy = None;
                self.close(op)
            }
            Some(Busy::Opening(_)) | None => vec![],
        }
    }

    /// The timers of one attempt.
    pub fn armed_of(&self, op: u8) -> Timers {
        self.attempts.get(usize::from(op)).map_or_else(Timers::default, |attempt| attempt.timers)
    }

    /// Whether the reader of one attempt reads.
    pub fn reads_of(&self, op: u8) -> bool {
        self.attempts.get(usize::from(op)).is_none_or(|attempt| attempt.busy.is_none())
    }

    /// Whether an attempt is in both as it is in the other, and as live.
    pub fn is_alike(&self, other: &Self, op: u8) -> bool {
        let part = |side: &Self| (side.attempts.get(usize::from(op)).cloned(), side.live == Some(op));
        part(self) == part(other)
    }

    /// Whether one attempt has ended.
    pub fn is_closed_of(&self, op: u8) -> bool {
        let ended = |attempt: &Attempt| matches!(attempt.stage, Stage::Shut(_) | Stage::Failed);
        self.attempts.get(usize::from(op)).is_none_or(ended)
    }
}

/// With one operation.
impl Side for Exporter {
    type Input = Input;
    type Effect = Effect;

    fn take(&mut self, input: Input) -> Result<Vec<Effect>, Refused> {
        self.take_for(0, input)
    }

    fn armed(&self) -> Timers {
        self.armed_of(0)
    }

    fn is_closed(&self) -> bool {
        self.is_closed_of(0)
    }

    fn inner(&self) -> Vec<u8> {
        self.inner_of(0)
    }

    fn goes_on(&self, step: u8) -> bool {
        step == READER
    }

    fn advance(&mut self, step: u8) -> Vec<Effect> {
        self.advance_of(0, step)
    }

    fn reads(&self, _: ConnId) -> bool {
        self.reads_of(0)
    }
}
