//! Random ways through the shell's part of an import: whatever happens, its timers run for as long as the document says, and no secret stays
//! when it has ended (R-SEC-2), nor what a connection showed that is gone.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{LazyLock, Mutex},
};

use tokio::io::{DuplexStream, duplex};
use zeroize::Zeroizing;

use super::*;
use crate::{
    archive::UnixTime,
    message::{Features, Message, Verdict, Word},
    mux::ChannelName,
    operations::LocalId,
    outcome::{AccountId, Scheme},
    reducer::Config,
    rules::AllRules,
    secret::Secret,
    shell::{
        identity::Reach,
        import::{Imports, Registered, wired},
        random::SystemRandom,
        tls::PeerFacts,
        walk::{Dice, Stated},
    },
};

const NOW: UnixTime = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_800_000_000));
static DEVICE: LazyLock<Arc<Identity>> = LazyLock::new(|| Arc::new(throw_away(Reach::Direct, NOW).unwrap()));

/// Lengths of archives whose transfers may take different times.
const LENGTHS: [u64; 5] = [0, 1, 65_536, 65_537, 1 << 30];

const ACCOUNT: AccountId = AccountId([7; 20]);

/// A listener that no one reaches.
struct Quiet;

impl Listener for Quiet {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        pending().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A place that nothing is written to.
struct Nothing;

impl Sink for Nothing {
    async fn write(&mut self, _: &[u8]) -> io::Result<()> {
        pending().await
    }

    async fn complete(self) -> io::Result<()> {
        pending().await
    }
}

/// The next thing that happens. Events are of the connection that was let in last.
#[derive(Clone, Copy, Debug)]
enum Next {
    Published,
    Unpublishable,
    Arrives,
    Answered,
    Opened,
    Failed,
    Lost,
    Right,
    Wrong,
    Ended,
    AuthScheme,
    Commitment,
    Opening,
    Verdict(Verdict),
    Word(Word),
    Malformed,
    Began,
    Progressed,
    Complete,
    Unwritable,
    Checked(Check),
    Installed(bool),
    Answer,
    Compare(bool),
    Remove,
    /// One of the armed timers fires.
    Fires,
}

/// The way of a link that needs a second password.
const PLAIN: &[Next] = &[
    Next::Published,
    Next::Arrives,
    Next::Answered,
    Next::Opened,
    Next::Right,
    Next::AuthScheme,
    Next::Answer,
    Next::Verdict(Verdict::Wrong),
    Next::Answer,
    Next::Began,
    Next::Progressed,
    Next::Complete,
    Next::Checked(Check::Sound(ACCOUNT)),
    Next::Installed(true),
    Next::Fires,
];

/// With a comparison.
const COMPARED: &[Next] = &[
    Next::Published,
    Next::Arrives,
    Next::Opened,
    Next::Right,
    Next::AuthScheme,
    Next::Commitment,
    Next::Opening,
    Next::Compare(true),
    Next::Answer,
    Next::Began,
    Next::Complete,
    Next::Checked(Check::Sound(ACCOUNT)),
    Next::Installed(false),
];

const ANY: &[Next] = &[
    Next::Published,
    Next::Unpublishable,
    Next::Arrives,
    Next::Answered,
    Next::Opened,
    Next::Failed,
    Next::Lost,
    Next::Right,
    Next::Wrong,
    Next::Ended,
    Next::AuthScheme,
    Next::Commitment,
    Next::Opening,
    Next::Verdict(Verdict::Wrong),
    Next::Verdict(Verdict::Final),
    Next::Word(Word::Canceled),
    Next::Word(Word::Timeout),
    Next::Word(Word::Mismatch),
    Next::Malformed,
    Next::Began,
    Next::Progressed,
    Next::Complete,
    Next::Unwritable,
    Next::Checked(Check::Sound(ACCOUNT)),
    Next::Checked(Check::Unsound),
    Next::Checked(Check::Unreadable),
    Next::Installed(true),
    Next::Installed(false),
    Next::Answer,
    Next::Compare(true),
    Next::Compare(false),
    Next::Remove,
    Next::Fires,
    Next::Fires,
];

/// Counts of what the ways are for, so that it did happen.
#[derive(Debug, Default)]
struct Met {
    /// Ends of operations that had passwords or a comparison.
    ends: BTreeMap<Outcome, usize>,
    /// Lengths for which the timer of the transfer was armed.
    lengths: BTreeMap<u64, usize>,
    /// Connections that had shown something, and went.
    gone: usize,
}

/// One operation, and what is known of it from outside.
struct Way {
    operation: Operation<SystemRandom>,
    world: World<Quiet, Nothing>,
    done: Arc<Mutex<Vec<Effect>>>,
    stated: Stated,
    conn: ConnId,
    length: u64,
    /// The values of the exporting side.
    exporter: Comparison,
}

fn channel() -> Channel {
    Channel { exported: Zeroizing::new([1; 32]), importer: [2; 32], exporter: [3; 32] }
}

impl Way {
    fn new(features: Features) -> Self {
        let done: Arc<Mutex<Vec<Effect>>> = Arc::default();
        let config = Config { features, ..Config::default() };
        let seen = done.clone();
        let recorder: crate::shell::notice::Recorder = Box::new(move |step| {
            let Turn::Import { effects, .. } = &step.turn else { unreachable!() };
            seen.lock().unwrap().extend(effects);
        });
        let options = ImportOptions { config, recorder: Some(recorder), ..ImportOptions::default() };
        let id = LocalId(1);
        let (registered, effects) = Registered::new(Imports::under(AllRules), id, config).unwrap();
        let (shared, _, notices, _, _) = wired(id);
        let mut operation = Operation::new(Box::new(registered), options, SystemRandom, shared, notices);
        let mut world = World {
            listener: None,
            tls: None,
            arrived: None,
            connections: BTreeMap::new(),
            closing: VecDeque::new(),
            last: 0,
            session: None,
            tasks: JoinSet::new(),
            events: mpsc::channel(MAX_EVENTS).0,
            works: mpsc::channel(MAX_COMMANDS).0,
            preparation: None,
            publishing: JoinSet::new(),
        };
        operation.carry_out(&mut world, Input::AddAccount, None, effects);
        let exporter = Comparison::new(Side::Export, channel(), [9; 32]);
        let (stated, conn) = (Stated::default(), ConnId(0));
        let mut way = Self { operation, world, done, stated, conn, length: 0, exporter };
        way.follow(&mut Met::default());
        way
    }

    /// Whether the shell keeps a secret of the operation.
    fn has_secrets(&self) -> bool {
        let kept = |slot| !self.operation.answers.of(Slot(slot)).is_empty();
        (0..8).any(kept) || self.operation.comparison.is_some()
    }

    fn ended(&self) -> bool {
        self.operation.reducer.outcome().is_some()
    }

    /// Takes one step. Nothing happens where it is none.
    fn step(&mut self, next: Next, dice: &mut Dice, met: &mut Met) {
        let (had, ended) = (self.has_secrets(), self.ended());
        let shown = self.operation.shown.contains_key(&self.conn);
        match next {
            Next::Answer => {
                let (answer, _) = oneshot::channel();
                self.operation.call(&mut self.world, Call::Answer("sesame".into(), Scheme::Password, answer));
            }
            Next::Compare(equal) => {
                self.operation.call(&mut self.world, Call::Compare(equal, oneshot::channel().0));
            }
            Next::Remove => self.operation.call(&mut self.world, Call::Remove(oneshot::channel().0)),
            _ => {
                let Some(input) = self.input(next, dice) else { return };
                let _ = self.operation.step(&mut self.world, input);
            }
        }
        self.follow(met);
        if shown && !self.world.connections.contains_key(&self.conn) {
            met.gone += 1;
        }
        if had && !ended && self.ended() {
            *met.ends.entry(self.operation.reducer.outcome().unwrap()).or_default() += 1;
        }
    }

    fn input(&mut self, next: Next, dice: &mut Dice) -> Option<Input> {
        let failed = || io::Error::from(io::ErrorKind::StorageFull);
        let said = |message: Message| Event::Message(message.map_password(|_| Secret::default()));
        let event = match next {
            Next::Published => {
                if self.world.tls.is_none() {
                    self.operation.published(&mut self.world, &DEVICE, Quiet);
                }
                return Some(Input::Published);
            }
            Next::Unpublishable => return Some(Input::Unpublishable),
            Next::Arrives => {
                self.world.last += 1;
                self.conn = ConnId(self.world.last);
                self.world.arrived = Some(duplex(1).0);
                let from: IpAddr = "192.0.2.1".parse().unwrap();
                return Some(Input::ConnectionRequestedFrom(self.conn, Origin::from(from)));
            }
            Next::Checked(check) => return Some(Input::Checked(check)),
            Next::Installed(durable) => return Some(Input::Installed(durable)),
            Next::Fires => {
                let armed: Vec<_> = self.stated.0.keys().copied().collect();
                let timer = *armed.get(dice.below(armed.len().max(1)))?;
                self.operation.timers.disarm(timer);
                self.stated.0.remove(&timer);
                return Some(Input::Fired(timer));
            }
            Next::Answered => Event::Answered,
            Next::Opened => {
                let dates = ShownDates::of(DEVICE.chain());
                Event::Opened(PeerFacts { presented: Some(ACCOUNT), verified: true, dates }, channel())
            }
            Next::Failed => Event::Failed,
            Next::Lost => Event::Lost,
            Next::Right => Event::Asked(self.operation.token?.code.channel_name()),
            Next::Wrong => Event::Asked(ChannelName::new(b"auth:1").unwrap()),
            Next::Ended => Event::Ended,
            Next::AuthScheme => {
                let features = self.operation.options.config.features;
                said(Message::AuthScheme(Scheme::Password, features))
            }
            Next::Commitment => Event::Message(self.exporter.fill(Message::Commitment(Slot::NONE), |_| unreachable!())),
            Next::Opening => Event::Message(self.exporter.fill(Message::Opening(Slot::NONE), |_| unreachable!())),
            Next::Verdict(verdict) => said(Message::Verdict(verdict)),
            Next::Word(word) => said(Message::State(word)),
            Next::Malformed => Event::Malformed,
            Next::Began => {
                self.length = LENGTHS[dice.below(LENGTHS.len())];
                Event::ArchiveBegan(self.length)
            }
            Next::Progressed => Event::Progressed,
            Next::Complete => Event::ArchiveComplete,
            Next::Unwritable => Event::ArchiveUnwritable(failed()),
            Next::Answer | Next::Compare(_) | Next::Remove => unreachable!("a call"),
        };
        // A connection that is gone may have reported something before, which is on its way still.
        (self.conn != ConnId(0)).then(|| self.operation.input(&mut self.world, self.conn, event))
    }

    /// Follows the last step by its record, and looks at what the shell has.
    fn follow(&mut self, met: &mut Met) {
        let done = std::mem::take(&mut *self.done.lock().unwrap());
        for effect in done {
            match effect {
                Effect::Arm(timer) => {
                    self.stated.arm(timer, self.length, 0);
                    if timer == Timer::Transfer {
                        *met.lengths.entry(self.length).or_default() += 1;
                    }
                }
                Effect::Disarm(timer) => drop(self.stated.0.remove(&timer)),
                _ => {}
            }
        }
        let left: BTreeMap<_, _> = self.operation.timers.left().collect();
        assert_eq!(left, self.stated.0, "the timers and how long they run");
        assert!(!self.ended() || !self.has_secrets(), "a secret of an operation that has ended");
        let there = |conn| self.world.connections.contains_key(conn);
        assert!(self.operation.shown.keys().all(there), "what a connection showed that is gone");
    }
}

#[tokio::test(start_paused = true)]
async fn timers_run_as_stated_and_nothing_is_kept_beyond_the_end() {
    let mut met = Met::default();
    for seed in 0..3000 {
        let mut dice = Dice::new(seed);
        let (script, features) = [(PLAIN, Features::ALL), (COMPARED, Features::WITH_SAS)][seed as usize % 2];
        let mut way = Way::new(features);
        for &next in &script[..dice.below(script.len() + 1)] {
            way.step(next, &mut dice, &mut met);
        }
        for _ in 0..dice.below(16) {
            way.step(ANY[dice.below(ANY.len())], &mut dice, &mut met);
        }
    }
    let outcomes = [
        Outcome::SUCCESS,
        Outcome::Network,
        Outcome::Timeout,
        Outcome::Authentication,
        Outcome::CANCELED,
        Outcome::Mismatch,
        Outcome::Protocol,
        Outcome::Storage,
    ];
    for outcome in outcomes {
        assert!(met.ends.contains_key(&outcome), "{outcome:?}: {met:?}");
    }
    assert!(LENGTHS.iter().all(|length| met.lengths.contains_key(length)), "{met:?}");
    assert!(met.gone > 10, "{met:?}");
}

/// R-SEC-2, R-IMP-15: nothing is kept of a connection that was evicted while the report of its handshake was on its way.
#[tokio::test(start_paused = true)]
async fn a_report_of_a_connection_that_is_gone_leaves_nothing() {
    let (mut dice, mut met) = (Dice::new(0), Met::default());
    let mut way = Way::new(Features::WITH_SAS);
    way.step(Next::Published, &mut dice, &mut met);
    let mut evicted = 0;
    for _ in 0..300 {
        way.step(Next::Arrives, &mut dice, &mut met);
    }
    for number in 1..=300 {
        way.conn = ConnId(number);
        evicted += usize::from(!way.world.connections.contains_key(&way.conn));
        way.step(Next::Opened, &mut dice, &mut met);
    }
    assert!(evicted > 40, "{evicted}");
    assert!(way.operation.shown.len() <= way.world.connections.len());
}
