//! The task that owns the reducer: everything that happens goes in, every effect that comes out is carried out.

use std::{
    collections::{BTreeMap, VecDeque},
    future::{Future, pending},
    io,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
};

use tokio::{
    select,
    sync::{mpsc, oneshot},
    task::{AbortHandle, JoinSet, spawn_blocking, yield_now},
    time::{Instant, sleep_until},
};

use super::{
    Call, ImportIdentity, ImportOptions, ImportReducer, ImportReport, Shared,
    connection::{self, Command, Event, Limits, Wiring},
    keeper::{self, Done, Work},
};
use crate::{
    archive::{DateDoubt, Identity, ShownDates},
    import::{Ask, Check, Effect, Input},
    limits::{ACCEPT_PAUSE, Durations, MAX_CLOSING, MAX_COMMANDS, MAX_EVENTS, Timer},
    message::Slot,
    operations::OpId,
    outcome::{Outcome, Side, Signal},
    reducer::{ConnId, Origin, Refused},
    sas::{Channel, Comparison, ComparisonString},
    shell::{
        identity::throw_away,
        notice::{Causes, Notice},
        random::{self, Random},
        rendezvous::{Listener, Publish},
        slots::Slots,
        storage::{CheckError, Sink, Store},
        tasks::joined,
        timers::TimerSet,
        tls,
    },
    token::{DeviceId, Form, Token},
    trace::{Step, Turn},
};

/// The operation's own side of things.
pub(super) struct Operation<N> {
    reducer: Box<dyn ImportReducer>,
    options: ImportOptions,
    random: N,
    shared: Arc<Shared>,
    notices: mpsc::UnboundedSender<Notice>,
    began: Instant,
    timers: TimerSet<Timer>,
    token: Option<Token>,
    answers: Slots,
    /// Bytes of the archive, once it began.
    length: u64,
    causes: Causes,
    /// Of each connection that is secured, the dates that its peer showed, and what a comparison needs.
    shown: BTreeMap<ConnId, (ShownDates, Channel)>,
    /// The session's, where this side names `sas`.
    comparison: Option<Comparison>,
    /// Why a date is in doubt, for what the session's peer showed.
    doubt: Option<DateDoubt>,
}

/// The world's.
struct World<L: Listener, K> {
    listener: Option<L>,
    tls: Option<tls::ImporterTls>,
    /// A connection that was taken and is not yet let in.
    arrived: Option<L::Stream>,
    connections: BTreeMap<ConnId, Open<K>>,
    /// Connections that were asked to close, and may not be closed yet.
    closing: VecDeque<AbortHandle>,
    last: u32,
    /// The connection whose channel is the session's.
    session: Option<ConnId>,
    tasks: JoinSet<()>,
    events: mpsc::Sender<(ConnId, Event)>,
    works: mpsc::Sender<Work<K>>,
    /// Makes the device reachable, once it is wanted.
    preparation: Option<Preparation<L>>,
    publishing: JoinSet<io::Result<(Arc<Identity>, L)>>,
}

/// A connection that is open.
struct Open<K> {
    commands: mpsc::Sender<Command<K>>,
    task: AbortHandle,
}

type Preparation<L> = Pin<Box<dyn Future<Output = io::Result<(Arc<Identity>, L)>> + Send>>;

impl<N: Random> Operation<N> {
    pub(super) fn new(
        reducer: Box<dyn ImportReducer>,
        options: ImportOptions,
        random: N,
        shared: Arc<Shared>,
        notices: mpsc::UnboundedSender<Notice>,
    ) -> Self {
        Self {
            reducer,
            options,
            random,
            shared,
            notices,
            began: Instant::now(),
            timers: TimerSet::default(),
            token: None,
            answers: Slots::default(),
            length: 0,
            causes: Causes::default(),
            shown: BTreeMap::new(),
            comparison: None,
            doubt: None,
        }
    }

    /// Runs until the operation has ended, its link is closed and the storage is at rest.
    pub(super) async fn run<P, S>(
        mut self,
        effects: Vec<Effect>,
        publish: P,
        identity: ImportIdentity,
        store: S,
        mut calls: mpsc::Receiver<Call>,
    ) -> ImportReport<S::Installed>
    where
        P: Publish,
        S: Store,
    {
        let (events, mut happened) = mpsc::channel(MAX_EVENTS);
        let (works, wanted) = mpsc::channel(MAX_COMMANDS);
        let (done, mut stored) = mpsc::channel(MAX_COMMANDS);
        let mut keeper = JoinSet::new();
        keeper.spawn(keeper::keep(self.shared.id, store, wanted, done));
        let mut world = World {
            listener: None,
            tls: None,
            arrived: None,
            connections: BTreeMap::new(),
            closing: VecDeque::new(),
            last: 0,
            session: None,
            tasks: JoinSet::new(),
            events,
            works,
            preparation: Some(Box::pin(prepare(publish, identity))),
            publishing: JoinSet::new(),
        };
        self.began = Instant::now();
        let (mut pause, mut turn) = (None, First::Event);
        self.carry_out(&mut world, Input::AddAccount, None, effects);
        while !self.reducer.is_closed() {
            let input = select! { biased;
                timer = self.timers.fired() => Input::Fired(timer),
                Some(call) = calls.recv() => {
                    self.call(&mut world, call);
                    continue;
                }
                Some(published) = world.publishing.join_next() => match joined(published) {
                    Some(Ok((identity, listener))) => {
                        self.published(&mut world, &identity, listener);
                        Input::Published
                    }
                    Some(Err(error)) => {
                        self.causes.note(Outcome::Network, error);
                        Input::Unpublishable
                    }
                    // Withdrawn before it was done.
                    None => continue,
                },
                Some(done) = stored.recv() => self.stored(done),
                Some(ended) = world.tasks.join_next() => {
                    joined(ended);
                    // There is a descriptor for another one.
                    pause = None;
                    continue;
                }
                arrived = arrive(&mut happened, &mut world.listener, &mut pause, turn) => match arrived {
                    Arrived::Event(conn, event) => {
                        turn = First::Connection;
                        self.input(&mut world, conn, event)
                    }
                    Arrived::Connection(accepted) => {
                        turn = First::Event;
                        // Connections that were taken before go on first, however many there are.
                        yield_now().await;
                        match accepted {
                            Ok((stream, from)) => {
                                let Some(next) = world.last.checked_add(1) else { continue };
                                world.last = next;
                                world.arrived = Some(stream);
                                self.causes = Causes::default();
                                Input::ConnectionRequestedFrom(ConnId(next), Origin::from(from))
                            }
                            Err(error) if is_of_peer(&error) => {
                                // An error in words is of a device that asked, and was not reached (R-ICE-5).
                                if error.get_ref().is_some() {
                                    self.causes.note(Outcome::Timeout, error);
                                }
                                continue;
                            }
                            Err(_) => {
                                pause = Some(Instant::now() + ACCEPT_PAUSE);
                                world.cut_off(0);
                                Input::ConnectionsExhausted
                            }
                        }
                    }
                },
            };
            // Only calls are refused.
            let _ = self.step(&mut world, input);
        }
        let World { mut tasks, works, connections, .. } = world;
        drop((works, connections, happened));
        let installed = keeper.join_next().await.and_then(joined).flatten();
        while let Some(ended) = tasks.join_next().await {
            joined(ended);
        }
        // This is the end, which comes once. Calls that still wait are answered with it.
        let _ = self.shared.left.set(installed.is_some());
        // Closed means ended.
        let outcome = self.reducer.outcome().unwrap_or(Outcome::Network);
        ImportReport { id: self.shared.id, outcome, installed }
    }

    fn call<L: Listener, K: Sink>(&mut self, world: &mut World<L, K>, call: Call) {
        let (result, answer) = match call {
            Call::Answer(credentials, scheme, answer) => {
                let slot = self.answers.keep(credentials);
                let result = self.step(world, Input::ProvideAccountAuthentication(slot, scheme));
                if result.is_err() {
                    self.answers.take_back();
                }
                (result, answer)
            }
            Call::Compare(equal, answer) => (self.step(world, Input::CompareAccount(equal)), answer),
            Call::Remove(answer) => (self.step(world, Input::RemoveAccount), answer),
        };
        // A caller that does not wait for the answer does not need it.
        let _ = answer.send(result);
    }

    /// The device can be reached: the token is made.
    fn published<L: Listener, K: Sink>(&mut self, world: &mut World<L, K>, identity: &Identity, listener: L) {
        let leaf = identity.chain().leaf();
        let device = match Form::shown_by(self.options.config.profile) {
            Form::Short => DeviceId::Short(leaf.short_id().0),
            Form::Long => DeviceId::Long(leaf.long_id()),
        };
        self.token = Some(Token { device, code: random::code(&mut self.random) });
        if let Ok(address) = listener.local_addr() {
            // It is published once.
            let _ = self.shared.listening.set(address);
        }
        world.tls = Some(tls::ImporterTls::new(identity));
        world.listener = Some(listener);
    }

    /// Returns the reducer's input for an event.
    fn input<L: Listener, K: Sink>(&mut self, world: &mut World<L, K>, conn: ConnId, event: Event) -> Input {
        match event {
            Event::Answered => Input::ConnectionAnswered(conn),
            Event::Opened(facts, channel) => {
                // The report of one that is gone, evicted or not, may have been on its way: nothing would take away what it showed.
                if world.connections.contains_key(&conn) {
                    self.shown.insert(conn, (facts.dates, channel));
                }
                Input::ConnectionOpened { conn, presented: facts.presented, verified: facts.verified }
            }
            Event::Failed => {
                world.connections.remove(&conn);
                self.shown.remove(&conn);
                Input::ConnectionFailed(conn)
            }
            Event::Lost => {
                world.connections.remove(&conn);
                self.shown.remove(&conn);
                Input::ConnectionLost(conn)
            }
            Event::Asked(name) => {
                Input::ChannelRequested(conn, Ask::of(&name, self.token.as_ref().map(|token| token.code)))
            }
            Event::Ended => Input::ChannelEnded(conn),
            Event::Message(message) => {
                // An opening that does not open the commitment is no message (R-SAS-3).
                if self.comparison.as_mut().is_some_and(|comparison| !comparison.take(&message)) {
                    return Input::Malformed(conn);
                }
                // No one sends passwords to an importer: there is nothing to keep.
                Input::Message(conn, message.map_password(|_| Slot::NONE))
            }
            Event::Malformed => Input::Malformed(conn),
            Event::ArchiveBegan(length) => {
                self.length = length;
                Input::ArchiveBegan(conn)
            }
            Event::Progressed => {
                self.shared.progress.seen();
                Input::ArchiveProgressed(conn)
            }
            Event::ArchiveComplete => Input::ArchiveComplete(conn),
            Event::ArchiveUnwritable(error) => {
                self.causes.note(Outcome::Storage, error);
                Input::ArchiveUnwritable(conn)
            }
        }
    }

    /// Returns the reducer's input for a result of the storage.
    fn stored(&mut self, done: Done) -> Input {
        match done {
            Done::Checked(Ok(account)) => Input::Checked(Check::Sound(account)),
            Done::Checked(Err(error @ CheckError::Unsound(_))) => {
                self.causes.note(Outcome::Protocol, io::Error::other(error));
                Input::Checked(Check::Unsound)
            }
            Done::Checked(Err(CheckError::Unreadable(error))) => {
                self.causes.note(Outcome::Storage, error);
                Input::Checked(Check::Unreadable)
            }
            Done::Installed(Ok(())) => Input::Installed(true),
            Done::Installed(Err(error)) => {
                self.causes.note(Outcome::Storage, error);
                Input::Installed(false)
            }
        }
    }

    fn carry_out_one<L: Listener, K: Sink>(&mut self, world: &mut World<L, K>, effect: Effect) {
        match effect {
            Effect::Signal(signal) => self.signal(signal),
            Effect::Publish => {
                if let Some(preparation) = world.preparation.take() {
                    world.publishing.spawn(preparation);
                }
            }
            Effect::Withdraw => {
                world.listener = None;
                world.publishing.abort_all();
            }
            Effect::Accept(conn) => self.let_in(world, conn),
            Effect::Refuse(_) => world.arrived = None,
            Effect::Close(conn) => {
                self.shown.remove(&conn);
                if let Some(Open { commands, task }) = world.connections.remove(&conn) {
                    drop(commands.try_send(Command::Close));
                    world.closing.push_back(task);
                    world.cut_off(MAX_CLOSING);
                }
            }
            Effect::AcceptChannel(conn) => {
                let shown = self.shown.remove(&conn);
                let dates = self.options.now.zip(shown.as_ref());
                self.doubt = dates.and_then(|(now, (dates, _))| dates.doubt_of_exporter(now));
                if self.options.config.features.sas {
                    let nonce = random::nonce(&mut self.random);
                    self.comparison = shown.map(|(_, channel)| Comparison::new(Side::Import, channel, nonce));
                }
                world.session = Some(conn);
                world.command(conn, Command::Accept);
            }
            Effect::DeclineChannel(conn) => world.command(conn, Command::Decline),
            Effect::Send(conn, message) => {
                let password = |slot| self.answers.of(slot);
                let message = match &self.comparison {
                    Some(comparison) => comparison.fill(message, password),
                    None => message.map_password(password),
                };
                world.command(conn, Command::Send(message));
            }
            Effect::End(conn) => world.command(conn, Command::End),
            Effect::Arm(timer) => self.timers.arm(timer, self.options.durations.of(timer, self.length)),
            Effect::Disarm(timer) => self.timers.disarm(timer),
            Effect::Stage(slot) => {
                let (place, made) = oneshot::channel();
                world.work(Work::Stage(self.answers.of(slot), place));
                if let Some(conn) = world.session {
                    world.command(conn, Command::Stage(made));
                }
            }
            Effect::Check => world.work(Work::Check),
            Effect::Install => world.work(Work::Install),
            Effect::Discard => world.work(Work::Discard),
            Effect::Remove => world.work(Work::Remove),
        }
    }

    fn signal(&self, signal: Signal) {
        let text = match (signal, self.token) {
            (Signal::TokenAvailable, Some(token)) => token.text().to_string(),
            (Signal::CompareAccount { .. }, _) => self.string().map(ComparisonString::text).unwrap_or_default(),
            _ => String::new(),
        };
        let details = signal.details(self.options.config.profile.vocabulary(), &text);
        // The first question.
        let first = match signal {
            Signal::Prompt { wrong_password, .. } => !wrong_password && self.string().is_none(),
            _ => signal.compares(),
        };
        let doubt = self.doubt.filter(|_| first);
        let notice = Notice { op: None, signal, details, cause: self.causes.of(signal), doubt };
        self.shared.current.send_replace(Some(notice.clone()));
        // A client that does not listen does not need it.
        drop(self.notices.send(notice));
    }

    /// The string of the comparison, once there is one.
    fn string(&self) -> Option<&ComparisonString> {
        self.comparison.as_ref().and_then(Comparison::string)
    }

    /// Takes the connection that asks.
    fn let_in<L: Listener, K: Sink>(&mut self, world: &mut World<L, K>, conn: ConnId) {
        let (Some(stream), Some(tls)) = (world.arrived.take(), world.tls.clone()) else { return };
        let (sender, commands) = mpsc::channel(MAX_COMMANDS);
        let wiring = Wiring {
            id: conn,
            commands,
            events: world.events.clone(),
            progress: self.shared.progress.clone(),
            closing: self.options.durations.closing,
        };
        let Durations { handshake, opening, .. } = self.options.durations;
        let limits = Limits { max_archive: self.options.max_archive, handshake, opening };
        let asked_by = L::asked_by(&stream);
        let task = world.tasks.spawn(connection::serve(stream, asked_by, tls, limits, wiring));
        world.connections.insert(conn, Open { commands: sender, task });
    }

    /// Hands an input to the reducer and carries out what it decides.
    fn step<L: Listener, K: Sink>(&mut self, world: &mut World<L, K>, input: Input) -> Result<(), Refused> {
        let (refused, effects) = self.reducer.handle(input);
        self.carry_out(world, input, refused, effects);
        refused.map_or(Ok(()), Err)
    }

    /// Records a step and carries out what it led to.
    fn carry_out<L: Listener, K: Sink>(
        &mut self,
        world: &mut World<L, K>,
        input: Input,
        refused: Option<Refused>,
        effects: Vec<Effect>,
    ) {
        if let Some(recorder) = &mut self.options.recorder {
            let t_ms = self.began.elapsed().as_millis() as u64;
            recorder(&Step { t_ms, op: OpId(1), turn: Turn::Import { input, effects: effects.clone() }, refused });
        }
        for effect in effects {
            self.carry_out_one(world, effect);
        }
        if self.reducer.outcome().is_some() {
            self.answers.clear();
            self.comparison = None;
        }
    }
}

impl<L: Listener, K> World<L, K> {
    /// Asks something of a connection. The queue has room for all that a reducer can have on the way, so that only a connection that is
    /// gone does not take it; that it is gone is reported in its turn.
    fn command(&self, conn: ConnId, command: Command<K>) {
        if let Some(connection) = self.connections.get(&conn) {
            drop(connection.commands.try_send(command));
        }
    }

    /// Cuts off connections that still close, the oldest first, until so many are left.
    fn cut_off(&mut self, most: usize) {
        self.closing.retain(|task| !task.is_finished());
        let more = self.closing.len().saturating_sub(most);
        self.closing.drain(..more).for_each(|task| task.abort());
    }

    /// Asks something of the storage, which takes all that a reducer can want in one operation.
    fn work(&self, work: Work<K>) {
        drop(self.works.try_send(work));
    }
}

/// Makes the device reachable, under an identity that may have to be made.
async fn prepare<P: Publish>(publish: P, identity: ImportIdentity) -> io::Result<(Arc<Identity>, P::Listener)> {
    let identity = match identity {
        ImportIdentity::Ready(identity) => identity,
        ImportIdentity::Make { reach, now } => {
            let made = spawn_blocking(move || throw_away(reach, now)).await;
            Arc::new(joined(made).ok_or(io::ErrorKind::Interrupted)?.map_err(io::Error::other)?)
        }
    };
    let listener = publish.publish(&identity).await?;
    Ok((identity, listener))
}

/// An event from outside the operation.
enum Arrived<T> {
    Event(ConnId, Event),
    Connection(io::Result<(T, IpAddr)>),
}

/// The source that is polled first.
#[derive(Clone, Copy)]
enum First {
    Event,
    Connection,
}

/// The next event or connection. The two take turns, so that peers which never pause keep no one else out (R-MUX-2).
async fn arrive<L: Listener>(
    events: &mut mpsc::Receiver<(ConnId, Event)>,
    listener: &mut Option<L>,
    pause: &mut Option<Instant>,
    first: First,
) -> Arrived<L::Stream> {
    match first {
        First::Event => select! { biased;
            Some((conn, event)) = events.recv() => Arrived::Event(conn, event),
            accepted = accept(listener, pause) => Arrived::Connection(accepted),
        },
        First::Connection => select! { biased;
            accepted = accept(listener, pause) => Arrived::Connection(accepted),
            Some((conn, event)) = events.recv() => Arrived::Event(conn, event),
        },
    }
}

/// The next connection, not before `pause` is over. Waits for ever if there is no listener.
async fn accept<L: Listener>(listener: &mut Option<L>, pause: &mut Option<Instant>) -> io::Result<(L::Stream, IpAddr)> {
    let Some(listener) = listener else { return pending().await };
    if let Some(until) = *pause {
        sleep_until(until).await;
        *pause = None;
    }
    let (stream, from) = listener.accept().await?;
    Ok((stream, from.ip()))
}

/// Whether a connection could not be taken because its peer had gone already, or the path to it.
fn is_of_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionReset, HostUnreachable, Interrupted, NetworkDown, NetworkUnreachable, TimedOut,
    };
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | TimedOut
    )
}

#[cfg(test)]
mod tests;
