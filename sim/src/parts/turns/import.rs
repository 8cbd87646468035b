//! The import side, a second time: with two connections, of which one becomes the session's.

use handfast::{
    import::{Ask, Check, Effect as E, Importer, Input as I},
    limits::Timer,
    message::{Features, ImportResult, Message as M, Slot, Verdict, Word},
    outcome::{AccountId, Outcome, Profile, Scheme, Signal},
    reducer::{Config, ConnId},
};

use super::{Machine, Running, Step, TIMERS, choices, messages};

const PEER: AccountId = AccountId([7; 20]);
const CONN: ConnId = ConnId(1);
const OTHER: ConnId = ConnId(2);

/// All inputs, with those of a second connection or without. Wrong codes, of which there is a count, and devices that are short of descriptors
/// have tables of their own.
pub(super) fn inputs(other: bool) -> Vec<I> {
    let opened = |conn, presented, verified| I::ConnectionOpened { conn, presented, verified };
    let mut all = vec![
        I::AddAccount,
        I::ProvideAccountAuthentication(Slot(1), Scheme::None),
        I::ProvideAccountAuthentication(Slot(1), Scheme::Password),
        I::CompareAccount(true),
        I::CompareAccount(false),
        I::RemoveAccount,
        I::Published,
        I::Unpublishable,
        I::ConnectionRequested(CONN),
        I::ConnectionAnswered(CONN),
        opened(CONN, Some(PEER), true),
        opened(CONN, Some(PEER), false),
        opened(CONN, None, true),
        I::ConnectionFailed(CONN),
        I::ConnectionLost(CONN),
        I::ChannelRequested(CONN, Ask::Right),
        I::ChannelRequested(CONN, Ask::Other),
        I::ChannelEnded(CONN),
        I::ConnectionRequested(OTHER),
        opened(OTHER, Some(PEER), true),
        I::ChannelEnded(OTHER),
        I::Message(OTHER, M::State(Word::Canceled)),
        I::ArchiveBegan(OTHER),
        I::Malformed(OTHER),
        I::ConnectionLost(OTHER),
        I::Malformed(CONN),
        I::ArchiveBegan(CONN),
        I::ArchiveProgressed(CONN),
        I::ArchiveComplete(CONN),
        I::ArchiveUnwritable(CONN),
        I::Checked(Check::Sound(PEER)),
        I::Checked(Check::Sound(AccountId([8; 20]))),
        I::Checked(Check::Unsound),
        I::Checked(Check::Unreadable),
        I::Installed(true),
        I::Installed(false),
        I::Message(CONN, M::Password(Slot(1))),
        I::Message(CONN, M::Hello(Features::NONE)),
        I::Message(CONN, M::AuthScheme(Scheme::Password, Features::ALL)),
    ];
    all.extend(choices().map(|features| I::Message(CONN, M::AuthScheme(Scheme::None, features))));
    all.extend(messages().map(|message| I::Message(CONN, message)));
    all.extend(TIMERS.map(I::Fired));
    all.retain(|input| other || input.conn() != Some(OTHER));
    all
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    Idle,
    Preparing,
    Waiting,
    Greeted,
    /// The comparison is in force: the commitment is due, then the opening, then the user's answer.
    Committing,
    Opening,
    Comparing,
    Prompting,
    Answered,
    Receiving,
    Checking,
    Installing,
    Done,
}

/// The rest of the session's link.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Link {
    None,
    Open,
    Ended,
    Lost,
}

/// How far a connection has come that is not the session's: requested, or secured.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Candidate {
    Requested,
    Secured,
}

/// The shipped machine, and what is stated.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    importer: Importer,
    config: Config,
    phase: Phase,
    running: Running,
    candidates: [Option<Candidate>; 2],
    connecting: bool,
    link: Link,
    peer: Option<Features>,
    scheme: Scheme,
    prompts: u8,
    answered: bool,
    remove: bool,
    success: bool,
    removed: bool,
}

impl Pair {
    pub(super) fn new(config: Config) -> Self {
        Self {
            importer: Importer::new(config),
            config,
            phase: Phase::Idle,
            running: Running::default(),
            candidates: [None; 2],
            connecting: false,
            link: Link::None,
            peer: None,
            scheme: Scheme::None,
            prompts: 0,
            answered: false,
            remove: false,
            success: false,
            removed: false,
        }
    }

    fn compares(&self) -> bool {
        self.config.features.sas && self.peer.is_some_and(|peer| peer.sas)
    }

    /// The end: what is said if the link is open, the end of the channel, and what is left is wiped, closed and withdrawn.
    fn end(&mut self, outcome: Outcome, says: Option<Word>) -> Vec<E> {
        let mut effects = vec![E::Withdraw, E::Signal(Signal::Done(outcome))];
        self.running = Running::default();
        match self.link {
            Link::Open => {
                effects.extend(says.map(|word| E::Send(CONN, M::State(word))));
                effects.extend([E::End(CONN), E::Arm(Timer::Linger)]);
                self.running.set(Timer::Linger, true);
            }
            Link::Ended => {
                effects.push(E::Close(CONN));
                self.link = Link::None;
            }
            Link::None | Link::Lost => self.link = Link::None,
        }
        if self.phase >= Phase::Receiving && !outcome.is_success() {
            effects.push(E::Discard);
        }
        for (at, conn) in [CONN, OTHER].into_iter().enumerate() {
            effects.extend(self.candidates[at].take().map(|_| E::Close(conn)));
        }
        // The session means nothing any more.
        let Self { importer, config, running, candidates, link, remove, .. } = self.clone();
        let success = outcome.is_success();
        *self = Self { importer, running, candidates, link, remove, success, phase: Phase::Done, ..Self::new(config) };
        effects
    }

    fn remove_once(&mut self) -> Vec<E> {
        let goes = self.success && !self.removed;
        self.removed = true;
        goes.then_some(E::Remove).into_iter().collect()
    }

    /// `importResult`, where both sides name it and the link lives (R-EXT-2).
    fn result(&self, result: ImportResult) -> Vec<E> {
        let both = self.config.features.result && self.peer.is_some_and(|peer| peer.result);
        (both && self.link == Link::Open).then_some(E::Send(CONN, M::ImportResult(result))).into_iter().collect()
    }

    fn prompt(&mut self, wrong_password: bool) -> Vec<E> {
        self.prompts += 1;
        self.phase = Phase::Prompting;
        vec![E::Signal(Signal::Prompt { peer: PEER, scheme: self.scheme, wrong_password })]
    }

    /// An event of a connection that is not the session's.
    fn of_candidate(&mut self, conn: ConnId, input: I) -> Vec<E> {
        let at = usize::from(conn == OTHER);
        match input {
            I::ConnectionRequested(_) if self.candidates[at].is_some() => Vec::new(),
            I::ConnectionRequested(_) if self.phase == Phase::Waiting => {
                self.candidates[at] = Some(Candidate::Requested);
                let first = !std::mem::replace(&mut self.connecting, true);
                [E::Accept(conn)].into_iter().chain(first.then_some(E::Signal(Signal::Connecting))).collect()
            }
            I::ConnectionRequested(_) => vec![E::Refuse(conn)],
            I::ConnectionOpened { presented: Some(_), verified: true, .. } => {
                self.candidates[at] = self.candidates[at].map(|_| Candidate::Secured);
                Vec::new()
            }
            I::ConnectionOpened { .. } => self.candidates[at].take().map(|_| E::Close(conn)).into_iter().collect(),
            I::ConnectionFailed(_) | I::ConnectionLost(_) => {
                self.candidates[at] = None;
                Vec::new()
            }
            I::ChannelRequested(_, Ask::Right)
                if self.phase == Phase::Waiting && self.candidates[at] == Some(Candidate::Secured) =>
            {
                self.candidates[at] = None;
                self.phase = Phase::Greeted;
                self.link = Link::Open;
                self.running = Running::of([Timer::Authenticate]);
                let hello = E::Send(conn, M::Hello(self.config.features));
                let mut effects = vec![E::AcceptChannel(conn), E::Arm(Timer::Authenticate), hello];
                let other = &mut self.candidates[1 - at];
                if *other == Some(Candidate::Requested) {
                    *other = None;
                    effects.push(E::Close(OTHER));
                }
                effects
            }
            I::ChannelRequested(..) => vec![E::DeclineChannel(conn)],
            _ => Vec::new(),
        }
    }

    fn stated(&mut self, input: I) -> Option<Vec<E>> {
        use Phase::{
            Answered, Checking, Committing, Comparing, Done, Greeted, Idle, Installing, Prompting, Receiving, Waiting,
        };
        if let Some(conn) = input.conn()
            && (conn != CONN || self.link == Link::None)
        {
            return Some(self.of_candidate(conn, input));
        }
        Some(match (self.phase, input) {
            (Idle, I::AddAccount) => {
                self.phase = Phase::Preparing;
                self.running.set(Timer::Prepare, true);
                vec![E::Arm(Timer::Prepare), E::Publish]
            }
            (Idle, I::RemoveAccount) | (_, I::AddAccount) => return None,
            (Phase::Preparing, I::Published) => {
                self.phase = Waiting;
                self.running = Running::of([Timer::Token]);
                vec![E::Arm(Timer::Token), E::Signal(Signal::TokenAvailable)]
            }
            (Phase::Preparing, I::Unpublishable) => self.end(Outcome::Network, None),
            (Phase::Preparing, I::Fired(Timer::Prepare)) | (Waiting, I::Fired(Timer::Token)) => {
                self.end(Outcome::Timeout, None)
            }
            (Comparing, I::CompareAccount(true)) => self.prompt(false),
            (Comparing, I::CompareAccount(false)) => self.end(Outcome::Mismatch, Some(Word::Mismatch)),
            (Prompting, I::ProvideAccountAuthentication(slot, scheme)) if scheme == self.scheme => {
                self.phase = Answered;
                self.answered = true;
                let jamid = self.config.profile == Profile::Jamid;
                let signal = jamid.then_some(E::Signal(Signal::InProgress));
                signal.into_iter().chain([E::Send(CONN, M::Password(slot))]).collect()
            }
            (_, I::ProvideAccountAuthentication(..) | I::CompareAccount(_)) => return None,
            (Installing, I::RemoveAccount) => {
                self.remove = true;
                Vec::new()
            }
            (Done, I::RemoveAccount) => self.remove_once(),
            (Phase::Preparing | Waiting, I::RemoveAccount) => self.end(Outcome::CANCELED, None),
            (_, I::RemoveAccount) => {
                let says = self.peer.is_none_or(|peer| peer.cancel);
                self.end(Outcome::CANCELED, says.then_some(Word::Canceled))
            }
            (Installing, I::Installed(durable)) => {
                let (outcome, result) = if durable {
                    (Outcome::SUCCESS, ImportResult::Stored)
                } else {
                    (Outcome::Storage, ImportResult::FailedStorage)
                };
                let mut effects = self.result(result);
                effects.extend(self.end(outcome, None));
                if std::mem::take(&mut self.remove) {
                    effects.extend(self.remove_once());
                }
                effects
            }
            (Idle | Phase::Preparing | Waiting, _) => Vec::new(),
            (Done, I::ConnectionLost(_)) => self.let_go(false),
            (Done, I::ChannelEnded(_) | I::Fired(Timer::Linger)) => self.let_go(true),
            (_, I::ChannelRequested(conn, _)) => vec![E::DeclineChannel(conn)],
            (Done, _) => Vec::new(),
            (Installing | Checking, I::ConnectionLost(_)) => {
                self.link = Link::Lost;
                Vec::new()
            }
            (Installing | Checking, I::ChannelEnded(_)) => {
                self.link = if self.link == Link::Open { Link::Ended } else { self.link };
                Vec::new()
            }
            (Installing, _) => Vec::new(),

            (Greeted, I::Message(_, M::AuthScheme(scheme, features))) => {
                (self.scheme, self.peer) = (scheme, Some(features));
                if self.compares() {
                    self.phase = Committing;
                    Vec::new()
                } else {
                    self.prompt(false)
                }
            }
            (Committing, I::Message(_, M::Commitment(_))) => {
                self.phase = Phase::Opening;
                vec![E::Send(CONN, M::Nonce(Slot::NONE))]
            }
            (Phase::Opening, I::Message(_, M::Opening(_))) => {
                self.phase = Comparing;
                vec![E::Signal(Signal::CompareAccount { peer: PEER, scheme: self.scheme })]
            }
            (Answered, I::Message(_, M::Verdict(Verdict::Wrong))) if self.prompts == 3 => {
                self.end(Outcome::Protocol, None)
            }
            (Answered, I::Message(_, M::Verdict(Verdict::Wrong))) => {
                self.scheme = Scheme::Password;
                self.prompt(true)
            }
            (Prompting | Answered, I::Message(_, M::Verdict(Verdict::Final))) => {
                self.end(Outcome::Authentication, None)
            }
            (_, I::Message(_, M::Verdict(Verdict::Final))) => self.end(Outcome::Protocol, None),
            (_, I::Message(_, M::AuthScheme(..) | M::Verdict(_) | M::Unknown)) => Vec::new(),
            (_, I::Message(_, M::State(Word::Canceled))) => self.end(Outcome::CANCELED, None),
            (_, I::Message(_, M::State(Word::Timeout))) => self.end(Outcome::Timeout, None),
            (_, I::Message(_, M::State(Word::Mismatch))) if self.compares() => self.end(Outcome::Mismatch, None),
            (_, I::Message(_, M::Commitment(_) | M::Nonce(_) | M::Opening(_))) if !self.compares() => Vec::new(),
            (_, I::Message(..) | I::Malformed(_)) => self.end(Outcome::Protocol, None),

            (Answered, I::ArchiveBegan(_)) => self.receive(),
            // The stray verdict of an old exporter asked again.
            (Prompting, I::ArchiveBegan(_))
                if self.answered && self.peer.is_some_and(|peer| !peer.result && !peer.cancel && !peer.sas) =>
            {
                self.receive()
            }
            (_, I::ArchiveBegan(_)) => self.end(Outcome::Protocol, None),
            (Receiving, I::ArchiveProgressed(_)) => vec![E::Arm(Timer::Stall)],
            (Receiving, I::ArchiveComplete(_)) => {
                self.phase = Checking;
                self.running.set(Timer::Stall, false);
                vec![E::Check]
            }
            (Receiving, I::ArchiveUnwritable(_)) => self.end(Outcome::Storage, None),
            (Checking, I::Checked(Check::Sound(PEER))) => {
                self.phase = Installing;
                self.running = Running::default();
                vec![E::Install]
            }
            (Checking, I::Checked(Check::Unreadable)) => {
                [self.result(ImportResult::FailedStorage), self.end(Outcome::Storage, None)].concat()
            }
            (Checking, I::Checked(_)) => {
                [self.result(ImportResult::FailedArchive), self.end(Outcome::Protocol, None)].concat()
            }
            (_, I::Fired(Timer::Authenticate | Timer::Stall | Timer::Transfer)) => {
                self.end(Outcome::Timeout, Some(Word::Timeout))
            }
            (_, I::ConnectionLost(_)) => {
                self.link = Link::Lost;
                self.end(Outcome::Network, None)
            }
            (_, I::ChannelEnded(_)) => {
                self.link = Link::Ended;
                self.end(Outcome::Network, None)
            }
            (Greeted | Committing | Phase::Opening | Comparing | Prompting | Answered | Receiving | Checking, _) => {
                Vec::new()
            }
        })
    }

    fn receive(&mut self) -> Vec<E> {
        self.phase = Phase::Receiving;
        self.running = Running::of([Timer::Stall, Timer::Transfer]);
        let documented = self.config.profile == Profile::Documented;
        let signal = documented.then_some(E::Signal(Signal::InProgress));
        let timers = [Timer::Stall, Timer::Transfer].map(E::Arm);
        timers.into_iter().chain(signal).chain([E::Stage(Slot(1))]).collect()
    }

    fn let_go(&mut self, closes: bool) -> Vec<E> {
        self.link = Link::None;
        self.running = Running::default();
        closes.then_some(E::Close(CONN)).into_iter().collect()
    }
}

impl Machine for Pair {
    type Input = I;
    type Effect = E;

    fn handle(&mut self, input: I) -> Option<Vec<E>> {
        let taken = self.importer.handle(input);
        let effects: Vec<E> = std::iter::from_fn(|| self.importer.poll_effect()).collect();
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
            E::AcceptChannel(_) => Step::Begin,
            E::Send(_, message) => Step::Send(message),
            E::Stage(_) => Step::Archive,
            E::End(_) => Step::End,
            E::Remove => Step::Remove,
            _ => Step::Other,
        }
    }

    fn last_signal(&self) -> Option<Signal> {
        self.importer.last_signal().copied()
    }

    fn fired(input: I) -> Option<Timer> {
        if let I::Fired(timer) = input { Some(timer) } else { None }
    }

    fn armed(&self) -> Running {
        Running::of(self.importer.armed().iter())
    }
}
