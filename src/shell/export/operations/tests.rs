//! Random ways through the shell's part of an operation: whatever happens, its timers run for as long as the document says, no archive stays
//! open unless it is or was to be sent, and no secret stays when it has ended (R-SEC-2).

use std::{
    collections::BTreeMap,
    future::pending,
    net::SocketAddr,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{io::DuplexStream, sync::oneshot};
use zeroize::Zeroizing;

use super::*;
use crate::{
    archive::{Identity, UnixTime},
    message::{Features, ImportResult, Word},
    reducer::Config,
    rules::AllRules,
    sas::Channel,
    shell::{
        identity::{Reach, throw_away},
        storage::Buffer,
        walk::{Dice, Stated},
    },
    token::{Code, DeviceId},
};

const NOW: UnixTime = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_800_000_000));
static DEVICE: LazyLock<Arc<Identity>> = LazyLock::new(|| Arc::new(throw_away(Reach::Direct, NOW).unwrap()));

/// Lengths of archives whose transfers may take different times.
const LENGTHS: [u64; 5] = [0, 1, 65_536, 65_537, 1 << 30];

/// A device that is not there.
#[derive(Clone)]
struct Nowhere;

impl Dial for Nowhere {
    type Stream = DuplexStream;

    async fn dial(self, _: DeviceId) -> io::Result<(DuplexStream, SocketAddr)> {
        pending().await
    }
}

/// An account that counts its open archives.
#[derive(Clone)]
struct Counting(Arc<AtomicUsize>);

impl Counting {
    fn open(&self, length: u64) -> Open {
        self.0.fetch_add(1, Ordering::Relaxed);
        Open { length, counted: self.0.clone() }
    }
}

impl Source for Counting {
    type Reader = Open;

    fn scheme(&self) -> Scheme {
        Scheme::Password
    }

    async fn open(&mut self, _: Secret) -> Opening<Open> {
        pending().await
    }
}

struct Open {
    length: u64,
    counted: Arc<AtomicUsize>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.counted.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Reader for Open {
    fn length(&self) -> u64 {
        self.length
    }

    async fn next(&mut self, _: &mut Buffer) -> io::Result<()> {
        pending().await
    }
}

/// The next thing that happens.
#[derive(Clone, Copy, Debug)]
enum Next {
    Opened,
    Other,
    Unreachable,
    Failed,
    Lost,
    Accepted,
    Declined,
    Ended,
    Hello,
    Password,
    Nonce,
    Word(Word),
    Result(ImportResult),
    Malformed,
    Progressed,
    HandedOver,
    SendFailed,
    Confirm,
    Compare(bool),
    Cancel,
    /// The oldest try to open the archive gives this.
    Right,
    Wrong,
    Unreadable,
    /// One of the armed timers fires.
    Fires,
}

/// The way of a link that needs a second password, as both sides without a comparison go it.
const PLAIN: &[Next] = &[
    Next::Opened,
    Next::Accepted,
    Next::Hello,
    Next::Password,
    Next::Confirm,
    Next::Wrong,
    Next::Password,
    Next::Right,
    Next::Progressed,
    Next::HandedOver,
    Next::Result(ImportResult::Stored),
    Next::Ended,
];

/// With one.
const COMPARED: &[Next] = &[
    Next::Opened,
    Next::Accepted,
    Next::Hello,
    Next::Nonce,
    Next::Compare(true),
    Next::Password,
    Next::Wrong,
    Next::Password,
    Next::Right,
    Next::HandedOver,
    Next::Result(ImportResult::FailedArchive),
    Next::Ended,
];

/// Three wrong passwords.
const WRONG: &[Next] = &[
    Next::Opened,
    Next::Accepted,
    Next::Hello,
    Next::Confirm,
    Next::Password,
    Next::Wrong,
    Next::Password,
    Next::Wrong,
    Next::Password,
    Next::Wrong,
];

/// An importer that is found late.
const LATE: &[Next] = &[
    Next::Failed,
    Next::Fires,
    Next::Failed,
    Next::Fires,
    Next::Failed,
    Next::Fires,
    Next::Failed,
    Next::Fires,
    Next::Failed,
    Next::Fires,
    Next::Failed,
];

const ANY: &[Next] = &[
    Next::Opened,
    Next::Other,
    Next::Unreachable,
    Next::Failed,
    Next::Lost,
    Next::Accepted,
    Next::Declined,
    Next::Ended,
    Next::Hello,
    Next::Password,
    Next::Password,
    Next::Nonce,
    Next::Word(Word::Canceled),
    Next::Word(Word::Timeout),
    Next::Word(Word::Mismatch),
    Next::Result(ImportResult::Stored),
    Next::Result(ImportResult::FailedStorage),
    Next::Malformed,
    Next::Progressed,
    Next::HandedOver,
    Next::SendFailed,
    Next::Confirm,
    Next::Compare(true),
    Next::Compare(false),
    Next::Cancel,
    Next::Right,
    Next::Right,
    Next::Wrong,
    Next::Unreadable,
    Next::Fires,
    Next::Fires,
];

/// Counts of what the ways are for, so that it did happen.
#[derive(Debug, Default)]
struct Met {
    /// Ends of operations that had passwords or a comparison.
    ends: BTreeMap<Outcome, usize>,
    /// Archives that opened when the operation was over.
    late: usize,
    /// Lengths for which the timer of the transfer was armed.
    lengths: BTreeMap<u64, usize>,
    /// Attempts after which the pause was armed.
    attempts: BTreeMap<usize, usize>,
    /// Ends with a cause.
    causes: usize,
}

/// One operation, and what is known of it from outside.
struct Way {
    operations: Operations<Nowhere, Counting>,
    source: Counting,
    op: OpId,
    done: Arc<Mutex<Vec<Effect>>>,
    noticed: mpsc::UnboundedReceiver<Notice>,
    /// The last signal that was sent.
    last: Option<Notice>,
    stated: Stated,
    tries: Vec<Slot>,
    length: u64,
    attempts: usize,
    sent: bool,
}

impl Way {
    fn new(features: Features) -> Self {
        let done: Arc<Mutex<Vec<Effect>>> = Arc::default();
        let config = Config { features, ..Config::default() };
        let seen = done.clone();
        let recorder: crate::shell::notice::Recorder = Box::new(move |step| {
            let Turn::Export { effects, .. } = &step.turn else { unreachable!() };
            seen.lock().unwrap().extend(effects);
        });
        let options = ExportOptions { config, recorder: Some(recorder), ..ExportOptions::default() };
        let source = Counting(Arc::default());
        let env = ExportEnv { dial: Nowhere, source: source.clone(), identity: DEVICE.clone() };
        let reducers = Box::new(Exports::under(config, AllRules));
        let (notices, noticed) = mpsc::unbounded_channel();
        let mut operations = Operations::new(reducers, env, options, notices);
        let token = Token { device: DeviceId::Short([7; 20]), code: Code::parse(b"123456").unwrap() };
        let (answer, mut answered) = oneshot::channel();
        operations.call(Call::Add(token, answer));
        let op = answered.try_recv().unwrap().unwrap();
        let mut way = Self {
            operations,
            source,
            op,
            done,
            noticed,
            last: None,
            stated: Stated::default(),
            tries: Vec::new(),
            length: 0,
            attempts: 0,
            sent: false,
        };
        way.follow(&mut Met::default());
        way
    }

    fn ended(&self) -> bool {
        self.operations.reducers.look(self.op).is_none_or(|look| look.ended)
    }

    /// The answer to a client that comes late.
    fn current(&mut self) -> Option<Notice> {
        let (answer, mut answered) = oneshot::channel();
        self.operations.call(Call::Current(self.op, answer));
        answered.try_recv().unwrap()
    }

    /// Whether the shell keeps a secret of the operation.
    fn has_secrets(&self) -> bool {
        self.operations.operations.get(&self.op).is_some_and(|operation| {
            let kept = |slot| !operation.passwords.of(Slot(slot)).is_empty();
            (0..8).any(kept) || operation.comparison.is_some()
        })
    }

    /// Takes one step. Nothing happens where it is none.
    fn step(&mut self, next: Next, dice: &mut Dice, met: &mut Met) {
        let (had, ended) = (self.has_secrets(), self.ended());
        let Some(input) = self.input(next, dice, met) else { return };
        let _ = self.operations.step(self.op, input);
        self.follow(met);
        if had && !ended && self.ended() {
            let signal = self.operations.reducers.look(self.op).and_then(|look| look.signal);
            let Some(Signal::Done(outcome)) = signal else { panic!("ended without DONE: {signal:?}") };
            *met.ends.entry(outcome).or_default() += 1;
        }
    }

    fn input(&mut self, next: Next, dice: &mut Dice, met: &mut Met) -> Option<Input> {
        let failed = || io::Error::from(io::ErrorKind::ConnectionReset);
        let channel = || Channel { exported: Zeroizing::new([1; 32]), importer: [2; 32], exporter: [3; 32] };
        let event = match next {
            Next::Opened => Event::Opened { pinned: true, channel: channel() },
            Next::Other => Event::Opened { pinned: false, channel: channel() },
            Next::Unreachable => Event::Unreachable(failed()),
            Next::Failed => Event::Failed(failed()),
            Next::Lost => Event::Lost,
            Next::Accepted => Event::Accepted("192.0.2.1:4711".parse().unwrap()),
            Next::Declined => Event::Declined,
            Next::Ended => Event::Ended,
            Next::Hello => Event::Message(Message::Hello(Features::WITH_SAS)),
            Next::Password => Event::Message(Message::Password("sesame".into())),
            Next::Nonce => Event::Message(Message::Nonce(Secret::from(vec![9; 32]))),
            Next::Word(word) => Event::Message(Message::State(word)),
            Next::Result(result) => Event::Message(Message::ImportResult(result)),
            Next::Malformed => Event::Malformed,
            Next::Progressed => Event::Progressed,
            Next::HandedOver => Event::HandedOver,
            Next::SendFailed => Event::SendFailed(failed()),
            Next::Confirm => return Some(Input::ConfirmAddDevice),
            Next::Compare(equal) => return Some(Input::CompareAddDevice(equal)),
            Next::Cancel => return Some(Input::CancelAddDevice),
            Next::Right | Next::Wrong | Next::Unreadable => {
                let slot = self.tries.pop()?;
                let opening = match next {
                    Next::Right => {
                        met.late += usize::from(self.ended());
                        self.length = LENGTHS[dice.below(LENGTHS.len())];
                        Opening::Opened(self.source.open(self.length))
                    }
                    Next::Wrong => Opening::Wrong,
                    _ => Opening::Unreadable(failed()),
                };
                return Some(self.operations.opened(self.op, slot, opening));
            }
            Next::Fires => {
                let armed: Vec<_> = self.stated.0.keys().copied().collect();
                let timer = *armed.get(dice.below(armed.len().max(1)))?;
                self.operations.timers.disarm((self.op, timer));
                self.stated.0.remove(&timer);
                return Some(Input::Fired(timer));
            }
        };
        Some(self.operations.input(self.op, event))
    }

    /// Follows the last step by its record, and looks at what the shell has.
    fn follow(&mut self, met: &mut Met) {
        let done = std::mem::take(&mut *self.done.lock().unwrap());
        for effect in done {
            match effect {
                Effect::Connect => self.attempts += 1,
                Effect::Open(slot) => self.tries.push(slot),
                Effect::SendArchive => self.sent = true,
                Effect::Arm(timer) => {
                    self.stated.arm(timer, self.length, self.attempts);
                    match timer {
                        Timer::Transfer => *met.lengths.entry(self.length).or_default() += 1,
                        Timer::Retry => *met.attempts.entry(self.attempts).or_default() += 1,
                        _ => {}
                    }
                }
                Effect::Disarm(timer) => drop(self.stated.0.remove(&timer)),
                _ => {}
            }
        }
        let left: BTreeMap<_, _> = self.operations.timers.left().map(|((_, timer), left)| (timer, left)).collect();
        assert_eq!(left, self.stated.0, "the timers and how long they run");
        let open = self.source.0.load(Ordering::Relaxed);
        assert!(open <= usize::from(self.sent), "{open} archives are open, and none is sent");
        assert!(!self.ended() || !self.has_secrets(), "a secret of an operation that has ended");
        while let Ok(notice) = self.noticed.try_recv() {
            met.causes += usize::from(notice.cause.is_some());
            self.last = Some(notice);
        }
        assert_eq!(self.current(), self.last, "the last signal, for a client that comes late");
    }
}

fn walk(script: &[Next], features: Features, seed: u64, met: &mut Met) {
    let mut dice = Dice::new(seed);
    let mut way = Way::new(features);
    for &next in &script[..dice.below(script.len() + 1)] {
        way.step(next, &mut dice, met);
    }
    for _ in 0..dice.below(16) {
        way.step(ANY[dice.below(ANY.len())], &mut dice, met);
    }
}

#[tokio::test(start_paused = true)]
async fn timers_run_as_stated_and_nothing_is_kept_beyond_the_end() {
    let mut met = Met::default();
    for seed in 0..4000 {
        let scripts =
            [(PLAIN, Features::ALL), (COMPARED, Features::WITH_SAS), (WRONG, Features::ALL), (LATE, Features::ALL)];
        let (script, features) = scripts[seed as usize % scripts.len()];
        walk(script, features, seed, &mut met);
    }
    let outcomes = [
        Outcome::SUCCESS,
        Outcome::Network,
        Outcome::Timeout,
        Outcome::Authentication,
        Outcome::CANCELED,
        Outcome::Canceled { sent: true },
        Outcome::Mismatch,
        Outcome::Protocol,
        Outcome::Storage,
        Outcome::Peer,
    ];
    for outcome in outcomes {
        assert!(met.ends.contains_key(&outcome), "{outcome:?}: {met:?}");
    }
    assert!(met.late > 10, "{met:?}");
    assert!(LENGTHS.iter().all(|length| met.lengths.contains_key(length)), "{met:?}");
    assert!((1..=6).all(|attempts| met.attempts.contains_key(&attempts)), "{met:?}");
    assert!(met.causes > 10, "{met:?}");
}

/// R-API-8: why an operation has ended stays what was signalled, whatever comes late.
#[tokio::test(start_paused = true)]
async fn what_comes_late_changes_no_cause() {
    let late = [Next::Accepted, Next::Declined, Next::Other, Next::Unreachable, Next::Failed, Next::SendFailed];
    for next in late {
        let (mut dice, mut met) = (Dice::new(0), Met::default());
        let mut way = Way::new(Features::ALL);
        way.step(Next::Failed, &mut dice, &mut met);
        let op = way.op;
        for timer in [Timer::Retry, Timer::Connect] {
            way.operations.timers.disarm((op, timer));
            way.stated.0.remove(&timer);
            if timer == Timer::Connect {
                // The channel is asked for, and the answer does not come.
                way.step(Next::Opened, &mut dice, &mut met);
            }
            let _ = way.operations.step(op, Input::Fired(timer));
            way.follow(&mut met);
        }
        let ended = way.current().unwrap();
        assert_eq!(ended.signal, Signal::Done(Outcome::Timeout));
        let kind = ended.cause.as_ref().map(crate::shell::Cause::kind);
        assert_eq!(kind, Some(io::ErrorKind::ConnectionReset), "why no attempt led to the device");
        way.step(next, &mut dice, &mut met);
        assert_eq!(way.current().unwrap(), ended, "{next:?}");
    }
}

/// Values of a comparison are its own; only a password is kept for a try (R-SEC-2).
#[tokio::test(start_paused = true)]
async fn a_password_alone_is_kept_in_a_slot() {
    let mut way = Way::new(Features::WITH_SAS);
    let op = way.op;
    for message in [Message::Commitment(vec![1; 32]), Message::Nonce(vec![2; 32]), Message::Opening(vec![3; 32])] {
        let kept = way.operations.kept(op, message.map_password(Secret::from));
        let slots = [0, 1].map(|slot| way.operations.operations[&op].passwords.of(Slot(slot)));
        assert!(slots.iter().all(Secret::is_empty), "{kept:?}");
        kept.map_password(|slot| assert_eq!(slot, Slot::NONE));
    }
    let kept = way.operations.kept(op, Message::Password("sesame".into()));
    assert_eq!(kept, Message::Password(Slot(0)));
    assert_eq!(way.operations.operations[&op].passwords.of(Slot(0)).as_str(), Some("sesame"));
}

/// A message has 32 bits for the length of what it holds.
#[tokio::test(start_paused = true)]
async fn an_archive_that_no_message_can_hold_is_unreadable() {
    for (length, expected) in [(u64::from(u32::MAX), Tried::Opened), (u64::from(u32::MAX) + 1, Tried::Unreadable)] {
        let mut way = Way::new(Features::ALL);
        let archive = way.source.open(length);
        assert_eq!(way.operations.opened(way.op, Slot(0), Opening::Opened(archive)), Input::Tried(Slot(0), expected));
        let cause = way.operations.causes.get(&way.op).and_then(|causes| causes.of(Signal::Done(Outcome::Storage)));
        let reason = cause.map(|cause| cause.to_string());
        let larger = "the archive is larger than a message can be".to_owned();
        assert_eq!(reason, (expected == Tried::Unreadable).then_some(larger));
    }
}

/// R-EXP-12: why the operation ends where the device is not the one of the token, and no reason where it is.
#[tokio::test(start_paused = true)]
async fn another_device_is_the_cause_where_it_is_one() {
    for pinned in [true, false] {
        let mut way = Way::new(Features::ALL);
        let channel = Channel { exported: Zeroizing::new([1; 32]), importer: [2; 32], exporter: [3; 32] };
        let input = way.operations.input(way.op, Event::Opened { pinned, channel });
        assert_eq!(input, Input::Opened { pinned });
        let causes = way.operations.causes.get(&way.op);
        let cause = causes.and_then(|causes| causes.of(Signal::Done(Outcome::Network)));
        let other = "another device answered, not the one that the token names".to_owned();
        assert_eq!(cause.map(|cause| cause.to_string()), (!pinned).then_some(other));
    }
}
