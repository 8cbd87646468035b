//! The export side, a second time.

use handfast::{
    export::{Effect as E, Exporter, Input as I, Tried},
    limits::Timer,
    message::{Features, ImportResult, Message as M, Slot, Verdict, Word},
    outcome::{Outcome, Profile, Scheme, Signal},
    reducer::Config,
};

use super::{Machine, Running, Step, TIMERS, choices, messages};

const ADDRESS: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)), 4711);

/// All inputs.
pub(super) fn inputs() -> Vec<I> {
    let slots = [Slot(1), Slot(2)];
    let tried = [Tried::Opened, Tried::Wrong, Tried::Unreadable];
    let mut all = vec![
        I::AddDevice(Scheme::Password),
        I::ConfirmAddDevice,
        I::CompareAddDevice(true),
        I::CompareAddDevice(false),
        I::CancelAddDevice,
        I::Opened { pinned: true },
        I::Opened { pinned: false },
        I::Unreachable,
        I::Failed,
        I::Lost,
        I::Accepted { peer_address: ADDRESS },
        I::Declined,
        I::Ended,
        I::Malformed,
        I::Progressed,
        I::HandedOver,
        I::SendFailed,
        I::Message(M::AuthScheme(Scheme::None, Features::NONE)),
    ];
    all.extend(choices().map(|features| I::Message(M::Hello(features))));
    all.push(I::Message(M::Password(slots[0])));
    all.extend(slots.into_iter().flat_map(|slot| tried.map(|tried| I::Tried(slot, tried))));
    all.extend(messages().map(I::Message));
    all.extend(TIMERS.map(I::Fired));
    all
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// An attempt is under way.
    Connecting,
    Requested,
    Pausing,
    Authenticating,
    Sending,
    Sent,
    /// The end; a late ACCEPT is answered with this word.
    Late(Word),
    /// The end; the peer may read what was said.
    Lingering,
    Over,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Comparison {
    None,
    Committed,
    Shown,
    Equal,
}

/// The shipped machine, and what is stated.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    exporter: Exporter,
    config: Config,
    phase: Phase,
    running: Running,
    hello: Option<Features>,
    shown: bool,
    confirmed: bool,
    asked: bool,
    kept: Option<Slot>,
    trying: Option<Slot>,
    wrong: u8,
    comparison: Comparison,
}

impl Pair {
    pub(super) fn new(config: Config) -> Self {
        Self {
            exporter: Exporter::new(config),
            config,
            phase: Phase::Idle,
            running: Running::default(),
            hello: None,
            shown: false,
            confirmed: false,
            asked: false,
            kept: None,
            trying: None,
            wrong: 0,
            comparison: Comparison::None,
        }
    }

    fn compares(&self) -> bool {
        self.comparison != Comparison::None
    }

    /// The end, and what is said before it: `None` says nothing, `Some(None)` ends the channel, `Some(Some(word))` says why.
    fn end(&mut self, outcome: Outcome, farewell: Option<Option<Word>>) -> Vec<E> {
        // The session means nothing any more.
        *self = Self { exporter: self.exporter.clone(), phase: Phase::Over, ..Self::new(self.config) };
        let mut effects = vec![E::Signal(Signal::Done(outcome))];
        if let Some(word) = farewell {
            effects.extend(word.map(|word| E::Send(M::State(word))));
            effects.extend([E::End, E::Arm(Timer::Linger)]);
            self.running.set(Timer::Linger, true);
            self.phase = Phase::Lingering;
        }
        effects
    }

    fn protocol(&mut self) -> Vec<E> {
        self.end(Outcome::Protocol, Some(None))
    }

    /// R-EXT-3: TIMEOUT to who named `cancel`, or has not said what it knows.
    fn time_out(&mut self) -> Vec<E> {
        let says = self.hello.is_none_or(|peer| peer.cancel);
        self.end(Outcome::Timeout, Some(says.then_some(Word::Timeout)))
    }

    fn has_result(&self) -> bool {
        self.config.features.result && self.hello.is_some_and(|peer| peer.result)
    }

    /// A kept password is tried once the user has confirmed.
    fn try_kept(&mut self) -> Vec<E> {
        if !self.confirmed {
            return Vec::new();
        }
        self.trying = self.trying.or(self.kept);
        self.kept.take().map(E::Open).into_iter().collect()
    }

    /// `authScheme` where it is due (R-EXT-1, R-EXP-4).
    fn ask(&mut self) -> Vec<E> {
        let documented = self.config.profile == Profile::Documented;
        if self.asked || self.hello.is_none() || !(documented || self.confirmed || self.compares()) {
            return Vec::new();
        }
        self.asked = true;
        vec![E::Send(M::AuthScheme(Scheme::Password, self.config.features))]
    }

    fn greeted(&mut self, peer: Features) -> Vec<E> {
        self.hello = Some(peer);
        if self.config.features.sas && peer.sas {
            self.comparison = Comparison::Committed;
            return [self.ask(), vec![E::Send(M::Commitment(Slot::NONE))]].concat();
        }
        let mut effects = Vec::new();
        if !self.shown {
            self.shown = true;
            effects.push(E::Signal(Signal::Confirm { peer_address: ADDRESS }));
        }
        effects.extend(self.ask());
        effects
    }

    fn authenticating(&mut self, input: I) -> Option<Vec<E>> {
        use Comparison::{Committed, Equal, Shown};
        Some(match input {
            I::Message(M::Hello(peer)) if self.hello.is_none() => self.greeted(peer),
            I::Message(M::Nonce(_)) if self.comparison == Committed => {
                self.comparison = Shown;
                vec![E::Send(M::Opening(Slot::NONE)), E::Signal(Signal::CompareDevice { peer_address: ADDRESS })]
            }
            I::CompareAddDevice(true) if self.comparison == Shown => {
                (self.comparison, self.confirmed) = (Equal, true);
                self.try_kept()
            }
            I::CompareAddDevice(false) if self.comparison == Shown => {
                self.end(Outcome::Mismatch, Some(Some(Word::Mismatch)))
            }
            I::ConfirmAddDevice if self.shown && !self.confirmed && !self.compares() => {
                self.confirmed = true;
                [self.ask(), self.try_kept()].concat()
            }
            I::ConfirmAddDevice | I::CompareAddDevice(_) => return None,
            I::Message(M::Password(slot)) => {
                let early = !self.asked || self.comparison == Committed;
                if early || self.kept.is_some() || self.trying.is_some() {
                    return Some(self.protocol());
                }
                self.kept = Some(slot);
                self.try_kept()
            }
            I::Tried(slot, tried) if self.trying == Some(slot) => {
                self.trying = None;
                match tried {
                    Tried::Opened => {
                        self.phase = Phase::Sending;
                        self.running = Running::of([Timer::Stall, Timer::Transfer]);
                        let timers = [Timer::Stall, Timer::Transfer].map(E::Arm);
                        [&timers[..], &[E::Signal(Signal::InProgress), E::SendArchive]].concat()
                    }
                    Tried::Wrong if self.wrong == 2 => {
                        let end = self.end(Outcome::Authentication, Some(None));
                        [&[E::Send(M::Verdict(Verdict::Final))], &end[..]].concat()
                    }
                    Tried::Wrong => {
                        self.wrong += 1;
                        vec![E::Send(M::Verdict(Verdict::Wrong))]
                    }
                    Tried::Unreadable => self.end(Outcome::Storage, Some(None)),
                }
            }
            I::CancelAddDevice => self.end(Outcome::CANCELED, Some(Some(Word::Canceled))),
            I::Fired(Timer::Authenticate) => self.time_out(),
            other => self.in_session(other),
        })
    }

    /// The result of an input at every stage of a session.
    fn in_session(&mut self, input: I) -> Vec<E> {
        let archive_is_out = self.phase != Phase::Authenticating;
        match input {
            I::Message(M::State(Word::Canceled)) => self.end(Outcome::Canceled { sent: archive_is_out }, Some(None)),
            I::Message(M::State(Word::Timeout)) => self.end(Outcome::Timeout, Some(None)),
            I::Message(M::State(Word::Mismatch)) if self.compares() => self.end(Outcome::Mismatch, Some(None)),
            I::Message(M::Commitment(_) | M::Nonce(_) | M::Opening(_)) if !self.compares() => Vec::new(),
            I::Message(M::Hello(_) | M::Unknown) => Vec::new(),
            I::Message(_) | I::Malformed => self.protocol(),
            I::Lost => self.end(Outcome::Network, None),
            I::Ended => [vec![E::Close], self.end(Outcome::Network, None)].concat(),
            _ => Vec::new(),
        }
    }

    fn stated(&mut self, input: I) -> Option<Vec<E>> {
        let dropped = |mut effects: Vec<E>| {
            effects.push(E::Close);
            effects
        };
        let call = matches!(input, I::AddDevice(_) | I::ConfirmAddDevice | I::CompareAddDevice(_) | I::CancelAddDevice);
        Some(match (self.phase, input) {
            (Phase::Idle, I::AddDevice(_)) => {
                self.phase = Phase::Connecting;
                self.running.set(Timer::Connect, true);
                vec![E::Arm(Timer::Connect), E::Signal(Signal::Connecting), E::Connect]
            }
            (Phase::Idle, _) if call => return None,
            (Phase::Idle, _) => Vec::new(),
            (_, I::AddDevice(_)) => return None,

            (Phase::Connecting, I::Opened { pinned: true }) => {
                self.phase = Phase::Requested;
                vec![E::RequestChannel]
            }
            (Phase::Connecting, I::Opened { pinned: false }) | (Phase::Requested, I::Declined) => {
                dropped(self.end(Outcome::Network, None))
            }
            (Phase::Connecting, I::Unreachable) => self.end(Outcome::Network, None),
            (Phase::Connecting, I::Failed | I::Lost) | (Phase::Requested, I::Lost) => {
                self.phase = Phase::Pausing;
                self.running.set(Timer::Retry, true);
                vec![E::Arm(Timer::Retry)]
            }
            (Phase::Pausing, I::Fired(Timer::Retry)) => {
                self.phase = Phase::Connecting;
                vec![E::Connect]
            }
            (Phase::Connecting | Phase::Pausing, I::CancelAddDevice) => dropped(self.end(Outcome::CANCELED, None)),
            (Phase::Connecting | Phase::Pausing, I::Fired(Timer::Connect)) => dropped(self.end(Outcome::Timeout, None)),
            (Phase::Requested, I::CancelAddDevice | I::Fired(Timer::Connect)) => {
                let (outcome, word) = match input {
                    I::CancelAddDevice => (Outcome::CANCELED, Word::Canceled),
                    _ => (Outcome::Timeout, Word::Timeout),
                };
                let mut effects = self.end(outcome, None);
                self.phase = Phase::Late(word);
                self.running.set(Timer::Linger, true);
                effects.push(E::Arm(Timer::Linger));
                effects
            }
            (Phase::Requested, I::Accepted { peer_address }) => {
                self.phase = Phase::Authenticating;
                self.running = Running::of([Timer::Authenticate]);
                self.shown = !self.config.features.sas;
                let signal = self.shown.then_some(E::Signal(Signal::Confirm { peer_address }));
                [E::Arm(Timer::Authenticate)].into_iter().chain(signal).collect()
            }
            (Phase::Connecting | Phase::Requested | Phase::Pausing, _) if call => return None,
            (Phase::Connecting | Phase::Requested | Phase::Pausing, _) => Vec::new(),

            (Phase::Authenticating, _) => return self.authenticating(input),

            (Phase::Sending | Phase::Sent, _) if call => return None,
            (Phase::Sending, I::Progressed) => vec![E::Arm(Timer::Stall)],
            (Phase::Sending, I::HandedOver) => {
                self.phase = Phase::Sent;
                self.running = Running::of([Timer::Result]);
                vec![E::Arm(Timer::Result)]
            }
            (Phase::Sending, I::SendFailed) => self.end(Outcome::Storage, Some(None)),
            // In the middle of a message no word can be said.
            (Phase::Sending, I::Fired(Timer::Stall | Timer::Transfer)) => self.end(Outcome::Timeout, Some(None)),
            (Phase::Sent, I::Fired(Timer::Result)) => self.time_out(),
            (Phase::Sent, I::Message(M::ImportResult(result))) if self.has_result() => {
                let stored = result == ImportResult::Stored;
                self.end(if stored { Outcome::SUCCESS } else { Outcome::Peer }, Some(None))
            }
            (Phase::Sent, I::Ended) if !self.has_result() => {
                dropped(self.end(Outcome::Success { confirmed: false }, None))
            }
            (Phase::Sending | Phase::Sent, _) => self.in_session(input),

            (Phase::Late(_) | Phase::Lingering | Phase::Over, _) if call => return None,
            (Phase::Late(word), I::Accepted { .. }) => {
                self.phase = Phase::Lingering;
                vec![E::Send(M::State(word)), E::End, E::Arm(Timer::Linger)]
            }
            (Phase::Late(_) | Phase::Lingering, I::Lost) => self.let_go(false),
            (Phase::Late(_), I::Declined | I::Fired(Timer::Linger))
            | (Phase::Lingering, I::Ended | I::Fired(Timer::Linger)) => self.let_go(true),
            (Phase::Late(_) | Phase::Lingering | Phase::Over, _) => Vec::new(),
        })
    }

    fn let_go(&mut self, closes: bool) -> Vec<E> {
        self.phase = Phase::Over;
        self.running = Running::default();
        closes.then_some(E::Close).into_iter().collect()
    }
}

impl Machine for Pair {
    type Input = I;
    type Effect = E;

    fn handle(&mut self, input: I) -> Option<Vec<E>> {
        let taken = self.exporter.handle(input);
        let effects: Vec<E> = std::iter::from_fn(|| self.exporter.poll_effect()).collect();
        taken.is_ok().then_some(effects)
    }

    fn second(&mut self, input: I) -> Option<Vec<E>> {
        self.stated(input)
    }

    fn running(&mut self) -> &mut Running {
        &mut self.running
    }

    fn step(effect: &E) -> Step {
        match *effect {
            E::Arm(timer) => Step::Arm(timer),
            E::Disarm(timer) => Step::Disarm(timer),
            E::Signal(signal) => Step::Signal(signal),
            E::Connect => Step::Begin,
            E::Send(message) => Step::Send(message),
            E::SendArchive => Step::Archive,
            E::End => Step::End,
            E::RequestChannel | E::Open(_) | E::Close => Step::Other,
        }
    }

    fn last_signal(&self) -> Option<Signal> {
        self.exporter.last_signal().copied()
    }

    fn fired(input: I) -> Option<Timer> {
        if let I::Fired(timer) = input { Some(timer) } else { None }
    }

    fn armed(&self) -> Running {
        Running::of(self.exporter.armed().iter())
    }
}
